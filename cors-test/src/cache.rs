//! Shared caches, such as a CDN, in front of an application (RFC 9111).

use std::fmt;
use std::marker::PhantomData;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use cors_browser::{NetworkError, Origin, Profile, WireRequest, WireResponse};
use url::Url;

use crate::{Answer, App, Page, Request, kind};

/// A shared cache in front of an application, such as a CDN. It stores every response that RFC 9111 lets it store, and uses it as
/// long as the test lasts.
///
/// A response from the cache has the headers `Age` and `Cache-Status` (RFC 9211).
///
/// ```
/// use cors_test::{Page, SharedCache, WireRequest, WireResponse};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// // It allows every origin, and forgets `Vary: Origin`.
/// let app = async |request: WireRequest| {
///     let origin = request.header("origin").unwrap_or_default();
///     WireResponse::new(200).with_header("access-control-allow-origin", origin)
/// };
/// let cdn = SharedCache::before(&app);
/// Page::at("https://one.example").fetch(&cdn, "https://api.example.com/").await.assert_readable();
/// // The cache has the response for the first page.
/// Page::at("https://two.example").fetch(&cdn, "https://api.example.com/").await.assert_blocked();
/// # }
/// ```
pub struct SharedCache<'a, A, K = kind::Own> {
    app: &'a A,
    stored: Mutex<Vec<Stored>>,
    kind: PhantomData<fn() -> K>,
}

struct Stored {
    request: WireRequest,
    response: WireResponse,
}

impl<'a, K, A: App<K>> SharedCache<'a, A, K> {
    /// Puts an empty cache before an application.
    pub fn before(app: &'a A) -> Self {
        Self { app, stored: Mutex::default(), kind: PhantomData }
    }

    /// RFC 9111, section 4: the response that the cache uses for a request, the newest first.
    fn find(&self, request: &WireRequest) -> Option<WireResponse> {
        let stored = self.stored.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = |stored: &&Stored| {
            stored.request.method == request.method
                && stored.request.url == request.url
                && has_same_variant(stored, request)
        };
        let found = stored.iter().rev().find(fits)?;
        let origin = match found.request.header("origin") {
            Some(origin) => format!("Origin: {}", String::from_utf8_lossy(origin)),
            None => "no Origin".to_owned(),
        };
        let status = format!("cors-test; hit; detail=\"stored for a request with {origin}\"");
        Some(found.response.clone().with_header("age", "0").with_header("cache-status", status))
    }
}

impl<K, A: App<K>> App for SharedCache<'_, A, K> {
    async fn respond(&self, request: WireRequest) -> Result<WireResponse, NetworkError> {
        if let Some(response) = self.find(&request) {
            return Ok(response);
        }
        let response = self.app.respond(request.clone()).await?;
        if may_be_stored(&request, &response) {
            let stored = Stored { request, response: response.clone() };
            self.stored.lock().unwrap_or_else(PoisonError::into_inner).push(stored);
        }
        Ok(response)
    }

    fn serves(&self, url: &Url, first: &Url) -> bool {
        self.app.serves(url, first)
    }
}

impl<A, K> fmt::Debug for SharedCache<'_, A, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedCache").finish_non_exhaustive()
    }
}

/// RFC 9111, section 4.1: whether the requests have the same values of the headers that `Vary` names.
fn has_same_variant(stored: &Stored, request: &WireRequest) -> bool {
    members(&stored.response, "vary")
        .iter()
        .all(|name| values(&stored.request, name) == values(request, name))
}

fn values<'a>(request: &'a WireRequest, name: &'a str) -> Vec<&'a [u8]> {
    let lines = request.headers.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name));
    lines.map(|(_, value)| value.as_slice()).collect()
}

/// RFC 9111, section 3: whether a shared cache may store a response and use it without asking the server.
fn may_be_stored(request: &WireRequest, response: &WireResponse) -> bool {
    // Section 4.2.2, and RFC 9110, section 15.1: the statuses that caches may store without being told.
    const HEURISTIC: [u16; 12] = [200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 501];
    let directives: Vec<_> = members(response, "cache-control")
        .iter()
        .map(|member| {
            let (name, argument) = member.split_once('=').unwrap_or((member, ""));
            (name.trim().to_ascii_lowercase(), argument.trim().trim_matches('"').to_owned())
        })
        .collect();
    let has = |name: &str| directives.iter().any(|(other, _)| other == name);
    let seconds = |name: &str| directives.iter().find(|(other, _)| other == name)?.1.parse::<u64>().ok();
    let is_forbidden = ["no-store", "no-cache", "private"].into_iter().any(has);
    if request.method != "GET" || is_forbidden || members(response, "vary").iter().any(|name| name == "*") {
        return false;
    }
    let is_fresh = match seconds("s-maxage").or_else(|| seconds("max-age")) {
        Some(seconds) => Some(seconds > 0),
        None => response.lines("expires").next().map(|expires| is_later(expires, response)),
    };
    let is_cacheable = is_fresh.unwrap_or(has("public") || HEURISTIC.contains(&response.status));
    // Section 3.5.
    let is_for_all = ["public", "s-maxage", "must-revalidate"].into_iter().any(has);
    is_cacheable && (is_for_all || request.header("authorization").is_none())
}

/// Whether a response expires after it was sent. An invalid date is in the past.
fn is_later(expires: &[u8], response: &WireResponse) -> bool {
    let date = |value: &[u8]| httpdate::parse_http_date(std::str::from_utf8(value).ok()?).ok();
    let sent = response.lines("date").next().and_then(date).unwrap_or_else(SystemTime::now);
    date(expires).is_some_and(|expires| expires > sent)
}

/// The members of a list, in lower case.
fn members(response: &WireResponse, name: &str) -> Vec<String> {
    let lines = response.lines(name).map(String::from_utf8_lossy).collect::<Vec<_>>().join(",");
    let members = lines.split(',').map(|member| member.trim().to_ascii_lowercase());
    members.filter(|member| !member.is_empty()).collect()
}

/// Whether a shared cache would hand out wrong responses of an application: each of the pages, and a request without `Origin`, such as
/// that of a link or a crawler, fills an empty cache. Then every other page fetches through it, and has to see what it sees without a
/// cache.
///
/// The application gets the request often.
///
/// ```
/// # use cors_test::{WireRequest, WireResponse};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// # let app = async |request: WireRequest| {
/// #     let origin = request.header("origin").unwrap_or_default();
/// #     WireResponse::new(200).with_header("access-control-allow-origin", origin).with_header("vary", "Origin")
/// # };
/// let origins = ["https://app.example.com", "https://admin.example.com", "https://evil.example"];
/// cors_test::caches(&app, "https://api.example.com/items", origins).await.assert_safe();
/// # }
/// ```
///
/// # Panics
///
/// If the URL or an origin is invalid, or if the method is not `GET`, because caches store nothing else.
#[track_caller]
pub fn caches<K, A, R, I>(app: &A, request: R, origins: I) -> impl Future<Output = CacheReport>
where
    A: App<K>,
    R: Into<Request>,
    I: IntoIterator<Item: AsRef<str>>,
{
    let request = match request.into().into_fetch() {
        Ok(request) if request.method.eq_ignore_ascii_case("GET") => request,
        Ok(request) => panic!("caches store responses to GET, and not to {}", request.method),
        Err(error) => panic!("{error}"),
    };
    let origins: Vec<Origin> = origins
        .into_iter()
        .map(|origin| match crate::origin::parse(origin.as_ref()) {
            Ok(origin) => origin,
            Err(error) => panic!("{error}"),
        })
        .collect();
    async move {
        let mut report = CacheReport::default();
        for asker in &origins {
            let direct = page(asker).fetch(app, request.clone()).await;
            let others = origins.iter().filter(|other| *other != asker).map(Some);
            for visitor in std::iter::once(None).chain(others) {
                let cache = SharedCache::before(app);
                match (visitor, direct.reached()) {
                    (Some(visitor), _) => drop(page(visitor).fetch(&cache, request.clone()).await),
                    (None, Some(reached)) => drop(cache.respond(without_page(reached)).await),
                    (None, None) => {}
                }
                let cached = page(asker).fetch(&cache, request.clone()).await;
                if cached.is_readable() != direct.is_readable() {
                    let (visitor, asker) = (visitor.map(Origin::to_string), asker.to_string());
                    report.mistakes.push(Mistake { visitor, asker, cached });
                }
            }
        }
        report
    }
}

/// A page in one browser. Caches do not depend on the browser.
fn page(origin: &Origin) -> Page {
    Page::from(cors_browser::Page::new(origin.clone())).in_browsers([Profile::chromium()])
}

/// A request that does not come from a page, and otherwise the same.
fn without_page(request: &WireRequest) -> WireRequest {
    let mut request = request.clone();
    request.headers.retain(|(name, _)| {
        let name = name.to_ascii_lowercase();
        !matches!(name.as_str(), "origin" | "referer") && !name.starts_with("sec-fetch-")
    });
    request
}

/// What a shared cache does to pages: the result of [`caches`].
#[derive(Clone, Debug, Default)]
#[must_use = "a report is not tested until something is asserted of it"]
pub struct CacheReport {
    mistakes: Vec<Mistake>,
}

#[derive(Clone, Debug)]
struct Mistake {
    visitor: Option<String>,
    asker: String,
    /// What the page sees through the cache.
    cached: Answer,
}

impl CacheReport {
    /// Whether every page sees through the cache what it sees without.
    pub fn is_safe(&self) -> bool {
        self.mistakes.is_empty()
    }

    /// Demands that every page sees through the cache what it sees without.
    ///
    /// # Panics
    ///
    /// If a page does not. The message says which, and what was sent.
    #[track_caller]
    pub fn assert_safe(&self) {
        assert!(self.is_safe(), "a shared cache should not hand out wrong responses\n\n{self}");
    }
}

impl fmt::Display for CacheReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(first) = self.mistakes.first() else {
            return writeln!(f, "every page sees through a shared cache what it sees without");
        };
        for Mistake { visitor, asker, cached } in &self.mistakes {
            let visitor = match visitor {
                Some(origin) => format!("a page at {origin}"),
                None => "a request without Origin".to_owned(),
            };
            let harm = if cached.is_readable() { "can read it, but should not" } else { "cannot read it" };
            writeln!(
                f,
                "A cache that stored the response for {visitor} gives it to a page at {asker}, which {harm}."
            )?;
        }
        writeln!(
            f,
            "Send `Vary: Origin` with every response of this URL, also if the request has no `Origin`.\n"
        )?;
        write!(f, "{}", first.cached)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

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
        let response = WireResponse::new(status);
        headers.iter().fold(response, |response, (name, value)| response.with_header(*name, *value))
    }

    #[rstest]
    #[case::nothing(200, &[], true)]
    #[case::fresh(500, &[("cache-control", "max-age=60")], true)]
    #[case::shared_only(200, &[("cache-control", "max-age=0, s-maxage=60")], true)]
    #[case::not_shared(200, &[("cache-control", "max-age=60, s-maxage=0")], false)]
    #[case::private(200, &[("cache-control", "Private, max-age=60")], false)]
    #[case::no_store(200, &[("cache-control", "max-age=60"), ("cache-control", "no-store")], false)]
    #[case::no_cache(200, &[("cache-control", "no-cache")], false)]
    #[case::expires(200, &[("date", "Sat, 28 Nov 2026 10:00:00 GMT"), ("expires", "Sat, 28 Nov 2026 11:00:00 GMT")], true)]
    #[case::expired(200, &[("expires", "0")], false)]
    #[case::any(200, &[("vary", "*"), ("cache-control", "max-age=60")], false)]
    #[case::error(500, &[], false)]
    #[case::missing(404, &[], true)]
    fn what_caches_store(#[case] status: u16, #[case] headers: &[(&str, &str)], #[case] expected: bool) {
        assert_eq!(may_be_stored(&request(&[]), &response(status, headers)), expected);
    }

    #[rstest]
    #[case("max-age=60", false)]
    #[case("public, max-age=60", true)]
    fn responses_to_logins_are_for_one_user(#[case] control: &str, #[case] expected: bool) {
        let login = request(&[("authorization", "Bearer t")]);
        assert_eq!(may_be_stored(&login, &response(200, &[("cache-control", control)])), expected);
    }

    #[rstest]
    #[case("", &[("origin", "https://b.example")], true)]
    #[case("Origin", &[("origin", "https://a.example")], true)]
    #[case("Accept-Encoding, ORIGIN", &[("origin", "https://b.example")], false)]
    #[case("Origin", &[], false)]
    fn variants(#[case] vary: &str, #[case] asker: &[(&str, &str)], #[case] expected: bool) {
        let request_of_a = request(&[("origin", "https://a.example")]);
        let stored = Stored { request: request_of_a, response: response(200, &[("vary", vary)]) };
        assert_eq!(has_same_variant(&stored, &request(asker)), expected);
    }
}
