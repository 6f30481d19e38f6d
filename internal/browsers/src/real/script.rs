//! The scripts that run in pages, their arguments and their results.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::json;
use url::Url;

use cors_browser::{
    Blocked, Credentials, ElementRequest, EventSourceRequest, FetchRequest, FormMethod, Loaded, Mode,
    Navigated, Navigation, Opened, Origin, Outcome, PageResponse, Redirect, ResponseType, SecurityError,
    WebSocketRequest, WireResponse, XhrRequest,
};

/// The script that makes a fetch.
pub(super) const FETCH: &str = include_str!("scripts/fetch.js");

/// The script that opens a WebSocket.
pub(super) const WEB_SOCKET: &str = include_str!("scripts/websocket.js");

/// The script that opens an event source.
pub(super) const EVENT_SOURCE: &str = include_str!("scripts/event_source.js");

/// The script that follows a link or submits a form.
pub(super) const FOLLOW: &str = include_str!("scripts/follow.js");

/// The script that reads the document after a navigation.
pub(super) const DOCUMENT: &str = include_str!("scripts/document.js");
/// The script that sends an `XMLHttpRequest`.
pub(super) const XHR: &str = include_str!("scripts/xhr.js");

/// The script that adds an element.
pub(super) const ELEMENT: &str = include_str!("scripts/element.js");

/// The script that reads `document.cookie`.
pub(super) const COOKIE: &str = include_str!("scripts/cookie.js");

/// The script that puts a frame into a page.
pub(super) const FRAME: &str = include_str!("scripts/frame.js");

/// The argument of [`FETCH`]: the request, as JSON.
pub(super) fn argument(request: &FetchRequest) -> String {
    let mut init = json!({
        "method": request.method,
        "headers": request.headers,
        "mode": mode(request.mode),
        "credentials": credentials(request.credentials),
        "redirect": redirect(request.redirect),
    });
    if let Some(policy) = request.referrer_policy {
        init["referrerPolicy"] = policy.as_str().into();
    }
    // Browsers refuse `null` for this argument.
    if let Some(space) = request.target_address_space {
        init["targetAddressSpace"] = json!(space.as_str());
    }
    json!({ "url": request.url.as_str(), "init": init, "body": body(request.body.as_deref()) }).to_string()
}

/// The argument of [`XHR`]: the request, as JSON.
pub(super) fn xhr_argument(request: &XhrRequest) -> String {
    json!({
        "url": request.url.as_str(),
        "method": request.method,
        "headers": request.headers,
        "body": body(request.body.as_deref()),
        "withCredentials": request.with_credentials,
        "hasUploadListener": request.has_upload_listener,
    })
    .to_string()
}

/// The argument of [`ELEMENT`]: the element, as JSON.
pub(super) fn element_argument(element: &ElementRequest) -> String {
    json!({
        "element": element.element.as_str(),
        "url": element.url.as_str(),
        "crossOrigin": element.cross_origin.map(cors_browser::CrossOrigin::as_str),
    })
    .to_string()
}

fn body(body: Option<&[u8]>) -> Option<serde_json::Value> {
    body.map(|body| match std::str::from_utf8(body) {
        Ok(text) => json!({ "text": text }),
        Err(_) => json!({ "base64": STANDARD.encode(body) }),
    })
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

/// The result of [`FETCH`].
#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum FetchResult {
    Response(FetchResponse),
    Error(String),
}

#[derive(Debug, Deserialize)]
struct FetchResponse {
    #[serde(rename = "type")]
    response_type: FetchResponseType,
    status: u16,
    url: String,
    redirected: bool,
    headers: Vec<(String, String)>,
    body: String,
    #[serde(default)]
    body_fails: bool,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum FetchResponseType {
    Basic,
    Cors,
    Opaque,
    OpaqueRedirect,
}

/// Reads the outcome of a fetch from the result of [`FETCH`]; the error says what is wrong with the result.
pub(super) fn outcome(result: &str) -> Result<Outcome, String> {
    let parsed =
        serde_json::from_str(result).map_err(|error| format!("the page returned `{result}`: {error}"))?;
    let response = match parsed {
        FetchResult::Error(message) => return Ok(Outcome::Blocked(Blocked::without_reason(message))),
        FetchResult::Response(response) => response,
    };
    let response_type = match response.response_type {
        FetchResponseType::Basic => ResponseType::Basic,
        FetchResponseType::Cors => ResponseType::Cors,
        FetchResponseType::Opaque => ResponseType::Opaque,
        FetchResponseType::OpaqueRedirect => ResponseType::OpaqueRedirect,
    };
    let body = STANDARD
        .decode(&response.body)
        .map_err(|error| format!("the page returned an invalid body: {error}"))?;
    let is_readable = matches!(response_type, ResponseType::Basic | ResponseType::Cors);
    Ok(Outcome::Response(PageResponse {
        response_type,
        status: response.status,
        // Fetch, the `url` getter of `Response`: empty if the URL is hidden.
        url: Url::parse(&response.url).ok(),
        redirected: response.redirected,
        headers: response.headers,
        // A body that should be hidden but is not must not be lost here.
        body: (is_readable || !body.is_empty()).then_some(body),
        body_fails: response.body_fails,
    }))
}

/// The argument of [`WEB_SOCKET`].
pub(super) fn web_socket_argument(request: &WebSocketRequest) -> String {
    json!({ "url": request.url.as_str(), "protocols": request.protocols }).to_string()
}

/// The argument of [`EVENT_SOURCE`].
pub(super) fn event_source_argument(request: &EventSourceRequest) -> String {
    json!({ "url": request.url.as_str(), "withCredentials": request.with_credentials }).to_string()
}

/// The argument of [`FOLLOW`].
pub(super) fn follow_argument(navigation: &Navigation) -> String {
    let form = navigation.form.as_ref().map(|form| {
        let method = match form.method {
            FormMethod::Get => "get",
            FormMethod::Post => "post",
        };
        json!({ "method": method, "enctype": form.enctype.as_str(), "fields": form.fields })
    });
    json!({ "url": navigation.url.as_str(), "form": form }).to_string()
}

/// The result of [`WEB_SOCKET`] and [`EVENT_SOURCE`].
#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum OpenResult {
    Opened(String),
    Error(String),
}

/// What a script learns of a failure that is an event.
pub(super) const ERROR_EVENT: &str = "an `error` event";

/// Reads the outcome from the result of [`WEB_SOCKET`] or [`EVENT_SOURCE`].
pub(super) fn opened(result: &str) -> Result<Outcome, String> {
    match serde_json::from_str(result) {
        Ok(OpenResult::Opened(protocol)) => Ok(Outcome::Opened(Opened::new(protocol))),
        Ok(OpenResult::Error(message)) => Ok(Outcome::Blocked(Blocked::without_reason(message))),
        Err(error) => Err(format!("the page returned `{result}`: {error}")),
    }
}

/// The result of [`XHR`].
#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum XhrResult {
    Response(XhrResponse),
    Event(EventName),
    Error(String),
}

#[derive(Debug, Deserialize)]
struct XhrResponse {
    status: u16,
    url: String,
    headers: Vec<(String, String)>,
    body: String,
}

/// Reads the outcome of an `XMLHttpRequest` from the result of [`XHR`]; the error says what is wrong with the result.
///
/// A script sees neither the type of the response nor whether it was redirected. Both come from the URLs: `requested`, and
/// those that were on the wire.
pub(super) fn xhr_outcome<'a>(
    result: &str,
    page: &Origin,
    requested: &Url,
    mut on_wire: impl Iterator<Item = &'a Url>,
) -> Result<Outcome, String> {
    let parsed =
        serde_json::from_str(result).map_err(|error| format!("the page returned `{result}`: {error}"))?;
    let response = match parsed {
        XhrResult::Error(message) => return Ok(Outcome::Blocked(Blocked::without_reason(message))),
        XhrResult::Event(EventName::Error) => {
            return Ok(Outcome::Blocked(Blocked::without_reason(ERROR_EVENT)));
        }
        XhrResult::Response(response) => response,
    };
    let body = STANDARD
        .decode(&response.body)
        .map_err(|error| format!("the page returned an invalid body: {error}"))?;
    let is_own = on_wire.all(|url| Origin::of(url).is_same_origin(page));
    let mut first = requested.clone();
    first.set_fragment(None);
    Ok(Outcome::Response(PageResponse {
        body_fails: false,
        response_type: if is_own { ResponseType::Basic } else { ResponseType::Cors },
        status: response.status,
        redirected: response.url != first.as_str(),
        url: Url::parse(&response.url).ok(),
        headers: response.headers,
        body: Some(body),
    }))
}

/// The result of [`ELEMENT`].
#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum ElementResult {
    Readable(bool),
    Event(EventName),
    Unknown(String),
}

/// The event of a failure.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum EventName {
    Error,
}

/// Reads what came of an element from the result of [`ELEMENT`]; the error says what is wrong with the result.
pub(super) fn element_outcome(result: &str) -> Result<Outcome, String> {
    match serde_json::from_str(result) {
        Ok(ElementResult::Readable(is_readable)) => Ok(Outcome::Loaded(Loaded::new(is_readable))),
        Ok(ElementResult::Event(EventName::Error)) => {
            Ok(Outcome::Blocked(Blocked::without_reason(ERROR_EVENT)))
        }
        Ok(ElementResult::Unknown(why)) => Err(why),
        Err(error) => Err(format!("the page returned `{result}`: {error}")),
    }
}

/// The document that a navigation led to.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Document {
    url: String,
    /// The status of the response; 0 if the browser does not tell it.
    status: u16,
    /// The text that the user sees; `None` for a page.
    text: Option<String>,
}

/// Reads the result of [`DOCUMENT`]. Returns `None` for the page of the browser itself about an error.
pub(super) fn document(result: &str) -> Result<Option<Document>, String> {
    let document: Document =
        serde_json::from_str(result).map_err(|error| format!("the page returned `{result}`: {error}"))?;
    Ok(document.url.starts_with("http").then_some(document))
}

/// The outcome of a navigation: whether the page has left its document, the next document, and the last response on the wire with
/// its URL.
pub(super) fn navigated(
    has_left: bool,
    document: Option<Document>,
    last: Option<(&Url, &WireResponse)>,
) -> Outcome {
    let shown = match (document, last) {
        (Some(Document { url, status, text }), Some((_, response))) => Url::parse(&url).ok().map(|url| {
            let status = if status == 0 { response.status } else { status };
            let body = text.map_or_else(|| response.body.clone(), String::into_bytes);
            (url, status, body)
        }),
        // Browsers show a page of their own instead of an empty document about an error.
        (None, Some((url, response))) if has_left && response.body.is_empty() && response.status >= 400 => {
            Some((url.clone(), response.status, Vec::new()))
        }
        _ => None,
    };
    let Some((mut url, status, body)) = shown else {
        return Outcome::Blocked(Blocked::without_reason("no document"));
    };
    url.set_fragment(None);
    Outcome::Navigated(Navigated::new(url, status, body))
}

/// The result of [`COOKIE`].
#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum CookieResult {
    Cookies(String),
    Error(String),
}

/// Reads the page's cookies from the result of [`COOKIE`]; the outer error says what is wrong with the result.
pub(super) fn cookies(result: &str) -> Result<Result<String, SecurityError>, String> {
    match serde_json::from_str(result) {
        Ok(CookieResult::Cookies(cookies)) => Ok(Ok(cookies)),
        Ok(CookieResult::Error(name)) if name == "SecurityError" => Ok(Err(SecurityError)),
        Ok(CookieResult::Error(name)) => Err(format!("`document.cookie` threw {name}")),
        Err(error) => Err(format!("the page returned `{result}`: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::Value;

    use super::*;

    #[test]
    fn a_request_keeps_everything_that_a_page_can_set() {
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
        let result = r#"{"response":{"type":"cors","status":404,"url":"https://api.example/x","redirected":true,
                       "headers":[["content-type","text/plain"]],"body":"aGVsbG8="}}"#;
        let Outcome::Response(response) = outcome(result).unwrap() else { panic!("blocked") };
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
        let result = format!(
            r#"{{"response":{{"type":"opaque","status":0,"url":"","redirected":false,"headers":[],"body":"{body}"}}}}"#
        );
        let Outcome::Response(response) = outcome(&result).unwrap() else { panic!("blocked") };
        assert_eq!((response.response_type, response.status, response.url), (ResponseType::Opaque, 0, None));
        assert_eq!(response.body, expected);
    }

    #[test]
    fn a_rejection_has_no_known_reason() {
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
    fn cookies_of_a_page(#[case] result: &str, #[case] expected: Result<Result<&str, SecurityError>, &str>) {
        match (cookies(result), expected) {
            (Ok(cookies), Ok(expected)) => assert_eq!(cookies.as_deref(), expected.as_ref().map(|it| *it)),
            (Err(error), Err(expected)) => assert!(error.contains(expected), "{error}"),
            (cookies, _) => panic!("{cookies:?}"),
        }
    }

    #[test]
    fn an_unknown_result_is_quoted_in_the_error() {
        assert!(outcome("nonsense").unwrap_err().contains("nonsense"));
        assert!(outcome(r#"{"response":{"type":"default"}}"#).unwrap_err().contains("default"));
    }
}
