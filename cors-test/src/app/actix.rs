//! Services of actix-web.

use std::error::Error;
use std::future::poll_fn;
use std::pin::pin;

use actix_http::body::MessageBody;
use actix_http::header::{HeaderName, HeaderValue};
use actix_http::{Method, Payload, Uri};
use actix_web::HttpResponse;
use actix_web::dev::{Service, ServiceResponse};
use bytes::Bytes;
use cors_browser::{NetworkError, WireRequest, WireResponse};
use futures_util::{TryStreamExt as _, stream};

use super::{App, body, kind, target, unsendable};

/// What `actix_web::test::init_service` returns. It answers as actix-web's server does: an error of a middleware becomes a response.
#[cfg_attr(docsrs, doc(cfg(feature = "actix")))]
impl<S, B> App<kind::Actix> for S
where
    S: Service<actix_http::Request, Response = ServiceResponse<B>, Error = actix_web::Error>,
    B: MessageBody,
{
    async fn respond(&self, request: WireRequest) -> Result<WireResponse, NetworkError> {
        let request = convert(request)?;
        poll_fn(|context| self.poll_ready(context)).await.map_err(unsendable)?;
        match self.call(request).await {
            Ok(response) => Ok(read(response.into_parts().1).await),
            Err(error) => Ok(read(HttpResponse::from_error(error)).await),
        }
    }
}

/// The request as actix-web's server makes it.
fn convert(request: WireRequest) -> Result<actix_http::Request, NetworkError> {
    let target: Uri = target(&request).parse().map_err(unsendable)?;
    let payload = Payload::from(Bytes::from(request.body.unwrap_or_default()));
    let mut converted = actix_http::Request::with_payload(payload);
    let head = converted.head_mut();
    head.method = Method::from_bytes(request.method.as_bytes()).map_err(unsendable)?;
    head.uri = target;
    for (name, value) in &request.headers {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(unsendable)?;
        head.headers.append(name, HeaderValue::from_bytes(value).map_err(unsendable)?);
    }
    Ok(converted)
}

async fn read<B: MessageBody>(response: HttpResponse<B>) -> WireResponse {
    let mut converted = WireResponse::new(response.status().as_u16());
    for (name, value) in response.headers() {
        converted.headers.push((name.as_str().to_owned(), value.as_bytes().to_vec()));
    }
    let mut body = pin!(response.into_body());
    let frames = stream::poll_fn(|context| body.as_mut().poll_next(context));
    body::read(converted, frames.map_err(|error| -> Box<dyn Error> { error.into() })).await
}
