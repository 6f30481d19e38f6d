//! What a browser would send first, without sending it.

use std::sync::{Mutex, PoisonError};

use cors_browser::{FailureKind, Network, NetworkError, WireRequest, WireResponse};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};

/// Records the first request and responds to none.
#[derive(Default)]
pub(super) struct Recorder {
    first: Mutex<Option<WireRequest>>,
}

impl Recorder {
    /// The first request, if there was one.
    pub(super) fn take(&self) -> Option<WireRequest> {
        self.first.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Network for Recorder {
    fn send(&self, request: WireRequest) -> BoxFuture<'_, Result<WireResponse, NetworkError>> {
        self.first.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(request);
        ready(Err(NetworkError::new(FailureKind::Unsendable, "nothing is sent"))).boxed()
    }
}

/// Answers every preflight as the page needs it, and records all requests.
#[derive(Default)]
pub(super) struct Permissive {
    all: Mutex<Vec<WireRequest>>,
}

impl Permissive {
    /// The requests, in order.
    pub(super) fn take(&self) -> Vec<WireRequest> {
        std::mem::take(&mut self.all.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Network for Permissive {
    fn send(&self, request: WireRequest) -> BoxFuture<'_, Result<WireResponse, NetworkError>> {
        let mut response = WireResponse::new(204);
        let mut allow = |asked: &str, allowed: &str| {
            if let Some(value) = request.header(asked) {
                response.headers.push((allowed.to_owned(), value.to_vec()));
            }
        };
        allow("origin", "access-control-allow-origin");
        allow("access-control-request-method", "access-control-allow-methods");
        allow("access-control-request-headers", "access-control-allow-headers");
        response.headers.push(("access-control-allow-credentials".to_owned(), b"true".to_vec()));
        self.all.lock().unwrap_or_else(PoisonError::into_inner).push(request);
        ready(Ok(response)).boxed()
    }
}
