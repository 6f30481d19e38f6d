//! The thread that waits for changes and reads the file.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Instant;
use std::{env, fs};

use cors_core::{Policy, PolicyHandle};
use notify::event::{AccessKind, AccessMode, EventKind};
use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};

use crate::error::Cause;
use crate::read::{self, Format};
use crate::{FileError, WatchOptions, folders};

/// How many times as long as [`WatchOptions::settle`] reading waits at most.
const MAX_SETTLES: u32 = 10;

enum Signal {
    /// Something changed at these paths.
    Changed(Vec<PathBuf>),
    Stop,
}

/// A file that was read once, with what is needed to read it again.
pub(crate) struct Watcher {
    path: PathBuf,
    format: Format,
    options: WatchOptions,
    signals: Receiver<Signal>,
    sender: Sender<Signal>,
    /// `None` if the operating system reports no changes.
    system: Option<RecommendedWatcher>,
    folders: BTreeSet<PathBuf>,
    /// The content that was read last, and what is wrong with it.
    judged: (Vec<u8>, Option<Arc<FileError>>),
    last_error: LastError,
}

type LastError = Arc<Mutex<Option<Arc<FileError>>>>;

impl Watcher {
    /// Starts to collect changes, and then reads the file, so that no change is missed.
    pub(crate) fn new(path: &Path, options: WatchOptions) -> Result<(Self, Policy), FileError> {
        let unreadable = |error| FileError::new(path, Cause::Unreadable(error));
        let format = Format::of(path)?;
        // The program may change its working directory later.
        let absolute = env::current_dir().map_err(unreadable)?.join(path);
        let (sender, signals) = mpsc::channel();
        let events = sender.clone();
        let system = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            let changed = match event {
                Ok(event) if is_change(event.kind) => event.paths,
                Ok(_) => return,
                // Something was missed, so the file has to be read.
                Err(_) => Vec::new(),
            };
            // The receiver is gone if watching has ended.
            let _ = events.send(Signal::Changed(changed));
        });
        let mut watcher = Self {
            path: absolute,
            format,
            options,
            signals,
            sender,
            system: system.inspect_err(log_unwatched).ok(),
            folders: BTreeSet::new(),
            judged: Default::default(),
            last_error: LastError::default(),
        };
        watcher.watch_folders(&[]);
        let content = fs::read(&watcher.path).map_err(unreadable)?;
        let policy = read::policy(path, format, &content)?;
        watcher.judged = (content, None);
        Ok((watcher, policy))
    }

    pub(crate) fn start<V>(self, handle: PolicyHandle<V>) -> Result<Watching, FileError>
    where
        V: Clone + for<'a> TryFrom<&'a str> + Send + Sync + 'static,
    {
        let (stop, last_error, path) = (self.sender.clone(), Arc::clone(&self.last_error), self.path.clone());
        let thread = thread::Builder::new().name("cors-watch".to_owned()).spawn(move || self.run(&handle));
        let thread = thread.map_err(|error| FileError::new(&path, Cause::Unwatched(error)))?;
        Ok(Watching { stop, last_error, thread: Some(thread) })
    }

    fn run<V: Clone + for<'a> TryFrom<&'a str> + Send + Sync + 'static>(mut self, handle: &PolicyHandle<V>) {
        while let Some(changed) = self.wait() {
            self.watch_folders(&changed);
            self.read(handle);
        }
    }

    /// Waits until the file may have changed and has settled. Returns the changed paths, or `None` to stop.
    fn wait(&self) -> Option<Vec<PathBuf>> {
        let mut changed = match self.signals.recv_timeout(self.options.interval) {
            Ok(Signal::Changed(paths)) => paths,
            Ok(Signal::Stop) | Err(RecvTimeoutError::Disconnected) => return None,
            Err(RecvTimeoutError::Timeout) => return Some(Vec::new()),
        };
        let first = Instant::now();
        while first.elapsed() < self.options.settle * MAX_SETTLES {
            match self.signals.recv_timeout(self.options.settle) {
                Ok(Signal::Changed(paths)) => changed.extend(paths),
                Ok(Signal::Stop) | Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) => break,
            }
        }
        Some(changed)
    }

    /// Watches the folders that matter now. A folder among the changed paths was removed or replaced and is watched anew.
    fn watch_folders(&mut self, changed: &[PathBuf]) {
        let Some(system) = &mut self.system else { return };
        let wanted = folders::of(&self.path);
        self.folders.retain(|folder| {
            let keeps = wanted.contains(folder) && !changed.contains(folder);
            if !keeps {
                // An error says that the folder is gone.
                let _ = system.unwatch(folder);
            }
            keeps
        });
        for folder in wanted {
            // A folder that is missing is tried again at the next change or after the interval.
            if !self.folders.contains(&folder) && system.watch(&folder, RecursiveMode::NonRecursive).is_ok() {
                self.folders.insert(folder);
            }
        }
    }

    /// Reads the file, and replaces the policy if it is a new one.
    fn read<V: Clone + for<'a> TryFrom<&'a str> + Send + Sync + 'static>(
        &mut self,
        handle: &PolicyHandle<V>,
    ) {
        let content = match fs::read(&self.path) {
            Ok(content) => content,
            Err(error) => {
                let error = FileError::new(&self.path, Cause::Unreadable(error));
                return self.set_error(Some(Arc::new(error)));
            }
        };
        if content != self.judged.0 {
            let error = match read::policy(&self.path, self.format, &content) {
                Ok(policy) => {
                    handle.replace(policy);
                    None
                }
                Err(error) => Some(Arc::new(error)),
            };
            self.judged = (content, error);
        }
        self.set_error(self.judged.1.clone());
    }

    /// Sets the last error, and logs it if it is a new one.
    fn set_error(&self, error: Option<Arc<FileError>>) {
        let mut last = self.last_error.lock().unwrap_or_else(PoisonError::into_inner);
        match (&error, &*last) {
            (Some(error), Some(last)) if error.is_like(last) => {}
            (Some(error), _) => log_error(error),
            (None, Some(_)) => log_recovery(&self.path),
            (None, None) => {}
        }
        *last = error;
    }
}

/// Whether the content of the file can be another one afterwards. Reading is reported too, and it must not cause more reading.
fn is_change(kind: EventKind) -> bool {
    match kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => true,
        EventKind::Access(_) => false,
        _ => true,
    }
}

/// A running watcher, which ends when it is dropped.
pub(crate) struct Watching {
    stop: Sender<Signal>,
    last_error: LastError,
    thread: Option<JoinHandle<()>>,
}

impl Watching {
    pub(crate) fn last_error(&self) -> Option<Arc<FileError>> {
        self.last_error.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        // An error says that the thread has ended.
        let _ = self.stop.send(Signal::Stop);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn log_error(error: &FileError) {
    #[cfg(feature = "tracing")]
    tracing::info!(target: "cors", %error, "the CORS policy file is not used, and the current policy stays in use");
    #[cfg(not(feature = "tracing"))]
    let _ = error;
}

fn log_recovery(path: &Path) {
    #[cfg(feature = "tracing")]
    tracing::info!(target: "cors", path = %path.display(), "the CORS policy file is used again");
    #[cfg(not(feature = "tracing"))]
    let _ = path;
}

fn log_unwatched(error: &notify::Error) {
    #[cfg(feature = "tracing")]
    tracing::warn!(target: "cors", %error, "changes of the CORS policy file are only seen by reading it from time to time");
    #[cfg(not(feature = "tracing"))]
    let _ = error;
}
