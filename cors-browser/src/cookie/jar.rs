//! RFC 6265bis, sections 5.7 "Storage Model" and 5.8 "Retrieval Model".

use std::time::Duration;

use cookie::SameSite;
use url::Url;

use super::set_cookie::SetCookie;
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
    partition: String,
    created: u64,
}

/// The request that stores or retrieves cookies, or the script that reads them.
pub(crate) struct CookieContext<'a> {
    pub(crate) url: &'a Url,
    /// RFC 6265bis, section 5.8: whether the type of a retrieval is "HTTP" and not "non-HTTP".
    pub(crate) is_http: bool,
    /// RFC 6265bis, section 5.2: whether the request is same-site.
    pub(crate) is_same_site: bool,
    /// The cookie partition, which is empty unless the profile partitions cookies.
    pub(crate) partition: String,
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
            && self.overlays_secure_cookie(&cookie.name, &domain, &path, context)
        {
            return;
        }
        // Step 17: only same-site responses can set `SameSite` cookies.
        let same_site = context.same_site(cookie.same_site);
        if same_site != SameSite::None && !context.is_same_site {
            return;
        }
        // Step 18.
        if !cookie.secure && context.steps.must_be_secure(cookie.same_site) {
            return;
        }
        // Steps 19 to 21.
        if !context.steps.has_valid_prefix(&cookie, host_only) {
            return;
        }
        // Step 23: a new cookie replaces an old one and takes its creation time.
        self.created += 1;
        let mut created = self.created;
        if let Some(old) = self.cookies.iter().position(|old| {
            old.name == cookie.name
                && old.domain == domain
                && old.host_only == host_only
                && old.path == path
                && old.partition == context.partition
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
            partition: context.partition.clone(),
            created,
        });
        self.evict(now, context.steps);
    }

    /// Section 5.7, step 16: whether the cookie would hide a `Secure` cookie of the same name.
    fn overlays_secure_cookie(
        &self,
        name: &[u8],
        domain: &str,
        path: &str,
        context: &CookieContext<'_>,
    ) -> bool {
        self.cookies.iter().any(|old| {
            old.secure
                && old.name == name
                && old.partition == context.partition
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
            .filter(|cookie| cookie.same_site == SameSite::None || context.is_same_site)
            .filter(|cookie| cookie.partition == context.partition)
            .collect();
        // Step 2: longer paths first, then older cookies.
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

/// Section 5.7, steps 19 to 21: the prefixes `__Secure-` and `__Host-`, in any case.
pub(crate) fn has_valid_prefix(cookie: &SetCookie, host_only: bool) -> bool {
    let starts_with = |text: &[u8], prefix: &str| {
        text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix.as_bytes()))
    };
    // A value without a name must not look like a name with a prefix.
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
    use crate::steps::Standard;

    const NOW: Duration = Duration::from_secs(1_700_000_000);

    struct TestJar {
        jar: Jar,
        profile: Profile,
    }

    impl TestJar {
        fn new() -> Self {
            Self { jar: Jar::default(), profile: Profile::chromium() }
        }

        fn set(&mut self, url: &str, line: &str) {
            let url = Url::parse(url).unwrap();
            self.jar.store(line.as_bytes(), &visit(&url, &self.profile), NOW);
        }

        fn get(&mut self, url: &str) -> String {
            let url = Url::parse(url).unwrap();
            let cookies = self.jar.retrieve(&visit(&url, &self.profile), NOW);
            String::from_utf8(cookies.unwrap_or_default()).unwrap()
        }
    }

    fn visit<'a>(url: &'a Url, profile: &'a Profile) -> CookieContext<'a> {
        CookieContext {
            url,
            is_http: true,
            is_same_site: true,
            partition: String::new(),
            profile,
            steps: &Standard,
        }
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
        let mut test = TestJar::new();
        test.set(from, line);
        assert_eq!(test.get(to), header);
    }

    #[test]
    fn a_cookie_is_sent_byte_for_byte() {
        let mut test = TestJar::new();
        let url = Url::parse("https://a.example/").unwrap();
        let visit = visit(&url, &test.profile);
        test.jar.store(b"a=\xff\xe9", &visit, NOW);
        assert_eq!(test.jar.retrieve(&visit, NOW).unwrap(), b"a=\xff\xe9");
    }

    #[test]
    fn longer_paths_come_first_and_then_older_cookies() {
        let mut test = TestJar::new();
        for line in ["a=1; Path=/", "b=2; Path=/x", "c=3; Path=/", "d=4; Path=/x"] {
            test.set("https://a.example/", line);
        }
        test.set("https://a.example/", "a=5; Path=/");
        assert_eq!(test.get("https://a.example/x"), "b=2; d=4; a=5; c=3");
    }

    #[test]
    fn an_expired_cookie_deletes_the_same_cookie() {
        let mut test = TestJar::new();
        test.set("https://a.example/", "a=1");
        test.set("https://a.example/", "a=; Max-Age=0; Domain=a.example");
        assert_eq!(test.get("https://a.example/"), "a=1");
        test.set("https://a.example/", "a=; Max-Age=0");
        assert_eq!(test.get("https://a.example/"), "");
    }

    #[test]
    fn an_insecure_server_does_not_overlay_a_secure_cookie() {
        let mut test = TestJar::new();
        test.set("https://x.a.example/", "a=1; Secure; Domain=a.example; Path=/");
        test.set("http://x.a.example/", "a=2; Path=/");
        assert_eq!(test.get("https://x.a.example/"), "a=1");
    }

    #[rstest]
    #[case::chromium(Profile::chromium(), "http://localhost", "a=1; Secure", "a=1")]
    #[case::standard(Profile::standard(), "http://localhost", "a=1; Secure", "")]
    #[case::none_without_secure(Profile::standard(), "https://a.example", "a=1; SameSite=None", "")]
    #[case::none_with_secure(Profile::standard(), "https://a.example", "a=1; SameSite=None; Secure", "a=1")]
    fn profiles(#[case] profile: Profile, #[case] url: &str, #[case] line: &str, #[case] header: &str) {
        let mut test = TestJar { profile, ..TestJar::new() };
        test.set(url, line);
        assert_eq!(test.get(url), header);
    }
}
