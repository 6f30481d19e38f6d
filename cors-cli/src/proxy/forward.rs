//! Sends requests on to a server, and its responses back.

use std::error::Error;
use std::path::Path;
use std::time::Duration;

use cors_conformance::network::causes;
use http::header::{self, HeaderValue};
use http::{Request, Response, StatusCode, Version};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::upgrade::OnUpgrade;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};

use super::{Body, Inner, SetupError, Target, cookies, headers, plain};
use crate::tls;

/// How long a connection may take until it is there. What comes after may take any time.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);

/// Sends requests over HTTP/1.1, which upgrades need.
pub(super) type Client = legacy::Client<HttpsConnector<HttpConnector>, Incoming>;

/// A client that trusts the system's certificates and those in `authorities`, a PEM file.
pub(super) fn client(authorities: Option<&Path>) -> Result<Client, SetupError> {
    let config = tls::config(authorities)?;
    let mut connector = HttpConnector::new();
    connector.enforce_http(false);
    connector.set_nodelay(true);
    connector.set_connect_timeout(Some(CONNECT_LIMIT));
    let connector = HttpsConnectorBuilder::new()
        .with_tls_config(config)
        .https_or_http()
        .enable_http1()
        .wrap_connector(connector);
    Ok(legacy::Client::builder(TokioExecutor::new()).build(connector))
}

impl Inner {
    /// Sends a request to a server, with the path after `prefix`. With `own_origin` the server sees its own origin.
    pub(super) async fn forward(
        &self,
        mut request: Request<Incoming>,
        target: &Target,
        prefix: &str,
        own_origin: bool,
    ) -> Response<Body> {
        let asked = request.uri().clone();
        let Some(uri) = target.uri(&asked, prefix) else {
            return plain(StatusCode::BAD_REQUEST, "the path cannot be sent to the server");
        };
        let client_side = self.prepare(&mut request, target, own_origin);
        *request.uri_mut() = uri;
        *request.version_mut() = Version::HTTP_11;
        match self.client.request(request).await {
            Ok(response) => self.prepare_response(response, client_side, target, &asked, prefix),
            Err(error) => {
                // The outermost message is about the client itself.
                let cause = error.source().map(causes).unwrap_or_else(|| error.to_string());
                let what = if error.is_connect() { "cannot be reached" } else { "did not answer" };
                let text = format!("{} {what}: {cause}", target.origin());
                plain(StatusCode::BAD_GATEWAY, &text)
            }
        }
    }

    /// Changes the headers of a request for the next connection. Returns the client's side if the request asks for an upgrade.
    fn prepare(
        &self,
        request: &mut Request<Incoming>,
        target: &Target,
        own_origin: bool,
    ) -> Option<OnUpgrade> {
        let protocol = headers::remove_hop_by_hop(request.headers_mut());
        let client_side = protocol.as_ref().map(|_| hyper::upgrade::on(&mut *request));
        let map = request.headers_mut();
        if let Some(protocol) = protocol {
            headers::set_upgrade(map, protocol);
        }
        // The client has its answer already: this proxy reads the body at once.
        map.remove(header::EXPECT);
        let value = |text: &str| HeaderValue::from_str(text).ok();
        if let Some(host) = value(target.authority().as_str()) {
            map.insert(header::HOST, host);
        }
        let own = value(target.origin()).filter(|_| own_origin && map.contains_key(header::ORIGIN));
        if let Some(origin) = own {
            map.insert(header::ORIGIN, origin);
        }
        if let Some(via) = value(&format!("1.1 {}", self.via)) {
            map.append(header::VIA, via);
        }
        client_side
    }

    fn prepare_response(
        &self,
        mut response: Response<Incoming>,
        client_side: Option<OnUpgrade>,
        target: &Target,
        asked: &http::Uri,
        prefix: &str,
    ) -> Response<Body> {
        let protocol = headers::remove_hop_by_hop(response.headers_mut());
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            let (Some(client_side), Some(protocol)) = (client_side, protocol) else {
                return plain(
                    StatusCode::BAD_GATEWAY,
                    "the server switched protocols without a request to do so",
                );
            };
            headers::set_upgrade(response.headers_mut(), protocol);
            tokio::spawn(join(client_side, hyper::upgrade::on(&mut response)));
        }
        let map = response.headers_mut();
        if let Some(location) = map.get(header::LOCATION).and_then(|location| location.to_str().ok()) {
            let location = target.location(location, asked, prefix);
            if let Some(location) = location.and_then(|location| HeaderValue::from_str(&location).ok()) {
                map.insert(header::LOCATION, location);
            }
        }
        if let header::Entry::Occupied(mut lines) = map.entry(header::SET_COOKIE) {
            for line in lines.iter_mut() {
                *line = cookies::rewrite(line, target, prefix, self.local_cookies);
            }
        }
        response.map(|body| body.map_err(Into::into).boxed_unsync())
    }
}

/// Copies in both directions until both sides have ended.
async fn join(client: OnUpgrade, server: OnUpgrade) {
    // If one side never upgrades, dropping the other closes it.
    let (Ok(client), Ok(server)) = tokio::join!(client, server) else { return };
    // Ignore: one side disconnected.
    let _ = tokio::io::copy_bidirectional(&mut TokioIo::new(client), &mut TokioIo::new(server)).await;
}
