//! The server in a process of its own, and what is said to it.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{ChildStdin, Command};
use std::time::Duration;

use cors_conformance::process::Process;
use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use crate::Failure;

/// How long the process may take to answer a line.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long the process may take to end.
const GRACE: Duration = Duration::from_secs(2);

/// A line to the process.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// Replace the policies by those of this number.
    Replace(u64),
    /// Tell the panics.
    Panics,
}

/// A line of the process.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Word {
    /// It listens there.
    Listening(SocketAddr),
    /// The policies of this number are in force.
    Replaced(u64),
    /// So many panics, and where the first ones were.
    Panics {
        /// How many.
        count: u64,
        /// The first ones.
        first: Vec<String>,
    },
}

/// A server under test.
pub trait Target: Send {
    /// The address that it listens on.
    fn address(&self) -> SocketAddr;

    /// Replaces the policies by those of this number, and returns when they are in force.
    fn replace(&mut self, number: u64) -> BoxFuture<'_, Result<(), Failure>>;

    /// The panics that the test did not make itself: how many, and the first ones.
    fn panics(&mut self) -> BoxFuture<'_, Result<(u64, Vec<String>), Failure>>;

    /// The process whose memory is that of the server.
    fn process(&self) -> u32;
}

/// How to start a server in a process of its own.
#[derive(Clone, Debug)]
pub struct ServerCommand {
    /// The program.
    pub program: PathBuf,
    /// What its arguments begin with.
    pub arguments: Vec<String>,
}

/// A server in a process of its own. The process ends when this is dropped.
pub struct ServerProcess {
    process: Process,
    input: ChildStdin,
    words: mpsc::UnboundedReceiver<Word>,
    address: SocketAddr,
}

impl ServerProcess {
    /// Starts a server.
    ///
    /// # Errors
    ///
    /// The program cannot be started, or does not say that it listens.
    pub async fn start(command: &ServerCommand, more: &[String]) -> Result<Self, Failure> {
        let mut program = Command::new(&command.program);
        program.args(&command.arguments).args(more);
        let (send, words) = mpsc::unbounded_channel();
        let (process, input) = Process::start_talking(program, GRACE, move |line| {
            // Other lines are those of the framework. The receiver is gone when the server is being stopped.
            let _ = serde_json::from_str(line).map(|word| send.send(word));
        })?;
        let mut server = Self { process, input, words, address: ([127, 0, 0, 1], 0).into() };
        match server.word().await? {
            Word::Listening(address) => server.address = address,
            other => return Err(format!("the server said {other:?} before it listened").into()),
        }
        Ok(server)
    }

    /// Stops it and waits until it has ended.
    pub async fn stop(self) {
        drop(self.input);
        self.process.stop().await;
    }

    fn say(&mut self, order: Order) -> Result<(), Failure> {
        let mut line = serde_json::to_vec(&order)?;
        line.push(b'\n');
        self.input.write_all(&line).map_err(|error| self.ended(&error))?;
        Ok(())
    }

    async fn word(&mut self) -> Result<Word, Failure> {
        match tokio::time::timeout(PATIENCE, self.words.recv()).await {
            Ok(Some(word)) => Ok(word),
            Ok(None) => Err(self.ended(&io::ErrorKind::UnexpectedEof.into())),
            Err(_) => Err(self.ended(&io::ErrorKind::TimedOut.into())),
        }
    }

    fn ended(&self, error: &io::Error) -> Failure {
        let words = self.process.output().last_words().unwrap_or_default();
        format!("the server process does not answer: {error}. {words}").into()
    }
}

impl Target for ServerProcess {
    fn address(&self) -> SocketAddr {
        self.address
    }

    fn replace(&mut self, number: u64) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(async move {
            self.say(Order::Replace(number))?;
            match self.word().await? {
                Word::Replaced(replaced) if replaced == number => Ok(()),
                other => {
                    Err(format!("the server said {other:?} instead of replacing policy {number}").into())
                }
            }
        })
    }

    fn panics(&mut self) -> BoxFuture<'_, Result<(u64, Vec<String>), Failure>> {
        Box::pin(async move {
            self.say(Order::Panics)?;
            match self.word().await? {
                Word::Panics { count, first } => Ok((count, first)),
                other => Err(format!("the server said {other:?} instead of telling its panics").into()),
            }
        })
    }

    fn process(&self) -> u32 {
        self.process.id()
    }
}

/// The memory that a process uses, in bytes, where the system tells it.
pub fn memory(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kibibytes << 10)
}
