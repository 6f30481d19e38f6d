//! What a page does besides `fetch()`, and what its browser has before.

use std::sync::Arc;

use cors_browser::{
    Browser, Credentials, CrossOrigin, Element, ElementRequest, Enctype, EventSourceRequest, FetchRequest,
    Form, FormMethod, Navigation, Origin, Page, PageAction, WebSocketRequest, XhrRequest,
};
use url::Url;

use super::Check;
use super::recorder::Recorder;

/// What makes the request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Via {
    /// A call of `fetch()`.
    #[default]
    Fetch,
    /// An `XMLHttpRequest`.
    Xhr,
    /// A form that the user submits.
    Form,
    /// A link that the user follows.
    Link,
    /// A call of `new WebSocket()`.
    WebSocket,
    /// A call of `new EventSource()`.
    EventSource,
    /// An element or a CSS rule.
    Element(Element),
}

impl Via {
    /// The name of the option's value.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fetch => "fetch",
            Self::Xhr => "xhr",
            Self::Form => "form",
            Self::Link => "link",
            Self::WebSocket => "websocket",
            Self::EventSource => "eventsource",
            Self::Element(element) => element.as_str(),
        }
    }
}

/// How a request comes about: what makes it, and what the browser has before.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    /// What makes the request.
    pub via: Via,
    /// The `crossorigin` attribute of an element.
    pub cross_origin: Option<CrossOrigin>,
    /// The fields of a form, or of a `FormData` object as the body of a `fetch()`.
    pub fields: Vec<(String, String)>,
    /// Cookies that the server has set before, as in a `Set-Cookie` header.
    pub cookies: Vec<String>,
    /// A URL that the user visits before.
    pub login: Option<Url>,
    /// Whether an earlier response of the same server has set cookies.
    pub has_earlier_cookies: bool,
    /// Whether the script listens to events of `xhr.upload`.
    pub has_upload_listener: bool,
    /// Whether nothing but the page's own requests is sent.
    pub only: bool,
}

/// What the page does.
pub(super) fn action(check: &Check) -> PageAction {
    let request = with_fields(&check.request, &check.setup);
    let url = request.url.clone();
    let has_credentials = request.credentials == Credentials::Include;
    match check.setup.via {
        Via::Fetch => PageAction::Fetch(request),
        Via::Xhr => {
            let mut xhr = XhrRequest::new(url);
            xhr.method = request.method;
            xhr.headers = request.headers;
            xhr.body = request.body;
            xhr.with_credentials = has_credentials;
            xhr.has_upload_listener = check.setup.has_upload_listener;
            PageAction::Xhr(xhr)
        }
        Via::Link => PageAction::Navigate(Navigation::link(url)),
        Via::Form => {
            let mut form = Form::default();
            if request.method.eq_ignore_ascii_case("post") {
                form.method = FormMethod::Post;
            }
            form.enctype = enctype(&request);
            form.fields = check.setup.fields.clone();
            PageAction::Navigate(Navigation::form(url, form))
        }
        Via::WebSocket => PageAction::WebSocket(WebSocketRequest::new(url)),
        Via::EventSource => {
            let mut source = EventSourceRequest::new(url);
            source.with_credentials = has_credentials;
            PageAction::EventSource(source)
        }
        Via::Element(element) => {
            let mut request = ElementRequest::new(element, url);
            request.cross_origin = check.setup.cross_origin;
            PageAction::Element(request)
        }
    }
}

/// Gives a browser its cookies.
pub(super) async fn prepare(browser: &Browser, check: &Check) {
    let url = http_url(&check.request.url);
    for cookie in &check.setup.cookies {
        browser.store_cookie(&url, cookie);
    }
    if let Some(login) = &check.setup.login {
        let page = Page::new(Origin::of(login));
        browser.act(&page, PageAction::Navigate(Navigation::link(login.clone()))).await;
    }
}

/// Whether a browser that remembers nothing sends a preflight first.
pub(super) async fn needs_preflight(check: &Check) -> bool {
    let recorder = Arc::new(Recorder::default());
    super::fetch(&without_login(check), recorder.clone()).await;
    recorder.take().is_some_and(|request| request.header("access-control-request-method").is_some())
}

/// The same check without a login, for what is printed and not sent.
pub(super) fn without_login(check: &Check) -> Check {
    let mut check = check.clone();
    check.setup.login = None;
    check
}

/// The URL over which the handshake of a WebSocket goes; any other URL is not changed.
pub(super) fn http_url(url: &Url) -> Url {
    let scheme = match url.scheme() {
        "ws" => "http",
        "wss" => "https",
        _ => return url.clone(),
    };
    Url::parse(&url.as_str().replacen(url.scheme(), scheme, 1)).unwrap_or_else(|_| url.clone())
}

/// The `enctype` of a form: the header that the user gave, as forms have no headers.
fn enctype(request: &FetchRequest) -> Enctype {
    let written = request.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    let written = written.map(|(_, value)| value.to_ascii_lowercase()).unwrap_or_default();
    [Enctype::Multipart, Enctype::Plain]
        .into_iter()
        .find(|enctype| written.starts_with(enctype.as_str()))
        .unwrap_or_default()
}

/// A request whose body is a `FormData` object, if there are fields.
fn with_fields(request: &FetchRequest, setup: &Setup) -> FetchRequest {
    let request = request.clone();
    if setup.fields.is_empty() || !matches!(setup.via, Via::Fetch | Via::Xhr) {
        return request;
    }
    let mut boundary = "----formboundary".to_owned();
    while setup.fields.iter().any(|(name, value)| name.contains(&boundary) || value.contains(&boundary)) {
        boundary.push('x');
    }
    let mut body = String::new();
    for (name, value) in &setup.fields {
        // HTML, "multipart/form-data encoding algorithm".
        let name = name.replace('\r', "%0D").replace('\n', "%0A").replace('"', "%22");
        body +=
            &format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
    }
    body += &format!("--{boundary}--\r\n");
    let content_type = format!("multipart/form-data; boundary={boundary}");
    request.with_header("Content-Type", content_type).with_body(body)
}
