//! Standard output, whose reader may have seen enough.

use std::io::{self, Write};

/// Prints a text; a reader that is gone is no error.
pub(crate) fn print(text: &str) -> io::Result<()> {
    match io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        done => done,
    }
}
