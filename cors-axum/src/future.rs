//! The future of a response: either the whole answer to a preflight, or the inner service's, to be written into.

use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use cors_core::{Pass, Preflight, PreparedPolicy};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use pin_project_lite::pin_project;

/// As many headers as the answer to a preflight can have, so that its map is allocated once.
const PREFLIGHT_HEADERS: usize = 7;

pin_project! {
    /// The response of [`Cors`](crate::Cors).
    #[derive(Debug)]
    pub struct ResponseFuture<F> {
        #[pin]
        state: State<F>,
    }
}

pin_project! {
    #[project = StateProjection]
    #[derive(Debug)]
    enum State<F> {
        Preflight { status: StatusCode, headers: HeaderMap },
        Pass { #[pin] inner: F, policy: PreparedPolicy<HeaderValue>, pass: Option<Pass<HeaderValue>> },
    }
}

impl<F> ResponseFuture<F> {
    pub(crate) fn preflight<B>(
        policy: &PreparedPolicy<HeaderValue>,
        preflight: Preflight,
        request: &Request<B>,
    ) -> Self {
        // A policy's statuses are valid ones, by construction; were one not, the browser must not take it for a yes.
        let status = StatusCode::from_u16(preflight.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut headers = HeaderMap::with_capacity(PREFLIGHT_HEADERS);
        policy.write_preflight(preflight, request, &mut headers);
        Self { state: State::Preflight { status, headers } }
    }

    pub(crate) fn pass(inner: F, policy: PreparedPolicy<HeaderValue>, pass: Pass<HeaderValue>) -> Self {
        Self { state: State::Pass { inner, policy, pass: Some(pass) } }
    }
}

impl<F, B, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Default,
{
    type Output = Result<Response<B>, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProjection::Preflight { status, headers } => {
                let mut response = Response::new(B::default());
                *response.status_mut() = *status;
                *response.headers_mut() = mem::take(headers);
                Poll::Ready(Ok(response))
            }
            StateProjection::Pass { inner, policy, pass } => {
                // An error is no response yet: there is nothing to write into.
                let mut response = ready!(inner.poll(context))?;
                if let Some(pass) = pass.take() {
                    policy.write(pass, response.headers_mut());
                }
                Poll::Ready(Ok(response))
            }
        }
    }
}
