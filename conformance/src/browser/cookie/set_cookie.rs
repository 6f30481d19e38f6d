//! RFC 6265bis, section 5.6, "The Set-Cookie Header Field".

use std::time::Duration;

use cookie::{Cookie, SameSite};

/// Section 5.6, step 6: the sum of the lengths of name and value.
const MAX_NAME_AND_VALUE: usize = 4096;

/// Section 5.5, "Cookie Lifetime Limits": 400 days.
const MAX_LIFETIME: Duration = Duration::from_secs(400 * 24 * 60 * 60);

/// A `Set-Cookie` line, parsed.
#[derive(Debug)]
pub(super) struct SetCookie {
    pub(super) name: String,
    pub(super) value: String,
    /// When it expires, unless it lives as long as the session.
    pub(super) expires: Option<Duration>,
    /// In lower case, without a leading dot.
    pub(super) domain: Option<String>,
    /// Only one that begins with a slash.
    pub(super) path: Option<String>,
    pub(super) secure: bool,
    pub(super) same_site: Option<SameSite>,
}

impl SetCookie {
    /// Parses a line; `None` means that it is ignored.
    pub(super) fn parse(line: &[u8], now: Duration) -> Option<Self> {
        let line = str::from_utf8(line).ok()?;
        // Section 5.6, step 1: control characters but HTAB.
        if line.bytes().any(|byte| (byte < 0x20 && byte != b'\t') || byte == 0x7f) {
            return None;
        }
        // Section 5.6, step 3: without `=` the whole pair is the value of a cookie without a name.
        let pair = line.split(';').next().unwrap_or_default();
        let is_nameless = pair.split_once('=').is_none_or(|(name, _)| name.trim().is_empty());
        let rewritten;
        let line = if is_nameless {
            rewritten = format!("nameless={}", line.trim_start().trim_start_matches('='));
            &rewritten
        } else {
            line
        };
        let cookie = Cookie::parse(line).ok()?;
        let name = if is_nameless { String::new() } else { cookie.name().to_owned() };
        let value = cookie.value().to_owned();
        if name.len() + value.len() > MAX_NAME_AND_VALUE || (name.is_empty() && value.is_empty()) {
            return None;
        }
        Some(Self {
            name,
            value,
            expires: expires(&cookie, now),
            domain: cookie.domain().filter(|domain| !domain.is_empty()).map(str::to_ascii_lowercase),
            path: cookie.path().filter(|path| path.starts_with('/')).map(str::to_owned),
            secure: cookie.secure().unwrap_or(false),
            same_site: cookie.same_site(),
        })
    }
}

/// Section 5.7, step 6: `Max-Age` before `Expires`.
fn expires(cookie: &Cookie<'_>, now: Duration) -> Option<Duration> {
    let limit = now + MAX_LIFETIME;
    if let Some(max_age) = cookie.max_age() {
        // Section 5.6.2: zero and less is the earliest representable time.
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
    fn names_and_values(#[case] line: &str, #[case] expected: Option<(&str, &str)>) {
        let cookie = SetCookie::parse(line.as_bytes(), NOW);
        assert_eq!(cookie.as_ref().map(|cookie| (cookie.name.as_str(), cookie.value.as_str())), expected);
    }

    #[rstest]
    #[case(4095, true)]
    #[case(4096, false)]
    fn a_cookie_has_at_most_4096_bytes(#[case] length: usize, #[case] accepted: bool) {
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
        assert!(cookie.secure);
        assert_eq!(cookie.same_site, Some(SameSite::Strict));

        let cookie = SetCookie::parse(b"a=b; Domain=; Path=x; SameSite=maybe", NOW).unwrap();
        assert_eq!((cookie.domain, cookie.path, cookie.secure, cookie.same_site), (None, None, false, None));
    }
}
