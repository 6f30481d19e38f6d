//! Fetch, "CORS-preflight fetch".

use std::borrow::Cow;

use super::Fetch;
use super::preflight_check::check;
use crate::header::HeaderList;
use crate::profile::Profile;
use crate::request::{Request, RequestMode, Tainting};
use crate::steps::Steps;
use crate::{Blocked, Credentials, ExchangeKind};

impl Fetch<'_> {
    /// Fetch, "CORS-preflight fetch".
    pub(super) async fn preflight_fetch(&mut self, request: &Request) -> Result<(), Blocked> {
        let (steps, profile) = (self.steps(), &self.browser.profile);
        let request = &*as_preflight_sees_it(request, profile);
        // Steps 1 to 5.
        let preflight = Request {
            method: "OPTIONS".to_owned(),
            headers: steps.preflight_headers(request, profile),
            body: None,
            mode: RequestMode::Cors,
            credentials: Credentials::SameOrigin,
            preflight_for: Some(request.credentials),
            tainting: Tainting::Cors,
            ..request.clone()
        };
        // Step 6.
        let response = self.network_or_cache_fetch(&preflight, ExchangeKind::Preflight).await?;
        // Step 7.
        let grant = check(request, &response, profile, steps)?;
        self.browser.store_preflight(self.page, request, grant);
        Ok(())
    }
}

/// The request that a preflight asks about. In some browsers, redirects do not change the origin of a preflight, or a preflight asks
/// for a header that a redirect has dropped.
pub(crate) fn as_preflight_sees_it<'a>(request: &'a Request, profile: &Profile) -> Cow<'a, Request> {
    let asks_for_authorization = profile.asks_for_dropped_authorization && request.dropped_authorization;
    if !profile.preflights_name_the_page && !asks_for_authorization {
        return Cow::Borrowed(request);
    }
    let mut seen = request.clone();
    if profile.preflights_name_the_page {
        seen.urls = vec![request.current_url().clone()];
    }
    if asks_for_authorization {
        seen.headers.append("Authorization", "dropped");
    }
    Cow::Owned(seen)
}

/// Steps 2 to 5: the headers of a preflight.
pub(crate) fn preflight_headers(
    request: &Request,
    profile: &Profile,
    steps: &(impl Steps + ?Sized),
) -> HeaderList {
    let mut headers = HeaderList::default();
    // Step 2.
    headers.append("Accept", "*/*");
    // Step 3.
    headers.append("Access-Control-Request-Method", request.method.as_str());
    // Steps 4 and 5: commas without spaces.
    let names = steps.requested_header_names(request, profile);
    if !names.is_empty() {
        headers.append("Access-Control-Request-Headers", names.join(","));
    }
    let user_agent = request.headers.combined("User-Agent");
    if let Some(user_agent) = user_agent.filter(|_| profile.preflights_have_user_agent) {
        headers.append("User-Agent", user_agent);
    }
    headers
}

/// Step 4: the members of `Access-Control-Request-Headers`.
pub(crate) fn requested_header_names(
    request: &Request,
    profile: &Profile,
    steps: &(impl Steps + ?Sized),
) -> Vec<String> {
    let names = steps.unsafe_header_names(&request.headers, profile);
    if profile.asks_once_for_repeated_names {
        return names;
    }
    let repeated = |name: String| {
        let count = request.headers.iter().filter(|(other, _)| other.eq_ignore_ascii_case(&name)).count();
        vec![name; count]
    };
    names.into_iter().flat_map(repeated).collect()
}
