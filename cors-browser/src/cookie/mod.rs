//! RFC 6265bis, and the cookie algorithms of Fetch and HTML.

mod jar;
mod set_cookie;
mod third_party;

use url::Url;

pub(crate) use self::jar::{
    CookieContext, Jar, SameSiteMode, domain_matches, has_valid_prefix, path_matches,
};
pub(crate) use self::set_cookie::SetCookie;
pub use self::third_party::ThirdPartyCookies;
pub(crate) use self::third_party::{Jars, cookie_partition};
use crate::fetch::fetch_site;
use crate::profile::{Profile, StorageAccess};
use crate::request::{Destination, RedirectTaint, Request, Tainting};
use crate::site::{is_same_site, is_schemelessly_same_site, site};
use crate::{Browser, Credentials, OpaqueKind, Origin, Page, WireResponse, method};

/// The `SecurityError` that `document.cookie` throws in a page with an opaque origin (HTML, "cookie").
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("SecurityError")]
pub struct SecurityError;

impl Browser {
    /// Fetch, "append a request `Cookie` header": the header's value.
    pub(crate) fn cookie_header(&self, page: &Page, request: &Request) -> Option<Vec<u8>> {
        let context = self.cookie_context(page, request);
        self.state().cookies.retrieve(&context, self.clock.now())
    }

    /// Fetch, "parse and store response `Set-Cookie` headers".
    pub(crate) fn store_cookies(&self, page: &Page, request: &Request, response: &WireResponse) {
        let context = self.cookie_context(page, request);
        let now = self.clock.now();
        let mut state = self.state();
        for line in response.lines("set-cookie") {
            state.cookies.store(line, &context, now);
        }
    }

    /// Stores a cookie as if the user had visited `url` and the response had this `Set-Cookie` line.
    pub fn store_cookie(&self, url: &Url, set_cookie: &str) {
        self.state().cookies.store(set_cookie.as_bytes(), &self.visit(url), self.clock.now());
    }

    /// The `Cookie` header that a visit of the user to `url` would send; empty if it would send none.
    pub fn cookies(&self, url: &Url) -> String {
        let value = self.state().cookies.retrieve(&self.visit(url), self.clock.now()).unwrap_or_default();
        String::from_utf8_lossy(&value).into_owned()
    }

    /// The value of `document.cookie` in a script of `page`, which is at the root of its origin.
    ///
    /// # Errors
    ///
    /// If the page's origin is opaque, except for pages that never have cookies. Then `document.cookie` is empty.
    pub fn document_cookies(&self, page: &Page) -> Result<String, SecurityError> {
        let url = match (&page.origin, page.opaque) {
            (Origin::Opaque, OpaqueKind::Sandboxed) => return Err(SecurityError),
            (Origin::Opaque, OpaqueKind::Data) if self.profile.data_pages_throw => return Err(SecurityError),
            (Origin::Opaque, OpaqueKind::Data | OpaqueKind::File) => None,
            (origin, _) => Url::parse(&format!("{origin}/")).ok(),
        };
        // HTML, "cookie-averse Document object": the URL of the page is not an HTTP(S) URL.
        let Some(url) = url.filter(|url| matches!(url.scheme(), "http" | "https")) else {
            return Ok(String::new());
        };
        let top_level = page.top_level_origin();
        // RFC 6265bis, section 5.8.2: a page is same-site unless a page of another site embeds it.
        let is_same_site = is_one_site(&page.origin, top_level, &self.profile);
        let context = CookieContext {
            url: &url,
            is_http: false,
            same_site: self.steps.same_site_mode(SameSiteMode::of_subresource(is_same_site)),
            jars: self.jars(
                page,
                page.top_level_origin(),
                !is_first_party(page, &page.origin, &self.profile),
            ),
            profile: &self.profile,
            steps: &*self.steps,
        };
        let cookies = self.state().cookies.retrieve(&context, self.clock.now()).unwrap_or_default();
        // HTML, "cookie": UTF-8 decode without BOM.
        Ok(String::from_utf8_lossy(&cookies).into_owned())
    }

    /// The context of a user's visit to `url`.
    fn visit<'a>(&'a self, url: &'a Url) -> CookieContext<'a> {
        let setting = self.profile.third_party_cookies;
        CookieContext {
            url,
            is_http: true,
            same_site: SameSiteMode::Strict,
            jars: Jars::new(setting, &Origin::of(url), false, &self.profile, &*self.steps),
            profile: &self.profile,
            steps: &*self.steps,
        }
    }

    /// The context of a request of `page`.
    fn cookie_context<'a>(&'a self, page: &Page, request: &'a Request) -> CookieContext<'a> {
        let url = request.current_url();
        let mode = same_site_mode(page, request, &self.profile);
        let is_third_party = self.is_third_party(page, request);
        CookieContext {
            url,
            is_http: true,
            same_site: self.steps.same_site_mode(mode),
            jars: self.jars(page, &request.top_level_origin(page), is_third_party),
            profile: &self.profile,
            steps: &*self.steps,
        }
    }

    /// Storage Access Headers, "The Sec-Fetch-Storage-Access HTTP Request Header": the value of the header; `None` if the request is not
    /// for a third party.
    pub(crate) fn storage_access(&self, page: &Page, request: &Request) -> Option<&'static str> {
        let server = Origin::of(request.current_url());
        let is_sent = match self.profile.storage_access {
            StorageAccess::Unsent => false,
            StorageAccess::WithInclude => {
                request.preflight_for.is_none() && request.credentials == Credentials::Include
            }
            StorageAccess::WherePartitioned => {
                let has_credentials = request.preflight_for.map_or_else(
                    || self.steps.includes_credentials(request),
                    |credentials| credentials == Credentials::Include,
                );
                has_credentials
                    && self.third_party_setting(page) == ThirdPartyCookies::Partitioned
                    && (request.is_navigation() || fetch_site(request) != "same-origin")
                    && !(request.tainting == Tainting::Cors && request.has_changed_origin())
            }
        };
        if !is_sent || !self.is_third_party(page, request) {
            return None;
        }
        let has_access =
            self.jars(page, page.top_level_origin(), true).common.is_some_and(|jar| jar.is_empty());
        // The page could use the Storage Access API only for a server of the top-level site, which needs no permission.
        let is_possible = is_one_site(page.top_level_origin(), &server, &self.profile);
        Some(match (has_access, is_possible) {
            (true, _) => "active",
            (false, true) => "inactive",
            (false, false) => "none",
        })
    }

    /// Whether the server of the request is a third party. A navigation of a tab leads to the first party.
    fn is_third_party(&self, page: &Page, request: &Request) -> bool {
        let server = Origin::of(request.current_url());
        match request.destination {
            Destination::Document => false,
            // The document of the page itself is replaced.
            Destination::Frame => !is_one_site(page.top_level_origin(), &server, &self.profile),
            _ => !is_first_party(page, &server, &self.profile),
        }
    }

    fn third_party_setting(&self, page: &Page) -> ThirdPartyCookies {
        let setting = page.third_party_cookies.unwrap_or(self.profile.third_party_cookies);
        self.steps.third_party_cookies(setting)
    }

    /// The jars for cookies under `top_level`, in a browser with the settings of `page`.
    fn jars(&self, page: &Page, top_level: &Origin, is_third_party: bool) -> Jars {
        let setting = self.third_party_setting(page);
        Jars::new(setting, top_level, is_third_party, &self.profile, &*self.steps)
    }
}

/// RFC 6265bis, section 5.2, ""Same-site" and "cross-site" Requests", and Fetch, "determine the same-site mode".
fn same_site_mode(page: &Page, request: &Request, profile: &Profile) -> SameSiteMode {
    let server = Origin::of(request.current_url());
    let is_page_same_site = match request.destination {
        Destination::Document => is_one_site(&page.origin, &server, profile),
        _ => is_first_party(page, &server, profile),
    };
    // "determine the same-site mode", step 5.
    let is_chain_same_site =
        !profile.same_site_considers_redirects || request.redirect_taint() != RedirectTaint::CrossSite;
    let is_same_site = is_page_same_site && is_chain_same_site;
    // Section 5.8.3, step 1: a link to another site carries `Lax` cookies, a form that posts to it does not.
    match request.destination {
        Destination::Document if is_same_site => SameSiteMode::Strict,
        Destination::Document if method::is_safe(&request.method) => SameSiteMode::Lax,
        Destination::Document => SameSiteMode::UnsafeNavigation,
        _ => SameSiteMode::of_subresource(is_same_site),
    }
}

/// RFC 6265bis, section 5.2.1: whether the server is same-site with the page's "site for cookies", which is empty if the page and its
/// embedders are not same-site.
fn is_first_party(page: &Page, server: &Origin, profile: &Profile) -> bool {
    let top_level = page.top_level_origin();
    let is_sandboxed = page.origin == Origin::Opaque && page.opaque == OpaqueKind::Sandboxed;
    let is_exempt = is_sandboxed && profile.sandboxed_frames_are_same_site;
    (is_exempt || is_one_site(&page.origin, top_level, profile)) && is_one_site(top_level, server, profile)
}

/// HTML, "same site", or the browser's variant of it.
fn is_one_site(a: &Origin, b: &Origin, profile: &Profile) -> bool {
    if profile.same_site_considers_scheme { is_same_site(a, b) } else { is_schemelessly_same_site(a, b) }
}

/// The partition of the browser's state for `server` under `top_level`: the top-level site if the server is cross-site, or
/// empty.
pub(crate) fn partition(top_level: &Origin, server: &Origin, profile: &Profile) -> String {
    if is_one_site(top_level, server, profile) { String::new() } else { site(top_level) }
}
