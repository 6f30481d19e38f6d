//! The example as its README shows it, and a short load test.

#![expect(clippy::unwrap_used, reason = "a panic fails the test")]

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderValue, Request, StatusCode};
use cors_axum::{Policy, PolicyHandle};
use cors_tenants_example::{Shop, Tenants, administration, api, load, lookup, tenant};
use tempfile::TempDir;
use tower::ServiceExt;

async fn shop(count: u32) -> (TempDir, Shop) {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}?mode=rwc", folder.path().join("tenants.db").display());
    let tenants = Tenants::connect(&url).await.unwrap();
    tenants.fill(count, |_| {}).await.unwrap();
    (folder, Shop { lookup: lookup(&tenants), tenants })
}

/// The origin that the API allows to a page.
async fn allowed(api: &Router, origin: &str) -> Option<HeaderValue> {
    let request = Request::get("/orders").header("origin", origin).body(Body::empty()).unwrap();
    let response = api.clone().oneshot(request).await.unwrap();
    assert_eq!(response.headers()["vary"], "Origin");
    response.headers().get("access-control-allow-origin").cloned()
}

async fn administer(administration: &Router, method: &str, body: &'static str) -> StatusCode {
    let request = Request::builder().method(method).uri("/tenants").body(Body::from(body)).unwrap();
    administration.clone().oneshot(request).await.unwrap().status()
}

#[tokio::test]
async fn a_tenant_comes_and_goes_while_it_serves() {
    let (_folder, shop) = shop(1200).await;
    let policy =
        Policy::builder().allow_origins("https://admin.example").lookup(&shop.lookup).build().unwrap();
    let api = api(&PolicyHandle::new(policy));
    let administration = administration(shop);
    for origin in [tenant(0), tenant(1199), "https://admin.example".to_owned()] {
        assert_eq!(allowed(&api, &origin).await.unwrap(), origin);
    }
    for stranger in [&tenant(1200), "http://tenant-0.example", "https://tenant-0.example:8443", "null"] {
        assert_eq!(allowed(&api, stranger).await, None);
    }
    const NEW: &str = "https://new.example";
    assert_eq!(allowed(&api, NEW).await, None);
    assert_eq!(administer(&administration, "PUT", "https://new.example\n").await, StatusCode::NO_CONTENT);
    assert_eq!(allowed(&api, NEW).await.unwrap(), NEW);
    assert_eq!(administer(&administration, "DELETE", NEW).await, StatusCode::NO_CONTENT);
    assert_eq!(allowed(&api, NEW).await, None);
    assert_eq!(
        administer(&administration, "PUT", "https://new.example/").await,
        StatusCode::UNPROCESSABLE_ENTITY
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_response_under_load_is_right() {
    let (_folder, shop) = shop(1000).await;
    // The second run finds what the first one left in the database.
    for _ in 0..2 {
        let report = load::run(&shop, 1000, Duration::from_secs(2)).await.unwrap();
        assert!(report.wrong.is_empty() && report.panics == 0, "{report}");
        assert!(report.policies > 1 && report.changes > 1, "{report}");
        assert!(report.allowed > 0 && report.allowed < report.responses, "{report}");
    }
}
