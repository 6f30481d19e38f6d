//! The rules of the standards that block a fetch, with links.

/// A rule of a standard, with a link to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Citation {
    /// The standard, the section and the step.
    pub title: &'static str,
    /// The address of the section.
    pub url: &'static str,
}

macro_rules! citations {
    ($($name:ident = $title:literal, $url:literal;)+) => {
        $(pub(super) const $name: Citation = Citation { title: $title, url: $url };)+
    };
}

citations! {
    REQUEST = "Fetch, \"new Request(input, init)\"", "https://fetch.spec.whatwg.org/#dom-request";
    NO_DOCUMENT = "HTML, \"attempt to populate the history entry's document\"", "https://html.spec.whatwg.org/multipage/browsing-the-web.html#attempt-to-populate-the-history-entry's-document";
    WEB_SOCKET = "WebSockets, \"establish a WebSocket connection\", step 11", "https://websockets.spec.whatwg.org/#concept-websocket-establish";
    WEB_SOCKET_RESPONSE = "RFC 6455, section 4.1, \"Client Requirements\"", "https://www.rfc-editor.org/rfc/rfc6455.html#section-4.1";
    EVENT_STREAM = "HTML, \"new EventSource(url, eventSourceInitDict)\", step 15", "https://html.spec.whatwg.org/multipage/server-sent-events.html#dom-eventsource";
    FORBIDDEN_METHOD = "Fetch, \"forbidden method\"", "https://fetch.spec.whatwg.org/#forbidden-method";
    MIXED_CONTENT = "Mixed Content, \"Should fetching request be blocked as mixed content?\"", "https://www.w3.org/TR/mixed-content/#should-block-fetch";
    LOCAL_NETWORK_PROMPT = "Local Network Access, \"Local Network Request Permission Prompt\"", "https://wicg.github.io/local-network-access/#permission-prompt";
    LOCAL_NETWORK_SECURE = "Local Network Access, \"Secure Context Restriction\"", "https://wicg.github.io/local-network-access/#secure-context-restriction";
    LOCAL_NETWORK_TARGET = "Local Network Access, \"Fetch API\"", "https://wicg.github.io/local-network-access/#fetch-api";
    BAD_PORT = "Fetch, \"Port blocking\"", "https://fetch.spec.whatwg.org/#port-blocking";
    MAIN_FETCH_CHOICE = "Fetch, \"main fetch\", step 12", "https://fetch.spec.whatwg.org/#concept-main-fetch";
    HTTP_FETCH_REDIRECT = "Fetch, \"HTTP fetch\", step 6", "https://fetch.spec.whatwg.org/#concept-http-fetch";
    NETWORK_FETCH = "Fetch, \"HTTP-network fetch\"", "https://fetch.spec.whatwg.org/#concept-http-network-fetch";
    RESOURCE_POLICY = "Fetch, \"cross-origin resource policy check\"", "https://fetch.spec.whatwg.org/#cross-origin-resource-policy-check";
    PREFLIGHT_OK = "Fetch, \"CORS-preflight fetch\", step 7", "https://fetch.spec.whatwg.org/#cors-preflight-fetch-0";
    PREFLIGHT_LISTS = "Fetch, \"CORS-preflight fetch\", step 7.3", "https://fetch.spec.whatwg.org/#cors-preflight-fetch-0";
    PREFLIGHT_METHOD = "Fetch, \"CORS-preflight fetch\", step 7.5", "https://fetch.spec.whatwg.org/#cors-preflight-fetch-0";
    PREFLIGHT_AUTHORIZATION = "Fetch, \"CORS-preflight fetch\", step 7.6", "https://fetch.spec.whatwg.org/#cors-preflight-fetch-0";
    PREFLIGHT_HEADERS = "Fetch, \"CORS-preflight fetch\", step 7.7", "https://fetch.spec.whatwg.org/#cors-preflight-fetch-0";
    CORS_CHECK_MISSING = "Fetch, \"CORS check\", step 2", "https://fetch.spec.whatwg.org/#concept-cors-check";
    CORS_CHECK_WILDCARD = "Fetch, \"CORS check\", steps 3 and 4", "https://fetch.spec.whatwg.org/#concept-cors-check";
    CORS_CHECK_MISMATCH = "Fetch, \"CORS check\", step 4", "https://fetch.spec.whatwg.org/#concept-cors-check";
    CORS_CHECK_CREDENTIALS = "Fetch, \"CORS check\", steps 6 to 8", "https://fetch.spec.whatwg.org/#concept-cors-check";
    LOCATION_URL = "Fetch, \"location URL\"", "https://fetch.spec.whatwg.org/#concept-response-location-url";
    REDIRECT_SCHEME = "Fetch, \"HTTP-redirect fetch\", step 6", "https://fetch.spec.whatwg.org/#concept-http-redirect-fetch";
    REDIRECT_COUNT = "Fetch, \"HTTP-redirect fetch\", step 7", "https://fetch.spec.whatwg.org/#concept-http-redirect-fetch";
    REDIRECT_CREDENTIALS = "Fetch, \"HTTP-redirect fetch\", steps 9 and 10", "https://fetch.spec.whatwg.org/#concept-http-redirect-fetch";
}
