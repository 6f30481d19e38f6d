//! The casing of header names. hyper lowercases them, so the bytes on the wire are looked at as well.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The maximum number of header lines whose names are known.
const LINE_LIMIT: usize = 256;

/// What was read from a connection since the last request.
#[derive(Clone, Debug, Default)]
pub(super) struct Casing(Arc<Mutex<Vec<u8>>>);

impl Casing {
    /// The names of the headers of the request that hyper has just read, as the browser wrote them.
    pub(super) fn names(&self) -> Vec<String> {
        let mut lines = [httparse::EMPTY_HEADER; LINE_LIMIT];
        let mut request = httparse::Request::new(&mut lines);
        let mut bytes = self.bytes();
        let names = match request.parse(&bytes) {
            Ok(_) => request.headers.iter().map(|line| line.name.to_owned()).collect(),
            Err(_) => Vec::new(),
        };
        bytes.clear();
        names
    }

    /// Forgets what was read.
    pub(super) fn forget(&self) {
        self.bytes().clear();
    }

    fn bytes(&self) -> MutexGuard<'_, Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection that remembers what is read from it.
#[derive(Debug)]
pub(super) struct Remembering<S> {
    stream: S,
    casing: Casing,
}

impl<S> Remembering<S> {
    pub(super) fn new(stream: S) -> (Self, Casing) {
        let casing = Casing::default();
        (Self { stream, casing: casing.clone() }, casing)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Remembering<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let result = Pin::new(&mut self.stream).poll_read(context, buffer);
        self.casing.bytes().extend_from_slice(&buffer.filled()[before..]);
        result
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Remembering<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
