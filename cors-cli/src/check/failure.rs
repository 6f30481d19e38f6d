//! Why no response came, as far as the connection tells.

use std::error::Error;
use std::fmt;

use super::text::printable;
use cors_browser::FailureKind;
use cors_conformance::network::{causes, classify};

/// How many characters of the detail a message shows: it may name a URL that a server has chosen.
const DETAIL_LIMIT: usize = 300;

/// Why an exchange came to nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The sort of failure.
    pub kind: FailureKind,
    /// What went wrong, in words.
    pub detail: String,
}

impl Failure {
    /// A failure of this kind.
    pub fn new(kind: FailureKind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into() }
    }

    /// What went wrong and what to look at, of a readable length and without characters that steer a terminal.
    pub fn message(&self) -> String {
        format!("{}. {}", printable(&shortened(&self.detail)), help(self.kind))
    }

    /// What an HTTP client's error says.
    /// Where it does not tell the kind, it is `otherwise`.
    pub(super) fn from_error(error: &(dyn Error + 'static), otherwise: FailureKind) -> Self {
        Self::new(classify(error).unwrap_or(otherwise), causes(error))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.detail)
    }
}

/// What to check after a failure of this kind, as sentences.
pub(super) fn help(kind: FailureKind) -> &'static str {
    match kind {
        FailureKind::Unresolved => "Check the host name in the URL.",
        FailureKind::Refused => "Nothing listens on this port. Is the server running, and is the port right?",
        FailureKind::Unreachable => {
            "Check the host and the port, and whether a firewall blocks the connection."
        }
        FailureKind::Certificate => {
            "A browser also rejects this certificate, unless it trusts the CA. For a development certificate, pass its CA \
             with `--cacert FILE`."
        }
        FailureKind::CertificateName => "Use a host name in the URL that the certificate is valid for.",
        FailureKind::CertificateDate => {
            "Renew the server's certificate, and check the clock of this machine."
        }
        FailureKind::Tls => {
            "The server does not use TLS on this port, or no version that browsers support. Without TLS, write `http://`."
        }
        FailureKind::Timeout => {
            "The server may be overloaded or waiting for something. `--timeout SECONDS` sets a longer limit. A response that \
             never ends, such as an event stream, cannot be checked."
        }
        FailureKind::EndlessHead => {
            "The response has more than 1,000 header lines, or more than 256 KiB of them, which is Chromium's limit. Send fewer \
             or shorter headers."
        }
        FailureKind::EndlessBody => "Check a URL of the same server whose response ends.",
        FailureKind::Malformed => {
            "The response is not valid HTTP. If the server uses TLS on this port, write `https://`."
        }
        FailureKind::BrokenOff => {
            "The server closed the connection before its response was complete. See the log of the server."
        }
        FailureKind::Unsendable => "Write it as a browser would send it.",
        _ => "See the log of the server.",
    }
}

/// A text without its middle where it is too long: what is wrong stands at its end.
fn shortened(text: &str) -> String {
    let count = text.chars().count();
    if count <= DETAIL_LIMIT {
        return text.to_owned();
    }
    let half = DETAIL_LIMIT / 2;
    let begin: String = text.chars().take(half).collect();
    let end: String = text.chars().skip(count - half).collect();
    format!("{begin}…{end}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_of_a_readable_length() {
        let url = format!("https://api.example/é{}", "é".repeat(70_000));
        let failure =
            Failure::new(FailureKind::Unsendable, format!("the URL `{url}` cannot be sent by this client"));
        let message = failure.message();
        assert!(message.chars().count() < 400, "{message}");
        assert!(message.starts_with("the URL `https://api.example/é"), "{message}");
        assert!(
            message.contains("…éé") && message.contains("` cannot be sent by this client. "),
            "{message}"
        );
        assert_eq!(failure.to_string(), failure.detail);

        let short = Failure::new(FailureKind::Refused, "no");
        assert!(short.message().starts_with("no. Nothing listens"), "{}", short.message());
    }
}
