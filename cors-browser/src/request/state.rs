//! Fetch, "request": the parts that matter to CORS.

use url::Url;

use crate::header::HeaderList;
use crate::site::is_same_site;
use crate::steps::Steps;
use crate::{AddressSpace, Credentials, Mode, Origin, Page, Redirect, ReferrerPolicy};

/// A request. Its fields change when redirects are followed.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// The method.
    pub(crate) method: String,
    /// The URL list. It is never empty.
    pub(crate) urls: Vec<Url>,
    /// The header list.
    pub(crate) headers: HeaderList,
    /// The body.
    pub(crate) body: Option<Vec<u8>>,
    /// The mode.
    pub(crate) mode: RequestMode,
    /// The destination.
    pub(crate) destination: Destination,
    /// Whether the user caused the request, by a click or a key ("user-activation").
    pub(crate) user_activation: bool,
    /// Whether the cache mode is `no-store`.
    pub(crate) is_no_store: bool,
    /// The use-CORS-preflight flag, which listeners for upload events set.
    pub(crate) use_cors_preflight: bool,
    /// The credentials mode.
    pub(crate) credentials: Credentials,
    /// The credentials mode of the request that this preflight is for; `None` for any other request.
    pub(crate) preflight_for: Option<Credentials>,
    /// The redirect mode.
    pub(crate) redirect: Redirect,
    /// Local Network Access, request "target IP address space".
    pub(crate) target_address_space: Option<AddressSpace>,
    /// The origin.
    pub(crate) origin: Origin,
    /// The referrer: at first the URL of the page. "main fetch" replaces it by what the policy leaves of it.
    pub(crate) referrer: Option<Url>,
    /// The referrer policy.
    pub(crate) referrer_policy: ReferrerPolicy,
    /// The referrer policy that a redirect has replaced by its own; `None` before the first such redirect.
    pub(crate) replaced_policy: Option<ReferrerPolicy>,
    /// The response tainting.
    pub(crate) tainting: Tainting,
    /// Whether the request needs a preflight, or needed one before a redirect.
    pub(crate) needed_preflight: bool,
    /// Whether a redirect has dropped an `Authorization` header.
    pub(crate) dropped_authorization: bool,
    /// Whether "main fetch" has asked for a preflight, even if the cache made it unnecessary.
    pub(crate) used_preflight: bool,
    /// Whether the last preflight of this request failed.
    pub(crate) preflight_failed: bool,
    /// Whether a redirect has changed the method to `GET`.
    pub(crate) became_get: bool,
    /// The redirect count.
    pub(crate) redirect_count: u32,
}

/// Fetch, request "mode".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RequestMode {
    Cors,
    NoCors,
    SameOrigin,
    Navigate,
    WebSocket,
}

impl RequestMode {
    /// The name in the standard, which `Sec-Fetch-Mode` also carries.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Cors => "cors",
            Self::NoCors => "no-cors",
            Self::SameOrigin => "same-origin",
            Self::Navigate => "navigate",
            Self::WebSocket => "websocket",
        }
    }
}

impl From<Mode> for RequestMode {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Cors => Self::Cors,
            Mode::NoCors => Self::NoCors,
            Mode::SameOrigin => Self::SameOrigin,
        }
    }
}

/// Fetch, request "destination".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Destination {
    /// `fetch()`, `XMLHttpRequest`, `EventSource` and WebSockets; the standard writes an empty string.
    Empty,
    /// A navigation of a tab.
    Document,
    /// A navigation of a frame.
    Frame,
    /// `<img>`.
    Image,
    /// `<script>`.
    Script,
    /// `<link rel="stylesheet">`.
    Style,
    /// `@font-face`.
    Font,
}

impl Destination {
    /// The value of `Sec-Fetch-Dest`.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Document => "document",
            Self::Frame => "iframe",
            Self::Image => "image",
            Self::Script => "script",
            Self::Style => "style",
            Self::Font => "font",
        }
    }
}

/// Fetch, "response tainting".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tainting {
    Basic,
    Cors,
    Opaque,
}

/// The values of Fetch, request "redirect-taint".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RedirectTaint {
    SameOrigin,
    SameSite,
    CrossSite,
}

impl Request {
    /// A request of `page` for `url` with the default value of everything else.
    pub(crate) fn new(page: &Page, url: Url, steps: &dyn Steps) -> Self {
        Self {
            method: "GET".to_owned(),
            urls: vec![url],
            headers: HeaderList::default(),
            body: None,
            mode: RequestMode::NoCors,
            destination: Destination::Empty,
            user_activation: false,
            is_no_store: false,
            use_cors_preflight: false,
            credentials: Credentials::SameOrigin,
            preflight_for: None,
            redirect: Redirect::Follow,
            target_address_space: None,
            origin: steps.client_origin(page).clone(),
            referrer: page.url(),
            referrer_policy: steps.referrer_policy_of_page(page),
            replaced_policy: None,
            tainting: Tainting::Basic,
            needed_preflight: false,
            dropped_authorization: false,
            used_preflight: false,
            preflight_failed: false,
            became_get: false,
            redirect_count: 0,
        }
    }

    /// Whether the request navigates a tab or a frame (Fetch, "navigation request").
    pub(crate) fn is_navigation(&self) -> bool {
        matches!(self.destination, Destination::Document | Destination::Frame)
    }

    /// The origin in the address bar while the response is used: a navigation of a tab leads to another one.
    pub(crate) fn top_level_origin(&self, page: &Page) -> Origin {
        match self.destination {
            Destination::Document => Origin::of(self.current_url()),
            _ => page.top_level_origin().clone(),
        }
    }

    /// Fetch, "fetch", steps 14 and 15: sets the headers that every request has.
    pub(crate) fn set_default_headers(&mut self) {
        if !self.headers.contains("Accept") {
            let value = match self.destination {
                Destination::Document | Destination::Frame => {
                    "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
                }
                Destination::Image => "image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5",
                Destination::Style => "text/css,*/*;q=0.1",
                Destination::Empty | Destination::Script | Destination::Font => "*/*",
            };
            self.headers.append("Accept", value);
        }
        if !self.headers.contains("Accept-Language") {
            self.headers.append("Accept-Language", "en-US,en;q=0.9");
        }
    }

    /// Mixed Content, "Upgrade a mixed content request to a potentially trustworthy URL, if appropriate", step 2.
    pub(crate) fn upgrade(&mut self) {
        if let Some(url) = self.urls.last_mut() {
            // The URL standard lets `http` become `https`. The default port goes with the scheme.
            let _ = url.set_scheme("https");
        }
    }

    /// Fetch, request "current URL".
    pub(crate) fn current_url(&self) -> &Url {
        // The list starts with one URL and only grows.
        &self.urls[self.urls.len() - 1]
    }

    /// Fetch, request "redirect-taint".
    pub(crate) fn redirect_taint(&self) -> RedirectTaint {
        let mut taint = RedirectTaint::SameOrigin;
        // Step 4.
        for pair in self.urls.windows(2) {
            let (last, url) = (Origin::of(&pair[0]), Origin::of(&pair[1]));
            if !is_same_site(&url, &last) && !is_same_site(&self.origin, &last) {
                return RedirectTaint::CrossSite;
            }
            if !url.is_same_origin(&last) && !self.origin.is_same_origin(&last) {
                taint = RedirectTaint::SameSite;
            }
        }
        taint
    }

    /// Whether a redirect has led from one origin to another.
    pub(crate) fn has_changed_origin(&self) -> bool {
        self.urls.windows(2).any(|pair| !Origin::of(&pair[0]).is_same_origin(&Origin::of(&pair[1])))
    }

    /// Fetch, "serializing a request origin".
    pub(crate) fn serialize_origin(&self) -> String {
        // Step 2.
        if self.redirect_taint() != RedirectTaint::SameOrigin {
            return Origin::Opaque.to_string();
        }
        // Step 3.
        self.origin.to_string()
    }

    /// Fetch, "HTTP-network-or-cache fetch", step 8.3: "includeCredentials".
    pub(crate) fn includes_credentials(&self) -> bool {
        match self.credentials {
            Credentials::Include => true,
            Credentials::SameOrigin => self.tainting == Tainting::Basic,
            Credentials::Omit => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn request(origin: &str, urls: &[&str]) -> Request {
        Request {
            method: "GET".to_owned(),
            urls: urls.iter().map(|url| Url::parse(url).unwrap()).collect(),
            headers: HeaderList::default(),
            body: None,
            mode: RequestMode::Cors,
            destination: Destination::Empty,
            user_activation: false,
            is_no_store: false,
            use_cors_preflight: false,
            credentials: Credentials::SameOrigin,
            preflight_for: None,
            redirect: Redirect::Follow,
            target_address_space: None,
            origin: Origin::parse(origin).unwrap(),
            referrer: None,
            referrer_policy: ReferrerPolicy::default(),
            replaced_policy: None,
            tainting: Tainting::Basic,
            needed_preflight: false,
            dropped_authorization: false,
            used_preflight: false,
            preflight_failed: false,
            became_get: false,
            redirect_count: 0,
        }
    }

    #[rstest]
    #[case::no_redirect("https://a.example", &["https://b.example"], RedirectTaint::SameOrigin)]
    #[case::same_origin_to_other("https://a.example", &["https://a.example", "https://b.example"], RedirectTaint::SameOrigin)]
    #[case::other_to_itself("https://a.example", &["https://b.example", "https://b.example/x"], RedirectTaint::SameOrigin)]
    #[case::other_to_third("https://a.example", &["https://b.example", "https://c.example"], RedirectTaint::CrossSite)]
    #[case::other_and_back("https://a.example", &["https://b.example", "https://a.example"], RedirectTaint::CrossSite)]
    #[case::other_port("https://a.example", &["https://b.example", "https://b.example:444"], RedirectTaint::SameSite)]
    #[case::sibling("https://a.example", &["https://x.b.example", "https://y.b.example"], RedirectTaint::SameSite)]
    #[case::through_the_own_site("https://a.example", &["https://x.a.example", "https://c.example"], RedirectTaint::SameSite)]
    #[case::other_scheme("https://a.example", &["http://b.example", "https://b.example"], RedirectTaint::CrossSite)]
    #[case::later("https://a.example", &["https://a.example", "https://b.example", "https://c.example"], RedirectTaint::CrossSite)]
    fn redirect_taint(#[case] origin: &str, #[case] urls: &[&str], #[case] taint: RedirectTaint) {
        let request = request(origin, urls);
        assert_eq!(request.redirect_taint(), taint);
        let expected = if taint == RedirectTaint::SameOrigin { origin } else { "null" };
        assert_eq!(request.serialize_origin(), expected);
    }

    #[rstest]
    #[case(Credentials::Omit, Tainting::Basic, false)]
    #[case(Credentials::Omit, Tainting::Cors, false)]
    #[case(Credentials::SameOrigin, Tainting::Basic, true)]
    #[case(Credentials::SameOrigin, Tainting::Cors, false)]
    #[case(Credentials::SameOrigin, Tainting::Opaque, false)]
    #[case(Credentials::Include, Tainting::Basic, true)]
    #[case(Credentials::Include, Tainting::Cors, true)]
    #[case(Credentials::Include, Tainting::Opaque, true)]
    fn credentials_modes(
        #[case] credentials: Credentials,
        #[case] tainting: Tainting,
        #[case] included: bool,
    ) {
        let request =
            Request { credentials, tainting, ..request("https://a.example", &["https://b.example"]) };
        assert_eq!(request.includes_credentials(), included);
    }
}
