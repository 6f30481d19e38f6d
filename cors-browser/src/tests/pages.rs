//! Kinds of pages, and mixed content.

use rstest::rstest;

use super::*;

const ANY: &[(&str, &str)] = &[("access-control-allow-origin", "*")];

fn origin(text: &str) -> Origin {
    Origin::parse(text).unwrap()
}

#[rstest]
#[case::secure(page(APP), "https://api.example/", false)]
#[case::insecure(page(APP), "http://api.example/", true)]
#[case::same_host(page(APP), "http://app.example/", true)]
#[case::loopback(page(APP), "http://127.0.0.1:8080/", false)]
#[case::loopback_v6(page(APP), "http://[::1]:8080/", false)]
#[case::localhost(page(APP), "http://localhost:8080/", false)]
#[case::subdomain_of_localhost(page(APP), "http://api.localhost/", false)]
#[case::private_address(page(APP), "http://192.168.0.1/", true)]
#[case::insecure_page(page("http://app.example"), "http://api.example/", false)]
#[case::insecure_page_secure_server(page("http://app.example"), "https://api.example/", false)]
#[case::loopback_page(page("http://localhost:3000"), "http://api.example/", true)]
#[case::framed_by_secure(page("http://app.example").framed_by(origin(APP)), "http://api.example/", true)]
#[case::sandboxed_in_secure(Page::sandboxed(origin(APP)), "http://api.example/", true)]
#[case::data_in_secure(Page::data(origin(APP)), "http://api.example/", true)]
#[case::sandboxed_in_insecure(Page::sandboxed(origin("http://app.example")), "http://api.example/", false)]
#[case::file(Page::file(), "http://api.example/", false)]
#[tokio::test]
async fn mixed_content(#[case] page: Page, #[case] url: &str, #[case] is_blocked: bool) {
    let fetched = answering(reply(204, ANY), reply(200, ANY)).fetch(&page, get(url)).await;
    if is_blocked {
        assert_eq!(blocked(&fetched), BlockReason::MixedContent);
        assert!(fetched.exchanges.is_empty());
    } else {
        assert_eq!(response(&fetched).status, 200);
    }
}

#[rstest]
#[case(Page::sandboxed(origin(APP)))]
#[case(Page::data(origin(APP)))]
#[case(Page::file())]
#[tokio::test]
async fn an_opaque_origin_is_null(#[case] page: Page) {
    // Even the top-level page has another origin.
    let fetched = answering(reply(204, &[]), reply(200, &[])).fetch(&page, get("https://app.example/")).await;
    assert_eq!(sent(&fetched, 0, "origin"), Some("null"));
    assert_eq!(blocked(&fetched), BlockReason::MissingAllowOrigin);

    let null = [("access-control-allow-origin", "null")];
    let fetched = answering(reply(204, &[]), reply(200, &null)).fetch(&page, get(API)).await;
    assert_eq!(response(&fetched).status, 200);
}
