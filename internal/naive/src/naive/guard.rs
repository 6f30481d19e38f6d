//! Semantics, section 8.

use http::Request;

use super::Answer;
use super::origin::{is_origin, matches_entry};
use super::{NaivePolicy, add_vary};

/// A guard in plain fields.
#[derive(Clone, Debug)]
pub struct NaiveGuard {
    /// Whether cross-site writes are denied.
    pub writes: bool,
    /// Whether foreign origins are denied.
    pub foreign: bool,
    /// Whether handshakes of WebSockets from foreign origins are denied.
    pub websockets: bool,
    /// `allow_hosts`.
    pub hosts: Option<Vec<String>>,
    /// `own_origins`.
    pub own: Vec<String>,
    /// The methods and paths of `exempt`.
    pub exempt: Vec<(String, String)>,
    /// `report_only`.
    pub report_only: bool,
}

/// A denial: the status and the reason.
type Denial = (u16, &'static str);

impl NaiveGuard {
    /// What happens to a request whose response has no headers of its own. The status is `None` if the application runs.
    pub fn answer(&self, policy: &NaivePolicy, request: &Request<()>) -> Answer {
        let without_guard = policy.answer(request, &http::HeaderMap::new());
        let host = self.host_fault(request).filter(|_| !self.report_only);
        let is_preflight = without_guard.status.is_some();
        let other = self.fault(policy, request).filter(|_| !self.report_only && !is_preflight);
        let Some((status, reason)) = host.or(other) else { return self.varied(without_guard) };
        // The headers of the application's response, which has no preflight.
        let mut actual = Request::new(());
        *actual.headers_mut() = request.headers().clone();
        let mut headers = policy.answer(&actual, &http::HeaderMap::new()).headers;
        headers.retain(|(name, _)| name != "vary");
        headers.push(("vary".to_owned(), b"Origin, Sec-Fetch-Site".to_vec()));
        headers.sort();
        Answer { status: Some(status), reason: Some(reason.to_owned()), headers }
    }

    /// 8.3: reads depend on the origin.
    fn varied(&self, mut answer: Answer) -> Answer {
        if self.foreign {
            if answer.status.is_some() {
                let vary = b"Origin, Access-Control-Request-Method, Access-Control-Request-Headers";
                answer.headers.retain(|(name, _)| name != "vary");
                answer.headers.push(("vary".to_owned(), vary.to_vec()));
            }
            add_vary(&mut answer.headers, &["Origin"]);
            answer.headers.sort();
        }
        answer
    }

    /// 8.1.
    fn host_fault(&self, request: &Request<()>) -> Option<Denial> {
        let hosts = self.hosts.as_ref()?;
        let Some(authority) = authority(request) else { return Some((400, "host-not-allowed")) };
        let asked = format!("https://{}", without_default_port(&authority.to_lowercase()));
        // `!.example.com` is not a host, so it is not a subdomain.
        let is_listed = is_origin(&asked)
            && hosts
                .iter()
                .any(|entry| matches_entry(&format!("https://{}", without_default_port(entry)), &asked));
        (!is_listed).then_some((421, "host-not-allowed"))
    }

    /// 8.2 to 8.4, and 8.6.
    fn fault(&self, policy: &NaivePolicy, request: &Request<()>) -> Option<Denial> {
        let method = request.method().as_str();
        let is_exempt =
            self.exempt.iter().any(|(known, path)| known == method && path == request.uri().path());
        let origins = lines(request, "origin");
        if is_exempt || is_listed(policy, &origins) {
            return None;
        }
        let is_own = self.is_own(request, &origins);
        let sites = lines(request, "sec-fetch-site");
        if self.writes && !["GET", "HEAD", "OPTIONS", "CONNECT"].contains(&method) {
            let passes = match &sites[..] {
                [] => origins.is_empty() || is_own,
                [site] => site == "same-origin" || site == "none",
                _ => false,
            };
            if !passes {
                return Some((403, "cross-site-write"));
            }
        }
        if origins.is_empty() || is_own {
            return None;
        }
        let upgrades = lines(request, "upgrade").join(",").to_lowercase();
        let is_upgrade = upgrades.split(',').any(|name| name.trim() == "websocket");
        let is_upgrade = is_upgrade || exceeds_upgrade_limits(request);
        let is_handshake = method == "CONNECT" || (method == "GET" && is_upgrade);
        if self.websockets && is_handshake {
            return Some((403, "foreign-websocket"));
        }
        self.foreign.then_some((403, "foreign-origin"))
    }

    fn is_own(&self, request: &Request<()>, origins: &[String]) -> bool {
        let [origin] = origins else { return false };
        if !self.own.is_empty() {
            return self.own.contains(origin);
        }
        let Some(authority) = authority(request) else { return false };
        let Some((scheme, own)) = origin.split_once("://") else { return false };
        let default = match scheme {
            "http" => "80",
            "https" => "443",
            _ => return false,
        };
        let (own_host, own_port) = split(own);
        let (host, port) = split(&authority);
        let filled = |port: Option<&str>| port.filter(|port| !port.is_empty()).unwrap_or(default).to_owned();
        is_origin(origin) && own_host == host.to_lowercase() && filled(own_port) == filled(port)
    }
}

/// 8.4: such a request counts as a handshake.
fn exceeds_upgrade_limits(request: &Request<()>) -> bool {
    let values: Vec<_> = request.headers().get_all("upgrade").iter().collect();
    values.len() > 8 || values.iter().map(|value| value.len()).sum::<usize>() > 256
}

/// Listed by more than `*`.
fn is_listed(policy: &NaivePolicy, origins: &[String]) -> bool {
    let [origin] = origins else { return false };
    let terms = policy.terms_for(&[origin.as_bytes().to_vec()]);
    origin != "null" && terms.origins != ["*"] && terms.origin_fault(&[origin.as_bytes().to_vec()]).is_none()
}

/// `None` if there is none, or more than one.
fn authority(request: &Request<()>) -> Option<String> {
    let hosts: Vec<_> = request.headers().get_all("host").iter().collect();
    if hosts.len() > 1 {
        return None;
    }
    match request.uri().authority() {
        Some(authority) => Some(authority.to_string()),
        None => hosts.first().and_then(|host| host.to_str().ok()).map(str::to_owned),
    }
}

fn lines(request: &Request<()>, name: &str) -> Vec<String> {
    let values = request.headers().get_all(name).iter();
    values.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect()
}

/// The host, and what follows its colon.
fn split(authority: &str) -> (&str, Option<&str>) {
    let from = authority.rfind(']').unwrap_or(0);
    match authority[from..].find(':') {
        Some(colon) => (&authority[..from + colon], Some(&authority[from + colon + 1..])),
        None => (authority, None),
    }
}

fn without_default_port(authority: &str) -> String {
    match split(authority) {
        (host, Some("" | "80" | "443")) => host.to_owned(),
        _ => authority.to_owned(),
    }
}
