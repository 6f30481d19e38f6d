//! Errors on their way out.

use std::error::Error as StdError;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use cors_core::{Actual, PreparedPolicy};
use poem::error::ResponseError;
use poem::http::{HeaderValue, StatusCode};
use poem::{Error, IntoResponse, PathPattern, Response};

/// An error that has passed through [`Cors`](crate::Cors): its response carries the CORS headers.
///
/// It has the status and the text of the application's error, so that loggers outside of the middleware report what
/// they always did. An error handler outside, which makes a response of its own, lets [`respond`](Self::respond)
/// write the headers of that one:
///
/// ```
/// use cors_poem::{Cors, ErrorWithCors, Policy};
/// use poem::http::StatusCode;
/// use poem::{Endpoint, EndpointExt, IntoResponse, Request, Route};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let policy = Policy::builder().allow_origins("https://app.example").build()?;
/// let app = Route::new().with(Cors::new(policy)).catch_error(async |error: ErrorWithCors| {
///     error.respond(|error| format!("sorry: {error}").with_status(error.status()))
/// });
///
/// let request = Request::builder().header("origin", "https://app.example").finish();
/// let response = app.get_response(request).await;
/// assert_eq!(response.status(), StatusCode::NOT_FOUND);
/// assert_eq!(response.header("access-control-allow-origin"), Some("https://app.example"));
/// assert_eq!(response.into_body().into_string().await?, "sorry: not found");
/// # Ok(())
/// # }
/// ```
pub struct ErrorWithCors {
    status: StatusCode,
    // Poem asks a borrowed error for its response, and its own error gives its response away only whole.
    passing: Mutex<Option<Passing>>,
}

struct Passing {
    error: Error,
    policy: PreparedPolicy<HeaderValue>,
    pass: Actual<HeaderValue>,
}

impl ErrorWithCors {
    /// Makes the response of this error: what `respond` makes of the application's own error, and the CORS headers.
    ///
    /// The application's error is as it was: `is`, `downcast` and its data work on it.
    pub fn respond<R: IntoResponse>(self, respond: impl FnOnce(Error) -> R) -> Response {
        self.take(|error| respond(error).into_response())
    }

    /// The error that leaves the middleware in the place of `error`.
    pub(crate) fn wrap(
        error: Error,
        policy: PreparedPolicy<HeaderValue>,
        pass: Actual<HeaderValue>,
    ) -> Error {
        let status = error.status();
        // Metrics outside of the middleware report the route by it.
        let pattern = error.data::<PathPattern>().cloned();
        let passing = Mutex::new(Some(Passing { error, policy, pass }));
        let mut error = Error::from(Self { status, passing });
        if let Some(pattern) = pattern {
            error.set_data(pattern);
        }
        error
    }

    fn take(&self, respond: impl FnOnce(Error) -> Response) -> Response {
        let Some(Passing { error, policy, pass }) = self.lock().take() else {
            // Poem asks once; whoever asks by hand, before Poem does, has the response.
            return self.status.into();
        };
        let mut response = respond(error);
        policy.write_actual(pass, response.headers_mut());
        response
    }

    fn lock(&self) -> MutexGuard<'_, Option<Passing>> {
        self.passing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ResponseError for ErrorWithCors {
    fn status(&self) -> StatusCode {
        self.status
    }

    fn as_response(&self) -> Response {
        self.take(Error::into_response)
    }
}

impl StdError for ErrorWithCors {}

impl fmt::Display for ErrorWithCors {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.lock() {
            Some(passing) => passing.error.fmt(formatter),
            None => self.status.fmt(formatter),
        }
    }
}

impl fmt::Debug for ErrorWithCors {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = formatter.debug_struct("ErrorWithCors");
        text.field("status", &self.status);
        if let Some(passing) = &*self.lock() {
            text.field("error", &passing.error);
        }
        text.finish_non_exhaustive()
    }
}
