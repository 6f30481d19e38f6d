//! An adapter for a framework with request and response types of its own.

use cors_core::{
    Decision, Policy, PreparedPolicy, RequestHead, RequestHeader, RequestInfo, ResponseHead, ResponseHeader,
};

/// The framework's request.
struct Request {
    /// The method, as in the request line.
    method: String,
    /// The path, without the query.
    path: String,
    /// The header lines in order, with the names as they arrived.
    headers: Vec<(String, String)>,
}

/// The framework's response.
#[derive(Debug, Default, PartialEq)]
struct Response {
    /// The status code.
    status: u16,
    /// The header lines in order.
    headers: Vec<(String, String)>,
    /// The body.
    body: String,
}

impl Request {
    fn lines_of<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a String> {
        let lines = self.headers.iter().filter(move |(key, _)| key.eq_ignore_ascii_case(name));
        lines.map(|(_, value)| value)
    }
}

impl RequestInfo for Request {
    fn method(&self) -> &str {
        &self.method
    }

    fn host(&self) -> Option<&str> {
        // If the framework speaks HTTP/2, the authority of the target comes first.
        self.lines_of("host").map(String::as_str).next()
    }

    fn path(&self) -> &str {
        &self.path
    }

    fn header(&self, name: &str) -> Option<&[u8]> {
        self.lines_of(name).map(String::as_bytes).next()
    }
}

impl RequestHead for Request {
    type Value = String;

    fn lines(&self, name: RequestHeader) -> impl Iterator<Item = &[u8]> {
        self.lines_of(name.name()).map(String::as_bytes)
    }

    fn values(&self, name: RequestHeader) -> impl Iterator<Item = String> {
        self.lines_of(name.name()).cloned()
    }
}

impl ResponseHead for Response {
    type Value = String;

    fn append(&mut self, name: ResponseHeader, value: String) {
        self.headers.push((name.name().to_owned(), value));
    }

    fn vary(&self) -> impl Iterator<Item = &[u8]> {
        let lines = self.headers.iter().filter(|(key, _)| key.eq_ignore_ascii_case("vary"));
        lines.map(|(_, value)| value.as_bytes())
    }

    fn remove_with_prefix(&mut self, prefix: &str) {
        self.headers.retain(|(key, _)| !key.to_ascii_lowercase().starts_with(prefix));
    }
}

fn answer(method: &str) -> Response {
    let policy = Policy::builder().allow_origins(["https://app.example"]).build().unwrap();
    let policy = PreparedPolicy::<String>::new(policy);
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let headers =
        vec![header("Origin", "https://app.example"), header("Access-Control-Request-Method", "GET")];
    let request = Request { method: method.to_owned(), path: "/".to_owned(), headers };
    match policy.decide(&request) {
        Decision::Preflight(preflight) => {
            let mut response = Response { status: preflight.status(), ..Response::default() };
            policy.write_preflight(preflight, &request, &mut response);
            response
        }
        Decision::Denied(denied) => {
            let mut response = Response { status: denied.status(), ..Response::default() };
            policy.write_denied(denied, &mut response);
            response
        }
        Decision::Actual(actual) => {
            let headers = vec![
                header("Access-Control-Allow-Origin", "https://handler.example"),
                header("Vary", "Accept"),
            ];
            let mut response = Response { status: 200, headers, body: "hello".to_owned() };
            policy.write_actual(actual, &mut response);
            response
        }
    }
}

fn lines<'a>(response: &'a Response, name: &str) -> Vec<&'a str> {
    let lines = response.headers.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name));
    lines.map(|(_, value)| value.as_str()).collect()
}

#[test]
fn a_preflight_is_answered_with_the_types_of_the_framework() {
    let response = answer("OPTIONS");
    assert_eq!(response.status, 204);
    assert_eq!(lines(&response, "access-control-allow-origin"), ["https://app.example"]);
}

#[test]
fn a_response_gets_the_headers_of_the_policy_instead_of_its_own() {
    let response = answer("GET");
    assert_eq!((response.status, response.body.as_str()), (200, "hello"));
    assert_eq!(lines(&response, "access-control-allow-origin"), ["https://app.example"]);
    assert_eq!(lines(&response, "vary").join(", "), "Accept, Origin");
}
