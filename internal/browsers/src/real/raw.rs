//! Responses that hyper does not write, because a header in them breaks the grammar of HTTP.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use cors_browser::WireResponse;

/// What a connection writes instead of what hyper writes.
#[derive(Clone, Debug, Default)]
pub(super) struct RawOutput(Arc<Mutex<Output>>);

#[derive(Debug, Default)]
enum Output {
    /// What hyper writes.
    #[default]
    OfHyper,
    /// These bytes, of which this many are written already. What hyper writes is dropped.
    Raw(Vec<u8>, usize),
}

impl RawOutput {
    /// Replaces everything that hyper writes from here on by `response`. The connection must be closed after it.
    pub(super) fn replace(&self, response: &WireResponse) {
        *self.output() = Output::Raw(bytes(response), 0);
    }

    fn output(&self) -> MutexGuard<'_, Output> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A response as it is on the wire. Its end is the end of the connection.
fn bytes(response: &WireResponse) -> Vec<u8> {
    let mut bytes = format!("HTTP/1.1 {} \r\n", response.status).into_bytes();
    for (name, value) in &response.headers {
        bytes.extend([name.as_bytes(), b": ", value, b"\r\n"].concat());
    }
    bytes.extend(b"Connection: close\r\n\r\n");
    bytes.extend(&response.body);
    bytes
}

/// A connection that can write other bytes than hyper's.
#[derive(Debug)]
pub(super) struct Replaceable<S> {
    stream: S,
    raw: RawOutput,
}

impl<S> Replaceable<S> {
    pub(super) fn new(stream: S) -> (Self, RawOutput) {
        let raw = RawOutput::default();
        (Self { stream, raw: raw.clone() }, raw)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Replaceable<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Replaceable<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let mut output = this.raw.output();
        let Output::Raw(raw, written) = &mut *output else {
            return Pin::new(&mut this.stream).poll_write(context, bytes);
        };
        while *written < raw.len() {
            match ready!(Pin::new(&mut this.stream).poll_write(context, &raw[*written..]))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                count => *written += count,
            }
        }
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
