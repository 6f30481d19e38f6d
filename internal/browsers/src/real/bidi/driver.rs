//! A running browser and its WebDriver.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::StreamExt;
use thirtyfour::bidi::{BiDi, RawEventStream};
use tokio::task::JoinSet;

use super::super::certificates::Certificates;
use super::super::gateway::Gateway;
use super::{Dialect, console, prompt};
use cors_browser::User;
use cors_conformance::process::Process;

/// A running driver with its browser; both are stopped when this value is dropped.
pub(in super::super) struct Driver {
    /// The browser's variant of the protocol.
    pub(super) dialect: Dialect,
    /// The connection for commands and events.
    pub(super) bidi: BiDi,
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
    _process: Process,
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
            _process: process,
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
