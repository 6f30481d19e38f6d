//! Where reports go: a file or standard output.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

/// The output format of a command.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Text for people
    #[default]
    Text,
    /// JSON for programs
    Json,
}

/// The place that a report is written to.
#[derive(Debug)]
pub enum Destination {
    /// Standard output.
    Standard,
    /// A file.
    File(File),
}

impl Destination {
    /// Opens the file, or standard output if there is none. Commands call this before their work, so that a wrong path does not
    /// cost a run.
    ///
    /// # Errors
    ///
    /// The file cannot be created. The message begins with the path.
    pub fn open(file: Option<&Path>) -> Result<Self, String> {
        let Some(path) = file else { return Ok(Self::Standard) };
        File::create(path).map(Self::File).map_err(|error| format!("{}: {error}", path.display()))
    }

    /// Writes the report. If it goes to a file, the summary goes to standard error.
    ///
    /// # Errors
    ///
    /// The file or standard output cannot be written to.
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

/// Prints a text to standard output.
///
/// # Errors
///
/// Standard output cannot be written to. A closed pipe, as with `cors … | head`, is not an error.
pub fn print(text: &str) -> io::Result<()> {
    match io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        done => done,
    }
}
