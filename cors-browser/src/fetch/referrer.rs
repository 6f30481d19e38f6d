//! Referrer Policy: which `Referer` a request carries.

use url::Url;

use crate::code::codes;
use crate::header::trim;
use crate::profile::Profile;
use crate::request::Request;
use crate::{Origin, WireResponse};

codes! {
    /// Referrer Policy, section 3, "Referrer Policies".
    #[derive(Default, serde::Deserialize)]
    #[serde(rename_all = "kebab-case")]
    ReferrerPolicy {
        /// No `Referer`.
        NoReferrer = "no-referrer",
        /// The URL of the page; nothing on the way from a secure page to an insecure server.
        NoReferrerWhenDowngrade = "no-referrer-when-downgrade",
        /// The URL of the page within its origin, and nothing for other origins.
        SameOrigin = "same-origin",
        /// The origin of the page.
        Origin = "origin",
        /// The origin of the page; nothing on the way from a secure page to an insecure server.
        StrictOrigin = "strict-origin",
        /// The URL of the page within its origin, and the origin alone for other origins.
        OriginWhenCrossOrigin = "origin-when-cross-origin",
        /// The URL of the page within its origin, the origin alone for other origins, and nothing on the way from a secure
        /// page to an insecure server. This is the default.
        #[default]
        StrictOriginWhenCrossOrigin = "strict-origin-when-cross-origin",
        /// The URL of the page, always.
        UnsafeUrl = "unsafe-url",
    }
}

impl ReferrerPolicy {
    /// The policy of this name in any case, or `None`.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|policy| policy.as_str().eq_ignore_ascii_case(name))
    }

    /// "Parse a referrer policy from a `Referrer-Policy` header": the last known policy counts.
    pub(crate) fn of_response(response: &WireResponse) -> Option<Self> {
        let lines = response.lines("referrer-policy");
        let tokens = lines.flat_map(|line| line.split(|&byte| byte == b',')).map(trim);
        tokens.filter_map(|token| Self::parse(std::str::from_utf8(token).ok()?)).last()
    }
}

/// The longest `Referer` that is not shortened to an origin, in bytes ("Determine request's Referrer", step 6).
const LONGEST_REFERRER: usize = 4096;

/// "Determine request's Referrer". `None` means "no referrer".
pub(crate) fn determine_referrer(request: &Request, profile: &Profile) -> Option<Url> {
    // Step 3 was made when the request was created: the source is the URL of the page, unless its origin is opaque.
    let source = request.referrer.as_ref()?;
    // Steps 4 to 6.
    let origin = strip(source, true)?;
    let url = strip(source, false).filter(|url| url.as_str().len() <= LONGEST_REFERRER);
    let url = url.unwrap_or_else(|| origin.clone());
    // Step 8.
    let target = request.current_url();
    let is_same_origin = Origin::of(&url).is_same_origin(&Origin::of(target));
    let is_downgrade = is_downgrade(&url, target, profile);
    match request.referrer_policy {
        ReferrerPolicy::NoReferrer => None,
        ReferrerPolicy::Origin => Some(origin),
        ReferrerPolicy::UnsafeUrl => Some(url),
        ReferrerPolicy::StrictOrigin => (!is_downgrade).then_some(origin),
        ReferrerPolicy::StrictOriginWhenCrossOrigin if is_same_origin => Some(url),
        ReferrerPolicy::StrictOriginWhenCrossOrigin => (!is_downgrade).then_some(origin),
        ReferrerPolicy::SameOrigin => is_same_origin.then_some(url),
        ReferrerPolicy::OriginWhenCrossOrigin => Some(if is_same_origin { url } else { origin }),
        ReferrerPolicy::NoReferrerWhenDowngrade => (!is_downgrade).then_some(url),
    }
}

/// Whether the referrer is secure and the target is not.
fn is_downgrade(referrer: &Url, target: &Url, profile: &Profile) -> bool {
    if profile.referrers_compare_schemes {
        return referrer.scheme() == "https" && target.scheme() != "https";
    }
    Origin::of(referrer).is_potentially_trustworthy() && !Origin::of(target).is_potentially_trustworthy()
}

/// "Strip url for use as a referrer". `None` means "no referrer".
fn strip(url: &Url, origin_only: bool) -> Option<Url> {
    // Step 2: local schemes have no referrer. The URLs of other schemes never leave the browser.
    if !matches!(url.scheme(), "http" | "https") {
        return None;
    }
    let mut stripped = url.clone();
    // Steps 3 to 5. Setting these parts never fails for HTTP(S) URLs.
    let _ = stripped.set_username("");
    let _ = stripped.set_password(None);
    stripped.set_fragment(None);
    // Step 6.
    if origin_only {
        stripped.set_path("");
        stripped.set_query(None);
    }
    Some(stripped)
}

/// Fetch, "append a request `Origin` header", step 4.1: whether the referrer policy hides the origin of a request that is not
/// in mode `cors`.
pub(crate) fn hides_origin(request: &Request) -> bool {
    match request.referrer_policy {
        ReferrerPolicy::NoReferrer => true,
        ReferrerPolicy::NoReferrerWhenDowngrade
        | ReferrerPolicy::StrictOrigin
        | ReferrerPolicy::StrictOriginWhenCrossOrigin => {
            request.origin.is_https() && request.current_url().scheme() != "https"
        }
        ReferrerPolicy::SameOrigin => !request.origin.is_same_origin(&Origin::of(request.current_url())),
        ReferrerPolicy::Origin | ReferrerPolicy::OriginWhenCrossOrigin | ReferrerPolicy::UnsafeUrl => false,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::steps::Standard;
    use crate::{FetchRequest, Page};

    const PAGE: &str = "https://me:secret@app.example/shop?x=1#top";
    const ORIGIN: Option<&str> = Some("https://app.example/");
    const WHOLE: Option<&str> = Some("https://app.example/shop?x=1");

    fn request(page: &str, target: &str, policy: ReferrerPolicy) -> Request {
        let page = Url::parse(page).unwrap();
        let init = FetchRequest::new(Url::parse(target).unwrap());
        let request =
            Request::construct(&Page::new(Origin::of(&page)), init, &Profile::standard(), &Standard).unwrap();
        Request { referrer: Some(page), referrer_policy: policy, ..request }
    }

    /// The referrer for the page's own server, for another secure server, and for an insecure one.
    #[rstest]
    #[case(ReferrerPolicy::NoReferrer, [None, None, None])]
    #[case(ReferrerPolicy::NoReferrerWhenDowngrade, [WHOLE, WHOLE, None])]
    #[case(ReferrerPolicy::SameOrigin, [WHOLE, None, None])]
    #[case(ReferrerPolicy::Origin, [ORIGIN, ORIGIN, ORIGIN])]
    #[case(ReferrerPolicy::StrictOrigin, [ORIGIN, ORIGIN, None])]
    #[case(ReferrerPolicy::OriginWhenCrossOrigin, [WHOLE, ORIGIN, ORIGIN])]
    #[case(ReferrerPolicy::StrictOriginWhenCrossOrigin, [WHOLE, ORIGIN, None])]
    #[case(ReferrerPolicy::UnsafeUrl, [WHOLE, WHOLE, WHOLE])]
    fn every_policy(#[case] policy: ReferrerPolicy, #[case] expected: [Option<&str>; 3]) {
        let targets = ["https://app.example/x", "https://api.example/x", "http://api.example/x"];
        for (target, expected) in targets.iter().zip(expected) {
            let referrer = determine_referrer(&request(PAGE, target, policy), &Profile::standard());
            assert_eq!(referrer.as_ref().map(Url::as_str), expected, "{policy} to {target}");
        }
    }

    #[rstest]
    #[case::insecure_page("http://app.example/a", "http://api.example/", Some("http://app.example/"))]
    #[case::secure_to_localhost("https://app.example/a", "http://localhost/", ORIGIN)]
    #[case::localhost_to_insecure("http://localhost/a", "http://api.example/", None)]
    #[case::file("file:///home/me/page.html", "https://api.example/", None)]
    #[case::data("data:text/html,x", "https://api.example/", None)]
    #[case::extension("chrome-extension://abc/page.html", "https://api.example/", None)]
    fn the_default_policy(#[case] page: &str, #[case] target: &str, #[case] expected: Option<&str>) {
        let referrer =
            determine_referrer(&request(page, target, ReferrerPolicy::default()), &Profile::standard());
        assert_eq!(referrer.as_ref().map(Url::as_str), expected);
    }

    #[rstest]
    #[case::longest(4096, 4096)]
    #[case::too_long(4097, "https://app.example/".len())]
    fn a_long_referrer_becomes_an_origin(#[case] length: usize, #[case] expected: usize) {
        let base = "https://app.example/";
        let page = format!("{base}{}", "x".repeat(length - base.len()));
        let request = request(&page, "https://app.example/", ReferrerPolicy::UnsafeUrl);
        let referrer = determine_referrer(&request, &Profile::standard()).unwrap();
        assert_eq!(referrer.as_str().len(), expected);
    }

    #[rstest]
    #[case::none(&[], None)]
    #[case::one(&["origin"], Some(ReferrerPolicy::Origin))]
    #[case::any_case(&["No-Referrer"], Some(ReferrerPolicy::NoReferrer))]
    #[case::the_last_counts(&["no-referrer, unsafe-url"], Some(ReferrerPolicy::UnsafeUrl))]
    #[case::over_lines(&["no-referrer", "origin"], Some(ReferrerPolicy::Origin))]
    #[case::unknown_ones_do_not_count(&["no-referrer, never"], Some(ReferrerPolicy::NoReferrer))]
    #[case::empty(&["no-referrer,"], Some(ReferrerPolicy::NoReferrer))]
    #[case::unknown(&["never"], None)]
    fn the_policy_of_a_response(#[case] lines: &[&str], #[case] expected: Option<ReferrerPolicy>) {
        let response = lines
            .iter()
            .fold(WireResponse::new(302), |response, line| response.with_header("Referrer-Policy", *line));
        assert_eq!(ReferrerPolicy::of_response(&response), expected);
    }

    /// Whether `Origin` is hidden from the page's own server, another secure server, and an insecure one.
    #[rstest]
    #[case(ReferrerPolicy::NoReferrer, [true, true, true])]
    #[case(ReferrerPolicy::NoReferrerWhenDowngrade, [false, false, true])]
    #[case(ReferrerPolicy::SameOrigin, [false, true, true])]
    #[case(ReferrerPolicy::Origin, [false, false, false])]
    #[case(ReferrerPolicy::StrictOrigin, [false, false, true])]
    #[case(ReferrerPolicy::OriginWhenCrossOrigin, [false, false, false])]
    #[case(ReferrerPolicy::StrictOriginWhenCrossOrigin, [false, false, true])]
    #[case(ReferrerPolicy::UnsafeUrl, [false, false, false])]
    fn policies_that_hide_the_origin(#[case] policy: ReferrerPolicy, #[case] expected: [bool; 3]) {
        let targets = ["https://app.example/x", "https://api.example/x", "http://api.example/x"];
        assert_eq!(targets.map(|target| hides_origin(&request(PAGE, target, policy))), expected);
    }
}
