//! Addresses of hosts that the user gives, instead of a name lookup.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::future::BoxFuture;
use http::Uri;
use hyper_util::client::legacy::connect::HttpConnector;
use tower_service::Service;

/// The addresses of a host, as curl's option `--resolve` gives them: `HOST:PORT:ADDRESS[,ADDRESS]…`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolve {
    /// The host in lower case, or `*` for every host.
    host: String,
    port: u16,
    /// There is at least one.
    addresses: Vec<IpAddr>,
}

impl FromStr for Resolve {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let help = "write a host, a port and an address, such as `api.example.com:443:127.0.0.1`";
        let (host, rest) = text.split_once(':').ok_or(help)?;
        let (port, addresses) = rest.split_once(':').ok_or(help)?;
        let port = port.parse().map_err(|_| format!("`{port}` is not a port; {help}"))?;
        let address = |text: &str| {
            let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
            bare.parse::<IpAddr>().map_err(|_| format!("`{text}` is not an IP address; {help}"))
        };
        let addresses = addresses.split(',').map(address).collect::<Result<Vec<_>, _>>()?;
        match host.is_empty() {
            true => Err(help.to_owned()),
            false => Ok(Self { host: host.to_ascii_lowercase(), port, addresses }),
        }
    }
}

impl std::fmt::Display for Resolve {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let addresses: Vec<_> = self
            .addresses
            .iter()
            .map(|address| match address {
                IpAddr::V4(address) => address.to_string(),
                IpAddr::V6(address) => format!("[{address}]"),
            })
            .collect();
        write!(f, "{}:{}:{}", self.host, self.port, addresses.join(","))
    }
}

/// The addresses that the user gives for a host and a port, if any. As in curl, a host wins over `*`.
pub(super) fn addresses_of<'a>(all: &'a [Resolve], host: &str, port: u16) -> Option<&'a [IpAddr]> {
    let find = |host: &str| all.iter().find(|entry| entry.host == host && entry.port == port);
    find(&host.to_ascii_lowercase()).or_else(|| find("*")).map(|entry| entry.addresses.as_slice())
}

/// Opens connections, to the addresses of the user for the hosts that have some.
#[derive(Clone, Debug)]
pub(super) struct ResolvingConnector {
    tcp: HttpConnector,
    addresses: Arc<[Resolve]>,
}

impl ResolvingConnector {
    pub(super) fn new(addresses: Arc<[Resolve]>) -> Self {
        let mut tcp = HttpConnector::new();
        // The TLS connector around this one decides.
        tcp.enforce_http(false);
        Self { tcp, addresses }
    }

    /// The addresses for a URL as URLs, in the order in which they are tried.
    fn targets(&self, uri: &Uri) -> Vec<Uri> {
        let port = uri.port_u16().unwrap_or(if uri.scheme_str() == Some("https") { 443 } else { 80 });
        let host = uri.host().unwrap_or_default();
        let Some(addresses) = addresses_of(&self.addresses, host, port) else { return vec![uri.clone()] };
        let target = |address: &IpAddr| {
            let scheme = uri.scheme_str().unwrap_or("http");
            format!("{scheme}://{}/", SocketAddr::new(*address, port)).parse().ok()
        };
        addresses.iter().filter_map(target).collect()
    }
}

impl Service<Uri> for ResolvingConnector {
    type Response = <HttpConnector as Service<Uri>>::Response;
    type Error = Box<dyn std::error::Error + Send + Sync>;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.tcp.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let targets = self.targets(&uri);
        let mut tcp = self.tcp.clone();
        Box::pin(async move {
            let mut result = Err("no address to connect to".into());
            for target in targets {
                result = tcp.call(target).await.map_err(Into::into);
                if result.is_ok() {
                    break;
                }
            }
            result
        })
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("api.example.com:443:127.0.0.1", Ok("api.example.com:443:127.0.0.1"))]
    #[case("API.example:8443:[::1]", Ok("api.example:8443:[::1]"))]
    #[case("api.example:80:::1", Ok("api.example:80:[::1]"))]
    #[case("api.example:80:10.0.0.1,[::1]", Ok("api.example:80:10.0.0.1,[::1]"))]
    #[case("*:443:10.0.0.1", Ok("*:443:10.0.0.1"))]
    #[case("api.example", Err("such as `api.example.com:443:127.0.0.1`"))]
    #[case("api.example:443", Err("write a host, a port and an address"))]
    #[case("api.example:https:127.0.0.1", Err("`https` is not a port"))]
    #[case("api.example:443:localhost", Err("`localhost` is not an IP address"))]
    #[case("api.example:443:", Err("is not an IP address"))]
    #[case(":443:127.0.0.1", Err("write a host"))]
    fn entries(#[case] text: &str, #[case] expected: Result<&str, &str>) {
        match (text.parse::<Resolve>(), expected) {
            (Ok(entry), Ok(expected)) => assert_eq!(entry.to_string(), expected),
            (Err(error), Err(part)) => assert!(error.contains(part), "{error}"),
            (result, _) => panic!("{result:?}"),
        }
    }

    #[test]
    fn a_host_wins_over_every_host_and_the_port_counts() {
        let all: Vec<Resolve> =
            ["*:443:10.0.0.1", "a.example:443:10.0.0.2"].iter().map(|text| text.parse().unwrap()).collect();
        let first = |host, port| addresses_of(&all, host, port).map(|addresses| addresses[0].to_string());
        assert_eq!(first("A.example", 443).as_deref(), Some("10.0.0.2"));
        assert_eq!(first("b.example", 443).as_deref(), Some("10.0.0.1"));
        assert_eq!(first("a.example", 80), None);
    }
}
