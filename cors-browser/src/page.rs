//! The page that fetches.

use url::Url;

use super::{Origin, Profile};

/// A page with a script that fetches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The page's origin.
    pub origin: Origin,
    /// What made the origin opaque, where it is.
    pub opaque: OpaqueSort,
    /// The origin in the address bar, where it is another one: the page is a frame in a page of that origin.
    pub top_level: Option<Origin>,
    /// The name and password that the user types when a server asks for them.
    pub user: Option<User>,
}

impl Page {
    /// A top-level page of `origin`, whose user answers no authentication prompt.
    pub fn new(origin: Origin) -> Self {
        Self { origin, opaque: OpaqueSort::default(), top_level: None, user: None }
    }

    /// A sandboxed frame in a page of `top_level`.
    pub fn sandboxed(top_level: Origin) -> Self {
        Self { top_level: Some(top_level), ..Self::new(Origin::Opaque) }
    }

    /// A frame with a `data:` URL in a page of `top_level`.
    pub fn data(top_level: Origin) -> Self {
        Self { opaque: OpaqueSort::Data, ..Self::sandboxed(top_level) }
    }

    /// A page opened from the disk.
    pub fn file() -> Self {
        Self { opaque: OpaqueSort::File, ..Self::new(Origin::Opaque) }
    }

    /// The origin in the address bar.
    pub(super) fn top_level_origin(&self) -> &Origin {
        self.top_level.as_ref().unwrap_or(&self.origin)
    }

    /// The same page as a frame in a page of `top_level`.
    pub fn framed_by(self, top_level: Origin) -> Self {
        Self { top_level: Some(top_level), ..self }
    }

    /// The same page before a user who answers authentication prompts.
    pub fn with_user(self, name: impl Into<String>, password: impl Into<String>) -> Self {
        Self { user: Some(User { name: name.into(), password: password.into() }), ..self }
    }
}

/// What made a page's origin opaque.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OpaqueSort {
    /// A frame with `sandbox` and without `allow-same-origin`.
    #[default]
    Sandboxed,
    /// A frame whose URL is a `data:` URL.
    Data,
    /// A page opened from the disk.
    File,
}

/// What a user answers to an authentication prompt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The user name.
    pub name: String,
    /// The password.
    pub password: String,
}

/// Mixed Content, "Should fetching request be blocked as mixed content?", for a request that is not upgradeable.
pub(super) fn is_mixed_content(page: &Page, url: &Url, profile: &Profile) -> bool {
    let prohibits = |origin: &Origin| {
        let is_https = matches!(origin, Origin::Tuple { scheme, .. } if scheme == "https");
        is_https || (profile.restricts_loopback_pages && origin.is_potentially_trustworthy())
    };
    // "Does settings prohibit mixed security contexts?": the page or one that embeds it is trustworthy.
    let is_prohibited = prohibits(&page.origin) || page.top_level.as_ref().is_some_and(prohibits);
    is_prohibited && !Origin::of(url).is_potentially_trustworthy()
}
