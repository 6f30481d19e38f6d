//! Work that a signal ends, and after which nothing is left.

use std::io;

use cors_conformance::process;
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};

/// Exit code of a command that a signal ended.
pub(crate) const INTERRUPTED: u8 = 130;

/// Does the work; `None` if a signal ended it. Either way, all servers and programs that it started are gone afterwards.
pub(crate) fn unless_interrupted<T>(work: impl Future<Output = T>) -> io::Result<Option<T>> {
    // Declared before the runtime and so dropped after it, whatever comes: with the runtime go the servers that a signal or a
    // panic left; the programs among them may take a moment.
    let _all_gone = AllGone;
    let runtime = Runtime::new()?;
    runtime.block_on(async {
        let mut interrupted = signal(SignalKind::interrupt())?;
        let mut terminated = signal(SignalKind::terminate())?;
        let mut hung_up = signal(SignalKind::hangup())?;
        tokio::select! {
            done = work => Ok(Some(done)),
            _ = interrupted.recv() => Ok(None),
            _ = terminated.recv() => Ok(None),
            _ = hung_up.recv() => Ok(None),
        }
    })
}

struct AllGone;

impl Drop for AllGone {
    fn drop(&mut self) {
        process::all_gone();
    }
}
