//! A policy in plain English.

use std::borrow::Cow;
use std::fmt::Write;
use std::time::Duration;

use cors_core::{Danger, Guard, GuardAction, Policy};

/// The most origins that are listed; the rest is counted.
const MOST_ORIGINS: usize = 20;

/// Returns what a policy allows, as sentences.
pub fn summarize(policy: &Policy) -> Vec<String> {
    let own = Terms {
        origins: policy.allow_origins().map(Cow::into_owned).collect(),
        credentials: policy.allow_credentials(),
        methods: policy.allow_methods(),
        headers: policy.allow_headers(),
        exposed: policy.expose_headers(),
        max_age: policy.max_age(),
        dangers: policy.dangerously_allow(),
    };
    let mut lines = own.sentences(&if policy.has_rules() { Reader::Others } else { Reader::Anyone });
    if policy.has_rules() {
        let mut sections: Vec<String> = vec![
            "The first rule that contains a page's origin decides what the page may do. Nothing is inherited."
                .to_owned(),
        ];
        for (number, rule) in policy.rules().enumerate() {
            let terms = Terms {
                origins: rule.allow_origins().map(str::to_owned).collect(),
                credentials: rule.allow_credentials(),
                methods: rule.allow_methods(),
                headers: rule.allow_headers(),
                exposed: rule.expose_headers(),
                max_age: rule.max_age(),
                dangers: rule.dangerously_allow(),
            };
            sections.push(section(&format!("rules[{number}]:"), &terms.sentences(&Reader::OfRule)));
        }
        sections.push(section("Pages that no rule contains:", &lines));
        lines = sections;
    }
    if policy.has_predicates() {
        lines.push("A function of the program decides about all other origins.".to_owned());
    }
    if policy.has_lookup() {
        lines.push("A lookup of the program decides about all other origins.".to_owned());
    }
    lines.extend(policy.guard().map(guard));
    if policy.preflight_status() != 204 {
        lines.push(format!("A granted preflight gets status {}.", policy.preflight_status()));
    }
    if policy.diagnostics() {
        lines.push(
            "Diagnostics: the answer to a denied preflight from an allowed origin shows the policy."
                .to_owned(),
        );
    }
    lines
}

/// What a guard denies, and what it lets pass.
fn guard(guard: &Guard) -> String {
    let denies = |action| action == GuardAction::Deny;
    let mut sentences = Vec::new();
    if let Some(hosts) = guard.allow_hosts() {
        sentences.push(match hosts {
            [] => "Every request is answered with 421: no host is allowed.".to_owned(),
            hosts => format!("Requests for other hosts than {} are answered with 421.", hosts.join(", ")),
        });
    }
    if denies(guard.cross_site_writes()) {
        sentences.push(
            "Writes that a page of another site may have caused are denied: all methods but GET, HEAD and OPTIONS."
                .to_owned(),
        );
    }
    if denies(guard.foreign_origins()) {
        sentences.push(
            "All requests of pages that are neither listed nor the server's own are denied, reads included."
                .to_owned(),
        );
    }
    if denies(guard.websockets()) {
        sentences
            .push("WebSockets of pages that are neither listed nor the server's own are denied.".to_owned());
    }
    sentences.push(match guard.own_origins() {
        [] => "An origin is the server's own if its host and port are those of the request.".to_owned(),
        own => format!("The server's own origins: {}.", own.join(", ")),
    });
    sentences.extend(
        guard.exempt().map(|(method, path)| format!("{method} {path} is exempt, whichever page sends it.")),
    );
    let title = match guard.report_only() {
        true => "Guard: nothing is denied, only reported. Without `report_only`:",
        false => "Guard:",
    };
    section(title, &sentences)
}

/// A title, and sentences below it.
fn section(title: &str, sentences: &[String]) -> String {
    let lines = sentences.iter().flat_map(|sentence| sentence.split('\n')).map(|line| format!("\n  {line}"));
    lines.fold(title.to_owned(), |text, line| text + &line)
}

/// The fields that a policy and a rule both have.
struct Terms<'a> {
    origins: Vec<String>,
    credentials: bool,
    methods: &'a [String],
    headers: &'a [String],
    exposed: &'a [String],
    max_age: Option<Duration>,
    dangers: &'a [Danger],
}

/// Whose pages a table is about.
enum Reader {
    /// The policy has no rules.
    Anyone,
    /// Pages that no rule contains.
    Others,
    OfRule,
}

impl Terms<'_> {
    fn sentences(&self, reader: &Reader) -> Vec<String> {
        let mut lines = vec![self.readers(reader)];
        lines.push(if self.credentials {
            "Credentials: requests may have the user's cookies and other credentials.".to_owned()
        } else {
            "Credentials: none. A page that sends cookies cannot read the response.".to_owned()
        });
        lines.push(match self.methods {
            [star] if star == "*" => "Methods: all.".to_owned(),
            methods => sentence(
                "Methods: GET, HEAD and POST, which are always allowed",
                methods,
                &["GET", "HEAD", "POST"],
            ),
        });
        lines.push(match self.headers {
            [star] if star == "*" => "Request headers: all except authorization.".to_owned(),
            [star, _] if star == "*" => "Request headers: all, including authorization.".to_owned(),
            headers => sentence("Request headers: the CORS-safelisted ones", headers, &[]),
        });
        lines.push(match self.exposed {
            [star] if star == "*" => "Response headers that a page can read: all.".to_owned(),
            headers => {
                sentence("Response headers that a page can read: the CORS-safelisted ones", headers, &[])
            }
        });
        lines.push(match self.max_age.map(|max_age| max_age.as_secs()) {
            None => "Browsers cache the answer to a preflight for 5 s, which is their default.".to_owned(),
            Some(0) => "Browsers send a preflight each time: they must not cache the answer.".to_owned(),
            Some(seconds) => {
                format!("Browsers cache the answer to a preflight for {seconds} s{}.", in_hours(seconds))
            }
        });
        lines.extend(self.dangers.iter().map(|danger| format!("Danger accepted: {}.", describe(*danger))));
        lines
    }

    fn readers(&self, reader: &Reader) -> String {
        if self.origins == ["*"] {
            return match reader {
                Reader::Others => "Every other page on the web may read responses.".to_owned(),
                Reader::Anyone | Reader::OfRule => "Every page on the web may read responses.".to_owned(),
            };
        }
        if self.origins.is_empty() {
            return match reader {
                Reader::Anyone => "No page may read responses: CORS is switched off.".to_owned(),
                Reader::Others => "No other page may read responses.".to_owned(),
                Reader::OfRule => "It applies to no page.".to_owned(),
            };
        }
        listed(&self.origins)
    }
}

fn listed(origins: &[String]) -> String {
    let mut text = "These pages may read responses:".to_owned();
    let mut rest = 0;
    for (position, origin) in origins.iter().enumerate() {
        if position >= MOST_ORIGINS {
            rest += 1;
            continue;
        }
        let explained = explain(origin);
        // Writing into a string cannot fail.
        let _ = write!(text, "\n  {explained}");
    }
    if rest > 0 {
        let _ = write!(text, "\n  and {rest} more");
    }
    text
}

fn explain(origin: &str) -> String {
    if origin == "null" {
        return "null: sandboxed frames, data: pages and local files, which anyone can create".to_owned();
    }
    if origin == "file://" {
        return "file://: local files in some applications".to_owned();
    }
    let (name, any_port) = match origin.strip_suffix(":*") {
        Some(name) => (name, true),
        None => (origin, false),
    };
    let what = if name.ends_with("://*") {
        "every extension or application with this scheme"
    } else if name.contains("://*.") {
        "every subdomain, at any depth"
    } else if name.contains('*') {
        "every name with this first label, where `*` stands for a part of it"
    } else {
        ""
    };
    let what = match (what, any_port) {
        ("", false) => return format!("pages at {origin}"),
        ("", true) => "on every port".to_owned(),
        (what, false) => what.to_owned(),
        (what, true) => format!("{what}, on every port"),
    };
    format!("pages at {origin}: {what}")
}

/// `start`, then the names that it does not contain.
fn sentence(start: &str, names: &[String], named: &[&str]) -> String {
    let rest: Vec<&str> = names.iter().map(String::as_str).filter(|name| !named.contains(name)).collect();
    if rest.is_empty() {
        format!("{start}; no others.")
    } else {
        format!("{start}; also {}.", rest.join(", "))
    }
}

fn in_hours(seconds: u64) -> String {
    match seconds {
        3600 => " (1 hour)".to_owned(),
        _ if seconds.is_multiple_of(3600) => format!(" ({} hours)", seconds / 3600),
        _ if seconds > 60 && seconds.is_multiple_of(60) => format!(" ({} minutes)", seconds / 60),
        _ => String::new(),
    }
}

fn describe(danger: Danger) -> &'static str {
    match danger {
        Danger::InsecureOrigins => "pages over plain HTTP, which anyone on the user's network can change",
        Danger::AnyAppOrigin => {
            "extensions and applications of strangers, if they have the scheme of an allowed one"
        }
        Danger::NullOrigin => {
            "the origin null, which any site can have, or file://, which any local file can have"
        }
        Danger::PublicSuffixWildcards => "names that anyone can register",
        _ => "see the policy",
    }
}

#[cfg(test)]
mod tests {
    use cors_core::Rule;

    use super::*;

    #[test]
    fn describes_everything_that_a_policy_allows() {
        let policy = Policy::builder()
            .allow_origins(["https://app.example", "https://*.example.org", "http://localhost:*"])
            .allow_methods(["GET", "PUT"])
            .allow_headers(["authorization"])
            .expose_headers(["x-request-id"])
            .allow_credentials(true)
            .max_age(std::time::Duration::from_secs(7200))
            .build()
            .unwrap();
        assert_eq!(
            summarize(&policy),
            [
                "These pages may read responses:\n  pages at https://app.example\n  pages at http://localhost:*: on every port\n  pages at https://*.example.org: every subdomain, at any depth",
                "Credentials: requests may have the user's cookies and other credentials.",
                "Methods: GET, HEAD and POST, which are always allowed; also PUT.",
                "Request headers: the CORS-safelisted ones; also authorization.",
                "Response headers that a page can read: the CORS-safelisted ones; also x-request-id.",
                "Browsers cache the answer to a preflight for 7200 s (2 hours).",
            ]
        );
    }

    #[test]
    fn says_what_is_not_allowed() {
        let policy = Policy::builder().allow_origins("*").max_age(std::time::Duration::ZERO).build().unwrap();
        assert_eq!(
            summarize(&policy),
            [
                "Every page on the web may read responses.",
                "Credentials: none. A page that sends cookies cannot read the response.",
                "Methods: GET, HEAD and POST, which are always allowed; no others.",
                "Request headers: the CORS-safelisted ones; no others.",
                "Response headers that a page can read: the CORS-safelisted ones; no others.",
                "Browsers send a preflight each time: they must not cache the answer.",
            ]
        );
    }

    #[test]
    fn describes_every_kind_of_pattern() {
        let origins = ["https://*-team.example.org:*", "moz-extension://*", "file://", "http://localhost:*"];
        let dangers = [Danger::AnyAppOrigin, Danger::NullOrigin];
        let policy = Policy::builder().allow_origins(origins).dangerously_allow(dangers).build().unwrap();
        assert_eq!(
            summarize(&policy)[0],
            "These pages may read responses:\n  file://: local files in some applications\n  pages at http://localhost:*: on every port\n  pages at https://*-team.example.org:*: every name with this first label, where `*` stands for a part of it, on every port\n  pages at moz-extension://*: every extension or application with this scheme"
        );
        let policy = Policy::builder().allow_origins([] as [&str; 0]).build().unwrap();
        assert_eq!(summarize(&policy)[0], "No page may read responses: CORS is switched off.");
    }

    #[test]
    fn counts_the_origins_that_are_not_listed() {
        let origins: Vec<String> = (0..100).map(|number| format!("https://{number}.example")).collect();
        let policy = Policy::builder().allow_origins(origins).build().unwrap();
        assert!(summarize(&policy)[0].ends_with("\n  and 80 more"));
    }

    #[test]
    fn describes_the_guard() {
        let last = |guard| {
            let policy = Policy::builder().allow_origins("https://app.example").guard(guard).build().unwrap();
            summarize(&policy).pop().unwrap()
        };
        assert_eq!(
            last(Guard::builder()),
            "Guard:\n  Writes that a page of another site may have caused are denied: all methods but GET, HEAD and OPTIONS.\n  WebSockets of pages that are neither listed nor the server's own are denied.\n  An origin is the server's own if its host and port are those of the request."
        );
        let other = Guard::builder()
            .cross_site_writes(GuardAction::Allow)
            .foreign_origins(GuardAction::Deny)
            .websockets(GuardAction::Allow)
            .allow_hosts(["api.example", "localhost:*"])
            .own_origins("https://api.example")
            .exempt("POST", "/login/saml")
            .report_only(true);
        assert_eq!(
            last(other),
            "Guard: nothing is denied, only reported. Without `report_only`:\n  Requests for other hosts than api.example, localhost:* are answered with 421.\n  All requests of pages that are neither listed nor the server's own are denied, reads included.\n  The server's own origins: https://api.example.\n  POST /login/saml is exempt, whichever page sends it."
        );
    }

    #[test]
    fn describes_each_rule_and_what_is_left() {
        let partner = Rule::builder()
            .allow_origins(["https://partner.example", "https://*.partner.example"])
            .allow_credentials(true)
            .allow_methods("PUT");
        let policy =
            Policy::builder().allow_origins("*").preflight_status(200).rule(partner).build().unwrap();
        assert_eq!(
            summarize(&policy),
            [
                "The first rule that contains a page's origin decides what the page may do. Nothing is inherited.",
                "rules[0]:\n  These pages may read responses:\n    pages at https://partner.example\n    pages at https://*.partner.example: every subdomain, at any depth\n  Credentials: requests may have the user's cookies and other credentials.\n  Methods: GET, HEAD and POST, which are always allowed; also PUT.\n  Request headers: the CORS-safelisted ones; no others.\n  Response headers that a page can read: the CORS-safelisted ones; no others.\n  Browsers cache the answer to a preflight for 5 s, which is their default.",
                "Pages that no rule contains:\n  Every other page on the web may read responses.\n  Credentials: none. A page that sends cookies cannot read the response.\n  Methods: GET, HEAD and POST, which are always allowed; no others.\n  Request headers: the CORS-safelisted ones; no others.\n  Response headers that a page can read: the CORS-safelisted ones; no others.\n  Browsers cache the answer to a preflight for 5 s, which is their default.",
                "A granted preflight gets status 200.",
            ]
        );
    }
}
