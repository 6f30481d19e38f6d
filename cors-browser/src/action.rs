//! What a page can do that makes requests.

use url::Url;

use crate::FetchRequest;

/// Something that a page does and that makes requests: the argument of [`Browser::act`](crate::Browser::act).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PageAction {
    /// A script calls `fetch()`.
    Fetch(FetchRequest),
    /// A script sends an `XMLHttpRequest`.
    Xhr(XhrRequest),
    /// The user follows a link or submits a form.
    Navigate(Navigation),
    /// A script calls `new WebSocket()`.
    WebSocket(WebSocketRequest),
    /// A script calls `new EventSource()`.
    EventSource(EventSourceRequest),
    /// The document has an element that loads a resource.
    Element(ElementRequest),
}

impl PageAction {
    /// The URL that is requested first.
    pub fn url(&self) -> &Url {
        match self {
            Self::Fetch(request) => &request.url,
            Self::Xhr(request) => &request.url,
            Self::Navigate(navigation) => &navigation.url,
            Self::WebSocket(request) => &request.url,
            Self::EventSource(request) => &request.url,
            Self::Element(request) => &request.url,
        }
    }
}

/// The arguments of an `XMLHttpRequest`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct XhrRequest {
    /// The absolute URL.
    pub url: Url,
    /// The method, as the script writes it.
    pub method: String,
    /// The headers, as the script writes them.
    pub headers: Vec<(String, String)>,
    /// The body. Valid UTF-8 counts as a string, other bytes as binary data.
    pub body: Option<Vec<u8>>,
    /// `xhr.withCredentials`.
    pub with_credentials: bool,
    /// Whether the script listens to events of `xhr.upload`, which forces a preflight.
    pub has_upload_listener: bool,
}

impl XhrRequest {
    /// Creates a `GET` request without credentials.
    pub fn new(url: Url) -> Self {
        Self {
            url,
            method: "GET".to_owned(),
            headers: Vec::new(),
            body: None,
            with_credentials: false,
            has_upload_listener: false,
        }
    }
}

/// A navigation of the page's tab or frame.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Navigation {
    /// The absolute URL.
    pub url: Url,
    /// The form that is submitted; `None` if the user follows a link.
    pub form: Option<Form>,
}

impl Navigation {
    /// Creates a navigation by a link.
    pub fn link(url: Url) -> Self {
        Self { url, form: None }
    }

    /// Creates a navigation by a form.
    pub fn form(url: Url, form: Form) -> Self {
        Self { url, form: Some(form) }
    }
}

/// HTML, a `form` element.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Form {
    /// The `method` attribute.
    pub method: FormMethod,
    /// The `enctype` attribute.
    pub enctype: Enctype,
    /// The names and values of the fields, in the order of the document.
    pub fields: Vec<(String, String)>,
}

/// HTML, the `method` attribute of a `form` element.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FormMethod {
    /// The fields become the query of the URL. This is the default.
    #[default]
    Get,
    /// The fields become the body.
    Post,
}

/// HTML, the `enctype` attribute of a `form` element.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Deserialize)]
pub enum Enctype {
    /// Names and values, percent-encoded. This is the default.
    #[default]
    #[serde(rename = "application/x-www-form-urlencoded")]
    UrlEncoded,
    /// A part for each field.
    #[serde(rename = "multipart/form-data")]
    Multipart,
    /// A line for each field.
    #[serde(rename = "text/plain")]
    Plain,
}

impl Enctype {
    /// The value of the attribute, which is also the media type of the body.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UrlEncoded => "application/x-www-form-urlencoded",
            Self::Multipart => "multipart/form-data",
            Self::Plain => "text/plain",
        }
    }
}

/// The arguments of `new WebSocket()`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WebSocketRequest {
    /// The absolute URL, whose scheme is `ws` or `wss`.
    pub url: Url,
    /// The subprotocols.
    pub protocols: Vec<String>,
}

impl WebSocketRequest {
    /// Creates a handshake without subprotocols.
    pub fn new(url: Url) -> Self {
        Self { url, protocols: Vec::new() }
    }
}

/// The arguments of `new EventSource()`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EventSourceRequest {
    /// The absolute URL.
    pub url: Url,
    /// The `withCredentials` option.
    pub with_credentials: bool,
}

impl EventSourceRequest {
    /// Creates a request without credentials.
    pub fn new(url: Url) -> Self {
        Self { url, with_credentials: false }
    }
}

/// An element that loads a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ElementRequest {
    /// The element.
    pub element: Element,
    /// The absolute URL.
    pub url: Url,
    /// The `crossorigin` attribute.
    pub cross_origin: Option<CrossOrigin>,
}

impl ElementRequest {
    /// Creates an element without a `crossorigin` attribute.
    pub fn new(element: Element, url: Url) -> Self {
        Self { element, url, cross_origin: None }
    }
}

/// The elements and CSS rules that load a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Element {
    /// `<img>`.
    Image,
    /// `<script>`, a classic script.
    Script,
    /// `<link rel="stylesheet">`.
    Stylesheet,
    /// `@font-face`, which always uses mode `cors`.
    Font,
}

impl Element {
    /// The word that scenario files use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Image => "img",
            Self::Script => "script",
            Self::Stylesheet => "stylesheet",
            Self::Font => "font",
        }
    }
}

/// HTML, "CORS settings attribute".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CrossOrigin {
    /// Credentials go to the page's own origin only.
    Anonymous,
    /// Credentials go to every origin.
    UseCredentials,
}

impl CrossOrigin {
    /// The value of the attribute.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Anonymous => "anonymous",
            Self::UseCredentials => "use-credentials",
        }
    }
}
