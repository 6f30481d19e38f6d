//! `cors policy`: checks policy files.

use std::path::PathBuf;
use std::process::ExitCode;

use super::CommandResult;
use crate::output::{Format, print};
use crate::policy_file::{PolicyFile, json_schema, to_json, to_text};

/// The first line of the help.
pub const ABOUT: &str = "Check policy files and say in plain English what they allow";

/// The help.
pub const LONG_ABOUT: &str = "\
Check policy files and say in plain English what they allow

A policy that is refused is shown with every problem: its line, the field, the value, and what to write instead. A policy that is \
accepted is described in sentences, with its warnings.

With `--schema` it prints a JSON Schema instead, with which editors complete fields and mark mistakes while you write.

Exits with 0 if every policy is accepted, and with 2 if one is refused or cannot be read.";

/// The arguments of `cors policy`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Policy files in TOML or JSON; `-` reads standard input
    #[arg(required_unless_present = "schema", value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Print the JSON Schema of policy files
    #[arg(long, exclusive = true)]
    schema: bool,
    /// The output format; `json` prints one object per line, one line per file
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Runs the command.
///
/// # Errors
///
/// Standard output cannot be written to.
pub fn run(arguments: &Arguments) -> CommandResult {
    if arguments.schema {
        print(&json_schema())?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut all_accepted = true;
    for path in &arguments.files {
        let file = PolicyFile::read(path);
        all_accepted &= file.outcome.is_ok();
        match arguments.format {
            Format::Text => print(&to_text(&file))?,
            Format::Json => print(&format!("{}\n", to_json(&file)))?,
        }
    }
    Ok(if all_accepted { ExitCode::SUCCESS } else { ExitCode::from(2) })
}
