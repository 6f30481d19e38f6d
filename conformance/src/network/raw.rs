//! An HTTP/1.1 exchange without an HTTP client, for requests that HTTP clients refuse to send: control bytes in values,
//! names that are not tokens, several lines where one is allowed.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::endpoint::Endpoint;
use super::{BODY_LIMIT, in_time};
use crate::scenario::RawRequest;
use cors_browser::{FailureKind, NetworkError, WireResponse};

/// The longest response head that is read, in bytes.
const HEAD_LIMIT: usize = 256 << 10;

/// The maximum number of header lines in a response.
const LINE_LIMIT: usize = 256;

/// Sends `request` over a new connection. Adds `Host` and `Content-Length` unless the request has them.
pub(super) async fn exchange(
    endpoint: &Endpoint,
    authority: &str,
    request: &RawRequest,
    time_limit: Duration,
) -> Result<WireResponse, NetworkError> {
    let (mut reading, mut writing) = tokio::io::split(endpoint.connect(time_limit).await?);
    let bytes = serialize(authority, request);
    let mut reader = Reader { buffer: Vec::new(), ended: false };
    let write = async {
        // A server may respond and close before it has read everything. Only the response counts.
        let _ = writing.write_all(&bytes).await;
        let _ = writing.flush().await;
    };
    let read = reader.response(&mut reading, &request.method);
    let exchange = async { Ok(tokio::join!(write, read)) };
    let ((), response) = in_time(time_limit, exchange).await?;
    // The writing half must stay open until the response has come: its end means that the client has gone.
    drop(writing);
    response
}

fn serialize(authority: &str, request: &RawRequest) -> Vec<u8> {
    let has = |wanted: &str| request.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(wanted));
    let mut bytes = format!("{} {} HTTP/1.1\r\n", request.method, request.target).into_bytes();
    if !has("host") {
        bytes.extend_from_slice(format!("host: {authority}\r\n").as_bytes());
    }
    for (name, value) in &request.headers {
        bytes.extend_from_slice(name.as_bytes());
        bytes.extend_from_slice(b": ");
        bytes.extend_from_slice(value);
        bytes.extend_from_slice(b"\r\n");
    }
    let has_length = has("content-length") || has("transfer-encoding");
    if let Some(body) = request.body.as_ref().filter(|_| !has_length) {
        bytes.extend_from_slice(format!("content-length: {}\r\n", body.len()).as_bytes());
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(request.body.as_deref().unwrap_or_default());
    bytes
}

struct Reader {
    buffer: Vec<u8>,
    ended: bool,
}

struct Head {
    status: u16,
    headers: Vec<(String, Vec<u8>)>,
}

impl Reader {
    async fn response(
        &mut self,
        stream: &mut (impl AsyncReadExt + Unpin),
        method: &str,
    ) -> Result<WireResponse, NetworkError> {
        let head = loop {
            let head = self.head(stream).await?;
            // RFC 9110, section 15.2: interim responses come before the final one.
            if head.status >= 200 || head.status == 101 {
                break head;
            }
        };
        let body = self.body(stream, method, &head).await?;
        Ok(WireResponse { status: head.status, headers: head.headers, body })
    }

    async fn head(&mut self, stream: &mut (impl AsyncReadExt + Unpin)) -> Result<Head, NetworkError> {
        loop {
            let mut lines = [httparse::EMPTY_HEADER; LINE_LIMIT];
            let mut response = httparse::Response::new(&mut lines);
            let parsed = response.parse(&self.buffer).map_err(|error| match error {
                httparse::Error::TooManyHeaders => {
                    let detail = format!("the head has more than {LINE_LIMIT} header lines");
                    NetworkError::new(FailureKind::EndlessHead, detail)
                }
                error => malformed(format!("the response is not HTTP/1.1: {error}")),
            })?;
            if let httparse::Status::Complete(length) = parsed {
                let headers = response
                    .headers
                    .iter()
                    .map(|line| (line.name.to_ascii_lowercase(), line.value.to_vec()))
                    .collect();
                let head = Head { status: response.code.unwrap_or_default(), headers };
                self.buffer.drain(..length);
                return Ok(head);
            }
            if self.buffer.len() > HEAD_LIMIT {
                let detail = format!("the head is longer than {HEAD_LIMIT} bytes");
                return Err(NetworkError::new(FailureKind::EndlessHead, detail));
            }
            if !self.fill(stream).await? {
                return Err(broken_off("the connection was closed without a response"));
            }
        }
    }

    /// RFC 9112, section 6.3: how the length of a body is determined.
    async fn body(
        &mut self,
        stream: &mut (impl AsyncReadExt + Unpin),
        method: &str,
        head: &Head,
    ) -> Result<Vec<u8>, NetworkError> {
        if method == "HEAD" || matches!(head.status, 101 | 204 | 304) {
            return Ok(Vec::new());
        }
        let value = |wanted: &str| {
            let line = head.headers.iter().find(|(name, _)| name == wanted)?;
            Some(String::from_utf8_lossy(&line.1).trim().to_ascii_lowercase())
        };
        if value("transfer-encoding").is_some_and(|codings| codings.ends_with("chunked")) {
            return self.chunks(stream).await;
        }
        let Some(length) = value("content-length") else {
            while self.fill(stream).await? {
                limit(self.buffer.len())?;
            }
            return Ok(std::mem::take(&mut self.buffer));
        };
        let length =
            length.parse().map_err(|_| malformed(format!("`Content-Length: {length}` is not a number")))?;
        self.take(stream, length).await
    }

    async fn chunks(&mut self, stream: &mut (impl AsyncReadExt + Unpin)) -> Result<Vec<u8>, NetworkError> {
        let mut body = Vec::new();
        loop {
            let size = httparse::parse_chunk_size(&self.buffer)
                .map_err(|_| malformed("a chunk of the body has no size"))?;
            let httparse::Status::Complete((line, size)) = size else {
                if !self.fill(stream).await? {
                    return Err(broken_off("the body ended between two chunks"));
                }
                continue;
            };
            self.buffer.drain(..line);
            // The trailers are ignored, and the connection is not reused.
            if size == 0 {
                return Ok(body);
            }
            let size = usize::try_from(size).unwrap_or(usize::MAX);
            limit(body.len().saturating_add(size))?;
            body.extend(self.take(stream, size).await?);
            self.take(stream, "\r\n".len()).await?;
        }
    }

    async fn take(
        &mut self,
        stream: &mut (impl AsyncReadExt + Unpin),
        length: usize,
    ) -> Result<Vec<u8>, NetworkError> {
        limit(length)?;
        while self.buffer.len() < length {
            if !self.fill(stream).await? {
                let count = self.buffer.len();
                return Err(broken_off(format!("the body ended after {count} of {length} bytes")));
            }
        }
        Ok(self.buffer.drain(..length).collect())
    }

    /// Reads more bytes. Returns `false` at the end of the stream.
    async fn fill(&mut self, stream: &mut (impl AsyncReadExt + Unpin)) -> Result<bool, NetworkError> {
        if self.ended {
            return Ok(false);
        }
        let count = stream
            .read_buf(&mut self.buffer)
            .await
            .map_err(|error| broken_off(format!("the connection failed: {error}")))?;
        self.ended = count == 0;
        Ok(count > 0)
    }
}

fn limit(length: usize) -> Result<(), NetworkError> {
    if length > BODY_LIMIT {
        let detail = format!("the body is longer than {BODY_LIMIT} bytes");
        return Err(NetworkError::new(FailureKind::EndlessBody, detail));
    }
    Ok(())
}

fn malformed(detail: impl Into<String>) -> NetworkError {
    NetworkError::new(FailureKind::Malformed, detail)
}

fn broken_off(detail: impl Into<String>) -> NetworkError {
    NetworkError::new(FailureKind::BrokenOff, detail)
}
