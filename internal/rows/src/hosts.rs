//! Gives each row hosts of its own, so that many rows can be played in one browser.
//!
//! Preflight caches, cookies and logins belong to hosts. The page's own host, `app.example`, stays, so that rows can share a page.

use std::collections::BTreeSet;

use toml::Value;
use url::Url;

use cors_browser::{Fetched, Outcome};

const SUFFIX: &str = ".example";
const PAGE: &str = "app";

/// Renames the hosts in all strings of a value: `api.example` becomes `api-17.example`.
pub(crate) fn number_hosts(value: &mut Value, number: usize) {
    match value {
        Value::String(text) => *text = with_number(text, number),
        Value::Array(values) => values.iter_mut().for_each(|value| number_hosts(value, number)),
        Value::Table(table) => table.iter_mut().for_each(|(_, value)| number_hosts(value, number)),
        _ => {}
    }
}

/// Renames the hosts in a text.
pub(crate) fn with_number(text: &str, number: usize) -> String {
    let mut numbered = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(end) = rest.find(SUFFIX) {
        let (before, after) = rest.split_at(end);
        numbered.push_str(before);
        let label = before.rsplit(|char: char| !char.is_ascii_alphanumeric() && char != '-').next();
        if label.is_some_and(|label| !label.is_empty() && !label.eq_ignore_ascii_case(PAGE)) {
            numbered.push_str(&format!("-{number}"));
        }
        numbered.push_str(SUFFIX);
        rest = &after[SUFFIX.len()..];
    }
    numbered + rest
}

/// All hosts under `.example` in the strings of a value.
pub(crate) fn hosts(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => {
            let is_of_host = |char: char| char.is_ascii_alphanumeric() || matches!(char, '-' | '.');
            let words = text.split(|char| !is_of_host(char)).map(str::to_ascii_lowercase);
            found.extend(words.filter(|word| word.ends_with(SUFFIX) && word.len() > SUFFIX.len()));
        }
        Value::Array(values) => values.iter().for_each(|value| hosts(value, found)),
        Value::Table(table) => table.iter().for_each(|(_, value)| hosts(value, found)),
        _ => {}
    }
}

/// Undoes the renaming in what a browser showed.
pub fn without_numbers(fetched: &Fetched, number: usize) -> Fetched {
    let text = |text: &str| text.replace(&format!("-{number}{SUFFIX}"), SUFFIX);
    let bytes = |bytes: &[u8]| match std::str::from_utf8(bytes) {
        Ok(valid) => text(valid).into_bytes(),
        Err(_) => bytes.to_vec(),
    };
    let url = |url: &Url| Url::parse(&text(url.as_str())).unwrap_or_else(|_| url.clone());
    let mut fetched = fetched.clone();
    for exchange in &mut fetched.exchanges {
        exchange.request.url = url(&exchange.request.url);
        exchange.request.headers.iter_mut().for_each(|(_, value)| *value = bytes(value));
        if let Ok(response) = &mut exchange.response {
            response.headers.iter_mut().for_each(|(_, value)| *value = bytes(value));
        }
    }
    if let Outcome::Response(response) = &mut fetched.outcome {
        response.url = response.url.as_ref().map(url);
        response.headers.iter_mut().for_each(|(_, value)| *value = text(value));
    }
    fetched
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("https://api.example/x", "https://api-17.example/x")]
    #[case(
        "https://a.api.example:8443, https://b.example",
        "https://a.api-17.example:8443, https://b-17.example"
    )]
    #[case("https://app.example", "https://app.example")]
    #[case("https://APP.example", "https://APP.example")]
    #[case("https://www.app.example", "https://www.app.example")]
    #[case("https://app.example.evil.example", "https://app.example.evil-17.example")]
    #[case("no host, .example", "no host, .example")]
    fn hosts(#[case] text: &str, #[case] numbered: &str) {
        assert_eq!(with_number(text, 17), numbered);
    }
}
