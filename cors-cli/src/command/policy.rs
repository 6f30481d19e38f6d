//! `cors policy`: checks policy files.

use std::path::PathBuf;
use std::process::ExitCode;

use super::CommandResult;
use crate::export::{self, Stack};
use crate::output::{Format, print};
use crate::policy_file::{PolicyFile, json_schema, to_json, to_text};

/// The first line of the help.
pub const ABOUT: &str = "Check policy files and say in plain English what they allow";

/// The help.
pub const LONG_ABOUT: &str = "\
Check policy files and say in plain English what they allow

A policy that is refused is shown with every problem: its line, the field, the value, and what to write instead. A policy that is \
accepted is described in sentences, with its warnings.

`cors policy export` writes a policy for another web framework, web server or cloud service.

With `--schema` it prints a JSON Schema instead, with which editors complete fields and mark mistakes while you write.

Exits with 0 if every policy is accepted, and with 2 if one is refused or cannot be read.";

/// The arguments of `cors policy`.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct Arguments {
    #[command(subcommand)]
    action: Option<Action>,
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

#[derive(Debug, clap::Subcommand)]
enum Action {
    #[command(about = ABOUT_EXPORT, long_about = LONG_ABOUT_EXPORT)]
    Export(ExportArguments),
}

const ABOUT_EXPORT: &str = "Write a policy for another web framework, web server or cloud service";

const LONG_ABOUT_EXPORT: &str = "\
Write a policy for another web framework, web server or cloud service

The configuration or code goes to standard output. It is what the documentation of the stack recommends. What the stack cannot say \
goes to standard error, and stands in the text as comments.

Exits with 0 if the policy is accepted, also if the stack cannot say all of it, and with 2 if it is refused or cannot be read.";

/// The arguments of `cors policy export`.
#[derive(Debug, clap::Args)]
struct ExportArguments {
    /// The web framework, web server or cloud service
    #[arg(long, value_enum, value_name = "STACK")]
    to: Stack,
    /// A policy file in TOML or JSON; `-` reads standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The output format; `json` has the text, what the stack cannot say, and what it does otherwise
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Runs the command.
///
/// # Errors
///
/// Standard output cannot be written to.
pub fn run(arguments: &Arguments) -> CommandResult {
    if let Some(Action::Export(arguments)) = &arguments.action {
        return run_export(arguments);
    }
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

fn run_export(arguments: &ExportArguments) -> CommandResult {
    let file = PolicyFile::read(&arguments.file);
    let Ok(policy) = &file.outcome else {
        eprint!("{}", to_text(&file));
        return Ok(ExitCode::from(2));
    };
    let exported = export::export(policy, arguments.to);
    match arguments.format {
        Format::Text => print(&exported.text)?,
        Format::Json => print(&format!("{}\n", export::to_json(&exported)))?,
    }
    for limit in &exported.limits {
        eprintln!("{}: {limit}", arguments.to.title());
    }
    Ok(ExitCode::SUCCESS)
}
