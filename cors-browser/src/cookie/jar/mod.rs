//! RFC 6265bis, sections 5.7 "Storage Model" and 5.8 "Retrieval Model".

#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::time::Duration;

use cookie::SameSite;
use url::Url;

use super::{Jars, SetCookie};
use crate::Origin;
use crate::profile::{DefaultSameSite, Profile};
use crate::site::is_ip_address;
use crate::steps::Steps;

/// The cookie store.
#[derive(Debug, Default)]
pub(crate) struct Jar {
    cookies: Vec<Stored>,
    /// The number of cookies that were created so far, which orders cookies more precisely than a clock.
    created: u64,
}

/// A cookie in the store.
#[derive(Debug)]
struct Stored {
    name: Vec<u8>,
    value: Vec<u8>,
    expires: Option<Duration>,
    domain: String,
    host_only: bool,
    path: String,
    secure: bool,
    http_only: bool,
    same_site: SameSite,
    /// Whether the cookie has a known `SameSite` attribute.
    has_same_site: bool,
    /// The name of the jar that it is in.
    jar: String,
    /// Orders cookies by their creation.
    created: u64,
    /// The creation-time.
    created_at: Duration,
}

/// Which `SameSite` cookies a request may carry, or a response may set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SameSiteMode {
    /// All of them: the request is same-site.
    Strict,
    /// All but `Strict` ones: the request navigates a tab to another site with a safe method.
    Lax,
    /// None but young ones that have no `SameSite` attribute: the request navigates a tab to another site with another method.
    UnsafeNavigation,
    /// None: the request is cross-site.
    CrossSite,
}

impl SameSiteMode {
    /// The mode of a request that does not navigate a tab.
    pub(crate) fn of_subresource(is_same_site: bool) -> Self {
        if is_same_site { Self::Strict } else { Self::CrossSite }
    }
}

/// Section 5.6.7.2, "Lax-Allowing-Unsafe enforcement": how old a cookie may be.
const YOUNG: Duration = Duration::from_secs(120);

/// The request that stores or retrieves cookies, or the script that reads them.
pub(crate) struct CookieContext<'a> {
    pub(crate) url: &'a Url,
    /// RFC 6265bis, section 5.8: whether the type of a retrieval is "HTTP" and not "non-HTTP".
    pub(crate) is_http: bool,
    /// RFC 6265bis, section 5.2: which `SameSite` cookies the request may carry.
    pub(crate) same_site: SameSiteMode,
    /// The jars for its cookies.
    pub(crate) jars: Jars,
    pub(crate) profile: &'a Profile,
    pub(crate) steps: &'a dyn Steps,
}

impl CookieContext<'_> {
    fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    fn is_secure(&self) -> bool {
        self.url.scheme() == "https"
            || (self.profile.trusts_loopback_cookies && Origin::of(self.url).is_potentially_trustworthy())
    }

    /// Section 5.8.3, step 1: whether the `SameSite` attribute of a cookie allows the request to carry it.
    fn carries(&self, cookie: &Stored, now: Duration) -> bool {
        match self.same_site {
            _ if cookie.same_site == SameSite::None => true,
            SameSiteMode::Strict => true,
            SameSiteMode::Lax => cookie.same_site == SameSite::Lax,
            SameSiteMode::UnsafeNavigation => {
                let is_young = now.saturating_sub(cookie.created_at) < YOUNG;
                self.profile.posts_carry_young_cookies && !cookie.has_same_site && is_young
            }
            SameSiteMode::CrossSite => false,
        }
    }

    /// The effective `SameSite` of a cookie with this attribute.
    fn same_site(&self, attribute: Option<SameSite>) -> SameSite {
        attribute.unwrap_or(match self.profile.default_same_site {
            DefaultSameSite::Lax => SameSite::Lax,
            DefaultSameSite::None => SameSite::None,
        })
    }
}

impl Jar {
    /// Section 5.7, "Storage Model".
    pub(crate) fn store(&mut self, line: &[u8], context: &CookieContext<'_>, now: Duration) {
        let Some(cookie) = SetCookie::parse(line, now) else { return };
        let is_partitioned = context.profile.knows_partitioned && context.steps.is_partitioned(&cookie);
        let Some(jar) = context.jars.of(is_partitioned) else { return };
        let host = context.host();
        let (domain, host_only) = match cookie.domain.as_deref() {
            None => (host.to_owned(), true),
            // Step 9.
            Some(domain) if context.steps.is_public_suffix(domain) => {
                if domain != host {
                    return;
                }
                (host.to_owned(), true)
            }
            // Step 10.
            Some(domain) if domain_matches(host, domain) => (domain.to_owned(), false),
            Some(_) => return,
        };
        // Step 11.
        let path = cookie.path.clone().unwrap_or_else(|| default_path(context.url));
        // Step 13: only a secure server can set `Secure` cookies.
        if cookie.secure && !context.is_secure() {
            return;
        }
        // Step 16: an insecure server cannot overlay them.
        if !cookie.secure
            && !context.is_secure()
            && self.overlays_secure_cookie(&cookie.name, &domain, &path, jar)
        {
            return;
        }
        // Step 17: only same-site responses and those that navigate a tab can set `SameSite` cookies.
        let attribute = context.steps.same_site_attribute(&cookie.same_site);
        let attribute = match cookie.same_site.iter().flatten().rfind(|&&value| value != SameSite::None) {
            Some(&earlier) if context.profile.none_replaces_nothing => Some(earlier),
            _ => attribute,
        };
        let same_site = context.same_site(attribute);
        let is_accepted = context.same_site != SameSiteMode::CrossSite
            || context.profile.stores_same_site_cookies_from_other_sites;
        if same_site != SameSite::None && !is_accepted {
            return;
        }
        // Step 18.
        if !cookie.secure && context.profile.none_needs_secure && context.steps.must_be_secure(attribute) {
            return;
        }
        // CHIPS, "Partitioned cookies": they must be `Secure`.
        if !cookie.secure && is_partitioned && context.steps.partitioned_must_be_secure() {
            return;
        }
        // Steps 19 to 21.
        if context.profile.enforces_cookie_prefixes
            && !context.steps.has_valid_prefix(&cookie, host_only, &path, context.profile)
        {
            return;
        }
        // Step 23: a new cookie replaces an old one and takes its creation time.
        self.created += 1;
        let (mut created, mut created_at) = (self.created, now);
        if let Some(old) = self.cookies.iter().position(|old| {
            old.name == cookie.name
                && old.domain == domain
                && old.host_only == host_only
                && old.path == path
                && old.jar == jar
        }) {
            let old = self.cookies.remove(old);
            (created, created_at) = (old.created, old.created_at);
        }
        self.cookies.push(Stored {
            name: cookie.name,
            value: cookie.value,
            expires: cookie.expires,
            domain,
            host_only,
            path,
            secure: cookie.secure,
            http_only: cookie.http_only,
            same_site,
            has_same_site: attribute.is_some(),
            jar: jar.to_owned(),
            created,
            created_at,
        });
        self.evict(now, context.steps);
    }

    /// Section 5.7, step 16: whether the cookie would hide a `Secure` cookie of the same name.
    fn overlays_secure_cookie(&self, name: &[u8], domain: &str, path: &str, jar: &str) -> bool {
        self.cookies.iter().any(|old| {
            old.secure
                && old.name == name
                && old.jar == jar
                && (domain_matches(domain, &old.domain) || domain_matches(&old.domain, domain))
                && path_matches(path, &old.path)
        })
    }

    fn evict(&mut self, now: Duration, steps: &dyn Steps) {
        self.cookies
            .retain(|cookie| cookie.expires.is_none_or(|expires| !steps.is_cookie_expired(expires, now)));
    }

    /// Section 5.8.3, "Retrieval Algorithm": the cookie-string.
    pub(crate) fn retrieve(&mut self, context: &CookieContext<'_>, now: Duration) -> Option<Vec<u8>> {
        let steps = context.steps;
        self.evict(now, steps);
        // Step 1.
        let mut cookies: Vec<&Stored> = self
            .cookies
            .iter()
            .filter(|cookie| steps.cookie_host_matches(context.host(), &cookie.domain, cookie.host_only))
            .filter(|cookie| steps.cookie_path_matches(context.url.path(), &cookie.path))
            .filter(|cookie| !cookie.secure || steps.sends_secure_cookies(context.is_secure()))
            .filter(|cookie| !cookie.http_only || context.is_http || steps.shows_http_only())
            .filter(|cookie| context.carries(cookie, now))
            .filter(|cookie| context.jars.include(&cookie.jar))
            .collect();
        // Step 2: longer paths first, then older cookies.
        let domain = |cookie: &Stored| match context.profile.sorts_cookies_by_domain {
            true => (Reverse(cookie.domain.len()), cookie.host_only),
            false => (Reverse(0), false),
        };
        cookies.sort_by_key(|cookie| (Reverse(cookie.path.len()), domain(cookie), cookie.created));
        // Step 4.
        let pairs: Vec<Vec<u8>> = cookies
            .iter()
            .map(|cookie| match cookie.name.as_slice() {
                [] => cookie.value.clone(),
                name => [name, b"=", &cookie.value].concat(),
            })
            .collect();
        (!pairs.is_empty()).then(|| pairs.join(&b"; "[..]))
    }
}

/// Section 5.1.3, "Domain Matching".
pub(crate) fn domain_matches(host: &str, domain: &str) -> bool {
    host == domain
        || (!is_ip_address(host) && host.strip_suffix(domain).is_some_and(|labels| labels.ends_with('.')))
}

/// Section 5.1.4, "path-match".
pub(crate) fn path_matches(path: &str, cookie_path: &str) -> bool {
    path.strip_prefix(cookie_path)
        .is_some_and(|rest| rest.is_empty() || cookie_path.ends_with('/') || rest.starts_with('/'))
}

/// Section 5.1.4, "default-path".
fn default_path(url: &Url) -> String {
    match url.path().rfind('/') {
        None | Some(0) => "/".to_owned(),
        Some(last) => url.path()[..last].to_owned(),
    }
}

/// Section 5.7, steps 19 to 21: what the prefix of a name, in any case, requires of the cookie.
pub(crate) fn has_valid_prefix(cookie: &SetCookie, host_only: bool, path: &str, profile: &Profile) -> bool {
    // A value without a name must not look like a name with a prefix.
    if cookie.name.is_empty() {
        return Prefix::of(&cookie.value).is_none();
    }
    let is_for_host = || {
        let has_path = cookie.path.is_some() || profile.host_prefix_allows_default_path;
        host_only && cookie.domain.is_none() && has_path && path == "/"
    };
    match Prefix::of(&cookie.name) {
        None => true,
        Some(Prefix::Secure) => cookie.secure,
        Some(Prefix::Http) => cookie.secure && cookie.http_only,
        Some(Prefix::Host) => cookie.secure && is_for_host(),
        Some(Prefix::HostHttp) => cookie.secure && cookie.http_only && is_for_host(),
    }
}

/// Section 4.1.3, "Cookie Name Prefixes".
#[derive(Clone, Copy, Debug)]
enum Prefix {
    Secure,
    Host,
    Http,
    HostHttp,
}

impl Prefix {
    fn of(name: &[u8]) -> Option<Self> {
        let starts_with = |prefix: &str| {
            name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix.as_bytes()))
        };
        match () {
            () if starts_with("__Host-Http-") => Some(Self::HostHttp),
            () if starts_with("__Http-") => Some(Self::Http),
            () if starts_with("__Host-") => Some(Self::Host),
            () if starts_with("__Secure-") => Some(Self::Secure),
            () => None,
        }
    }
}
