//! Certificates for the origins of all scenarios, issued as they are needed.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use tokio_rustls::TlsAcceptor;

use cors_conformance::subject::front::Authority;

/// An authority that a browser was told to trust, and what it has issued.
pub(super) struct Certificates {
    authority: Authority,
    issued: Mutex<HashMap<String, TlsAcceptor>>,
}

impl Certificates {
    pub(super) fn new() -> Result<Self, rcgen::Error> {
        Ok(Self { authority: Authority::new()?, issued: Mutex::default() })
    }

    /// Whom the browser has to trust.
    pub(super) fn authority(&self) -> &Authority {
        &self.authority
    }

    /// What speaks TLS as `host`; `None` for what is no host.
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
