//! A child process with everything that it starts.
//!
//! On Unix it runs in a process group of its own, on Windows in a job object; both end with it, so that nothing stays behind.

use std::any::Any;
use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader, Read};
use std::process::{ChildStdin, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

#[cfg(windows)]
use process_wrap::std::JobObject;
#[cfg(unix)]
use process_wrap::std::ProcessGroup;
use process_wrap::std::{StdChildWrapper, StdCommandWrap};
use tokio::sync::oneshot;

use crate::text::printable;

/// How many of the last lines of its output are shown when a program does not start.
const LINES_KEPT: usize = 5;

/// The most bytes of one of these lines that are shown.
const LINE_SHOWN: usize = 500;

/// How long to wait for the last lines of a program that is ending.
const LAST_LINES: Duration = Duration::from_millis(500);

/// The most bytes of a line that are kept in memory. What follows counts as the next line.
const LINE_LIMIT: u64 = 1 << 20;

/// The pause between two looks at a process that was told to end.
const PAUSE: Duration = Duration::from_millis(10);

/// How long to wait until killed processes are gone.
const LAST_WAIT: Duration = Duration::from_secs(2);

/// The line that a program prints once it is ready.
#[derive(Clone, Copy, Debug)]
pub struct ReadyLine {
    /// What to call it in messages, such as "a line that begins with `listening`".
    pub description: &'static str,
    /// Whether a line of the program's standard output is this line.
    pub matches: fn(&str) -> bool,
}

/// A running program with its children. All of them are ended when it is dropped.
pub struct Process {
    child: Option<Box<dyn StdChildWrapper>>,
    grace: Duration,
    output: Output,
    /// What comes once the program is ready.
    ready: Option<(ReadyLine, oneshot::Receiver<String>)>,
    keeps: Option<Box<dyn Any + Send + Sync>>,
}

impl Process {
    /// Starts `command`, which prints `ready_line` once it is ready.
    ///
    /// To stop it, it gets SIGTERM and is killed after `grace`. On Windows, which has no such signal, it is killed at once.
    pub fn start(command: Command, ready_line: ReadyLine, grace: Duration) -> io::Result<Self> {
        let (send_ready, ready) = oneshot::channel();
        let mut send_ready = Some(send_ready);
        let mut process = Self::spawn(command, Stdio::null(), grace, move |line| {
            if (ready_line.matches)(line) {
                // The receiver is gone only if the process is being stopped.
                let _ = send_ready.take().map(|send_ready| send_ready.send(line.to_owned()));
            }
        })?;
        process.ready = Some((ready_line, ready));
        Ok(process)
    }

    /// Starts `command`, whose lines of output are given to `each`, and returns its standard input with it. `each` is dropped when
    /// the program has closed its output.
    ///
    /// It is stopped as [`start`](Self::start) says.
    pub fn start_talking(
        command: Command,
        grace: Duration,
        each: impl FnMut(&str) + Send + 'static,
    ) -> io::Result<(Self, ChildStdin)> {
        let mut process = Self::spawn(command, Stdio::piped(), grace, each)?;
        let input = process.child.as_mut().and_then(|child| child.stdin().take());
        Ok((process, input.ok_or_else(|| io::Error::other("the program has no standard input"))?))
    }

    fn spawn(
        mut command: Command,
        input: Stdio,
        grace: Duration,
        each: impl FnMut(&str) + Send + 'static,
    ) -> io::Result<Self> {
        command.stdin(input).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut command = StdCommandWrap::from(command);
        #[cfg(unix)]
        command.wrap(ProcessGroup::leader());
        #[cfg(windows)]
        command.wrap(JobObject);
        let mut child = command.spawn()?;

        let output = Output::default();
        // Both pipes are read to their ends, because a program that writes into a full pipe is blocked. The threads end when
        // all processes of the group have ended.
        if let Some(errors) = child.stderr().take() {
            output.read(errors, |_| {});
        }
        if let Some(lines) = child.stdout().take() {
            output.read(lines, each);
        }
        Ok(Self { child: Some(child), grace, output, ready: None, keeps: None })
    }

    /// The same process with a value that is dropped only when all of its processes are gone, such as its temporary folder.
    pub fn keeping(mut self, value: impl Any + Send + Sync) -> Self {
        self.keeps = Some(Box::new(value));
        self
    }

    /// Waits at most `limit` for the ready line, and returns it. A second call returns an empty line at once.
    ///
    /// # Errors
    ///
    /// Why the line did not come, with the last lines that the program printed.
    pub async fn listening(&mut self, limit: Duration) -> Result<String, String> {
        let Some((line, ready)) = self.ready.take() else {
            return Ok(String::new());
        };
        let line = line.description;
        let reason = match tokio::time::timeout(limit, ready).await {
            Ok(Ok(line)) => return Ok(line),
            Ok(Err(_)) => format!("ended before it printed {line}"),
            Err(_) => format!("did not print {line} within {limit:?}"),
        };
        self.output.complete().await;
        Err(match self.output.last_words() {
            None => reason,
            Some(words) => format!("{reason}; {words}"),
        })
    }

    /// What the program prints.
    pub fn output(&self) -> Output {
        self.output.clone()
    }

    /// The program's process ID; 0 if it was told to end.
    pub fn id(&self) -> u32 {
        self.child.as_ref().map_or(0, |child| child.id())
    }

    /// Whether the program has ended, by itself or because it was told to.
    pub fn has_ended(&mut self) -> bool {
        self.child.as_mut().is_none_or(|child| !matches!(child.try_wait(), Ok(None)))
    }

    /// How the program ended; `None` if it runs, or was told to end.
    pub fn exit_status(&mut self) -> Option<ExitStatus> {
        self.child.as_mut()?.try_wait().ok().flatten()
    }

    /// Tells the program to end now; the future waits until it has ended.
    pub fn stop(mut self) -> impl Future<Output = ()> + Send + 'static {
        let ended = self.end();
        async move {
            if let Some(ended) = ended {
                // An error says that the thread is gone, and so is the process.
                let _ = ended.await;
            }
        }
    }

    fn end(&mut self) -> Option<oneshot::Receiver<()>> {
        let mut child = self.child.take()?;
        ask_to_end(&mut *child);
        let group = child.id();
        let deadline = Instant::now() + self.grace;
        let kept = self.keeps.take();
        let (send_ended, ended) = oneshot::channel();
        ENDING.fetch_add(1, Ordering::SeqCst);
        // A thread and not a task, because it has to outlive the runtime.
        thread::spawn(move || {
            while matches!(child.try_wait(), Ok(None)) && Instant::now() < deadline {
                thread::sleep(PAUSE);
            }
            // Children may be left although the program itself has ended. An error says that there are none.
            let _ = child.start_kill();
            let _ = child.wait();
            if kept.is_some() {
                while has_processes(group) && Instant::now() < deadline + LAST_WAIT {
                    thread::sleep(PAUSE);
                }
            }
            drop(kept);
            // The receiver is gone if the process was dropped and not stopped.
            let _ = send_ended.send(());
            ENDING.fetch_sub(1, Ordering::SeqCst);
        });
        Some(ended)
    }
}

#[cfg(unix)]
fn ask_to_end(child: &mut dyn StdChildWrapper) {
    // An error says that the group has ended already.
    let _ = child.signal(rustix::process::Signal::TERM.as_raw());
}

#[cfg(not(unix))]
fn ask_to_end(child: &mut dyn StdChildWrapper) {
    // An error says that the program has ended already.
    let _ = child.start_kill();
}

/// Whether a process group still has members.
#[cfg(unix)]
fn has_processes(group: u32) -> bool {
    let group = i32::try_from(group).ok().and_then(rustix::process::Pid::from_raw);
    group.is_some_and(|group| rustix::process::test_kill_process_group(group).is_ok())
}

/// A job object's `wait` returns when all of its processes have ended.
#[cfg(not(unix))]
fn has_processes(_: u32) -> bool {
    false
}

/// How many programs have been told to end and have not ended yet.
static ENDING: AtomicUsize = AtomicUsize::new(0);

/// Blocks until every program that was told to end has ended.
///
/// This does not take long: each program is killed after its grace.
pub fn all_gone() {
    while ENDING.load(Ordering::SeqCst) > 0 {
        thread::sleep(PAUSE);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.end());
    }
}

/// The last lines that a program printed, to either output. Clones share them.
#[derive(Clone, Default)]
pub struct Output {
    lines: Arc<Mutex<VecDeque<String>>>,
    /// How many pipes are still read.
    open: Arc<AtomicUsize>,
}

impl Output {
    /// Waits a little for the last lines of a program that is ending: another thread reads them.
    pub async fn complete(&self) {
        let deadline = Instant::now() + LAST_LINES;
        while self.open.load(Ordering::SeqCst) > 0 && Instant::now() < deadline {
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// The last lines; `None` if the program printed nothing.
    pub fn last_words(&self) -> Option<String> {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let last: Vec<_> = lines.iter().map(|line| printable(line.as_bytes(), LINE_SHOWN)).collect();
        (!last.is_empty()).then(|| format!("it last printed: {}", last.join(" | ")))
    }

    /// Reads a pipe to its end in a thread of its own. Each line is kept after `each` has seen it.
    fn read(&self, pipe: impl Read + Send + 'static, mut each: impl FnMut(&str) + Send + 'static) {
        self.open.fetch_add(1, Ordering::SeqCst);
        let output = self.clone();
        thread::spawn(move || {
            let mut reader = BufReader::new(pipe);
            let mut line = Vec::new();
            let mut read = |line: &mut Vec<u8>| reader.by_ref().take(LINE_LIMIT).read_until(b'\n', line);
            while matches!(read(&mut line), Ok(length) if length > 0) {
                let text = String::from_utf8_lossy(&line).trim_end().to_owned();
                each(&text);
                output.keep(text);
                line.clear();
            }
            drop(each);
            output.open.fetch_sub(1, Ordering::SeqCst);
        });
    }

    fn keep(&self, line: String) {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == LINES_KEPT {
            lines.pop_front();
        }
        lines.push_back(line);
    }
}
