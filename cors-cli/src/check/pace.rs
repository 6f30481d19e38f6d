//! A limit for the requests per second.

use std::sync::Arc;
use std::time::Duration;

use cors_browser::{AddressSpace, Network, NetworkFuture, WireRequest};
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep_until};
use url::Url;

/// Sends requests at a limited rate over another network.
pub struct Paced {
    network: Arc<dyn Network>,
    interval: Duration,
    next: Mutex<Option<Instant>>,
}

impl Paced {
    /// Creates a network that begins a request at most every `interval`.
    pub fn new(network: Arc<dyn Network>, interval: Duration) -> Self {
        Self { network, interval, next: Mutex::default() }
    }

    /// Waits for its turn. Requests that wait at the same time are sent in the order in which they came.
    async fn wait(&self) {
        let mut next = self.next.lock().await;
        let turn = next.unwrap_or_else(Instant::now).max(Instant::now());
        *next = Some(turn + self.interval);
        drop(next);
        sleep_until(turn).await;
    }
}

impl std::fmt::Debug for Paced {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Paced").field("interval", &self.interval).finish_non_exhaustive()
    }
}

impl Network for Paced {
    fn send(&self, request: WireRequest) -> NetworkFuture<'_> {
        Box::pin(async move {
            self.wait().await;
            self.network.send(request).await
        })
    }

    fn address_space(&self, url: &Url) -> AddressSpace {
        self.network.address_space(url)
    }
}
