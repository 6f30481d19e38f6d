//! Bytes over a socket, and the responses in the bytes that come back.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::{PATIENCE, World};
use crate::Failure;
use crate::expectation::Answer;

/// The most bytes that are read from a connection.
const LIMIT: u64 = 4 << 20;

/// Header lines of a response.
const LINES: usize = 64;

/// What came over a connection.
#[derive(Clone, Debug, Default)]
pub struct Received {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Whether that is all: the server closed the connection, and did not reset it.
    pub is_complete: bool,
}

/// Sends bytes over a new connection, and reads until the server closes it or `patience` is over.
///
/// # Errors
///
/// The server does not accept.
pub async fn exchange(world: &World, bytes: &[u8], patience: Duration) -> Result<Received, Failure> {
    let mut stream = timeout(PATIENCE, TcpStream::connect(world.address())).await??;
    stream.set_nodelay(true)?;
    let mut received = Received::default();
    let talk = async {
        let (read, mut write) = stream.split();
        let mut read = read.take(LIMIT);
        // A server that has seen enough resets the connection. What it sent before counts.
        let (_, read) = tokio::join!(write.write_all(bytes), read.read_to_end(&mut received.bytes));
        read.is_ok()
    };
    // An error says that the server waits for more.
    let is_complete = timeout(patience, talk).await.unwrap_or(false);
    Ok(Received { is_complete, ..received })
}

/// The responses in the bytes of a connection. `methods` are those of the requests, as far as they are known: a response to `HEAD` has
/// no body.
///
/// # Errors
///
/// The bytes are not HTTP/1.1.
pub fn answers(mut bytes: &[u8], methods: &[&str]) -> Result<Vec<Answer>, String> {
    let mut answers: Vec<Answer> = Vec::new();
    while !bytes.is_empty() {
        let mut lines = [httparse::EMPTY_HEADER; LINES];
        let mut head = httparse::Response::new(&mut lines);
        let length = match head.parse(bytes) {
            Ok(httparse::Status::Complete(length)) => length,
            Ok(httparse::Status::Partial) => return Err(format!("half a response: {}", start(bytes))),
            Err(error) => return Err(format!("not a response ({error}): {}", start(bytes))),
        };
        let status =
            StatusCode::from_u16(head.code.unwrap_or_default()).map_err(|error| error.to_string())?;
        let mut headers = HeaderMap::new();
        for line in head.headers {
            let name = HeaderName::try_from(line.name).map_err(|error| error.to_string())?;
            let value = HeaderValue::from_bytes(line.value).map_err(|error| error.to_string())?;
            headers.append(name, value);
        }
        bytes = &bytes[length..];
        if status.is_informational() {
            continue;
        }
        let is_head = methods.get(answers.len()) == Some(&"HEAD");
        let (body, rest) = match is_head || status == 204 || status == 304 {
            true => (Bytes::new(), bytes),
            false => body(&headers, bytes)?,
        };
        answers.push(Answer { status, headers, body });
        bytes = rest;
    }
    Ok(answers)
}

/// The body at the start of `bytes`, and what follows it (RFC 9112, section 6.3).
fn body<'a>(headers: &HeaderMap, bytes: &'a [u8]) -> Result<(Bytes, &'a [u8]), String> {
    if headers.contains_key("transfer-encoding") {
        return chunked(bytes);
    }
    let Some(length) = headers.get("content-length") else {
        return Ok((Bytes::copy_from_slice(bytes), &[]));
    };
    let length = length.to_str().ok().and_then(|length| length.parse().ok());
    let parts = length.and_then(|length| bytes.split_at_checked(length));
    parts.map(|(body, rest)| (Bytes::copy_from_slice(body), rest)).ok_or_else(|| "half a body".to_owned())
}

fn chunked(mut bytes: &[u8]) -> Result<(Bytes, &[u8]), String> {
    let mut body = Vec::new();
    loop {
        let Ok(httparse::Status::Complete((start, length))) = httparse::parse_chunk_size(bytes) else {
            return Err("not a chunk".to_owned());
        };
        let end = usize::try_from(length).ok().and_then(|length| start.checked_add(length));
        let chunk = end.and_then(|end| bytes.get(start..end)).ok_or("half a chunk")?;
        let rest = bytes[start + chunk.len()..].strip_prefix(b"\r\n").ok_or("a chunk without an end")?;
        if chunk.is_empty() {
            return Ok((body.into(), rest));
        }
        body.extend_from_slice(chunk);
        bytes = rest;
    }
}

fn start(bytes: &[u8]) -> String {
    String::from_utf8_lossy(&bytes[..bytes.len().min(80)]).escape_debug().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn responses_are_told_apart() {
        let bytes = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nabHTTP/1.1 200 OK\r\n\
            transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nHTTP/1.1 \
            204 No Content\r\nx: y\r\n\r\nHTTP/1.0 400 Bad\r\n\r\nrest";
        let answers = answers(bytes, &["GET", "GET", "HEAD"]).expect("responses");
        let found: Vec<_> = answers.iter().map(|answer| (answer.status.as_u16(), &*answer.body)).collect();
        let expected: [(u16, &[u8]); 5] =
            [(200, b"ab"), (200, b"abc"), (200, b""), (204, b""), (400, b"rest")];
        assert_eq!(found, expected);
    }

    #[test]
    fn what_is_not_a_response_is_found() {
        for bytes in ["HTTP/1.1 200", "x", "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nab"] {
            assert!(answers(bytes.as_bytes(), &[]).is_err(), "{bytes}");
        }
    }
}
