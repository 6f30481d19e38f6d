//! Whether pages of hostile origins can read the response.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use url::Url;

use cors_browser::{
    BlockReason, Browser, Credentials, FetchRequest, Fetched, Network, Origin, Outcome, Page, Redirect,
    ResponseType,
};

use super::Check;

/// What a page of one hostile origin can read.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Probe {
    /// The kind of origin, such as `prefix`.
    pub name: &'static str,
    /// The origin that was tried.
    pub origin: String,
    /// What it can read.
    pub access: Access,
    /// Who can have such an origin.
    pub danger: &'static str,
    /// Whether the response is a redirect, which was not followed.
    pub redirected: bool,
    /// Why the browser blocked it, if it did.
    pub reason: Option<&'static str>,
}

/// What a page can read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Access {
    /// The response to a request with the user's cookies.
    WithCookies,
    /// Only the response to a request without cookies.
    WithoutCookies,
    /// Nothing.
    None,
    /// Unknown: nothing was sent, or no response arrived.
    Unknown,
}

/// Tries at most nine hostile origins, with one GET each.
pub(super) async fn audit(check: &Check, network: Arc<dyn Network>) -> Vec<Probe> {
    let mut probes = Vec::new();
    for (name, origin, danger) in hostile_origins(&check.page.origin, &check.request.url) {
        let Some(origin) = Origin::parse(&origin) else { continue };
        // The server's own origin and the page's need no test.
        if origin.is_same_origin(&Origin::of(&check.request.url)) || origin == check.page.origin {
            continue;
        }
        let page = Page::new(origin.clone());
        // A plain GET needs no preflight and changes nothing, and a redirect is not followed: one request.
        let request = FetchRequest::new(check.request.url.clone())
            .with_credentials(Credentials::Include)
            .with_redirect(Redirect::Manual);
        let browser = Browser::new(network.clone(), check.profile.clone());
        let Fetched { outcome, exchanges, .. } = browser.fetch(&page, request).await;
        let was_answered = exchanges.iter().any(|exchange| exchange.response.is_ok());
        let (access, redirected, reason) = match outcome {
            Outcome::Blocked(blocked) if !was_answered => {
                (Access::Unknown, false, Some(blocked.reason.as_str()))
            }
            Outcome::Blocked(blocked) => (access(blocked.reason), false, Some(blocked.reason.as_str())),
            outcome => {
                let redirected = matches!(&outcome, Outcome::Response(response)
                    if response.response_type == ResponseType::OpaqueRedirect);
                (Access::WithCookies, redirected, None)
            }
        };
        probes.push(Probe { name, origin: origin.to_string(), access, danger, redirected, reason });
    }
    probes
}

/// What a page can read despite a reason.
fn access(reason: BlockReason) -> Access {
    match reason {
        // The origin is allowed, only the credentials are not.
        BlockReason::WildcardOriginWithCredentials | BlockReason::CredentialsNotAllowed => {
            Access::WithoutCookies
        }
        _ => Access::None,
    }
}

/// The kinds of hostile origins, an origin of each kind, and who can have it.
fn hostile_origins(trusted: &Origin, target: &Url) -> Vec<(&'static str, String, &'static str)> {
    let random = format!("{:08x}", RandomState::new().hash_one(trusted) as u32);
    // A page over HTTPS can only fetch over HTTPS; a page over HTTP can fetch both.
    let scheme = if Origin::of(target).is_potentially_trustworthy() { "https" } else { "http" };
    let anyone = "anyone";
    let mut tried = vec![
        ("reflection", format!("{scheme}://check-{random}.example"), anyone),
        ("null", "null".to_owned(), "anyone, through a sandboxed frame"),
        ("localhost", format!("{scheme}://localhost"), "any program on the user's machine"),
    ];
    let Origin::Tuple { scheme: own, host, port } = trusted else { return tried };
    let port = port.map(|port| format!(":{port}")).unwrap_or_default();
    tried.push(("prefix", format!("{scheme}://{host}.check-{random}.example"), anyone));
    // An IP address has no subdomains, and its dots cannot be replaced.
    let is_name =
        matches!(Url::parse(&format!("https://{host}")).map(|url| url.domain().is_some()), Ok(true));
    if is_name {
        tried.push((
            "suffix",
            format!("{own}://check{random}{host}{port}"),
            "anyone who registers that name",
        ));
        tried.push((
            "subdomain",
            format!("{own}://check-{random}.{host}{port}"),
            "anyone with one subdomain, or with a security hole in one",
        ));
        // Without a second dot, the result would be a top-level domain, which cannot be registered.
        if let Some((label, rest)) = host.split_once('.').filter(|(_, rest)| rest.contains('.')) {
            tried.push(("dot", format!("{own}://{label}x{rest}{port}"), "anyone who registers that name"));
        }
    }
    if own == "https" {
        tried.push(("http-twin", format!("http://{host}{port}"), "anyone on the user's network"));
    }
    tried.push(("port", format!("{own}://{host}:4443"), "any other program on that host"));
    tried
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("https://www.app.example", 9)]
    #[case("https://www.app.example:8443", 9)]
    #[case("https://app.example", 8)]
    #[case("http://localhost:3000", 7)]
    #[case("http://127.0.0.1:3000", 5)]
    #[case("http://[::1]:3000", 5)]
    #[case("null", 3)]
    fn origins_are_few_and_valid(#[case] trusted: &str, #[case] count: usize) {
        let target = Url::parse("https://api.example/").unwrap();
        let origins = hostile_origins(&Origin::parse(trusted).unwrap(), &target);
        for (name, origin, _) in &origins {
            // An address with a prefix is not a valid host; the audit skips it.
            if !(*name == "prefix" && trusted.contains("[::1]")) {
                assert!(Origin::parse(origin).is_some(), "{name}: {origin}");
            }
        }
        assert_eq!(origins.len(), count, "{origins:?}");
    }
}
