//! Fetch, "`Cross-Origin-Resource-Policy` header".

use crate::request::{RedirectTaint, Request, RequestMode};
use crate::site::is_schemelessly_same_site;
use crate::steps::Steps;
use crate::{BlockReason, Blocked, EmbedderPolicy, Origin, Page, Profile, WireResponse};

/// Fetch, "cross-origin resource policy check".
pub(crate) fn resource_policy_check(
    page: &Page,
    request: &Request,
    response: &WireResponse,
    profile: &Profile,
    steps: &(impl Steps + ?Sized),
) -> Result<(), Blocked> {
    // "cross-origin resource policy internal check", steps 2 and 3: only a single line with a known value counts.
    let lines: Vec<&[u8]> = response.lines("cross-origin-resource-policy").collect();
    let stated = match lines.as_slice() {
        [b"same-origin"] => Some(ResourcePolicy::SameOrigin),
        [b"same-site"] => Some(ResourcePolicy::SameSite),
        [b"cross-origin"] => Some(ResourcePolicy::CrossOrigin),
        _ => None,
    };
    if let Some(policy) = stated.filter(|policy| !policy.allows(request)) {
        let detail = format!("Cross-Origin-Resource-Policy is `{}`", policy.as_str());
        return Err(Blocked::new(BlockReason::ResourcePolicy, detail).with_value(policy.as_str()));
    }
    // "internal check", step 4, with the page's embedder policy.
    let policy = page.embedder_policy();
    let must_be_stated = match policy {
        EmbedderPolicy::UnsafeNone => false,
        EmbedderPolicy::RequireCorp => true,
        EmbedderPolicy::Credentialless if !profile.knows_credentialless => false,
        EmbedderPolicy::Credentialless => {
            steps.includes_credentials(request) && steps.embedder_allows_credentials(page, request, profile)
        }
    };
    if stated.is_none() && must_be_stated && !ResourcePolicy::SameOrigin.allows(request) {
        let detail = format!(
            "the page has the embedder policy `{policy}`, and the response has no Cross-Origin-Resource-Policy"
        );
        return Err(Blocked::new(BlockReason::EmbedderPolicy, detail).with_value(policy.as_str()));
    }
    Ok(())
}

/// The values of `Cross-Origin-Resource-Policy`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ResourcePolicy {
    SameOrigin,
    SameSite,
    CrossOrigin,
}

impl ResourcePolicy {
    fn as_str(self) -> &'static str {
        match self {
            Self::SameOrigin => "same-origin",
            Self::SameSite => "same-site",
            Self::CrossOrigin => "cross-origin",
        }
    }

    /// "cross-origin resource policy internal check", step 5.
    fn allows(self, request: &Request) -> bool {
        let server = Origin::of(request.current_url());
        match self {
            Self::CrossOrigin => true,
            Self::SameOrigin => request.origin.is_same_origin(&server),
            Self::SameSite => {
                is_schemelessly_same_site(&request.origin, &server)
                    && (request.origin.is_https() || !server.is_https())
            }
        }
    }
}

/// Fetch, "Cross-Origin-Embedder-Policy allows credentials".
pub(crate) fn embedder_allows_credentials(page: &Page, request: &Request) -> bool {
    // Steps 1 to 3.
    if request.mode != RequestMode::NoCors || page.embedder_policy() != EmbedderPolicy::Credentialless {
        return true;
    }
    // Step 4.
    request.origin.is_same_origin(&Origin::of(request.current_url()))
        && request.redirect_taint() == RedirectTaint::SameOrigin
}
