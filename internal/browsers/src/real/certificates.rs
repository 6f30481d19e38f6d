//! Certificates for the origins of all scenarios, issued on demand.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use tokio_rustls::TlsAcceptor;

use cors_conformance::subject::front::Authority;

/// A certificate authority that a browser trusts, and the certificates that it has issued.
pub(super) struct Certificates {
    authority: Authority,
    issued: Mutex<HashMap<String, Issued>>,
}

/// A certificate with the server that uses it.
#[derive(Clone)]
struct Issued {
    der: Vec<u8>,
    acceptor: TlsAcceptor,
}

impl Certificates {
    pub(super) fn new() -> Result<Self, rcgen::Error> {
        Ok(Self { authority: Authority::new()?, issued: Mutex::default() })
    }

    /// The authority that the browser has to trust.
    pub(super) fn authority(&self) -> &Authority {
        &self.authority
    }

    /// The TLS acceptor for `host`; `None` if no certificate can be issued for it.
    pub(super) fn acceptor(&self, host: &str) -> Option<TlsAcceptor> {
        Some(self.issued(host)?.acceptor)
    }

    /// The certificate for `host` in DER; `None` if no certificate can be issued for it.
    pub(super) fn der(&self, host: &str) -> Option<Vec<u8>> {
        Some(self.issued(host)?.der)
    }

    fn issued(&self, host: &str) -> Option<Issued> {
        let mut all = self.issued.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(issued) = all.get(host) {
            return Some(issued.clone());
        }
        let certificate = self.authority.issue(host).ok()?;
        let der = certificate.der().to_owned();
        let issued = Issued { der, acceptor: certificate.acceptor().ok()? };
        all.insert(host.to_owned(), issued.clone());
        Some(issued)
    }
}
