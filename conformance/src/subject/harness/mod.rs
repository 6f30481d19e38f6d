//! Harnesses: programs in any language that serve the specimen with many policies, and say what they cannot express.
//!
//! A harness reads requests from its standard input and writes answers to its standard output: JSON objects, one a line. `hello`
//! makes it introduce itself, `serve` starts a server with a policy, `stop` ends one. The project's `docs/harness.md` describes the
//! protocol for authors of harnesses. [`External`](super::external::External) needs less of a program: one process for each policy.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use super::command::shell;
use super::external::can_be_given_to_a_program;
use super::{
    BoxFuture, Dispute, KnownDeviation, KnownLimit, NamedCommand, Policy, Server, StartError, Subject,
    SubjectKind, UnsafeStart,
};
use crate::specimen::Level;
use connection::Connection;
use policy::PolicyMessage;
use protocol::{Answer, Command, Configuration, VERSION};

pub use protocol::Hello;
pub use serve::serve;

mod connection;
pub mod origin;
mod policy;
mod protocol;
mod serve;

/// How long a harness may take until it has introduced itself. Runtimes such as the JVM start slowly on a busy machine.
const HELLO_LIMIT: Duration = Duration::from_secs(60);

/// How long a harness may take until a server is ready.
const SERVE_LIMIT: Duration = Duration::from_secs(20);

/// How long a harness may take to stop a server, and to end after SIGTERM.
const GRACE: Duration = Duration::from_secs(3);

/// A subject is given up after this many equal errors in a row.
const EQUAL_ERRORS: usize = 3;

/// A program that speaks the harness protocol.
///
/// The program is started when the suite prepares the subject, and serves all policies. If it ends too early, it is started again for
/// the next one, until the subject is given up: after three equal errors in a row.
pub struct Harness {
    name: String,
    command: String,
    kind: SubjectKind,
    limits: Limits,
    hello: OnceLock<Hello>,
    state: tokio::sync::Mutex<State>,
    errors: Mutex<Errors>,
}

/// How long a harness may take.
#[derive(Clone, Copy, Debug)]
struct Limits {
    hello: Duration,
    serve: Duration,
    grace: Duration,
}

#[derive(Default)]
struct State {
    connection: Option<Arc<Connection>>,
    next_id: u64,
}

/// The errors since the last success.
#[derive(Default)]
struct Errors {
    last: String,
    equal: usize,
}

impl Harness {
    /// A subject `name` whose harness the shell command `command` starts. It is an [external](SubjectKind::External) one.
    pub fn new(name: impl Into<String>, command: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            command: command.into(),
            kind: SubjectKind::External,
            limits: Limits { hello: HELLO_LIMIT, serve: SERVE_LIMIT, grace: GRACE },
            hello: OnceLock::new(),
            state: tokio::sync::Mutex::default(),
            errors: Mutex::default(),
        }
    }

    /// The same subject as one of this kind.
    #[must_use]
    pub fn of_kind(self, kind: SubjectKind) -> Self {
        Self { kind, ..self }
    }

    /// The same subject with other time limits: `hello` until it has introduced itself (60 s by default), `serve` until a server is
    /// ready (20 s by default), and `grace` until a server has stopped and, after SIGTERM, the program itself (3 s by default).
    #[must_use]
    pub fn with_limits(self, hello: Duration, serve: Duration, grace: Duration) -> Self {
        Self { limits: Limits { hello, serve, grace }, ..self }
    }

    /// How the harness introduced itself; `None` before it is prepared.
    pub fn hello(&self) -> Option<&Hello> {
        self.hello.get()
    }

    async fn serve(&self, what: Configuration<'_>) -> Result<UnsafeStart, StartError> {
        if let Some(reason) = self.given_up() {
            return Err(StartError::Failed(reason));
        }
        let answer = self.try_serve(what).await;
        let mut errors = lock(&self.errors);
        match &answer {
            Ok(_) | Err(Failure { error: StartError::Inexpressible(_), .. }) => *errors = Errors::default(),
            Err(Failure { error, counts: true }) => errors.add(&error.to_string()),
            Err(_) => {}
        }
        answer.map_err(|failure| failure.error)
    }

    async fn try_serve(&self, what: Configuration<'_>) -> Result<UnsafeStart, Failure> {
        let (connection, id) = self.connection().await?;
        let answer = connection.ask(&Command::Serve { id, what }, self.limits.serve).await;
        let failed = |reason: String| Failure { error: StartError::Failed(reason), counts: true };
        match answer {
            Ok(Answer::Ready { port, configuration, warning, .. }) => {
                let grace = self.limits.grace;
                let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
                let server = Server::new(address, move || {
                    let stopped = connection.say(&Command::Stop { id });
                    Box::pin(async move {
                        // A server that does not stop in time ends with its harness.
                        let _ = tokio::time::timeout(grace, stopped).await;
                        drop(connection);
                    })
                });
                let server = match configuration {
                    Some(configuration) => server.configured_as(configuration),
                    None => server,
                };
                Ok(UnsafeStart::Ready { server, warning })
            }
            Ok(Answer::Refused { reason, .. }) => Ok(UnsafeStart::Refused(reason)),
            Ok(Answer::Cannot { field, reason, .. }) => {
                Err(Failure { error: StartError::Inexpressible(format!("{field}: {reason}")), counts: false })
            }
            Ok(Answer::Failed { reason, .. }) => Err(failed(format!("`{}` failed: {reason}", self.command))),
            // The key of an answer says what it belongs to, so that no other kind can come here.
            Ok(Answer::Hello(_) | Answer::Stopped { .. }) => Err(failed("gave another answer".to_owned())),
            Err(reason) => {
                // All servers of a program that ends have the same error, which counts once.
                let counts = connection.is_open() || connection.broke();
                let error = StartError::Failed(format!("`{}` {reason}", self.command));
                Err(Failure { error, counts })
            }
        }
    }

    /// The running harness, started if need be, and the next id.
    async fn connection(&self) -> Result<(Arc<Connection>, u64), Failure> {
        let mut state = self.state.lock().await;
        state.next_id += 1;
        let id = state.next_id;
        if let Some(connection) = state.connection.as_ref().filter(|connection| connection.is_open()) {
            return Ok((connection.clone(), id));
        }
        // Requests that waited for the lock find out here that one before them failed.
        if let Some(reason) = self.given_up() {
            return Err(Failure { error: StartError::Failed(reason), counts: false });
        }
        state.connection = None;
        let connection = self.start_program().await.map_err(|reason| Failure {
            error: StartError::Failed(format!("`{}` {reason}", self.command)),
            counts: true,
        })?;
        let connection = Arc::new(connection);
        state.connection = Some(connection.clone());
        Ok((connection, id))
    }

    async fn start_program(&self) -> Result<Connection, String> {
        let connection = Connection::start(shell(&self.command), self.limits.grace)?;
        let answer = connection.ask(&Command::Hello { protocol: VERSION }, self.limits.hello).await?;
        let Answer::Hello(hello) = answer else { return Err("did not say hello".to_owned()) };
        if hello.protocol != VERSION {
            return Err(format!(
                "speaks version {} of the harness protocol, and this suite speaks version {VERSION}",
                hello.protocol
            ));
        }
        // A program that was started again says the same.
        let _ = self.hello.set(*hello);
        Ok(connection)
    }

    /// Why nothing more is asked of the harness.
    fn given_up(&self) -> Option<String> {
        let errors = lock(&self.errors);
        (errors.equal >= EQUAL_ERRORS)
            .then(|| format!("given up after {EQUAL_ERRORS} equal errors: {}", errors.last))
    }
}

/// Why a server did not start.
struct Failure {
    error: StartError,
    /// Whether it counts as an error of its own.
    counts: bool,
}

impl Errors {
    fn add(&mut self, error: &str) {
        if self.last == error {
            self.equal += 1;
        } else {
            *self = Self { last: error.to_owned(), equal: 1 };
        }
    }
}

impl From<NamedCommand> for Harness {
    fn from(program: NamedCommand) -> Self {
        Self::new(program.name, program.command)
    }
}

impl Subject for Harness {
    fn name(&self) -> &str {
        &self.name
    }

    fn kind(&self) -> SubjectKind {
        self.kind
    }

    fn framework(&self) -> &str {
        self.hello().map_or("unknown", |hello| &hello.framework)
    }

    fn version(&self) -> &str {
        self.hello().map_or("unknown", |hello| &hello.middleware)
    }

    fn limits(&self) -> &[KnownLimit] {
        self.hello().map_or(&[], |hello| &hello.limits)
    }

    fn disputes(&self) -> &[Dispute] {
        self.hello().map_or(&[], |hello| &hello.disputes)
    }

    fn deviations(&self) -> &[KnownDeviation] {
        self.hello().map_or(&[], |hello| &hello.deviations)
    }

    fn level(&self) -> Level {
        self.hello().map_or(Level::Two, |hello| hello.level)
    }

    fn speaks_http2(&self) -> bool {
        self.hello().is_none_or(|hello| hello.http2)
    }

    fn prepare(&self) -> BoxFuture<'_, Result<(), StartError>> {
        Box::pin(async move { self.connection().await.map(drop).map_err(|failure| failure.error) })
    }

    fn start<'a>(&'a self, policy: &'a Policy) -> BoxFuture<'a, Result<Server, StartError>> {
        Box::pin(async move {
            can_be_given_to_a_program(policy)?;
            let rules: Vec<_> = policy.rules().collect();
            let message = PolicyMessage::new(policy, &rules);
            match self.serve(Configuration::Policy(Box::new(message))).await? {
                UnsafeStart::Ready { server, .. } => Ok(server),
                UnsafeStart::Refused(reason) => {
                    let reason = format!("the middleware refused a safe policy: {reason}");
                    Err(StartError::Failed(reason))
                }
            }
        })
    }

    fn start_unsafe<'a>(&'a self, configuration: &'a str) -> BoxFuture<'a, Result<UnsafeStart, StartError>> {
        Box::pin(async move {
            self.prepare().await?;
            let offers = |hello: &Hello| hello.unsafe_configurations.iter().any(|name| name == configuration);
            if !self.hello().is_some_and(offers) {
                let reason = format!("the harness does not offer {configuration}");
                return Err(StartError::Inexpressible(reason));
            }
            self.serve(Configuration::Unsafe(configuration)).await
        })
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(all(test, unix))]
mod tests;
