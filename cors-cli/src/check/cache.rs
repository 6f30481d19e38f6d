//! Whether a cache can hand the response for one origin to a page of another (RFC 9111).

use std::time::SystemTime;

use cors_browser::{WireRequest, WireResponse};

use super::lists::{members, value};
use super::{Note, Severity};

const ALLOW_ORIGIN: &str = "access-control-allow-origin";

/// The responses of one URL to three requests that differ in their `Origin`.
#[derive(Clone, Debug)]
pub(super) struct Sharing {
    /// The response to the page, and its origin.
    pub(super) page: Sample,
    /// The response to a page of another origin.
    pub(super) other: Sample,
    /// The response to a request without `Origin`, such as that of a link or an `<img>`.
    pub(super) plain: Sample,
}

/// One of the responses.
#[derive(Clone, Debug)]
pub(super) struct Sample {
    /// The `Origin` of the request.
    pub(super) origin: Option<String>,
    status: u16,
    allows: Option<String>,
    allows_credentials: bool,
    varies: bool,
    storage: Storage,
}

/// Which caches may store a response and use it without asking the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Storage {
    /// None.
    None,
    /// The browser's own cache.
    Browser,
    /// Every cache that decides by itself how long the response is fresh.
    Heuristic,
    /// Every cache, as the response says how long it is fresh.
    Shared,
}

impl Sample {
    pub(super) fn new(request: &WireRequest, response: &WireResponse) -> Self {
        let vary = members(response, "vary");
        Self {
            origin: request.header("origin").map(|origin| String::from_utf8_lossy(origin).into_owned()),
            status: response.status,
            allows: value(response, ALLOW_ORIGIN),
            allows_credentials: value(response, "access-control-allow-credentials").as_deref()
                == Some("true"),
            varies: vary.iter().any(|name| name == "*" || name.eq_ignore_ascii_case("origin")),
            storage: storage(request, response),
        }
    }

    /// Whether a page of `origin` could read this response.
    fn is_readable_by(&self, origin: Option<&str>) -> bool {
        self.allows.as_deref() == Some("*") || (origin.is_some() && self.allows.as_deref() == origin)
    }

    /// What was sent and what came back.
    fn evidence(&self) -> String {
        let request = match &self.origin {
            Some(origin) => format!("with `Origin: {origin}`"),
            None => "without `Origin`".to_owned(),
        };
        let allows = match &self.allows {
            Some(allows) => format!("`Access-Control-Allow-Origin: {allows}`"),
            None => "no `Access-Control-Allow-Origin`".to_owned(),
        };
        let vary = if self.varies { "`Vary: Origin`" } else { "no `Vary: Origin`" };
        format!("{request} it sends {allows} and {vary} (status {})", self.status)
    }
}

/// RFC 9111, sections 3 and 4.2: which caches may store a response to a request.
pub(super) fn storage(request: &WireRequest, response: &WireResponse) -> Storage {
    // Section 4.2.2, and RFC 9110, section 15.1: the statuses that caches may store without being told.
    const HEURISTIC: [u16; 12] = [200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 501];
    let directives = directives(response);
    let has = |name: &str| directives.iter().any(|(other, _)| other == name);
    let seconds = |name: &str| {
        let found = directives.iter().find(|(other, _)| other == name)?;
        found.1.trim_matches('"').parse::<u64>().ok()
    };
    let is_safe = matches!(request.method.as_str(), "GET" | "HEAD");
    if !is_safe || has("no-store") || members(response, "vary").iter().any(|name| name == "*") {
        return Storage::None;
    }
    let lifetime = match seconds("s-maxage").or_else(|| seconds("max-age")) {
        Some(seconds) => Some(seconds > 0),
        None => value(response, "expires").map(|expires| is_later(&expires, response)),
    };
    // Section 5.2.2.4: the server must be asked each time.
    if has("no-cache") || lifetime == Some(false) {
        return Storage::None;
    }
    let is_cacheable = lifetime.is_some() || has("public") || HEURISTIC.contains(&response.status);
    if !is_cacheable {
        return Storage::None;
    }
    // Section 3.5.
    let has_login = request.header("authorization").is_some();
    let is_for_all = has("public") || has("s-maxage") || has("must-revalidate");
    if has("private") || (has_login && !is_for_all) {
        return Storage::Browser;
    }
    if lifetime == Some(true) { Storage::Shared } else { Storage::Heuristic }
}

/// The members of `Cache-Control`, in lower case, with their arguments.
fn directives(response: &WireResponse) -> Vec<(String, String)> {
    let members = members(response, "cache-control");
    members
        .iter()
        .map(|member| {
            let (name, argument) = member.split_once('=').unwrap_or((member, ""));
            (name.trim().to_ascii_lowercase(), argument.trim().to_owned())
        })
        .collect()
}

/// Whether a response expires after it was sent. An invalid date is in the past.
fn is_later(expires: &str, response: &WireResponse) -> bool {
    let date = value(response, "date").and_then(|date| httpdate::parse_http_date(&date).ok());
    let date = date.unwrap_or_else(SystemTime::now);
    httpdate::parse_http_date(expires).is_ok_and(|expires| expires > date)
}

/// A server that allows an origin that it cannot know, with the user's cookies.
pub(super) fn reflection(sharing: &Sharing) -> Option<Note> {
    let Sample { origin: Some(origin), allows, allows_credentials: true, .. } = &sharing.other else {
        return None;
    };
    (allows.as_ref() == Some(origin)).then(|| {
        let text = format!(
            "the server allows {origin}, an origin that it cannot know, with the user's cookies. Pages of every site can read what \
             your users see. Compare the whole `Origin` with a list of exact origins; `--audit` tries more."
        );
        Note::new("any-origin-with-credentials", Severity::Error, text)
    })
}

/// What a cache would do with the three responses.
pub(super) fn notes(sharing: &Sharing) -> Option<Note> {
    let Sharing { page, other, plain } = sharing;
    // A response that a cache hands to everybody, and a page that needs another one. The most probable mistakes come first.
    let pairs = [(plain, page), (other, page), (page, other)];
    let is_harmful = |(stored, asker): &(&Sample, &Sample)| {
        let origin = asker.origin.as_deref();
        stored.storage != Storage::None
            && !stored.varies
            && asker.is_readable_by(origin)
            && !stored.is_readable_by(origin)
    };
    let harmful: Vec<_> = pairs.into_iter().filter(is_harmful).collect();
    let (stored, asker) = *harmful.iter().max_by_key(|(stored, _)| stored.storage as u8)?;
    let severity = if stored.storage == Storage::Shared { Severity::Error } else { Severity::Warning };
    let who = match stored.storage {
        Storage::Browser => "The browser's own cache",
        _ => "A shared cache, such as a CDN,",
    };
    let when = match stored.storage {
        Storage::Shared => "can store it, as the response says how long it is fresh,",
        Storage::Heuristic => "may store it, as nothing forbids that,",
        Storage::Browser | Storage::None => "can store it",
    };
    let first = match &stored.origin {
        Some(origin) => format!("a page at {origin}"),
        None => "a request without `Origin` (a link, an `<img>`, a crawler)".to_owned(),
    };
    let asker_origin = asker.origin.as_deref().unwrap_or_default();
    let only_with_origin = stored.origin.is_none() && asker.varies;
    let (code, fix) = match (only_with_origin, stored.storage) {
        (true, _) => (
            "vary-only-with-origin",
            "Send `Vary: Origin` with every response of this URL, also if the request has no `Origin`.",
        ),
        (false, Storage::Browser) => {
            ("browser-cache-mixes-origins", "Send `Vary: Origin` with every response of this URL.")
        }
        (false, _) => (
            "shared-cache-mixes-origins",
            "Send `Vary: Origin` with every response of this URL, or `Access-Control-Allow-Origin: *` if it is public.",
        ),
    };
    let text = format!(
        "the response depends on `Origin`, and a cache does not know that. {}; {}; {}. {who} {when} and hand the response for \
         {first} to a page at {asker_origin}, whose browser then blocks it. {fix}",
        capitalized(&page.evidence()),
        plain.evidence(),
        other.evidence(),
    );
    Some(Note::new(code, severity, text))
}

/// A text whose first letter is a capital one.
fn capitalized(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use url::Url;

    use super::*;

    fn request(headers: &[(&str, &str)]) -> WireRequest {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()));
        WireRequest {
            method: "GET".to_owned(),
            url: Url::parse("https://api.example/").unwrap(),
            headers: headers.collect(),
            body: None,
        }
    }

    fn response(status: u16, headers: &[(&str, &str)]) -> WireResponse {
        headers
            .iter()
            .fold(WireResponse::new(status), |response, (name, value)| response.with_header(*name, *value))
    }

    #[rstest]
    #[case::nothing(200, &[], Storage::Heuristic)]
    #[case::fresh(200, &[("cache-control", "public, max-age=31536000")], Storage::Shared)]
    #[case::shared_only(200, &[("cache-control", "max-age=0, s-maxage=60")], Storage::Shared)]
    #[case::not_shared(200, &[("cache-control", "max-age=60, s-maxage=0")], Storage::None)]
    #[case::private(200, &[("cache-control", "Private, max-age=60")], Storage::Browser)]
    #[case::no_store(200, &[("cache-control", "no-store")], Storage::None)]
    #[case::no_cache(200, &[("cache-control", "no-cache")], Storage::None)]
    #[case::stale(200, &[("cache-control", "max-age=0")], Storage::None)]
    #[case::expires(200, &[("date", "Sat, 28 Nov 2026 10:00:00 GMT"), ("expires", "Sat, 28 Nov 2026 11:00:00 GMT")], Storage::Shared)]
    #[case::expired(200, &[("expires", "0")], Storage::None)]
    #[case::any(200, &[("vary", "*"), ("cache-control", "max-age=60")], Storage::None)]
    #[case::error(500, &[], Storage::None)]
    #[case::fresh_error(500, &[("cache-control", "max-age=60")], Storage::Shared)]
    #[case::missing(404, &[], Storage::Heuristic)]
    fn what_caches_store(#[case] status: u16, #[case] headers: &[(&str, &str)], #[case] expected: Storage) {
        assert_eq!(storage(&request(&[]), &response(status, headers)), expected);
    }

    #[test]
    fn responses_to_logins_are_for_one_user() {
        let login = request(&[("authorization", "Bearer t")]);
        let fresh = |control| response(200, &[("cache-control", control)]);
        assert_eq!(storage(&login, &fresh("max-age=60")), Storage::Browser);
        assert_eq!(storage(&login, &fresh("public, max-age=60")), Storage::Shared);
    }

    const APP: &str = "https://app.example";
    const OTHER: &str = "https://other.example";
    const FRESH: (&str, &str) = ("cache-control", "max-age=60");
    const VARY: (&str, &str) = ("vary", "Accept-Encoding, origin");

    fn sample(origin: Option<&str>, headers: &[(&str, &str)]) -> Sample {
        let origin: Vec<_> = origin.map(|origin| ("origin", origin)).into_iter().collect();
        Sample::new(&request(&origin), &response(200, headers))
    }

    #[rstest]
    #[case::any(OTHER, "true", true)]
    #[case::without_cookies(OTHER, "false", false)]
    #[case::one(APP, "true", false)]
    fn any_origin_is_an_error(#[case] allowed: &str, #[case] credentials: &str, #[case] expected: bool) {
        let headers =
            [("access-control-allow-origin", allowed), ("access-control-allow-credentials", credentials)];
        let own = [("access-control-allow-origin", APP)];
        let sharing = Sharing {
            page: sample(Some(APP), &own),
            other: sample(Some(OTHER), &headers),
            plain: sample(None, &[]),
        };
        assert_eq!(reflection(&sharing).is_some(), expected);
    }

    #[rstest]
    #[case::echo(&[("access-control-allow-origin", APP), FRESH], &[("access-control-allow-origin", OTHER), FRESH], &[FRESH], Some(("shared-cache-mixes-origins", Severity::Error)))]
    #[case::list(&[("access-control-allow-origin", APP)], &[], &[], Some(("shared-cache-mixes-origins", Severity::Warning)))]
    #[case::only_with_origin(&[("access-control-allow-origin", APP), VARY, FRESH], &[VARY, FRESH], &[FRESH], Some(("vary-only-with-origin", Severity::Error)))]
    #[case::private(&[("access-control-allow-origin", APP), ("cache-control", "private")], &[], &[("cache-control", "private")], Some(("shared-cache-mixes-origins", Severity::Warning)))]
    #[case::all_private(&[("access-control-allow-origin", APP), ("cache-control", "private")], &[("cache-control", "private")], &[("cache-control", "private")], Some(("browser-cache-mixes-origins", Severity::Warning)))]
    #[case::always_varies(&[("access-control-allow-origin", APP), VARY, FRESH], &[VARY, FRESH], &[VARY, FRESH], None)]
    #[case::one_value(&[("access-control-allow-origin", APP), FRESH], &[("access-control-allow-origin", APP), FRESH], &[("access-control-allow-origin", APP), FRESH], None)]
    #[case::not_stored(&[("access-control-allow-origin", APP), ("cache-control", "no-store")], &[("cache-control", "no-store")], &[("cache-control", "no-store")], None)]
    fn mistakes_that_a_cache_shows(
        #[case] page: &[(&str, &str)],
        #[case] other: &[(&str, &str)],
        #[case] plain: &[(&str, &str)],
        #[case] expected: Option<(&str, Severity)>,
    ) {
        let sharing = Sharing {
            page: sample(Some(APP), page),
            other: sample(Some(OTHER), other),
            plain: sample(None, plain),
        };
        let note = notes(&sharing);
        assert_eq!(note.as_ref().map(|note| (note.code, note.severity)), expected, "{note:?}");
    }
}
