//! Regular expressions, which other libraries take.

use super::fault::{not_an_origin, repaired};
use super::{OriginFault, before_path};
use crate::origin::host;
use crate::policy::ProblemCode;

/// Explains a regular expression, with the pattern that means the same if there is one.
pub(super) fn fault(text: &str) -> Option<OriginFault> {
    is_regex(text).then(|| {
        let suggestion = translate(text).as_deref().and_then(repaired);
        let help = match &suggestion {
            Some(pattern) => format!("Write `{pattern}`."),
            None => {
                "Write a pattern such as `https://*.example.com`, or `*` alone for any origin.".to_owned()
            }
        };
        let what = "it is a regular expression";
        OriginFault { suggestion, ..not_an_origin(ProblemCode::OriginRegex, what, &help) }
    })
}

fn is_regex(text: &str) -> bool {
    let text = text.trim();
    // An origin that was copied from a path of Windows, such as `https:\\example.com`.
    let text = text.split_once(":\\\\").map_or(text, |(_, after)| after);
    let is_delimited = || {
        let body = text.strip_prefix('/').and_then(|rest| rest.rsplit_once('/'));
        body.is_some_and(|(body, flags)| {
            body.contains("://") && flags.bytes().all(|flag| flag.is_ascii_lowercase())
        })
    };
    let after_scheme = text.split_once("://").map_or(text, |(_, after_scheme)| after_scheme);
    let host = before_path(after_scheme);
    text.starts_with('^')
        || text.ends_with('$')
        || text.starts_with("http?")
        || text.starts_with("https?")
        || text.starts_with("(http")
        || is_delimited()
        || ["\\.", "\\d", "\\w"].iter().any(|escape| after_scheme.contains(escape))
        || host.contains(['(', '|', '^', '{'])
        || host.contains(".+")
        || has_class(host)
        || has_any_text(host)
}

/// Whether the text contains `.*` as a regular expression does: it is not a label of its own, as in `192.168.*`.
fn has_any_text(host: &str) -> bool {
    host.match_indices(".*").any(|(start, found)| {
        let before = host[..start].chars().next_back();
        let after = host[start + found.len()..].chars().next();
        let is_name = |letter: char| letter.is_ascii_alphanumeric();
        !before.is_some_and(|letter| is_name(letter) || letter == '*') || after.is_some_and(is_name)
    })
}

/// Whether the text contains a class such as `[a-z]`, which is not an IPv6 address.
fn has_class(host: &str) -> bool {
    let Some((_, rest)) = host.split_once('[') else {
        return false;
    };
    let class = rest.split(']').next().unwrap_or_default();
    let is_in_class = |letter: char| letter.is_ascii_alphanumeric() || "-^\\._".contains(letter);
    class.contains(['-', '^', '\\']) && class.chars().all(is_in_class)
}

/// The pattern that allows what the expression is meant to match, if the parts of the expression have counterparts.
///
/// It is never wider, except that `*.` stands for labels at any depth.
fn translate(text: &str) -> Option<String> {
    let mut text = text.trim();
    if let Some((body, _)) = text.strip_prefix('/').and_then(|rest| rest.rsplit_once('/')) {
        text = body;
    }
    let text = text.trim_start_matches('^').trim_end_matches('$').replace("\\/", "/");
    let (scheme, host) = match text.split_once("://") {
        Some((scheme, host)) => (scheme, host),
        None => ("https?", text.as_str()),
    };
    let mut host = host.to_owned();
    for port in ["(:\\d+)?", "(:[0-9]+)?", "(?::\\d+)?", "(:\\d*)?", ":\\d+", ":[0-9]+", ":.*", ":.+"] {
        if let Some(name) = host.strip_suffix(port) {
            host = format!("{name}:*");
            break;
        }
    }
    for labels in ["(.*\\.)?", "(.+\\.)?", "(.*\\.)", "(.+\\.)", "(?:.*\\.)?", "(?:.+\\.)?"] {
        host = host.replace(labels, "*.");
    }
    for run in [".*", ".+", "(.*)", "[^.]+", "[^/]+", "[a-z0-9-]+", "[a-zA-Z0-9-]+", "[\\w-]+", "\\w+"] {
        host = host.replace(run, "*");
    }
    let host = host.replace("\\.", ".").replace("\\-", "-");
    let is_pattern = |letter: char| letter.is_ascii_alphanumeric() || "*.:-_".contains(letter);
    let scheme = match scheme {
        "https?" | "(http|https)" | "(https|http)" if host::is_loopback(host.split(':').next()?) => "http",
        "https?" | "(http|https)" | "(https|http)" => "https",
        "http" | "https" => scheme,
        _ => return None,
    };
    host.chars().all(is_pattern).then(|| format!("{scheme}://{host}"))
}
