//! The answers of `cors-core`, in the form of the naive implementation.

use std::collections::BTreeSet;

use cors_core::{Decision, Policy, PolicyBuilder, PreparedPolicy, Problem, WarningCode};
use http::{HeaderMap, HeaderValue, Request};

use crate::Answer;

/// What the crate answers to a request whose response has these headers already.
pub fn answer(
    prepared: &PreparedPolicy<HeaderValue>,
    request: &Request<()>,
    mut headers: HeaderMap,
) -> Answer {
    let (status, reason) = match prepared.decide(request) {
        Decision::Preflight(preflight) => {
            prepared.write_preflight(preflight, request, &mut headers);
            (Some(preflight.status()), preflight.reason())
        }
        Decision::Actual(actual) => {
            prepared.write_actual(actual, &mut headers);
            (None, prepared.policy().origin_reason(request))
        }
        Decision::Denied(denied) => {
            let (status, reason) = (denied.status(), denied.reason());
            prepared.write_denied(denied, &mut headers);
            (Some(status), Some(reason))
        }
    };
    let mut lines: Vec<_> =
        headers.iter().map(|(name, value)| (name.to_string(), value.as_bytes().to_vec())).collect();
    lines.sort();
    Answer { status, reason: reason.map(|reason| reason.as_str().to_owned()), headers: lines }
}

/// The field and the code of every problem of a policy.
pub fn refusals(builder: PolicyBuilder) -> BTreeSet<(String, String)> {
    let place = |problem: &Problem| (problem.field().to_owned(), problem.code().to_string());
    builder.build().map_or_else(|error| error.problems().iter().map(place).collect(), |_| BTreeSet::new())
}

/// The field and the code of every warning, but for those about entries that others cover.
pub fn warnings(policy: &Policy) -> BTreeSet<(String, String)> {
    let warnings = policy.warnings().iter().filter(|warning| warning.code() != WarningCode::CoveredOrigin);
    warnings.map(|warning| (warning.field().to_owned(), warning.code().to_string())).collect()
}
