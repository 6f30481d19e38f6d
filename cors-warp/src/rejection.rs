//! The response that warp makes of a rejection.

use std::convert::Infallible;
use std::future;
use std::sync::{Arc, Mutex, PoisonError};

use http::{Request, StatusCode};
use tower_service::Service as _;
use warp::reply::{Reply as _, Response};
use warp::{Filter as _, Rejection};

/// Turns a rejection into the response that warp's server would send for it.
///
/// warp keeps this conversion to itself: it happens where a service ends. So a service of one filter that only rejects
/// is run, in a task of its own because warp forbids a service inside of a filter.
pub(crate) async fn into_response(rejection: Rejection) -> Result<Response, Infallible> {
    let response = tokio::spawn(async move {
        let rejection = Arc::new(Mutex::new(Some(rejection)));
        let reject = warp::any().and_then(move || {
            let rejection = rejection.lock().unwrap_or_else(PoisonError::into_inner).take();
            future::ready(Err::<StatusCode, _>(rejection.unwrap_or_else(warp::reject)))
        });
        warp::service(reject).call(Request::new(String::new())).await
    });
    // The task fails only if the application's `Debug` panics, or as the runtime shuts down.
    response.await.unwrap_or_else(|_| Ok(StatusCode::INTERNAL_SERVER_ERROR.into_response()))
}
