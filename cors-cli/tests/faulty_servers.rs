//! What a user who tries `cors check` on a faulty server reads first: the code, and the fix.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Command;
use std::thread;

use rstest::rstest;

const APP: &str = "http://localhost:5173";

/// What the server does with the head of a request.
type Answer = fn(&str) -> String;

/// A response with these header lines and this body.
fn response(status: &str, lines: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{lines}connection: close\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

const ALLOW: &str = "access-control-allow-origin: http://localhost:5173\r\n";

fn is_preflight(head: &str) -> bool {
    head.starts_with("OPTIONS ")
}

fn with(lines: &str) -> String {
    format!("{ALLOW}{lines}")
}

fn serve(answer: Answer) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/users", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut head = [0; 8192];
            let length = stream.read(&mut head).unwrap_or_default();
            let _ = stream.write_all(answer(&String::from_utf8_lossy(&head[..length])).as_bytes());
        }
    });
    url
}

const GET: &[&str] = &[];
const PUT: &[&str] = &["--method", "PUT"];
const JSON: &[&str] = &["--method", "POST", "-H", "Content-Type: application/json", "--body", "{}"];
const LOGIN: &[&str] = &["-H", "Authorization: Bearer t"];
const COOKIES: &[&str] = &["--credentials", "include"];

#[rstest]
#[case::no_cors(GET, |_: &str| response("200 OK", "", "[]"), "missing-allow-origin",
    "On the response, send `Access-Control-Allow-Origin: http://localhost:5173` if pages of that origin may use this server. Also send `Vary: Origin`.")]
#[case::no_options(PUT, |head: &str| response(if is_preflight(head) { "405 Method Not Allowed" } else { "200 OK" }, "allow: GET, PUT\r\n", ""), "preflight-missing-allow-origin",
    "The status 405 means that nothing answers OPTIONS at this URL: there is no CORS middleware, or it runs after the router.")]
#[case::options_without_headers(PUT, |head: &str| response("200 OK", if is_preflight(head) { "" } else { ALLOW }, ""), "preflight-missing-allow-origin",
    "On the response to the preflight (OPTIONS), send `Access-Control-Allow-Origin: http://localhost:5173` if pages of that origin may use this server. Also send `Access-Control-Allow-Methods: PUT`, `Vary: Origin`. The response to a GET has the right headers, but those to preflights (status 200) do not: OPTIONS does not reach the CORS middleware, or the middleware does not handle it.")]
#[case::authentication_first(LOGIN, |_: &str| response("401 Unauthorized", "www-authenticate: Bearer\r\n", ""), "preflight-missing-allow-origin",
    "The status 401 means that authentication runs first. A preflight never has cookies or `Authorization`, so the server must answer OPTIONS before authentication.")]
#[case::header_not_listed(JSON, |_: &str| response("204 No Content", &with("access-control-allow-methods: GET, POST\r\n"), ""), "header-not-allowed",
    "On the response to the preflight (OPTIONS), send `Access-Control-Allow-Headers: content-type`.")]
#[case::method_not_listed(PUT, |_: &str| response("204 No Content", &with("access-control-allow-methods: GET, POST\r\n"), ""), "method-not-allowed",
    "On the response to the preflight (OPTIONS), change `Access-Control-Allow-Methods: GET, POST` to `Access-Control-Allow-Methods: GET, POST, PUT`, and send it once.")]
#[case::quoted_methods(PUT, |_: &str| response("204 No Content", &with("access-control-allow-methods: \"PUT\", \"DELETE\"\r\n"), ""), "invalid-allow-methods",
    "On the response to the preflight (OPTIONS), change `Access-Control-Allow-Methods: \"PUT\", \"DELETE\"` to `Access-Control-Allow-Methods: PUT, DELETE`, and send it once.")]
#[case::starlette(&["-H", "baggage: a=1"], |head: &str| match is_preflight(head) {
        true => response("400 Bad Request", &with("access-control-allow-methods: GET\r\naccess-control-allow-headers: Content-Type\r\n"), "Disallowed CORS headers"),
        false => response("200 OK", ALLOW, ""),
    }, "preflight-status-not-ok",
    "On the response to the preflight (OPTIONS), change `Access-Control-Allow-Headers: Content-Type` to `Access-Control-Allow-Headers: Content-Type, baggage`, and send it once. The server does not list the header `baggage`, and that is probably why it answers with 400. The body says why: its CORS middleware (Starlette, FastAPI) does not allow a header: add it to `allow_headers`.")]
#[case::spring(GET, |head: &str| match head.to_lowercase().contains("\r\norigin:") {
        true => response("403 Forbidden", "", "Invalid CORS request"),
        false => response("200 OK", "", "[]"),
    }, "missing-allow-origin",
    "On the response, send `Access-Control-Allow-Origin: http://localhost:5173` if pages of that origin may use this server. Also send `Vary: Origin`. Without `Origin` the server answers the same request with 200. Its own CORS filter refuses this origin with 403. The body says why: its CORS filter (Spring) does not allow the origin, the method or a header: see `allowedOrigins`, `allowedMethods` and `allowedHeaders`.")]
#[case::wildcard_with_cookies(COOKIES, |_: &str| response("200 OK", "access-control-allow-origin: *\r\n", ""), "wildcard-origin-with-credentials",
    "On the response, change `Access-Control-Allow-Origin: *` to `Access-Control-Allow-Origin: http://localhost:5173`, and send it once. Also send `Access-Control-Allow-Credentials: true`, `Vary: Origin`.")]
#[case::no_credentials(COOKIES, |_: &str| response("200 OK", ALLOW, ""), "credentials-not-allowed",
    "On the response, send `Access-Control-Allow-Credentials: true`.")]
#[case::two_layers(GET, |_: &str| response("200 OK", &with(ALLOW), ""), "multiple-allow-origin",
    "On the response, change `Access-Control-Allow-Origin: http://localhost:5173, http://localhost:5173` to `Access-Control-Allow-Origin: http://localhost:5173`, and send it once. Also send `Vary: Origin`.")]
#[case::slash(GET, |_: &str| response("200 OK", "access-control-allow-origin: http://localhost:5173/\r\n", ""), "allow-origin-mismatch",
    "On the response, change `Access-Control-Allow-Origin: http://localhost:5173/` to `Access-Control-Allow-Origin: http://localhost:5173`, and send it once. An origin is in lower case and has no slash at its end. Also send `Vary: Origin`.")]
#[case::misspelt(GET, |_: &str| response("200 OK", "access-control-allow-orgin: *\r\n", ""), "missing-allow-origin",
    "Correct the name of the response header `access-control-allow-orgin`: it is `Access-Control-Allow-Origin`. On the response, send `Access-Control-Allow-Origin: http://localhost:5173` if pages of that origin may use this server. Also send `Vary: Origin`.")]
#[case::slash_redirect(PUT, |_: &str| response("308 Permanent Redirect", "location: /users/\r\n", ""), "preflight-redirected",
    "The redirect leads to `/users/` only to add a slash at the end. Let the page fetch {server}/users/ directly.")]
#[case::login_redirect(GET, |_: &str| response("302 Found", "location: /login?next=/users\r\n", ""), "missing-allow-origin",
    "A redirect must pass the CORS check as well. The redirect leads to `/login?next=/users`, a login page: the server sees no login. For an API, answer with 401 instead of a redirect, with CORS headers, and answer OPTIONS before authentication.")]
#[case::crash(GET, |_: &str| response("500 Internal Server Error", "", "Traceback"), "missing-allow-origin",
    "On the response, send `Access-Control-Allow-Origin: http://localhost:5173` if pages of that origin may use this server. Also send `Vary: Origin`. This is an error response (status 500), and the page cannot read it without the header. The CORS middleware must wrap whatever produced it, and the server's log can tell what failed.")]
#[case::proxy(GET, |_: &str| response("502 Bad Gateway", "server: nginx/1.27.0\r\n", "<html>"), "missing-allow-origin",
    "On the response, send `Access-Control-Allow-Origin: http://localhost:5173` if pages of that origin may use this server. Also send `Vary: Origin`. This is an error response (status 502) of a proxy, not of the application: the application did not answer. The page would see the status if the proxy added the header (nginx: `add_header … always`). The response comes from nginx. Its `add_header` skips error responses without `always`.")]
#[case::rate_limit(JSON, |_: &str| response("429 Too Many Requests", "retry-after: 1\r\n", ""), "preflight-missing-allow-origin",
    "The status 429 means that a rate limit counts preflights. Do not count OPTIONS, or answer it before the limit.")]
#[case::silent_method(&["--method", "DELETE", "-H", "x-a: 1"], |head: &str| match head.contains("DELETE") {
        true => response("403 Forbidden", "", ""),
        false => response("204 No Content", &with("access-control-allow-headers: x-a\r\n"), ""),
    }, "preflight-missing-allow-origin",
    "Allow the method DELETE in the server's policy. Simpler preflights of this origin get the right headers, those with it do not.")]
#[case::wrong_page(GET, |_: &str| response("200 OK", "content-type: text/html\r\n", "<!DOCTYPE html><title>App</title>"), "missing-allow-origin",
    "On the response, send `Access-Control-Allow-Origin: http://localhost:5173` if pages of that origin may use this server. Also send `Vary: Origin`. The body is an HTML page. If the URL should be that of an API, it is probably the wrong one.")]
#[case::not_http(GET, |_: &str| "220 mail.example ESMTP\r\n".to_owned(), "network-error",
    "The response is not valid HTTP. If the server uses TLS on this port, write `https://`.")]
fn the_code_and_the_fix(
    #[case] options: &[&str],
    #[case] answer: Answer,
    #[case] code: &str,
    #[case] fix: &str,
) {
    let url = serve(answer);
    let server = url.strip_suffix("/users").unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_cors"))
        .args(["check", &url, "--origin", APP])
        .args(options)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let line = |start: &str| text.lines().find_map(|line| line.strip_prefix(start)).unwrap_or_default();
    assert_eq!(line("blocked: ").split(' ').next(), Some(code), "{text}");
    assert_eq!(line("Fix:  "), fix.replace("{server}", server), "{text}");
    assert_eq!(output.status.code(), Some(if code == "network-error" { 2 } else { 1 }));
}
