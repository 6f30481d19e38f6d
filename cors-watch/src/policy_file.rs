use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use cors_core::PolicyHandle;

use crate::FileError;
use crate::watcher::{Watcher, Watching};

/// A policy file that is watched, and the handle whose policy follows it.
///
/// Dropping it ends the watching. The handle keeps its last policy.
///
/// `V` is the type of header values of the adapter, which the compiler infers from what the handle is passed to.
pub struct PolicyFile<V> {
    handle: PolicyHandle<V>,
    watching: Watching,
}

impl<V> PolicyFile<V>
where
    V: Clone + for<'a> TryFrom<&'a str> + Send + Sync + 'static,
{
    /// Reads a policy from a file and starts to watch the file.
    ///
    /// The name of the file ends in `.toml` or `.json`.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, is not valid TOML or JSON, or has a policy that is refused.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, FileError> {
        WatchOptions::new().open(path)
    }
}

impl<V> PolicyFile<V> {
    /// The handle, for an adapter: `Cors::new(file.handle())`.
    ///
    /// It can also be used to switch CORS off or diagnostic mode on. A policy that the program passes to
    /// [`PolicyHandle::replace`] stays until the file changes.
    pub fn handle(&self) -> &PolicyHandle<V> {
        &self.handle
    }

    /// Why the file as it is now is not in use, or `None` if it is in use.
    ///
    /// While there is an error, the last good policy stays in use.
    pub fn last_error(&self) -> Option<Arc<FileError>> {
        self.watching.last_error()
    }
}

impl<V> fmt::Debug for PolicyFile<V> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("PolicyFile")
            .field("handle", &self.handle)
            .field("last_error", &self.last_error())
            .finish()
    }
}

/// How a file is watched.
///
/// ```no_run
/// use std::time::Duration;
///
/// use cors_watch::WatchOptions;
/// # use cors_watch::PolicyFile;
///
/// let file = WatchOptions::new().interval(Duration::from_secs(60)).open("cors.toml")?;
/// # let file: PolicyFile<String> = file;
/// # Ok::<(), cors_watch::FileError>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use = "options do nothing until a file is opened with them"]
pub struct WatchOptions {
    pub(crate) settle: Duration,
    pub(crate) interval: Duration,
}

impl WatchOptions {
    /// The default options.
    pub fn new() -> Self {
        Self { settle: Duration::from_millis(100), interval: Duration::from_secs(5) }
    }

    /// Sets how long a file must stay as it is after a change before it is read. The default is 100 milliseconds.
    ///
    /// A program that writes a file makes several changes. Reading waits at most ten times as long if the changes do not end.
    pub fn settle(mut self, time: Duration) -> Self {
        self.settle = time;
        self
    }

    /// Sets how often the file is read even if no change is reported. The default is 5 seconds.
    ///
    /// Network file systems and single files that are mounted into a container do not report all changes.
    pub fn interval(mut self, time: Duration) -> Self {
        self.interval = time;
        self
    }

    /// Reads a policy from a file and starts to watch the file, as [`PolicyFile::open`] does.
    ///
    /// # Errors
    ///
    /// Those of [`PolicyFile::open`].
    pub fn open<V>(self, path: impl AsRef<Path>) -> Result<PolicyFile<V>, FileError>
    where
        V: Clone + for<'a> TryFrom<&'a str> + Send + Sync + 'static,
    {
        let (watcher, policy) = Watcher::new(path.as_ref(), self)?;
        let handle = PolicyHandle::new(policy);
        let watching = watcher.start(handle.clone())?;
        Ok(PolicyFile { handle, watching })
    }
}

impl Default for WatchOptions {
    fn default() -> Self {
        Self::new()
    }
}
