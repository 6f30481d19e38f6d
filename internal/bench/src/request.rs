//! The policy of the benchmark, and the four kinds of requests that are measured.

use bytes::Bytes;
use cors_core::Policy;
use serde::Serialize;

pub(crate) const ORIGINS: [&str; 3] =
    ["https://app.example.com", "https://admin.example.com", "https://shop.example.org"];
pub(crate) const METHODS: [&str; 2] = ["GET", "PUT"];
pub(crate) const REQUEST_HEADERS: [&str; 2] = ["authorization", "content-type"];
pub(crate) const EXPOSED_HEADER: &str = "x-request-id";
pub(crate) const MAX_AGE: u32 = 7200;

/// The route of the handler in every application.
pub(crate) const ROUTE: &str = "/item";
/// The body of every handler's response.
pub(crate) const BODY: &str = "hello";

/// Three exact origins, two methods, two request headers, credentials, one exposed header, and a max-age.
#[expect(clippy::expect_used, reason = "the policy consists of constants")]
pub(crate) fn policy() -> Policy {
    Policy::builder()
        .allow_origins(ORIGINS)
        .allow_methods(METHODS)
        .allow_headers(REQUEST_HEADERS)
        .expose_headers(EXPOSED_HEADER)
        .allow_credentials(true)
        .max_age(std::time::Duration::from_secs(MAX_AGE.into()))
        .build()
        .expect("the policy is valid")
}

/// What kind of request CORS sees. Each kind takes another way through a middleware.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    /// A request without `Origin`.
    Plain,
    /// A request from an origin that the policy allows.
    Actual,
    /// A request from an origin that the policy does not allow.
    Denied,
    /// A CORS-preflight request that is allowed.
    Preflight,
}

impl Kind {
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
            // Neither the first nor the last entry of the list.
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

    /// The headers that a browser sends.
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

    /// The values of [`headers`](Self::headers) as slices of one shared buffer, as in a request that a server has read from a socket.
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
    fn shared_headers_are_the_same_headers(
        #[values(Kind::Plain, Kind::Actual, Kind::Denied, Kind::Preflight)] kind: Kind,
    ) {
        let headers = kind.headers();
        let shared = kind.shared_headers();
        assert!(
            headers.iter().eq(shared
                .iter()
                .map(|(name, value)| (*name, str::from_utf8(value).unwrap()))
                .collect::<Vec<_>>()
                .iter())
        );
    }
}
