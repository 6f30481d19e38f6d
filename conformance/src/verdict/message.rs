//! Headers and bodies, of requests and responses.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Mismatches;
use super::render::text;
use crate::scenario::MessageExpectation;

type Lines = [(String, Vec<u8>)];

pub(super) fn check(expected: &MessageExpectation, lines: &Lines, body: &[u8], mismatches: &mut Mismatches) {
    for (name, value) in &expected.headers {
        check_lines(name, std::slice::from_ref(value), lines, mismatches);
    }
    for (name, values) in &expected.lines {
        check_lines(name, values, lines, mismatches);
    }
    for pattern in &expected.absent {
        for (name, value) in lines.iter().filter(|(name, _)| pattern.matches(name)) {
            let name = text(name.as_bytes());
            mismatches.add(format!("no `{pattern}`"), format!("`{name}: {}`", text(value)));
        }
    }
    for (name, tokens) in &expected.tokens {
        let members = members(name, lines);
        if tokens.iter().any(|token| count(&members, token) != 1) {
            mismatches
                .add(format!("{} once each in `{name}`", list(tokens)), describe_members(name, &members));
        }
    }
    for (name, tokens) in &expected.no_tokens {
        let members = members(name, lines);
        if tokens.iter().any(|token| count(&members, token) > 0) {
            mismatches.add(format!("no {} in `{name}`", list(tokens)), describe_members(name, &members));
        }
    }
    for (name, tokens) in &expected.only_tokens {
        let members = members(name, lines);
        if tokens.len() != members.len() || tokens.iter().any(|token| count(&members, token) != 1) {
            mismatches.add(format!("`{name}` to be {}", list(tokens)), describe_members(name, &members));
        }
    }
    if expected.no_body && !body.is_empty() {
        mismatches.add("no body", format!("{} bytes: `{}`", body.len(), text(body)));
    }
    check_body(expected.body.as_deref(), &expected.body_contains, &expected.body_json, body, mismatches);
}

pub(super) fn check_body(
    whole: Option<&str>,
    parts: &[String],
    pointers: &BTreeMap<String, Value>,
    body: &[u8],
    mismatches: &mut Mismatches,
) {
    if let Some(whole) =
        whole.filter(|whole| whole.as_bytes() != body && !is_same_json(whole.as_bytes(), body))
    {
        mismatches.add(format!("the body `{whole}`"), format!("`{}`", text(body)));
    }
    for part in parts {
        if !String::from_utf8_lossy(body).contains(part) {
            mismatches.add(format!("`{part}` in the body"), format!("`{}`", text(body)));
        }
    }
    if pointers.is_empty() {
        return;
    }
    let Ok(json) = serde_json::from_slice::<Value>(body) else {
        mismatches.add("a body of JSON", format!("`{}`", text(body)));
        return;
    };
    for (pointer, expected) in pointers {
        match json.pointer(pointer) {
            Some(value) if value == expected => {}
            Some(value) => {
                mismatches.add(format!("{expected} at {pointer}"), text(value.to_string().as_bytes()));
            }
            None => mismatches.add(format!("{expected} at {pointer}"), "nothing there"),
        }
    }
}

/// Whether two texts are the same JSON, up to white space.
fn is_same_json(one: &[u8], other: &[u8]) -> bool {
    let parse = |text| serde_json::from_slice::<Value>(text).ok();
    parse(one).is_some_and(|one| parse(other) == Some(one))
}

fn check_lines(name: &str, expected: &[String], lines: &Lines, mismatches: &mut Mismatches) {
    let seen: Vec<&[u8]> = of_name(name, lines).collect();
    if seen.iter().copied().eq(expected.iter().map(String::as_bytes)) {
        return;
    }
    let describe = |values: Vec<String>| match values.len() {
        0 => format!("no `{name}`"),
        _ => values.iter().map(|value| format!("`{name}: {value}`")).collect::<Vec<_>>().join(" and "),
    };
    mismatches.add(describe(expected.to_vec()), describe(seen.into_iter().map(text).collect::<Vec<_>>()));
}

fn of_name<'a>(wanted: &'a str, lines: &'a Lines) -> impl Iterator<Item = &'a [u8]> {
    lines.iter().filter(move |(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.as_slice())
}

/// The members of the list in all lines of a header (RFC 9110, section 5.6.1), without empty ones.
fn members(name: &str, lines: &Lines) -> Vec<String> {
    of_name(name, lines)
        .flat_map(|line| line.split(|&byte| byte == b','))
        .map(|member| String::from_utf8_lossy(member.trim_ascii()).into_owned())
        .filter(|member| !member.is_empty())
        .collect()
}

fn count(members: &[String], token: &str) -> usize {
    members.iter().filter(|member| member.eq_ignore_ascii_case(token)).count()
}

fn list(tokens: &[String]) -> String {
    if tokens.is_empty() { "empty".to_owned() } else { format!("`{}`", tokens.join(", ")) }
}

fn describe_members(name: &str, members: &[String]) -> String {
    if members.is_empty() {
        format!("no `{name}`")
    } else {
        format!("`{name}: {}`", text(members.join(", ").as_bytes()))
    }
}
