//! What must happen in a step.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde_json::Value;

use crate::pattern::Pattern;

/// What the page must get.
#[derive(Clone, Debug)]
pub enum PageExpectation {
    /// A response that it can read.
    Readable(Box<Readable>),
    /// An opaque response: the request was sent, but the page can read nothing.
    Opaque,
    /// A redirect that the page asked not to follow.
    OpaqueRedirect,
    /// The `load` event of an element.
    Loaded {
        /// Whether scripts can read the resource.
        is_readable: Option<bool>,
    },
    /// A document that the user sees.
    Navigated(Box<NavigatedTo>),
    /// The `open` event of a WebSocket or an `EventSource`.
    Opened {
        /// The subprotocol that the server chose.
        protocol: Option<String>,
    },
    /// A rejected promise, an `error` event, or no document.
    Blocked {
        /// The codes of the accepted reasons. Empty: any reason.
        reasons: Vec<String>,
    },
}

/// What the page must be able to read, and what it must not.
#[derive(Clone, Debug, Default)]
pub struct Readable {
    /// The response's type.
    pub response_type: Option<ReadableType>,
    /// The status.
    pub status: Option<StatusExpectation>,
    /// The whole body.
    pub body: Option<String>,
    /// Parts of the body.
    pub body_contains: Vec<String>,
    /// JSON pointers into the body, with the values there.
    pub body_json: BTreeMap<String, Value>,
    /// Headers that the page can read.
    pub headers: BTreeMap<String, String>,
    /// Headers that the page cannot read.
    pub hidden: Vec<Pattern>,
    /// `response.url`.
    pub response_url: Option<String>,
    /// `response.redirected`.
    pub redirected: Option<bool>,
    /// Whether reading the body must fail.
    pub body_fails: bool,
}

/// The document that the user must see after a navigation.
#[derive(Clone, Debug, Default)]
pub struct NavigatedTo {
    /// The document's URL.
    pub url: Option<String>,
    /// The status.
    pub status: Option<StatusExpectation>,
    /// The whole body.
    pub body: Option<String>,
    /// Parts of the body.
    pub body_contains: Vec<String>,
    /// JSON pointers into the body, with the values there.
    pub body_json: BTreeMap<String, Value>,
}

/// The type of a response that a page can read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReadableType {
    /// A response of the page's own origin.
    Basic,
    /// A response of another origin, shared by CORS.
    Cors,
}

impl ReadableType {
    /// The value of `response.type`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Basic => "basic",
            Self::Cors => "cors",
        }
    }
}

/// What must be on the wire in one exchange.
#[derive(Clone, Debug)]
pub struct WireExpectation {
    /// Which kind of exchange is meant.
    pub on: On,
    /// Which one of that kind, counted from 0.
    pub nth: usize,
    /// The response's status.
    pub status: Option<StatusExpectation>,
    /// The rest of the response.
    pub response: MessageExpectation,
    /// The request's method.
    pub method: Option<String>,
    /// The rest of the request.
    pub request: MessageExpectation,
}

impl WireExpectation {
    /// Whether it expects nothing.
    pub fn is_empty(&self) -> bool {
        self.status.is_none() && self.method.is_none() && self.response.is_empty() && self.request.is_empty()
    }
}

/// A kind of exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum On {
    /// A CORS-preflight request that the browser sent.
    Preflight,
    /// Any other exchange.
    Actual,
}

impl On {
    /// The word that a scenario file uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Preflight => "preflight",
            Self::Actual => "actual",
        }
    }
}

/// What must be in a request or in a response. Names are in lower case.
#[derive(Clone, Debug, Default)]
pub struct MessageExpectation {
    /// Headers of exactly one line, with its value.
    pub headers: BTreeMap<String, String>,
    /// Headers with the values of all of their lines, in order.
    pub lines: BTreeMap<String, Vec<String>>,
    /// Headers that must not be there.
    pub absent: Vec<Pattern>,
    /// Lists that have each of these members exactly once, among others.
    pub tokens: BTreeMap<String, Vec<String>>,
    /// Lists that have none of these members.
    pub no_tokens: BTreeMap<String, Vec<String>>,
    /// Lists that have each of these members exactly once, and no others.
    pub only_tokens: BTreeMap<String, Vec<String>>,
    /// The whole body.
    pub body: Option<String>,
    /// Parts of the body.
    pub body_contains: Vec<String>,
    /// JSON pointers into the body, with the values there.
    pub body_json: BTreeMap<String, Value>,
    /// Whether there must be no body.
    pub no_body: bool,
}

impl MessageExpectation {
    /// Whether it expects nothing.
    pub fn is_empty(&self) -> bool {
        self.headers.is_empty()
            && self.lines.is_empty()
            && self.absent.is_empty()
            && self.tokens.is_empty()
            && self.no_tokens.is_empty()
            && self.only_tokens.is_empty()
            && self.body.is_none()
            && self.body_contains.is_empty()
            && self.body_json.is_empty()
            && !self.no_body
    }
}

/// The accepted statuses: `204`, `[200, 204]` or `"2xx"`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StatusExpectation {
    /// One of these.
    OneOf(Vec<u16>),
    /// A class, by its first digit.
    Class(u16),
}

impl StatusExpectation {
    /// Whether `status` is accepted.
    pub fn accepts(&self, status: u16) -> bool {
        match self {
            Self::OneOf(accepted) => accepted.contains(&status),
            Self::Class(class) => status / 100 == *class,
        }
    }
}

impl fmt::Display for StatusExpectation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OneOf(accepted) => {
                let words: Vec<_> = accepted.iter().map(u16::to_string).collect();
                formatter.write_str(&words.join(" or "))
            }
            Self::Class(class) => write!(formatter, "{class}xx"),
        }
    }
}
