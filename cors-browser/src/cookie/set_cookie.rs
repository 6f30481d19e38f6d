//! RFC 6265bis, section 5.6, "The Set-Cookie Header Field".

use std::time::Duration;

use cookie::{Cookie, SameSite};

use crate::header::trim;

/// Section 5.6, step 5: the maximum length of name and value together, in bytes.
const MAX_NAME_AND_VALUE: usize = 4096;

/// Section 5.6, step 6 for attributes: the maximum length of a value, in bytes.
const MAX_ATTRIBUTE_VALUE: usize = 1024;

/// Section 5.5, "Cookie Lifetime Limits": 400 days.
const MAX_LIFETIME: Duration = Duration::from_secs(400 * 24 * 60 * 60);

/// A parsed `Set-Cookie` line.
#[derive(Clone, Debug)]
pub(crate) struct SetCookie {
    /// Bytes in any encoding, like the value.
    pub(crate) name: Vec<u8>,
    pub(crate) value: Vec<u8>,
    /// The expiry time since the Unix epoch; `None` for a session cookie.
    pub(crate) expires: Option<Duration>,
    /// In lower case, without a leading dot.
    pub(crate) domain: Option<String>,
    /// Only a path that begins with a slash.
    pub(crate) path: Option<String>,
    pub(crate) secure: bool,
    pub(crate) http_only: bool,
    /// The values of the `SameSite` attributes in order; `None` for a value that is not known.
    pub(crate) same_site: Vec<Option<SameSite>>,
    pub(crate) partitioned: bool,
}

impl SetCookie {
    /// Parses a line. Returns `None` if the line is ignored.
    pub(crate) fn parse(line: &[u8], now: Duration) -> Option<Self> {
        // Section 5.6, step 1: control characters other than tab.
        if line.iter().any(|&byte| (byte < 0x20 && byte != b'\t') || byte == 0x7f) {
            return None;
        }
        // Step 2.
        let mut parts = line.split(|&byte| byte == b';');
        let pair = parts.next().unwrap_or_default();
        // Steps 3 and 4: without `=`, the whole pair is the value of a cookie without a name.
        let (name, value) = split_at_equals(pair).unwrap_or((b"", pair));
        let (name, value) = (trim(name), trim(value));
        // Step 5, and section 5.7, step 2.
        if name.len() + value.len() > MAX_NAME_AND_VALUE || (name.is_empty() && value.is_empty()) {
            return None;
        }
        let same_site = parts.clone().filter_map(same_site).collect();
        let cookie = attributes(parts)?;
        Some(Self {
            name: name.to_owned(),
            value: value.to_owned(),
            expires: expires(&cookie, now),
            domain: cookie.domain().filter(|domain| !domain.is_empty()).map(str::to_ascii_lowercase),
            path: cookie.path().filter(|path| path.starts_with('/')).map(str::to_owned),
            secure: cookie.secure().unwrap_or(false),
            http_only: cookie.http_only().unwrap_or(false),
            same_site,
            partitioned: cookie.partitioned().unwrap_or(false),
        })
    }
}

fn split_at_equals(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let equals = text.iter().position(|&byte| byte == b'=')?;
    Some((&text[..equals], &text[equals + 1..]))
}

/// Section 5.6.7, "The SameSite Attribute": the value of an attribute; `None` if it is another attribute.
fn same_site(attribute: &[u8]) -> Option<Option<SameSite>> {
    let (name, value) = split_at_equals(attribute).unwrap_or((attribute, b""));
    if !trim(name).eq_ignore_ascii_case(b"samesite") || trim(value).len() > MAX_ATTRIBUTE_VALUE {
        return None;
    }
    let known = [SameSite::Strict, SameSite::Lax, SameSite::None];
    Some(known.into_iter().find(|known| trim(value).eq_ignore_ascii_case(known.to_string().as_bytes())))
}

/// Section 5.6, the algorithm for attributes: a cookie with a placeholder name and these attributes.
fn attributes<'a>(parts: impl Iterator<Item = &'a [u8]>) -> Option<Cookie<'static>> {
    let mut line = "name=value".to_owned();
    for part in parts {
        let (_, value) = split_at_equals(part).unwrap_or((part, b""));
        // Step 6.
        if trim(value).len() <= MAX_ATTRIBUTE_VALUE {
            line.push(';');
            // Attributes with bytes beyond ASCII have no effect: such a domain or path matches no URL.
            line.push_str(&String::from_utf8_lossy(part));
        }
    }
    Cookie::parse(line).ok()
}

/// Section 5.7, step 6: `Max-Age` takes precedence over `Expires`.
fn expires(cookie: &Cookie<'_>, now: Duration) -> Option<Duration> {
    let limit = now + MAX_LIFETIME;
    if let Some(max_age) = cookie.max_age() {
        // Section 5.6.2: zero and negative numbers are the earliest representable time.
        let seconds = u64::try_from(max_age.whole_seconds()).unwrap_or(0);
        return Some(if seconds == 0 {
            Duration::ZERO
        } else {
            now.saturating_add(Duration::from_secs(seconds)).min(limit)
        });
    }
    let date = cookie.expires_datetime()?;
    let seconds = u64::try_from(date.unix_timestamp()).unwrap_or(0);
    Some(Duration::from_secs(seconds).min(limit))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const NOW: Duration = Duration::from_secs(1_700_000_000);

    #[rstest]
    #[case("a=b", Some(("a", "b")))]
    #[case(" a = b ; Path=/", Some(("a", "b")))]
    #[case("a=b=c", Some(("a", "b=c")))]
    #[case("a=", Some(("a", "")))]
    #[case("value", Some(("", "value")))]
    #[case("=value", Some(("", "value")))]
    #[case("a=\"q\"", Some(("a", "\"q\"")))]
    #[case("", None)]
    #[case("=", None)]
    #[case("a=b\u{1}", None)]
    #[case("a=b\u{7f}", None)]
    #[case("==value", Some(("", "=value")))]
    #[case(" = ", None)]
    #[case("a=\tb\t", Some(("a", "b")))]
    #[case("a=b\u{e9}", Some(("a", "b\u{e9}")))]
    fn names_and_values(#[case] line: &str, #[case] expected: Option<(&str, &str)>) {
        let cookie = SetCookie::parse(line.as_bytes(), NOW);
        let octets = expected.map(|(name, value)| (name.as_bytes(), value.as_bytes()));
        assert_eq!(cookie.as_ref().map(|cookie| (&cookie.name[..], &cookie.value[..])), octets);
    }

    #[test]
    fn bytes_in_any_encoding_are_kept() {
        let cookie = SetCookie::parse(b"\xff=\xc3\xa0\xe9\xa0; Path=/\xff; Secure; \xe9", NOW).unwrap();
        assert_eq!((&cookie.name[..], &cookie.value[..]), (&b"\xff"[..], &b"\xc3\xa0\xe9\xa0"[..]));
        assert!(cookie.secure);
    }

    #[rstest]
    #[case(1024, "/p")]
    #[case(1025, "/")]
    fn an_attribute_of_more_than_1024_bytes_is_ignored(#[case] length: usize, #[case] path: &str) {
        let long = format!("/p{}", "p".repeat(length - 2));
        let cookie = SetCookie::parse(format!("a=b; Path=/; Path= {long} ; Secure").as_bytes(), NOW).unwrap();
        assert!(cookie.secure);
        assert_eq!(cookie.path.map(|it| it.chars().take(2).collect::<String>()).as_deref(), Some(path));
    }

    #[rstest]
    #[case(4095, true)]
    #[case(4096, false)]
    fn a_cookie_of_more_than_4096_bytes_is_ignored(#[case] length: usize, #[case] accepted: bool) {
        let line = format!("a={}; Path=/{}", "v".repeat(length), "p".repeat(100));
        assert_eq!(SetCookie::parse(line.as_bytes(), NOW).is_some(), accepted);
    }

    #[rstest]
    #[case("a=b", None)]
    #[case("a=b; Max-Age=60", Some(1_700_000_060))]
    #[case("a=b; Max-Age=0", Some(0))]
    #[case("a=b; Max-Age=-1", Some(0))]
    #[case("a=b; Max-Age=x", None)]
    #[case("a=b; Expires=Wed, 21 Oct 2015 07:28:00 GMT", Some(1_445_412_480))]
    #[case("a=b; Max-Age=60; Expires=Wed, 21 Oct 2015 07:28:00 GMT", Some(1_700_000_060))]
    #[case("a=b; Max-Age=999999999", Some(1_734_560_000))]
    #[case("a=b; Expires=Fri, 31 Dec 2100 23:59:59 GMT", Some(1_734_560_000))]
    fn lifetimes(#[case] line: &str, #[case] expires: Option<u64>) {
        let cookie = SetCookie::parse(line.as_bytes(), NOW).unwrap();
        assert_eq!(cookie.expires, expires.map(Duration::from_secs));
    }

    #[test]
    fn attributes() {
        let line = b"a=b; domain=.Example.COM; PATH=/x; secure; HttpOnly; samesite=STRICT";
        let cookie = SetCookie::parse(line, NOW).unwrap();
        assert_eq!(cookie.domain.as_deref(), Some("example.com"));
        assert_eq!(cookie.path.as_deref(), Some("/x"));
        assert!(cookie.secure && cookie.http_only);
        assert_eq!(cookie.same_site, [Some(SameSite::Strict)]);

        let line = b"a=b; SameSite=Lax; samesite = none ; SameSite; Partitioned=x";
        let cookie = SetCookie::parse(line, NOW).unwrap();
        assert_eq!(cookie.same_site, [Some(SameSite::Lax), Some(SameSite::None), None]);
        assert!(cookie.partitioned);

        let cookie = SetCookie::parse(b"a=b; Domain=; Path=x; SameSite=maybe", NOW).unwrap();
        assert_eq!((cookie.domain, cookie.path, cookie.same_site), (None, None, vec![None]));
        assert!(!cookie.secure && !cookie.http_only);
    }
}
