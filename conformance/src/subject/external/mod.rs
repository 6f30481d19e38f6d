//! Any program as a subject.
//!
//! The command runs in a shell (`sh -c`, on Windows `cmd /C`) with `CORS_POLICY` (the policy as JSON), `PORT` and
//! `HOST=127.0.0.1` in its environment. It serves the [specimen](crate::specimen) application on that port, and prints a line
//! that begins with `listening` once it accepts connections. It is stopped with SIGTERM, and killed if it takes too long; both
//! reach everything that the shell started.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::Command;
use std::time::Duration;

use super::{BoxFuture, Policy, Server, StartError, Subject, SubjectKind};
use crate::process::{Process, ReadyLine};

mod port;

/// What a program prints once it accepts connections.
const LISTENING: ReadyLine = ReadyLine {
    description: "a line that begins with `listening`",
    matches: |line| line.starts_with("listening"),
};

/// How long a program may take until it listens.
const START_LIMIT: Duration = Duration::from_secs(10);

/// How long a program may take to end after SIGTERM.
const GRACE: Duration = Duration::from_secs(3);

/// A program that serves the specimen application.
#[derive(Clone, Debug)]
pub struct External {
    name: String,
    command: String,
    start_limit: Duration,
    grace: Duration,
}

/// Text that is not `NAME=COMMAND`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an external subject: write NAME=COMMAND, such as `mine=./server --quiet`")]
pub struct ExternalError(String);

impl External {
    /// A subject `name` that the shell command `command` starts.
    pub fn new(name: impl Into<String>, command: impl Into<String>) -> Self {
        Self { name: name.into(), command: command.into(), start_limit: START_LIMIT, grace: GRACE }
    }

    /// Parses `NAME=COMMAND`.
    ///
    /// # Errors
    ///
    /// The text has no `=`, or nothing before or after it.
    pub fn parse(text: &str) -> Result<Self, ExternalError> {
        match text.split_once('=') {
            Some((name, command)) if !name.trim().is_empty() && !command.trim().is_empty() => {
                Ok(Self::new(name.trim(), command.trim()))
            }
            _ => Err(ExternalError(text.to_owned())),
        }
    }

    /// The same subject with other time limits: `start` until it listens (10 s by default), and `grace` from SIGTERM until it
    /// is killed (3 s by default).
    pub fn with_limits(self, start: Duration, grace: Duration) -> Self {
        Self { start_limit: start, grace, ..self }
    }
}

impl Subject for External {
    fn name(&self) -> &str {
        &self.name
    }

    fn kind(&self) -> SubjectKind {
        SubjectKind::External
    }

    fn framework(&self) -> &str {
        "external"
    }

    fn start<'a>(&'a self, policy: &'a Policy) -> BoxFuture<'a, Result<Server, StartError>> {
        Box::pin(async move {
            if policy.has_predicates() || policy.has_lookup() {
                let reason = "a function or a lookup cannot be given to another program";
                return Err(StartError::Inexpressible(reason.to_owned()));
            }
            let policy =
                serde_json::to_string(policy).map_err(|error| StartError::Failed(error.to_string()))?;
            let port = port::free().ok_or_else(|| StartError::Failed("no port is free".to_owned()))?;
            let mut shell = shell(&self.command);
            shell.env("CORS_POLICY", policy).env("PORT", port.to_string()).env("HOST", "127.0.0.1");
            let mut process = Process::start(shell, LISTENING, self.grace)
                .map_err(|error| StartError::Failed(format!("`{}`: {error}", self.command)))?;
            process
                .listening(self.start_limit)
                .await
                .map_err(|reason| StartError::Failed(format!("`{}` {reason}", self.command)))?;
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
            Ok(Server::new(address, move || Box::pin(process.stop())))
        })
    }
}

fn shell(command: &str) -> Command {
    let (program, option) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
    let mut shell = Command::new(program);
    shell.args([option, command]);
    shell
}

#[cfg(all(test, unix))]
mod tests;
