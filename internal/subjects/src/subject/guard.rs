//! What other middleware can do of a policy's guard.

use std::borrow::Cow;

use cors_core::{Guard, GuardAction, Policy};
use http::{Method, Uri};
use tower_http::csrf::CsrfLayer;

use super::written::{Written, written};

/// tower-http's `CsrfLayer` with the policy's guard, configured as its documentation recommends. `None` without a guard.
///
/// # Errors
///
/// It has no option for something in the guard.
pub(super) fn csrf_layer(policy: &Policy) -> Result<Option<Written<CsrfLayer>>, &'static str> {
    let Some(guard) = policy.guard() else { return Ok(None) };
    if let Some(lack) = lack_of_csrf_layer(policy, guard) {
        return Err(lack);
    }
    let exempt: Vec<(Cow<'static, str>, Cow<'static, str>)> =
        guard.exempt().map(|(method, path)| (method.to_owned().into(), path.to_owned().into())).collect();
    let mut layer = written!(CsrfLayer::new());
    if !exempt.is_empty() {
        layer = written!(layer.with_insecure_bypass(written!({ exempt } move |method: &Method, uri: &Uri| {
            exempt.iter().any(|exempt| exempt.0 == method.as_str() && exempt.1 == uri.path())
        })));
    }
    // It compares origins byte for byte, so `*` and `null` of the policy trust nobody.
    let listed = policy.allow_origins().filter(|origin| origin.contains("://"));
    let own = guard.own_origins().iter().map(|origin| origin.as_str().into());
    for origin in listed.chain(own) {
        let trusting = written!(layer.add_trusted_origin(&*origin)).transpose();
        layer = trusting.map_err(|_| "it trusts `http` and `https` origins only")?;
    }
    Ok(Some(layer))
}

fn lack_of_csrf_layer(policy: &Policy, guard: &Guard) -> Option<&'static str> {
    if guard.allow_hosts().is_some() {
        return Some("CsrfLayer does not check hosts");
    }
    if guard.report_only() {
        return Some("CsrfLayer cannot report only");
    }
    if guard.cross_site_writes() == GuardAction::Allow {
        return Some("CsrfLayer checks cross-site writes and nothing else");
    }
    if guard.foreign_origins() == GuardAction::Deny {
        return Some("CsrfLayer does not check reads");
    }
    if guard.websockets() == GuardAction::Deny {
        return Some("CsrfLayer does not check WebSocket handshakes");
    }
    let has_patterns = policy.allow_origins().any(|origin| origin != "*" && origin.contains('*'));
    has_patterns.then_some("CsrfLayer trusts exact origins only")
}

/// The policy for a middleware that denies every request whose `Origin` it does not list: with the server's own origins, which
/// it would deny as well.
///
/// # Errors
///
/// The guard denies less or more than that.
pub(super) fn with_own_origins(policy: &Policy) -> Result<Cow<'_, Policy>, &'static str> {
    let Some(guard) = policy.guard() else { return Ok(Cow::Borrowed(policy)) };
    if let Some(lack) = lack_of_list(policy, guard) {
        return Err(lack);
    }
    let with_own = policy.to_builder().allow_origins(guard.own_origins()).build();
    with_own
        .map(Cow::Owned)
        .map_err(|_| "its own origins would have to be allowed to read, which is not safe")
}

fn lack_of_list(policy: &Policy, guard: &Guard) -> Option<&'static str> {
    if guard.allow_hosts().is_some() {
        return Some("it does not check hosts");
    }
    if guard.report_only() {
        return Some("it cannot report only");
    }
    if guard.foreign_origins() == GuardAction::Allow {
        return Some("it denies all requests of other origins or none");
    }
    if guard.exempt().next().is_some() {
        return Some("it has no exemptions");
    }
    if guard.own_origins().is_empty() {
        return Some("it denies its own origin, unless it is listed");
    }
    let mut origins = policy.allow_origins();
    let may_write = origins.any(|origin| matches!(&*origin, "*" | "null"));
    may_write.then_some("origins that may read may also write")
}

#[cfg(test)]
mod tests {
    use cors_core::{Danger, GuardBuilder};
    use rstest::rstest;

    use super::*;

    fn policy(guard: GuardBuilder, origins: &[&str]) -> Policy {
        let policy = Policy::builder().allow_origins(origins.iter().copied());
        policy.dangerously_allow([Danger::NullOrigin]).guard(guard).build().expect("a safe policy")
    }

    fn writes() -> GuardBuilder {
        Guard::builder().websockets(GuardAction::Allow)
    }

    fn origins() -> GuardBuilder {
        Guard::builder().foreign_origins(GuardAction::Deny).own_origins("https://api.example")
    }

    #[test]
    fn a_policy_without_a_guard_can_be_expressed() {
        let policy = Policy::builder().allow_origins("https://app.example").build().expect("a safe policy");
        assert!(csrf_layer(&policy).is_ok_and(|layer| layer.is_none()));
        assert_eq!(*with_own_origins(&policy).expect("the policy itself"), policy);
    }

    #[rstest]
    #[case::plain(writes(), &["https://app.example"], None)]
    #[case::all(writes().exempt("POST", "/login").own_origins("https://api.example"), &["*"], None)]
    #[case::null(writes(), &["null"], None)]
    #[case::hosts(writes().allow_hosts("api.example"), &[], Some("CsrfLayer does not check hosts"))]
    #[case::report_only(writes().report_only(true), &[], Some("CsrfLayer cannot report only"))]
    #[case::no_writes(
        Guard::builder().cross_site_writes(GuardAction::Allow),
        &[],
        Some("CsrfLayer checks cross-site writes and nothing else")
    )]
    #[case::reads(origins(), &[], Some("CsrfLayer does not check reads"))]
    #[case::websockets(Guard::builder(), &[], Some("CsrfLayer does not check WebSocket handshakes"))]
    #[case::patterns(writes(), &["https://*.app.example"], Some("CsrfLayer trusts exact origins only"))]
    #[case::applications(
        writes(),
        &["chrome-extension://abcdefghijklmnopabcdefghijklmnop"],
        Some("it trusts `http` and `https` origins only")
    )]
    fn a_csrf_layer(#[case] guard: GuardBuilder, #[case] allowed: &[&str], #[case] expected: Option<&str>) {
        assert_eq!(csrf_layer(&policy(guard, allowed)).err(), expected);
    }

    #[rstest]
    #[case::writes(writes(), &[], "it denies all requests of other origins or none")]
    #[case::hosts(origins().allow_hosts("a.example"), &[], "it does not check hosts")]
    #[case::report_only(origins().report_only(true), &[], "it cannot report only")]
    #[case::exempt(origins().exempt("POST", "/"), &[], "it has no exemptions")]
    #[case::own(
        Guard::builder().foreign_origins(GuardAction::Deny),
        &[],
        "it denies its own origin, unless it is listed"
    )]
    #[case::any(origins(), &["*"], "origins that may read may also write")]
    #[case::null(origins(), &["null"], "origins that may read may also write")]
    fn not_a_list(#[case] guard: GuardBuilder, #[case] allowed: &[&str], #[case] expected: &str) {
        assert_eq!(with_own_origins(&policy(guard, allowed)).err(), Some(expected));
    }

    #[test]
    fn a_list_has_the_own_origins() {
        let guarded = policy(origins(), &["https://app.example"]);
        let with_own = with_own_origins(&guarded).expect("a list");
        let allowed: Vec<_> = with_own.allow_origins().collect();
        assert_eq!(allowed, ["https://app.example", "https://api.example"]);
    }
}
