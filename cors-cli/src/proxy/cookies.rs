//! Cookies of a remote server, for a browser that talks to this machine without TLS.

use http::HeaderValue;

use super::Target;

/// The names that need `Secure` (RFC 6265bis, section 4.1.3). Without it the browser would refuse the cookie.
const SECURE_PREFIXES: [&[u8]; 2] = [b"__secure-", b"__host-"];

/// A `Set-Cookie` line with the path as seen through the proxy. With `local` it has no `Domain`, so that it belongs to the proxy's
/// host, and neither `Secure` nor what needs it.
pub(super) fn rewrite(line: &HeaderValue, target: &Target, prefix: &str, local: bool) -> HeaderValue {
    let mut parts = line.as_bytes().split(|byte| *byte == b';');
    let cookie = parts.next().unwrap_or_default();
    let needs_secure = {
        let name = cookie.trim_ascii_start().to_ascii_lowercase();
        SECURE_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
    };
    let is_host_cookie = cookie.trim_ascii_start().to_ascii_lowercase().starts_with(SECURE_PREFIXES[1]);
    let mut text = cookie.to_vec();
    for part in parts {
        let attribute = part.trim_ascii();
        let (name, value) = match attribute.iter().position(|byte| *byte == b'=') {
            Some(position) => (attribute[..position].trim_ascii(), attribute[position + 1..].trim_ascii()),
            None => (attribute, &b""[..]),
        };
        let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
        let needs_https =
            is("secure") || is("partitioned") || is("samesite") && value.eq_ignore_ascii_case(b"none");
        if local && (is("domain") || needs_https && !needs_secure) {
            continue;
        }
        // The path of such a cookie has to be `/`.
        if is("path") && !is_host_cookie {
            let path = std::str::from_utf8(value).ok().and_then(|path| target.cookie_path(path, prefix));
            if let Some(path) = path {
                text.extend_from_slice(b"; Path=");
                text.extend_from_slice(path.as_bytes());
                continue;
            }
        }
        text.push(b';');
        text.extend_from_slice(part);
    }
    // The bytes are those of a valid value.
    HeaderValue::from_bytes(&text).unwrap_or_else(|_| line.clone())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("a=1; Domain=example.com; Secure; HttpOnly", "a=1; HttpOnly")]
    #[case("a=1;domain=.example.com;SECURE;SameSite=None;Partitioned;Max-Age=5", "a=1;Max-Age=5")]
    #[case("a=1; SameSite=Strict; Path=/", "a=1; SameSite=Strict; Path=/")]
    #[case("__Secure-a=1; Secure; Domain=example.com; SameSite=None", "__Secure-a=1; Secure; SameSite=None")]
    #[case("__Host-a=1; Secure; Path=/", "__Host-a=1; Secure; Path=/")]
    #[case("a=Secure", "a=Secure")]
    #[case("", "")]
    fn local_cookies(#[case] line: &'static str, #[case] expected: &str) {
        let target = "https://api.example.com".parse().unwrap();
        assert_eq!(rewrite(&HeaderValue::from_static(line), &target, "", true), expected);
    }

    #[rstest]
    #[case("a=1; Path=/v1/x; Secure", "a=1; Path=/api/x; Secure")]
    #[case("a=1; Path=/v1", "a=1; Path=/api")]
    #[case("a=1; Path=/", "a=1; Path=/api")]
    #[case("a=1; Path=/other", "a=1; Path=/api")]
    #[case("a=1; Domain=example.com", "a=1; Domain=example.com")]
    #[case("__Host-a=1; Secure; Path=/", "__Host-a=1; Secure; Path=/")]
    fn paths(#[case] line: &'static str, #[case] expected: &str) {
        let target = "https://api.example.com/v1".parse().unwrap();
        assert_eq!(rewrite(&HeaderValue::from_static(line), &target, "/api", false), expected);
    }
}
