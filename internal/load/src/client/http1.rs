//! A client with one HTTP/1.1 connection.

use std::sync::Arc;

use bytes::Bytes;
use fastrand::Rng;
use http::{HeaderName, HeaderValue, Request};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::{PATIENCE, World, shown};
use crate::Failure;
use crate::expectation::Answer;
use crate::report::Tally;
use crate::request::{Asked, Version};

/// A connection.
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
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Self(sender))
    }

    /// Sends a request and waits for the whole response.
    ///
    /// # Errors
    ///
    /// There is no response.
    pub async fn ask(&mut self, asked: &Asked) -> Result<Answer, Failure> {
        let request = request(asked, Version::Http1)?;
        let answer = async {
            self.0.ready().await?;
            complete(self.0.send_request(request).await?).await
        };
        timeout(PATIENCE, answer).await?
    }

    async fn is_open(&mut self) -> bool {
        self.0.ready().await.is_ok()
    }
}

/// Sends requests until the test ends.
pub async fn run(world: Arc<World>, seed: u64) -> Tally {
    let mut random = Rng::with_seed(seed);
    let mut tally = Tally::default();
    let mut connection = None;
    while !world.ends() {
        let asked = Asked::random(&mut random, Version::Http1);
        let begun = world.begin();
        let outcome = send(&world, &mut connection, &asked).await;
        let outcome = outcome.map_err(|error| format!("{}: no response: {error}", shown(&asked)));
        world.count(&mut tally, &asked, &begun, outcome);
        // A browser opens new connections now and then.
        if random.u8(..200) == 0 {
            connection = None;
        }
    }
    tally
}

/// Sends a request over the connection if it is open, or else over a new one. A request that was sent is never repeated.
async fn send(world: &World, connection: &mut Option<Connection>, asked: &Asked) -> Result<Answer, Failure> {
    let mut kept = connection.take();
    if let Some(open) = &mut kept
        && !open.is_open().await
    {
        kept = None;
    }
    let mut open = match kept {
        Some(open) => open,
        None => Connection::open(world).await?,
    };
    let answer = open.ask(asked).await?;
    *connection = Some(open);
    Ok(answer)
}

/// The request for hyper.
pub(super) fn request(asked: &Asked, version: Version) -> Result<Request<Full<Bytes>>, Failure> {
    let request = Request::builder().method(asked.method);
    let mut request = match version {
        Version::Http1 => request.uri(&asked.path).header("host", asked.host),
        Version::Http2 => request.uri(format!("http://{}{}", asked.host, asked.path)),
    };
    for (name, value) in &asked.headers {
        request = request.header(HeaderName::from_static(name), HeaderValue::from_bytes(value)?);
    }
    Ok(request.body(Full::new(Bytes::from_static(asked.body)))?)
}

/// Reads a response to its end.
pub(super) async fn complete(response: http::Response<hyper::body::Incoming>) -> Result<Answer, Failure> {
    let (head, body) = response.into_parts();
    let body = body.collect().await?.to_bytes();
    Ok(Answer { status: head.status, headers: head.headers, body })
}
