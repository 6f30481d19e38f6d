//! Certificates for the origins of all scenarios, issued on demand.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use tokio_rustls::TlsAcceptor;

use cors_conformance::subject::front::Authority;

/// A certificate authority that a browser trusts, and the certificates that it has issued.
pub(super) struct Certificates {
    authority: Authority,
    issued: Mutex<HashMap<String, TlsAcceptor>>,
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
        let mut issued = self.issued.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(acceptor) = issued.get(host) {
            return Some(acceptor.clone());
        }
        let acceptor = self.authority.issue(host).ok()?.acceptor().ok()?;
        issued.insert(host.to_owned(), acceptor.clone());
        Some(acceptor)
    }
}
