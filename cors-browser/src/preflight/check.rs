//! What a preflight's response has to say.

use super::super::cors_check::{CorsFailure, cors_check};
use super::super::fault::{Fault, Faults};
use super::super::header::{
    HeaderList, MaxAge, extract_list, extract_max_age, is_non_wildcard_name, isomorphic_decode,
};
use super::super::profile::Profile;
use super::super::request::Request;
use super::super::{BlockReason, Blocked, Credentials, WireResponse};
use super::{is_method_exempt, names};

/// What a preflight's response grants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Grant {
    /// The members of `Access-Control-Allow-Methods`.
    pub(crate) methods: Vec<String>,
    /// The members of `Access-Control-Allow-Headers`.
    pub(crate) headers: Vec<String>,
    /// `Access-Control-Max-Age`.
    pub(crate) max_age: MaxAge,
}

/// Fetch, "CORS-preflight fetch", step 7.
pub(crate) fn check(
    request: &Request,
    response: &WireResponse,
    profile: &Profile,
    faults: Faults,
) -> Result<Grant, Blocked> {
    let list = HeaderList::from(response.headers.as_slice());
    let with_credentials = request.credentials == Credentials::Include;

    // Step 7 rejects any status that is not ok; a redirect is named before anything else, as browsers do.
    let is_ok = matches!(response.status, 200..=299);
    let status = format!("the preflight's status is {}", response.status);
    if !is_ok && matches!(response.status, 301 | 302 | 303 | 307 | 308) {
        return Err(
            Blocked::new(BlockReason::PreflightRedirected, status).with_value(response.status.to_string())
        );
    }
    cors_check(request, &list, faults).map_err(CorsFailure::on_preflight)?;
    if !is_ok {
        return Err(
            Blocked::new(BlockReason::PreflightStatusNotOk, status).with_value(response.status.to_string())
        );
    }

    // Steps 7.1 to 7.3.
    let methods = extract_list(list.values("access-control-allow-methods"))
        .map_err(|line| unparsable(BlockReason::InvalidAllowMethods, "Access-Control-Allow-Methods", &line))?
        .unwrap_or_default();
    let headers = extract_list(list.values("access-control-allow-headers"))
        .map_err(|line| unparsable(BlockReason::InvalidAllowHeaders, "Access-Control-Allow-Headers", &line))?
        .unwrap_or_default();

    // Step 7.5.
    let any_method = methods.iter().any(|method| method == "*");
    let covers_method = any_method && !with_credentials;
    let lists_method = methods.iter().any(|method| {
        *method == request.method
            || faults.has(Fault::MatchesMethodsInAnyCase) && method.eq_ignore_ascii_case(&request.method)
    });
    let is_method_allowed =
        lists_method || is_method_exempt(&request.method, faults) || faults.has(Fault::IgnoresAllowMethods);
    if !is_method_allowed && !covers_method {
        let reason = if any_method {
            BlockReason::MethodWildcardWithCredentials
        } else {
            BlockReason::MethodNotAllowed
        };
        let detail = format!("{} is not among [{}]", request.method, methods.join(", "));
        return Err(Blocked::new(reason, detail).with_value(&request.method));
    }

    // Steps 7.6 and 7.7.
    check_headers(request, &headers, profile, faults)?;

    // Step 7.8.
    let max_age = extract_max_age(list.values("access-control-max-age"));
    Ok(Grant { methods, headers, max_age })
}

fn check_headers(
    request: &Request,
    allowed: &[String],
    profile: &Profile,
    faults: Faults,
) -> Result<(), Blocked> {
    if faults.has(Fault::IgnoresAllowHeaders) {
        return Ok(());
    }
    let with_credentials = request.credentials == Credentials::Include;
    let any_header = allowed.iter().any(|name| name == "*");
    let covers_headers = any_header && !with_credentials;
    let is_listed = |name: &str| allowed.iter().any(|allowed| allowed.eq_ignore_ascii_case(name));
    let not_among = |name: &str| format!("{name} is not among [{}]", allowed.join(", "));

    // Step 7.6: `*` does not cover `Authorization`.
    for name in names(request, faults).iter().filter(|name| is_non_wildcard_name(name) && !is_listed(name)) {
        let covers_authorization =
            profile.wildcard_covers_authorization || faults.has(Fault::CoversAuthorizationByWildcard);
        if covers_headers && covers_authorization {
            continue;
        }
        let reason = if any_header {
            BlockReason::AuthorizationNotCoveredByWildcard
        } else {
            BlockReason::HeaderNotAllowed
        };
        return Err(Blocked::new(reason, not_among(name)).with_value(name));
    }
    // Step 7.7.
    for name in names(request, faults).iter().filter(|name| !is_listed(name)) {
        if covers_headers {
            continue;
        }
        let reason = if any_header {
            BlockReason::HeaderWildcardWithCredentials
        } else {
            BlockReason::HeaderNotAllowed
        };
        return Err(Blocked::new(reason, not_among(name)).with_value(name));
    }
    Ok(())
}

fn unparsable(reason: BlockReason, header: &str, line: &[u8]) -> Blocked {
    let value = isomorphic_decode(line);
    Blocked::new(reason, format!("{header} cannot be parsed: `{value}`")).with_value(value)
}
