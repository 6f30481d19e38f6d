//! Work that a signal interrupts.

use std::io;

use cors_conformance::process;
use tokio::runtime::Runtime;

/// The exit code of a command that a signal interrupted.
pub const INTERRUPTED: u8 = 130;

/// Runs a future until it ends or a signal arrives; returns `None` after a signal.
///
/// In both cases all servers and programs that the future started have ended when this returns.
///
/// # Errors
///
/// The runtime or the signal handlers cannot be set up.
pub fn unless_interrupted<T>(work: impl Future<Output = T>) -> io::Result<Option<T>> {
    // Declared before the runtime and therefore dropped after it, also after a panic: dropping the runtime stops the servers,
    // and the programs among them may take a moment to end.
    let _wait = WaitForPrograms;
    Runtime::new()?.block_on(async {
        let signal = Signals::new()?;
        tokio::select! {
            done = work => Ok(Some(done)),
            () = signal.received() => Ok(None),
        }
    })
}

struct WaitForPrograms;

impl Drop for WaitForPrograms {
    fn drop(&mut self) {
        process::all_gone();
    }
}

/// The signals that ask a program to stop.
#[cfg(unix)]
#[derive(Debug)]
pub struct Signals([tokio::signal::unix::Signal; 3]);

#[cfg(unix)]
impl Signals {
    /// Starts to listen for the signals. One that arrives from now on is not lost.
    ///
    /// # Errors
    ///
    /// A signal handler cannot be installed.
    pub fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self([
            signal(SignalKind::interrupt())?,
            signal(SignalKind::terminate())?,
            signal(SignalKind::hangup())?,
        ]))
    }

    /// Waits for the first signal.
    pub async fn received(self) {
        let [mut interrupt, mut terminate, mut hangup] = self.0;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    }
}

/// The signals that ask a program to stop: Ctrl-C.
#[cfg(not(unix))]
#[derive(Debug)]
pub struct Signals(());

#[cfg(not(unix))]
impl Signals {
    /// Prepares to listen for Ctrl-C.
    ///
    /// # Errors
    ///
    /// None here. The signature is the same as on Unix.
    pub fn new() -> io::Result<Self> {
        Ok(Self(()))
    }

    /// Waits for Ctrl-C. If the system does not report it, waits for ever.
    pub async fn received(self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
