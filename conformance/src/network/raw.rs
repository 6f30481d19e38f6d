//! HTTP/1.1 without an HTTP client. Clients change the casing of names, refuse to send requests that break the rules of the
//! protocol, and refuse responses that browsers accept, such as those with control bytes in values.

use std::time::Duration;

use futures_util::future::FutureExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, timeout_at};

use super::BODY_LIMIT;
use super::endpoint::{Endpoint, Stream};
use crate::scenario::RawRequest;
use cors_browser::{FailureKind, NetworkError, WireResponse};

/// The longest response head that is read, in bytes.
const HEAD_LIMIT: usize = 256 << 10;

/// The maximum number of header lines in a response.
const LINE_LIMIT: usize = 256;

/// Sends `request` over a new connection. Adds `Host` (not with HTTP/1.0) and `Content-Length` unless the request has them.
pub(super) async fn exchange(
    endpoint: &Endpoint,
    authority: &str,
    request: &RawRequest,
    time_limit: Duration,
) -> Result<WireResponse, NetworkError> {
    let bytes = serialize(authority, request);
    let mut connection = Connection::open(endpoint, time_limit).await?;
    connection.exchange(&bytes, &request.method, time_limit).await
}

pub(super) fn serialize(authority: &str, request: &RawRequest) -> Vec<u8> {
    let has = |wanted: &str| request.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(wanted));
    let version = if request.is_http10 { "1.0" } else { "1.1" };
    let mut bytes = format!("{} {} HTTP/{version}\r\n", request.method, request.target).into_bytes();
    if !has("host") && !request.is_http10 {
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

/// An HTTP/1.1 connection.
pub(super) struct Connection {
    stream: Box<dyn Stream>,
    reader: Reader,
    is_reusable: bool,
}

impl Connection {
    pub(super) async fn open(endpoint: &Endpoint, time_limit: Duration) -> Result<Self, NetworkError> {
        let stream = endpoint.connect(time_limit).await?;
        Ok(Self { stream, reader: Reader { buffer: Vec::new(), ended: false }, is_reusable: true })
    }

    /// Whether another request can be sent. The server may have closed the connection in the meantime.
    pub(super) fn is_usable(&mut self) -> bool {
        // An idle connection has nothing to read, not even its end.
        let reading = self.stream.read_buf(&mut self.reader.buffer).now_or_never();
        self.is_reusable && reading.is_none()
    }

    /// Writes a request and reads the response to it.
    pub(super) async fn exchange(
        &mut self,
        request: &[u8],
        method: &str,
        time_limit: Duration,
    ) -> Result<WireResponse, NetworkError> {
        let deadline = Instant::now() + time_limit;
        self.is_reusable = false;
        let (mut reading, mut writing) = tokio::io::split(&mut self.stream);
        let mut is_written = false;
        let write = async {
            // A server may respond and close before it has read everything. Only the response counts.
            let written = writing.write_all(request).await;
            is_written = written.is_ok() && writing.flush().await.is_ok();
            // The writing half stays open until the response has come: its end would mean that the client has gone.
            std::future::pending::<()>().await;
        };
        let reader = &mut self.reader;
        let read = async {
            let head = in_time(deadline, time_limit, reader.final_head(&mut reading)).await?;
            let mut body = Vec::new();
            // The page judges the head, even if the body breaks off.
            let body_error =
                in_time(deadline, time_limit, reader.body(&mut reading, method, &head, &mut body))
                    .await
                    .err();
            Ok((
                WireResponse { status: head.status, headers: head.headers, body, body_error },
                head.may_continue,
            ))
        };
        let (response, may_continue) = tokio::select! {
            biased;
            () = write => return Err(broken_off("the request was not written")),
            result = read => result?,
        };
        let is_complete =
            response.body_error.is_none() && self.reader.buffer.is_empty() && !self.reader.ended;
        self.is_reusable = is_written && may_continue && is_complete;
        Ok(response)
    }
}

struct Reader {
    buffer: Vec<u8>,
    ended: bool,
}

struct Head {
    status: u16,
    headers: Vec<(String, Vec<u8>)>,
    /// RFC 9112, section 9.3: whether the connection stays open after this response.
    may_continue: bool,
}

impl Reader {
    async fn final_head(&mut self, stream: &mut (impl AsyncReadExt + Unpin)) -> Result<Head, NetworkError> {
        loop {
            let head = self.head(stream).await?;
            // RFC 9110, section 15.2: interim responses come before the final one.
            if head.status >= 200 || head.status == 101 {
                return Ok(head);
            }
        }
    }

    async fn head(&mut self, stream: &mut (impl AsyncReadExt + Unpin)) -> Result<Head, NetworkError> {
        loop {
            if let Some((head, length)) = parse(&self.buffer)? {
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
        body: &mut Vec<u8>,
    ) -> Result<(), NetworkError> {
        if method == "HEAD" || matches!(head.status, 101 | 204 | 304) {
            return Ok(());
        }
        let value = |wanted: &str| {
            let line = head.headers.iter().find(|(name, _)| name == wanted)?;
            Some(String::from_utf8_lossy(&line.1).trim().to_ascii_lowercase())
        };
        if value("transfer-encoding").is_some_and(|codings| codings.ends_with("chunked")) {
            return self.chunks(stream, body).await;
        }
        let Some(length) = value("content-length") else {
            loop {
                body.append(&mut self.buffer);
                limit(body.len())?;
                if !self.fill(stream).await? {
                    return Ok(());
                }
            }
        };
        let length =
            length.parse().map_err(|_| malformed(format!("`Content-Length: {length}` is not a number")))?;
        self.take(stream, length, body).await
    }

    async fn chunks(
        &mut self,
        stream: &mut (impl AsyncReadExt + Unpin),
        body: &mut Vec<u8>,
    ) -> Result<(), NetworkError> {
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
            if size == 0 {
                return self.trailers(stream).await;
            }
            let size = usize::try_from(size).unwrap_or(usize::MAX);
            limit(body.len().saturating_add(size))?;
            self.take(stream, size, body).await?;
            self.take(stream, "\r\n".len(), &mut Vec::new()).await?;
        }
    }

    /// RFC 9112, section 7.1.2. Trailers are ignored, like in browsers.
    async fn trailers(&mut self, stream: &mut (impl AsyncReadExt + Unpin)) -> Result<(), NetworkError> {
        loop {
            let Some(end) = self.buffer.iter().position(|&byte| byte == b'\n') else {
                limit(self.buffer.len())?;
                if !self.fill(stream).await? {
                    return Ok(());
                }
                continue;
            };
            let is_empty = self.buffer[..end].iter().all(|&byte| byte == b'\r');
            self.buffer.drain(..=end);
            if is_empty {
                return Ok(());
            }
        }
    }

    /// Moves `length` bytes to `body`, as far as they come.
    async fn take(
        &mut self,
        stream: &mut (impl AsyncReadExt + Unpin),
        length: usize,
        body: &mut Vec<u8>,
    ) -> Result<(), NetworkError> {
        limit(length)?;
        while self.buffer.len() < length {
            if !self.fill(stream).await? {
                let count = self.buffer.len();
                body.append(&mut self.buffer);
                return Err(broken_off(format!("the body ended after {count} of {length} bytes")));
            }
        }
        body.extend(self.buffer.drain(..length));
        Ok(())
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

/// Parses the head of a response as leniently as browsers do: `None` if it is not complete. Returns its length as well.
///
/// A control byte in a value stays in it. A line that is not a header is ignored. White space before the colon becomes part of the
/// name, because browsers treat such names differently.
fn parse(bytes: &[u8]) -> Result<Option<(Head, usize)>, NetworkError> {
    // httparse refuses control bytes, but accepts all others in values.
    let lenient: Vec<u8> = bytes.iter().map(|&byte| if is_control(byte) { 0x80 } else { byte }).collect();
    let mut lines = [httparse::EMPTY_HEADER; LINE_LIMIT];
    let mut response = httparse::Response::new(&mut lines);
    let mut config = httparse::ParserConfig::default();
    config
        .allow_spaces_after_header_name_in_responses(true)
        .allow_obsolete_multiline_headers_in_responses(true)
        .allow_multiple_spaces_in_response_status_delimiters(true)
        .ignore_invalid_headers_in_responses(true);
    let parsed = config.parse_response(&mut response, &lenient).map_err(|error| match error {
        httparse::Error::TooManyHeaders => {
            let detail = format!("the head has more than {LINE_LIMIT} header lines");
            NetworkError::new(FailureKind::EndlessHead, detail)
        }
        error => malformed(format!("the response is not HTTP/1.1: {error}")),
    })?;
    let httparse::Status::Complete(length) = parsed else { return Ok(None) };
    let start = lenient.as_ptr().addr();
    let headers: Vec<(String, Vec<u8>)> = response
        .headers
        .iter()
        .map(|line| {
            let mut name = line.name.to_ascii_lowercase();
            let after_name = line.name.as_ptr().addr() - start + name.len();
            if !bytes[after_name..].starts_with(b":") {
                name.push(' ');
            }
            let at = line.value.as_ptr().addr() - start;
            (name, unfold(&bytes[at..at + line.value.len()]))
        })
        .collect();
    let closes = headers
        .iter()
        .any(|(name, value)| name == "connection" && value.to_ascii_lowercase().ends_with(b"close"));
    let may_continue = response.version == Some(1) && !closes && response.code != Some(101);
    Ok(Some((Head { status: response.code.unwrap_or_default(), headers, may_continue }, length)))
}

fn is_control(byte: u8) -> bool {
    matches!(byte, 0..0x20 | 0x7f) && !matches!(byte, b'\t' | b'\r' | b'\n')
}

/// RFC 9112, section 5.2: a line break within a value becomes a space.
fn unfold(value: &[u8]) -> Vec<u8> {
    let lines = value.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii);
    lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join(&b' ')
}

/// Waits until `deadline`.
async fn in_time<T>(
    deadline: Instant,
    time_limit: Duration,
    reading: impl Future<Output = Result<T, NetworkError>>,
) -> Result<T, NetworkError> {
    timeout_at(deadline, reading).await.unwrap_or_else(|_| Err(super::too_late(time_limit)))
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
