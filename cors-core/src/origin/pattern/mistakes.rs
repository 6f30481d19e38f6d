//! Texts that cannot be patterns as a whole, in the ways in which people write them.

use super::fault::{WRITE_AN_ORIGIN, not_an_origin, repair, suggest};
use super::{OriginFault, before_path, hosts, regex, schemes};
use crate::origin::{host, serialization};
use crate::policy::ProblemCode;

/// The separators between entries in a text that should be a list.
const SEPARATORS: [char; 2] = [',', ';'];

/// The quotes of programs, and those of word processors.
const QUOTES: [char; 7] = ['"', '\'', '`', '\u{201c}', '\u{201d}', '\u{2018}', '\u{2019}'];

/// The most entries of a list that a message repeats.
const MAX_REPEATED: usize = 8;

/// Finds what is wrong before anything is split.
pub(super) fn in_whole_text(text: &str) -> Option<OriginFault> {
    if text.is_empty() {
        return Some(OriginFault {
            code: ProblemCode::OriginWithoutScheme,
            what: "an origin is empty".to_owned(),
            help: WRITE_AN_ORIGIN.to_owned(),
            suggestion: None,
        });
    }
    if let Some(fault) = placeholder(text).or_else(|| regex::fault(text)) {
        return Some(fault);
    }
    if is_list(text) {
        return Some(list(text));
    }
    let bare = text.trim_matches(is_blank);
    let unescaped = bare.trim_matches('\\');
    if unescaped.starts_with(QUOTES) || unescaped.ends_with(QUOTES) {
        let is_around = |letter: char| is_blank(letter) || letter == '\\' || QUOTES.contains(&letter);
        let guess = bare.trim_matches(is_around);
        return Some(suggest(ProblemCode::OriginInQuotes, "it contains its quotes", guess));
    }
    if bare.starts_with(SEPARATORS) || bare.ends_with(SEPARATORS) {
        let guess = bare.trim_matches(|letter: char| is_blank(letter) || SEPARATORS.contains(&letter));
        let what = "it contains a separator, such as the comma at the end of a list";
        return Some(suggest(ProblemCode::OriginList, what, guess));
    }
    if text.contains(is_blank) {
        let what = "it contains white space or a control character";
        // Joining the parts would suggest a name that belongs to another site.
        if bare.contains(is_blank) {
            return Some(not_an_origin(ProblemCode::OriginWithWhiteSpace, what, WRITE_AN_ORIGIN));
        }
        return Some(suggest(ProblemCode::OriginWithWhiteSpace, what, bare));
    }
    None
}

/// Explains a text without `://`.
pub(super) fn without_scheme(text: &str) -> OriginFault {
    let code = ProblemCode::OriginWithoutScheme;
    if let Some(help) = keyword(text) {
        return not_an_origin(code, "it has no scheme", help);
    }
    if let Some((scheme, rest)) = schemes::split_broken(text) {
        let guess = format!("{scheme}://{rest}");
        return suggest(code, "its scheme does not end in `://`", &guess);
    }
    let name = text.trim_start_matches('/');
    // A server on the same machine rarely has a certificate.
    let scheme = if host::is_loopback(host_of(name).trim_end_matches('*')) { "http" } else { "https" };
    suggest(code, "it has no scheme", &format!("{scheme}://{name}"))
}

/// Finds what is wrong with the text before `://`, or directly after it.
pub(super) fn in_scheme(scheme: &str, after_scheme: &str) -> Option<OriginFault> {
    if scheme.contains('*') {
        return Some(super::misplaced_wildcard("Write one entry per scheme."));
    }
    if scheme == "file" {
        let help = "Serve the page over http instead: pages from local files have the origin `null`, or `file://` in some applications.";
        let what = "pages from local files have an opaque origin";
        return Some(not_an_origin(ProblemCode::OriginScheme, what, help));
    }
    let two_schemes = |guess: &str| Some(suggest(ProblemCode::OriginScheme, "it has two schemes", guess));
    if let Some((_, second)) = scheme.rsplit_once(':').filter(|(_, second)| serialization::is_web(second)) {
        return two_schemes(&format!("{second}://{after_scheme}"));
    }
    if !serialization::is_web(scheme) {
        return None;
    }
    if let Some((second, name)) = after_scheme.split_once("://") {
        if serialization::is_web(second) {
            return two_schemes(&format!("{second}://{name}"));
        }
    }
    let name = after_scheme.trim_start_matches(['/', '\\']);
    if name.len() < after_scheme.len() && !name.is_empty() {
        let guess = format!("{scheme}://{name}");
        let what = "more than two slashes follow its scheme";
        return Some(suggest(ProblemCode::OriginHost, what, &guess));
    }
    None
}

/// Finds a range of addresses, such as `http://192.168.0.0/16`: what follows the authority is not meant as a path.
pub(super) fn in_path(scheme: &str, authority: &str, rest: &str) -> Option<OriginFault> {
    let length = rest.strip_prefix('/')?;
    let is_length = (1..=3).contains(&length.len()) && length.bytes().all(|byte| byte.is_ascii_digit());
    let (host, _) = serialization::split_port(authority);
    let is_address = host.starts_with('[') || host::ends_in_a_number(host);
    let is_range = serialization::is_web(scheme) && is_length && is_address;
    is_range.then(|| {
        let what = "it is a range of addresses";
        not_an_origin(ProblemCode::OriginWithPath, what, hosts::LIST_EACH_ADDRESS)
    })
}

/// What people write in place of an origin, in the words of other libraries.
fn keyword(text: &str) -> Option<&'static str> {
    if ["about:", "data:", "file:", "javascript:"].iter().any(|scheme| text.starts_with(scheme)) {
        return Some("Leave it out: its pages have the origin `null`, which any site can have.");
    }
    Some(match text.to_ascii_lowercase().as_str() {
        "any" | "all" | "true" | "**" => "Write `*` alone for any origin.",
        "null" => "Write `null` in lower case for the origin `null`.",
        "self" | "same-origin" | "same_origin" | "sameorigin" => {
            "Leave it out: pages of the server's own origin need no CORS."
        }
        "undefined" => "Check the program that wrote it: its variable had no value.",
        "none" | "false" | "off" => "Write an empty list, `allow_origins = []`, to allow no origin.",
        _ => return None,
    })
}

/// A part that another program should have replaced, such as `${DOMAIN}`.
fn placeholder(text: &str) -> Option<OriginFault> {
    const STARTS: [&str; 6] = ["${", "$(", "{{", "%(", "%{", "<"];
    let is_variable = text.strip_prefix('$').is_some_and(|name| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    });
    // `%ORIGIN%` and `{tenant}`, but neither `%20` nor the `{3}` of a regular expression.
    let is_between = |open: char, close: char| {
        let after = text.split_once(open).map(|(_, after)| after);
        let name = after.and_then(|after| after.split_once(close)).map(|(name, _)| name);
        name.is_some_and(|name| {
            name.starts_with(|first: char| first.is_ascii_alphabetic())
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        })
    };
    (is_variable
        || is_between('%', '%')
        || is_between('{', '}')
        || STARTS.iter().any(|start| text.contains(start)))
    .then(|| {
        let what = "it contains a variable that was not replaced";
        let help = "Write its value, or check the program that should have replaced it.";
        not_an_origin(ProblemCode::OriginPlaceholder, what, help)
    })
}

fn is_blank(character: char) -> bool {
    character.is_whitespace() || character.is_control()
}

/// Whether the text contains several origins: more than one scheme, or a comma between two names.
fn is_list(text: &str) -> bool {
    let after_scheme = text.split_once("://").map_or(text, |(_, after_scheme)| after_scheme);
    let pieces = text.split(|character| matches!(character, ',' | ';' | '|') || is_blank(character));
    let mut names = before_path(after_scheme).split(SEPARATORS).filter(|name| !name.trim().is_empty());
    let has_brackets = text.trim_start().starts_with('[') && text.contains("://");
    names.nth(1).is_some()
        || has_brackets
        || pieces.filter(|piece| piece.contains("://")).count() > 1
        || text.bytes().all(|byte| byte == b',')
}

/// Explains a list, with its entries if all of them can be repaired.
fn list(text: &str) -> OriginFault {
    let is_between = |letter: char| SEPARATORS.contains(&letter) || letter == '|' || is_blank(letter);
    let is_around = |letter: char| QUOTES.contains(&letter) || matches!(letter, '[' | ']' | '\\');
    let pieces = text.split(is_between).map(|piece| piece.trim_matches(is_around));
    let entries: Option<Vec<_>> = pieces
        .filter(|piece| !piece.is_empty())
        .map(|piece| repair(piece).ok())
        .take(MAX_REPEATED + 1)
        .collect();
    let example = match entries {
        Some(entries) if (1..=MAX_REPEATED).contains(&entries.len()) => entries,
        _ => ["https://a.example", "https://b.example"].map(str::to_owned).to_vec(),
    };
    let help = format!("Write one origin per entry: `{example:?}`.");
    not_an_origin(ProblemCode::OriginList, "it is a list", &help)
}

/// The host of an origin without a scheme.
fn host_of(text: &str) -> &str {
    serialization::split_port(before_path(text)).0
}
