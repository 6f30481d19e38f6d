//! Applications that are services of tower: axum's, and warp's.

use std::convert::Infallible;

use http::{HeaderMap, HeaderValue, Request, Response};
use tower::{Service, ServiceExt};

use crate::measure::{Application, Outline};
use crate::request::{Path, ROUTE};

/// A service, and the requests for it.
pub(super) struct TowerService<S, B> {
    service: S,
    requests: [Request<()>; 4],
    body: fn() -> B,
}

impl<S, B> TowerService<S, B> {
    pub(super) fn new(service: S, body: fn() -> B) -> Self {
        Self { service, requests: Path::ALL.map(request), body }
    }
}

impl<S, B, C> Application for TowerService<S, B>
where
    S: Service<Request<B>, Response = Response<C>, Error = Infallible> + Clone,
{
    type Request<'a>
        = Request<B>
    where
        Self: 'a;
    type Response<'a>
        = Response<C>
    where
        Self: 'a;

    fn request(&self, path: Path) -> Request<B> {
        self.requests[path as usize].clone().map(|()| (self.body)())
    }

    async fn respond(&self, request: Request<B>) -> Response<C> {
        // As the servers of both do it.
        let Ok(response) = self.service.clone().oneshot(request).await;
        response
    }

    fn outline(&self, response: &Response<C>) -> Outline {
        outline(response.status().as_u16(), response.headers())
    }
}

/// A request as hyper reads it.
#[expect(clippy::expect_used, reason = "constants")]
pub(super) fn request(path: Path) -> Request<()> {
    let mut request = Request::builder().method(path.method()).uri(ROUTE);
    for (name, value) in path.shared_headers() {
        request = request.header(name, HeaderValue::from_maybe_shared(value).expect("visible ASCII"));
    }
    request.body(()).expect("a request")
}

pub(super) fn outline(status: u16, headers: &HeaderMap) -> Outline {
    let allow_origin = headers.get("access-control-allow-origin").and_then(|value| value.to_str().ok());
    Outline { status, allow_origin: allow_origin.map(str::to_owned) }
}
