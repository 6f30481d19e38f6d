//! A running browser and its WebDriver.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::StreamExt;
use serde_json::Value;
use thirtyfour::bidi::{BiDi, BidiCommand, BidiError, RawEventStream};
use tokio::task::JoinSet;

use super::super::automation::failed;
use super::super::certificates::Certificates;
use super::super::gateway::Gateway;
use super::{Dialect, console, prompt};
use cors_browser::User;
use cors_conformance::process::Process;
use cors_conformance::user_agent::UserAgentError;

/// The pause between two looks at the driver while it works on a command.
const PAUSE: Duration = Duration::from_millis(200);

/// A running driver with its browser; both are stopped when this value is dropped.
pub(in super::super) struct Driver {
    /// The browser's variant of the protocol.
    pub(super) dialect: Dialect,
    /// The connection for commands and events.
    bidi: BiDi,
    /// The browser's version.
    pub(in super::super) version: String,
    /// The certificates that the browser trusts.
    pub(in super::super) certificates: Arc<Certificates>,
    /// The servers that the browser reaches without a proxy, if it can.
    pub(in super::super) gateway: Option<Gateway>,
    /// The folder for everything that driver and browser write; removed when they have stopped.
    pub(in super::super) folder: PathBuf,
    shared: Arc<Shared>,
    _events: JoinSet<()>,
    process: Mutex<Process>,
}

/// What the pages and the task that reads the events share.
#[derive(Default)]
struct Shared {
    /// Lines that consoles printed, by the id of the console.
    lines: Mutex<HashMap<String, Vec<String>>>,
    /// The users who answer authentication prompts, by the id of the tab.
    users: Mutex<HashMap<String, Option<User>>>,
}

impl Driver {
    pub(super) fn new(
        dialect: Dialect,
        bidi: BiDi,
        version: String,
        certificates: Arc<Certificates>,
        gateway: Option<Gateway>,
        folder: PathBuf,
        process: Process,
    ) -> Self {
        let shared = Arc::<Shared>::default();
        let mut events = JoinSet::new();
        events.spawn(handle_events(bidi.clone(), bidi.subscribe_raw(), shared.clone()));
        Self {
            dialect,
            bidi,
            version,
            certificates,
            gateway,
            folder,
            shared,
            _events: events,
            process: Mutex::new(process),
        }
    }

    /// Sends a command and waits for its result.
    pub(super) async fn send<C: BidiCommand>(&self, command: C) -> Result<C::Returns, UserAgentError> {
        self.unless_ended(self.bidi.send(command)).await
    }

    /// Sends a command that [`BidiCommand`] has no type for, and waits for its result.
    pub(super) async fn send_raw(&self, method: &str, parameters: Value) -> Result<Value, UserAgentError> {
        self.unless_ended(self.bidi.send_raw(method, parameters)).await
    }

    /// The result of a command. A command that is sent after the connection was closed never gets one, so the driver is watched.
    async fn unless_ended<T>(
        &self,
        result: impl Future<Output = Result<T, BidiError>>,
    ) -> Result<T, UserAgentError> {
        let ended = async {
            while !lock(&self.process).has_ended() {
                tokio::time::sleep(PAUSE).await;
            }
        };
        tokio::select! {
            biased;
            result = result => result.map_err(failed),
            () = ended => Err(UserAgentError::Failed("its driver has ended".to_owned())),
        }
    }

    /// The lines that consoles printed and that were not taken yet, by the id of the console.
    pub(super) fn console_lines(&self) -> MutexGuard<'_, HashMap<String, Vec<String>>> {
        lock(&self.shared.lines)
    }

    /// The users who answer authentication prompts, by the id of the tab.
    pub(super) fn users(&self) -> MutexGuard<'_, HashMap<String, Option<User>>> {
        lock(&self.shared.users)
    }
}

async fn handle_events(bidi: BiDi, mut events: RawEventStream, shared: Arc<Shared>) {
    let mut answers = JoinSet::new();
    while let Some(event) = events.next().await {
        if let Some((source, text)) = console::message(&event.method, &event.params) {
            lock(&shared.lines).entry(source).or_default().push(text);
        } else if let Some(tab) = prompt::tab(&event.method, &event.params) {
            let user = lock(&shared.users).get(tab).cloned().flatten();
            let bidi = bidi.clone();
            answers.spawn(async move { prompt::answer(&bidi, &event.params, user.as_ref()).await });
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
