//! Any program as a subject.
//!
//! The command runs in a shell (`sh -c`, on Windows `cmd /C`) with `CORS_POLICY` (the policy as JSON), `PORT` and
//! `HOST=127.0.0.1` in its environment. It serves the [specimen](crate::specimen) application on that port, and prints a line
//! that begins with `listening` once it accepts connections. It is stopped with SIGTERM, and killed if it takes too long; both
//! reach everything that the shell started.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use super::command::shell;
use super::{BoxFuture, NamedCommand, Policy, Server, StartError, Subject, SubjectKind};
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

impl External {
    /// A subject `name` that the shell command `command` starts.
    pub fn new(name: impl Into<String>, command: impl Into<String>) -> Self {
        Self { name: name.into(), command: command.into(), start_limit: START_LIMIT, grace: GRACE }
    }

    /// The same subject with other time limits: `start` until it listens (10 s by default), and `grace` from SIGTERM until it
    /// is killed (3 s by default).
    pub fn with_limits(self, start: Duration, grace: Duration) -> Self {
        Self { start_limit: start, grace, ..self }
    }
}

impl From<NamedCommand> for External {
    fn from(program: NamedCommand) -> Self {
        Self::new(program.name, program.command)
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
            can_be_given_to_a_program(policy)?;
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

/// An error if the policy has parts that only exist in this process.
pub(super) fn can_be_given_to_a_program(policy: &Policy) -> Result<(), StartError> {
    if policy.has_predicates() || policy.has_lookup() {
        let reason = "a function or a lookup cannot be given to another program";
        return Err(StartError::Inexpressible(reason.to_owned()));
    }
    Ok(())
}

#[cfg(all(test, unix))]
mod tests;
