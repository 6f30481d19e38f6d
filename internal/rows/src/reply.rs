//! The responses of a row's servers.

use serde::Deserialize;

use cors_browser::{FailureKind, NetworkError, WireRequest, WireResponse};

/// The line of a reply whose body breaks off.
const BREAKS_OFF: &str = "breaks off";

/// A response as a row writes it: an optional status, header lines, and an optional body.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Vec<String>")]
pub(crate) struct Reply {
    status: Option<u16>,
    headers: Vec<(String, Vec<u8>)>,
    /// Names of headers that the servers would add.
    without: Vec<String>,
    body: Option<Vec<u8>>,
    /// Whether the connection is closed after the body, as if the rest were still to come.
    breaks_off: bool,
}

impl TryFrom<Vec<String>> for Reply {
    type Error = String;

    fn try_from(lines: Vec<String>) -> Result<Self, String> {
        let mut reply = Self::default();
        for (index, line) in lines.iter().enumerate() {
            if let Some(body) = line.strip_prefix("| ") {
                reply.body = Some(bytes(body)?);
            } else if line == BREAKS_OFF {
                reply.breaks_off = true;
            } else if let Some(name) = line.strip_prefix("without ") {
                reply.without.push(name.to_owned());
            } else if let Some((name, value)) = line.split_once(':') {
                reply.headers.push((name.to_owned(), bytes(value.strip_prefix(' ').unwrap_or(value))?));
            } else {
                let status = line.parse().ok().filter(|status| index == 0 && (100..=999).contains(status));
                reply.status = Some(status.ok_or_else(|| {
                    format!(
                        "`{line}` is not a header line, `| body`, `{BREAKS_OFF}`, `without NAME` or, first, a status"
                    )
                })?);
            }
        }
        Ok(reply)
    }
}

/// Each character as one byte.
fn bytes(text: &str) -> Result<Vec<u8>, String> {
    let byte = |char| u8::try_from(char).map_err(|_| format!("`{text}` has a character above U+00FF"));
    text.chars().map(byte).collect()
}

impl Reply {
    /// The response to a preflight: it allows what the preflight asks for, except where the row says otherwise.
    pub(crate) fn to_preflight(&self, request: &WireRequest) -> WireResponse {
        let mut defaults = allow_origin(request);
        for (answer, question) in [
            ("Access-Control-Allow-Methods", "access-control-request-method"),
            ("Access-Control-Allow-Headers", "access-control-request-headers"),
        ] {
            defaults.extend(request.header(question).map(|value| (answer.to_owned(), value.to_vec())));
        }
        self.response(204, defaults, b"")
    }

    /// The response to any other request: it allows the origin, except where the row says otherwise.
    pub(crate) fn to_actual(&self, request: &WireRequest) -> WireResponse {
        self.response(200, allow_origin(request), b"ok")
    }

    fn response(&self, status: u16, defaults: Vec<(String, Vec<u8>)>, body: &[u8]) -> WireResponse {
        let status = self.status.unwrap_or(status);
        let is_replaced = |name: &str| {
            let names = self.headers.iter().map(|(name, _)| name).chain(&self.without);
            names.into_iter().any(|other| other.eq_ignore_ascii_case(name))
        };
        let mut headers: Vec<_> = defaults.into_iter().filter(|(name, _)| !is_replaced(name)).collect();
        headers.extend(self.headers.iter().cloned());
        let has_body = !matches!(status, 204 | 205 | 304);
        let body = match &self.body {
            Some(body) => body.clone(),
            None if has_body => body.to_vec(),
            None => Vec::new(),
        };
        let mut response = WireResponse::new(status).with_body(body);
        response.headers = headers;
        match self.breaks_off {
            true => {
                response.with_body_error(NetworkError::new(FailureKind::BrokenOff, "the body breaks off"))
            }
            false => response,
        }
    }
}

/// The headers that allow the origin of a request.
fn allow_origin(request: &WireRequest) -> Vec<(String, Vec<u8>)> {
    let Some(origin) = request.header("origin") else { return Vec::new() };
    vec![
        ("Access-Control-Allow-Origin".to_owned(), origin.to_vec()),
        ("Access-Control-Allow-Credentials".to_owned(), b"true".to_vec()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(lines: &[&str]) -> Reply {
        lines.iter().map(|&line| line.to_owned()).collect::<Vec<_>>().try_into().unwrap()
    }

    fn request(headers: &[(&str, &str)]) -> WireRequest {
        WireRequest {
            method: "OPTIONS".to_owned(),
            url: "https://api.example/".parse().unwrap(),
            headers: headers.iter().map(|&(name, value)| (name.to_owned(), value.into())).collect(),
            body: None,
        }
    }

    fn lines(response: &WireResponse) -> Vec<String> {
        let line = |(name, value): &(String, Vec<u8>)| format!("{name}: {}", value.escape_ascii());
        response.headers.iter().map(line).collect()
    }

    #[test]
    fn a_preflight_gets_what_it_asks_for() {
        let request = request(&[
            ("origin", "null"),
            ("access-control-request-method", "PUT"),
            ("access-control-request-headers", "x-a"),
        ]);
        let response = Reply::default().to_preflight(&request);
        assert_eq!(response.status, 204);
        assert_eq!(
            lines(&response),
            [
                "Access-Control-Allow-Origin: null",
                "Access-Control-Allow-Credentials: true",
                "Access-Control-Allow-Methods: PUT",
                "Access-Control-Allow-Headers: x-a",
            ]
        );
    }

    #[test]
    fn a_row_replaces_headers_and_leaves_some_out() {
        let request = request(&[("origin", "null")]);
        let reply = reply(&[
            "404",
            "access-control-allow-origin:  \u{e9}\t",
            "without Access-Control-Allow-Credentials",
            "X-A:1",
            "| no",
        ]);
        let response = reply.to_actual(&request);
        assert_eq!((response.status, response.body.as_slice()), (404, &b"no"[..]));
        assert_eq!(lines(&response), ["access-control-allow-origin:  \\xe9\\t", "X-A: 1"]);
    }

    #[test]
    fn a_body_breaks_off() {
        let response = reply(&["| abc", BREAKS_OFF]).to_actual(&request(&[]));
        assert_eq!(response.body, b"abc");
        assert_eq!(response.body_error.map(|error| error.kind), Some(FailureKind::BrokenOff));
    }

    #[test]
    fn a_request_without_an_origin_gets_no_cors_headers() {
        assert_eq!(lines(&Reply::default().to_actual(&request(&[]))), [""; 0]);
    }
}
