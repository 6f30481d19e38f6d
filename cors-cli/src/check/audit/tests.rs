//! Audits of servers in memory.

use std::future::ready;
use std::sync::{Arc, Mutex};

use cors_browser::{
    FailureKind, FetchRequest, Network, NetworkError, NetworkFuture, Origin, Page, Profile, WireRequest,
    WireResponse,
};
use rstest::rstest;
use url::Url;

use super::*;

const WWW: &str = "https://www.app.com";

/// A server as a function from a request and its origin to a response, which records the requests.
struct Server<F> {
    respond: F,
    requests: Mutex<Vec<WireRequest>>,
}

impl<F: Fn(&WireRequest, &str) -> Option<WireResponse> + Send + Sync> Network for Server<F> {
    fn send(&self, request: WireRequest) -> NetworkFuture<'_> {
        let origin = request.header("origin").map(String::from_utf8_lossy).unwrap_or_default().into_owned();
        let response = (self.respond)(&request, &origin);
        self.requests.lock().unwrap().push(request);
        Box::pin(ready(response.ok_or_else(|| NetworkError::new(FailureKind::Refused, "down"))))
    }
}

fn allow(status: u16, origin: &str) -> WireResponse {
    WireResponse::new(status)
        .with_header("access-control-allow-origin", origin)
        .with_header("access-control-allow-credentials", "true")
        .with_header("vary", "Origin")
}

fn check_of(url: &str) -> Check {
    let page = Page::new(Origin::parse(WWW).unwrap());
    Check::new(page, FetchRequest::new(Url::parse(url).unwrap()), Profile::chromium())
}

async fn audit_of(
    check: &Check,
    respond: impl Fn(&WireRequest, &str) -> Option<WireResponse> + Send + Sync + 'static,
) -> (Audit, Vec<WireRequest>) {
    let server = Arc::new(Server { respond, requests: Mutex::default() });
    let audit = audit(check, server.clone()).await;
    let requests = std::mem::take(&mut *server.requests.lock().unwrap());
    assert_eq!(requests.len(), audit.requests);
    assert!(requests.len() <= REQUEST_LIMIT);
    (audit, requests)
}

fn rules(audit: &Audit) -> Vec<(&'static str, Severity)> {
    let mut rules: Vec<_> = audit.findings.iter().map(|it| (it.rule, it.severity)).collect();
    rules.dedup();
    rules
}

/// Servers with the usual mistakes, and what the audit finds in each of them.
#[rstest]
#[case::exact(|origin: &str| origin == WWW, &[])]
#[case::reflection(|_: &str| true, &[("reflection", Severity::High), ("null", Severity::High)])]
#[case::begins(
    |origin: &str| origin.starts_with(WWW),
    &[("prefix", Severity::High), ("port", Severity::Low)]
)]
#[case::begins_with_a_host(
    |origin: &str| origin.strip_prefix(WWW).is_some_and(|rest| !rest.starts_with(|next: char| next.is_alphanumeric() || ".-_:".contains(next))),
    &[("special-character", Severity::High)]
)]
#[case::ends(
    |origin: &str| origin.ends_with("app.com"),
    &[("suffix", Severity::High), ("dot", Severity::High), ("http-twin", Severity::Medium), ("subdomain", Severity::Low), ("sibling", Severity::Low)]
)]
#[case::contains(
    |origin: &str| origin.contains(&WWW[8..]),
    &[("prefix", Severity::High), ("substring", Severity::High), ("http-twin", Severity::Medium), ("subdomain", Severity::Low), ("port", Severity::Low)]
)]
#[case::any_character(|origin: &str| origin.starts_with("https://www") && origin[12..] == *"app.com", &[("dot", Severity::High)])]
#[case::subdomains(|origin: &str| origin.starts_with("https://") && origin.ends_with(".app.com"), &[("subdomain", Severity::Low), ("sibling", Severity::Low)])]
#[case::null(|origin: &str| origin == "null", &[("null", Severity::High)])]
#[case::hosting(|origin: &str| origin.ends_with(".vercel.app"), &[("hosting", Severity::High)])]
#[case::localhost(|origin: &str| origin == "https://localhost", &[("localhost", Severity::Low)])]
#[case::of_the_server(|origin: &str| origin.ends_with("shop.co.uk") && origin.starts_with("https://check") && !origin.contains('-'), &[("suffix", Severity::High)])]
#[tokio::test]
async fn careless_comparisons_are_found(
    #[case] allows: impl Fn(&str) -> bool + Send + Sync + 'static,
    #[case] expected: &[(&str, Severity)],
) {
    let (audit, requests) = audit_of(&check_of("https://api.shop.co.uk/items"), move |_, origin| {
        Some(if allows(origin) {
            allow(200, origin)
        } else {
            WireResponse::new(200).with_header("vary", "origin")
        })
    })
    .await;
    assert_eq!(rules(&audit), expected, "{}", audit_text(&audit));
    assert!(requests.iter().all(|request| request.method == "GET"));
    let is_dangerous = expected.iter().any(|(_, severity)| *severity >= Severity::Medium);
    assert_eq!(audit.is_dangerous(), is_dangerous);
    let text = audit_text(&audit);
    assert_eq!(text.contains("None of "), expected.is_empty(), "{text}");
}

/// A subdomain is not something that can be registered.
#[tokio::test]
async fn the_message_says_who_can_use_a_subdomain() {
    let (audit, _) = audit_of(&check_of("https://api.app.com/"), |_, origin| {
        let is_subdomain = origin.starts_with("https://") && origin.ends_with(".app.com");
        Some(if is_subdomain {
            allow(200, origin)
        } else {
            WireResponse::new(200).with_header("vary", "origin")
        })
    })
    .await;
    assert!(!audit.findings.is_empty());
    for finding in &audit.findings {
        assert!(finding.message.contains("only the owner of the domain"), "{finding:?}");
        assert!(!finding.message.contains("register"), "{finding:?}");
    }
}

#[rstest]
#[case::on_the_web("https://api.com/", Severity::Info)]
#[case::in_a_private_network("https://10.0.0.1/", Severity::Low)]
#[tokio::test]
async fn a_public_response_is_readable_only_without_cookies(#[case] url: &str, #[case] severity: Severity) {
    let respond = |_: &WireRequest, _: &str| {
        Some(WireResponse::new(200).with_header("access-control-allow-origin", "*"))
    };
    let (audit, _) = audit_of(&check_of(url), respond).await;
    assert!(audit.probes.iter().all(|probe| probe.access == Access::WithoutCookies), "{audit:?}");
    assert_eq!(rules(&audit), [(PUBLIC, severity)]);
    assert!(!audit.is_dangerous());
}

/// What the user passes is sent as it is: without a preflight, and also what a script could not set.
#[tokio::test]
async fn the_users_session_is_sent() {
    let mut check = check_of("https://api.shop.co.uk/items");
    for (name, value) in
        [("Authorization", "Bearer t"), ("Cookie", "sid=1"), ("Origin", "https://no.example")]
    {
        check.request = check.request.with_header(name, value);
    }
    let (audit, requests) = audit_of(&check, |request, origin| {
        let is_logged_in = request.header("authorization") == Some(b"Bearer t")
            && request.header("cookie") == Some(b"sid=1");
        assert_ne!(origin, "https://no.example");
        Some(if is_logged_in { allow(200, origin) } else { WireResponse::new(401) })
    })
    .await;
    assert_eq!((audit.status, audit.evidence), (Some(200), Evidence::Responses));
    assert_eq!(rules(&audit)[0].0, "reflection");
    assert!(requests.iter().all(|request| request.method == "GET"));
}

/// A login comes before CORS on some servers, and after it on others.
#[rstest]
#[case::headers_on_the_denial(true, Evidence::Responses)]
#[case::headers_on_preflights_only(false, Evidence::Preflights)]
#[tokio::test]
async fn an_endpoint_behind_a_login_is_audited(#[case] on_denial: bool, #[case] evidence: Evidence) {
    let mut check = check_of("https://api.shop.co.uk/items");
    check.request = check.request.with_method("DELETE");
    let (audit, requests) = audit_of(&check, move |request, origin| {
        let allows = origin.starts_with(WWW);
        Some(match &*request.method {
            "OPTIONS" if allows => allow(204, origin).with_header("access-control-allow-methods", "DELETE"),
            "GET" if allows && on_denial => allow(401, origin),
            "OPTIONS" => WireResponse::new(204),
            _ => WireResponse::new(401).with_header("vary", "origin"),
        })
    })
    .await;
    assert_eq!((audit.status, audit.evidence), (Some(401), evidence));
    assert_eq!(audit.trusted, Access::WithCookies);
    let expected = [("prefix", Severity::High), ("port", Severity::Low)];
    assert_eq!(rules(&audit), expected, "{}", audit_text(&audit));
    // The method of the page is only asked for.
    assert!(requests.iter().all(|request| request.method != "DELETE"));
}

#[rstest]
#[case::no_vary(&[], &[], Some(Severity::Low))]
#[case::no_vary_and_cached(&[("cache-control", "public, max-age=60")], &[], Some(Severity::Medium))]
#[case::no_store(&[("cache-control", "no-store")], &[("cache-control", "no-store")], None)]
#[case::vary(&[("vary", "accept, Origin")], &[("vary", "Origin")], None)]
#[case::vary_only_with_an_origin(&[("vary", "Origin")], &[("cache-control", "max-age=60")], Some(Severity::Medium))]
#[tokio::test]
async fn a_response_that_caches_confuse_is_found(
    #[case] with_origin: &'static [(&str, &str)],
    #[case] without: &'static [(&str, &str)],
    #[case] severity: Option<Severity>,
) {
    let (audit, _) = audit_of(&check_of("https://api.shop.co.uk/items"), move |_, origin| {
        let allowed = [("access-control-allow-origin", WWW)];
        let headers = match origin {
            WWW => [&allowed, with_origin].concat(),
            "" => without.to_vec(),
            _ => Vec::new(),
        };
        let response = WireResponse::new(200);
        Some(headers.into_iter().fold(response, |response, (name, value)| response.with_header(name, value)))
    })
    .await;
    let expected: Vec<_> = severity.map(|severity| (CACHE, severity)).into_iter().collect();
    assert_eq!(rules(&audit), expected, "{}", audit_text(&audit));
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_asked_once() {
    let (audit, requests) = audit_of(&check_of("https://api.shop.co.uk/"), |_, _| None).await;
    assert_eq!(requests.len(), 1);
    assert!(audit.failure.as_deref().is_some_and(|failure| failure.starts_with("down.")), "{audit:?}");
    assert!(audit_text(&audit).contains("no result"), "{}", audit_text(&audit));
}

#[tokio::test]
async fn origins_that_get_no_response_are_counted_apart() {
    let (audit, _) = audit_of(&check_of("https://api.shop.co.uk/"), |_, origin| {
        (origin != "null").then(|| WireResponse::new(200))
    })
    .await;
    let text = audit_text(&audit);
    assert!(text.contains(" 1 got no response."), "{text}");
}

#[test]
fn the_worst_is_the_greatest() {
    assert!(Severity::High > Severity::Medium && Severity::Low > Severity::Info);
}
