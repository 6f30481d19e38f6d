//! A running harness: lines to it, and the answers that belong to them.

use std::collections::HashMap;
use std::io::Write as _;
use std::process::Command as Program;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::protocol::{Answer, Command, Key};
use crate::process::{Output, Process};
use crate::text::{SHOWN, printable};

/// How long a program that closed its output has to end, so that its exit status can be told.
const LAST_WAIT: Duration = Duration::from_millis(200);

/// The pause between two looks at a program that closed its output.
const PAUSE: Duration = Duration::from_millis(10);

/// A harness that runs. It is stopped when this value is dropped.
pub(super) struct Connection {
    /// To the thread that writes. A program that does not read blocks that thread, and nothing else.
    lines: mpsc::Sender<String>,
    shared: Arc<Mutex<Shared>>,
    process: Mutex<Process>,
    output: Output,
}

#[derive(Default)]
struct Shared {
    waiting: HashMap<Key, oneshot::Sender<Answer>>,
    /// Why nothing more can be asked.
    broken: Option<Break>,
    /// Whether [`Connection::broke`] has told of the break.
    is_told: bool,
}

/// What a program did so that it can no longer be asked.
#[derive(Clone)]
enum Break {
    /// It closed its output.
    Ended,
    /// It printed this, with what is wrong with it.
    Garbage(String),
}

/// Receives the lines that the program prints.
struct Receiver(Arc<Mutex<Shared>>);

impl Receiver {
    fn receive(&self, line: &str) {
        let mut shared = lock(&self.0);
        match serde_json::from_str::<Answer>(line) {
            // An answer that comes too late is ignored.
            Ok(answer) => drop(shared.waiting.remove(&answer.key()).map(|waiting| waiting.send(answer))),
            Err(error) => {
                let line = printable(line.as_bytes(), SHOWN);
                let reason = format!("printed `{line}`, which is not an answer of the protocol ({error})");
                shared.break_off(Break::Garbage(reason));
            }
        }
    }
}

impl Drop for Receiver {
    /// The program has closed its output.
    fn drop(&mut self) {
        lock(&self.0).break_off(Break::Ended);
    }
}

impl Shared {
    /// Ends everything that waits. The first reason is kept.
    fn break_off(&mut self, reason: Break) {
        self.broken.get_or_insert(reason);
        self.waiting.clear();
    }
}

impl Connection {
    /// Starts a program, which is killed `grace` after SIGTERM if it has not ended by then.
    pub(super) fn start(program: Program, grace: Duration) -> Result<Self, String> {
        let shared = Arc::<Mutex<Shared>>::default();
        let receiver = Receiver(shared.clone());
        let started = Process::start_talking(program, grace, move |line| receiver.receive(line));
        let (process, mut input) = started.map_err(|error| format!("does not start: {error}"))?;
        let (lines, to_write) = mpsc::channel::<String>();
        thread::spawn(move || {
            for line in to_write {
                if input.write_all(line.as_bytes()).and_then(|()| input.flush()).is_err() {
                    // The program has closed its input. If it has ended, its output says so.
                    break;
                }
            }
        });
        let output = process.output();
        Ok(Self { lines, shared, process: Mutex::new(process), output })
    }

    /// Says `command` and waits at most `limit` for the answer. The error says what the program did instead of answering.
    pub(super) async fn ask(&self, command: &Command<'_>, limit: Duration) -> Result<Answer, String> {
        let answer = self.say(command);
        match tokio::time::timeout(limit, answer).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(_)) => Err(self.reason().await),
            Err(_) => {
                lock(&self.shared).waiting.remove(&command.key());
                Err(self.with_last_words(format!("did not answer `{}` within {limit:?}", command.name())))
            }
        }
    }

    /// Says `command` now. The receiver gets the answer, or an error if there will be none.
    pub(super) fn say(&self, command: &Command<'_>) -> oneshot::Receiver<Answer> {
        let (send, answer) = oneshot::channel();
        let mut shared = lock(&self.shared);
        if shared.broken.is_none() {
            shared.waiting.insert(command.key(), send);
            // Strings, numbers and lists can always be written as JSON.
            let line = serde_json::to_string(command).unwrap_or_default();
            // An error says that the program has closed its input.
            let _ = self.lines.send(line + "\n");
        }
        answer
    }

    /// Whether the program can be asked more.
    pub(super) fn is_open(&self) -> bool {
        lock(&self.shared).broken.is_none()
    }

    /// Whether the program can no longer be asked, and this is the first call that says so.
    pub(super) fn broke(&self) -> bool {
        let mut shared = lock(&self.shared);
        shared.broken.is_some() && !std::mem::replace(&mut shared.is_told, true)
    }

    /// Why the program cannot be asked any more.
    async fn reason(&self) -> String {
        if let Some(Break::Garbage(reason)) = lock(&self.shared).broken.clone() {
            return reason;
        }
        let deadline = Instant::now() + LAST_WAIT;
        let status = loop {
            let status = lock(&self.process).exit_status();
            if status.is_some() || Instant::now() > deadline {
                break status;
            }
            tokio::time::sleep(PAUSE).await;
        };
        self.output.complete().await;
        self.with_last_words(match status {
            Some(status) => format!("ended with {status}"),
            None => "closed its standard output".to_owned(),
        })
    }

    fn with_last_words(&self, reason: String) -> String {
        match self.output.last_words() {
            Some(words) => format!("{reason}; {words}"),
            None => reason,
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
