//! Checks against the specimens, behind every adapter.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cors_browser::{Credentials, FailureKind, FetchRequest, Origin, Page, Profile};
use cors_cli::check::audit::Access;
use cors_cli::check::{Check, CheckReport, LiveNetwork, PageResult, Setup, run, to_json};
use cors_conformance::subject::front::{Certificate, Front, Security};
use cors_conformance::subject::{Policy, Server, SubjectKind};
use cors_subjects::registry::{find, subjects};
use rstest::rstest;
use serde_json::Value;
use url::Url;

const APP: &str = "https://app.example";

fn fetch(base: &str, method: &str, path: &str) -> FetchRequest {
    FetchRequest::new(Url::parse(&format!("{base}{path}")).unwrap()).with_method(method)
}

fn check(request: FetchRequest, audit: bool) -> Check {
    let page = Page::new(Origin::parse(APP).unwrap());
    Check { page, request, profile: Profile::chromium(), audit, setup: Setup::default() }
}

async fn play(check: Check, authorities: Option<&Path>) -> CheckReport {
    let network = LiveNetwork::new(authorities, Duration::from_secs(10)).unwrap();
    run(check, Arc::new(network)).await
}

async fn start(name: &str) -> Server {
    let policy = Policy::builder()
        .allow_origins([APP])
        .allow_methods(["PUT"])
        .allow_headers(["x-a"])
        .expose_headers(["x-request-id"])
        .allow_credentials(true)
        .build()
        .unwrap();
    find(name).unwrap().start(&policy).await.unwrap()
}

fn adapters() -> impl Iterator<Item = String> {
    let adapters = subjects().into_iter().filter(|subject| subject.kind() == SubjectKind::Adapter);
    adapters.map(|subject| subject.name().to_owned())
}

#[rstest]
#[case::simple(|base: &str| fetch(base, "GET", "/echo"), None)]
#[case::preflighted(|base: &str| fetch(base, "PUT", "/item/1"), None)]
#[case::with_cookies(|base: &str| fetch(base, "PUT", "/item/1").with_credentials(Credentials::Include), None)]
#[case::header(|base: &str| fetch(base, "GET", "/echo").with_header("X-A", "1"), None)]
#[case::redirected(|base: &str| fetch(base, "GET", "/redirect?to=/echo"), None)]
#[case::error(|base: &str| fetch(base, "GET", "/error"), None)]
#[case::stream(|base: &str| fetch(base, "GET", "/stream"), None)]
#[case::other_method(|base: &str| fetch(base, "DELETE", "/item/1"), Some("preflight-missing-allow-origin"))]
#[case::other_header(|base: &str| fetch(base, "GET", "/echo").with_header("X-B", "1"), Some("preflight-missing-allow-origin"))]
#[tokio::test]
async fn every_adapter_gets_the_same_result(
    #[case] request: impl Fn(&str) -> FetchRequest,
    #[case] reason: Option<&str>,
) {
    for name in adapters() {
        let server = start(&name).await;
        let base = format!("http://{}", server.address());
        let report = play(check(request(&base), false), None).await;
        let json: Value = serde_json::from_str(&to_json(&report).unwrap()).unwrap();
        assert_eq!(json["reason"].as_str(), reason, "{name}: {json:#}");
        assert_eq!(report.exit_code(), u8::from(reason.is_some()), "{name}");
        server.stop().await;
    }
}

#[tokio::test]
async fn an_audit_finds_nothing_behind_an_adapter() {
    for name in adapters() {
        let server = start(&name).await;
        let request = fetch(&format!("http://{}", server.address()), "GET", "/echo");
        let report = play(check(request, true), None).await;
        let audit = report.audit().unwrap();
        assert!(audit.probes.len() > 15 && audit.findings.is_empty(), "{name}: {audit:#?}");
        assert!(audit.probes.iter().all(|probe| probe.access == Access::None), "{name}: {audit:#?}");
        server.stop().await;
    }
}

#[tokio::test]
async fn a_certificate_is_accepted_if_its_authority_is_trusted() {
    let certificate = Certificate::self_signed().unwrap();
    let encoded = STANDARD.encode(certificate.der());
    let front = Front::start(0, Security::Tls(certificate), start("cors-axum").await).await.unwrap();
    let request = fetch(&front.url(), "GET", "/echo");
    let untrusted = play(check(request.clone(), false), None).await;
    assert_eq!(untrusted.failure().map(|failure| failure.kind), Some(FailureKind::Certificate));
    assert_eq!(untrusted.exit_code(), 2);
    assert_eq!(untrusted.console().unwrap(), "Failed to load resource: net::ERR_CERT_AUTHORITY_INVALID");

    let mut file = tempfile::NamedTempFile::new().unwrap();
    write!(file, "-----BEGIN CERTIFICATE-----\n{encoded}\n-----END CERTIFICATE-----\n").unwrap();
    let trusted = play(check(request, false), Some(file.path())).await;
    assert_eq!(trusted.page_result(), PageResult::Readable);
    front.stop().await;
}
