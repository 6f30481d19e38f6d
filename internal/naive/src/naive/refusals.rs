//! Which policies are refused, and why (semantics, section 5).

use std::collections::BTreeSet;

use super::origin::{is_any_app, is_loopback, wildcard_domain};
use super::{NaivePolicy, is_token};

/// Entries of `allow_origins` that are never accepted, with the codes of their problems.
pub const BAD_ORIGINS: [(&str, &str); 25] = [
    ("", "origin-without-scheme"),
    ("app.example", "origin-without-scheme"),
    ("https://a.example,https://b.example", "origin-list"),
    ("https://a.example https://b.example", "origin-list"),
    (" https://app.example", "origin-with-white-space"),
    ("https://app.example/", "origin-with-path"),
    ("https://app.example?q", "origin-with-query"),
    ("https://app.example#f", "origin-with-fragment"),
    ("https://me@app.example", "origin-with-user-info"),
    ("https://App.example", "origin-in-upper-case"),
    ("https://b\u{fc}cher.example", "origin-with-unicode"),
    ("https://app.example:443", "origin-with-default-port"),
    ("https://app.example:0", "origin-port"),
    ("https://a..example", "origin-host"),
    ("https://xn--f", "origin-host"),
    ("file:///home", "origin-scheme"),
    ("\"https://app.example\"", "origin-in-quotes"),
    ("https://app.example,", "origin-list"),
    ("^https://.*\\.app\\.example$", "origin-regex"),
    ("https://${HOST}", "origin-placeholder"),
    ("http://192.168.*", "misplaced-wildcard"),
    ("https://a*.*.example", "misplaced-wildcard"),
    ("https://a*b*.example", "misplaced-wildcard"),
    ("https://*", "misplaced-wildcard"),
    ("https://app.*", "misplaced-wildcard"),
];

/// The multi-label public suffixes among the entries that the tests use.
const PUBLIC_SUFFIXES: [&str; 2] = ["github.io", "co.uk"];

type Refusals = BTreeSet<(String, String)>;

impl NaivePolicy {
    /// The field and the code of every problem.
    pub fn refusals(&self) -> Refusals {
        let mut refusals = Refusals::new();
        self.refuse_origins(&mut refusals);
        self.refuse_methods(&mut refusals);
        self.refuse_headers(&mut refusals);
        self.refuse_exposed_headers(&mut refusals);
        if self.max_age.is_some_and(|age| age.subsec_nanos() > 0) {
            refusals.insert(("max_age".to_owned(), "max-age".to_owned()));
        }
        if self.status / 100 != 2 {
            refusals.insert(("preflight_status".to_owned(), "preflight-status".to_owned()));
        }
        for (number, rule) in self.rules.iter().enumerate() {
            refusals.extend(
                rule.refusals().into_iter().map(|(field, code)| (format!("rules[{number}].{field}"), code)),
            );
        }
        refusals
    }

    fn refuse_origins(&self, refusals: &mut Refusals) {
        const FIELD: &str = "allow_origins";
        if let (true, Some(star)) = (self.credentials, self.origins.iter().position(|entry| entry == "*")) {
            refuse(refusals, FIELD, star, "any-origin-with-credentials");
        }
        refuse_mixed_wildcard(refusals, FIELD, &self.origins);
        let has_exception = |name| self.dangers.contains(&name);
        for (position, entry) in self.origins.iter().enumerate() {
            if let Some((_, code)) = BAD_ORIGINS.iter().find(|(bad, _)| bad == entry) {
                refuse(refusals, FIELD, position, code);
            } else if ["null", "file://"].contains(&entry.as_str()) && self.credentials {
                refuse(refusals, FIELD, position, "null-origin-with-credentials");
            } else if ["null", "file://"].contains(&entry.as_str()) && !has_exception("null-origin") {
                refuse(refusals, FIELD, position, "null-origin");
            } else if is_any_app(entry) && !has_exception("any-app-origin") {
                refuse(refusals, FIELD, position, "any-app-origin");
            }
            if !self.credentials || BAD_ORIGINS.iter().any(|(bad, _)| bad == entry) {
                continue;
            }
            if entry.starts_with("http://") && !is_loopback(entry) && !has_exception("insecure-origins") {
                refuse(refusals, FIELD, position, "insecure-origin-with-credentials");
            }
            if wildcard_domain(entry).is_some_and(is_suffix) && !has_exception("public-suffix-wildcards") {
                refuse(refusals, FIELD, position, "public-suffix-wildcard-with-credentials");
            }
        }
    }

    fn refuse_methods(&self, refusals: &mut Refusals) {
        const FIELD: &str = "allow_methods";
        refuse_mixed_wildcard(refusals, FIELD, &self.methods);
        for (position, method) in self.methods.iter().enumerate().filter(|(_, method)| *method != "*") {
            let upper = method.to_ascii_uppercase();
            let standard = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"];
            if !is_token(method) {
                refuse(refusals, FIELD, position, "method-syntax");
            } else if standard.contains(&upper.as_str()) && *method != upper {
                refuse(refusals, FIELD, position, "method-case");
            }
        }
    }

    fn refuse_headers(&self, refusals: &mut Refusals) {
        const FIELD: &str = "allow_headers";
        let is_authorization = |name: &&String| !name.eq_ignore_ascii_case("authorization");
        let others: Vec<String> = self.headers.iter().filter(is_authorization).cloned().collect();
        if others.iter().any(|name| name == "*") && others.iter().any(|name| name != "*") {
            refuse_mixed_wildcard(refusals, FIELD, &self.headers);
        }
        refuse_names(refusals, FIELD, &self.headers);
    }

    fn refuse_exposed_headers(&self, refusals: &mut Refusals) {
        const FIELD: &str = "expose_headers";
        refuse_mixed_wildcard(refusals, FIELD, &self.expose);
        let is_any = !self.expose.is_empty() && self.expose.iter().all(|name| name == "*");
        if is_any && self.credentials {
            refuse(refusals, FIELD, 0, "any-exposed-header-with-credentials");
        }
        refuse_names(refusals, FIELD, &self.expose);
    }
}

fn refuse(refusals: &mut Refusals, field: &str, position: usize, code: &str) {
    refusals.insert((format!("{field}[{position}]"), code.to_owned()));
}

fn refuse_mixed_wildcard(refusals: &mut Refusals, field: &str, names: &[String]) {
    let star = names.iter().position(|name| name == "*");
    if let (Some(star), true) = (star, names.iter().any(|name| name != "*")) {
        refuse(refusals, field, star, "wildcard-among-names");
    }
}

fn refuse_names(refusals: &mut Refusals, field: &str, names: &[String]) {
    for (position, written) in names.iter().enumerate().filter(|(_, name)| *name != "*") {
        if !is_token(written) {
            refuse(refusals, field, position, "header-syntax");
        }
    }
}

/// Whether anyone can register a name below a domain of the tests.
pub(super) fn is_suffix(domain: &str) -> bool {
    domain != "localhost" && !domain.contains('.') || PUBLIC_SUFFIXES.contains(&domain)
}
