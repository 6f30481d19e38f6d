//! A subject in Rust as a harness.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;

use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, JoinSet};

use super::policy::policy_of;
use super::protocol::{Answer, Hello, Request, VERSION};
use crate::subject::{Server, StartError, Subject};

/// Serves a subject as a harness: reads requests from `input` and writes answers to `output` until the input ends. Then all servers
/// are stopped.
///
/// A harness is the way to test a middleware in Rust whose dependencies do not go together with those of the suite. Nothing else may
/// write to `output`.
///
/// ```no_run
/// use cors_conformance::subject::{Subject, harness};
///
/// async fn run(subject: impl Subject + 'static) -> std::io::Result<()> {
///     let input = tokio::io::BufReader::new(tokio::io::stdin());
///     harness::serve(subject, input, tokio::io::stdout()).await
/// }
/// ```
///
/// # Errors
///
/// The input cannot be read, or the output cannot be written.
pub async fn serve(
    subject: impl Subject + 'static,
    input: impl AsyncBufRead + Unpin,
    mut output: impl AsyncWrite + Unpin,
) -> io::Result<()> {
    let subject: Arc<dyn Subject> = Arc::new(subject);
    let (answer, mut answers) = mpsc::unbounded_channel();
    let reading = async move {
        let mut requests = Requests { subject, answer, servers: HashMap::new() };
        let mut lines = input.lines();
        while let Some(line) = lines.next_line().await? {
            requests.answer(&line);
        }
        requests.stop_all().await;
        io::Result::Ok(())
    };
    let writing = async {
        while let Some(answer) = answers.recv().await {
            let line = serde_json::to_string::<Answer>(&answer)?;
            output.write_all(format!("{line}\n").as_bytes()).await?;
            output.flush().await?;
        }
        io::Result::Ok(())
    };
    tokio::try_join!(reading, writing).map(drop)
}

/// The requests so far.
struct Requests {
    subject: Arc<dyn Subject>,
    answer: mpsc::UnboundedSender<Answer>,
    /// The servers by the ids of their requests, each once it has started.
    servers: HashMap<u64, JoinHandle<Option<Server>>>,
}

impl Requests {
    fn answer(&mut self, line: &str) {
        let answer = self.answer.clone();
        match serde_json::from_str(line) {
            // Logs go to standard error.
            Err(error) => eprintln!("not a request of the protocol: {error}"),
            Ok(Request::Hello {}) => send(&answer, Answer::Hello(Box::new(introduction(&*self.subject)))),
            Ok(Request::Serve { id, policy }) => {
                let subject = self.subject.clone();
                let starting = async move {
                    let (server, told) = start(&*subject, id, policy).await;
                    send(&answer, told);
                    server
                };
                self.servers.insert(id, tokio::spawn(starting));
            }
            Ok(Request::Stop { id }) => {
                let server = self.servers.remove(&id);
                tokio::spawn(async move {
                    if let Some(starting) = server {
                        stop(starting).await;
                    }
                    send(&answer, Answer::Stopped { id });
                });
            }
        }
    }

    async fn stop_all(self) {
        let stopping: JoinSet<()> = self.servers.into_values().map(stop).collect();
        stopping.join_all().await;
    }
}

fn send(answers: &mpsc::UnboundedSender<Answer>, answer: Answer) {
    // The receiver is gone only if the output cannot be written, which `serve` returns.
    let _ = answers.send(answer);
}

fn introduction(subject: &dyn Subject) -> Hello {
    Hello {
        protocol: VERSION,
        name: subject.name().to_owned(),
        language: Some("Rust".to_owned()),
        framework: subject.framework().to_owned(),
        middleware: format!("{} {}", subject.name(), subject.version()),
        level: subject.level(),
        http2: subject.speaks_http2(),
        limits: subject.limits().to_vec(),
        disputes: subject.disputes().to_vec(),
        deviations: subject.deviations().to_vec(),
        ..Hello::default()
    }
}

/// Starts a server, if it can be started, and says what came of it.
async fn start(
    subject: &dyn Subject,
    id: u64,
    policy: Option<serde_json::Value>,
) -> (Option<Server>, Answer) {
    let Some(policy) = policy else {
        let reason = "a subject in Rust takes policies only".to_owned();
        return (None, Answer::Cannot { id, field: "unsafe".to_owned(), reason });
    };
    let policy = match policy_of(policy) {
        Ok(policy) => policy,
        Err(reason) => return (None, Answer::Failed { id, reason }),
    };
    match subject.start(&policy).await {
        Ok(server) => {
            let configuration = server.configuration().map(str::to_owned);
            let port = server.address().port();
            (Some(server), Answer::Ready { id, port, configuration, warning: None })
        }
        Err(StartError::Inexpressible(reason)) => {
            (None, Answer::Cannot { id, field: "policy".to_owned(), reason })
        }
        Err(StartError::Failed(reason)) => (None, Answer::Failed { id, reason }),
    }
}

async fn stop(starting: JoinHandle<Option<Server>>) {
    // A start that panicked has left no server.
    if let Ok(Some(server)) = starting.await {
        server.stop().await;
    }
}
