//! Fetch, "CORS-preflight fetch", step 7: what the response to a preflight must contain.

use super::cors_check::{CorsFailure, cors_check};
use super::redirect_fetch::is_redirect_status;
use crate::header::{HeaderList, MaxAge, extract_list, extract_max_age, isomorphic_decode};
use crate::profile::Profile;
use crate::request::Request;
use crate::steps::Steps;
use crate::{BlockReason, Blocked, Credentials, WireResponse};

/// What the response to a preflight grants.
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
pub(super) fn check(
    request: &Request,
    response: &WireResponse,
    profile: &Profile,
    steps: &dyn Steps,
) -> Result<Grant, Blocked> {
    let list = HeaderList::from(response.headers.as_slice());

    // Step 7 rejects every status that is not an ok status. Browsers report a redirect, which has a
    // `Location`, before anything else.
    let status = |reason| {
        let detail = format!("the status of the preflight's response is {}", response.status);
        Blocked::new(reason, detail).with_value(response.status.to_string())
    };
    let has_location = response.lines("location").next().is_some();
    if is_redirect_status(response.status) && has_location {
        return Err(status(BlockReason::PreflightRedirected));
    }
    cors_check(request, &list, steps).map_err(CorsFailure::on_preflight)?;
    if !matches!(response.status, 200..=299) {
        return Err(status(BlockReason::PreflightStatusNotOk));
    }

    // Steps 7.1 to 7.3.
    let methods = extract_list(list.values("access-control-allow-methods"))
        .map_err(|line| unparsable(BlockReason::InvalidAllowMethods, "Access-Control-Allow-Methods", &line))?
        // Step 7.4: so that the preflight can be cached.
        .or_else(|| request.use_cors_preflight.then(|| vec![request.method.clone()]))
        .unwrap_or_default();
    let headers = extract_list(list.values("access-control-allow-headers"))
        .map_err(|line| unparsable(BlockReason::InvalidAllowHeaders, "Access-Control-Allow-Headers", &line))?
        .unwrap_or_default();

    check_method(request, &methods, steps)?;
    check_headers(request, &headers, profile, steps)?;

    // Step 7.8.
    let max_age = extract_max_age(list.values("access-control-max-age"));
    Ok(Grant { methods, headers, max_age })
}

/// Step 7.5.
fn check_method(request: &Request, allowed: &[String], steps: &dyn Steps) -> Result<(), Blocked> {
    let has_wildcard = allowed.iter().any(|method| method == "*");
    let is_covered = has_wildcard && request.credentials != Credentials::Include;
    let method = &request.method;
    if steps.lists_method(allowed, method) || steps.is_safelisted_method(method) || is_covered {
        return Ok(());
    }
    let reason =
        if has_wildcard { BlockReason::MethodWildcardWithCredentials } else { BlockReason::MethodNotAllowed };
    Err(not_listed(reason, method, allowed))
}

/// Steps 7.6 and 7.7.
fn check_headers(
    request: &Request,
    allowed: &[String],
    profile: &Profile,
    steps: &dyn Steps,
) -> Result<(), Blocked> {
    let has_wildcard = allowed.iter().any(|name| name == "*");
    let is_covered = has_wildcard && request.credentials != Credentials::Include;
    let names = steps.unsafe_header_names(&request.headers, profile);
    let reason = |wildcard| if has_wildcard { wildcard } else { BlockReason::HeaderNotAllowed };
    let unlisted = || names.iter().filter(|name| !steps.lists_header(allowed, name));
    let refused: Vec<String> = unlisted().cloned().collect();

    // Step 7.6: `*` does not cover `Authorization`.
    for name in unlisted().filter(|name| steps.is_non_wildcard_name(name)) {
        if !(is_covered && profile.wildcard_covers_authorization) {
            let reason = reason(BlockReason::AuthorizationNotCoveredByWildcard);
            return Err(not_listed(reason, name, allowed).with_refused(refused));
        }
    }
    // Step 7.7.
    match unlisted().next() {
        Some(name) if !is_covered => {
            Err(not_listed(reason(BlockReason::HeaderWildcardWithCredentials), name, allowed)
                .with_refused(refused))
        }
        _ => Ok(()),
    }
}

fn not_listed(reason: BlockReason, name: &str, allowed: &[String]) -> Blocked {
    Blocked::new(reason, format!("{name} is not among [{}]", allowed.join(", "))).with_value(name)
}

fn unparsable(reason: BlockReason, header: &str, line: &[u8]) -> Blocked {
    let value = isomorphic_decode(line);
    Blocked::new(reason, format!("{header} cannot be parsed: `{value}`")).with_value(value)
}
