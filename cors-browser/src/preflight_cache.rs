//! Fetch, "CORS-preflight cache".

use std::time::Duration;

use url::Url;

use crate::fetch::{Grant, as_preflight_sees_it};
use crate::profile::{CachedNull, ForgetsPreflights, Profile};
use crate::request::Request;
use crate::site::site;
use crate::steps::Steps;
use crate::{Browser, Credentials, Origin, Page};

/// Fetch, "CORS-preflight fetch", step 7.9: the default lifetime of an entry, in seconds.
pub(crate) const DEFAULT_MAX_AGE: u64 = 5;

/// The CORS-preflight cache.
#[derive(Debug, Default)]
pub(crate) struct PreflightCache(Vec<Entry>);

/// Fetch, "cache entry".
#[derive(Debug)]
struct Entry {
    key: Key,
    credentials: bool,
    allows: Allows,
    expires: Duration,
}

/// The method or header that an entry allows.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Allows {
    Method(String),
    /// In lower case.
    Header(String),
}

/// The parts of an entry that identify the requests that it serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    /// The network partition key.
    partition: String,
    /// The byte-serialized origin.
    origin: String,
    /// The URL, with its fragment.
    url: Url,
    /// The page, if the entry serves no other page.
    document: Option<Page>,
}

impl Key {
    pub(crate) fn of(
        page: &Page,
        request: &Request,
        profile: &Profile,
        steps: &(impl Steps + ?Sized),
    ) -> Self {
        let top_level = page.top_level_origin();
        let partition =
            if profile.caches_by_top_level_origin { top_level.to_string() } else { site(top_level) };
        let is_alone = page.origin == Origin::Opaque && profile.cached_null == CachedNull::ByDocument;
        Self {
            partition,
            origin: steps.serialize_origin(request),
            url: request.current_url().clone(),
            document: is_alone.then(|| page.clone()),
        }
    }

    /// Whether preflights with this key are cached.
    fn is_cached(&self, profile: &Profile) -> bool {
        let is_null = self.origin == Origin::Opaque.to_string();
        match profile.cached_null {
            CachedNull::Shared => true,
            // A redirect that makes the origin `null` leads to an origin that no other request has.
            CachedNull::ByDocument => !is_null || self.document.is_some(),
            CachedNull::Never => !is_null,
        }
    }

    /// The same key for every origin and every top-level site.
    pub(crate) fn for_every_origin(self) -> Self {
        Self { partition: String::new(), origin: String::new(), document: None, ..self }
    }

    /// The same key for every fragment.
    pub(crate) fn for_every_fragment(mut self) -> Self {
        self.url.set_fragment(None);
        self
    }

    /// The same key for every path and query.
    pub(crate) fn for_every_path(mut self) -> Self {
        self.url.set_path("/");
        self.url.set_query(None);
        self
    }
}

impl Allows {
    /// "method cache entry match".
    fn covers_method(&self, method: &str, profile: &Profile) -> bool {
        matches!(self, Self::Method(known) if known == method || (known == "*" && profile.caches_wildcards))
    }

    /// "header-name cache entry match", for a name in lower case.
    fn covers_header(&self, name: &str, profile: &Profile, steps: &dyn Steps) -> bool {
        let has_wildcard = |known: &str| known == "*" && profile.caches_wildcards;
        let is_covered = profile.cached_wildcard_covers_authorization || !steps.is_non_wildcard_name(name);
        matches!(self, Self::Header(known)
            if known == name || (has_wildcard(known) && is_covered))
    }
}

impl PreflightCache {
    /// "HTTP fetch", step 4.1: whether there is an entry for the method and for every unsafe header of the request.
    fn covers(&self, key: &Key, request: &Request, profile: &Profile, steps: &dyn Steps) -> bool {
        let entries: Vec<&Allows> = self
            .0
            .iter()
            .filter(|entry| entry.key == *key && steps.preflight_serves(entry.credentials, request, profile))
            .map(|entry| &entry.allows)
            .collect();
        // A preflight that the request itself does not need looks for any entry, not for a method or a header.
        if profile.preflights_stay && entries.is_empty() {
            return false;
        }
        let is_exempt = steps.is_safelisted_method(&request.method)
            && !request.use_cors_preflight
            && (request.method != "HEAD" || profile.caches_exempt_head);
        let has_method =
            is_exempt || entries.iter().any(|allows| allows.covers_method(&request.method, profile));
        let has_header =
            |name: &String| entries.iter().any(|allows| allows.covers_header(name, profile, steps));
        has_method && steps.unsafe_header_names(&request.headers, profile).iter().all(has_header)
    }

    /// "CORS-preflight fetch", steps 7.12 to 7.15: renews the entries that match, or adds a new one.
    fn store(
        &mut self,
        key: &Key,
        request: &Request,
        allows: &Allows,
        expires: Duration,
        profile: &Profile,
        steps: &dyn Steps,
    ) {
        let mut is_known = false;
        for entry in &mut self.0 {
            let covers = match allows {
                Allows::Method(method) => entry.allows.covers_method(method, profile),
                Allows::Header(name) => entry.allows.covers_header(name, profile, steps),
            };
            if covers && entry.key == *key && steps.preflight_serves(entry.credentials, request, profile) {
                entry.expires = expires;
                is_known = true;
            }
        }
        if !is_known {
            let credentials = request.credentials == Credentials::Include;
            self.0.push(Entry { key: key.clone(), credentials, allows: allows.clone(), expires });
        }
    }
}

impl Browser {
    /// Fetch, "HTTP fetch", step 4.1: whether the cache makes a preflight unnecessary.
    pub(crate) fn is_preflight_cached(&self, page: &Page, request: &Request) -> bool {
        let steps = &*self.steps;
        let request = &*as_preflight_sees_it(request, &self.profile);
        let key = steps.preflight_key(page, request, &self.profile);
        let now = self.clock.now();
        let mut state = self.state();
        // "cache entries must be removed after the seconds specified in their max-age".
        state.preflights.0.retain(|entry| !steps.is_preflight_expired(entry.expires, now));
        state.preflights.covers(&key, request, &self.profile, steps)
    }

    /// Fetch, "CORS-preflight fetch", steps 7.8 to 7.15.
    pub(crate) fn store_preflight(&self, page: &Page, request: &Request, grant: Grant) {
        let steps = &*self.steps;
        let Some(lifetime) = steps.preflight_lifetime(grant.max_age, &self.profile) else { return };
        let key = steps.preflight_key(page, request, &self.profile);
        if !key.is_cached(&self.profile) {
            return;
        }
        let expires = self.clock.now().saturating_add(lifetime);
        let methods = grant.methods.into_iter().map(Allows::Method);
        let headers = grant.headers.into_iter().map(|name| Allows::Header(name.to_ascii_lowercase()));
        let mut state = self.state();
        if self.profile.caches_newest_preflight {
            state.preflights.0.retain(|entry| entry.key != key);
        }
        for allows in methods.chain(headers) {
            state.preflights.store(&key, request, &allows, expires, &self.profile, steps);
        }
    }

    /// Fetch, "clear cache entries".
    pub(crate) fn clear_preflights(&self, page: &Page, request: &Request) {
        let mut keys = vec![self.steps.preflight_key(page, request, &self.profile)];
        if self.profile.forgets_preflights == ForgetsPreflights::AfterRejectedResponses {
            // A redirect that fails counts as a failure of the response that redirects.
            keys.extend(request.urls.iter().map(|url| {
                let earlier = Request { urls: vec![url.clone()], ..request.clone() };
                self.steps.preflight_key(page, &earlier, &self.profile)
            }));
        }
        self.state().preflights.0.retain(|entry| !keys.contains(&entry.key));
    }
}
