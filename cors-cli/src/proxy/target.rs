//! The server behind a proxy.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use http::uri::{Authority, PathAndQuery, Scheme, Uri};
use url::{Host, Url};

/// The base URL of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    scheme: Scheme,
    authority: Authority,
    /// Without a slash at its end, so that it can be empty.
    path: String,
    origin: String,
    url: Url,
}

/// Why a text is not the base URL of a server.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}; write a URL such as `https://api.example.com` or `http://localhost:3000/v1`")]
pub struct TargetError(String);

impl FromStr for Target {
    type Err = TargetError;

    fn from_str(text: &str) -> Result<Self, TargetError> {
        let error = |what: &str| TargetError(what.to_owned());
        let url = Url::parse(text).map_err(|problem| TargetError(format!("not a valid URL: {problem}")))?;
        let scheme = match url.scheme() {
            "http" => Scheme::HTTP,
            "https" => Scheme::HTTPS,
            _ => return Err(error("only `https:` and `http:` URLs have a server")),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(error("the URL has a user name or password"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(error("the URL has a query or fragment"));
        }
        let authority = match (url.host_str(), url.port()) {
            (Some(host), Some(port)) => format!("{host}:{port}"),
            (Some(host), None) => host.to_owned(),
            (None, _) => return Err(error("the URL has no host")),
        };
        let authority = authority.parse().map_err(|_| error("the URL has no valid host"))?;
        let path = url.path().trim_end_matches('/').to_owned();
        let origin = url.origin().ascii_serialization();
        Ok(Self { scheme, authority, path, origin, url })
    }
}

impl Target {
    /// The origin of the server.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Whether a proxy that listens at `address` would be its own server.
    pub fn is_at(&self, address: SocketAddr) -> bool {
        if self.url.port_or_known_default() != Some(address.port()) {
            return false;
        }
        let ip: Option<IpAddr> = match self.url.host() {
            Some(Host::Ipv4(ip)) => Some(ip.into()),
            Some(Host::Ipv6(ip)) => Some(ip.into()),
            Some(Host::Domain(name)) if name == "localhost" || name.ends_with(".localhost") => {
                return address.ip().is_loopback() || address.ip().is_unspecified();
            }
            _ => None,
        };
        ip.is_some_and(|ip| {
            let both_local = ip.is_loopback() && address.ip().is_loopback();
            ip == address.ip()
                || ip.is_unspecified() && address.ip().is_loopback()
                || address.ip().is_unspecified() && ip.is_loopback()
                || both_local && ip == address.ip()
        })
    }

    pub(super) fn authority(&self) -> &Authority {
        &self.authority
    }

    /// The URL for the path and query of a request, from which `prefix` is removed.
    pub(super) fn uri(&self, asked: &Uri, prefix: &str) -> Option<Uri> {
        let path = asked.path().strip_prefix(prefix)?;
        let slash = if path.starts_with('/') || path == "*" { "" } else { "/" };
        let mut target = if path == "*" { "*".to_owned() } else { format!("{}{slash}{path}", self.path) };
        if let Some(query) = asked.query() {
            target.push('?');
            target.push_str(query);
        }
        let mut parts = http::uri::Parts::default();
        parts.scheme = Some(self.scheme.clone());
        parts.authority = Some(self.authority.clone());
        parts.path_and_query = PathAndQuery::from_maybe_shared(target.into_bytes()).ok();
        Uri::from_parts(parts).ok()
    }

    /// A `Location` of the server as seen through the proxy: a path, if it leads to the server and can be reached through the
    /// proxy. Other locations stay as they are, but absolute.
    pub(super) fn location(&self, location: &str, asked: &Uri, prefix: &str) -> Option<String> {
        // The server resolves it against its own URL.
        let base = Url::parse(&self.uri(asked, prefix)?.to_string()).ok()?;
        let url = base.join(location).ok()?;
        let below = url.path().strip_prefix(&self.path);
        let below = below.filter(|rest| rest.is_empty() || rest.starts_with('/'));
        let (Some(path), true) = (below, url.origin() == self.url.origin()) else {
            return Some(url.into());
        };
        let slash = if path.is_empty() && prefix.is_empty() { "/" } else { "" };
        let mut text = format!("{prefix}{path}{slash}");
        // Two slashes would begin a host.
        if text.starts_with("//") {
            text.insert_str(0, "/.");
        }
        if let Some(query) = url.query() {
            text.push('?');
            text.push_str(query);
        }
        if let Some(fragment) = url.fragment() {
            text.push('#');
            text.push_str(fragment);
        }
        Some(text)
    }

    /// A path of the server as seen through the proxy, for the `Path` of a cookie.
    pub(super) fn cookie_path(&self, path: &str, prefix: &str) -> Option<String> {
        // A cookie for the whole server, or for what is above its path, goes to everything below the prefix.
        let rest = match path.strip_prefix(self.path.as_str()) {
            Some(rest) if rest.is_empty() || rest.starts_with('/') => rest,
            _ => "/",
        };
        let path = format!("{prefix}{rest}");
        Some(if path.len() > 1 { path.trim_end_matches('/').to_owned() } else { path })
            .filter(|path| path.starts_with('/'))
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn target(text: &str) -> Target {
        text.parse().unwrap()
    }

    #[rstest]
    #[case("https://api.example", "/users?a=b", "", Some("https://api.example/users?a=b"))]
    #[case("https://api.example:8443/v1/", "/users", "", Some("https://api.example:8443/v1/users"))]
    #[case("https://api.example/v1", "/api/users", "/api", Some("https://api.example/v1/users"))]
    #[case("https://api.example", "/api", "/api", Some("https://api.example/"))]
    #[case("https://api.example", "/api?a", "/api", Some("https://api.example/?a"))]
    #[case("http://[::1]:3000", "/a%20b//c", "", Some("http://[::1]:3000/a%20b//c"))]
    #[case("http://localhost:3000", "/@evil.example/", "", Some("http://localhost:3000/@evil.example/"))]
    #[case("http://localhost:3000", "//evil.example/", "", Some("http://localhost:3000//evil.example/"))]
    fn uris(#[case] to: &str, #[case] asked: &str, #[case] prefix: &str, #[case] expected: Option<&str>) {
        let uri = target(to).uri(&asked.parse().unwrap(), prefix);
        assert_eq!(uri.map(|uri| uri.to_string()).as_deref(), expected);
    }

    #[rstest]
    #[case("https://api.example/v1", "/v1/b", "", "/b")]
    #[case("https://api.example/v1", "https://api.example/v1/b?c#d", "/api", "/api/b?c#d")]
    #[case("https://api.example/v1", "b", "/api", "/api/b")]
    #[case("https://api.example/v1", "/login", "/api", "https://api.example/login")]
    #[case("https://api.example", "https://other.example/b", "/api", "https://other.example/b")]
    #[case("https://api.example", "http://api.example/b", "/api", "http://api.example/b")]
    #[case("https://api.example", "//api.example/b", "/api", "/api/b")]
    #[case("https://api.example", "https://api.example//evil.example/", "", "/.//evil.example/")]
    #[case("https://api.example", "https://api.example", "", "/")]
    fn locations(#[case] to: &str, #[case] location: &str, #[case] prefix: &str, #[case] expected: &str) {
        let asked = format!("{prefix}/a").parse().unwrap();
        assert_eq!(target(to).location(location, &asked, prefix).as_deref(), Some(expected));
    }

    #[rstest]
    #[case("http://localhost:8080", "127.0.0.1:8080", true)]
    #[case("http://127.0.0.1:8080", "127.0.0.1:8080", true)]
    #[case("http://127.0.0.1:8080", "0.0.0.0:8080", true)]
    #[case("http://[::1]:8080", "[::1]:8080", true)]
    #[case("http://localhost", "127.0.0.1:80", true)]
    #[case("http://localhost:8081", "127.0.0.1:8080", false)]
    #[case("http://api.example:8080", "127.0.0.1:8080", false)]
    #[case("http://127.0.0.2:8080", "127.0.0.1:8080", false)]
    fn loops(#[case] to: &str, #[case] listen: &str, #[case] expected: bool) {
        assert_eq!(target(to).is_at(listen.parse().unwrap()), expected);
    }

    #[rstest]
    #[case("api.example.com")]
    #[case("ftp://api.example")]
    #[case("https://user:pass@api.example")]
    #[case("https://api.example/?a")]
    #[case("https://api.example/#a")]
    #[case("https://")]
    fn wrong_targets(#[case] text: &str) {
        assert!(text.parse::<Target>().is_err());
    }
}
