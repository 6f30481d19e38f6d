//! Whether pages that nobody meant could read the response.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use url::Url;

use super::Check;
use cors_browser::{
    BlockReason, Browser, Credentials, FetchRequest, Fetched, Network, Origin, Outcome, Page, Redirect,
    ResponseType,
};

/// What a page of one hostile origin could read.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Finding {
    /// The trick, such as `prefix`.
    pub name: &'static str,
    /// The origin that was tried.
    pub origin: String,
    /// What it could read.
    pub access: Access,
    /// Who could be behind such an origin.
    pub danger: &'static str,
    /// Whether the response was a redirect, which was not followed.
    pub redirected: bool,
    /// The reason for which the browser blocked it, if it did.
    pub reason: Option<&'static str>,
}

/// What a page could read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Access {
    /// The response to a request with the user's cookies.
    WithCookies,
    /// The response to a request without cookies only.
    WithoutCookies,
    /// Nothing.
    None,
    /// Nobody knows: nothing was sent, or no response came.
    Unknown,
}

/// Tries at most nine hostile origins, with one GET each.
pub(super) async fn audit(check: &Check, network: Arc<dyn Network>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, origin, danger) in hostile_origins(&check.page.origin, &check.request.url) {
        let Some(origin) = Origin::parse(&origin) else { continue };
        // One that is the server's own needs no permission.
        if origin.is_same_origin(&Origin::of(&check.request.url)) || origin == check.page.origin {
            continue;
        }
        let page = Page::new(origin.clone());
        // A plain GET needs no preflight and changes nothing; a redirect is looked at and not followed: one request.
        let request = FetchRequest::new(check.request.url.clone())
            .with_credentials(Credentials::Include)
            .with_redirect(Redirect::Manual);
        let browser = Browser::new(network.clone(), check.profile.clone());
        let Fetched { outcome, exchanges, .. } = browser.fetch(&page, request).await;
        let was_answered = exchanges.iter().any(|exchange| exchange.response.is_ok());
        let (access, redirected, reason) = match outcome {
            Outcome::Response(response) => {
                (Access::WithCookies, response.response_type == ResponseType::OpaqueRedirect, None)
            }
            Outcome::Blocked(blocked) if !was_answered => {
                (Access::Unknown, false, Some(blocked.reason.as_str()))
            }
            Outcome::Blocked(blocked) => (access(blocked.reason), false, Some(blocked.reason.as_str())),
        };
        findings.push(Finding { name, origin: origin.to_string(), access, danger, redirected, reason });
    }
    findings
}

/// What a reason leaves to read.
fn access(reason: BlockReason) -> Access {
    match reason {
        // The origin has passed, only the credentials have not.
        BlockReason::WildcardOriginWithCredentials | BlockReason::CredentialsNotAllowed => {
            Access::WithoutCookies
        }
        _ => Access::None,
    }
}

/// The tricks, the origins that they lead to, and who has them.
fn hostile_origins(trusted: &Origin, target: &Url) -> Vec<(&'static str, String, &'static str)> {
    let random = format!("{:08x}", RandomState::new().hash_one(trusted) as u32);
    // A page over HTTPS can fetch over HTTPS only; one over HTTP can fetch everything.
    let scheme = if Origin::of(target).is_potentially_trustworthy() { "https" } else { "http" };
    let anybody = "anybody";
    let mut tried = vec![
        ("reflection", format!("{scheme}://check-{random}.example"), anybody),
        ("null", "null".to_owned(), "anybody, by a sandboxed frame"),
        ("localhost", format!("{scheme}://localhost"), "whatever runs on the user's machine"),
    ];
    let Origin::Tuple { scheme: own, host, port } = trusted else { return tried };
    let port = port.map(|port| format!(":{port}")).unwrap_or_default();
    tried.push(("prefix", format!("{scheme}://{host}.check-{random}.example"), anybody));
    // What is put before a name or stands in for a dot makes sense for names only.
    let is_name =
        matches!(Url::parse(&format!("https://{host}")).map(|url| url.domain().is_some()), Ok(true));
    if is_name {
        tried.push(("suffix", format!("{own}://check{random}{host}{port}"), "whoever registers that name"));
        tried.push((
            "subdomain",
            format!("{own}://check-{random}.{host}{port}"),
            "whoever has one subdomain, or finds a hole in one",
        ));
        // Without a second dot, a top-level domain would be left, which nobody can have.
        if let Some((label, rest)) = host.split_once('.').filter(|(_, rest)| rest.contains('.')) {
            tried.push(("dot", format!("{own}://{label}x{rest}{port}"), "whoever registers that name"));
        }
    }
    if own == "https" {
        tried.push(("http-twin", format!("http://{host}{port}"), "whoever is on the user's network"));
    }
    tried.push(("port", format!("{own}://{host}:4443"), "whatever else runs on that host"));
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
    fn the_origins_are_few_and_real(#[case] trusted: &str, #[case] count: usize) {
        let target = Url::parse("https://api.example/").unwrap();
        let origins = hostile_origins(&Origin::parse(trusted).unwrap(), &target);
        for (name, origin, _) in &origins {
            // A prefix of an address is no host; it is left out when it is tried.
            if !(*name == "prefix" && trusted.contains("[::1]")) {
                assert!(Origin::parse(origin).is_some(), "{name}: {origin}");
            }
        }
        assert_eq!(origins.len(), count, "{origins:?}");
    }
}
