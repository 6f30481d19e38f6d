//! The tests of docs/test-your-app.md.

use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::get;
use cors_axum::{Cors, Policy};
use cors_test::{Credentials, Page, Request};

fn app() -> Cors<Router> {
    let policy = Policy::builder()
        .allow_origins(["https://app.example.com"])
        .allow_methods(["PUT"])
        .allow_headers(["content-type"])
        .expose_headers(["x-total"])
        .allow_credentials(true)
        .build()
        .expect("a valid policy");
    let me = async |headers: HeaderMap| match headers.contains_key("cookie") {
        true => StatusCode::OK,
        false => StatusCode::UNAUTHORIZED,
    };
    let router = Router::new()
        .route("/items", get(async || ([("x-total", "1")], "tea")).put(async || "changed"))
        .route("/me", get(me));
    Cors::new(router, policy)
}

#[tokio::test]
async fn our_page_reads() {
    let page = Page::at("https://app.example.com");
    let items = page.fetch(&app(), "https://api.example.com/items").await;
    items.assert_readable().assert_status(200).assert_header_readable("x-total");
    assert_eq!(items.text().as_deref(), Some("tea"));

    let missing = page.fetch(&app(), "https://api.example.com/nowhere").await;
    missing.assert_readable().assert_status(404);
}

#[tokio::test]
async fn our_page_writes() {
    let page = Page::at("https://app.example.com");
    let put = Request::put("https://api.example.com/items").with_json(r#"["tea"]"#);
    page.fetch(&app(), put).await.assert_preflighted().assert_readable();

    // No page needs this one.
    let delete = Request::delete("https://api.example.com/items");
    page.fetch(&app(), delete).await.assert_blocked().assert_not_reached();
}

#[tokio::test]
async fn other_pages_read_nothing() {
    let others = [
        "https://evil.example",
        "http://app.example.com",
        "https://app.example.com.evil.example",
        "https://evilapp.example.com",
        "https://app.example.com:8443",
        "null",
    ];
    for page in Page::each(others) {
        let me = Request::get("https://api.example.com/me").with_credentials(Credentials::Include);
        page.with_cookies("session=1").fetch(&app(), me).await.assert_blocked();
    }
}

#[tokio::test]
async fn a_signed_in_user() {
    let page = Page::at("https://app.example.com").with_cookies("session=1");
    let me = Request::get("https://api.example.com/me").with_credentials(Credentials::Include);
    page.fetch(&app(), me).await.assert_readable().assert_status(200);

    page.fetch(&app(), "https://api.example.com/me").await.assert_readable().assert_status(401);
}

#[tokio::test]
async fn a_cdn_does_not_mix_up_origins() {
    let origins = ["https://app.example.com", "https://evil.example"];
    cors_test::caches(&app(), "https://api.example.com/items", origins).await.assert_safe();
}

/// Every test above is in the page, and nothing else.
#[test]
fn the_page_shows_these_tests() {
    let page = include_str!("../../../docs/test-your-app.md");
    let shown: Vec<_> = page.split("```rust\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    let tests = include_str!("guide.rs").split("#[tokio::test]\n").skip(1);
    let tests: Vec<_> = tests
        .take(5)
        .map(|test| format!("#[tokio::test]\n{}\n", test.split("\n\n///").next().unwrap_or(test).trim_end()))
        .collect();
    let shown: Vec<_> = shown.iter().filter(|block| block.contains("#[tokio::test]")).collect();
    assert_eq!(shown.len(), 5);
    for (shown, test) in shown.iter().zip(&tests) {
        assert_eq!(shown.trim_start_matches("use cors_test::{Credentials, Page, Request};\n\n"), test);
    }
}
