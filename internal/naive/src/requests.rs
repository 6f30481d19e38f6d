//! Random requests, made to be almost valid.

use http::{HeaderMap, HeaderValue, Request};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::policies::{LONG_METHOD, ORIGINS};

/// `Origin` lines: valid ones, almost valid ones, and random bytes.
fn origin_lines() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let host = prop_oneof![
        select(vec![
            "app.example",
            "a.app.example",
            "a.b.app.example",
            "evilapp.example",
            "app.example.evil.example",
            ".app.example",
            "a..app.example",
            "localhost",
            "127.0.0.1",
            "127.1",
            "[::1]",
            "[0::1]",
            "app.example.",
            "APP.example",
            "app",
            "*.app.example",
            "user@app.example",
            "",
            "xn--bcher-kva.app.example",
            "a_b.app.example",
            "localhost.evil.example",
            "app-1.example",
            "app-.example",
            "app-1.a.example",
            "x.app-1.example",
            "1-b.app.example",
            "-b.app.example",
            "aa.app.example",
            "aaa.app.example",
            "b.a.app.example",
            "ab.a.app.example",
            "pr-1.github.io",
            "pr-1.localhost",
            ".",
        ])
        .prop_map(str::to_owned),
        "[a-w0-9.-]{0,12}\\.app\\.example",
        "(app-|pr-|a)[ab0-9_.-]{0,3}[ab]?\\.(app\\.|a\\.)?(example|localhost)",
        (50..70_usize).prop_map(|length| format!("app-{}.example", "a".repeat(length))),
        (240..260_usize).prop_map(|length| format!(
            "{}.app.example",
            "a.".repeat(length / 2 - 6) + &"a".repeat(length % 2)
        )),
    ];
    let port = prop_oneof![
        4 => Just(String::new()),
        1 => select(vec![":443", ":80", ":8443", ":3000", ":", ":0", ":03000", ":65536", ":1x", ":*", ":1:2"]).prop_map(str::to_owned),
        1 => (1..70_000_u32).prop_map(|port| format!(":{port}")),
    ];
    let scheme = select(vec![
        "https://",
        "http://",
        "chrome-extension://",
        "HTTPS://",
        "https:",
        "",
        "ftp://",
        "app://",
    ]);
    let end = select(vec!["", "", "", "", "", "/", " ", "?", "#a", ",https://app.example"]);
    let composed = (scheme, host, port, end)
        .prop_map(|(scheme, host, port, end)| format!("{scheme}{host}{port}{end}").into_bytes());
    let line = prop_oneof![
        8 => composed,
        2 => select(&ORIGINS[..]).prop_map(|origin| origin.replace('*', "a").into_bytes()),
        1 => Just(b"null".to_vec()),
        1 => vec(any::<u8>(), 0..40),
    ];
    prop_oneof![1 => vec(line.clone(), 0..1), 8 => vec(line.clone(), 1..2), 1 => vec(line, 2..3)]
}

fn request_header_lines() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let element = prop_oneof![
        6 => select(vec!["authorization", "Authorization", "content-type", "x-a", "X-A", "x-b", "accept", "x!#$%&'*+-.^_`|~"]).prop_map(str::to_owned),
        2 => Just(String::new()),
        2 => Just(" \t".to_owned()),
        1 => Just("x-other".to_owned()),
        1 => Just("x y".to_owned()),
        1 => (4000..4200_usize).prop_map(|length| "a".repeat(length)),
        1 => (60..70_usize).prop_map(|times| vec!["x-a"; times].join(",")),
        1 => (28..36_usize).prop_map(|times| ",".repeat(times)),
        1 => (4060..4100_usize).prop_map(|length| format!("x-a{}", " ".repeat(length))),
    ];
    let line = prop_oneof![
        6 => vec(element.clone(), 0..4).prop_map(|elements| elements.join(", ").into_bytes()),
        2 => vec(element, 0..4).prop_map(|elements| format!(" {}\t", elements.join(" ,")).into_bytes()),
        1 => vec(any::<u8>(), 0..20),
    ];
    vec(line, 0..3)
}

prop_compose! {
    /// Requests, most of them almost valid.
    pub fn requests()(
        method in select(vec!["GET", "POST", "PUT", "OPTIONS", "OPTIONS", "OPTIONS", "OPTIONS", "options"]),
        origin in origin_lines(),
        request_method in prop_oneof![
            6 => vec(select(vec!["GET", "HEAD", "POST", "PUT", "put", "DELETE", "PATCH", "OPTIONS", "x-own", "", "P UT", "PUT,GET", LONG_METHOD]).prop_map(str::to_owned), 1..2),
            1 => vec((250..262_usize).prop_map(|length| "A".repeat(length)), 1..2),
            1 => vec(select(vec!["PUT", "GET"]).prop_map(str::to_owned), 0..3),
        ],
        request_headers in request_header_lines(),
    ) -> Request<()> {
        let mut request = Request::new(());
        *request.method_mut() = method.parse().expect("a method");
        let lines = origin.into_iter().map(|line| ("origin", line))
            .chain(request_method.into_iter().map(|line| ("access-control-request-method", line.into())))
            .chain(request_headers.into_iter().map(|line| ("access-control-request-headers", line)));
        for (name, line) in lines {
            // Other bytes cannot be received as a value of this type.
            if let Ok(value) = HeaderValue::from_bytes(&line) {
                request.headers_mut().append(name, value);
            }
        }
        request
    }
}

/// Headers that the response already has.
pub fn response_headers() -> impl Strategy<Value = HeaderMap> {
    let line = select(vec![
        ("vary", "Accept-Encoding"),
        ("vary", "accept, ORIGIN"),
        ("vary", "Access-Control-Request-Method"),
        ("vary", "*"),
        ("access-control-allow-origin", "*"),
        ("access-control-made-up", "1"),
        ("set-cookie", "a=1"),
        ("x-own", "1"),
    ]);
    vec(line, 0..5).prop_map(|lines| {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(name, HeaderValue::from_static(value));
        }
        headers
    })
}
