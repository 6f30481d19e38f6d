//! The network of an audit.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use cors_browser::{
    AddressSpace, FailureKind, Network, NetworkError, NetworkFuture, WireRequest, WireResponse,
};
use url::Url;

/// Adds the user's headers to requests, and counts them.
pub(super) struct Auditing {
    network: Arc<dyn Network>,
    headers: Vec<(String, Vec<u8>)>,
    only_preflights: bool,
    count: Arc<AtomicUsize>,
}

impl Auditing {
    pub(super) fn new(network: Arc<dyn Network>, headers: &[(String, String)]) -> Self {
        // The origin is what an audit varies.
        let headers = headers.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("origin"));
        let headers = headers.map(|(name, value)| (name.clone(), value.clone().into_bytes())).collect();
        Self { network, headers, only_preflights: false, count: Arc::default() }
    }

    /// The same network, which fails instead of sending other requests than preflights.
    pub(super) fn only_preflights(&self) -> Self {
        Self {
            network: self.network.clone(),
            headers: Vec::new(),
            only_preflights: true,
            count: self.count.clone(),
        }
    }

    /// How many requests were sent.
    pub(super) fn count(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    async fn exchange(&self, mut request: WireRequest) -> Result<WireResponse, NetworkError> {
        let is_preflight =
            request.method == "OPTIONS" && request.header("access-control-request-method").is_some();
        if self.only_preflights && !is_preflight {
            return Err(NetworkError::new(FailureKind::Unsendable, "an audit sends only the preflight"));
        }
        if !is_preflight {
            let is_own = |name: &str| self.headers.iter().any(|(own, _)| own.eq_ignore_ascii_case(name));
            request.headers.retain(|(name, _)| !is_own(name));
            request.headers.extend(self.headers.iter().cloned());
        }
        self.count.fetch_add(1, Ordering::Relaxed);
        self.network.send(request).await
    }
}

impl Network for Auditing {
    fn send(&self, request: WireRequest) -> NetworkFuture<'_> {
        Box::pin(self.exchange(request))
    }

    fn address_space(&self, url: &Url) -> AddressSpace {
        self.network.address_space(url)
    }
}
