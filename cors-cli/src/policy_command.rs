//! `cargo xtask policy`: checks policy files and says in plain words who may do what.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use crate::policy_file::{PolicyFile, to_json, to_text};

use crate::output::print;

/// How the report is written.
#[derive(Clone, Copy, Debug, Default, clap::ValueEnum)]
pub enum Format {
    /// Sentences.
    #[default]
    Text,
    /// One JSON object a line, one line a file.
    Json,
}

/// Reports on every file; the exit code is 2 if one is refused.
pub fn run(files: &[PathBuf], format: Format) -> io::Result<ExitCode> {
    let mut all_accepted = true;
    for path in files {
        let file = PolicyFile::read(path);
        all_accepted &= file.outcome.is_ok();
        match format {
            Format::Text => print(&to_text(&file))?,
            Format::Json => print(&format!("{}\n", to_json(&file)))?,
        }
    }
    Ok(if all_accepted { ExitCode::SUCCESS } else { ExitCode::from(2) })
}
