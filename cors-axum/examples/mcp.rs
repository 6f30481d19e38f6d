//! A server on localhost that speaks JSON-RPC, as MCP servers do, with the guard as its only protection from web pages.
//!
//! ```sh
//! cargo run -p cors-axum --example mcp
//! ```
//!
//! A program on this machine may call it, and so may the page at `http://localhost:6274`:
//!
//! ```sh
//! curl -i http://localhost:8080/mcp -H 'content-type: application/json' \
//!     -d '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"add","arguments":{"a":1,"b":2}}}'
//! ```
//!
//! Any other page gets 403, also for a form, which needs no preflight, and also if its host name was pointed at this machine
//! (DNS rebinding), which gets 421:
//!
//! ```sh
//! curl -i http://localhost:8080/mcp -H 'origin: https://evil.example' -d '{"jsonrpc":"2.0","id":1,"method":"tools/list"}'
//! curl -i http://localhost:8080/mcp -H 'host: evil.example:8080' -d '{"jsonrpc":"2.0","id":1,"method":"tools/list"}'
//! ```

use std::env;
use std::error::Error;
use std::net::Ipv4Addr;

use axum::body::Bytes;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use cors_axum::{CorsLayer, Guard, GuardAction, Policy, PolicyError};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// The page that may use the server.
const INSPECTOR: &str = "http://localhost:6274";

/// The only protection: pages of other origins and requests for other hosts do not reach the application.
fn policy() -> Result<Policy, PolicyError> {
    let guard = Guard::builder().foreign_origins(GuardAction::Deny).allow_hosts([
        "localhost:*",
        "127.0.0.1:*",
        "[::1]:*",
    ]);
    Policy::builder()
        .allow_origins(INSPECTOR)
        .allow_headers(["content-type", "mcp-protocol-version", "mcp-session-id"])
        .expose_headers("mcp-session-id")
        .guard(guard)
        .build()
}

pub(crate) fn app() -> Result<Router, PolicyError> {
    Ok(Router::new().route("/mcp", post(call)).layer(CorsLayer::new(policy()?)))
}

/// Answers one JSON-RPC request. It accepts any `Content-Type`, as careless servers do, so that a form can reach it.
async fn call(body: Bytes) -> Response {
    let Ok(request) = serde_json::from_slice::<Value>(&body) else {
        let error = json!({ "code": -32700, "message": "the body is not JSON" });
        return reply(&Value::Null, "error", error);
    };
    // A notification has no `id` and gets no answer.
    let Some(id) = request.get("id") else { return StatusCode::ACCEPTED.into_response() };
    match request["method"].as_str() {
        Some("initialize") => {
            let result = json!({
                "protocolVersion": "2025-06-18",
                "capabilities": { "tools": {} },
                "serverInfo": { "name": "adder", "version": "1.0.0" },
            });
            reply(id, "result", result)
        }
        Some("tools/list") => {
            let number = json!({ "type": "integer" });
            let schema = json!({ "type": "object", "properties": { "a": number, "b": number }, "required": ["a", "b"] });
            let tool = json!({ "name": "add", "description": "Adds two numbers.", "inputSchema": schema });
            reply(id, "result", json!({ "tools": [tool] }))
        }
        Some("tools/call") => match sum(&request["params"]) {
            Some(sum) => {
                let text = json!({ "type": "text", "text": sum.to_string() });
                reply(id, "result", json!({ "content": [text] }))
            }
            None => reply(
                id,
                "error",
                json!({ "code": -32602, "message": "call `add` with the integers a and b" }),
            ),
        },
        _ => reply(id, "error", json!({ "code": -32601, "message": "the method is unknown" })),
    }
}

fn sum(params: &Value) -> Option<i64> {
    let (name, arguments) = (params["name"].as_str()?, &params["arguments"]);
    if name != "add" {
        return None;
    }
    arguments["a"].as_i64()?.checked_add(arguments["b"].as_i64()?)
}

fn reply(id: &Value, field: &str, value: Value) -> Response {
    Json(json!({ "jsonrpc": "2.0", "id": id, field: value })).into_response()
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let port = env::args().nth(1).map_or(Ok(8080), |port| port.parse::<u16>())?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    println!("listening on http://localhost:{}/mcp", listener.local_addr()?.port());
    axum::serve(listener, app()?).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::Request;
    use http_body_util::BodyExt as _;
    use rstest::rstest;
    use tower::ServiceExt as _;

    use super::*;

    const CALL: &str =
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"add","arguments":{"a":1,"b":2}}}"#;

    async fn send(method: &str, headers: &[(&str, &str)]) -> (StatusCode, String) {
        let mut request = Request::builder().method(method).uri("/mcp");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = app().unwrap().oneshot(request.body(Body::from(CALL)).unwrap()).await.unwrap();
        let status = response.status();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    #[rstest]
    #[case::program("POST", &[("host", "localhost:8080")], 200)]
    #[case::program_with_an_address("POST", &[("host", "127.0.0.1:8080")], 200)]
    #[case::inspector("POST", &[("host", "localhost:8080"), ("origin", INSPECTOR)], 200)]
    #[case::form_of_a_stranger(
        "POST",
        &[("host", "localhost:8080"), ("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")],
        403
    )]
    #[case::sandboxed_frame("POST", &[("host", "localhost:8080"), ("origin", "null")], 403)]
    #[case::old_browser("POST", &[("host", "localhost:8080"), ("origin", "http://evil.example")], 403)]
    #[case::another_port_of_this_machine("POST", &[("host", "localhost:8080"), ("origin", "http://localhost:3000")], 403)]
    #[case::read_of_a_stranger("GET", &[("host", "localhost:8080"), ("origin", "https://evil.example")], 403)]
    #[case::rebound("POST", &[("host", "evil.example:8080"), ("origin", "http://evil.example:8080")], 421)]
    #[case::rebound_read("GET", &[("host", "evil.example:8080")], 421)]
    #[case::no_host("POST", &[], 400)]
    #[tokio::test]
    async fn only_programs_and_the_inspector_get_an_answer(
        #[case] method: &str,
        #[case] headers: &[(&str, &str)],
        #[case] expected: u16,
    ) {
        let (status, body) = send(method, headers).await;
        assert_eq!(status.as_u16(), expected);
        let answer = serde_json::from_str::<Value>(&body).ok();
        let sum = answer.map(|answer| answer["result"]["content"][0]["text"].clone());
        assert_eq!((sum, body.is_empty()), ((expected == 200).then(|| json!("3")), expected != 200));
    }
}
