//! Policy files, patterns and origins.

use cors_core::{Origin, Policy};
use cors_naive::{NaivePolicy, files, is_entry, is_origin};

/// Whether a text can have Punycode in it. The core does not decode the Punycode of requests, and the naive implementation refuses what is
/// not valid. Browsers send only valid Punycode.
pub(crate) fn has_punycode(text: &[u8]) -> bool {
    text.to_ascii_lowercase().windows(4).any(|bytes| bytes == b"xn--")
}

/// A policy file in TOML or JSON: what is accepted reads back as it was written, and what is refused has a readable message.
///
/// No accepted policy gives credentials to every origin.
pub fn policy_file(data: &[u8]) {
    for builder in files::read(data) {
        if let Err(error) = files::check(builder.clone()) {
            panic!("{error}");
        }
        match builder.build() {
            Ok(policy) => {
                assert!(!(policy.allows_any_origin() && policy.allow_credentials()));
                for rule in policy.rules() {
                    assert!(!(rule.allow_origins().any(|entry| entry == "*") && rule.allow_credentials()));
                }
            }
            Err(error) => {
                let message = error.to_string();
                assert!(message.len() <= 1_000 + 600 * data.len(), "{} of {}", message.len(), data.len());
            }
        }
    }
}

/// A pattern in the first line, and origins in the others.
///
/// The pattern is accepted if the naive implementation accepts it, an accepted one reads back as it was written, and it contains the
/// same origins for both.
pub fn origin_pattern(data: &[u8]) {
    let mut lines = data.split(|&byte| byte == b'\n');
    let Some(Ok(pattern)) = lines.next().map(std::str::from_utf8) else { return };
    let policy = match Policy::builder().allow_origins([pattern]).build() {
        Ok(policy) => policy,
        Err(error) => {
            assert!(!is_entry(pattern), "{error}");
            let [problem] = error.problems() else { panic!("{error}") };
            assert_eq!(problem.field(), "allow_origins[0]");
            assert!(error.to_string().len() <= 2_000 + 20 * pattern.len(), "{error}");
            return;
        }
    };
    assert!(is_entry(pattern), "{pattern}");
    assert_eq!(policy.allow_origins().collect::<Vec<_>>(), [pattern]);
    let naive = NaivePolicy { origins: vec![pattern.to_owned()], ..NaivePolicy::default() };
    let example = pattern.replace('*', "1");
    for origin in lines.chain([example.as_bytes()]).filter(|origin| !has_punycode(origin)) {
        assert_eq!(policy.allows_origin(origin), naive.allows_origin(origin), "{pattern} {origin:?}");
    }
}

/// An origin: it is taken apart if the naive implementation says that browsers send it, the parts make the same text again, and a policy
/// that lists it allows it and not its neighbours.
pub fn origin(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    // The core takes `file://2` apart, and the naive implementation does not. Browsers send only `file://`.
    if text.len() > "file://".len() && text.starts_with("file://") {
        return;
    }
    let has_host = is_origin(text) && text != "null" && text != "file://";
    let Some(origin) = Origin::parse(text) else {
        assert!(!has_host, "{text}");
        return;
    };
    assert!(has_host || has_punycode(data), "{text}");
    let port = origin.port().map(|port| format!(":{port}")).unwrap_or_default();
    assert_eq!(format!("{}://{}{port}", origin.scheme(), origin.host()), text);
    assert_eq!(origin.as_str(), text);
    let Ok(policy) = Policy::builder().allow_origins([text]).build() else {
        assert!(!is_entry(text), "{text}");
        return;
    };
    assert!(policy.allows_origin(data));
    for neighbour in
        [format!("{text}."), format!("{text}0"), format!("{text}/"), text.to_uppercase(), format!("a{text}")]
    {
        assert!(neighbour == text || !policy.allows_origin(neighbour.as_bytes()), "{neighbour}");
    }
}
