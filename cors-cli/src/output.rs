//! Where reports go: a file, or standard output, whose reader may have seen enough.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

/// Where a report goes.
pub enum Destination {
    /// Standard output.
    Standard,
    /// A file of one's choice.
    File(File),
}

impl Destination {
    /// Opens the file before the work, so that a wrong path is told before it and not after it.
    pub fn open(file: Option<&Path>) -> Result<Self, String> {
        let Some(path) = file else { return Ok(Self::Standard) };
        File::create(path).map(Self::File).map_err(|error| format!("--out {}: {error}", path.display()))
    }

    /// Writes the report; to whom does not see it, the summary is told.
    pub fn write(self, report: &str, summary: &str) -> io::Result<()> {
        match self {
            Self::Standard => print(report),
            Self::File(mut file) => {
                file.write_all(report.as_bytes())?;
                eprintln!("{}", summary.trim_end());
                Ok(())
            }
        }
    }
}

/// Prints a text; a reader that is gone is no error.
pub fn print(text: &str) -> io::Result<()> {
    match io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        done => done,
    }
}
