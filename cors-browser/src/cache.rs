//! Fetch, "CORS-preflight cache".

use std::time::Duration;

use url::Url;

use super::fault::{Fault, Faults};
use super::header::is_non_wildcard_name;
use super::preflight::{Grant, MaxAge, is_method_exempt, names};
use super::profile::{Profile, UnparsableMaxAge};
use super::request::Request;
use super::site::site;
use super::{Browser, Credentials, Page, preflight};

/// Fetch, "CORS-preflight fetch", step 7.9.
const DEFAULT_MAX_AGE: u64 = 5;

/// The CORS-preflight cache.
#[derive(Debug, Default)]
pub(super) struct PreflightCache(Vec<Entry>);

/// Fetch, "cache entry".
#[derive(Debug)]
struct Entry {
    key: Key,
    credentials: bool,
    allows: Allows,
    expires: Duration,
}

/// What an entry is about.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Allows {
    Method(String),
    /// In lower case.
    Header(String),
}

/// The parts of an entry that say for which requests it is.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Key {
    /// The network partition key.
    partition: String,
    /// The byte-serialized origin.
    origin: String,
    url: Url,
}

impl Key {
    fn of(page: &Page, request: &Request, faults: Faults) -> Self {
        let mut url = request.current_url().clone();
        url.set_fragment(None);
        if faults.has(Fault::SharesPreflightsBetweenPaths) {
            url.set_path("/");
            url.set_query(None);
        }
        let top_level = page.top_level_origin();
        if faults.has(Fault::SharesPreflightsBetweenOrigins) {
            return Self { partition: String::new(), origin: String::new(), url };
        }
        Self { partition: site(top_level), origin: request.serialized_origin(faults), url }
    }
}

impl Entry {
    /// "cache entry match".
    fn matches(&self, key: &Key, with_credentials: bool, profile: &Profile, faults: Faults) -> bool {
        self.key == *key
            && (self.credentials == with_credentials
                || (self.credentials && profile.caches_share_credentials)
                || faults.has(Fault::IgnoresCredentialsOfCachedPreflights))
    }
}

impl Allows {
    /// "method cache entry match".
    fn covers_method(&self, method: &str, profile: &Profile) -> bool {
        matches!(self, Self::Method(known) if known == method || (known == "*" && profile.caches_wildcards))
    }

    /// "header-name cache entry match", for a name in lower case.
    fn covers_header(&self, name: &str, profile: &Profile, faults: Faults) -> bool {
        let by_wildcard = !is_non_wildcard_name(name) || faults.has(Fault::CoversAuthorizationByWildcard);
        matches!(self, Self::Header(known)
            if known == name || (known == "*" && profile.caches_wildcards && by_wildcard))
    }
}

impl PreflightCache {
    /// "HTTP fetch", step 4.1: whether every part of a request that needs a server's permission has an entry.
    fn covers(&self, key: &Key, request: &Request, profile: &Profile, faults: Faults) -> bool {
        let with_credentials = request.credentials == Credentials::Include;
        let entries: Vec<&Allows> = self
            .0
            .iter()
            .filter(|entry| entry.matches(key, with_credentials, profile, faults))
            .map(|entry| &entry.allows)
            .collect();
        // A preflight that the request itself does not need is not found among the methods and headers that it would grant.
        if profile.preflights_stay && entries.is_empty() {
            return false;
        }
        let names = names(request, faults);
        let is_exempt = is_method_exempt(&request.method, faults)
            && (request.method != "HEAD" || profile.caches_exempt_head);
        let has_method =
            is_exempt || entries.iter().any(|allows| allows.covers_method(&request.method, profile));
        let has_header =
            |name: &String| entries.iter().any(|allows| allows.covers_header(name, profile, faults));
        has_method && names.iter().all(has_header)
    }

    /// "CORS-preflight fetch", steps 7.12 to 7.15: entries that match live on, others are made.
    fn store(
        &mut self,
        key: &Key,
        request: &Request,
        allows: &Allows,
        expires: Duration,
        profile: &Profile,
        faults: Faults,
    ) {
        let credentials = request.credentials == Credentials::Include;
        let mut is_known = false;
        for entry in &mut self.0 {
            let covers = match allows {
                Allows::Method(method) => entry.allows.covers_method(method, profile),
                Allows::Header(name) => entry.allows.covers_header(name, profile, faults),
            };
            if covers && entry.matches(key, credentials, profile, faults) {
                entry.expires = expires;
                is_known = true;
            }
        }
        if !is_known {
            self.0.push(Entry { key: key.clone(), credentials, allows: allows.clone(), expires });
        }
    }

    /// "cache entries must be removed after the seconds specified in their max-age".
    fn evict(&mut self, now: Duration) {
        self.0.retain(|entry| entry.expires > now);
    }
}

impl Browser {
    /// Fetch, "HTTP fetch", step 4.1: whether the cache makes a preflight unnecessary.
    pub(super) fn is_preflight_cached(&self, page: &Page, request: &Request) -> bool {
        let request = &preflight::asking(request, &self.profile);
        let key = Key::of(page, request, self.faults);
        let now = self.clock.now();
        let mut state = self.state();
        if !self.faults.has(Fault::NeverExpiresPreflights) {
            state.preflights.evict(now);
        }
        state.preflights.covers(&key, request, &self.profile, self.faults)
    }

    /// Fetch, "CORS-preflight fetch", steps 7.8 to 7.15.
    pub(super) fn store_preflight(&self, page: &Page, request: &Request, grant: Grant) {
        let seconds = match (grant.max_age, self.profile.unparsable_max_age) {
            (MaxAge::Seconds(seconds), _) => seconds,
            (MaxAge::Negative, UnparsableMaxAge::NegativeIsZero) => 0,
            (MaxAge::Negative | MaxAge::Unparsable, UnparsableMaxAge::NotCached) => return,
            _ => DEFAULT_MAX_AGE,
        };
        let seconds = if self.faults.has(Fault::IgnoresMaxAge) { DEFAULT_MAX_AGE } else { seconds };
        if self.faults.has(Fault::NeverCachesPreflights) {
            return;
        }
        let key = Key::of(page, request, self.faults);
        let lifetime = Duration::from_secs(seconds.min(self.profile.max_age_cap));
        let expires = self.clock.now().saturating_add(lifetime);
        let methods = grant.methods.into_iter().map(Allows::Method);
        let headers = grant.headers.into_iter().map(|name| Allows::Header(name.to_ascii_lowercase()));
        let mut state = self.state();
        if self.profile.caches_newest_preflight {
            state.preflights.0.retain(|entry| entry.key != key);
        }
        for allows in methods.chain(headers) {
            state.preflights.store(&key, request, &allows, expires, &self.profile, self.faults);
        }
    }

    /// Fetch, "clear cache entries".
    pub(super) fn clear_preflights(&self, page: &Page, request: &Request) {
        if self.faults.has(Fault::KeepsPreflightsAfterFailure) {
            return;
        }
        let key = Key::of(page, request, self.faults);
        self.state().preflights.0.retain(|entry| entry.key != key);
    }
}
