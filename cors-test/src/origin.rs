//! Origins as tests write them.

use cors_browser::Origin;
use url::Url;

/// The error of [`Page::try_at`](crate::Page::try_at): the text is not an origin. It says what to write instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not an origin: {problem}")]
pub struct InvalidOrigin {
    text: String,
    problem: String,
}

/// Reads the serialization of an origin.
pub(crate) fn parse(text: &str) -> Result<Origin, InvalidOrigin> {
    Origin::parse(text).ok_or_else(|| InvalidOrigin { text: text.to_owned(), problem: problem(text) })
}

/// What is wrong with `text`, and what to write instead.
fn problem(text: &str) -> String {
    if text == "*" {
        return "a page has one origin. Write that of the page, such as `https://app.example.com`."
            .to_owned();
    }
    if text.eq_ignore_ascii_case("null") {
        return "browsers write `null` in lower case.".to_owned();
    }
    let is_without_scheme = !text.contains("://") && !text.starts_with("data:");
    let is_local = ["localhost", "127.", "[::1]"].iter().any(|host| text.starts_with(host));
    let scheme = if is_local { "http" } else { "https" };
    let url = if is_without_scheme { Url::parse(&format!("{scheme}://{text}")) } else { Url::parse(text) };
    let what = match &url {
        Err(error) => {
            return format!("{error}. Write scheme, host and port, such as `https://app.example.com`.");
        }
        Ok(_) if is_without_scheme => "it has no scheme",
        Ok(url) if !url.username().is_empty() || url.password().is_some() => {
            "it has a user name or a password"
        }
        Ok(url) if url.fragment().is_some() => "it has a fragment",
        Ok(url) if url.query().is_some() => "it has a query",
        Ok(url) if url.path() != "/" || text.ends_with('/') => "it ends in a path",
        Ok(_) => "browsers write it in another way",
    };
    match url.map(|url| Origin::of(&url)) {
        Ok(Origin::Opaque) | Err(_) => {
            "pages of this scheme have no origin that servers can allow. `Page::file()` is a page from a local file.".to_owned()
        }
        Ok(origin) => format!("{what}. Write `{origin}`."),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("https://app.example/", "it ends in a path. Write `https://app.example`.")]
    #[case("https://app.example/a?b", "it has a query. Write `https://app.example`.")]
    #[case("https://app.example#a", "it has a fragment. Write `https://app.example`.")]
    #[case("https://me@app.example", "it has a user name or a password. Write `https://app.example`.")]
    #[case("app.example", "it has no scheme. Write `https://app.example`.")]
    #[case("localhost:3000", "it has no scheme. Write `http://localhost:3000`.")]
    #[case("https://app.example:443", "browsers write it in another way. Write `https://app.example`.")]
    #[case("https://APP.example", "browsers write it in another way. Write `https://app.example`.")]
    #[case(
        "https://bücher.example",
        "browsers write it in another way. Write `https://xn--bcher-kva.example`."
    )]
    #[case("Null", "browsers write `null` in lower case.")]
    #[case("*", "a page has one origin. Write that of the page, such as `https://app.example.com`.")]
    #[case("", "empty host. Write scheme, host and port, such as `https://app.example.com`.")]
    #[case(
        "file:///x",
        "pages of this scheme have no origin that servers can allow. `Page::file()` is a page from a local file."
    )]
    fn invalid_origins(#[case] text: &str, #[case] problem: &str) {
        let error = parse(text).unwrap_err();
        assert_eq!(error.to_string(), format!("`{text}` is not an origin: {problem}"));
    }

    #[rstest]
    #[case("https://app.example")]
    #[case("http://localhost:3000")]
    #[case("null")]
    fn origins(#[case] text: &str) {
        assert_eq!(parse(text).map(|origin| origin.to_string()).as_deref(), Ok(text));
    }
}
