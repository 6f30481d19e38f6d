//! Parsers for the arguments of a check. Their errors say what to write instead.

use std::time::Duration;

use url::Url;

use super::lists;
use cors_browser::Origin;

/// The longest time limit, in seconds: one day.
const LONGEST_SECONDS: f64 = 86_400.0;

/// Parses a URL with its scheme.
///
/// # Errors
///
/// What is wrong, and what to write instead.
pub fn url(text: &str) -> Result<Url, String> {
    let help = "write a URL such as `https://api.example.com/users`";
    match Url::parse(text) {
        Ok(url) if url.has_host() && matches!(url.scheme(), "http" | "https" | "ws" | "wss") => Ok(url),
        Ok(url) if !is_host_and_port(text) => Err(format!(
            "only `https:`, `http:`, `wss:` and `ws:` URLs can be checked, and this one has the scheme `{}:`; {help}",
            url.scheme()
        )),
        Err(error) if error != url::ParseError::RelativeUrlWithoutBase || text.contains("://") => {
            Err(format!("not a valid URL: {error}; {help}"))
        }
        Ok(_) | Err(_) => {
            let rest = text.trim_start_matches('/');
            Err(format!("the scheme is missing; write `https://{rest}` or `http://{rest}`"))
        }
    }
}

/// Whether a text starts with a host and a port. `localhost:3000/x` parses as a URL with the scheme `localhost`.
fn is_host_and_port(text: &str) -> bool {
    let Some((_, rest)) = text.split_once(':') else { return false };
    let port = rest.split(['/', '?', '#']).next().unwrap_or_default();
    !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit())
}

/// Parses an origin as browsers serialize it, or that of an app or an extension, such as `capacitor://localhost`.
///
/// # Errors
///
/// What is wrong, and what to write instead.
pub fn origin(text: &str) -> Result<Origin, String> {
    if text.contains('*') {
        return Err("a page has one origin, without `*`; write an origin such as `https://app.example.com`"
            .to_owned());
    }
    if text.eq_ignore_ascii_case("null") && text != "null" {
        return Err("browsers write the opaque origin in lower case; write `null`".to_owned());
    }
    let parsed = Origin::parse(text).filter(is_of_page).or_else(|| app_origin(text));
    if let Some(origin) = parsed {
        return Ok(origin);
    }
    let meant = Url::parse(text).ok().filter(Url::has_host).or_else(|| {
        let with_scheme = format!("https://{text}");
        Url::parse(&with_scheme).ok().filter(|_| !text.contains("://"))
    });
    let meant = meant.map(|url| Origin::of(&url)).map(|origin| match origin {
        Origin::Tuple { scheme, host, port } if matches!(scheme.as_str(), "ws" | "wss") => {
            Origin::Tuple { scheme: scheme.replace("ws", "http"), host, port }
        }
        origin => origin,
    });
    let meant = meant.filter(|origin| *origin != Origin::Opaque && is_of_page(origin));
    Err(match meant {
        Some(origin) => format!("an origin is a scheme, a host and a port as browsers write them; write `{origin}`"),
        None => "an origin is a scheme, a host and a port; write an origin such as `https://app.example.com`, or `null`"
            .to_owned(),
    })
}

/// Whether pages can have an origin. Servers of WebSockets and files have no pages.
fn is_of_page(origin: &Origin) -> bool {
    !matches!(origin, Origin::Tuple { scheme, .. } if matches!(scheme.as_str(), "ws" | "wss" | "ftp"))
}

/// The origin of an app or an extension: a scheme that is not one of the web's, and a host.
fn app_origin(text: &str) -> Option<Origin> {
    const OPAQUE: [&str; 12] = [
        "about",
        "blob",
        "data",
        "file",
        "filesystem",
        "ftp",
        "http",
        "https",
        "javascript",
        "mailto",
        "ws",
        "wss",
    ];
    let url = Url::parse(text).ok()?;
    let (scheme, host) = (url.scheme(), url.host_str().filter(|host| !host.is_empty())?);
    if OPAQUE.contains(&scheme) {
        return None;
    }
    let origin =
        Origin::Tuple { scheme: scheme.to_owned(), host: host.to_ascii_lowercase(), port: url.port() };
    (origin.to_string() == text).then_some(origin)
}

/// Parses a later fetch: a URL, or a method and a URL.
///
/// # Errors
///
/// What is wrong, and what to write instead.
pub fn later_fetch(text: &str) -> Result<(Option<String>, Url), String> {
    match text.trim().rsplit_once(char::is_whitespace) {
        Some((method, rest)) if lists::is_token(method.trim_end()) => {
            Ok((Some(method.trim_end().to_owned()), url(rest)?))
        }
        Some(_) => {
            Err("write a URL, or a method and a URL, such as `PUT https://api.example.com/users`".to_owned())
        }
        None => Ok((None, url(text.trim())?)),
    }
}

/// Parses a field of a form: `name=value`.
///
/// # Errors
///
/// What to write instead.
pub fn field(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) => Ok((name.to_owned(), value.to_owned())),
        None => Err("a field is a name, an equals sign and a value; write `name=value`".to_owned()),
    }
}

/// Parses a cookie as in a `Set-Cookie` header: `name=value; Attribute`.
///
/// # Errors
///
/// What to write instead.
pub fn cookie(text: &str) -> Result<String, String> {
    let pair = text.split(';').next().unwrap_or_default();
    match pair.split_once('=') {
        Some((name, _)) if !name.trim().is_empty() && !text.contains(['\r', '\n', '\0']) => {
            Ok(text.to_owned())
        }
        _ => Err("a cookie is a name, an equals sign and a value; write `name=value`, or \
                  `name=value; SameSite=None; Secure`"
            .to_owned()),
    }
}

/// The bytes of a body: those of a file for `@FILE`, otherwise the text itself. `@@` stands for a text that begins with `@`.
///
/// # Errors
///
/// The file cannot be read.
pub fn body(text: &str) -> Result<Vec<u8>, String> {
    match text.strip_prefix('@') {
        None => Ok(text.as_bytes().to_vec()),
        Some(rest) if rest.starts_with('@') => Ok(rest.as_bytes().to_vec()),
        Some(path) => std::fs::read(path).map_err(|error| format!("{path}: {error}")),
    }
}

/// Parses a header as curl does: `name: value`.
///
/// # Errors
///
/// What to write instead.
pub fn header(text: &str) -> Result<(String, String), String> {
    match text.split_once(':') {
        // Fetch, "normalize" a header value: only HTTP white space.
        Some((name, value)) if !name.is_empty() => {
            Ok((name.to_owned(), value.trim_matches([' ', '\t', '\r', '\n']).to_owned()))
        }
        _ => Err("a header is a name, a colon and a value; write `name: value`".to_owned()),
    }
}

/// Parses a time limit in seconds, such as `2.5`.
///
/// # Errors
///
/// What to write instead.
pub fn seconds(text: &str) -> Result<Duration, String> {
    let help = "write a number of seconds, more than 0 and at most 86400";
    let seconds: f64 = text.parse().map_err(|_| help.to_owned())?;
    if seconds > 0.0 && seconds <= LONGEST_SECONDS {
        Ok(Duration::from_secs_f64(seconds))
    } else {
        Err(help.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("api.example.com/users", "write `https://api.example.com/users`")]
    #[case("localhost:3000/x", "or `http://localhost:3000/x`")]
    #[case("//api.example.com", "write `https://api.example.com`")]
    #[case("", "the scheme is missing")]
    #[case("https://", "not a valid URL")]
    #[case("https://a b/", "not a valid URL")]
    #[case("localhost:3000", "write `https://localhost:3000`")]
    #[case("api.example.com:8080?x", "write `https://api.example.com:8080?x`")]
    #[case(
        "file:///etc/passwd",
        "only `https:`, `http:`, `wss:` and `ws:` URLs can be checked, and this one has the scheme `file:`"
    )]
    #[case("data:text/plain,x", "scheme `data:`; write a URL such as")]
    #[case("about:blank", "scheme `about:`")]
    #[case("mailto:a@b.example", "scheme `mailto:`")]
    #[case("https:", "not a valid URL")]
    fn invalid_urls(#[case] text: &str, #[case] expected: &str) {
        let error = url(text).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }

    #[rstest]
    #[case("https://app.example/", "write `https://app.example`")]
    #[case("https://App.example:443/x?y", "write `https://app.example`")]
    #[case("app.example", "write `https://app.example`")]
    #[case("localhost:3000", "write `https://localhost:3000`")]
    #[case("*", "such as")]
    #[case("", "such as")]
    #[case("file:///x", "such as")]
    #[case("https://*.example.com", "without `*`")]
    #[case("Null", "write `null`")]
    #[case("NULL", "write `null`")]
    #[case("wss://api.example", "write `https://api.example`")]
    #[case("ws://localhost:3000", "write `http://localhost:3000`")]
    #[case("capacitor://localhost/x", "such as")]
    #[case("capacitor://", "such as")]
    #[case("data:text/html,x", "such as")]
    fn invalid_origins(#[case] text: &str, #[case] expected: &str) {
        let error = origin(text).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }

    #[rstest]
    #[case("https://app.example")]
    #[case("null")]
    #[case("capacitor://localhost")]
    #[case("ionic://localhost")]
    #[case("tauri://localhost")]
    #[case("app://obsidian.md")]
    #[case("vscode-webview://1a2b3c")]
    #[case("chrome-extension://abcdefghijklmnop")]
    #[case("moz-extension://0f1e2d3c-aaaa-bbbb-cccc-0123456789ab")]
    #[case("safari-web-extension://0f1e2d3c-aaaa-bbbb-cccc-0123456789ab")]
    fn origins_of_pages(#[case] text: &str) {
        assert_eq!(origin(text).map(|origin| origin.to_string()), Ok(text.to_owned()));
    }

    #[rstest]
    #[case("a=1", true)]
    #[case("a=1; SameSite=None; Secure", true)]
    #[case("a", false)]
    #[case("=1", false)]
    #[case("a=1\r\nx: y", false)]
    fn cookies(#[case] text: &str, #[case] is_valid: bool) {
        assert_eq!(cookie(text).is_ok(), is_valid);
    }

    #[rstest]
    #[case("https://a.example/x", Ok((None, "https://a.example/x")))]
    #[case("PUT https://a.example/x", Ok((Some("PUT"), "https://a.example/x")))]
    #[case("  patch   http://a.example/ ", Ok((Some("patch"), "http://a.example/")))]
    #[case("PUT a.example", Err("write `https://a.example`"))]
    #[case("a@b c https://a.example/", Err("or a method and a URL"))]
    #[case("", Err("the scheme is missing"))]
    fn later_fetches(#[case] text: &str, #[case] expected: Result<(Option<&str>, &str), &str>) {
        match (later_fetch(text), expected) {
            (Ok((method, url)), Ok(expected)) => assert_eq!((method.as_deref(), url.as_str()), expected),
            (Err(error), Err(part)) => assert!(error.contains(part), "{error}"),
            (result, _) => panic!("{result:?}"),
        }
    }

    #[test]
    fn bodies() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), [0, 0xff]).unwrap();
        let path = format!("@{}", file.path().display());
        assert_eq!(body(&path), Ok(vec![0, 0xff]));
        assert_eq!(body("@@a"), Ok(b"@a".to_vec()));
        assert_eq!(body("{}"), Ok(b"{}".to_vec()));
        assert!(body("@/no/such/file").unwrap_err().starts_with("/no/such/file: "));
    }

    #[rstest]
    #[case("content-type: text/plain\u{b}", Some(("content-type", "text/plain\u{b}")))]
    #[case("x-a: \u{a0}1\u{a0}", Some(("x-a", "\u{a0}1\u{a0}")))]
    #[case("x-a: 1", Some(("x-a", "1")))]
    #[case("x-a:1:2", Some(("x-a", "1:2")))]
    #[case("x-a:", Some(("x-a", "")))]
    #[case("x-a", None)]
    #[case(": 1", None)]
    fn headers(#[case] text: &str, #[case] expected: Option<(&str, &str)>) {
        let read = header(text).ok();
        assert_eq!(read.as_ref().map(|(name, value)| (name.as_str(), value.as_str())), expected);
    }

    #[rstest]
    #[case("0.5", Some(500))]
    #[case("10", Some(10_000))]
    #[case("0", None)]
    #[case("-1", None)]
    #[case("NaN", None)]
    #[case("inf", None)]
    #[case("1e30", None)]
    #[case("ten", None)]
    fn time_limits(#[case] text: &str, #[case] milliseconds: Option<u64>) {
        assert_eq!(seconds(text).ok(), milliseconds.map(Duration::from_millis));
    }
}
