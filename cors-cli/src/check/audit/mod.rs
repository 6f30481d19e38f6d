//! Whether pages of hostile origins can read the response.

mod network;
mod origins;
mod sarif;
#[cfg(test)]
mod tests;
mod text;

use std::sync::Arc;

use cors_browser::{
    AddressSpace, BlockReason, Browser, Credentials, ExchangeKind, FetchRequest, Fetched, Network, Origin,
    Outcome, Page, Redirect, ResponseType, WireResponse,
};

use self::network::Auditing;
use self::origins::{Hostile, hostile_origins};
use super::{Check, failure_message};

pub use self::origins::Kind;
pub use self::sarif::{Location, to_sarif};
pub use self::text::audit_text;

/// The most requests of one audit.
pub const REQUEST_LIMIT: usize = 40;

/// The result of an audit of one URL.
#[derive(Clone, Debug, serde::Serialize)]
#[non_exhaustive]
pub struct Audit {
    /// The URL.
    pub url: String,
    /// Where the answers come from.
    pub evidence: Evidence,
    /// The status of the response to a GET of the trusted page; `None` if no response arrived.
    pub status: Option<u16>,
    /// Why the URL could not be audited; `None` if it was.
    pub failure: Option<String>,
    /// What a page of the trusted origin itself can read.
    pub trusted: Access,
    /// How many requests were sent.
    pub requests: usize,
    /// How many origins were not tried, because a finding covers them.
    pub skipped: usize,
    /// What is wrong, the worst first.
    pub findings: Vec<Finding>,
    /// The origins that were tried.
    pub probes: Vec<Probe>,
}

/// Where the answers of an audit come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Evidence {
    /// Responses to GET requests.
    Responses,
    /// Responses to preflights, because the server denies a GET with a status and without CORS headers.
    Preflights,
}

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// The rule, such as `prefix`.
    pub rule: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// The origin that shows it, if it is about one.
    pub origin: Option<String>,
    /// Who can do what, in a sentence.
    pub message: String,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// True of public servers, and intended on most of them.
    Info,
    /// An attacker needs another weakness first.
    Low,
    /// An attacker has to be in a special place, such as the user's network.
    Medium,
    /// Any attacker can use it.
    High,
}

impl Severity {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// What a page of one hostile origin can read.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Probe {
    /// The kind of origin, such as `prefix`.
    pub name: Kind,
    /// The origin that was tried.
    pub origin: String,
    /// What it can read.
    pub access: Access,
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

/// The rule about a response that a cache may give to a page of another origin.
pub const CACHE: &str = "cache";

/// The rule about a response that any page can read without cookies.
pub const PUBLIC: &str = "public";

/// Tries hostile origins with at most [`REQUEST_LIMIT`] requests, which change nothing on a server that follows HTTP: GET and preflights.
///
/// The headers of the check's request are sent as they are, also cookies and logins, so that the server answers as it does to the
/// user. Redirects are not followed.
pub async fn audit(check: &Check, network: Arc<dyn Network>) -> Audit {
    let responses = Arc::new(Auditing::new(network.clone(), &check.request.headers));
    let page = &check.page.origin;
    let trusted = probe(check, responses.clone(), &Page::new(page.clone()), Evidence::Responses).await;
    let mut audit = Audit {
        url: check.request.url.to_string(),
        evidence: Evidence::Responses,
        status: trusted.response.as_ref().map(|response| response.status),
        failure: trusted.failure,
        trusted: trusted.access,
        requests: 0,
        skipped: 0,
        findings: Vec::new(),
        probes: Vec::new(),
    };
    let Some(response) = trusted.response else {
        audit.requests = responses.count();
        let nothing = || "the browser sends nothing to this URL from this page".to_owned();
        audit.failure.get_or_insert_with(nothing);
        return audit;
    };

    let mut network = responses.clone();
    if denies_without_cors(&response) {
        let preflights = Arc::new(responses.only_preflights());
        let trusted = probe(check, preflights.clone(), &Page::new(page.clone()), Evidence::Preflights).await;
        // A server that answers no preflight either gives no better evidence.
        if trusted.response.is_some_and(|response| has_allow_origin(&response)) {
            audit.evidence = Evidence::Preflights;
            audit.trusted = trusted.access;
            network = preflights;
        }
    }

    let mut answers = vec![(page.to_string(), response)];
    let hostile = hostile_origins(page, &check.request.url);
    for Hostile { kind, origin } in &hostile {
        if is_covered(*kind, &audit.findings) || network.count() >= REQUEST_LIMIT - 1 {
            audit.skipped += 1;
            continue;
        }
        let result = probe(check, network.clone(), &Page::new(origin.clone()), audit.evidence).await;
        if let Some(response) = result.response {
            answers.push((origin.to_string(), response));
        }
        if result.access == Access::WithCookies {
            audit.findings.push(readable(*kind, origin, result.redirected));
        }
        audit.probes.push(Probe {
            name: *kind,
            origin: origin.to_string(),
            access: result.access,
            redirected: result.redirected,
            reason: result.reason,
        });
    }
    audit.findings.extend(public(check, &audit.probes));
    if audit.evidence == Evidence::Responses {
        // A page of the server's own origin sends no `Origin` with a GET.
        let own = Page::new(Origin::of(&check.request.url));
        let bare = probe(check, responses, &own, Evidence::Responses).await;
        audit.findings.extend(cache(&answers, bare.response.as_ref()));
    }
    audit.requests = network.count();
    audit.findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    audit
}

impl Audit {
    /// Whether there is something to change: a finding of medium or high severity.
    pub fn is_dangerous(&self) -> bool {
        self.findings.iter().any(|finding| finding.severity >= Severity::Medium)
    }
}

/// Whether a finding says already that pages of such an origin can read the response.
fn is_covered(kind: Kind, findings: &[Finding]) -> bool {
    let has = |kind: Kind| findings.iter().any(|finding| finding.rule == kind.as_str());
    match kind {
        // A server may handle it apart from all others.
        Kind::Null => false,
        Kind::SpecialCharacter => has(Kind::Reflection) || has(Kind::Prefix) || has(Kind::SpecialCharacter),
        _ => has(Kind::Reflection),
    }
}

/// What came of one probe.
struct Probed {
    access: Access,
    redirected: bool,
    reason: Option<&'static str>,
    response: Option<WireResponse>,
    failure: Option<String>,
}

async fn probe(check: &Check, network: Arc<Auditing>, page: &Page, evidence: Evidence) -> Probed {
    // A plain GET needs no preflight and changes nothing, and a redirect is not followed: one request.
    let mut request = FetchRequest::new(check.request.url.clone())
        .with_credentials(Credentials::Include)
        .with_redirect(Redirect::Manual);
    if evidence == Evidence::Preflights {
        request = request.with_method(&check.request.method);
        // Every value makes a preflight necessary, also for GET.
        request = request.with_header("Authorization", "Bearer token");
    }
    let browser = Browser::new(network, check.profile.clone());
    let Fetched { outcome, exchanges, .. } = browser.fetch(page, request).await;
    let kind = match evidence {
        Evidence::Responses => ExchangeKind::Actual,
        Evidence::Preflights => ExchangeKind::Preflight,
    };
    let exchange = exchanges.into_iter().find(|exchange| exchange.kind == kind);
    let (response, failure) = match exchange.map(|exchange| exchange.response) {
        Some(Ok(response)) => (Some(response), None),
        Some(Err(error)) => (None, Some(failure_message(&error))),
        None => (None, None),
    };
    let (access, redirected, reason) = match outcome {
        Outcome::Blocked(blocked) => {
            let access = if response.is_some() { access(blocked.reason, evidence) } else { Access::Unknown };
            let reason = (access != Access::WithCookies).then(|| blocked.reason.as_str());
            (access, false, reason)
        }
        Outcome::Response(response) => {
            (Access::WithCookies, response.response_type == ResponseType::OpaqueRedirect, None)
        }
        _ => (Access::WithCookies, false, None),
    };
    Probed { access, redirected, reason, response, failure }
}

/// What a page can read despite a reason.
fn access(reason: BlockReason, evidence: Evidence) -> Access {
    match reason {
        // The origin is allowed, only the credentials are not.
        BlockReason::WildcardOriginWithCredentials
        | BlockReason::CredentialsNotAllowed
        | BlockReason::PreflightWildcardWithCredentials
        | BlockReason::PreflightCredentialsNotAllowed => Access::WithoutCookies,
        // The preflight was granted, and the request itself was not sent.
        BlockReason::NetworkError if evidence == Evidence::Preflights => Access::WithCookies,
        // Origin and credentials are checked before methods and headers.
        BlockReason::MethodNotAllowed
        | BlockReason::MethodWildcardWithCredentials
        | BlockReason::HeaderNotAllowed
        | BlockReason::HeaderWildcardWithCredentials
        | BlockReason::AuthorizationNotCoveredByWildcard
        | BlockReason::InvalidAllowMethods
        | BlockReason::InvalidAllowHeaders => Access::WithCookies,
        _ => Access::None,
    }
}

/// Whether a response denies access without saying anything about CORS, as before a login.
fn denies_without_cors(response: &WireResponse) -> bool {
    matches!(response.status, 401 | 403) && !has_allow_origin(response)
}

fn has_allow_origin(response: &WireResponse) -> bool {
    response.lines("access-control-allow-origin").next().is_some()
}

fn readable(kind: Kind, origin: &Origin, redirected: bool) -> Finding {
    let who = kind.who(origin);
    let what = if redirected {
        "can see that the response with the user's cookies is a redirect, and follow it; audit its target as well"
    } else {
        "can read the response with the user's cookies"
    };
    Finding {
        rule: kind.as_str(),
        severity: kind.severity(),
        origin: Some(origin.to_string()),
        message: format!("{who} {what}."),
    }
}

/// The finding about responses that any page can read without cookies.
fn public(check: &Check, probes: &[Probe]) -> Option<Finding> {
    let is_public = |probe: &&Probe| probe.name == Kind::Reflection && probe.access == Access::WithoutCookies;
    let probe = probes.iter().find(is_public)?;
    let (severity, message) = match AddressSpace::of(&check.request.url) {
        AddressSpace::Public => (
            Severity::Info,
            "Any page on the web can read the response without cookies, as is usual for public data.",
        ),
        _ => (
            Severity::Low,
            "Any page that a user of this network opens can read the response without cookies, although the server has no \
             public address.",
        ),
    };
    Some(Finding { rule: PUBLIC, severity, origin: Some(probe.origin.clone()), message: message.to_owned() })
}

/// The finding about a cache that gives the response for one origin to another.
fn cache(answers: &[(String, WireResponse)], bare: Option<&WireResponse>) -> Option<Finding> {
    let names_origin = |origin: &str, response: &WireResponse| {
        response.lines("access-control-allow-origin").any(|value| value == origin.as_bytes())
    };
    let (origin, response) = answers.iter().find(|(origin, response)| names_origin(origin, response))?;
    let finding = |response: &WireResponse, what: &str| {
        let severity = if is_cached(response) { Severity::Medium } else { Severity::Low };
        Some(Finding { rule: CACHE, severity, origin: Some(origin.clone()), message: what.to_owned() })
    };
    if !varies(response) && !is_private(response) {
        return finding(
            response,
            "The response names one origin in Access-Control-Allow-Origin and has no `Vary: Origin`, so that a cache can give it to \
             a page of another origin, which then cannot read it. Send `Vary: Origin`.",
        );
    }
    let bare = bare.filter(|bare| !has_allow_origin(bare) && !varies(bare) && !is_private(bare))?;
    finding(
        bare,
        "The response to a request without `Origin` has no `Vary: Origin`, so that a cache can give it, without CORS headers, to a \
         page that needs them. Send `Vary: Origin` with every response.",
    )
}

/// Whether a response has `Vary: Origin`, or `Vary: *`.
fn varies(response: &WireResponse) -> bool {
    members(response, "vary").any(|name| name == "origin" || name == "*")
}

/// Whether no cache may give the response to another request.
fn is_private(response: &WireResponse) -> bool {
    members(response, "cache-control").any(|directive| directive == "no-store")
}

/// Whether a response says how long a cache may keep it.
fn is_cached(response: &WireResponse) -> bool {
    members(response, "cache-control").any(|directive| {
        let (name, value) = directive.split_once('=').unwrap_or((&directive, ""));
        name == "public" || matches!(name, "max-age" | "s-maxage") && value.trim_matches('"') != "0"
    })
}

/// The members of the lists in the lines of a header, in lower case.
fn members<'a>(response: &'a WireResponse, name: &'a str) -> impl Iterator<Item = String> + 'a {
    let lines = response.lines(name).map(|line| String::from_utf8_lossy(line).to_ascii_lowercase());
    lines.flat_map(|line| line.split(',').map(|member| member.trim().to_owned()).collect::<Vec<_>>())
}
