//! What crosses the border between the suite and a script in a page.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use cors_browser::{
    Blocked, Credentials, FetchRequest, Mode, Outcome, PageResponse, Redirect, ResponseType, SecurityError,
};

/// The script that makes a fetch.
pub(super) const FETCH: &str = include_str!("fetch.js");

/// The script that asks for the page's cookies.
pub(super) const COOKIE: &str = include_str!("cookie.js");

/// The script that puts a frame into a page.
pub(super) const FRAME: &str = include_str!("frame.js");

/// The argument of [`FETCH`]: what the page asks for.
pub(super) fn argument(request: &FetchRequest) -> String {
    let body = request.body.as_ref().map(|body| match std::str::from_utf8(body) {
        Ok(text) => json!({ "text": text }),
        Err(_) => json!({ "base64": STANDARD.encode(body) }),
    });
    json!({
        "url": request.url.as_str(),
        "init": {
            "method": request.method,
            "headers": request.headers,
            "mode": mode(request.mode),
            "credentials": credentials(request.credentials),
            "redirect": redirect(request.redirect),
        },
        "body": body,
    })
    .to_string()
}

fn mode(mode: Mode) -> &'static str {
    match mode {
        Mode::Cors => "cors",
        Mode::NoCors => "no-cors",
        Mode::SameOrigin => "same-origin",
    }
}

fn credentials(credentials: Credentials) -> &'static str {
    match credentials {
        Credentials::Omit => "omit",
        Credentials::SameOrigin => "same-origin",
        Credentials::Include => "include",
    }
}

fn redirect(redirect: Redirect) -> &'static str {
    match redirect {
        Redirect::Follow => "follow",
        Redirect::Error => "error",
        Redirect::Manual => "manual",
    }
}

/// What [`FETCH`] returns.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Told {
    Response(ToldResponse),
    Error(String),
}

#[derive(Debug, Deserialize)]
struct ToldResponse {
    #[serde(rename = "type")]
    response_type: ToldType,
    status: u16,
    url: String,
    redirected: bool,
    headers: Vec<(String, String)>,
    body: String,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum ToldType {
    Basic,
    Cors,
    Opaque,
    OpaqueRedirect,
}

/// What a page got, from the text that [`FETCH`] returned; why it cannot be understood, if it cannot.
pub(super) fn outcome(told: &str) -> Result<Outcome, String> {
    let told = serde_json::from_str(told).map_err(|error| format!("the page told `{told}`: {error}"))?;
    let response = match told {
        Told::Error(message) => return Ok(Outcome::Blocked(Blocked::without_reason(message))),
        Told::Response(response) => response,
    };
    let response_type = match response.response_type {
        ToldType::Basic => ResponseType::Basic,
        ToldType::Cors => ResponseType::Cors,
        ToldType::Opaque => ResponseType::Opaque,
        ToldType::OpaqueRedirect => ResponseType::OpaqueRedirect,
    };
    let body = STANDARD.decode(&response.body).map_err(|error| format!("the page told no body: {error}"))?;
    let is_readable = matches!(response_type, ResponseType::Basic | ResponseType::Cors);
    Ok(Outcome::Response(PageResponse {
        response_type,
        status: response.status,
        // Fetch, "url" getter: the empty string where it is hidden.
        url: Url::parse(&response.url).ok(),
        redirected: response.redirected,
        headers: response.headers,
        // What should be hidden and is not shows.
        body: (is_readable || !body.is_empty()).then_some(body),
    }))
}

/// What [`COOKIE`] returns.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum ToldCookies {
    Cookies(String),
    Error(String),
}

/// The page's cookies, from the text that [`COOKIE`] returned; why it cannot be understood, if it cannot.
pub(super) fn cookies(told: &str) -> Result<Result<String, SecurityError>, String> {
    match serde_json::from_str(told) {
        Ok(ToldCookies::Cookies(cookies)) => Ok(Ok(cookies)),
        Ok(ToldCookies::Error(name)) if name == "SecurityError" => Ok(Err(SecurityError)),
        Ok(ToldCookies::Error(name)) => Err(format!("`document.cookie` threw {name}")),
        Err(error) => Err(format!("the page told `{told}`: {error}")),
    }
}

/// A string as WebDriver BiDi takes it for an argument of a script.
pub(super) fn local_string(text: &str) -> Value {
    json!({ "type": "string", "value": text })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[test]
    fn a_request_keeps_all_that_a_page_can_say() {
        let request = FetchRequest::new(Url::parse("https://api.example/x?y").unwrap())
            .with_method("put")
            .with_header("X-A", "1")
            .with_header("X-A", "2")
            .with_body("{}")
            .with_mode(Mode::NoCors)
            .with_credentials(Credentials::Include)
            .with_redirect(Redirect::Manual);
        let argument: Value = serde_json::from_str(&argument(&request)).unwrap();
        let expected = json!({
            "url": "https://api.example/x?y",
            "init": {
                "method": "put", "headers": [["X-A", "1"], ["X-A", "2"]],
                "mode": "no-cors", "credentials": "include", "redirect": "manual",
            },
            "body": { "text": "{}" },
        });
        assert_eq!(argument, expected);
    }

    #[rstest]
    #[case::none(None, Value::Null)]
    #[case::bytes(Some(vec![0xff, 0]), json!({ "base64": "/wA=" }))]
    fn bodies(#[case] body: Option<Vec<u8>>, #[case] expected: Value) {
        let mut request = FetchRequest::new(Url::parse("https://api.example/").unwrap());
        request.body = body;
        assert_eq!(serde_json::from_str::<Value>(&argument(&request)).unwrap()["body"], expected);
    }

    #[test]
    fn a_readable_response() {
        let told = r#"{"response":{"type":"cors","status":404,"url":"https://api.example/x","redirected":true,
                       "headers":[["content-type","text/plain"]],"body":"aGVsbG8="}}"#;
        let Outcome::Response(response) = outcome(told).unwrap() else { panic!("blocked") };
        assert_eq!(
            (response.response_type, response.status, response.redirected),
            (ResponseType::Cors, 404, true)
        );
        assert_eq!(response.url.unwrap().as_str(), "https://api.example/x");
        assert_eq!(response.headers, [("content-type".to_owned(), "text/plain".to_owned())]);
        assert_eq!(response.body.unwrap(), b"hello");
    }

    #[rstest]
    #[case::hidden("", None)]
    #[case::leaked("aGVsbG8=", Some(b"hello".to_vec()))]
    fn an_opaque_response(#[case] body: &str, #[case] expected: Option<Vec<u8>>) {
        let told = format!(
            r#"{{"response":{{"type":"opaque","status":0,"url":"","redirected":false,"headers":[],"body":"{body}"}}}}"#
        );
        let Outcome::Response(response) = outcome(&told).unwrap() else { panic!("blocked") };
        assert_eq!((response.response_type, response.status, response.url), (ResponseType::Opaque, 0, None));
        assert_eq!(response.body, expected);
    }

    #[test]
    fn a_rejection_keeps_its_reason_to_itself() {
        let Outcome::Blocked(blocked) = outcome(r#"{"error":"TypeError: Failed to fetch"}"#).unwrap() else {
            panic!("a response")
        };
        assert!(!blocked.has_reason());
        assert_eq!(blocked.detail, "TypeError: Failed to fetch");
    }

    #[rstest]
    #[case::none(r#"{"cookies":""}"#, Ok(Ok("")))]
    #[case::some(r#"{"cookies":"a=1; b=2"}"#, Ok(Ok("a=1; b=2")))]
    #[case::thrown(r#"{"error":"SecurityError"}"#, Ok(Err(SecurityError)))]
    #[case::otherwise(r#"{"error":"TypeError"}"#, Err("TypeError"))]
    #[case::nonsense("nonsense", Err("nonsense"))]
    fn cookies_of_a_page(#[case] told: &str, #[case] expected: Result<Result<&str, SecurityError>, &str>) {
        match (cookies(told), expected) {
            (Ok(cookies), Ok(expected)) => assert_eq!(cookies.as_deref(), expected.as_ref().map(|it| *it)),
            (Err(error), Err(expected)) => assert!(error.contains(expected), "{error}"),
            (cookies, _) => panic!("{cookies:?}"),
        }
    }

    #[test]
    fn anything_else_is_an_error_that_shows_it() {
        assert!(outcome("nonsense").unwrap_err().contains("nonsense"));
        assert!(outcome(r#"{"response":{"type":"default"}}"#).unwrap_err().contains("default"));
    }
}
