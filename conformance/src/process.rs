//! A child process with everything that it starts.
//!
//! It runs in a process group of its own, which ends with it: nothing stays behind.

use std::any::Any;
use std::collections::VecDeque;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, kill_process_group, test_kill_process_group, waitid,
};
use tokio::sync::oneshot;

/// How many of the last lines of its output are told when a program does not come up.
const LINES_KEPT: usize = 5;

/// The pause between two looks at a process that was told to end.
const PAUSE: Duration = Duration::from_millis(10);

/// How long to wait for what was killed to be gone.
const LAST_WAIT: Duration = Duration::from_secs(2);

/// The line by which a program tells that it listens.
#[derive(Clone, Copy, Debug)]
pub struct Sign {
    /// What to call it, such as "a line that begins with `listening`".
    pub what: &'static str,
    /// Whether a line is the one.
    pub is_in: fn(&str) -> bool,
}

/// A running process group, ended when it is dropped.
pub struct Process {
    child: Option<Child>,
    sign: Sign,
    grace: Duration,
    output: Arc<Mutex<VecDeque<String>>>,
    listening: Option<oneshot::Receiver<String>>,
    keeps: Option<Box<dyn Any + Send + Sync>>,
}

impl Process {
    /// Starts `command`, which gives a sign once it listens, and which has `grace` to end after SIGTERM.
    pub fn start(mut command: Command, sign: Sign, grace: Duration) -> std::io::Result<Self> {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()?;
        let output = Arc::<Mutex<VecDeque<String>>>::default();
        let (tell, listening) = oneshot::channel();
        // Both pipes are read to their ends: a program that writes into a full one would stand still. The threads end with
        // the process group.
        if let Some(errors) = child.stderr.take() {
            let output = output.clone();
            thread::spawn(move || read_lines(errors, |line| keep(&output, line)));
        }
        if let Some(lines) = child.stdout.take() {
            let output = output.clone();
            let mut tell = Some(tell);
            thread::spawn(move || {
                read_lines(lines, |line| {
                    if (sign.is_in)(&line)
                        && let Some(tell) = tell.take()
                    {
                        // Nobody waits only if the process is being stopped.
                        let _ = tell.send(line.clone());
                    }
                    keep(&output, line);
                });
            });
        }
        Ok(Self { child: Some(child), sign, grace, output, listening: Some(listening), keeps: None })
    }

    /// The same process with something that is dropped only when all of it is gone, such as its folder.
    pub fn keeping(self, something: impl Any + Send + Sync) -> Self {
        let mut process = self;
        process.keeps = Some(Box::new(something));
        process
    }

    /// Waits for the sign that it listens: the line, the first time; or why it does not, if it does not.
    pub async fn listening(&mut self, limit: Duration) -> Result<String, String> {
        let Some(listening) = self.listening.take() else {
            return Ok(String::new());
        };
        let sign = self.sign.what;
        let reason = match tokio::time::timeout(limit, listening).await {
            Ok(Ok(line)) => return Ok(line),
            Ok(Err(_)) => format!("ended before it printed {sign}"),
            Err(_) => format!("did not print {sign} within {limit:?}"),
        };
        // What it wrote last may still be on its way.
        tokio::time::sleep(PAUSE).await;
        let output = self.output.lock().unwrap_or_else(PoisonError::into_inner);
        let said = output.iter().map(String::as_str).collect::<Vec<_>>().join(" | ");
        Err(if said.is_empty() { reason } else { format!("{reason}; its last words: {said}") })
    }

    /// Sends SIGTERM now; the future waits for the end, which comes with SIGKILL if it does not come in time.
    pub fn stop(mut self) -> impl Future<Output = ()> + Send + 'static {
        let ended = self.end();
        async move {
            if let Some(ended) = ended {
                // An error is a thread that is gone, and so is the process.
                let _ = ended.await;
            }
        }
    }

    fn end(&mut self) -> Option<oneshot::Receiver<()>> {
        let mut child = self.child.take()?;
        let group = Pid::from_child(&child);
        // A group that is gone already needs no signal, here and below.
        let _ = kill_process_group(group, Signal::TERM);
        let deadline = Instant::now() + self.grace;
        let kept = self.keeps.take();
        let (tell, ended) = oneshot::channel();
        ENDING.fetch_add(1, Ordering::SeqCst);
        // A thread, because it outlives the runtime.
        thread::spawn(move || {
            while !has_exited(group) && Instant::now() < deadline {
                thread::sleep(PAUSE);
            }
            // Its children may be left, and its id is not given to another process before it is waited for.
            let _ = kill_process_group(group, Signal::KILL);
            let _ = child.wait();
            if kept.is_some() {
                while test_kill_process_group(group).is_ok() && Instant::now() < deadline + LAST_WAIT {
                    thread::sleep(PAUSE);
                }
            }
            drop(kept);
            let _ = tell.send(());
            ENDING.fetch_sub(1, Ordering::SeqCst);
        });
        Some(ended)
    }
}

/// How many programs have been told to stop and are not gone yet.
static ENDING: AtomicUsize = AtomicUsize::new(0);

/// Waits until every program that was told to stop is gone, by SIGKILL if it comes to that.
pub fn all_gone() {
    // Each has a grace after which it is killed, so that this comes to an end.
    while ENDING.load(Ordering::SeqCst) > 0 {
        thread::sleep(PAUSE);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.end());
    }
}

/// Whether a child has exited; it stays there to be waited for.
fn has_exited(child: Pid) -> bool {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    !matches!(waitid(WaitId::Pid(child), options), Ok(None))
}

fn read_lines(pipe: impl std::io::Read, mut each: impl FnMut(String)) {
    use std::io::BufRead;

    let mut reader = std::io::BufReader::new(pipe);
    let mut line = Vec::new();
    while matches!(reader.read_until(b'\n', &mut line), Ok(length) if length > 0) {
        each(String::from_utf8_lossy(&line).trim_end().to_owned());
        line.clear();
    }
}

fn keep(output: &Mutex<VecDeque<String>>, line: String) {
    let mut output = output.lock().unwrap_or_else(PoisonError::into_inner);
    if output.len() == LINES_KEPT {
        output.pop_front();
    }
    output.push_back(line);
}
