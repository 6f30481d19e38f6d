//! What to do if no response arrived.

use cors_browser::{FailureKind, NetworkError};

use crate::printable;

/// How many characters of a failure a message shows. It may name a URL that a server chose.
const DETAIL_LIMIT: usize = 300;

/// Describes a failure for people: what went wrong and what to check, short enough to read and safe to print.
pub fn failure_message(failure: &NetworkError) -> String {
    let detail = printable::text(&printable::shortened(&failure.detail, DETAIL_LIMIT));
    format!("{detail}. {}", help(failure.kind))
}

/// What to check after a failure of this kind, as sentences.
pub(super) fn help(kind: FailureKind) -> &'static str {
    match kind {
        FailureKind::Unresolved => "Check the host name in the URL.",
        FailureKind::Refused => "Nothing listens on this port. Is the server running, and is the port right?",
        FailureKind::Unreachable => {
            "Check the host and the port, and whether a firewall blocks the connection."
        }
        FailureKind::Certificate => "A browser rejects this certificate as well, unless it trusts the CA.",
        FailureKind::CertificateName => "Use a host name in the URL that the certificate is valid for.",
        FailureKind::CertificateDate => {
            "Renew the server's certificate, and check the clock of this machine."
        }
        FailureKind::Tls => {
            "The server does not use TLS on this port, or no version that browsers support. Without TLS, write `http://` or `ws://`."
        }
        FailureKind::Timeout => {
            "The server may be overloaded or waiting for something. It sent no complete head in time; a body that takes long \
             would not matter."
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
        FailureKind::SeveralLocations => {
            "The response has two `Location` lines with different values. Send one. Chromium and Firefox refuse such a response."
        }
        FailureKind::SeveralLengths => {
            "The response has two `Content-Length` lines with different values. Send one: usually a proxy or a middleware changes the \
             body and adds its own line."
        }
        FailureKind::SeveralDispositions => {
            "The response has two `Content-Disposition` lines with different values. Send one."
        }
        FailureKind::KeepaliveBody => {
            "Send a smaller body, or fetch without `keepalive`. Browsers allow 64 KiB for all unfinished requests with `keepalive` \
             and of `navigator.sendBeacon()` together. CORS is not the cause."
        }
        FailureKind::ProxyChallenge => {
            "Send 401 with `WWW-Authenticate` instead of 407. Chromium refuses a 407 from a server, Firefox accepts it."
        }
        FailureKind::DataUrl => "Check the `data:` URL: it needs a comma, and valid base64 after `;base64`.",
        FailureKind::Unsendable => "Write the request as a browser would send it.",
        _ => "See the log of the server.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_short() {
        let url = format!("https://api.example/é{}", "é".repeat(70_000));
        let detail = format!("the URL `{url}` cannot be sent over HTTP");
        let message = failure_message(&NetworkError::new(FailureKind::Unsendable, detail));
        assert!(message.chars().count() < 400, "{message}");
        assert!(message.starts_with("the URL `https://api.example/é"), "{message}");
        assert!(message.contains("…éé") && message.contains("` cannot be sent over HTTP. "), "{message}");
    }
}
