//! RFC 6265bis, sections 5.7 "Storage Model" and 5.8 "Retrieval Model".

use std::time::Duration;

use cookie::SameSite;
use url::Url;

use super::super::Origin;
use super::super::fault::{Fault, Faults};
use super::super::profile::{DefaultSameSite, Profile};
use super::super::site::{is_ip_address, is_public_suffix};
use super::set_cookie::SetCookie;

/// The cookie store.
#[derive(Debug, Default)]
pub(crate) struct Jar {
    cookies: Vec<Stored>,
    /// Orders cookies by creation, more finely than a clock.
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
    partition: String,
    created: u64,
}

/// The request for which cookies are retrieved or stored, or the script that asks for them.
pub(crate) struct Request<'a> {
    pub(crate) url: &'a Url,
    /// RFC 6265bis, section 5.8: whether a retrieval's type is "HTTP", and not "non-HTTP".
    pub(crate) is_http: bool,
    /// RFC 6265bis, section 5.2.
    pub(crate) is_same_site: bool,
    /// The top-level site whose jar it is, where jars are apart.
    pub(crate) partition: String,
    pub(crate) profile: &'a Profile,
    pub(crate) faults: Faults,
}

impl Request<'_> {
    fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    fn is_secure(&self) -> bool {
        self.url.scheme() == "https"
            || (self.profile.trusts_loopback_cookies && Origin::of(self.url).is_potentially_trustworthy())
    }

    /// What a cookie's `SameSite` comes to.
    fn same_site(&self, attribute: Option<SameSite>) -> SameSite {
        attribute.unwrap_or(match self.profile.default_same_site {
            DefaultSameSite::Lax => SameSite::Lax,
            DefaultSameSite::None => SameSite::None,
        })
    }
}

impl Jar {
    /// Section 5.7, "Storage Model".
    pub(crate) fn store(&mut self, line: &[u8], request: &Request<'_>, now: Duration) {
        let Some(cookie) = SetCookie::parse(line, now) else { return };
        let host = request.host();
        let (domain, host_only) = match cookie.domain.as_deref() {
            None => (host.to_owned(), true),
            // Step 9: the domain is a public suffix.
            Some(domain)
                if is_public_suffix(domain) && !request.faults.has(Fault::AllowsPublicSuffixCookies) =>
            {
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
        let path = cookie.path.clone().unwrap_or_else(|| default_path(request.url));
        // Step 13: only a secure server sets secure cookies.
        if cookie.secure && !request.is_secure() {
            return;
        }
        // Step 16: an insecure server does not overlay them either.
        if !cookie.secure
            && !request.is_secure()
            && self.has_secure_twin(&cookie.name, &domain, &path, request)
        {
            return;
        }
        // Step 17: `SameSite` cookies are set by same-site responses only.
        let same_site = request.same_site(cookie.same_site);
        if same_site != SameSite::None && !request.is_same_site {
            return;
        }
        // Step 18: one that says `None` is secure, or is not kept.
        let is_none = cookie.same_site == Some(SameSite::None);
        if is_none && !cookie.secure && !request.faults.has(Fault::KeepsInsecureNoneCookies) {
            return;
        }
        // Steps 19 to 21: prefixes, in any case; a cookie without a name cannot pretend to have one.
        if !keeps_prefix_promise(&cookie, host_only) && !request.faults.has(Fault::IgnoresCookiePrefixes) {
            return;
        }
        // Step 23: an old one gives way to the new one, which keeps its place.
        self.created += 1;
        let mut created = self.created;
        if let Some(old) = self.cookies.iter().position(|old| {
            old.name == cookie.name
                && old.domain == domain
                && old.host_only == host_only
                && old.path == path
                && old.partition == request.partition
        }) {
            created = self.cookies.remove(old).created;
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
            partition: request.partition.clone(),
            created,
        });
        self.evict(now, request.faults);
    }

    /// Section 5.7, step 16.
    fn has_secure_twin(&self, name: &[u8], domain: &str, path: &str, request: &Request<'_>) -> bool {
        self.cookies.iter().any(|old| {
            old.secure
                && old.name == name
                && old.partition == request.partition
                && (domain_matches(domain, &old.domain) || domain_matches(&old.domain, domain))
                && path_matches(path, &old.path)
        })
    }

    fn evict(&mut self, now: Duration, faults: Faults) {
        if faults.has(Fault::KeepsExpiredCookies) {
            return;
        }
        self.cookies.retain(|cookie| cookie.expires.is_none_or(|expires| expires > now));
    }

    /// Section 5.8.3, "Retrieval Algorithm": the cookie-string.
    pub(crate) fn retrieve(&mut self, request: &Request<'_>, now: Duration) -> Option<Vec<u8>> {
        let faults = request.faults;
        self.evict(now, faults);
        // Step 1.
        let mut cookies: Vec<&Stored> = self
            .cookies
            .iter()
            .filter(|cookie| {
                let host = request.host();
                if cookie.host_only && !faults.has(Fault::SharesHostOnlyCookies) {
                    host == cookie.domain
                } else {
                    domain_matches(host, &cookie.domain)
                }
            })
            .filter(|cookie| {
                path_matches(request.url.path(), &cookie.path) || faults.has(Fault::IgnoresCookiePath)
            })
            .filter(|cookie| !cookie.secure || request.is_secure() || faults.has(Fault::IgnoresSecure))
            .filter(|cookie| !cookie.http_only || request.is_http || faults.has(Fault::ShowsHttpOnly))
            .filter(|cookie| cookie.same_site == SameSite::None || request.is_same_site)
            .filter(|cookie| cookie.partition == request.partition)
            .collect();
        // Step 2: longer paths first, then older ones.
        cookies.sort_by_key(|cookie| (std::cmp::Reverse(cookie.path.len()), cookie.created));
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
fn domain_matches(host: &str, domain: &str) -> bool {
    host == domain
        || (!is_ip_address(host) && host.strip_suffix(domain).is_some_and(|labels| labels.ends_with('.')))
}

/// Section 5.1.4, "path-match".
fn path_matches(path: &str, cookie_path: &str) -> bool {
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

/// Section 5.7, steps 19 to 21.
fn keeps_prefix_promise(cookie: &SetCookie, host_only: bool) -> bool {
    let starts_with = |text: &[u8], prefix: &str| {
        text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix.as_bytes()))
    };
    if cookie.name.is_empty() {
        return !starts_with(&cookie.value, "__Secure-") && !starts_with(&cookie.value, "__Host-");
    }
    if starts_with(&cookie.name, "__Secure-") {
        return cookie.secure;
    }
    if starts_with(&cookie.name, "__Host-") {
        return cookie.secure && host_only && cookie.domain.is_none() && cookie.path.as_deref() == Some("/");
    }
    true
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const NOW: Duration = Duration::from_secs(1_700_000_000);

    struct Shop {
        jar: Jar,
        profile: Profile,
        faults: Faults,
    }

    impl Shop {
        fn new() -> Self {
            Self { jar: Jar::default(), profile: Profile::chromium(), faults: Faults::NONE }
        }

        fn set(&mut self, url: &str, line: &str) {
            let url = Url::parse(url).unwrap();
            let request = request(&url, &self.profile, self.faults);
            self.jar.store(line.as_bytes(), &request, NOW);
        }

        fn get(&mut self, url: &str) -> String {
            let url = Url::parse(url).unwrap();
            let request = request(&url, &self.profile, self.faults);
            String::from_utf8(self.jar.retrieve(&request, NOW).unwrap_or_default()).unwrap()
        }
    }

    fn request<'a>(url: &'a Url, profile: &'a Profile, faults: Faults) -> Request<'a> {
        Request { url, is_http: true, is_same_site: true, partition: String::new(), profile, faults }
    }

    #[rstest]
    #[case::host_only("https://a.example", "a=1", "https://a.example", "a=1")]
    #[case::host_only_elsewhere("https://a.example", "a=1", "https://x.a.example", "")]
    #[case::domain("https://x.a.example", "a=1; Domain=a.example", "https://y.a.example", "a=1")]
    #[case::domain_itself("https://x.a.example", "a=1; Domain=.a.example", "https://a.example", "a=1")]
    #[case::other_domain("https://a.example", "a=1; Domain=b.example", "https://b.example", "")]
    #[case::lookalike("https://a.example", "a=1; Domain=a.example", "https://xa.example", "")]
    #[case::deeper_domain("https://a.example", "a=1; Domain=x.a.example", "https://x.a.example", "")]
    #[case::public_suffix("https://a.co.uk", "a=1; Domain=co.uk", "https://b.co.uk", "")]
    #[case::own_public_suffix("https://github.io", "a=1; Domain=github.io", "https://github.io", "a=1")]
    #[case::own_public_suffix_below("https://github.io", "a=1; Domain=github.io", "https://x.github.io", "")]
    #[case::port("http://localhost:8080", "a=1", "http://localhost:3000", "a=1")]
    #[case::scheme("http://a.example", "a=1", "https://a.example", "a=1")]
    #[case::ip("http://127.0.0.1", "a=1; Domain=0.0.1", "http://127.0.0.1", "")]
    #[case::path("https://a.example", "a=1; Path=/x", "https://a.example/x/y", "a=1")]
    #[case::path_itself("https://a.example", "a=1; Path=/x", "https://a.example/x", "a=1")]
    #[case::path_lookalike("https://a.example", "a=1; Path=/x", "https://a.example/xy", "")]
    #[case::path_slash("https://a.example", "a=1; Path=/x/", "https://a.example/x", "")]
    #[case::default_path("https://a.example/x/y", "a=1", "https://a.example/x/z", "a=1")]
    #[case::default_path_above("https://a.example/x/y", "a=1", "https://a.example/", "")]
    #[case::root_path("https://a.example/x", "a=1", "https://a.example/", "a=1")]
    #[case::secure("https://a.example", "a=1; Secure", "https://a.example", "a=1")]
    #[case::secure_to_insecure("https://a.example", "a=1; Secure", "http://a.example", "")]
    #[case::secure_from_insecure("http://a.example", "a=1; Secure", "https://a.example", "")]
    #[case::secure_loopback("http://localhost:1", "a=1; Secure", "http://localhost:2", "a=1")]
    #[case::http_only("https://a.example", "a=1; HttpOnly", "https://a.example", "a=1")]
    #[case::host_prefix("https://a.example", "__Host-a=1; Secure; Path=/", "https://a.example", "__Host-a=1")]
    #[case::host_prefix_domain(
        "https://a.example",
        "__Host-a=1; Secure; Path=/; Domain=a.example",
        "https://a.example",
        ""
    )]
    #[case::host_prefix_path("https://a.example", "__Host-a=1; Secure", "https://a.example", "")]
    #[case::host_prefix_insecure("https://a.example", "__Host-a=1; Path=/", "https://a.example", "")]
    #[case::host_prefix_case("https://a.example", "__hOST-a=1; Path=/", "https://a.example", "")]
    #[case::secure_prefix("https://a.example", "__Secure-a=1; Secure", "https://a.example", "__Secure-a=1")]
    #[case::secure_prefix_insecure("https://a.example", "__Secure-a=1", "https://a.example", "")]
    #[case::nameless_prefix("https://a.example", "=__Host-a=1; Path=/", "https://a.example", "")]
    #[case::nameless("https://a.example", "token", "https://a.example", "token")]
    #[case::none_insecure("https://a.example", "a=1; SameSite=None", "https://a.example", "")]
    #[case::none_secure("https://a.example", "a=1; SameSite=None; Secure", "https://a.example", "a=1")]
    fn one_cookie(#[case] from: &str, #[case] line: &str, #[case] to: &str, #[case] header: &str) {
        let mut shop = Shop::new();
        shop.set(from, line);
        assert_eq!(shop.get(to), header);
    }

    #[test]
    fn a_cookie_goes_back_octet_by_octet() {
        let mut shop = Shop::new();
        let url = Url::parse("https://a.example/").unwrap();
        let request = request(&url, &shop.profile, shop.faults);
        shop.jar.store(b"a=\xff\xe9", &request, NOW);
        assert_eq!(shop.jar.retrieve(&request, NOW).unwrap(), b"a=\xff\xe9");
    }

    #[test]
    fn longer_paths_come_first_and_then_older_cookies() {
        let mut shop = Shop::new();
        for line in ["a=1; Path=/", "b=2; Path=/x", "c=3; Path=/", "d=4; Path=/x"] {
            shop.set("https://a.example/", line);
        }
        shop.set("https://a.example/", "a=5; Path=/");
        assert_eq!(shop.get("https://a.example/x"), "b=2; d=4; a=5; c=3");
    }

    #[test]
    fn a_cookie_in_the_past_deletes_its_twin() {
        let mut shop = Shop::new();
        shop.set("https://a.example/", "a=1");
        shop.set("https://a.example/", "a=; Max-Age=0; Domain=a.example");
        assert_eq!(shop.get("https://a.example/"), "a=1");
        shop.set("https://a.example/", "a=; Max-Age=0");
        assert_eq!(shop.get("https://a.example/"), "");
    }

    #[test]
    fn an_insecure_server_does_not_overlay_a_secure_cookie() {
        let mut shop = Shop::new();
        shop.set("https://x.a.example/", "a=1; Secure; Domain=a.example; Path=/");
        shop.set("http://x.a.example/", "a=2; Path=/");
        assert_eq!(shop.get("https://x.a.example/"), "a=1");
    }

    #[rstest]
    #[case::chromium(Profile::chromium(), "http://localhost", "a=1; Secure", "a=1")]
    #[case::standard(Profile::standard(), "http://localhost", "a=1; Secure", "")]
    #[case::none_without_secure(Profile::standard(), "https://a.example", "a=1; SameSite=None", "")]
    #[case::none_with_secure(Profile::standard(), "https://a.example", "a=1; SameSite=None; Secure", "a=1")]
    fn profiles(#[case] profile: Profile, #[case] url: &str, #[case] line: &str, #[case] header: &str) {
        let mut shop = Shop { profile, ..Shop::new() };
        shop.set(url, line);
        assert_eq!(shop.get(url), header);
    }

    #[rstest]
    #[case(Fault::IgnoresSecure, "https://a.example", "a=1; Secure", "http://a.example/")]
    #[case(Fault::KeepsInsecureNoneCookies, "https://a.example", "a=1; SameSite=None", "https://a.example/")]
    #[case(Fault::IgnoresCookiePath, "https://a.example", "a=1; Path=/x", "https://a.example/y")]
    #[case(Fault::SharesHostOnlyCookies, "https://a.example", "a=1", "https://b.a.example/")]
    #[case(Fault::KeepsExpiredCookies, "https://a.example", "a=1; Max-Age=0", "https://a.example/")]
    #[case(Fault::AllowsPublicSuffixCookies, "https://a.co.uk", "a=1; Domain=co.uk", "https://b.co.uk/")]
    fn faults(#[case] fault: Fault, #[case] from: &str, #[case] line: &str, #[case] to: &str) {
        let mut sound = Shop::new();
        sound.set(from, line);
        assert_eq!(sound.get(to), "");
        let mut faulty = Shop { faults: Faults::NONE.with(fault), ..Shop::new() };
        faulty.set(from, line);
        assert_eq!(faulty.get(to), "a=1");
    }
}
