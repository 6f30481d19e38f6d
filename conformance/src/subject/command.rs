//! A program's name and command, as the commands take them.

use std::process::Command;

/// A name for reports, and the shell command that starts the program: `NAME=COMMAND`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedCommand {
    /// The name that reports use.
    pub name: String,
    /// The shell command.
    pub command: String,
}

/// Text that is not `NAME=COMMAND`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` does not name a program: write NAME=COMMAND, such as `mine=./server --quiet`")]
pub struct NamedCommandError(String);

impl NamedCommand {
    /// Parses `NAME=COMMAND`.
    ///
    /// # Errors
    ///
    /// The text has no `=`, or nothing before or after it.
    pub fn parse(text: &str) -> Result<Self, NamedCommandError> {
        match text.split_once('=') {
            Some((name, command)) if !name.trim().is_empty() && !command.trim().is_empty() => {
                Ok(Self { name: name.trim().to_owned(), command: command.trim().to_owned() })
            }
            _ => Err(NamedCommandError(text.to_owned())),
        }
    }
}

/// A shell that runs `command`.
pub(super) fn shell(command: &str) -> Command {
    let (program, option) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
    let mut shell = Command::new(program);
    shell.args([option, command]);
    shell
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("mine=./server --quiet=yes", Some(("mine", "./server --quiet=yes")))]
    #[case(" mine = ./server ", Some(("mine", "./server")))]
    #[case("./server", None)]
    #[case("=./server", None)]
    #[case("mine=", None)]
    fn name_and_command_are_parsed(#[case] text: &str, #[case] expected: Option<(&str, &str)>) {
        let parsed = NamedCommand::parse(text);
        let seen = parsed.as_ref().ok().map(|program| (program.name.as_str(), program.command.as_str()));
        assert_eq!(seen, expected);
    }
}
