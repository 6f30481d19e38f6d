//! The lines about an `EventSource` that does not open.

use crate::blocked::Context;
use crate::{BlockReason, Engine};

/// The line; `None` if it is the same as for `fetch()`.
pub(super) fn line(engine: Engine, reason: BlockReason, context: &Context) -> Option<String> {
    let Context { first_url, url, value, page_origin, .. } = context;
    match (engine, reason) {
        // Firefox: dom/locales/en-US/chrome/appstrings.properties, `connectionFailure`.
        (
            Engine::Firefox,
            BlockReason::EventStreamStatus | BlockReason::EventStreamType | BlockReason::NetworkError,
        ) => Some(format!("Firefox can’t establish a connection to the server at {first_url}.")),
        // Chromium: third_party/blink/renderer/modules/eventsource/event_source.cc.
        (Engine::Chromium | Engine::WebKit, BlockReason::EventStreamType) => Some(format!(
            "EventSource's response has a MIME type (\"{value}\") that is not \"text/event-stream\". Aborting the \
             connection."
        )),
        (Engine::Chromium, BlockReason::EventStreamStatus) => Some(match context.status {
            Some(status @ 400..) => format!(
                "Failed to load resource: the server responded with a status of {status} ({})",
                reason_phrase(status)
            ),
            _ => String::new(),
        }),
        (Engine::Chromium, BlockReason::MixedContent) => Some(format!(
            "Mixed Content: The page at '{page_origin}/' was loaded over HTTPS, but requested an insecure EventSource \
             endpoint '{url}'. This request has been blocked; the content must be served over HTTPS."
        )),
        // WebKit prints nothing that is certain about these.
        (Engine::WebKit, BlockReason::EventStreamStatus | BlockReason::NetworkError) => Some(String::new()),
        _ => None,
    }
}

/// RFC 9110, section 15: the reason phrases that servers send with the most frequent errors.
fn reason_phrase(status: u16) -> &'static str {
    match status {
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        410 => "Gone",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "",
    }
}
