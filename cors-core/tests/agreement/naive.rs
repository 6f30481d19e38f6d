//! The semantics once more, in the plainest words: slow, allocating, and sharing nothing with the decision.

use http::{HeaderMap, Request};

#[derive(Clone, Debug)]
pub(crate) struct NaivePolicy {
    pub(crate) origins: Vec<String>,
    pub(crate) methods: Vec<String>,
    pub(crate) headers: Vec<String>,
    pub(crate) expose: Vec<String>,
    pub(crate) credentials: bool,
    pub(crate) max_age: Option<u32>,
    pub(crate) private_network: bool,
    pub(crate) diagnostics: bool,
    pub(crate) status: u16,
}

/// What is on the wire: the status, if CORS answers by itself, why something is not allowed, and all headers, sorted.
#[derive(Debug, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: Option<u16>,
    pub(crate) reason: Option<String>,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
}

type Lines = Vec<(String, Vec<u8>)>;

impl NaivePolicy {
    pub(crate) fn is_refused(&self) -> bool {
        let any_origin = self.origins == ["*"];
        let null = self.origins.contains(&"null".to_owned());
        self.credentials && (any_origin || null || self.expose == ["*"])
    }

    pub(crate) fn answer(&self, request: &Request<()>, application: &HeaderMap) -> Answer {
        let lines =
            |name| request.headers().get_all(name).iter().map(|value| value.as_bytes().to_vec()).collect();
        let origin: Vec<Vec<u8>> = lines("origin");
        let method: Vec<Vec<u8>> = lines("access-control-request-method");
        let headers: Vec<Vec<u8>> = lines("access-control-request-headers");
        let private_network: Vec<Vec<u8>> = lines("access-control-request-private-network");
        let is_preflight = request.method() == "OPTIONS" && !origin.is_empty() && !method.is_empty();
        if is_preflight {
            // No more than eight lines are read.
            let asks_private = private_network.iter().take(8).any(|line| line == b"true");
            self.preflight(&origin, &method, &headers, asks_private)
        } else {
            self.other(&origin, application)
        }
    }

    /// Semantics, section 2.
    fn other(&self, origin: &[Vec<u8>], application: &HeaderMap) -> Answer {
        let mut lines: Lines = application
            .iter()
            .map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()))
            .filter(|(name, _)| !name.starts_with("access-control-"))
            .collect();
        let any_origin = self.origins == ["*"];
        let reason = if any_origin || origin.is_empty() { None } else { self.origin_fault(origin) };
        if any_origin {
            push(&mut lines, "access-control-allow-origin", "*");
        } else if reason.is_none() && !origin.is_empty() {
            lines.push(("access-control-allow-origin".to_owned(), origin[0].clone()));
            if self.credentials {
                push(&mut lines, "access-control-allow-credentials", "true");
            }
        }
        if (any_origin || reason.is_none() && !origin.is_empty()) && !self.expose.is_empty() {
            push(&mut lines, "access-control-expose-headers", &self.expose.join(", "));
        }
        let varies = lines.iter().filter(|(name, _)| name == "vary").any(|(_, value)| {
            let value = String::from_utf8_lossy(value).to_lowercase();
            value.split(',').any(|token| token.trim() == "*" || token.trim() == "origin")
        });
        if !any_origin && !varies {
            push(&mut lines, "vary", "Origin");
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
        asks_private: bool,
    ) -> Answer {
        let mut lines = Lines::new();
        let mut vary = if self.origins == ["*"] { vec![] } else { vec!["Origin"] };
        vary.extend(["Access-Control-Request-Method", "Access-Control-Request-Headers"]);
        if self.private_network {
            vary.push("Access-Control-Request-Private-Network");
        }
        push(&mut lines, "vary", &vary.join(", "));
        let private_fault =
            (asks_private && !self.private_network).then(|| "private-network-not-allowed".to_owned());
        let access_fault = self.origin_fault(origin).or(private_fault);
        let asked_fault = self.method_fault(method).or_else(|| self.headers_fault(headers));
        let reason = access_fault.clone().or(asked_fault);
        let is_named = matches!(reason.as_deref(), Some("method-not-allowed" | "header-not-allowed"));
        let diagnosed = self.diagnostics && access_fault.is_none() && is_named;
        if reason.is_some() && !diagnosed {
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
            let is_partly = diagnosed && name.ends_with("headers");
            if list.contains(&"*".to_owned()) && self.credentials && !is_partly {
                lines.extend(asked.iter().map(|line| (name.to_owned(), line.clone())));
            } else if list.contains(&"*".to_owned()) && self.credentials {
                push(&mut lines, name, "*");
            } else if !list.is_empty() {
                let is_header = name.ends_with("headers");
                let value = list.join(", ");
                push(&mut lines, name, &if is_header { value.to_lowercase() } else { value });
            }
        }
        if let Some(seconds) = self.max_age {
            push(&mut lines, "access-control-max-age", &seconds.to_string());
        }
        if asks_private {
            push(&mut lines, "access-control-allow-private-network", "true");
        }
        lines.sort();
        Answer { status: Some(self.status), reason, headers: lines }
    }

    /// Semantics, 1.1 and 1.2.
    fn origin_fault(&self, lines: &[Vec<u8>]) -> Option<String> {
        let [line] = lines else {
            return Some("malformed-origin".to_owned());
        };
        let text = String::from_utf8_lossy(line).into_owned();
        let is_origin = is_origin(&text);
        let is_allowed = is_origin
            && (self.origins == ["*"] || self.origins.iter().any(|entry| matches_entry(entry, &text)));
        match (is_allowed, is_origin) {
            (true, _) => None,
            (false, true) => Some("origin-not-allowed".to_owned()),
            (false, false) => Some("malformed-origin".to_owned()),
        }
    }

    /// Semantics, 1.3; and in the spirit of 1.4, work is bounded: what is neither listed nor 256 bytes or less is no method.
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
                let element = String::from_utf8_lossy(element).into_owned();
                let name = element.trim_matches([' ', '\t']).to_ascii_lowercase();
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

fn is_token(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c))
}

/// Whether a browser could send this: what the `url` crate, an implementation of the URL standard, makes of it is itself.
fn is_origin(text: &str) -> bool {
    if text == "null" {
        return true;
    }
    let Some((scheme, authority)) = text.split_once("://") else {
        return false;
    };
    let lower = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let host_of = |authority: &str| match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => host.to_owned(),
        _ => authority.to_owned(),
    };
    let host = host_of(authority);
    let is_address = host.starts_with('[');
    let labels: Vec<&str> = host.strip_suffix('.').unwrap_or(&host).split('.').collect();
    let are_labels = labels.iter().all(|label| {
        !label.is_empty() && label.len() <= 63 && label.chars().all(|c| lower(c) || c == '-' || c == '_')
    });
    if !is_address && (!are_labels || host.strip_suffix('.').unwrap_or(&host).len() > 253) {
        return false;
    }
    let Ok(url) = url::Url::parse(text) else {
        return false;
    };
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    let serialized = format!("{}://{}{port}", url.scheme(), url.host_str().unwrap_or_default());
    serialized == text && url.port() != Some(0) && scheme.chars().all(|c| lower(c) || "+-.".contains(c))
}

/// Whether an entry of the policy stands for an origin.
fn matches_entry(entry: &str, origin: &str) -> bool {
    if !entry.contains('*') {
        return entry == origin;
    }
    let split = |text: &str| {
        let (scheme, authority) = text.split_once("://").unwrap_or_default();
        match authority.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => {
                (scheme.to_owned(), host.to_owned(), Some(port.to_owned()))
            }
            _ => (scheme.to_owned(), authority.to_owned(), None),
        }
    };
    if origin == "null" {
        return false;
    }
    let (entry_scheme, entry_host, entry_port) = split(entry);
    let (scheme, host, port) = split(origin);
    let host_matches = match entry_host.strip_prefix("*.") {
        Some(domain) => host.strip_suffix(domain).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.')),
        None => entry_host == host,
    };
    let port_matches = entry_port == port || entry_port.as_deref() == Some("*");
    entry_scheme == scheme && host_matches && port_matches
}
