//! Complete fetches with servers in memory.

mod authentication;
mod bodies;
mod caching;
mod connections;
mod console;
mod cookies;
mod data_urls;
mod elements;
mod event_sources;
mod faults;
mod filtering;
mod local_network;
mod malformed;
mod navigations;
mod origin_header;
mod pages;
mod preflights;
mod redirects;
mod third_party_cookies;
mod web_sockets;
mod webkit;

use std::sync::Arc;

use url::Url;

use crate::{
    BlockReason, Browser, ExchangeKind, FailureKind, FetchRequest, Fetched, Network, NetworkError,
    NetworkFuture, Origin, Outcome, Page, PageResponse, Profile, WireRequest, WireResponse,
};

pub(super) const APP: &str = "https://app.example";
pub(super) const API: &str = "https://api.example/item";

/// Servers in memory: a function that returns the response to a request.
struct Servers<F>(F);

impl<F: Fn(&WireRequest) -> Result<WireResponse, NetworkError> + Send + Sync> Network for Servers<F> {
    fn send(&self, request: WireRequest) -> NetworkFuture<'_> {
        Box::pin(std::future::ready((self.0)(&request)))
    }
}

pub(super) fn browser(
    servers: impl Fn(&WireRequest) -> Result<WireResponse, NetworkError> + Send + Sync + 'static,
) -> Browser {
    Browser::new(Arc::new(Servers(servers)), Profile::standard())
}

/// A browser with this profile.
pub(super) fn browser_as(
    profile: Profile,
    servers: impl Fn(&WireRequest) -> Result<WireResponse, NetworkError> + Send + Sync + 'static,
) -> Browser {
    Browser::new(Arc::new(Servers(servers)), profile)
}

/// A browser whose servers respond to preflights with `preflight`, and to other requests with `actual`.
pub(super) fn answering(preflight: WireResponse, actual: WireResponse) -> Browser {
    browser(move |request| Ok(if request.method == "OPTIONS" { preflight.clone() } else { actual.clone() }))
}

pub(super) fn reply(status: u16, headers: &[(&str, &str)]) -> WireResponse {
    let headers = headers.iter().map(|&(name, value)| (name.to_owned(), value.as_bytes().to_vec())).collect();
    WireResponse { headers, ..WireResponse::new(status).with_body("body") }
}

pub(super) fn page(origin: &str) -> Page {
    Page::new(Origin::parse(origin).unwrap())
}

pub(super) fn get(url: &str) -> FetchRequest {
    FetchRequest::new(Url::parse(url).unwrap())
}

pub(super) fn with_method(method: &str, url: &str) -> FetchRequest {
    FetchRequest { method: method.to_owned(), ..get(url) }
}

pub(super) fn with_headers(headers: &[(&str, &str)], request: FetchRequest) -> FetchRequest {
    let headers = headers.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
    FetchRequest { headers, ..request }
}

/// The requests on the wire, such as `["OPTIONS https://api.example/", "PUT https://api.example/"]`.
pub(super) fn wire(fetched: &Fetched) -> Vec<String> {
    fetched
        .exchanges
        .iter()
        .map(|exchange| {
            assert_eq!(exchange.kind == ExchangeKind::Preflight, exchange.request.method == "OPTIONS");
            format!("{} {}", exchange.request.method, exchange.request.url)
        })
        .collect()
}

/// A request header of the exchange at this index.
pub(super) fn sent<'a>(fetched: &'a Fetched, nth: usize, name: &str) -> Option<&'a str> {
    fetched.exchanges[nth].request.header(name).map(|value| std::str::from_utf8(value).unwrap())
}

pub(super) fn response(fetched: &Fetched) -> &PageResponse {
    match &fetched.outcome {
        Outcome::Response(response) => response,
        outcome => panic!("not a response: {outcome:?}"),
    }
}

pub(super) fn blocked(fetched: &Fetched) -> BlockReason {
    match &fetched.outcome {
        Outcome::Blocked(blocked) => blocked.reason,
        outcome => panic!("not blocked: {outcome:?}"),
    }
}
