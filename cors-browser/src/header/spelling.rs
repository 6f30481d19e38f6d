//! The header names that WebKit knows, which it always writes in its own spelling.

/// The names in Source/WebCore/platform/network/HTTPHeaderNames.in that are not forbidden to scripts.
const KNOWN: &[&str] = &[
    "Accept",
    "Accept-Language",
    "Accept-Ranges",
    "Age",
    "Authorization",
    "Cache-Control",
    "Content-Disposition",
    "Content-Encoding",
    "Content-Language",
    "Content-Range",
    "Content-Type",
    "Default-Style",
    "ETag",
    "Expires",
    "If-Match",
    "If-Modified-Since",
    "If-None-Match",
    "If-Range",
    "If-Unmodified-Since",
    "Last-Event-ID",
    "Last-Modified",
    "Link",
    "Location",
    "Pragma",
    "Purpose",
    "Range",
    "Refresh",
    "User-Agent",
    "Vary",
];

/// The spelling of a header name that WebKit knows; `None` for any other name.
pub(crate) fn spelling_of_webkit(name: &str) -> Option<&'static str> {
    KNOWN.iter().copied().find(|known| known.eq_ignore_ascii_case(name))
}
