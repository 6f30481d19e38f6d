//! What each response must be, worked out without the core: straight from docs/semantics.md, and as simple as possible.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use crate::policy::{LookupOutcome, PUBLIC_HOST, Terms, WILD};
use crate::request::Asked;

/// A response.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
}

/// What the framework of a server does before any middleware sees a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quirks {
    /// It drops header lines that are not UTF-8.
    pub drops_non_utf8: bool,
}

/// What a right response shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Judged {
    /// Whether the page may read the response, or send the request that it asked about.
    pub is_allowed: bool,
    /// Whether it is right only because of what the framework does, which would be wrong without.
    pub is_limit: bool,
    /// Whether the lookup decided at random, so that both answers are right.
    pub is_either: bool,
}

/// Compares a response with all policies that were in force between the start of the request and the end of the response.
///
/// # Errors
///
/// The response fits none of the policies. The text says what is wrong.
pub fn judge(
    asked: &Asked,
    answer: &Answer,
    policies: &RangeInclusive<u64>,
    quirks: Quirks,
) -> Result<Judged, String> {
    let with_quirks = compare(asked, answer, policies, quirks)?;
    let is_limit =
        quirks != Quirks::default() && compare(asked, answer, policies, Quirks::default()).is_err();
    Ok(Judged { is_limit, ..with_quirks })
}

fn compare(
    asked: &Asked,
    answer: &Answer,
    policies: &RangeInclusive<u64>,
    quirks: Quirks,
) -> Result<Judged, String> {
    let mut differences = BTreeSet::new();
    for number in policies.clone() {
        let alternatives = expect(asked, number, quirks);
        let is_either = alternatives.len() > 1;
        for expected in alternatives {
            match expected.difference(asked, answer) {
                None => {
                    let is_allowed = expected.cors.allow_origin.is_some();
                    return Ok(Judged { is_allowed, is_limit: false, is_either });
                }
                Some(difference) => differences.insert(format!("policy {number}: {difference}")),
            };
        }
    }
    let differences: Vec<_> = differences.into_iter().take(4).collect();
    Err(differences.join("; "))
}

/// The CORS headers of a response. Lists are sets of lower-case names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct CorsHeaders {
    allow_origin: Option<Bytes>,
    allow_credentials: bool,
    expose_headers: Names,
    allow_methods: Names,
    allow_headers: Names,
    max_age: Option<u64>,
}

type Names = BTreeSet<String>;

#[derive(Clone, Debug)]
struct Expected {
    /// For a preflight. Otherwise the application answers.
    preflight_status: Option<u16>,
    cors: CorsHeaders,
    /// What `Vary` must contain.
    vary: &'static [&'static str],
    /// Whether `Vary` must not contain `origin`.
    is_same_for_all: bool,
}

/// The right responses under policy `number`: two if the lookup decides at random.
fn expect(asked: &Asked, number: u64, quirks: Quirks) -> Vec<Expected> {
    let seen = |line: &&(&str, Vec<u8>)| !quirks.drops_non_utf8 || std::str::from_utf8(&line.1).is_ok();
    let lines = |name: &str| {
        let lines = asked.headers.iter().filter(seen);
        lines.filter(|line| line.0 == name).map(|line| line.1.as_slice()).collect::<Vec<_>>()
    };
    let origins = lines("origin");
    let methods = lines("access-control-request-method");
    let requested = lines("access-control-request-headers");
    // Semantics, "Terms".
    let is_preflight = asked.method == "OPTIONS" && !origins.is_empty() && !methods.is_empty();
    let is_public = asked.host == PUBLIC_HOST;
    let all = if is_public { vec![Terms::public(number)] } else { Terms::listed(number).to_vec() };
    let vary: &[&str] = match (is_preflight, is_public) {
        (true, true) => &["access-control-request-method", "access-control-request-headers"],
        (true, false) => &["origin", "access-control-request-method", "access-control-request-headers"],
        (false, true) => &[],
        (false, false) => &["origin"],
    };
    let decisions = match all.iter().find(|terms| contains(terms, &origins)) {
        Some(terms) => vec![Some(terms)],
        None => match all.last().filter(|terms| terms.lookup).map(|terms| (terms, looked_up(&origins))) {
            Some((terms, Some(true))) => vec![Some(terms)],
            Some((terms, None)) => vec![Some(terms), None],
            Some((_, Some(false))) | None => vec![None],
        },
    };
    let expected = decisions.into_iter().map(|terms| {
        // Semantics, 4.2.
        let terms = terms.filter(|terms| {
            !is_preflight || (allows_method(terms, &methods) && allows_headers(terms, &requested))
        });
        Expected {
            preflight_status: is_preflight.then_some(if terms.is_some() { 204 } else { 403 }),
            cors: terms.map(|terms| headers(terms, &origins, is_preflight)).unwrap_or_default(),
            vary,
            is_same_for_all: is_public,
        }
    });
    expected.collect()
}

/// Semantics, 1.1, 1.5 and 6.1, without the lookup.
fn contains(terms: &Terms, origins: &[&[u8]]) -> bool {
    if terms.any_origin {
        return true;
    }
    let [origin] = origins else { return false };
    let Ok(origin) = std::str::from_utf8(origin) else { return false };
    terms.origins.iter().any(|listed| listed == origin) || (terms.wild && is_wild(origin))
}

fn is_wild(origin: &str) -> bool {
    let Some(host) = origin.strip_prefix("https://") else { return false };
    let Some(labels) = host.strip_suffix(WILD).and_then(|labels| labels.strip_suffix('.')) else {
        return false;
    };
    let is_label = |label: &str| {
        let is_valid = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte);
        (1..=63).contains(&label.len()) && label.bytes().all(is_valid)
    };
    host.len() <= 253 && labels.split('.').all(is_label)
}

/// Semantics, 7.2: `None` if both answers are right.
fn looked_up(origins: &[&[u8]]) -> Option<bool> {
    let [origin] = origins else { return Some(false) };
    let host = std::str::from_utf8(origin).ok().and_then(|origin| origin.strip_prefix("https://"));
    host.map_or(Some(false), |host| LookupOutcome::of(host).allows())
}

/// Semantics, 1.3.
fn allows_method(terms: &Terms, lines: &[&[u8]]) -> bool {
    let [method] = lines else { return false };
    let Ok(method) = std::str::from_utf8(method) else { return false };
    let is_valid = is_token(method) && method.len() <= 256;
    ["GET", "HEAD", "POST"].contains(&method)
        || terms.methods.contains(&method)
        || (is_valid && terms.methods.contains(&"*"))
}

/// Semantics, 1.4 and 3.4.
fn allows_headers(terms: &Terms, lines: &[&[u8]]) -> bool {
    if lines.iter().map(|line| line.len()).sum::<usize>() > 4096 {
        return false;
    }
    let Some(lines) = lines.iter().map(|line| std::str::from_utf8(line).ok()).collect::<Option<Vec<_>>>()
    else {
        return false;
    };
    let elements = lines.iter().flat_map(|line| line.split(',')).map(|name| name.trim_matches([' ', '\t']));
    let (empty, names): (Vec<_>, Vec<_>) = elements.partition(|name| name.is_empty());
    let is_listed = |name: &str| terms.headers.iter().any(|listed| listed.eq_ignore_ascii_case(name));
    names.len() <= 64
        && empty.len() <= 32
        && names.iter().all(|name| is_token(name) && (is_listed(name) || is_listed("*")))
}

/// RFC 9110, section 5.6.2.
fn is_token(name: &str) -> bool {
    let is_valid = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name.bytes().all(is_valid)
}

/// Semantics, 2 and 3.2.
fn headers(terms: &Terms, origins: &[&[u8]], is_preflight: bool) -> CorsHeaders {
    let set = |names: &[&str]| names.iter().map(|name| name.to_ascii_lowercase()).collect();
    let mut headers = CorsHeaders {
        allow_origin: match terms.any_origin {
            true => Some(Bytes::from_static(b"*")),
            false => origins.first().map(|origin| Bytes::copy_from_slice(origin)),
        },
        allow_credentials: terms.credentials,
        ..CorsHeaders::default()
    };
    if is_preflight {
        headers.allow_methods = set(&terms.methods);
        headers.allow_headers = terms.headers.iter().cloned().collect();
        headers.max_age = Some(terms.max_age);
    } else {
        headers.expose_headers = set(&[&terms.exposed]);
    }
    headers
}

impl CorsHeaders {
    /// Reads the headers of a response, which may have no other `Access-Control-*` header.
    fn of(headers: &HeaderMap) -> Result<Self, String> {
        let mut found = Self::default();
        let cors = headers.iter().filter(|(name, _)| name.as_str().starts_with("access-control-"));
        for (name, value) in cors {
            let text = || value.to_str().map_err(|_| format!("`{name}` is not ASCII"));
            let names = || -> Result<Names, String> {
                Ok(text()?.split(',').map(|name| name.trim().to_ascii_lowercase()).collect())
            };
            if headers.get_all(name).iter().count() > 1 {
                return Err(format!("it has `{name}` more than once"));
            }
            match name.as_str() {
                "access-control-allow-origin" => {
                    found.allow_origin = Some(Bytes::copy_from_slice(value.as_bytes()));
                }
                "access-control-allow-credentials" if value == "true" => found.allow_credentials = true,
                "access-control-expose-headers" => found.expose_headers = names()?,
                "access-control-allow-methods" => found.allow_methods = names()?,
                "access-control-allow-headers" => found.allow_headers = names()?,
                "access-control-max-age" => {
                    let seconds = text()?.parse().map_err(|_| format!("`{name}` is not a number"))?;
                    found.max_age = Some(seconds);
                }
                _ => return Err(format!("it has `{name}: {value:?}`")),
            }
        }
        Ok(found)
    }
}

impl Expected {
    /// What is wrong with a response, if anything is.
    fn difference(&self, asked: &Asked, answer: &Answer) -> Option<String> {
        let status = self.preflight_status.unwrap_or(asked.status);
        if answer.status.as_u16() != status {
            return Some(format!("the status is {} instead of {status}", answer.status.as_u16()));
        }
        match CorsHeaders::of(&answer.headers) {
            Err(wrong) => return Some(wrong),
            Ok(cors) if cors != self.cors => return Some(format!("{cors:?} instead of {:?}", self.cors)),
            Ok(_) => {}
        }
        let vary: Names = answer
            .headers
            .get_all("vary")
            .iter()
            .flat_map(|line| line.to_str().unwrap_or_default().split(','))
            .map(|name| name.trim().to_ascii_lowercase())
            .collect();
        if let Some(missing) = self.vary.iter().find(|name| !vary.contains(**name)) {
            return Some(format!("`Vary` lacks `{missing}`"));
        }
        if self.is_same_for_all && vary.contains("origin") {
            return Some("`Vary` has `Origin` though the response is the same for all".to_owned());
        }
        if asked.path.starts_with("/vary") && self.preflight_status.is_none() && !vary.contains("accept") {
            return Some("`Vary` lost what the application set".to_owned());
        }
        if self.preflight_status.is_some() {
            return (!answer.body.is_empty()).then(|| "a preflight has a body".to_owned());
        }
        let marker = asked.marker.as_deref()?;
        let is_own = answer.body.windows(marker.len()).any(|bytes| bytes == marker.as_bytes());
        (!is_own).then(|| "the body is that of another request".to_owned())
    }
}

/// Checks a response to bytes that may not be a request at all: it is no failure of the server, and its CORS headers allow an origin only
/// if the bytes contain it and a policy in force allows it. Returns whether the server rejected the bytes.
///
/// # Errors
///
/// The text says what is wrong.
pub fn judge_malformed(
    sent: &[u8],
    answer: &Answer,
    policies: &RangeInclusive<u64>,
    must_reject: bool,
) -> Result<bool, String> {
    let status = answer.status.as_u16();
    // 501: the transfer coding or method is not known. 505: the version is not.
    let is_rejected = (400..500).contains(&status) || matches!(status, 501 | 505);
    if status >= 500 && !is_rejected {
        return Err(format!("the status is {status}"));
    }
    if must_reject && !is_rejected {
        return Err(format!("it is accepted with status {status}"));
    }
    let cors = CorsHeaders::of(&answer.headers)?;
    let Some(allowed) = cors.allow_origin else { return Ok(is_rejected) };
    let has = |text: &[u8]| {
        let mut windows = sent.windows(text.len().max(1));
        windows.any(|bytes| bytes.eq_ignore_ascii_case(text))
    };
    if &*allowed == b"*" {
        let is_public = has(PUBLIC_HOST.as_bytes());
        return if is_public { Ok(is_rejected) } else { Err("it allows any origin".to_owned()) };
    }
    let shown = String::from_utf8_lossy(&allowed).into_owned();
    let origins = [&*allowed];
    let is_allowed =
        policies.clone().any(|number| Terms::listed(number).iter().any(|terms| contains(terms, &origins)))
            || looked_up(&origins) != Some(false);
    match is_allowed && has(&allowed) {
        true => Ok(is_rejected),
        false => Err(format!("it allows `{shown}`")),
    }
}
