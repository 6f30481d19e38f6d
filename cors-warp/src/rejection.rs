//! The response to a rejection that nothing in the routes recovered from.
//!
//! warp makes this response where a service ends, after all filters. A filter can neither call that code nor run a
//! service inside of itself. So this module makes the same response from what warp does tell about a rejection: its
//! status (to `warp::log`), the causes whose types are public, and its `Debug` text.

use std::cell::Cell;
use std::convert::Infallible;
use std::error::Error;
use std::future;

use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};
use warp::body::BodyDeserializeError;
use warp::cors::CorsForbidden;
use warp::ext::MissingExtension;
use warp::log::Info;
use warp::reject::{
    InvalidHeader, InvalidQuery, LengthRequired, MethodNotAllowed, MissingCookie, MissingHeader,
    PayloadTooLarge, UnsupportedMediaType,
};
use warp::reply::{Reply, Response};
use warp::{Filter, Rejection};

thread_local! {
    /// The status of the outcome that the log closure below saw last on this thread.
    static STATUS: Cell<StatusCode> = const { Cell::new(StatusCode::INTERNAL_SERVER_ERROR) };
}

/// Turns every rejection of `routes` into the response that warp would send for it.
pub(crate) fn into_responses<F>(
    routes: F,
) -> impl Filter<Extract = (Response,), Error = Infallible> + Clone + Send + Sync + use<F>
where
    F: Filter<Extract = (Response,), Error = Rejection> + Clone + Send + Sync + 'static,
{
    // warp calls the closure of `recover` in the same poll as the one of `log` and right after it, so `STATUS` holds
    // the status of the rejection at hand.
    routes
        .with(warp::log::custom(|info: Info<'_>| STATUS.set(info.status())))
        .map(Reply::into_response)
        .recover(|rejection: Rejection| future::ready(Ok::<_, Infallible>(respond(&rejection, STATUS.get()))))
        .unify()
}

fn respond(rejection: &Rejection, status: StatusCode) -> Response {
    tracing::debug!(?rejection, "rejected");
    if status == StatusCode::NOT_FOUND {
        // The one response that warp sends without a text.
        return status.into_response();
    }
    let mut response = text(rejection, status).into_response();
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}

/// The text that warp sends: the cause itself where warp knows it, or else its `Debug` text.
fn text(rejection: &Rejection, status: StatusCode) -> String {
    let causes = format!("{rejection:?}");
    let causes =
        causes.strip_prefix("Rejection(").and_then(|causes| causes.strip_suffix(')')).unwrap_or(&causes);
    let cause = CAUSES
        .iter()
        .filter(|(its_status, _)| *its_status == status)
        .filter_map(|(_, find)| find(rejection))
        // Of several causes with the same status warp takes the first, and `Debug` lists them in order.
        .min_by_key(|cause| causes.find(&format!("{cause:?}")).unwrap_or(usize::MAX));
    if status == StatusCode::INTERNAL_SERVER_ERROR {
        tracing::error!(causes, "unhandled rejection, answered with status 500");
    }
    match cause {
        Some(cause) => cause.to_string(),
        None if status == StatusCode::INTERNAL_SERVER_ERROR => format!("Unhandled rejection: {causes}"),
        // warp keeps the type of this cause private.
        None => causes.to_owned(),
    }
}

type Find = for<'r> fn(&'r Rejection) -> Option<&'r (dyn Error + 'static)>;

/// The causes that have a public type, each with the status that warp gives it.
const CAUSES: [(StatusCode, Find); 11] = [
    (StatusCode::BAD_REQUEST, find::<InvalidHeader>),
    (StatusCode::BAD_REQUEST, find::<MissingHeader>),
    (StatusCode::BAD_REQUEST, find::<MissingCookie>),
    (StatusCode::BAD_REQUEST, find::<InvalidQuery>),
    (StatusCode::BAD_REQUEST, find::<BodyDeserializeError>),
    (StatusCode::FORBIDDEN, find::<CorsForbidden>),
    (StatusCode::METHOD_NOT_ALLOWED, find::<MethodNotAllowed>),
    (StatusCode::LENGTH_REQUIRED, find::<LengthRequired>),
    (StatusCode::PAYLOAD_TOO_LARGE, find::<PayloadTooLarge>),
    (StatusCode::UNSUPPORTED_MEDIA_TYPE, find::<UnsupportedMediaType>),
    (StatusCode::INTERNAL_SERVER_ERROR, find::<MissingExtension>),
];

fn find<E: Error + 'static>(rejection: &Rejection) -> Option<&(dyn Error + 'static)> {
    rejection.find::<E>().map(|cause| cause as _)
}
