//! Every framework's specimen answers alike, so that a difference in verdict is a difference in CORS.

use std::ops::RangeInclusive;

use cors_browser::{Network, WireRequest, WireResponse};
use cors_conformance::network::LoopbackNetwork;
use cors_conformance::scenario::HttpVersion;
use cors_conformance::specimen::JSON_LIMIT;
use cors_conformance::subject::{Server, Subject, SubjectKind};
use cors_core::Policy;
use cors_subjects::registry::subjects;
use rstest::rstest;
use url::Url;

#[rstest]
#[case::echo("POST", "/echo?a=b", 200, Some(r#"{"method":"POST","path":"/echo","query":"a=b","#))]
#[case::echo_of_any_method("PURGE", "/echo", 200, Some(r#"{"method":"PURGE","#))]
#[case::echo_of_options("OPTIONS", "/echo", 200, Some(r#"{"method":"OPTIONS","#))]
#[case::status("GET", "/status/418", 418, Some("status 418"))]
#[case::status_of_a_server("GET", "/status/503", 503, Some("status 503"))]
#[case::partial_content("GET", "/status/206", 206, Some("status 206"))]
#[case::no_content("GET", "/status/204", 204, Some(""))]
#[case::not_modified("GET", "/status/304", 304, Some(""))]
#[case::no_status("GET", "/status/x", 400, None)]
#[case::redirect("GET", "/redirect?to=https://a.example/", 307, None)]
#[case::redirect_of_any_method("DELETE", "/redirect?code=303&to=/echo", 303, None)]
#[case::no_redirect("GET", "/redirect?code=200&to=/echo", 400, None)]
#[case::cookies_set("GET", "/cookie/set?c=a=1", 200, None)]
#[case::cookies_read("GET", "/cookie/read", 200, Some("[]"))]
#[case::unauthorized("GET", "/private", 401, None)]
#[case::unauthorized_put("PUT", "/private", 401, None)]
#[case::unauthorized_options("OPTIONS", "/private", 401, None)]
#[case::own_options("OPTIONS", "/options", 200, None)]
#[case::get_options("GET", "/options", 200, None)]
#[case::vary("GET", "/vary?v=Accept", 200, None)]
#[case::own_cors("GET", "/own-cors", 200, None)]
#[case::error("GET", "/error", 500, None)]
#[case::panic("GET", "/panic", 500, None)]
#[case::stream("GET", "/stream", 200, Some("one two three"))]
#[case::slash("GET", "/slash/", 200, Some("slash"))]
#[case::no_slash("GET", "/slash", 308, None)]
#[case::item("PUT", "/item/7", 200, Some("PUT 7"))]
#[case::deleted_item("DELETE", "/item/a-b", 200, Some("DELETE a-b"))]
#[case::not_found("GET", "/nowhere", 404, None)]
#[case::method_not_allowed("POST", "/status/200", 405, None)]
#[case::method_of_other_routes_only("PATCH", "/item/7", 405, None)]
#[case::options_not_allowed("OPTIONS", "/status/200", 405, None)]
#[case::head("HEAD", "/status/418", 418, Some(""))]
#[case::head_of_echo("HEAD", "/echo", 200, Some(""))]
#[case::hits("GET", "/hits", 200, Some("{}"))]
#[tokio::test]
async fn a_specimen_answers(
    #[case] method: &str,
    #[case] path: &str,
    #[case] status: u16,
    #[case] beginning: Option<&str>,
) {
    for subject in adapters() {
        let (name, response) = (subject.name(), Started::new(&*subject).await.answer(method, path).await);
        if let Some((.., own)) =
            DIFFERENCES.iter().find(|(its, how, to, _)| (name, method, path) == (*its, *how, *to))
        {
            assert_eq!(response.status, *own, "{name}: {method} {path} is no longer as it was");
            continue;
        }
        let body = text(&response);
        assert_eq!(response.status, status, "{name}: {method} {path}: {body:?}");
        if let Some(beginning) = beginning {
            assert!(body.starts_with(beginning), "{name}: {method} {path} answers {body:?}");
            assert!(body.is_empty() || !beginning.is_empty(), "{name}: {method} {path} answers {body:?}");
        }
    }
}

#[rstest]
#[case::request_id("/echo", "x-request-id", &["specimen"])]
#[case::secret("/echo", "x-secret", &["specimen"])]
#[case::echo("/echo", "content-type", &["application/json"])]
#[case::location("/redirect?to=https%3A%2F%2Fa.example%2F%3Fb%3Dc", "location", &["https://a.example/?b=c"])]
#[case::no_slash("/slash", "location", &["/slash/"])]
#[case::vary("/vary?v=Accept&v=Origin,Cookie", "vary", &["Accept", "Origin,Cookie"])]
#[case::cookies("/cookie/set?c=a%3D1&c=b%3D2%3B+Secure", "set-cookie", &["a=1", "b=2; Secure"])]
#[case::challenge("/private", "www-authenticate", &["Basic realm=\"specimen\""])]
#[case::options("/options", "x-handler", &["options"])]
#[tokio::test]
async fn a_specimen_sets_headers(#[case] path: &str, #[case] header: &str, #[case] lines: &[&str]) {
    for subject in adapters() {
        let response = Started::new(&*subject).await.answer("GET", path).await;
        let found: Vec<_> = response.lines(header).map(String::from_utf8_lossy).collect();
        assert_eq!(found, lines, "{}: {path} sets {header}", subject.name());
    }
}

#[rstest]
#[case::number("POST", "/json", &[JSON], r#"{"n":1}"#, 200..=200, r#"{"n":1}"#)]
#[case::other_json("POST", "/json", &[JSON], r#"{"m":1}"#, 400..=499, "")]
#[case::no_json("POST", "/json", &[JSON], "n=1", 400..=499, "")]
#[case::too_much("POST", "/json", &[JSON], TOO_MUCH, 413..=413, "")]
#[case::authorized("PUT", "/private", &[("authorization", "Basic YTpi")], "", 200..=200, "private")]
#[case::cookies("GET", "/cookie/read", &[("cookie", "a=1; b=2")], "", 200..=200, r#"["a=1","b=2"]"#)]
#[case::lines("PUT", "/echo", &[("x-a", "1"), ("x-a", "2")], "", 200..=200, r#""x-a":["1","2"]"#)]
#[case::body("PUT", "/echo", &[], "12345", 200..=200, r#""body_length":5}"#)]
#[tokio::test]
async fn a_specimen_reads_what_it_is_sent(
    #[case] method: &str,
    #[case] path: &str,
    #[case] headers: &[(&str, &str)],
    #[case] body: &str,
    #[case] status: RangeInclusive<u16>,
    #[case] part: &str,
) {
    for subject in adapters() {
        let server = Started::new(&*subject).await;
        let response = server.answer_to(method, path, headers, body).await;
        let (name, found) = (subject.name(), text(&response));
        assert!(status.contains(&response.status), "{name}: {} {found:?}", response.status);
        assert!(found.contains(part), "{name}: {found:?}");
    }
}

#[tokio::test]
async fn a_specimen_counts_the_handlers_that_ran() {
    for subject in adapters() {
        let server = Started::new(&*subject).await;
        for (method, path) in [
            ("GET", "/echo"),
            ("PUT", "/item/7"),
            ("DELETE", "/item/8"),
            ("HEAD", "/stream"),
            ("GET", "/panic"),
            ("GET", "/private"),
            ("GET", "/slash"),
            ("GET", "/nowhere"),
            ("POST", "/item/7"),
        ] {
            server.answer(method, path).await;
        }
        let hits = server.answer("GET", "/hits").await;
        assert_eq!(text(&hits), r#"{"/echo":1,"/item/{id}":2,"/panic":1,"/stream":1}"#, "{}", subject.name());
    }
}

/// Where a framework has an answer of its own, which its specimen leaves as it is: Rocket knows no extension methods, and
/// finds no route where no route has the method.
const DIFFERENCES: [(&str, &str, &str, u16); 3] = [
    ("cors-rocket", "PURGE", "/echo", 400),
    ("cors-rocket", "OPTIONS", "/private", 404),
    ("cors-rocket", "OPTIONS", "/status/200", 404),
];

/// White space over the limit of `/json`.
const TOO_MUCH: &str = match str::from_utf8(&[b' '; JSON_LIMIT + 1]) {
    Ok(text) => text,
    Err(_) => "",
};

const JSON: (&str, &str) = ("content-type", "application/json");

fn adapters() -> impl Iterator<Item = Box<dyn Subject>> {
    subjects().into_iter().filter(|subject| subject.kind() == SubjectKind::Adapter)
}

fn text(response: &WireResponse) -> String {
    String::from_utf8_lossy(&response.body).into_owned()
}

/// A running specimen.
struct Started {
    origin: Url,
    network: LoopbackNetwork,
    _server: Server,
}

impl Started {
    async fn new(subject: &dyn Subject) -> Self {
        let policy = Policy::builder().allow_origins(["https://app.example"]).build().expect("a safe policy");
        let server = subject.start(&policy).await.expect("a server");
        let origin = Url::parse("https://api.example").expect("a URL");
        let network = LoopbackNetwork::new(HttpVersion::Http11).with_route(&origin, server.address());
        Self { origin, network, _server: server }
    }

    async fn answer(&self, method: &str, path: &str) -> WireResponse {
        self.answer_to(method, path, &[], "").await
    }

    async fn answer_to(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> WireResponse {
        let request = WireRequest {
            method: method.to_owned(),
            url: self.origin.join(path).expect("a URL"),
            headers: headers
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()))
                .collect(),
            body: (!body.is_empty()).then(|| body.as_bytes().to_vec()),
        };
        self.network.send(request).await.expect("a response")
    }
}
