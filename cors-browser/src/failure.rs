//! Why no response came.

use crate::code::codes;

codes! {
    /// The kind of a [`NetworkError`](crate::NetworkError). The codes are stable.
    FailureKind {
        /// The host name has no address.
        Unresolved = "unresolved",
        /// Nothing listens on the port.
        Refused = "refused",
        /// The host cannot be reached, or the connection could not be opened for another reason.
        Unreachable = "unreachable",
        /// The server's certificate does not come from a trusted CA.
        Certificate = "certificate",
        /// The server's certificate is for another host name.
        CertificateName = "certificate-name",
        /// The server's certificate has expired, or is not valid yet.
        CertificateDate = "certificate-date",
        /// The TLS handshake failed for another reason.
        Tls = "tls",
        /// The request was sent, and no complete response came in time.
        Timeout = "timeout",
        /// The response's head is longer than the limit.
        EndlessHead = "endless-head",
        /// The response's body is longer than the limit.
        EndlessBody = "endless-body",
        /// The response is not valid HTTP.
        Malformed = "malformed",
        /// The response has several `Location` lines that differ.
        SeveralLocations = "several-locations",
        /// The response has several `Content-Length` lines that differ.
        SeveralLengths = "several-lengths",
        /// The response has several `Content-Disposition` lines that differ.
        SeveralDispositions = "several-dispositions",
        /// The connection ended before the response was complete.
        BrokenOff = "broken-off",
        /// The server sent the challenge of a proxy (status 407), although it is not one.
        ProxyChallenge = "proxy-challenge",
        /// The `data:` URL cannot be read. Nothing was sent.
        DataUrl = "data-url",
        /// The body of a request with `keepalive` is larger than 64 KiB. Nothing was sent.
        KeepaliveBody = "keepalive-body",
        /// The request cannot be written as HTTP, and was not sent.
        Unsendable = "unsendable",
    }
}

impl FailureKind {
    /// Whether the request was sent before the failure.
    pub fn was_sent(self) -> bool {
        match self {
            Self::Unresolved
            | Self::Refused
            | Self::Unreachable
            | Self::Certificate
            | Self::CertificateName
            | Self::CertificateDate
            | Self::Tls
            | Self::DataUrl
            | Self::KeepaliveBody
            | Self::Unsendable => false,
            Self::Timeout
            | Self::EndlessHead
            | Self::EndlessBody
            | Self::Malformed
            | Self::SeveralLocations
            | Self::SeveralLengths
            | Self::SeveralDispositions
            | Self::BrokenOff
            | Self::ProxyChallenge => true,
        }
    }

    /// The name of this failure in Chromium's network stack (net/base/net_error_list.h).
    pub(crate) fn chromium_error(self) -> &'static str {
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
            Self::SeveralLocations => "ERR_RESPONSE_HEADERS_MULTIPLE_LOCATION",
            Self::SeveralLengths => "ERR_RESPONSE_HEADERS_MULTIPLE_CONTENT_LENGTH",
            Self::SeveralDispositions => "ERR_RESPONSE_HEADERS_MULTIPLE_CONTENT_DISPOSITION",
            Self::BrokenOff => "ERR_EMPTY_RESPONSE",
            Self::ProxyChallenge => "ERR_UNEXPECTED_PROXY_AUTH",
            Self::DataUrl => "ERR_INVALID_URL",
            Self::EndlessBody | Self::KeepaliveBody | Self::Unsendable => "ERR_FAILED",
        }
    }
}
