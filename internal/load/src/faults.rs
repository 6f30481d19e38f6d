//! Faults: what goes wrong around a server, and whether it answers rightly afterwards.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use clap::ValueEnum;
use futures_util::future::join_all;
use serde::Serialize;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use crate::Failure;
use crate::client::{World, http1, http2, shown};
use crate::expectation::Quirks;
use crate::policy::ALWAYS;
use crate::process::{ServerCommand, ServerProcess, Target, memory};
use crate::request::{Asked, Version};
use crate::run::{Replacing, replace};
use crate::server::{Adapter, ServerOptions, UNCAUGHT_PANIC, raise_file_limit};

/// How many connections there are in the faults that need no special number.
const SOME: usize = 500;

/// How many connections are opened at the same time. The system queues about a thousand for a server.
const AT_ONCE: usize = 64;

/// How many file descriptors a server has that has too few.
const FEW_FILES: u64 = 128;

/// How many connections it gets. Those that it cannot accept wait in the system's queue, which can be as short as 128.
const TOO_MANY: usize = 180;

/// How long a server has too few file descriptors.
const FULL_FOR: Duration = Duration::from_secs(2);

/// How long each slow client sends, and the pause between two of its bytes.
const SLOW_FOR: Duration = Duration::from_secs(3);
const SLOW_PAUSE: Duration = Duration::from_millis(100);

/// How long connections may take to open.
const OPENING: Duration = Duration::from_secs(60);

/// File descriptors that the test needs beside those of its connections.
const OTHER_FILES: u64 = 200;

/// Something that goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// Handlers panic, and the application catches it.
    Panics,
    /// Handlers panic, and the application does not catch it.
    UncaughtPanics,
    /// Clients hang up in the middle of a request's head or body, or of a response.
    HangUps,
    /// Clients reset HTTP/2 streams in the middle of a request's body.
    Resets,
    /// Clients send a byte of a request's head now and then (slowloris).
    SlowHeads,
    /// There are 10,000 open connections.
    OpenConnections,
    /// The server has no file descriptor left for another connection.
    FullFileTable,
}

impl Fault {
    /// All faults.
    pub const ALL: [Self; 7] = [
        Self::Panics,
        Self::UncaughtPanics,
        Self::HangUps,
        Self::Resets,
        Self::SlowHeads,
        Self::OpenConnections,
        Self::FullFileTable,
    ];

    /// The file descriptors that the server may have.
    fn files(self) -> Option<u64> {
        (self == Self::FullFileTable).then_some(FEW_FILES)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Panics => "handlers panic",
            Self::UncaughtPanics => "handlers panic, uncaught",
            Self::HangUps => "clients hang up",
            Self::Resets => "HTTP/2 streams are reset",
            Self::SlowHeads => "slow request heads",
            Self::OpenConnections => "open connections",
            Self::FullFileTable => "full file table",
        })
    }
}

/// What came of a fault.
#[derive(Clone, Debug, Serialize)]
pub struct FaultOutcome {
    /// The fault.
    pub fault: Fault,
    /// How many requests or connections had it.
    pub times: usize,
    /// Whether other requests were answered rightly while it lasted. `None` if it does not last.
    pub meanwhile: Option<bool>,
    /// Whether the next requests were answered rightly when it was over.
    pub afterwards: bool,
    /// Whether the framework alone, without the adapter, does no better.
    pub is_limit: bool,
    /// What was wrong.
    pub wrong: Vec<String>,
    /// Panics that the test did not make itself.
    pub panics: u64,
    /// The memory of the server before and after it, in bytes.
    pub memory: (u64, u64),
}

impl FaultOutcome {
    /// Whether all is right, or the framework alone is no better.
    pub fn is_clean(&self) -> bool {
        (self.is_right() || self.is_limit) && self.panics == 0
    }

    fn is_right(&self) -> bool {
        self.meanwhile != Some(false) && self.afterwards
    }

    /// One word for the table.
    pub(crate) fn judgement(&self, is_right: bool) -> &'static str {
        match (is_right, self.is_limit) {
            (true, _) => "right",
            (false, true) => "limit of the framework",
            (false, false) => "WRONG",
        }
    }
}

/// Makes a fault happen to an adapter's server, in a process of its own. If the answers are wrong, the same happens to the framework
/// without the adapter.
///
/// # Errors
///
/// The server cannot be started, or the test itself has too few file descriptors.
pub async fn run(
    command: &ServerCommand,
    adapter: Adapter,
    fault: Fault,
    connections: usize,
) -> Result<FaultOutcome, Failure> {
    let start = async |bare| {
        let options = ServerOptions { adapter, bare, files: fault.files() };
        ServerProcess::start(command, &options.arguments()).await
    };
    let mut outcome =
        run_on(Box::new(start(false).await?), adapter.quirks(), false, fault, connections).await?;
    if !outcome.is_right() {
        let bare = run_on(Box::new(start(true).await?), adapter.quirks(), true, fault, connections).await?;
        // The adapter may be no worse than the framework in either of the two.
        let is_excused = |ours: Option<bool>, bare: Option<bool>| ours != Some(false) || bare == Some(false);
        outcome.is_limit = is_excused(outcome.meanwhile, bare.meanwhile)
            && is_excused(Some(outcome.afterwards), Some(bare.afterwards));
        outcome.wrong.extend(bare.wrong.into_iter().map(|wrong| format!("without the adapter: {wrong}")));
    }
    Ok(outcome)
}

/// Makes a fault happen to a server.
///
/// # Errors
///
/// The server does not answer at all, or the test itself has too few file descriptors.
pub async fn run_on(
    target: Box<dyn Target>,
    quirks: Quirks,
    bare: bool,
    fault: Fault,
    connections: usize,
) -> Result<FaultOutcome, Failure> {
    reserve(if fault == Fault::OpenConnections { connections } else { SOME })?;
    let process = target.process();
    let world = World::new(target.address(), quirks);
    let world = Arc::new(if bare { world.bare() } else { world });
    let replacing: Replacing = tokio::spawn(replace(Arc::clone(&world), target));
    probe(&world).await.map_err(|wrong| format!("before the fault: {wrong}"))?;
    let before = memory(process).unwrap_or_default();
    let mut wrong = Vec::new();
    let made = async {
        Ok::<Lasting, Failure>(match fault {
            Fault::Panics => (panics(&world, "/panic").await?, None),
            Fault::UncaughtPanics => (panics(&world, UNCAUGHT_PANIC).await?, None),
            Fault::HangUps => (hang_ups(&world).await?, None),
            Fault::Resets => (resets(&world).await?, None),
            Fault::SlowHeads => slow_heads(&world).await?,
            Fault::OpenConnections => open_connections(&world, connections).await?,
            Fault::FullFileTable => full_file_table(&world).await?,
        })
    };
    // A server that accepts no connection while the fault is made does not answer meanwhile.
    let (times, meanwhile) = made.await.unwrap_or_else(|error| (0, Some(Err(error.to_string()))));
    let meanwhile = meanwhile.map(|meanwhile| keep(&mut wrong, "meanwhile", meanwhile));
    let mut afterwards = keep(&mut wrong, "afterwards", probe(&world).await);
    let after = memory(process).unwrap_or_default();
    world.end();
    let mut panics = 0;
    let told = async {
        let (mut target, _) = replacing.await??;
        target.panics().await
    };
    match told.await {
        Ok((count, examples)) => {
            panics = count;
            wrong.extend(examples);
        }
        Err(error) => afterwards = keep(&mut wrong, "afterwards", Err(error.to_string())),
    }
    let memory = (before, after);
    Ok(FaultOutcome { fault, times, meanwhile, afterwards, is_limit: false, wrong, panics, memory })
}

/// Whether all was right; what was not is kept.
fn keep(wrong: &mut Vec<String>, when: &str, outcome: Result<(), String>) -> bool {
    let is_right = outcome.is_ok();
    wrong.extend(outcome.err().map(|error| format!("{when}: {error}")));
    is_right
}

/// Sends the requests that must be answered rightly, over new connections with HTTP/1.1 and HTTP/2.
async fn probe(world: &World) -> Result<(), String> {
    let mut first =
        http1::Connection::open(world).await.map_err(|error| format!("no connection: {error}"))?;
    let mut second =
        http2::Connection::open(world).await.map_err(|error| format!("no connection: {error}"))?;
    probe_over(world, &mut first, &mut second).await
}

/// The same over connections that are open already.
async fn probe_over(
    world: &World,
    first: &mut http1::Connection,
    second: &mut http2::Connection,
) -> Result<(), String> {
    for asked in Asked::probes() {
        for version in [Version::Http1, Version::Http2] {
            let begun = world.begin();
            let answer = match version {
                Version::Http1 => first.ask(&asked).await,
                Version::Http2 => second.ask(&asked).await,
            };
            let answer =
                answer.map_err(|error| format!("{version:?} {}: no response: {error}", shown(&asked)))?;
            world.judge(&asked, &begun, &answer)?;
        }
    }
    Ok(())
}

/// What came of a fault that lasts: its times, and whether other requests were answered meanwhile.
type Lasting = (usize, Option<Result<(), String>>);

/// Runs a function for each number, some at once.
async fn many<T>(count: usize, one: impl AsyncFn(usize) -> Result<T, Failure>) -> Result<Vec<T>, Failure> {
    let numbers: Vec<_> = (0..count).collect();
    let mut done = Vec::with_capacity(count);
    for numbers in numbers.chunks(AT_ONCE) {
        for outcome in join_all(numbers.iter().map(|&number| one(number))).await {
            done.push(outcome?);
        }
    }
    Ok(done)
}

async fn connect(address: SocketAddr) -> Result<TcpStream, Failure> {
    let stream = timeout(OPENING, TcpStream::connect(address)).await??;
    stream.set_nodelay(true)?;
    // So that thousands of connections do not stay in the system's table when they are closed.
    stream.set_zero_linger()?;
    Ok(stream)
}

async fn panics(world: &World, path: &str) -> Result<usize, Failure> {
    let mut asked = Asked::probes().swap_remove(1);
    asked.path = path.to_owned();
    let asked = &asked;
    many(SOME, async |number: usize| {
        // Without a response, the connection is closed or the stream reset.
        if number.is_multiple_of(2) {
            let _ = http1::Connection::open(world).await?.ask(asked).await;
        } else {
            let _ = http2::Connection::open(world).await?.ask(asked).await;
        }
        Ok(())
    })
    .await?;
    Ok(SOME)
}

async fn hang_ups(world: &World) -> Result<usize, Failure> {
    let post = format!("POST /echo HTTP/1.1\r\nhost: api.example\r\norigin: {ALWAYS}\r\n");
    let get = "GET /stream HTTP/1.1\r\nhost: api.example\r\norigin: ";
    let texts = [
        post.clone(),
        format!("{post}content-length: 1000\r\n\r\nhalf a body"),
        format!("{post}transfer-encoding: chunked\r\n\r\n40\r\nhalf a chunk"),
        format!("{get}https://late-1.lookup.example\r\n\r\n"),
        format!("{get}{ALWAYS}\r\n\r\n"),
    ];
    many(SOME, async |number: usize| {
        let mut connection = connect(world.address()).await?;
        let text = &texts[number % texts.len()];
        connection.write_all(text.as_bytes()).await?;
        if number % texts.len() == texts.len() - 1 {
            // The response has begun. An error is right too.
            let _ = connection.read_u8().await;
        } else {
            sleep(Duration::from_millis(5)).await;
        }
        Ok(())
    })
    .await?;
    Ok(SOME)
}

async fn resets(world: &World) -> Result<usize, Failure> {
    many(SOME, async |_| {
        let (sender, connection) = h2::client::handshake(connect(world.address()).await?).await?;
        let connection = tokio::spawn(connection);
        let mut sender = sender.ready().await?;
        let request = http::Request::post("http://api.example/echo").header("origin", ALWAYS).body(())?;
        let (response, mut body) = sender.send_request(request, false)?;
        body.send_data(Bytes::from_static(b"half a body"), false)?;
        sleep(Duration::from_millis(5)).await;
        body.send_reset(h2::Reason::CANCEL);
        // It ends with the reset that was sent.
        let _ = response.await;
        connection.abort();
        Ok(())
    })
    .await?;
    Ok(SOME)
}

async fn slow_heads(world: &Arc<World>) -> Result<Lasting, Failure> {
    let streams = many(SOME, async |_| connect(world.address()).await).await?;
    let slow: Vec<_> = streams.into_iter().map(|stream| tokio::spawn(send_slowly(stream))).collect();
    sleep(SLOW_FOR / 2).await;
    let meanwhile = probe(world).await;
    for slow in slow {
        slow.await?;
    }
    Ok((SOME, Some(meanwhile)))
}

async fn send_slowly(mut stream: TcpStream) {
    let head = format!("GET /echo HTTP/1.1\r\nhost: api.example\r\norigin: {ALWAYS}\r\n");
    let pauses = SLOW_FOR.as_millis() / SLOW_PAUSE.as_millis();
    for byte in head.bytes().take(usize::try_from(pauses).unwrap_or(usize::MAX)) {
        // A server may lose its patience.
        if stream.write_all(&[byte]).await.is_err() {
            return;
        }
        sleep(SLOW_PAUSE).await;
    }
}

/// Raises the limit of file descriptors, and fails if it is too low for so many connections.
fn reserve(connections: usize) -> Result<(), Failure> {
    let files = raise_file_limit()?;
    let needed = u64::try_from(connections)?.saturating_add(OTHER_FILES);
    if files < needed {
        let error =
            format!("{connections} connections need {needed} file descriptors, and the limit is {files}");
        return Err(format!("{error}: raise it with `ulimit -Hn`, or use --connections").into());
    }
    Ok(())
}

async fn open_connections(world: &World, connections: usize) -> Result<Lasting, Failure> {
    let open = many(connections, async |number: usize| {
        let mut stream = connect(world.address()).await?;
        // Some wait after a request, some before their first one, and some in the middle of one.
        let text = match number % 3 {
            0 => format!("GET /echo HTTP/1.1\r\nhost: api.example\r\norigin: {ALWAYS}\r\n\r\n"),
            1 => return Ok(stream),
            _ => format!("GET /echo HTTP/1.1\r\norigin: {ALWAYS}\r\n"),
        };
        stream.write_all(text.as_bytes()).await?;
        Ok(stream)
    })
    .await?;
    let meanwhile = probe(world).await;
    drop(open);
    Ok((connections, Some(meanwhile)))
}

async fn full_file_table(world: &World) -> Result<Lasting, Failure> {
    let mut first = http1::Connection::open(world).await?;
    let mut second = http2::Connection::open(world).await?;
    probe_over(world, &mut first, &mut second).await?;
    let open = many(TOO_MANY, async |_| connect(world.address()).await).await?;
    sleep(FULL_FOR).await;
    let asked = &Asked::probes()[0];
    let late = async { http1::Connection::open(world).await?.ask(asked).await };
    if let Ok(Ok(_)) = timeout(FULL_FOR, late).await {
        return Err("the server still accepts connections, so its file table is not full".into());
    }
    // New connections wait. Those that were open before are served.
    let meanwhile = probe_over(world, &mut first, &mut second).await;
    drop(open);
    Ok((TOO_MANY, Some(meanwhile)))
}
