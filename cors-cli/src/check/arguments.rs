//! Parsers for the arguments of a check. Their errors say what to write instead.

use std::time::Duration;

use url::Url;

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
        Ok(url) if url.has_host() => Ok(url),
        Ok(url) if !is_host_and_port(text) => Err(format!(
            "only `https:` and `http:` URLs can be checked, and this one has the scheme `{}:`; {help}",
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

/// Parses an origin as browsers serialize it.
///
/// # Errors
///
/// What is wrong, and what to write instead.
pub fn origin(text: &str) -> Result<Origin, String> {
    if let Some(origin) = Origin::parse(text) {
        return Ok(origin);
    }
    let meant = Url::parse(text).ok().filter(Url::has_host).or_else(|| {
        let with_scheme = format!("https://{text}");
        Url::parse(&with_scheme).ok().filter(|_| !text.contains("://"))
    });
    let meant =
        meant.map(|url| Origin::of(&url)).filter(|origin| *origin != Origin::Opaque && !text.contains('*'));
    Err(match meant {
        Some(origin) => format!("an origin is a scheme, a host and a port as browsers write them; write `{origin}`"),
        None => "an origin is a scheme, a host and a port; write an origin such as `https://app.example.com`, or `null`"
            .to_owned(),
    })
}

/// Parses a header as curl does: `name: value`.
///
/// # Errors
///
/// What to write instead.
pub fn header(text: &str) -> Result<(String, String), String> {
    match text.split_once(':') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.trim().to_owned())),
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
        "only `https:` and `http:` URLs can be checked, and this one has the scheme `file:`"
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
    fn invalid_origins(#[case] text: &str, #[case] expected: &str) {
        let error = origin(text).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }

    #[rstest]
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
