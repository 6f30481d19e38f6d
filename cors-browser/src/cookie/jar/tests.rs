//! The storage model and the retrieval of cookies.

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
        same_site: SameSiteMode::Strict,
        jars: Jars { common: Some(String::new()), partitioned: Some(String::new()) },
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
