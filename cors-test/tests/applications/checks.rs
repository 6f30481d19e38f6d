//! What pages see of the same application in every framework.
//!
//! | request | response |
//! |---|---|
//! | `GET /items` | 200 `items`, with the headers `x-total` and `x-secret` |
//! | `PUT /items`, `DELETE /items` | 200, and the body of the request |
//! | `GET /me` | 200 and the cookies; 401 without cookies |
//! | `GET /error` | an error of the framework |
//! | `GET /panic` | panics with `boom` |

use std::panic::{AssertUnwindSafe, catch_unwind};

use cors_test::{Answer, App, BlockReason, Credentials, Page, Request, SharedCache};

pub(crate) const APP: &str = "https://app.example";
pub(crate) const API: &str = "https://api.example";

pub(crate) const ALLOWED_METHODS: [&str; 1] = ["PUT"];
pub(crate) const ALLOWED_HEADERS: [&str; 1] = ["content-type"];
pub(crate) const EXPOSED_HEADERS: [&str; 1] = ["x-total"];

/// A URL of the application.
pub(crate) fn url(path: &str) -> String {
    format!("{API}{path}")
}

/// The message of an assertion that fails.
pub(crate) fn message<T>(assertion: impl FnOnce() -> T) -> String {
    match catch_unwind(AssertUnwindSafe(assertion)) {
        Ok(_) => panic!("the assertion holds"),
        Err(payload) => *payload.downcast::<String>().expect("a message"),
    }
}

/// How the application ends if a handler panics.
#[derive(PartialEq)]
pub(crate) enum Panics {
    /// The server closes the connection.
    BreakOff,
    /// The framework answers with this status.
    Answer(u16),
}

/// Checks an application behind an adapter of this project.
pub(crate) async fn of_an_adapter<K, A: App<K>>(app: &A, panics: Panics) {
    reads(app).await;
    preflights(app).await;
    strangers(app).await;
    cookies(app).await;
    failures(app, panics).await;
    let origins = [APP, "https://evil.example", "null"];
    cors_test::caches(app, url("/items"), origins).await.assert_safe();
}

async fn reads<K, A: App<K>>(app: &A) {
    let answer = Page::at(APP).fetch(app, url("/items")).await;
    answer.assert_readable().assert_status(200).assert_not_preflighted().assert_reached();
    answer.assert_header_readable("x-total").assert_header_hidden("x-secret");
    assert_eq!(answer.text().as_deref(), Some("items"));
    assert_eq!(answer.header("x-total"), Some("2"));
    assert!(message(|| answer.assert_blocked()).contains("every browser should block the page"));
    assert!(
        message(|| answer.assert_header_readable("x-secret"))
            .contains("x-secret (access-control-expose-headers)")
    );
    let reached = answer.reached().expect("a request");
    assert_eq!(reached.header("host"), None, "the network adds it");
    assert_eq!(reached.header("origin"), Some(APP.as_bytes()));
}

async fn preflights<K, A: App<K>>(app: &A) {
    let put = Request::put(&url("/items")).with_json("{}");
    let answer = Page::at(APP).fetch(app, put).await;
    answer.assert_readable().assert_preflighted().assert_reached();
    assert_eq!(answer.text().as_deref(), Some("{}"));

    let answer = Page::at(APP).fetch(app, Request::delete(&url("/items"))).await;
    answer.assert_blocked().assert_preflighted().assert_not_reached();
    assert!(message(|| answer.assert_reached()).contains("the request should reach the application"));

    let put = Request::put(&url("/items")).with_header("X-Other", "1");
    Page::at(APP).fetch(app, put).await.assert_blocked().assert_not_reached();
}

async fn strangers<K, A: App<K>>(app: &A) {
    for page in
        Page::each(["https://evil.example", "http://app.example", "https://app.example.evil.example", "null"])
    {
        page.fetch(app, url("/items")).await.assert_blocked().assert_reached();
    }
    Page::sandboxed(APP).fetch(app, url("/items")).await.assert_blocked();
    Page::file().fetch(app, url("/items")).await.assert_blocked();
    Page::at(APP).framed_by("https://evil.example").fetch(app, url("/items")).await.assert_readable();
}

async fn cookies<K, A: App<K>>(app: &A) {
    let me = || Request::get(&url("/me"));
    let page = Page::at(APP).with_cookies("session=1; theme=dark");
    let answer = page.fetch(app, me().with_credentials(Credentials::Include)).await;
    answer.assert_readable().assert_status(200);
    assert_eq!(answer.text().as_deref(), Some("session=1; theme=dark"));
    // A page can read the error too.
    let answer = page.fetch(app, me()).await;
    answer.assert_readable().assert_status(401);
    assert!(answer.to_string().contains("no cookies were sent"), "{answer}");
    let page = Page::at(APP).with_cookie_of(API, "session=1; Secure; SameSite=Strict");
    page.fetch(app, me().with_credentials(Credentials::Include)).await.assert_status(401);
}

async fn failures<K, A: App<K>>(app: &A, panics: Panics) {
    Page::at(APP).fetch(app, url("/nowhere")).await.assert_readable().assert_status(404);
    Page::at(APP).fetch(app, url("/error")).await.assert_readable().assert_status(500);
    let answer = Page::at(APP).fetch(app, url("/panic")).await;
    match panics {
        Panics::Answer(status) => {
            answer.assert_readable().assert_status(status);
        }
        Panics::BreakOff => {
            answer.assert_blocked_by(BlockReason::NetworkError);
            let message = message(|| answer.assert_blocked());
            assert!(message.contains("CORS should block the page, and something else did"), "{message}");
            assert!(message.contains("no response: the application panicked: boom"), "{message}");
        }
    }
}

/// The messages about an application without CORS.
pub(crate) async fn without_cors<K, A: App<K>>(app: &A) -> String {
    let answer = Page::at(APP).fetch(app, url("/items")).await;
    answer.assert_blocked_by(BlockReason::MissingAllowOrigin).assert_reached();
    assert!(!answer.is_readable() && answer.status().is_none() && answer.text().is_none());
    readable(&answer)
}

/// The messages about an application whose handlers send `Access-Control-Allow-Origin: *` and forget preflights and cookies.
pub(crate) async fn faulty<K, A: App<K>>(app: &A) -> String {
    let page = Page::at(APP).with_cookies("session=1");
    let get = page.fetch(app, url("/items")).await;
    get.assert_readable();
    let put = page.fetch(app, Request::put(&url("/items")).with_json("{}")).await;
    put.assert_blocked().assert_not_reached();
    let me = page.fetch(app, Request::get(&url("/me")).with_credentials(Credentials::Include)).await;
    me.assert_blocked_by(BlockReason::WildcardOriginWithCredentials);
    [&put, &me].map(readable).join("\n---\n")
}

/// The message about a cache before an application that forgets `Vary: Origin`.
pub(crate) async fn without_vary<K, A: App<K>>(app: &A) -> String {
    let report = cors_test::caches(app, url("/items"), [APP, "https://evil.example"]).await;
    assert!(!report.is_safe());
    let cache = SharedCache::before(app);
    Page::at("https://evil.example").fetch(&cache, url("/items")).await.assert_blocked();
    Page::at(APP).fetch(&cache, url("/items")).await.assert_blocked();
    message(|| report.assert_safe())
}

fn readable(answer: &Answer) -> String {
    message(|| answer.assert_readable())
}
