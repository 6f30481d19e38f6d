//! The page that makes requests.

use url::{Host, Url};

use crate::code::codes;
use crate::request::Request;
use crate::{AddressSpace, NetworkPermissions, Origin, Profile, ReferrerPolicy, ThirdPartyCookies};

/// A page that makes requests.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Page {
    /// The page's origin.
    pub origin: Origin,
    /// Why the origin is opaque, if it is.
    pub opaque: OpaqueKind,
    /// The origin in the address bar, if the page is a frame in a page of that origin.
    pub top_level: Option<Origin>,
    /// The user name and password that the user enters when a server asks for them.
    pub user: Option<User>,
    /// The page's `Referrer-Policy`.
    pub referrer_policy: ReferrerPolicy,
    /// The page's `Cross-Origin-Embedder-Policy`.
    pub embedder_policy: EmbedderPolicy,
    /// Whether servers of other sites can use cookies; `None` for the browser's default.
    pub third_party_cookies: Option<ThirdPartyCookies>,
    /// What the page may reach according to Local Network Access.
    ///
    /// `None` if the browser does not know the addresses of servers, because it reaches them through a proxy. Then it checks nothing.
    pub network_permissions: Option<NetworkPermissions>,
}

impl Page {
    /// Creates a top-level page of `origin`. Its user cancels every login prompt.
    pub fn new(origin: Origin) -> Self {
        Self {
            origin,
            opaque: OpaqueKind::default(),
            top_level: None,
            user: None,
            referrer_policy: ReferrerPolicy::default(),
            embedder_policy: EmbedderPolicy::default(),
            third_party_cookies: None,
            network_permissions: None,
        }
    }

    /// Creates a sandboxed frame in a page of `top_level`.
    pub fn sandboxed(top_level: Origin) -> Self {
        Self { top_level: Some(top_level), ..Self::new(Origin::Opaque) }
    }

    /// Creates a frame with a `data:` URL in a page of `top_level`.
    pub fn data(top_level: Origin) -> Self {
        Self { opaque: OpaqueKind::Data, ..Self::sandboxed(top_level) }
    }

    /// Creates a page that was opened from a local file.
    pub fn file() -> Self {
        Self { opaque: OpaqueKind::File, ..Self::new(Origin::Opaque) }
    }

    /// Puts the page into a frame of a page of `top_level`.
    #[must_use]
    pub fn framed_by(self, top_level: Origin) -> Self {
        Self { top_level: Some(top_level), ..self }
    }

    /// Sets the user name and password that the user enters when a server asks for them.
    #[must_use]
    pub fn with_user(self, name: impl Into<String>, password: impl Into<String>) -> Self {
        Self { user: Some(User { name: name.into(), password: password.into() }), ..self }
    }

    /// The URL of the page, which is at the root of its origin; `None` for a page with an opaque origin.
    pub(crate) fn url(&self) -> Option<Url> {
        match &self.origin {
            Origin::Opaque => None,
            origin @ Origin::Tuple { .. } => Url::parse(&format!("{origin}/")).ok(),
        }
    }

    /// The URL of a sandboxed frame, whose content comes from the origin in the address bar; `None` for any other page.
    pub(crate) fn sandboxed_url(&self) -> Option<Url> {
        let is_sandboxed = self.origin == Origin::Opaque && self.opaque == OpaqueKind::Sandboxed;
        let Some(Origin::Tuple { .. }) = self.top_level.as_ref().filter(|_| is_sandboxed) else {
            return None;
        };
        Url::parse(&format!("{}/", self.top_level_origin())).ok()
    }

    /// Sets the page's `Referrer-Policy`.
    #[must_use]
    pub fn with_referrer_policy(self, referrer_policy: ReferrerPolicy) -> Self {
        Self { referrer_policy, ..self }
    }

    /// Sets the page's `Cross-Origin-Embedder-Policy`.
    #[must_use]
    pub fn with_embedder_policy(self, embedder_policy: EmbedderPolicy) -> Self {
        Self { embedder_policy, ..self }
    }

    /// HTML, "obtain an embedder policy", step 1: only pages in secure contexts have a policy.
    pub(crate) fn embedder_policy(&self) -> EmbedderPolicy {
        if is_secure_context(self) { self.embedder_policy } else { EmbedderPolicy::default() }
    }

    /// Sets whether servers of other sites can use cookies. Give all pages of one browser the same setting.
    #[must_use]
    pub fn with_third_party_cookies(self, setting: ThirdPartyCookies) -> Self {
        Self { third_party_cookies: Some(setting), ..self }
    }

    /// Sets what the page may reach according to Local Network Access.
    #[must_use]
    pub fn with_network_permissions(self, permissions: NetworkPermissions) -> Self {
        Self { network_permissions: Some(permissions), ..self }
    }

    /// Whether the page is in a frame.
    pub(crate) fn is_frame(&self) -> bool {
        self.top_level.is_some()
    }

    /// The origin in the address bar.
    pub(crate) fn top_level_origin(&self) -> &Origin {
        self.top_level.as_ref().unwrap_or(&self.origin)
    }
}

/// Why a page's origin is opaque.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OpaqueKind {
    /// The page is a frame with `sandbox` and without `allow-same-origin`.
    #[default]
    Sandboxed,
    /// The page is a frame with a `data:` URL.
    Data,
    /// The page was opened from a local file.
    File,
}

codes! {
    /// HTML, "embedder policy value": the values of `Cross-Origin-Embedder-Policy`.
    #[derive(Default, serde::Deserialize)]
    #[serde(rename_all = "kebab-case")]
    EmbedderPolicy {
        /// The page may embed everything. This is the default.
        #[default]
        UnsafeNone = "unsafe-none",
        /// The page may embed only what its server shares, by CORS or `Cross-Origin-Resource-Policy`.
        RequireCorp = "require-corp",
        /// The page embeds everything else without credentials.
        Credentialless = "credentialless",
    }
}

/// What a user enters at a login prompt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The user name.
    pub name: String,
    /// The password.
    pub password: String,
}

/// Mixed Content, "Should fetching request be blocked as mixed content?", for a request that cannot be upgraded.
pub(crate) fn is_mixed_content(page: &Page, url: &Url, profile: &Profile) -> bool {
    let server = Origin::of(url);
    let is_trusted = match profile.trusts_loopback_servers {
        true => server.is_potentially_trustworthy(),
        false => matches!(url.scheme(), "https" | "wss"),
    };
    prohibits_mixed_content(page, profile) && !is_trusted
}

/// Mixed Content, "Upgrade a mixed content request to a potentially trustworthy URL, if appropriate", step 1, except for the
/// destination: whether the scheme of an insecure image becomes `https`.
pub(crate) fn is_upgradable(page: &Page, url: &Url, profile: &Profile) -> bool {
    let has_name = matches!(url.host(), Some(Host::Domain(_)));
    has_name && is_mixed_content(page, url, profile)
}

/// Mixed Content, "Does settings prohibit mixed security contexts?": the page, or a page that embeds it, is trustworthy.
fn prohibits_mixed_content(page: &Page, profile: &Profile) -> bool {
    let prohibits = |origin: &Origin| {
        origin.is_https() || (profile.restricts_loopback_pages && origin.is_potentially_trustworthy())
    };
    prohibits(&page.origin) || page.top_level.as_ref().is_some_and(prohibits)
}

/// Local Network Access, "Mixed Content": whether the request is known to be for a local server before its name is resolved.
pub(crate) fn may_be_local(request: &Request) -> bool {
    AddressSpace::of(request.current_url()) != AddressSpace::Public
        || request.target_address_space.is_some_and(|named| named != AddressSpace::Public)
}

/// Secure Contexts, "Is an environment settings object contextually secure?"
pub(crate) fn is_secure_context(page: &Page) -> bool {
    let is_secure = |origin: &Origin| *origin == Origin::Opaque || origin.is_potentially_trustworthy();
    is_secure(&page.origin) && page.top_level.as_ref().is_none_or(is_secure)
}
