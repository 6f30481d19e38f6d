//! Applications that are tower services: those of axum and warp.

use std::convert::Infallible;

use http::{HeaderMap, HeaderValue, Request, Response};
use tower::{Service, ServiceExt};

use crate::measure::{Answer, Application};
use crate::request::{Kind, ROUTE};

/// A service with the requests for it.
pub(super) struct TowerService<S, B> {
    service: S,
    requests: [Request<()>; 4],
    body: fn() -> B,
}

impl<S, B> TowerService<S, B> {
    pub(super) fn new(service: S, body: fn() -> B) -> Self {
        Self { service, requests: Kind::ALL.map(request), body }
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

    fn request(&self, kind: Kind) -> Request<B> {
        self.requests[kind as usize].clone().map(|()| (self.body)())
    }

    async fn respond(&self, request: Request<B>) -> Response<C> {
        // The servers of both frameworks do the same.
        let Ok(response) = self.service.clone().oneshot(request).await;
        response
    }

    fn answer(&self, response: &Response<C>) -> Answer {
        answer(response.status().as_u16(), response.headers())
    }
}

/// A request, with header values as hyper reads them from a socket.
#[expect(clippy::expect_used, reason = "the request consists of constants")]
pub(super) fn request(kind: Kind) -> Request<()> {
    let mut request = Request::builder().method(kind.method()).uri(ROUTE);
    for (name, value) in kind.shared_headers() {
        request = request.header(name, HeaderValue::from_maybe_shared(value).expect("visible ASCII"));
    }
    request.body(()).expect("the request is valid")
}

pub(super) fn answer(status: u16, headers: &HeaderMap) -> Answer {
    let value = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    Answer::new(status, value("access-control-allow-origin"), value("vary"))
}
