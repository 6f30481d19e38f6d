//! The kind of failure that an error of a connection stands for.

use std::error::Error;
use std::io;

use tokio_rustls::rustls::{self, CertificateError};

use cors_browser::FailureKind;

/// The [`FailureKind`] of an error, taken from the first of its causes that has one.
pub fn classify(error: &(dyn Error + 'static)) -> Option<FailureKind> {
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
        if error.is_user() {
            return Some(FailureKind::Unsendable);
        }
        if error.is_parse_too_large() {
            return Some(FailureKind::EndlessHead);
        }
        if error.is_parse() {
            return Some(FailureKind::Malformed);
        }
        if error.is_incomplete_message() {
            return Some(FailureKind::BrokenOff);
        }
    }
    if let Some(error) = error.downcast_ref::<h2::Error>() {
        // "Library" means that this side found a violation of RFC 9113.
        return match error.get_io() {
            Some(error) => classify(error),
            None => error.is_library().then_some(FailureKind::Malformed),
        };
    }
    if let Some(error) = error.downcast_ref::<io::Error>() {
        // The error inside of an I/O error is not among its sources.
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
    // The error type of hyper-util's resolver is private.
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
    fn every_error_has_its_kind(#[case] error: io::Error, #[case] kind: FailureKind) {
        assert_eq!(classify(&error).unwrap_or(FailureKind::Unreachable), kind);
    }
}
