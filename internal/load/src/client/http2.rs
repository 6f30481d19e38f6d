//! Clients that share one HTTP/2 connection.

use std::sync::Arc;

use bytes::Bytes;
use fastrand::Rng;
use http_body_util::Full;
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::http1::{complete, request};
use super::{PATIENCE, World, shown};
use crate::Failure;
use crate::expectation::Answer;
use crate::report::Tally;
use crate::request::{Asked, Version};

/// How many requests a connection has at the same time.
const STREAMS: u64 = 8;

/// How many requests of each client go over one connection.
const REQUESTS: u32 = 1000;

/// A connection.
#[derive(Clone)]
pub struct Connection(SendRequest<Full<Bytes>>);

impl Connection {
    /// Connects to the server.
    ///
    /// # Errors
    ///
    /// The server does not accept.
    pub async fn open(world: &World) -> Result<Self, Failure> {
        let stream = timeout(PATIENCE, TcpStream::connect(world.address())).await??;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioExecutor::new(), TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Self(sender))
    }

    /// Sends a request and waits for the whole response.
    ///
    /// # Errors
    ///
    /// There is no response.
    pub async fn ask(&mut self, asked: &Asked) -> Result<Answer, Failure> {
        let request = request(asked, Version::Http2)?;
        let answer = async {
            self.0.ready().await?;
            complete(self.0.send_request(request).await?).await
        };
        timeout(PATIENCE, answer).await?
    }
}

/// Sends requests until the test ends, over one connection after another.
pub async fn run(world: Arc<World>, seed: u64) -> Tally {
    let mut tally = Tally::default();
    let mut random = Rng::with_seed(seed);
    while !world.ends() {
        let connection = match Connection::open(&world).await {
            Ok(connection) => connection,
            Err(error) => {
                tally.lost(format!("no HTTP/2 connection: {error}"));
                continue;
            }
        };
        let mut clients = JoinSet::new();
        for _ in 0..STREAMS {
            clients.spawn(stream(Arc::clone(&world), connection.clone(), random.fork()));
        }
        while let Some(ended) = clients.join_next().await {
            match ended {
                Ok(counts) => tally.add(counts),
                Err(error) => tally.lost(format!("a client failed: {error}")),
            }
        }
    }
    tally
}

async fn stream(world: Arc<World>, mut connection: Connection, mut random: Rng) -> Tally {
    let mut tally = Tally::default();
    for _ in 0..REQUESTS {
        if world.ends() {
            break;
        }
        let asked = Asked::random(&mut random, Version::Http2);
        let begun = world.begin();
        let outcome = connection.ask(&asked).await;
        let is_lost = outcome.is_err();
        let outcome = outcome.map_err(|error| format!("HTTP/2 {}: no response: {error}", shown(&asked)));
        world.count(&mut tally, &asked, &begun, outcome);
        if is_lost {
            break;
        }
    }
    tally
}
