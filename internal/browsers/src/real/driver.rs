//! A browser and the driver that it obeys.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::StreamExt;
use thirtyfour::bidi::{BiDi, RawEventStream};
use tokio::task::JoinSet;

use super::certificates::Certificates;
use super::{console, prompt};
use cors_browser::User;
use cors_conformance::process::Process;

/// A running driver with its browser; both end when it is dropped.
pub(super) struct Driver {
    /// What commands go through.
    pub(super) bidi: BiDi,
    /// The browser's version.
    pub(super) version: String,
    /// Whom the browser trusts.
    pub(super) certificates: Arc<Certificates>,
    /// Where both keep what they write; it goes with them.
    pub(super) folder: PathBuf,
    heard: Arc<Heard>,
    _listening: JoinSet<()>,
    _process: Process,
}

/// What the browser tells by itself, and who is to hear it.
#[derive(Default)]
struct Heard {
    /// Lines of consoles.
    lines: Mutex<HashMap<String, Vec<String>>>,
    /// The users of pages.
    users: Mutex<HashMap<String, Option<User>>>,
}

impl Driver {
    pub(super) fn new(
        bidi: BiDi,
        version: String,
        certificates: Arc<Certificates>,
        folder: PathBuf,
        process: Process,
    ) -> Self {
        let heard = Arc::<Heard>::default();
        let mut listening = JoinSet::new();
        listening.spawn(listen(bidi.clone(), bidi.subscribe_raw(), heard.clone()));
        Self { bidi, version, certificates, folder, heard, _listening: listening, _process: process }
    }

    /// What consoles have printed and nobody has taken yet.
    pub(super) fn lines(&self) -> MutexGuard<'_, HashMap<String, Vec<String>>> {
        self.heard.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Who answers the prompts of pages.
    pub(super) fn users(&self) -> MutexGuard<'_, HashMap<String, Option<User>>> {
        self.heard.users.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn listen(bidi: BiDi, mut events: RawEventStream, heard: Arc<Heard>) {
    let mut answering = JoinSet::new();
    while let Some(event) = events.next().await {
        if let Some((source, text)) = console::line(&event.method, &event.params) {
            let mut lines = heard.lines.lock().unwrap_or_else(PoisonError::into_inner);
            lines.entry(source).or_default().push(text);
        } else if let Some(page) = prompt::asked(&event.method, &event.params) {
            let user =
                heard.users.lock().unwrap_or_else(PoisonError::into_inner).get(page).cloned().flatten();
            let bidi = bidi.clone();
            answering.spawn(async move { prompt::answer(&bidi, &event.params, user.as_ref()).await });
        }
    }
}
