//! The policy of the measurement, and the four requests that it is asked about.

use bytes::Bytes;
use cors_core::Policy;
use serde::Serialize;

pub(crate) const ORIGINS: [&str; 3] =
    ["https://app.example.com", "https://admin.example.com", "https://shop.example.org"];
pub(crate) const METHODS: [&str; 2] = ["GET", "PUT"];
pub(crate) const REQUEST_HEADERS: [&str; 2] = ["authorization", "content-type"];
pub(crate) const EXPOSED_HEADER: &str = "x-request-id";
pub(crate) const MAX_AGE: u32 = 7200;

/// Where every application has its handler.
pub(crate) const ROUTE: &str = "/item";
/// What every handler answers.
pub(crate) const BODY: &str = "hello";

/// Three exact origins, two methods, two request headers, credentials, one exposed header, a max-age.
#[expect(clippy::expect_used, reason = "a policy of constants")]
pub(crate) fn policy() -> Policy {
    Policy::builder()
        .allow_origins(ORIGINS)
        .allow_methods(METHODS)
        .allow_headers(REQUEST_HEADERS)
        .expose_headers(EXPOSED_HEADER)
        .allow_credentials(true)
        .max_age(std::time::Duration::from_secs(MAX_AGE.into()))
        .build()
        .expect("a safe policy")
}

/// What a request means to CORS, and so which way it takes through a middleware.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Path {
    /// No `Origin`.
    Plain,
    /// An origin that the policy allows.
    Actual,
    /// One that it does not allow.
    Denied,
    /// A CORS-preflight request, which is granted.
    Preflight,
}

impl Path {
    pub(crate) const ALL: [Self; 4] = [Self::Plain, Self::Actual, Self::Denied, Self::Preflight];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Actual => "actual",
            Self::Denied => "denied",
            Self::Preflight => "preflight",
        }
    }

    pub(crate) fn method(self) -> &'static str {
        match self {
            Self::Plain => "GET",
            Self::Actual | Self::Denied => "PUT",
            Self::Preflight => "OPTIONS",
        }
    }

    pub(crate) fn origin(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            // Neither the first nor the last of the list.
            Self::Actual | Self::Preflight => Some(ORIGINS[1]),
            Self::Denied => Some("https://stranger.example.net"),
        }
    }

    pub(crate) fn request_method(self) -> Option<&'static str> {
        (self == Self::Preflight).then_some("PUT")
    }

    pub(crate) fn request_headers(self) -> Option<&'static str> {
        (self == Self::Preflight).then_some("authorization,content-type")
    }

    /// The headers as a browser sends them.
    pub(crate) fn headers(self) -> Vec<(&'static str, &'static str)> {
        let mut headers = vec![
            ("host", "api.example.com"),
            ("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"),
            ("accept", "*/*"),
            ("accept-language", "en-US,en;q=0.5"),
            ("accept-encoding", "gzip, deflate, br, zstd"),
        ];
        let optional = [
            ("access-control-request-method", self.request_method()),
            ("access-control-request-headers", self.request_headers()),
            ("origin", self.origin()),
        ];
        headers.extend(optional.iter().filter_map(|&(name, value)| Some((name, value?))));
        headers
    }

    /// The values of [`headers`](Self::headers) as slices of one shared buffer, as a server reads them from a socket.
    pub(crate) fn shared_headers(self) -> Vec<(&'static str, Bytes)> {
        let headers = self.headers();
        let buffer = Bytes::from(headers.iter().map(|(_, value)| *value).collect::<String>());
        let mut start = 0;
        let slice = |(name, value): (&'static str, &str)| {
            let end = start + value.len();
            let slice = buffer.slice(start..end);
            start = end;
            (name, slice)
        };
        headers.into_iter().map(slice).collect()
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    fn shared_values_are_the_values(
        #[values(Path::Plain, Path::Actual, Path::Denied, Path::Preflight)] path: Path,
    ) {
        let headers = path.headers();
        let shared = path.shared_headers();
        assert!(
            headers.iter().eq(shared
                .iter()
                .map(|(name, value)| (*name, str::from_utf8(value).unwrap()))
                .collect::<Vec<_>>()
                .iter())
        );
    }
}
