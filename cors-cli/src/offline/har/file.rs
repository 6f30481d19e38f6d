//! HAR files, as far as a verdict needs them.
//!
//! The types accept what Chromium, Firefox, Safari and Charles write: fields may be missing, null, or of another type where that does not
//! matter, and the fields of a vendor begin with an underscore.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use url::Url;

/// A recorded session.
#[derive(Debug)]
pub(super) struct File {
    /// The program that wrote it.
    pub(super) creator: String,
    /// The addresses or titles of pages, by their ids.
    pub(super) pages: Vec<Page>,
    /// The entries in the order of the file, each with its number, counted from one.
    pub(super) entries: Vec<(usize, Entry)>,
    /// The entries that cannot be read, with what is wrong with each.
    pub(super) unreadable: Vec<(usize, String)>,
}

#[derive(Deserialize)]
struct Root {
    log: Log,
}

#[derive(Deserialize)]
struct Log {
    #[serde(default, deserialize_with = "or_default")]
    creator: Creator,
    #[serde(default, deserialize_with = "or_default")]
    pages: Vec<Page>,
    entries: Vec<Value>,
}

#[derive(Default, Deserialize)]
struct Creator {
    #[serde(default, deserialize_with = "or_default")]
    name: String,
    #[serde(default, deserialize_with = "or_default")]
    version: String,
}

/// A page.
#[derive(Debug, Deserialize)]
pub(super) struct Page {
    #[serde(default, deserialize_with = "or_default")]
    pub(super) id: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) title: String,
}

/// A request and its response.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Entry {
    #[serde(default, deserialize_with = "or_default")]
    pub(super) pageref: String,
    pub(super) request: Request,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) response: Response,
    /// Chromium: what the request is for, such as `fetch`.
    #[serde(default, rename = "_resourceType", deserialize_with = "or_default")]
    pub(super) resource_type: String,
    /// Chromium and Safari: why no response came.
    #[serde(default, rename = "_error", deserialize_with = "or_default")]
    error: Value,
    /// Chromium: what made the request.
    #[serde(default, rename = "_initiator", deserialize_with = "or_default")]
    pub(super) initiator: Value,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Request {
    pub(super) method: String,
    #[serde(deserialize_with = "url")]
    pub(super) url: Url,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) headers: Vec<Header>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) cookies: Vec<Value>,
    #[serde(default, rename = "postData", deserialize_with = "or_default")]
    pub(super) body: Option<Body>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Response {
    #[serde(default, deserialize_with = "status")]
    pub(super) status: u16,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) headers: Vec<Header>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) content: Body,
    #[serde(default, rename = "_error", deserialize_with = "or_default")]
    error: Value,
    #[serde(default, rename = "_fetchedViaServiceWorker", deserialize_with = "or_default")]
    pub(super) from_service_worker: bool,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Header {
    #[serde(default, deserialize_with = "or_default")]
    pub(super) name: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) value: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Body {
    #[serde(default, deserialize_with = "or_default")]
    pub(super) text: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    encoding: String,
}

impl File {
    /// Parses a file.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let Root { log } = serde_json::from_str(text.trim_start_matches('\u{feff}'))
            .map_err(|error| format!("not a HAR file: {error}"))?;
        let (mut entries, mut unreadable) = (Vec::new(), Vec::new());
        for (number, value) in (1..).zip(log.entries) {
            match serde_json::from_value(value) {
                Ok(entry) => entries.push((number, entry)),
                Err(error) => unreadable.push((number, error.to_string())),
            }
        }
        let creator = format!("{} {}", log.creator.name, log.creator.version).trim().to_owned();
        Ok(Self { creator, pages: log.pages, entries, unreadable })
    }
}

impl Entry {
    /// Why the browser got no response, in its own words, if it says so.
    pub(super) fn error(&self) -> Option<String> {
        [&self.response.error, &self.error].into_iter().find_map(|error| match error {
            Value::Null => None,
            Value::String(text) => (!text.is_empty()).then(|| text.clone()),
            other => Some(other.to_string()),
        })
    }

    /// Whether the request was a preflight.
    pub(super) fn is_preflight(&self) -> bool {
        self.request.method == "OPTIONS"
            && (self.resource_type == "preflight"
                || self.request.header("access-control-request-method").is_some())
    }
}

impl Request {
    /// The value of a header, compared case-insensitively.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers.find(|header| header.name.eq_ignore_ascii_case(name)).map(|header| header.value.as_str())
    }
}

impl Body {
    /// The bytes, if they were recorded.
    pub(super) fn bytes(&self) -> Option<Vec<u8>> {
        let text = self.text.as_ref()?;
        match self.encoding.as_str() {
            "base64" => STANDARD.decode(text).ok(),
            _ => Some(text.clone().into_bytes()),
        }
    }
}

/// Reads a value, or the default for null.
fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

fn url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Url, D::Error> {
    let text = String::deserialize(deserializer)?;
    Url::parse(&text).map_err(|error| D::Error::custom(format_args!("the URL is not valid: {error}")))
}

/// Reads a status. A number out of range, as Firefox writes for none, or another value counts as 0.
fn status<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u16, D::Error> {
    let value = Value::deserialize(deserializer)?;
    let number = value.as_u64().or_else(|| value.as_str()?.parse().ok());
    Ok(number
        .and_then(|number| u16::try_from(number).ok())
        .filter(|status| matches!(status, 100..=999))
        .unwrap_or(0))
}
