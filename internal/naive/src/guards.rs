//! Random guards, and requests for them.

use cors_core::{Guard, GuardAction, GuardBuilder};
use http::{HeaderValue, Request};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use crate::naive::NaiveGuard;
use crate::requests::requests;

const HOSTS: [&str; 8] = [
    "app.example",
    "app.example:8443",
    "*.app.example",
    "*.app.example:*",
    "app-*.example",
    "localhost:*",
    "[::1]:3000",
    "127.0.0.1:443",
];

const OWN: [&str; 3] = ["https://app.example", "http://localhost:3000", "https://[::1]:3000"];

const PATHS: [&str; 4] = ["/", "/login/saml", "/login/saml/", "/login/%73aml"];

const AUTHORITIES: [&str; 17] = [
    "app.example",
    "APP.example",
    "app.example:443",
    "app.example:80",
    "app.example:",
    "app.example:8443",
    "app.example:0443",
    "a.app.example",
    "a.app.example:9",
    "app-1.example",
    "evilapp.example",
    "localhost",
    "localhost:3000",
    "[::1]:3000",
    "127.0.0.1",
    "user@app.example",
    "",
];

prop_compose! {
    /// Guards.
    pub fn guards()(
        writes in any::<bool>(),
        foreign in any::<bool>(),
        websockets in any::<bool>(),
        hosts in option::of(subsequence(&HOSTS[..], 0..HOSTS.len())),
        own in prop_oneof![2 => Just(Vec::new()), 1 => subsequence(&OWN[..], 0..OWN.len())],
        exempt in vec((select(vec!["POST", "PUT", "GET", "CONNECT"]), select(&PATHS[..])), 0..3),
        report_only in prop_oneof![4 => Just(false), 1 => Just(true)],
    ) -> NaiveGuard {
        let owned = |texts: Vec<&str>| texts.into_iter().map(str::to_owned).collect();
        NaiveGuard {
            writes,
            foreign,
            websockets,
            hosts: hosts.map(owned),
            own: owned(own),
            exempt: exempt.into_iter().map(|(method, path)| (method.to_owned(), path.to_owned())).collect(),
            report_only,
        }
    }
}

/// The same guard for the crate.
pub fn guard_builder(naive: &NaiveGuard) -> GuardBuilder {
    let action = |denies| if denies { GuardAction::Deny } else { GuardAction::Allow };
    let guard = Guard::builder()
        .cross_site_writes(action(naive.writes))
        .foreign_origins(action(naive.foreign))
        .websockets(action(naive.websockets))
        .own_origins(&naive.own)
        .report_only(naive.report_only);
    let guard = match &naive.hosts {
        Some(hosts) => guard.allow_hosts(hosts),
        None => guard,
    };
    naive.exempt.iter().fold(guard, |guard, (method, path)| guard.exempt(method, path))
}

prop_compose! {
    /// Requests with what a guard reads.
    pub fn guarded_requests()(
        request in requests(),
        method in option::of(select(vec!["POST", "PUT", "DELETE", "CONNECT", "GET", "HEAD", "post"])),
        path in select(&PATHS[..]),
        authority in option::of(select(vec!["app.example", "APP.example:443", "localhost:3000", "evil.example"])),
        hosts in prop_oneof![
            6 => vec(select(&AUTHORITIES[..]), 1..2),
            1 => vec(select(&AUTHORITIES[..]), 0..3),
        ],
        sites in prop_oneof![
            3 => Just(vec![]),
            3 => vec(select(vec!["same-origin", "none", "same-site", "cross-site", "", "Same-Origin", "x"]), 1..2),
            1 => vec(select(vec!["same-origin", "cross-site"]), 2..3),
        ],
        upgrades in prop_oneof![
            2 => Just(vec![]),
            1 => vec(select(vec!["websocket", "WebSocket", "h2c", "h2c , websocket", "websocket2", "x,"]), 1..3),
        ],
        is_own in any::<bool>(),
    ) -> Request<()> {
        let mut request = request;
        if let Some(method) = method {
            *request.method_mut() = method.parse().expect("a method");
        }
        let target = match authority.filter(|_| path == "/") {
            Some(authority) => format!("https://{authority}{path}"),
            None => path.to_owned(),
        };
        *request.uri_mut() = target.parse().expect("a target");
        let lines = hosts.iter().map(|value| ("host", value))
            .chain(sites.iter().map(|value| ("sec-fetch-site", value)))
            .chain(upgrades.iter().map(|value| ("upgrade", value)));
        for (name, value) in lines {
            request.headers_mut().append(name, HeaderValue::from_static(value));
        }
        if let (true, [host]) = (is_own, &hosts[..]) {
            let origin = format!("https://{}", host.to_lowercase());
            request.headers_mut().insert("origin", origin.parse().expect("a value"));
        }
        request
    }
}
