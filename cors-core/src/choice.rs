//! Choosing a policy by the head of a request.

use std::borrow::Cow;
use std::collections::HashMap;
use std::error::Error;
use std::fmt;

use crate::PolicySource;
use crate::origin::{HostPattern, OriginPattern};

/// The head of a request: what a policy can be chosen by (see [`PolicySource::by_request`]), and what a guard looks at.
///
/// With the feature `http` it is implemented for `http::Request`, `http::request::Parts` and the triple
/// `(&http::Method, &http::Uri, &http::HeaderMap)`. An adapter for a framework with
/// its own types implements it on a wrapper.
pub trait RequestInfo {
    /// The method.
    fn method(&self) -> &str;

    /// The host that the request is for, with its port if it was sent: the authority of the request's target, or else the
    /// `Host` header. It is what the client sent, in any case. [`host_text`](crate::host_text) converts the bytes of the header.
    fn host(&self) -> Option<&str>;

    /// The path of the request's target, without the query. It is as the client sent it: a framework may decode it or merge its
    /// slashes before it compares it with routes.
    fn path(&self) -> &str;

    /// The first line of a header. `name` is in lower case.
    fn header(&self, name: &str) -> Option<&[u8]>;
}

/// Policies by the host that a request is for, for a server with several domains.
///
/// It becomes a [`PolicySource`] with `into()`, so that an adapter takes it like a policy. Each host has a policy or a
/// [`PolicyHandle`](crate::PolicyHandle), and so have all other hosts.
///
/// ```
/// use cors_core::{Policy, PolicyMap, PolicySource};
/// use http::{HeaderValue, Request};
///
/// let public = Policy::builder().allow_origins("*").build()?;
/// let admin = Policy::builder().allow_origins("https://admin.example").allow_credentials(true).build()?;
/// let policies = PolicyMap::<HeaderValue>::new(public).host("api.admin.example", admin)?;
///
/// let source = PolicySource::from(policies);
/// let request = Request::get("/").header("host", "api.admin.example").body(()).unwrap();
/// assert!(source.for_request(&request).policy().allow_credentials());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct PolicyMap<V> {
    other: PolicySource<V>,
    /// In lower case, with or without a port.
    hosts: HashMap<String, PolicySource<V>>,
    /// The domains after `*.`.
    subdomains: HashMap<String, PolicySource<V>>,
}

impl<V> PolicyMap<V> {
    /// Creates a map whose policy for all hosts is `other`.
    pub fn new(other: impl Into<PolicySource<V>>) -> Self {
        Self { other: other.into(), hosts: HashMap::new(), subdomains: HashMap::new() }
    }

    /// Sets the policy for a host.
    ///
    /// `host` is a name such as `api.example.com`, which holds for every port, a name with a port such as `localhost:8080`,
    /// or a pattern such as `*.example.com` for all subdomains at any depth. A name with a port comes before one without, then
    /// come patterns, the longest domain first.
    ///
    /// # Errors
    ///
    /// `host` is not a host, or only one in another form.
    pub fn host(mut self, host: &str, policy: impl Into<PolicySource<V>>) -> Result<Self, InvalidHost> {
        let invalid = || InvalidHost { host: host.to_owned() };
        // An origin cannot have the default port of its scheme, but a host can have any port.
        let text = format!("http://{host}");
        let text = if host.ends_with(":80") { format!("https://{host}") } else { text };
        let policy = policy.into();
        match OriginPattern::parse(&text).map_err(|_| invalid())?.host {
            HostPattern::Exact(_) if !host.ends_with(":*") => self.hosts.insert(host.to_owned(), policy),
            HostPattern::Subdomains(domain) if host.strip_prefix("*.") == Some(domain) => {
                self.subdomains.insert(domain.to_owned(), policy)
            }
            _ => return Err(invalid()),
        };
        Ok(self)
    }

    /// The policy for a host as a request has it, with or without a port. `None` for other hosts.
    fn find(&self, host: &str) -> Option<&PolicySource<V>> {
        let host = match host.bytes().any(|byte| byte.is_ascii_uppercase()) {
            true => Cow::Owned(host.to_ascii_lowercase()),
            false => Cow::Borrowed(host),
        };
        let name = match host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
            _ => &*host,
        };
        // A final dot means the same host to the DNS.
        let name = name.strip_suffix('.').unwrap_or(name);
        let domains = name.match_indices('.').map(|(dot, _)| &name[dot + 1..]);
        let mut found = domains.filter_map(|domain| self.subdomains.get(domain));
        self.hosts.get(&*host).or_else(|| self.hosts.get(name)).or_else(|| found.next())
    }
}

impl<V> From<PolicyMap<V>> for PolicySource<V>
where
    V: Send + Sync + 'static,
{
    fn from(map: PolicyMap<V>) -> Self {
        let other = map.other.clone();
        Self::by_request(other, move |request| request.host().and_then(|host| map.find(host)).cloned())
    }
}

impl<V> fmt::Debug for PolicyMap<V> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("PolicyMap")
            .field("hosts", &self.hosts)
            .field("subdomains", &self.subdomains)
            .field("other", &self.other)
            .finish()
    }
}

/// The error of [`PolicyMap::host`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidHost {
    host: String,
}

impl fmt::Display for InvalidHost {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "`{}` is not a host. Write it in lower case, such as `api.example.com`, `localhost:8080` or `*.example.com`.",
            self.host.escape_debug()
        )
    }
}

impl Error for InvalidHost {}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::Policy;

    fn source(name: &str) -> PolicySource<String> {
        Policy::builder().allow_origins(format!("https://{name}.example")).build().unwrap().into()
    }

    fn map() -> PolicyMap<String> {
        let hosts = ["a.example", "a.example:8443", "*.b.example", "*.c.b.example", "[::1]", "d.example:80"];
        hosts.into_iter().enumerate().fold(PolicyMap::new(source("other")), |map, (number, host)| {
            map.host(host, source(&number.to_string())).unwrap()
        })
    }

    #[rstest]
    #[case("a.example", "0")]
    #[case("A.EXAMPLE", "0")]
    #[case("a.example.", "0")]
    #[case("a.example:80", "0")]
    #[case("a.example:8443", "1")]
    #[case("x.b.example", "2")]
    #[case("x.y.b.example:3000", "2")]
    #[case("x.c.b.example", "3")]
    #[case("c.b.example", "2")]
    #[case("[::1]", "4")]
    #[case("[::1]:3000", "4")]
    #[case("d.example:80", "5")]
    #[case("d.example", "other")]
    #[case("b.example", "other")]
    #[case("xb.example", "other")]
    #[case("a.example.evil.example", "other")]
    #[case("", "other")]
    #[case(":", "other")]
    fn a_host_has_its_policy(#[case] host: &str, #[case] expected: &str) {
        let map = map();
        let policy = map.find(host).unwrap_or(&map.other).current();
        let expected = format!("https://{expected}.example");
        assert_eq!(policy.policy().allow_origins().collect::<Vec<_>>(), [expected]);
    }

    #[rstest]
    #[case("https://a.example")]
    #[case("a.example/")]
    #[case("A.example")]
    #[case("a.example:*")]
    #[case("*")]
    #[case("a-*.example")]
    #[case("*.a.example:8443")]
    #[case("")]
    #[case("a b")]
    fn other_texts_are_refused(#[case] host: &str) {
        let error = PolicyMap::new(source("other")).host(host, source("a")).unwrap_err();
        assert!(error.to_string().starts_with(&format!("`{host}` is not a host.")), "{error}");
    }
}
