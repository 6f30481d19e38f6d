//! The page that sends requests.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use cors_browser::{ManualClock, PageAction, Profile, ThirdPartyCookies};
use futures_util::lock::Mutex;
use url::Url;

use crate::answer::{Answer, Play};
use crate::origin::{self, InvalidOrigin};
use crate::request;
use crate::tab::{Answers, Tab};
use crate::{App, Request};

/// A page at an origin, in Chromium, Firefox and WebKit at once.
///
/// A new page is in new browsers. It keeps cookies and cached preflights from one request to the next.
///
/// ```
/// # use cors_test::{WireRequest, WireResponse};
/// use cors_test::Page;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// # let app = async |request: WireRequest| match request.header("origin") {
/// #     Some(b"https://app.example.com") => {
/// #         WireResponse::new(200).with_header("access-control-allow-origin", "https://app.example.com")
/// #     }
/// #     _ => WireResponse::new(200),
/// # };
/// Page::at("https://app.example.com").fetch(&app, "https://api.example.com/items").await.assert_readable();
///
/// for page in Page::each(["https://evil.example", "http://app.example.com", "https://app.example.com.evil.example", "null"]) {
///     page.fetch(&app, "https://api.example.com/items").await.assert_blocked();
/// }
/// # }
/// ```
pub struct Page {
    page: cors_browser::Page,
    profiles: Vec<Profile>,
    cookies: Vec<String>,
    visits: Vec<(Url, String)>,
    clock: Arc<ManualClock>,
    /// The browsers. They are created with the first request.
    browsers: Mutex<Browsers>,
}

#[derive(Default)]
struct Browsers {
    tabs: Vec<Tab>,
    /// The servers that have got the cookies.
    servers: BTreeSet<String>,
}

impl Page {
    /// Creates a page at an origin, such as `https://app.example.com`. `null` is a sandboxed frame.
    ///
    /// # Panics
    ///
    /// If `origin` is not an origin. The message says what to write instead.
    #[track_caller]
    pub fn at(origin: &str) -> Self {
        or_panic(Self::try_at(origin))
    }

    /// Creates a page at an origin that a program has read from somewhere.
    ///
    /// # Errors
    ///
    /// If `origin` is not an origin.
    pub fn try_at(origin: &str) -> Result<Self, InvalidOrigin> {
        origin::parse(origin).map(|origin| cors_browser::Page::new(origin).into())
    }

    /// Creates a page at each origin, for tests in a loop.
    ///
    /// # Panics
    ///
    /// The iterator panics at a text that is not an origin.
    pub fn each<I>(origins: I) -> impl Iterator<Item = Self>
    where
        I: IntoIterator<Item: AsRef<str>>,
    {
        origins.into_iter().map(|origin| Self::at(origin.as_ref()))
    }

    /// Creates a sandboxed frame in a page of `top_level`. Its origin is `null`.
    ///
    /// # Panics
    ///
    /// If `top_level` is not an origin.
    #[track_caller]
    pub fn sandboxed(top_level: &str) -> Self {
        cors_browser::Page::sandboxed(or_panic(origin::parse(top_level))).into()
    }

    /// Creates a page that was opened from a local file. Its origin is `null`.
    pub fn file() -> Self {
        cors_browser::Page::file().into()
    }

    /// Puts the page into a frame of a page of `top_level`.
    ///
    /// # Panics
    ///
    /// If `top_level` is not an origin.
    #[track_caller]
    #[must_use]
    pub fn framed_by(self, top_level: &str) -> Self {
        let top_level = or_panic(origin::parse(top_level));
        Self { page: self.page.framed_by(top_level), ..self }
    }

    /// Signs the user in: every server that the page sends a request to has set these cookies before, as the user's browser would
    /// send them, such as `session=1; theme=dark`.
    ///
    /// Only requests with [`Credentials::Include`](crate::Credentials::Include) carry them to other origins. They have the attributes that
    /// a page of another site needs, and third-party cookies are allowed; [`with_third_party_cookies`](Self::with_third_party_cookies)
    /// decides otherwise. For cookies with other attributes, use [`with_cookie_of`](Self::with_cookie_of).
    #[must_use]
    pub fn with_cookies(mut self, cookies: &str) -> Self {
        self.cookies.extend(cookies.split(';').map(|cookie| cookie.trim().to_owned()));
        let setting = self.page.third_party_cookies.unwrap_or(ThirdPartyCookies::Allowed);
        Self { page: self.page.with_third_party_cookies(setting), ..self }
    }

    /// Stores a cookie as if the user had visited `url`, and the response had this `Set-Cookie`, such as
    /// `session=1; Secure; HttpOnly; SameSite=Lax`.
    ///
    /// # Panics
    ///
    /// If `url` is not the URL of a server.
    #[track_caller]
    #[must_use]
    pub fn with_cookie_of(mut self, url: &str, set_cookie: &str) -> Self {
        self.visits.push((or_panic(request::parse(url)), set_cookie.to_owned()));
        self
    }

    /// Sets whether servers of other sites than the page's can use cookies. Without it, and without
    /// [`with_cookies`](Self::with_cookies), it is the default of each profile: that of Firefox partitions them.
    #[must_use]
    pub fn with_third_party_cookies(self, setting: ThirdPartyCookies) -> Self {
        Self { page: self.page.with_third_party_cookies(setting), ..self }
    }

    /// Replaces the browsers, which are Chromium, Firefox and WebKit.
    ///
    /// ```
    /// use cors_test::{Page, Profile};
    ///
    /// let page = Page::at("https://app.example.com").in_browsers([Profile::firefox()]);
    /// # drop(page);
    /// ```
    ///
    /// # Panics
    ///
    /// If there are none.
    #[track_caller]
    #[must_use]
    pub fn in_browsers(self, profiles: impl IntoIterator<Item = Profile>) -> Self {
        let profiles: Vec<_> = profiles.into_iter().collect();
        assert!(!profiles.is_empty(), "a page needs a browser, such as `Profile::chromium()`");
        Self { profiles, ..self }
    }

    /// Lets time pass. Cookies and cached preflights expire.
    pub fn wait(&self, time: Duration) {
        self.clock.advance(time);
    }

    /// Does what `fetch(request)` does in a script of the page. A URL in the place of a request is a `GET`.
    ///
    /// The application answers each request once, if the browsers send the same. A panic or an error of the application is a network
    /// error, as with a server.
    ///
    /// # Panics
    ///
    /// If the URL is invalid.
    #[track_caller]
    pub fn fetch<K, A: App<K>, R: Into<Request>>(&self, app: &A, request: R) -> impl Future<Output = Answer> {
        self.act(app, PageAction::Fetch(or_panic(request.into().into_fetch())))
    }

    /// Does what the browsers do when `action` happens in the page: an `XMLHttpRequest`, an element, a form, an `EventSource`.
    pub async fn act<K, A: App<K>>(&self, app: &A, action: PageAction) -> Answer {
        let mut browsers = self.browsers.lock().await;
        let Browsers { tabs, servers } = &mut *browsers;
        if tabs.is_empty() {
            tabs.extend(
                self.profiles.iter().map(|profile| Tab::new(profile.clone(), Arc::clone(&self.clock))),
            );
            for tab in &*tabs {
                self.visits.iter().for_each(|(url, cookie)| tab.browser.store_cookie(url, cookie));
            }
        }
        if servers.insert(action.url().origin().ascii_serialization()) {
            tabs.iter().for_each(|tab| self.sign_in(tab, action.url()));
        }
        let mut answers = Answers::new(action.url().clone());
        let mut plays = Vec::new();
        for tab in tabs {
            let fetched = tab.act(&self.page, action.clone(), app, &mut answers).await;
            plays.push(Play { profile: tab.browser.profile().clone(), fetched });
        }
        Answer::new(self.page.clone(), action, !self.cookies.is_empty(), plays)
    }

    /// Stores the cookies of [`with_cookies`](Self::with_cookies) for a server.
    fn sign_in(&self, tab: &Tab, url: &Url) {
        for cookie in &self.cookies {
            tab.browser.store_cookie(url, &format!("{cookie}; Path=/; Secure; SameSite=None"));
            // A server over HTTP cannot set `Secure` cookies.
            if !tab.browser.cookies(url).split("; ").any(|stored| stored == cookie) {
                tab.browser.store_cookie(url, &format!("{cookie}; Path=/"));
            }
        }
    }
}

/// A page with every setting of the model.
impl From<cors_browser::Page> for Page {
    fn from(page: cors_browser::Page) -> Self {
        Self {
            page,
            profiles: vec![Profile::chromium(), Profile::firefox(), Profile::webkit()],
            cookies: Vec::new(),
            visits: Vec::new(),
            clock: Arc::new(ManualClock::new()),
            browsers: Mutex::default(),
        }
    }
}

impl fmt::Debug for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let browsers: Vec<_> = self.profiles.iter().map(Profile::name).collect();
        f.debug_struct("Page").field("page", &self.page).field("browsers", &browsers).finish_non_exhaustive()
    }
}

#[track_caller]
fn or_panic<T, E: fmt::Display>(result: Result<T, E>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("{error}"),
    }
}
