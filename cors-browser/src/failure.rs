//! Why no response came.

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
    /// The head is longer than what is read.
    EndlessHead,
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
            Self::EndlessHead => "endless-head",
            Self::EndlessBody => "endless-body",
            Self::Malformed => "malformed",
            Self::BrokenOff => "broken-off",
            Self::Unsendable => "unsendable",
        }
    }

    /// Whether the request had reached a server by then.
    pub fn was_sent(self) -> bool {
        match self {
            Self::Unresolved
            | Self::Refused
            | Self::Unreachable
            | Self::Certificate
            | Self::CertificateName
            | Self::CertificateDate
            | Self::Tls
            | Self::Unsendable => false,
            Self::Timeout | Self::EndlessHead | Self::EndlessBody | Self::Malformed | Self::BrokenOff => true,
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
            Self::EndlessHead => {
                "The response has more than 1,000 header lines, or 256 KiB of them, which is as much as Chromium reads: send \
                 fewer, or shorter ones."
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
            Self::EndlessHead => "ERR_RESPONSE_HEADERS_TOO_BIG",
            Self::Malformed => "ERR_INVALID_HTTP_RESPONSE",
            Self::BrokenOff => "ERR_EMPTY_RESPONSE",
            Self::EndlessBody | Self::Unsendable => "ERR_FAILED",
        }
    }
}
