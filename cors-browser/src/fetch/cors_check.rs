//! Fetch, "CORS check".

use crate::header::{HeaderList, isomorphic_decode};
use crate::request::Request;
use crate::steps::Steps;
use crate::{BlockReason, Blocked, WireResponse};

/// Why the CORS check failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum CorsFailure {
    /// `Access-Control-Allow-Origin` is missing.
    Missing,
    /// `Access-Control-Allow-Origin` has several values.
    Multiple(String),
    /// `Access-Control-Allow-Origin` is another origin.
    Mismatch(String),
    /// `Access-Control-Allow-Origin` is `*`, and the request includes credentials.
    Wildcard,
    /// `Access-Control-Allow-Credentials` is not `true`, and the request includes credentials.
    Credentials(String),
}

/// Fetch, "HTTP fetch", step 4.4: the CORS check of a response that is not a preflight's.
pub(crate) fn check_sharing(
    request: &Request,
    response: &WireResponse,
    steps: &(impl Steps + ?Sized),
) -> Result<(), Blocked> {
    let headers = HeaderList::from(response.headers.as_slice());
    cors_check(request, &headers, steps).map_err(CorsFailure::on_response)
}

/// Fetch, "CORS check" for a request and the headers of a response.
pub(super) fn cors_check(
    request: &Request,
    headers: &HeaderList,
    steps: &(impl Steps + ?Sized),
) -> Result<(), CorsFailure> {
    // Steps 1 and 2.
    let Some(allowed) = headers.combined("access-control-allow-origin") else {
        return Err(CorsFailure::Missing);
    };
    // Step 3.
    if allowed == b"*" && steps.accepts_wildcard_origin(request) {
        return Ok(());
    }
    // Step 4.
    if allowed != steps.serialize_origin(request).as_bytes() {
        return Err(match &*allowed {
            b"*" => CorsFailure::Wildcard,
            _ if allowed.contains(&b',') => CorsFailure::Multiple(isomorphic_decode(&allowed)),
            _ => CorsFailure::Mismatch(isomorphic_decode(&allowed)),
        });
    }
    // Step 5.
    if !steps.needs_allow_credentials(request) {
        return Ok(());
    }
    // Steps 6 to 8.
    match headers.combined("access-control-allow-credentials") {
        Some(value) if value == b"true" => Ok(()),
        value => Err(CorsFailure::Credentials(isomorphic_decode(&value.unwrap_or_default()))),
    }
}

impl CorsFailure {
    /// The failure for the response to a preflight.
    pub(super) fn on_preflight(self) -> Blocked {
        let reason = match self {
            Self::Missing => BlockReason::PreflightMissingAllowOrigin,
            Self::Multiple(_) => BlockReason::PreflightMultipleAllowOrigin,
            Self::Mismatch(_) => BlockReason::PreflightAllowOriginMismatch,
            Self::Wildcard => BlockReason::PreflightWildcardWithCredentials,
            Self::Credentials(_) => BlockReason::PreflightCredentialsNotAllowed,
        };
        self.blocked(reason)
    }

    /// The failure for any other response.
    pub(super) fn on_response(self) -> Blocked {
        let reason = match self {
            Self::Missing => BlockReason::MissingAllowOrigin,
            Self::Multiple(_) => BlockReason::MultipleAllowOrigin,
            Self::Mismatch(_) => BlockReason::AllowOriginMismatch,
            Self::Wildcard => BlockReason::WildcardOriginWithCredentials,
            Self::Credentials(_) => BlockReason::CredentialsNotAllowed,
        };
        self.blocked(reason)
    }

    fn blocked(self, reason: BlockReason) -> Blocked {
        let (header, value) = match self {
            Self::Missing => return Blocked::new(reason, "Access-Control-Allow-Origin is missing"),
            Self::Multiple(value) | Self::Mismatch(value) => ("Access-Control-Allow-Origin", value),
            Self::Wildcard => ("Access-Control-Allow-Origin", "*".to_owned()),
            Self::Credentials(value) => ("Access-Control-Allow-Credentials", value),
        };
        Blocked::new(reason, format!("{header} is `{value}`")).with_value(value)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use url::Url;

    use super::*;
    use crate::steps::Standard;
    use crate::{Credentials, FetchRequest, Origin, Page, Profile};

    fn check(origin: &str, credentials: Credentials, headers: &[(&str, &str)]) -> Result<(), CorsFailure> {
        let page = Page::new(Origin::parse(origin).unwrap());
        let init =
            FetchRequest::new(Url::parse("https://api.example/").unwrap()).with_credentials(credentials);
        let request = Request::construct(&page, init, &Profile::standard(), &Standard).unwrap();
        let mut list = HeaderList::default();
        for (name, value) in headers {
            list.append(name, *value);
        }
        cors_check(&request, &list, &Standard)
    }

    const APP: &str = "https://app.example";
    const ALLOW: &str = "access-control-allow-origin";
    const TRUE: (&str, &str) = ("access-control-allow-credentials", "true");

    #[rstest]
    #[case::exact(APP, Credentials::SameOrigin, &[(ALLOW, APP)])]
    #[case::any(APP, Credentials::SameOrigin, &[(ALLOW, "*")])]
    #[case::any_omit(APP, Credentials::Omit, &[(ALLOW, "*")])]
    #[case::any_with_header(APP, Credentials::Omit, &[(ALLOW, "*"), TRUE])]
    #[case::exact_include(APP, Credentials::Include, &[(ALLOW, APP), TRUE])]
    #[case::null("null", Credentials::SameOrigin, &[(ALLOW, "null")])]
    #[case::null_include("null", Credentials::Include, &[(ALLOW, "null"), TRUE])]
    #[case::port("https://app.example:8443", Credentials::Omit, &[(ALLOW, "https://app.example:8443")])]
    fn succeeds(#[case] origin: &str, #[case] credentials: Credentials, #[case] headers: &[(&str, &str)]) {
        assert_eq!(check(origin, credentials, headers), Ok(()));
    }

    #[rstest]
    #[case::none(APP, Credentials::SameOrigin, &[], CorsFailure::Missing)]
    #[case::slash(APP, Credentials::SameOrigin, &[(ALLOW, "https://app.example/")], CorsFailure::Mismatch("https://app.example/".into()))]
    #[case::case(APP, Credentials::SameOrigin, &[(ALLOW, "https://APP.example")], CorsFailure::Mismatch("https://APP.example".into()))]
    #[case::scheme(APP, Credentials::SameOrigin, &[(ALLOW, "http://app.example")], CorsFailure::Mismatch("http://app.example".into()))]
    #[case::default_port(APP, Credentials::SameOrigin, &[(ALLOW, "https://app.example:443")], CorsFailure::Mismatch("https://app.example:443".into()))]
    #[case::empty(APP, Credentials::SameOrigin, &[(ALLOW, "")], CorsFailure::Mismatch(String::new()))]
    #[case::null(APP, Credentials::SameOrigin, &[(ALLOW, "null")], CorsFailure::Mismatch("null".into()))]
    #[case::list(APP, Credentials::SameOrigin, &[(ALLOW, "https://app.example, https://b.example")], CorsFailure::Multiple("https://app.example, https://b.example".into()))]
    #[case::twice(APP, Credentials::SameOrigin, &[(ALLOW, APP), (ALLOW, APP)], CorsFailure::Multiple("https://app.example, https://app.example".into()))]
    #[case::star_twice(APP, Credentials::SameOrigin, &[(ALLOW, "*"), (ALLOW, "*")], CorsFailure::Multiple("*, *".into()))]
    #[case::star(APP, Credentials::Include, &[(ALLOW, "*"), TRUE], CorsFailure::Wildcard)]
    #[case::no_credentials(APP, Credentials::Include, &[(ALLOW, APP)], CorsFailure::Credentials(String::new()))]
    #[case::cased(APP, Credentials::Include, &[(ALLOW, APP), ("access-control-allow-credentials", "True")], CorsFailure::Credentials("True".into()))]
    #[case::true_twice(APP, Credentials::Include, &[(ALLOW, APP), TRUE, TRUE], CorsFailure::Credentials("true, true".into()))]
    fn fails(
        #[case] origin: &str,
        #[case] credentials: Credentials,
        #[case] headers: &[(&str, &str)],
        #[case] failure: CorsFailure,
    ) {
        assert_eq!(check(origin, credentials, headers), Err(failure));
    }
}
