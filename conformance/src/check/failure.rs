//! Why no response came, as far as the connection tells.

use std::error::Error;
use std::{fmt, io};

use tokio_rustls::rustls::{self, CertificateError};

use super::text::printable;
use crate::network::causes;

/// Why an exchange came to nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The sort of failure.
    pub kind: FailureKind,
    /// What went wrong, in words.
    pub detail: String,
}

/// A sort of failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FailureKind {
    /// The host's name has no address.
    Unresolved,
    /// Nothing listens there.
    Refused,
    /// No way leads there, or the connection failed otherwise.
    Unreachable,
    /// The server's certificate is trusted by nobody.
    Certificate,
    /// The server's certificate is for another name.
    CertificateName,
    /// The server's certificate has expired, or is not valid yet.
    CertificateDate,
    /// TLS failed otherwise.
    Tls,
    /// The time was up.
    Timeout,
    /// The body is longer than what is read.
    EndlessBody,
    /// What came is no HTTP.
    Malformed,
    /// The connection ended before the response did.
    BrokenOff,
    /// The request cannot be written down.
    Unsendable,
}

impl FailureKind {
    /// A stable code.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unresolved => "unresolved",
            Self::Refused => "refused",
            Self::Unreachable => "unreachable",
            Self::Certificate => "certificate",
            Self::CertificateName => "certificate-name",
            Self::CertificateDate => "certificate-date",
            Self::Tls => "tls",
            Self::Timeout => "timeout",
            Self::EndlessBody => "endless-body",
            Self::Malformed => "malformed",
            Self::BrokenOff => "broken-off",
            Self::Unsendable => "unsendable",
        }
    }

    /// What to look at, as sentences.
    pub fn help(self) -> &'static str {
        match self {
            Self::Unresolved => "Check the host's name in the URL.",
            Self::Refused => "Nothing listens on this port: is the server running, and is the port right?",
            Self::Unreachable => "Check the host and the port, and whether a firewall lies between.",
            Self::Certificate => {
                "A browser refuses this certificate, too, unless it was told to trust it. For a development certificate give \
                 its authority with `--cacert FILE`."
            }
            Self::CertificateName => "Use a host name in the URL that is among the certificate's names.",
            Self::CertificateDate => "Renew the server's certificate, and check the clock of this machine.",
            Self::Tls => {
                "The server does not speak TLS on this port, or no version that browsers speak. Without TLS, write `http://`."
            }
            Self::Timeout => {
                "The server may be overloaded, or wait for something; `--timeout SECONDS` gives it longer. A response that \
                 never ends, such as an event stream, cannot be checked."
            }
            Self::EndlessBody => "Check a URL of the same server whose response ends.",
            Self::Malformed => {
                "What came is no HTTP response. If the server speaks TLS on this port, write `https://`."
            }
            Self::BrokenOff => {
                "The server closed the connection before its response was whole: look into its log."
            }
            Self::Unsendable => "Write it as a browser would send it.",
        }
    }

    /// How Chromium's network stack calls it (net/base/net_error_list.h).
    pub fn chromium_error(self) -> &'static str {
        match self {
            Self::Unresolved => "ERR_NAME_NOT_RESOLVED",
            Self::Refused => "ERR_CONNECTION_REFUSED",
            Self::Unreachable => "ERR_ADDRESS_UNREACHABLE",
            Self::Certificate => "ERR_CERT_AUTHORITY_INVALID",
            Self::CertificateName => "ERR_CERT_COMMON_NAME_INVALID",
            Self::CertificateDate => "ERR_CERT_DATE_INVALID",
            Self::Tls => "ERR_SSL_PROTOCOL_ERROR",
            Self::Timeout => "ERR_TIMED_OUT",
            Self::Malformed => "ERR_INVALID_HTTP_RESPONSE",
            Self::BrokenOff => "ERR_CONNECTION_CLOSED",
            Self::EndlessBody | Self::Unsendable => "ERR_FAILED",
        }
    }
}

impl Failure {
    /// A failure of this kind.
    pub fn new(kind: FailureKind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into() }
    }

    /// What went wrong and what to look at, without characters that steer a terminal.
    pub fn message(&self) -> String {
        format!("{}. {}", printable(&self.detail), self.kind.help())
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

/// The first cause that tells.
fn classify(error: &(dyn Error + 'static)) -> Option<FailureKind> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(kind) = classify_one(error) {
            return Some(kind);
        }
        next = error.source();
    }
    None
}

fn classify_one(error: &(dyn Error + 'static)) -> Option<FailureKind> {
    if let Some(error) = error.downcast_ref::<rustls::Error>() {
        return Some(match error {
            rustls::Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            ) => FailureKind::CertificateName,
            rustls::Error::InvalidCertificate(
                CertificateError::Expired
                | CertificateError::ExpiredContext { .. }
                | CertificateError::NotValidYet
                | CertificateError::NotValidYetContext { .. },
            ) => FailureKind::CertificateDate,
            rustls::Error::InvalidCertificate(_) => FailureKind::Certificate,
            _ => FailureKind::Tls,
        });
    }
    if let Some(error) = error.downcast_ref::<hyper::Error>() {
        if error.is_parse() {
            return Some(FailureKind::Malformed);
        }
        if error.is_incomplete_message() {
            return Some(FailureKind::BrokenOff);
        }
    }
    if let Some(error) = error.downcast_ref::<io::Error>() {
        // An I/O error does not count the error inside of it among its sources.
        if let Some(kind) = error.get_ref().and_then(|inner| classify(inner)) {
            return Some(kind);
        }
        return match error.kind() {
            io::ErrorKind::ConnectionRefused => Some(FailureKind::Refused),
            io::ErrorKind::TimedOut => Some(FailureKind::Timeout),
            io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::UnexpectedEof => Some(FailureKind::BrokenOff),
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => Some(FailureKind::Malformed),
            _ => None,
        };
    }
    // The resolver's error type is private to the client.
    error.to_string().starts_with("dns error").then_some(FailureKind::Unresolved)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(io::ErrorKind::ConnectionRefused.into(), FailureKind::Refused)]
    #[case(io::ErrorKind::InvalidInput.into(), FailureKind::Malformed)]
    #[case(io::ErrorKind::ConnectionReset.into(), FailureKind::BrokenOff)]
    #[case(io::Error::other("what"), FailureKind::Unreachable)]
    #[case(io::Error::other(io::Error::from(io::ErrorKind::TimedOut)), FailureKind::Timeout)]
    #[case(io::Error::other("dns error: no such host"), FailureKind::Unresolved)]
    #[case(
        io::Error::other(rustls::Error::InvalidCertificate(CertificateError::Expired)),
        FailureKind::CertificateDate
    )]
    #[case(
        io::Error::other(rustls::Error::InvalidCertificate(CertificateError::NotValidForName)),
        FailureKind::CertificateName
    )]
    #[case(
        io::Error::other(rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer)),
        FailureKind::Certificate
    )]
    #[case(io::Error::other(rustls::Error::DecryptError), FailureKind::Tls)]
    fn errors_are_told_apart(#[case] error: io::Error, #[case] kind: FailureKind) {
        assert_eq!(Failure::from_error(&error, FailureKind::Unreachable).kind, kind);
    }
}
