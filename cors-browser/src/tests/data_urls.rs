//! `data:` URLs.

use rstest::rstest;

use super::*;
use crate::{Mode, Redirect, ResponseType};

#[rstest]
#[case::plain("data:text/plain,hello", "text/plain", b"hello")]
#[case::default_type("data:,", "text/plain;charset=US-ASCII", b"")]
#[case::base64("data:;base64,aGk=", "text/plain;charset=US-ASCII", b"hi")]
#[case::parameters("data:text/html;charset=utf-8,<b>", "text/html;charset=utf-8", b"<b>")]
#[case::percent_encoded("data:text/plain,a%20b%FF", "text/plain", b"a b\xff")]
#[case::invalid_type("data:bad type,x", "text/plain;charset=US-ASCII", b"x")]
#[case::fragment("data:,x#top", "text/plain;charset=US-ASCII", b"x")]
#[tokio::test]
async fn a_data_url_is_readable_and_not_on_the_wire(
    #[case] url: &str,
    #[case] content_type: &str,
    #[case] body: &[u8],
) {
    let browser = browser(|_| panic!("a `data:` URL was sent"));
    for page in [page(APP), page("http://app.example"), page("null")] {
        let fetched = browser.fetch(&page, get(url)).await;
        assert!(fetched.exchanges.is_empty());
        let response = response(&fetched);
        assert_eq!((response.response_type, response.status), (ResponseType::Basic, 200));
        assert_eq!(response.headers, [("content-type".to_owned(), content_type.to_owned())]);
        assert_eq!(response.body.as_deref(), Some(body));
    }
}

#[rstest]
#[case::method(with_method("PUT", "data:,x"))]
#[case::header(get("data:,x").with_header("X-A", "1"))]
#[case::same_origin(get("data:,x").with_mode(Mode::SameOrigin))]
#[case::no_cors(get("data:,x").with_mode(Mode::NoCors))]
#[case::no_cors_and_no_redirects(get("data:,x").with_mode(Mode::NoCors).with_redirect(Redirect::Error))]
#[tokio::test]
async fn a_data_url_needs_no_permission(#[case] request: FetchRequest) {
    let fetched = browser(|_| panic!("a `data:` URL was sent")).fetch(&page(APP), request).await;
    assert_eq!(response(&fetched).body.as_deref(), Some(&b"x"[..]));
}

#[tokio::test]
async fn the_answer_to_head_has_no_body() {
    let fetched = browser(|_| panic!("sent")).fetch(&page(APP), with_method("HEAD", "data:,x")).await;
    assert_eq!(response(&fetched).body.as_deref(), Some(&b""[..]));
}

#[rstest]
#[case::no_comma("data:nonsense")]
#[case::base64("data:text/plain;base64,@@")]
#[tokio::test]
async fn an_invalid_data_url_is_a_network_error(#[case] url: &str) {
    let fetched = browser(|_| panic!("sent")).fetch(&page(APP), get(url)).await;
    let Outcome::Blocked(blocked) = &fetched.outcome else { panic!("not blocked") };
    assert_eq!(blocked.failure(), Some(FailureKind::DataUrl));
}

#[tokio::test]
async fn firefox_gives_the_length_of_a_data_url() {
    let fetched =
        browser_as(Profile::firefox(), |_| panic!("sent")).fetch(&page(APP), get("data:,abc")).await;
    assert_eq!(response(&fetched).header("content-length"), Some("3"));
}
