//! Regular expressions, which other libraries take.

use std::str::Chars;

use super::fault::{not_an_origin, suggest};
use super::{OriginFault, before_path, schemes};
use crate::origin::host;
use crate::policy::ProblemCode;

/// Explains a regular expression, with the pattern that means the same if there is one.
pub(super) fn fault(text: &str) -> Option<OriginFault> {
    is_regex(text).then(|| {
        let what = "it is a regular expression";
        // What is still an expression has parts that were not understood.
        match translate(text).filter(|pattern| !is_regex(pattern)) {
            Some(pattern) => suggest(ProblemCode::OriginRegex, what, &pattern),
            None => {
                let help = "Write a pattern such as `https://*.example.com`, or `*` alone for any origin.";
                not_an_origin(ProblemCode::OriginRegex, what, help)
            }
        }
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
        || host.contains(['(', '^', '{'])
        || host.contains('|') && text.matches("://").count() < 2
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
    let mut text = text.trim_start_matches('^').replace("\\/", "/").replace("\\:", ":");
    for either in ["(https?://)?", "(https?://)", "(http|https)://", "(https|http)://", "(?:https?://)"] {
        text = text.replace(either, "https?://");
    }
    let (scheme, host) = text.split_once("://").unwrap_or(("", &text));
    let host = sequence(&mut host.chars(), 0)?;
    let is_local = host::is_loopback(host.split(':').next()?);
    let scheme = match scheme {
        "" if !is_local && !host.contains('.') => return None,
        "https?" | "" if is_local => "http",
        "https?" | "" => "https",
        scheme if schemes::is_known(scheme) => scheme,
        _ => return None,
    };
    // `.*example.com` also matches names of strangers, which is never meant.
    let is_name = |rest: &str| rest.starts_with(|first: char| first.is_ascii_alphanumeric());
    match host.strip_prefix('*').filter(|rest| is_name(rest)) {
        Some(name) => Some(format!("{scheme}://*.{name}")),
        None => Some(format!("{scheme}://{host}")),
    }
}

/// A part of an expression.
enum Atom {
    Literal(char),
    /// `.`, which people also write for a literal dot.
    Dot,
    /// A class of characters, such as `[a-z]` or `\d`.
    Class,
    Group(String),
}

/// How often a part occurs.
#[derive(PartialEq)]
enum Quantifier {
    Once,
    Optional,
    Many,
}

/// The deepest nesting of groups that is translated.
const MAX_DEPTH: usize = 4;

/// Translates the parts up to the end, or up to the `)` that ends their group.
fn sequence(rest: &mut Chars<'_>, depth: usize) -> Option<String> {
    let mut pattern = String::new();
    while let Some(letter) = rest.next() {
        let atom = match letter {
            ')' => break,
            '|' => return None,
            '$' => continue,
            '.' => Atom::Dot,
            '[' => {
                rest.find(|letter| *letter == ']')?;
                Atom::Class
            }
            '\\' => match rest.next()? {
                'd' | 'w' | 'S' => Atom::Class,
                escaped => Atom::Literal(escaped),
            },
            '(' if depth < MAX_DEPTH => {
                if let Some(inner) = rest.as_str().strip_prefix("?:") {
                    *rest = inner.chars();
                }
                Atom::Group(sequence(rest, depth + 1)?)
            }
            '(' => return None,
            literal => Atom::Literal(literal),
        };
        match (atom, quantifier(rest)) {
            (Atom::Literal(literal), Quantifier::Once) => pattern.push(literal),
            (Atom::Dot, Quantifier::Once) => pattern.push('.'),
            (Atom::Dot | Atom::Class, Quantifier::Many) => pattern.push('*'),
            (Atom::Group(inner), Quantifier::Once) => pattern.push_str(&inner),
            (Atom::Group(inner), _) if ["*.", ":*"].contains(&inner.as_str()) => pattern.push_str(&inner),
            _ => return None,
        }
    }
    Some(pattern)
}

fn quantifier(rest: &mut Chars<'_>) -> Quantifier {
    let mut quantifier = Quantifier::Once;
    while let Some(letter @ ('?' | '*' | '+' | '{')) = rest.as_str().chars().next() {
        rest.next();
        if letter == '{' {
            rest.find(|letter| *letter == '}');
        }
        // A second one, as in `.*?`, only says how to search.
        if quantifier == Quantifier::Once {
            quantifier = if letter == '?' { Quantifier::Optional } else { Quantifier::Many };
        }
    }
    quantifier
}
