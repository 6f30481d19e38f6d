//! A second implementation of the semantics: slow, allocating, as simple as possible, and without any code of the crate.

mod guard;
mod origin;
mod refusals;
mod warnings;

use std::collections::BTreeSet;
use std::time::Duration;

use http::{HeaderMap, Request};

pub use self::guard::NaiveGuard;
use self::origin::{host_of, matches_entry};
pub use self::origin::{is_entry, is_origin};
pub use self::refusals::BAD_ORIGINS;
use self::warnings::{
    is_forbidden_method, is_forbidden_request_header, is_forbidden_response_header, is_protocol_header,
};

/// A policy in plain fields.
#[derive(Clone, Debug)]
pub struct NaivePolicy {
    /// `allow_origins`.
    pub origins: Vec<String>,
    /// `allow_methods`.
    pub methods: Vec<String>,
    /// `allow_headers`.
    pub headers: Vec<String>,
    /// `expose_headers`.
    pub expose: Vec<String>,
    /// `allow_credentials`.
    pub credentials: bool,
    /// `max_age`.
    pub max_age: Option<Duration>,
    /// `diagnostics`.
    pub diagnostics: bool,
    /// `preflight_status`.
    pub status: u16,
    /// The names of the exceptions.
    pub dangers: Vec<&'static str>,
    /// What `allow_origin_if` allows: origins with this host, whatever their scheme and port.
    pub function: Option<String>,
    /// Each is a policy of which `diagnostics`, `status`, `function` and `rules` are not used.
    pub rules: Vec<NaivePolicy>,
}

impl Default for NaivePolicy {
    /// A policy that allows nothing.
    fn default() -> Self {
        Self {
            origins: Vec::new(),
            methods: Vec::new(),
            headers: Vec::new(),
            expose: Vec::new(),
            credentials: false,
            max_age: None,
            diagnostics: false,
            status: 204,
            dangers: Vec::new(),
            function: None,
            rules: Vec::new(),
        }
    }
}

/// The result of a request.
#[derive(Debug, PartialEq)]
pub struct Answer {
    /// The status of the answer to a preflight.
    pub status: Option<u16>,
    /// Why something is not allowed.
    pub reason: Option<String>,
    /// All header lines, sorted.
    pub headers: Vec<(String, Vec<u8>)>,
}

type Lines = Vec<(String, Vec<u8>)>;

impl NaivePolicy {
    /// What is answered to a request whose response has these headers already.
    pub fn answer(&self, request: &Request<()>, response: &HeaderMap) -> Answer {
        self.without_ignored().answer_exactly(request, response)
    }

    /// Whether the policy's own list contains an origin.
    pub fn allows_origin(&self, origin: &[u8]) -> bool {
        self.origin_fault(&[origin.to_vec()]).is_none()
    }

    /// Semantics, 5.2: what has no effect is left out.
    fn without_ignored(&self) -> Self {
        let mut policy = self.clone();
        policy.methods.retain(|name| !is_forbidden_method(name));
        policy.headers.retain(|name| !is_protocol_header(name) && !is_forbidden_request_header(name));
        policy.expose.retain(|name| !is_protocol_header(name) && !is_forbidden_response_header(name));
        let mut seen = BTreeSet::new();
        policy.methods.retain(|name| seen.insert(name.clone()));
        let mut seen = BTreeSet::new();
        policy.origins.retain(|entry| seen.insert(entry.clone()));
        for names in [&mut policy.headers, &mut policy.expose] {
            let mut seen = BTreeSet::new();
            names.retain(|name| seen.insert(name.to_lowercase()));
        }
        policy.max_age = policy.max_age.map(|age| age.min(Duration::from_secs(86_400)));
        policy.rules = policy.rules.iter().map(Self::without_ignored).collect();
        policy
    }

    /// Semantics, section 6: the first rule that contains the origin, or the policy itself.
    fn terms_for(&self, origin: &[Vec<u8>]) -> Self {
        let contains = |rule: &&Self| !origin.is_empty() && rule.origin_fault(origin).is_none();
        let terms = self.rules.iter().find(contains).unwrap_or(self);
        Self { status: self.status, diagnostics: self.diagnostics, ..terms.clone() }
    }

    /// Semantics, 2.1 and 6.2.
    fn varies_by_origin(&self) -> bool {
        self.origins != ["*"] || !self.rules.is_empty()
    }

    fn answer_exactly(&self, request: &Request<()>, response: &HeaderMap) -> Answer {
        let lines =
            |name| request.headers().get_all(name).iter().map(|value| value.as_bytes().to_vec()).collect();
        let origin: Vec<Vec<u8>> = lines("origin");
        let method: Vec<Vec<u8>> = lines("access-control-request-method");
        let headers: Vec<Vec<u8>> = lines("access-control-request-headers");
        let kept = response
            .iter()
            .map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()))
            .filter(|(name, _)| !name.starts_with("access-control-"))
            .collect();
        if request.method() == "OPTIONS" && !origin.is_empty() && !method.is_empty() {
            self.terms_for(&origin).preflight(&origin, &method, &headers, kept, self.varies_by_origin())
        } else {
            self.terms_for(&origin).actual(&origin, kept, self.varies_by_origin())
        }
    }

    /// Semantics, section 2.
    fn actual(&self, origin: &[Vec<u8>], mut lines: Lines, varies: bool) -> Answer {
        let any_origin = self.origins == ["*"];
        let reason = if origin.is_empty() { None } else { self.origin_fault(origin) };
        let is_allowed = any_origin || (reason.is_none() && !origin.is_empty());
        if any_origin {
            push(&mut lines, "access-control-allow-origin", "*");
        } else if is_allowed {
            lines.push(("access-control-allow-origin".to_owned(), origin[0].clone()));
        }
        if is_allowed && self.credentials {
            push(&mut lines, "access-control-allow-credentials", "true");
        }
        if is_allowed && !self.expose.is_empty() {
            push(&mut lines, "access-control-expose-headers", &self.expose.join(", ").to_lowercase());
        }
        if varies {
            add_vary(&mut lines, &["Origin"]);
        }
        lines.sort();
        Answer { status: None, reason, headers: lines }
    }

    /// Semantics, sections 3 and 4.
    fn preflight(
        &self,
        origin: &[Vec<u8>],
        method: &[Vec<u8>],
        headers: &[Vec<u8>],
        mut lines: Lines,
        varies: bool,
    ) -> Answer {
        let mut vary = if varies { vec!["Origin"] } else { vec![] };
        vary.extend(["Access-Control-Request-Method", "Access-Control-Request-Headers"]);
        if lines.iter().any(|(name, _)| name == "vary") {
            add_vary(&mut lines, &vary);
        } else {
            push(&mut lines, "vary", &vary.join(", "));
        }
        let origin_fault = self.origin_fault(origin);
        let reason = origin_fault
            .clone()
            .or_else(|| self.method_fault(method))
            .or_else(|| self.headers_fault(headers));
        let is_named = matches!(reason.as_deref(), Some("method-not-allowed" | "header-not-allowed"));
        let is_diagnosed = self.diagnostics && origin_fault.is_none() && is_named;
        if reason.is_some() && !is_diagnosed {
            lines.sort();
            return Answer { status: Some(403), reason, headers: lines };
        }
        if self.origins == ["*"] {
            push(&mut lines, "access-control-allow-origin", "*");
        } else {
            lines.push(("access-control-allow-origin".to_owned(), origin[0].clone()));
        }
        if self.credentials {
            push(&mut lines, "access-control-allow-credentials", "true");
        }
        for (name, list, asked) in [
            ("access-control-allow-methods", &self.methods, method),
            ("access-control-allow-headers", &self.headers, headers),
        ] {
            let is_header = name.ends_with("headers");
            let has_wildcard = list.contains(&"*".to_owned());
            if has_wildcard && self.credentials && is_header && is_diagnosed {
                push(&mut lines, name, "*");
            } else if has_wildcard && self.credentials {
                let asked = asked.iter().map(|line| trim(line)).filter(|line| !line.is_empty());
                lines.extend(asked.map(|line| (name.to_owned(), line)));
            } else if !list.is_empty() {
                let value = list.join(", ");
                push(&mut lines, name, &if is_header { value.to_lowercase() } else { value });
            }
        }
        if let Some(max_age) = self.max_age {
            push(&mut lines, "access-control-max-age", &max_age.as_secs().to_string());
        }
        lines.sort();
        Answer { status: Some(self.status), reason, headers: lines }
    }

    /// Semantics, 1.1 and 1.2.
    fn origin_fault(&self, lines: &[Vec<u8>]) -> Option<String> {
        if self.origins == ["*"] {
            return None;
        }
        let [line] = lines else {
            return Some("malformed-origin".to_owned());
        };
        let text = String::from_utf8_lossy(line).into_owned();
        let is_origin = is_origin(&text);
        if is_origin && self.origins.iter().any(|entry| matches_entry(entry, &text)) {
            return None;
        }
        // 7.1.
        if is_origin && self.function.as_deref().is_some_and(|host| host_of(&text) == Some(host)) {
            return None;
        }
        Some(if is_origin { "origin-not-allowed" } else { "malformed-origin" }.to_owned())
    }

    /// Semantics, 1.3. A method that is neither listed nor 256 bytes or shorter is malformed.
    fn method_fault(&self, lines: &[Vec<u8>]) -> Option<String> {
        let [line] = lines else {
            return Some("malformed-request-method".to_owned());
        };
        let method = String::from_utf8_lossy(line).into_owned();
        if self.methods.contains(&method) {
            return None;
        }
        if !is_token(&method) || method.len() > 256 {
            return Some("malformed-request-method".to_owned());
        }
        let is_allowed = ["GET", "HEAD", "POST"].contains(&method.as_str()) || self.methods == ["*"];
        (!is_allowed).then(|| "method-not-allowed".to_owned())
    }

    /// Semantics, 1.4 and 3.4.
    fn headers_fault(&self, lines: &[Vec<u8>]) -> Option<String> {
        let malformed = Some("malformed-request-headers".to_owned());
        let listed: Vec<String> = self.headers.iter().map(|name| name.to_lowercase()).collect();
        let (mut bytes, mut names, mut empty) = (0, 0, 0);
        for line in lines {
            bytes += line.len();
            if bytes > 4096 {
                return malformed;
            }
            for element in line.split(|byte| *byte == b',') {
                let name = String::from_utf8_lossy(&trim(element)).to_ascii_lowercase();
                if name.is_empty() {
                    empty += 1;
                } else {
                    names += 1;
                }
                if names > 64 || empty > 32 {
                    return malformed;
                }
                if name.is_empty() {
                    continue;
                }
                if !is_token(&name) {
                    return malformed;
                }
                let by_wildcard = listed.contains(&"*".to_owned()) && name != "authorization";
                if !by_wildcard && !listed.contains(&name) {
                    return Some("header-not-allowed".to_owned());
                }
            }
        }
        None
    }
}

fn push(lines: &mut Lines, name: &str, value: &str) {
    lines.push((name.to_owned(), value.as_bytes().to_vec()));
}

/// Semantics, 2.3: adds what is missing, each name in its own line.
fn add_vary(lines: &mut Lines, names: &[&str]) {
    for name in names {
        let is_there = lines.iter().filter(|(header, _)| header == "vary").any(|(_, value)| {
            let value = String::from_utf8_lossy(value).to_lowercase();
            value.split(',').any(|token| token.trim() == "*" || token.trim() == name.to_lowercase())
        });
        if !is_there {
            push(lines, "vary", name);
        }
    }
}

fn trim(bytes: &[u8]) -> Vec<u8> {
    let is_text = |byte: &u8| !b" \t".contains(byte);
    let Some(start) = bytes.iter().position(is_text) else { return Vec::new() };
    let end = bytes.iter().rposition(is_text).map_or(bytes.len(), |last| last + 1);
    bytes[start..end].to_vec()
}

fn is_token(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c))
}
