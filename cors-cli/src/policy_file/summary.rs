//! A policy in plain words.

use std::fmt::Write;

use cors_core::{Danger, Policy};

/// More origins than this are counted, not listed.
const MOST_ORIGINS: usize = 20;

/// What a policy allows, in sentences of one line each.
pub fn summarize(policy: &Policy) -> Vec<String> {
    let mut lines = vec![readers(policy)];
    lines.push(if policy.allow_credentials() {
        "Their requests may carry the user's cookies and other credentials.".to_owned()
    } else {
        "No credentials: a page that asks for cookies to be sent cannot read the response.".to_owned()
    });
    lines.push(match policy.allow_methods() {
        [star] if star == "*" => "Methods: all.".to_owned(),
        methods => sentence("Methods: GET, HEAD and POST as always", methods, &["GET", "HEAD", "POST"]),
    });
    lines.push(match policy.allow_headers() {
        [star] if star == "*" => "Request headers: all but authorization.".to_owned(),
        [star, _] if star == "*" => "Request headers: all, authorization too.".to_owned(),
        headers => sentence("Request headers: the safelisted ones", headers, &[]),
    });
    lines.push(match policy.expose_headers() {
        [star] if star == "*" => "Response headers that a page can read: all.".to_owned(),
        headers => sentence("Response headers that a page can read: the safelisted ones", headers, &[]),
    });
    lines.push(match policy.max_age().map(|max_age| max_age.as_secs()) {
        None => "A browser remembers the answer to a preflight for 5 s, its default.".to_owned(),
        Some(0) => "A browser sends a preflight each time: it must not remember the answer.".to_owned(),
        Some(seconds) => {
            format!("A browser remembers the answer to a preflight for {seconds} s{}.", in_hours(seconds))
        }
    });
    if policy.preflight_status() != 204 {
        lines.push(format!("A granted preflight is answered with status {}.", policy.preflight_status()));
    }
    if policy.diagnostics() {
        lines.push(
            "Diagnostics: denied preflights from allowed origins tell the policy to whoever asks.".to_owned(),
        );
    }
    lines.extend(
        policy.dangerously_allow().iter().map(|danger| format!("Danger accepted: {}.", describe(*danger))),
    );
    lines
}

fn readers(policy: &Policy) -> String {
    if policy.allows_any_origin() {
        return "Any page on the web may read responses.".to_owned();
    }
    let mut text = "Who may read responses:".to_owned();
    let mut rest = 0;
    for (position, origin) in policy.allow_origins().enumerate() {
        if position >= MOST_ORIGINS {
            rest += 1;
            continue;
        }
        let explained = explain(&origin);
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
        return "null: sandboxed frames, data: pages and files of anybody".to_owned();
    }
    let subdomains = origin.contains("://*.");
    let any_port = origin.ends_with(":*");
    let what = match (subdomains, any_port) {
        (false, false) => return format!("pages at {origin}"),
        (true, false) => "every subdomain, at any depth",
        (false, true) => "on every port",
        (true, true) => "every subdomain, at any depth, on every port",
    };
    format!("pages at {origin}: {what}")
}

/// `start`, then the names that it does not tell already.
fn sentence(start: &str, names: &[String], told: &[&str]) -> String {
    let rest: Vec<&str> = names.iter().map(String::as_str).filter(|name| !told.contains(name)).collect();
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
        Danger::InsecureOrigins => "pages over plain http, which anybody on the user's network can change",
        Danger::NullOrigin => "the origin null, which any site can have",
        Danger::PublicSuffixWildcards => "subdomains that anybody can register",
        _ => "see the policy",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_everything_that_a_policy_allows() {
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
                "Who may read responses:\n  pages at https://app.example\n  pages at http://localhost:*: on every port\n  pages at https://*.example.org: every subdomain, at any depth",
                "Their requests may carry the user's cookies and other credentials.",
                "Methods: GET, HEAD and POST as always; also PUT.",
                "Request headers: the safelisted ones; also authorization.",
                "Response headers that a page can read: the safelisted ones; also x-request-id.",
                "A browser remembers the answer to a preflight for 7200 s (2 hours).",
            ]
        );
    }

    #[test]
    fn tells_that_the_rest_is_not_allowed() {
        let policy = Policy::builder().allow_origins("*").max_age(std::time::Duration::ZERO).build().unwrap();
        assert_eq!(
            summarize(&policy),
            [
                "Any page on the web may read responses.",
                "No credentials: a page that asks for cookies to be sent cannot read the response.",
                "Methods: GET, HEAD and POST as always; no others.",
                "Request headers: the safelisted ones; no others.",
                "Response headers that a page can read: the safelisted ones; no others.",
                "A browser sends a preflight each time: it must not remember the answer.",
            ]
        );
    }

    #[test]
    fn counts_origins_that_are_too_many_to_read() {
        let origins: Vec<String> = (0..100).map(|number| format!("https://{number}.example")).collect();
        let policy = Policy::builder().allow_origins(origins).build().unwrap();
        assert!(summarize(&policy)[0].ends_with("\n  and 80 more"));
    }
}
