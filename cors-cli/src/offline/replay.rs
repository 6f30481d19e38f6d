//! A check with recorded responses.

use std::collections::VecDeque;
use std::future::ready;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cors_browser::{FailureKind, Network, NetworkError, NetworkFuture, WireRequest, WireResponse};

use crate::check::{Check, CheckReport, run};

/// The responses of a server, in the order in which they came.
#[derive(Clone, Debug, Default)]
pub struct Recorded {
    /// The responses to preflights.
    pub preflights: Vec<WireResponse>,
    /// The responses to all other requests.
    pub responses: Vec<WireResponse>,
}

/// The result of a check with recorded responses.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Judged {
    /// The report.
    pub report: CheckReport,
    /// How many recorded responses to preflights were not needed.
    pub unused_preflights: usize,
}

/// The response that a verdict needs and that is not recorded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Missing {
    /// The response to the preflight.
    #[error(
        "the browser sends a preflight, `OPTIONS {url}`, before this request, and its response is not given"
    )]
    Preflight {
        /// The URL.
        url: String,
    },
    /// The response to the request itself.
    #[error(
        "the preflight is granted, and the response to the request itself, `{method} {url}`, is not given"
    )]
    AfterPreflight {
        /// The method.
        method: String,
        /// The URL.
        url: String,
    },
    /// The response to a request without a preflight.
    #[error(
        "the browser sends no preflight before this request, and the response to `{method} {url}` is not given"
    )]
    Response {
        /// The method.
        method: String,
        /// The URL.
        url: String,
    },
    /// The response of the target of a redirect.
    #[error("the response is a redirect, and that of its target, `{method} {url}`, is not given")]
    Target {
        /// The method.
        method: String,
        /// The URL.
        url: String,
    },
}

/// Runs a check with recorded responses instead of a server.
///
/// # Errors
///
/// The first response that is needed and not recorded.
pub async fn judge(mut check: Check, recorded: Recorded) -> Result<Judged, Missing> {
    // There are responses to what the page sends, and to nothing else.
    check.setup.only = true;
    check.setup.login = None;
    let replay = Arc::new(Replay(Mutex::new(State {
        preflights: recorded.preflights.into(),
        responses: recorded.responses.into(),
        preflighted: false,
        answered: false,
        missing: None,
    })));
    let report = run(check, replay.clone()).await;
    let mut state = replay.state();
    match state.missing.take() {
        Some(missing) => Err(missing),
        None => Ok(Judged { report, unused_preflights: state.preflights.len() }),
    }
}

struct Replay(Mutex<State>);

struct State {
    preflights: VecDeque<WireResponse>,
    responses: VecDeque<WireResponse>,
    preflighted: bool,
    answered: bool,
    missing: Option<Missing>,
}

impl Replay {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn respond(&mut self, request: WireRequest) -> Result<WireResponse, NetworkError> {
        let (method, url) = (request.method.clone(), request.url.to_string());
        let missing = if is_preflight(&request) {
            if let Some(response) = self.preflights.pop_front() {
                self.preflighted = true;
                return Ok(response);
            }
            Missing::Preflight { url }
        } else {
            if let Some(response) = self.responses.pop_front() {
                self.answered = true;
                return Ok(response);
            }
            match (self.answered, self.preflighted) {
                (true, _) => Missing::Target { method, url },
                (false, true) => Missing::AfterPreflight { method, url },
                (false, false) => Missing::Response { method, url },
            }
        };
        let error = NetworkError::new(FailureKind::Unsendable, missing.to_string());
        self.missing.get_or_insert(missing);
        Err(error)
    }
}

impl Network for Replay {
    fn send(&self, request: WireRequest) -> NetworkFuture<'_> {
        Box::pin(ready(self.state().respond(request)))
    }
}

/// Whether a request is a preflight. A script cannot set the header.
pub(super) fn is_preflight(request: &WireRequest) -> bool {
    request.method == "OPTIONS" && request.header("access-control-request-method").is_some()
}

#[cfg(test)]
mod tests {
    use cors_browser::{FetchRequest, Origin, Page, Profile};
    use url::Url;

    use super::*;
    use crate::check::PageResult;

    fn check(method: &str) -> Check {
        let request = FetchRequest::new(Url::parse("https://api.example/x").unwrap()).with_method(method);
        Check::new(Page::new(Origin::parse("https://app.example").unwrap()), request, Profile::chromium())
    }

    fn allowed(status: u16) -> WireResponse {
        WireResponse::new(status)
            .with_header("access-control-allow-origin", "*")
            .with_header("access-control-allow-methods", "PUT")
    }

    async fn result(
        method: &str,
        preflights: &[WireResponse],
        responses: &[WireResponse],
    ) -> Result<PageResult, Missing> {
        let recorded = Recorded { preflights: preflights.to_vec(), responses: responses.to_vec() };
        judge(check(method), recorded).await.map(|judged| judged.report.page_result())
    }

    #[tokio::test]
    async fn a_verdict_needs_the_responses_up_to_the_one_that_decides() {
        let url = || "https://api.example/x".to_owned();
        let put = || "PUT".to_owned();
        assert_eq!(result("GET", &[], &[allowed(200)]).await, Ok(PageResult::Readable));
        assert_eq!(result("GET", &[], &[WireResponse::new(200)]).await, Ok(PageResult::Blocked));
        assert_eq!(result("PUT", &[allowed(204)], &[allowed(200)]).await, Ok(PageResult::Readable));
        assert_eq!(result("PUT", &[WireResponse::new(403)], &[]).await, Ok(PageResult::Blocked));
        assert_eq!(result("PUT", &[], &[allowed(200)]).await, Err(Missing::Preflight { url: url() }));
        assert_eq!(
            result("PUT", &[allowed(204)], &[]).await,
            Err(Missing::AfterPreflight { method: put(), url: url() })
        );
        assert_eq!(
            result("GET", &[allowed(204)], &[]).await,
            Err(Missing::Response { method: "GET".to_owned(), url: url() })
        );
        let redirect = allowed(302).with_header("location", "/y");
        assert_eq!(result("GET", &[], &[redirect.clone(), allowed(200)]).await, Ok(PageResult::Readable));
        assert_eq!(
            result("GET", &[], &[redirect]).await,
            Err(Missing::Target { method: "GET".to_owned(), url: "https://api.example/y".to_owned() })
        );
    }

    #[tokio::test]
    async fn a_preflight_that_is_not_needed_is_counted() {
        let recorded = Recorded { preflights: vec![allowed(204)], responses: vec![allowed(200)] };
        assert_eq!(judge(check("GET"), recorded).await.unwrap().unused_preflights, 1);
    }
}
