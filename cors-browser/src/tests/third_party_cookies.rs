//! Third-party cookies, and cookies with `Partitioned`.

use rstest::rstest;

use super::*;
use crate::{Credentials, ThirdPartyCookies};

const OTHER: &str = "https://other.example";
const SERVER: &str = "https://api.example";

/// A browser whose servers answer with the `Cookie` header that they got, and set the cookies that the path names.
struct Cookies {
    browser: Browser,
    setting: Option<ThirdPartyCookies>,
}

impl Cookies {
    fn new(profile: Profile, setting: Option<ThirdPartyCookies>) -> Self {
        let browser = browser_as(profile, |request| {
            let origin = request.header("origin").map(|origin| String::from_utf8_lossy(origin).into_owned());
            let mut headers = vec![("access-control-allow-credentials", "true".to_owned())];
            headers.extend(origin.map(|origin| ("access-control-allow-origin", origin)));
            let lines = request.url.query_pairs().map(|(_, line)| ("set-cookie", line.into_owned()));
            headers.extend(lines);
            let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
            Ok(reply(200, &headers))
        });
        Self { browser, setting }
    }

    /// Lets a page fetch with credentials. Returns the `Cookie` header.
    async fn fetch(&self, page: &Page, server: &str, set: &[&str]) -> String {
        let mut url = Url::parse(server).unwrap();
        if !set.is_empty() {
            url.query_pairs_mut().extend_pairs(set.iter().map(|line| ("set", line)));
        }
        let page = Page { third_party_cookies: self.setting, ..page.clone() };
        let request = FetchRequest::new(url).with_credentials(Credentials::Include);
        let fetched = self.browser.fetch(&page, request).await;
        sent(&fetched, 0, "cookie").unwrap_or_default().to_owned()
    }
}

const ALLOWED: Option<ThirdPartyCookies> = Some(ThirdPartyCookies::Allowed);
const BLOCKED: Option<ThirdPartyCookies> = Some(ThirdPartyCookies::Blocked);
const PARTITIONED: Option<ThirdPartyCookies> = Some(ThirdPartyCookies::Partitioned);

/// What a server gets in a page of another site, in a page of a third site, and in its own page, after a page of another site got cookies
/// with and without `Partitioned`. Observed in Chromium 156 and Firefox 153.
#[rstest]
#[case::standard(Profile::standard(), None, ["u=1; p=1", "u=1", "u=1"])]
#[case::chromium(Profile::chromium(), None, ["u=1; p=1", "u=1", "u=1"])]
#[case::chromium_allowed(Profile::chromium(), ALLOWED, ["u=1; p=1", "u=1", "u=1"])]
#[case::chromium_blocked(Profile::chromium(), BLOCKED, ["p=1", "", ""])]
#[case::firefox(Profile::firefox(), None, ["u=1; p=1", "", ""])]
#[case::firefox_allowed(Profile::firefox(), ALLOWED, ["u=1; p=1", "u=1", "u=1"])]
#[case::firefox_blocked(Profile::firefox(), BLOCKED, ["", "", ""])]
#[case::firefox_partitioned(Profile::firefox(), PARTITIONED, ["u=1; p=1", "", ""])]
#[tokio::test]
async fn a_server_of_another_site(
    #[case] profile: Profile,
    #[case] setting: Option<ThirdPartyCookies>,
    #[case] expected: [&str; 3],
) {
    let cookies = Cookies::new(profile, setting);
    let set = ["u=1; SameSite=None; Secure", "p=1; SameSite=None; Secure; Partitioned"];
    cookies.fetch(&page(APP), SERVER, &set).await;
    for (origin, expected) in [APP, OTHER, SERVER].into_iter().zip(expected) {
        assert_eq!(cookies.fetch(&page(origin), SERVER, &[]).await, expected, "{origin}");
    }
}

/// What a server of the page's own site gets in the page, in a frame in a page of another site, and in a frame of another site in the page.
#[rstest]
#[case::chromium(Profile::chromium(), None, ["u=1; p=1", "u=1", "u=1"])]
#[case::chromium_blocked(Profile::chromium(), BLOCKED, ["u=1; p=1", "", ""])]
#[case::firefox(Profile::firefox(), None, ["u=1; p=1", "", ""])]
#[case::firefox_allowed(Profile::firefox(), ALLOWED, ["u=1; p=1", "u=1", "u=1"])]
#[case::firefox_blocked(Profile::firefox(), BLOCKED, ["u=1; p=1", "", ""])]
#[tokio::test]
async fn a_server_of_the_own_site(
    #[case] profile: Profile,
    #[case] setting: Option<ThirdPartyCookies>,
    #[case] expected: [&str; 3],
) {
    let cookies = Cookies::new(profile, setting);
    let set = ["u=1; SameSite=None; Secure", "p=1; SameSite=None; Secure; Partitioned"];
    cookies.fetch(&page(APP), APP, &set).await;
    let (app, other) = (Origin::parse(APP).unwrap(), Origin::parse(OTHER).unwrap());
    let pages = [page(APP), page(APP).framed_by(other), page(OTHER).framed_by(app)];
    for (page, expected) in pages.into_iter().zip(expected) {
        assert_eq!(cookies.fetch(&page, APP, &[]).await, expected, "{page:?}");
    }
}

#[rstest]
#[case::standard(Profile::standard())]
#[case::firefox(Profile::firefox())]
#[tokio::test]
async fn partitioned_cookies_must_be_secure(#[case] profile: Profile) {
    let cookies = Cookies::new(profile, None);
    cookies.fetch(&page(APP), APP, &["p=1; Partitioned", "q=1; Secure; Partitioned"]).await;
    assert_eq!(cookies.fetch(&page(APP), APP, &[]).await, "q=1");
}

#[rstest]
#[case::both("__Http-a=1; Secure; HttpOnly", true, true)]
#[case::script("__Http-a=1; Secure", false, false)]
#[case::insecure("__Http-a=1; HttpOnly", false, false)]
#[case::domain("__Http-a=1; Secure; HttpOnly; Domain=app.example", true, true)]
#[case::any_case("__hTTP-a=1; Secure", false, false)]
#[case::host("__Host-Http-a=1; Secure; HttpOnly; Path=/", true, true)]
#[case::host_script("__Host-Http-a=1; Secure; Path=/", false, false)]
#[case::host_domain("__Host-Http-a=1; Secure; HttpOnly; Path=/; Domain=app.example", false, false)]
#[case::host_without_path("__Host-Http-a=1; Secure; HttpOnly", false, true)]
#[case::without_path("__Host-a=1; Secure", false, true)]
#[case::nameless("=__Http-a", false, false)]
#[case::another_name("__Http=1", true, true)]
#[tokio::test]
async fn prefixes(#[case] line: &str, #[case] is_kept: bool, #[case] in_firefox: bool) {
    for (profile, expected) in [(Profile::chromium(), is_kept), (Profile::firefox(), in_firefox)] {
        let cookies = Cookies::new(profile, None);
        cookies.fetch(&page(APP), APP, &[line]).await;
        assert_eq!(!cookies.fetch(&page(APP), APP, &[]).await.is_empty(), expected);
    }
}

#[rstest]
#[case::unknown("c=1; Secure; SameSite=None; SameSite=x", false)]
#[case::empty("c=1; Secure; SameSite=None; SameSite", false)]
#[case::none("c=1; Secure; SameSite=Strict; SameSite=None", true)]
#[case::strict("c=1; Secure; SameSite=None; SameSite=Strict", false)]
#[tokio::test]
async fn the_last_same_site_counts(#[case] line: &str, #[case] is_sent: bool) {
    let cookies = Cookies::new(Profile::chromium(), None);
    cookies.fetch(&page(SERVER), SERVER, &[line]).await;
    assert_eq!(!cookies.fetch(&page(APP), SERVER, &[]).await.is_empty(), is_sent);
}
