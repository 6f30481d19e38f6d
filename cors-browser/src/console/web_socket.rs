//! The lines about a WebSocket that does not open.

use super::webkit_mixed_content;
use crate::blocked::{Context, InvalidArgument};
use crate::{BlockReason, FailureKind};

/// Chromium: net/websockets/websocket_basic_handshake_stream.cc and third_party/blink/renderer/modules/websockets.
pub(super) fn chromium(reason: BlockReason, detail: &str, context: &Context) -> String {
    let Context { first_url: url, value, page_origin, .. } = context;
    let failed = |why: &str| format!("WebSocket connection to '{url}' failed: {why}");
    let handshake = |why: &str| failed(&format!("Error during WebSocket handshake: {why}"));
    let connection = |error: &str| failed(&format!("Error in connection establishment: net::{error}"));
    let thrown = |what: &str| format!("SyntaxError: Failed to construct 'WebSocket': {what}");
    match reason {
        BlockReason::WebSocketHandshakeFailed => handshake(&format!("Unexpected response code: {value}")),
        BlockReason::WebSocketResponseInvalid => handshake(&invalid_response(value, detail)),
        BlockReason::MixedContent => format!(
            "Mixed Content: The page at '{page_origin}/' was loaded over HTTPS, but attempted to connect to the insecure \
             WebSocket endpoint '{url}'. This request has been blocked; this endpoint must be available over WSS."
        ),
        BlockReason::BadPort => connection("ERR_UNSAFE_PORT"),
        BlockReason::NetworkError if context.failure == Some(FailureKind::BrokenOff) => {
            failed("Connection closed before receiving a handshake response")
        }
        BlockReason::NetworkError => {
            connection(context.failure.map_or("ERR_FAILED", FailureKind::chromium_error))
        }
        BlockReason::UnsupportedScheme => thrown(&format!(
            "The URL's scheme must be either 'http', 'https', 'ws', or 'wss'. '{value}' is not allowed."
        )),
        _ => match context.argument {
            Some(InvalidArgument::WebSocketFragment) => {
                let fragment = url.split_once('#').map_or("", |(_, fragment)| fragment);
                thrown(&format!(
                    "The URL contains a fragment identifier ('{fragment}'). Fragment identifiers are not allowed in \
                     WebSocket URLs."
                ))
            }
            Some(InvalidArgument::WebSocketProtocol) => {
                thrown(&format!("The subprotocol '{value}' is invalid."))
            }
            _ => failed(detail),
        },
    }
}

/// What is wrong with a response with status 101: the name of the header, and the detail that the model gives.
fn invalid_response(name: &str, detail: &str) -> String {
    let is_missing = detail.ends_with(" is missing");
    match name {
        _ if is_missing && name != "Sec-WebSocket-Protocol" => format!("'{name}' header is missing"),
        "Upgrade" => {
            let value = detail.split('`').nth(1).unwrap_or_default();
            format!("'Upgrade' header value is not 'WebSocket': {value}")
        }
        "Connection" => "'Connection' header value must contain 'Upgrade'".to_owned(),
        "Sec-WebSocket-Accept" => "Incorrect 'Sec-WebSocket-Accept' header value".to_owned(),
        _ if is_missing => {
            "Sent non-empty 'Sec-WebSocket-Protocol' header but no response was received".to_owned()
        }
        _ => detail.to_owned(),
    }
}

/// Firefox: dom/locales/en-US/chrome/appstrings.properties, and the exceptions of the constructor.
pub(super) fn firefox(reason: BlockReason, context: &Context) -> String {
    let url = &context.first_url;
    match reason {
        BlockReason::MixedContent => "SecurityError: The operation is insecure.".to_owned(),
        BlockReason::UnsupportedScheme | BlockReason::InvalidRequest => {
            "SyntaxError: An invalid or illegal string was specified".to_owned()
        }
        _ => format!("Firefox can’t establish a connection to the server at {url}."),
    }
}

/// WebKit: Source/WebCore/Modules/websockets/WebSocket.cpp, and libsoup for what is wrong with a response.
pub(super) fn webkit(reason: BlockReason, context: &Context) -> String {
    let Context { first_url: url, value, .. } = context;
    let failed = |why: &str| format!("WebSocket connection to '{url}' failed: {why}");
    match reason {
        BlockReason::WebSocketHandshakeFailed => failed("The server did not accept the WebSocket handshake."),
        BlockReason::WebSocketResponseInvalid => match value.as_str() {
            "Upgrade" | "Connection" => failed("Server ignored WebSocket handshake"),
            "Sec-WebSocket-Accept" => failed("Server returned incorrect “Sec-WebSocket-Accept” key"),
            _ => String::new(),
        },
        BlockReason::MixedContent => webkit_mixed_content(context, url),
        BlockReason::BadPort => {
            let port = url::Url::parse(url).ok().and_then(|url| url.port()).unwrap_or_default();
            format!("WebSocket port {port} blocked")
        }
        BlockReason::UnsupportedScheme | BlockReason::InvalidRequest => {
            "SyntaxError: The string did not match the expected pattern.".to_owned()
        }
        BlockReason::NetworkError if context.failure == Some(FailureKind::BrokenOff) => {
            failed("Connection terminated unexpectedly")
        }
        _ => String::new(),
    }
}
