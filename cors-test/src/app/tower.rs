//! Services of tower, such as routers of axum.

use std::fmt::Display;
use std::future::poll_fn;

use bytes::{Buf as _, Bytes};
use cors_browser::{FailureKind, NetworkError, WireRequest, WireResponse};
use futures_util::TryStreamExt as _;
use http_body_util::{BodyDataStream, Full};
use tower_service::Service;

use super::{App, body, convert, kind};

/// The body of the requests that a tower service gets.
///
/// A router of axum takes every body. For a service that takes only `axum::body::Body`, use `ServiceExt::map_request` of tower:
///
/// ```
/// use cors_test::TowerBody;
/// use tower::ServiceExt as _;
///
/// # async fn answer(_: axum::extract::Request) -> Result<axum::response::Response, std::convert::Infallible> {
/// #     Ok(axum::response::Response::default())
/// # }
/// let service = tower::service_fn(answer); // takes `http::Request<axum::body::Body>`
/// let app = service.map_request(|request: http::Request<TowerBody>| request.map(axum::body::Body::new));
/// # let page = cors_test::Page::at("https://app.example.com");
/// # drop(page.fetch(&app, "https://api.example.com/"));
/// ```
#[cfg_attr(docsrs, doc(cfg(feature = "tower")))]
pub type TowerBody = Full<Bytes>;

/// A tower service, such as a `Router` of axum.
#[cfg_attr(docsrs, doc(cfg(feature = "tower")))]
impl<S, B> App<kind::Tower> for S
where
    S: Service<http::Request<TowerBody>, Response = http::Response<B>> + Clone,
    S::Error: Display,
    B: http_body::Body,
    B::Error: Display,
{
    async fn respond(&self, request: WireRequest) -> Result<WireResponse, NetworkError> {
        respond(self.clone(), request).await
    }
}

pub(super) async fn respond<S, B>(mut service: S, request: WireRequest) -> Result<WireResponse, NetworkError>
where
    S: Service<http::Request<TowerBody>, Response = http::Response<B>>,
    S::Error: Display,
    B: http_body::Body,
    B::Error: Display,
{
    let (method, uri, headers) = convert::head(&request)?;
    let mut http_request = http::Request::new(Full::from(request.body.unwrap_or_default()));
    *http_request.method_mut() = method;
    *http_request.uri_mut() = uri;
    *http_request.headers_mut() = headers;
    poll_fn(|context| service.poll_ready(context)).await.map_err(|error| failed(&error))?;
    let (parts, body) = service.call(http_request).await.map_err(|error| failed(&error))?.into_parts();
    let body = BodyDataStream::new(body).map_ok(|mut data| data.copy_to_bytes(data.remaining()));
    Ok(body::read(convert::response(parts.status, &parts.headers), body).await)
}

/// A server closes the connection if the service returns an error.
fn failed(error: &impl Display) -> NetworkError {
    let detail = format!("the application returned an error instead of a response: {error}");
    NetworkError::new(FailureKind::BrokenOff, detail)
}
