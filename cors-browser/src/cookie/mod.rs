//! Cookies, as RFC 6265bis has them, and what Fetch adds.

mod jar;
mod set_cookie;

use url::Url;

pub(super) use self::jar::Jar;
use self::jar::Request as CookieRequest;
use super::fault::{Fault, Faults};
use super::profile::Profile;
use super::request::{RedirectTaint, Request, Tainting};
use super::site::{is_same_site, is_schemelessly_same_site, site};
use super::{Browser, OpaqueSort, Origin, Page, WireResponse};

/// HTML, "cookie": a script of an opaque origin may not ask for cookies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("SecurityError")]
pub struct SecurityError;

impl Browser {
    /// Fetch, "append a request `Cookie` header": its value.
    pub(super) fn cookie_header(&self, page: &Page, request: &Request) -> Option<Vec<u8>> {
        let context = context(page, request, &self.profile, self.faults);
        self.state().cookies.retrieve(&context, self.clock.now())
    }

    /// Fetch, "parse and store response `Set-Cookie` headers".
    pub(super) fn store_cookies(&self, page: &Page, request: &Request, response: &WireResponse) {
        if request.tainting != Tainting::Basic && self.faults.has(Fault::DropsCrossOriginCookies) {
            return;
        }
        let context = context(page, request, &self.profile, self.faults);
        let now = self.clock.now();
        let mut state = self.state();
        for line in response.lines("set-cookie") {
            state.cookies.store(line, &context, now);
        }
    }

    /// Stores a `Set-Cookie` line as if the user had visited `url` and its response had carried it.
    pub fn store_cookie(&self, url: &Url, set_cookie: &str) {
        self.state().cookies.store(set_cookie.as_bytes(), &self.visit(url), self.clock.now());
    }

    /// The `Cookie` header that a visit to `url` would carry; empty if there is none.
    pub fn cookies(&self, url: &Url) -> String {
        let value = self.state().cookies.retrieve(&self.visit(url), self.clock.now()).unwrap_or_default();
        String::from_utf8_lossy(&value).into_owned()
    }

    /// What `document.cookie` returns to a script of `page`, which stands at its origin's root.
    ///
    /// # Errors
    ///
    /// Of an opaque origin, unless the page is of a sort that has no cookies.
    pub fn document_cookies(&self, page: &Page) -> Result<String, SecurityError> {
        let url = match (&page.origin, page.opaque) {
            (Origin::Opaque, OpaqueSort::Sandboxed) => return Err(SecurityError),
            (Origin::Opaque, OpaqueSort::Data) if self.profile.data_pages_throw => return Err(SecurityError),
            (Origin::Opaque, OpaqueSort::Data | OpaqueSort::File) => None,
            (origin, _) => Url::parse(&format!("{origin}/")).ok(),
        };
        // HTML, "cookie-averse Document object": a page whose URL's scheme is not HTTP(S).
        let Some(url) = url.filter(|url| matches!(url.scheme(), "http" | "https")) else {
            return Ok(String::new());
        };
        let top_level = page.top_level_origin();
        let context = CookieRequest {
            url: &url,
            is_http: false,
            // RFC 6265bis, section 5.8.2: a page is of its own site unless one of another site is around it.
            is_same_site: is_one_site(&page.origin, top_level, &self.profile)
                || self.faults.has(Fault::IgnoresSameSite),
            partition: partition_of(top_level, &page.origin, &self.profile),
            profile: &self.profile,
            faults: self.faults,
        };
        let cookies = self.state().cookies.retrieve(&context, self.clock.now()).unwrap_or_default();
        // HTML, "cookie": UTF-8 decode without BOM.
        Ok(String::from_utf8_lossy(&cookies).into_owned())
    }

    /// The request of a user who visits `url` itself.
    fn visit<'a>(&'a self, url: &'a Url) -> CookieRequest<'a> {
        CookieRequest {
            url,
            is_http: true,
            is_same_site: true,
            partition: String::new(),
            profile: &self.profile,
            faults: self.faults,
        }
    }
}

fn context<'a>(page: &Page, request: &'a Request, profile: &'a Profile, faults: Faults) -> CookieRequest<'a> {
    let url = request.current_url();
    let top_level = page.top_level_origin();
    let server = Origin::of(url);
    CookieRequest {
        url,
        is_http: true,
        is_same_site: is_same_site_request(page, request, profile) || faults.has(Fault::IgnoresSameSite),
        partition: partition_of(top_level, &server, profile),
        profile,
        faults,
    }
}

/// The part of the jar that is for `server` below `top_level`.
fn partition_of(top_level: &Origin, server: &Origin, profile: &Profile) -> String {
    if profile.partitions_cookies { partition(top_level, server, profile) } else { String::new() }
}

/// RFC 6265bis, section 5.2, ""Same-site" and "cross-site" Requests", and Fetch, "determine the same-site mode".
fn is_same_site_request(page: &Page, request: &Request, profile: &Profile) -> bool {
    let server = Origin::of(request.current_url());
    let top_level = page.top_level_origin();
    // Section 5.2.1, "site for cookies": none if the page and those around it are not of one site.
    let is_page_same_site =
        is_one_site(&page.origin, top_level, profile) && is_one_site(top_level, &server, profile);
    // "determine the same-site mode", step 5.
    let is_chain_same_site =
        !profile.same_site_considers_redirects || request.redirect_taint() != RedirectTaint::CrossSite;
    is_page_same_site && is_chain_same_site
}

/// HTML, "same site", or what the browser takes for it.
fn is_one_site(a: &Origin, b: &Origin, profile: &Profile) -> bool {
    if profile.same_site_considers_scheme { is_same_site(a, b) } else { is_schemelessly_same_site(a, b) }
}

/// The part of a browser's memory that is for `server` below `top_level`: one for each top-level site, where the server is of
/// another site.
pub(super) fn partition(top_level: &Origin, server: &Origin, profile: &Profile) -> String {
    if is_one_site(top_level, server, profile) { String::new() } else { site(top_level) }
}
