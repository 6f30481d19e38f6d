//! WebSockets, "opening handshake", and RFC 6455, section 4.1 "Client Requirements".

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest, Sha1};

use crate::blocked::{Context, Initiator, InvalidArgument};
use crate::fetch::HttpResponse;
use crate::header::{HeaderList, extract_list, is_token, isomorphic_decode, trim};
use crate::profile::Profile;
use crate::request::{Request, RequestMode, encode_path};
use crate::steps::Steps;
use crate::{BlockReason, Blocked, Browser, Fetched, Opened, Outcome, Page, WebSocketRequest, WireResponse};

/// The value of `Sec-WebSocket-Key`: the one of RFC 6455, section 1.3. Servers may not treat any value in a special way, and a
/// constant keeps the model deterministic.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

/// RFC 6455, section 1.3: what a server appends to the key before it hashes it.
const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

impl Browser {
    /// WebSockets, "new WebSocket(url, protocols)", until the `open` event or the first `error` event.
    pub(crate) async fn open_web_socket(&self, page: &Page, init: WebSocketRequest) -> Fetched {
        let WebSocketRequest { url, protocols } = init;
        let request = check_arguments(&url, &protocols).and_then(|()| self.handshake(page, &url, &protocols));
        let finish = |_: &Request, response: HttpResponse| {
            let protocol = self.steps.check_handshake(&protocols, &response.followed()?, &self.profile)?;
            Ok(Outcome::Opened(Opened { protocol }))
        };
        self.perform(page, Context::new(page, &url, Initiator::WebSocket), request, finish).await
    }

    /// WebSockets, "establish a WebSocket connection", steps 1 to 10.
    fn handshake(&self, page: &Page, url: &url::Url, protocols: &[String]) -> Result<Request, Blocked> {
        // Step 1.
        let mut request_url = url.clone();
        let scheme = if url.scheme() == "ws" { "http" } else { "https" };
        request_url.set_scheme(scheme).map_err(|()| unsupported(url))?;
        // Step 2.
        let mut request = Request {
            referrer: None,
            mode: RequestMode::WebSocket,
            credentials: self.steps.web_socket_credentials(),
            is_no_store: true,
            redirect: self.steps.web_socket_redirect(&self.profile),
            ..Request::new(page, encode_path(request_url, &self.profile), &*self.steps)
        };
        let headers = &mut request.headers;
        // Steps 3 to 7.
        headers.append("Upgrade", "websocket");
        headers.append("Connection", "Upgrade");
        headers.append("Sec-WebSocket-Key", KEY);
        headers.append("Sec-WebSocket-Version", "13");
        // Step 8.
        for protocol in protocols {
            headers.append("Sec-WebSocket-Protocol", protocol.as_str());
        }
        // Steps 9 and 10.
        headers.append("Sec-WebSocket-Extensions", "permessage-deflate");
        request.set_default_headers();
        Ok(request)
    }
}

/// "new WebSocket(url, protocols)", steps 4 to 8.
fn check_arguments(url: &url::Url, protocols: &[String]) -> Result<(), Blocked> {
    if !matches!(url.scheme(), "ws" | "wss") {
        return Err(unsupported(url));
    }
    if url.fragment().is_some() {
        let detail = format!("{url}: the URL has a fragment");
        return Err(Blocked::new(BlockReason::InvalidRequest, detail)
            .with_value(url.as_str())
            .with_argument(InvalidArgument::WebSocketFragment));
    }
    for (index, protocol) in protocols.iter().enumerate() {
        let what = if !is_token(protocol.as_bytes()) {
            "is not a token"
        } else if protocols[..index].contains(protocol) {
            "is repeated"
        } else {
            continue;
        };
        return Err(Blocked::new(
            BlockReason::InvalidRequest,
            format!("the subprotocol `{protocol}` {what}"),
        )
        .with_value(protocol)
        .with_argument(InvalidArgument::WebSocketProtocol));
    }
    Ok(())
}

fn unsupported(url: &url::Url) -> Blocked {
    let detail = format!("{url} is not a WebSocket URL");
    Blocked::new(BlockReason::UnsupportedScheme, detail).with_value(url.scheme())
}

/// "establish a WebSocket connection", step 11. Returns the subprotocol that the server chose.
pub(crate) fn check_handshake(
    protocols: &[String],
    response: &WireResponse,
    profile: &Profile,
    steps: &(impl Steps + ?Sized),
) -> Result<String, Blocked> {
    // Step 11.1.
    if !steps.is_handshake_status(response.status) {
        let detail = format!("the status of the response is {}, not 101", response.status);
        return Err(Blocked::new(BlockReason::WebSocketHandshakeFailed, detail)
            .with_value(response.status.to_string()));
    }
    let headers = HeaderList::from(response.headers.as_slice());
    let value = |name: &str| headers.combined(name).map(|value| isomorphic_decode(&value));
    let invalid = |name: &str| {
        let detail = match value(name) {
            Some(value) => format!("{name} is `{value}`"),
            None => format!("{name} is missing"),
        };
        Err(Blocked::new(BlockReason::WebSocketResponseInvalid, detail).with_value(name))
    };
    // RFC 6455, section 4.1, steps 2 and 3 of the response.
    if !value("Upgrade").is_some_and(|value| value.eq_ignore_ascii_case("websocket")) {
        return invalid("Upgrade");
    }
    let is_upgrade = |token: &[u8]| trim(token).eq_ignore_ascii_case(b"upgrade");
    if !headers.values("Connection").flat_map(|line| line.split(|&byte| byte == b',')).any(is_upgrade) {
        return invalid("Connection");
    }
    // Step 4.
    if !steps.is_accepted_key(value("Sec-WebSocket-Accept").as_deref()) {
        return invalid("Sec-WebSocket-Accept");
    }
    // Step 5: the only extension that the request offers.
    let is_offered = |line: &[u8]| {
        line.split(|&byte| byte == b';').next().is_some_and(|name| trim(name) == b"permessage-deflate")
    };
    let mut extensions =
        headers.values("Sec-WebSocket-Extensions").flat_map(|line| line.split(|&byte| byte == b','));
    if !extensions.all(is_offered) {
        return invalid("Sec-WebSocket-Extensions");
    }
    // Step 6, and "establish a WebSocket connection", step 11.2.
    let chosen = extract_list(headers.values("Sec-WebSocket-Protocol")).ok().flatten().unwrap_or_default();
    match chosen.as_slice() {
        [] if protocols.is_empty() && value("Sec-WebSocket-Protocol").is_none() => Ok(String::new()),
        [protocol] if protocols.contains(protocol) => Ok(protocol.clone()),
        [] if profile.subprotocols_are_optional => Ok(String::new()),
        _ if protocols.is_empty() && profile.ignores_unasked_subprotocols => Ok(String::new()),
        _ => invalid("Sec-WebSocket-Protocol"),
    }
}

/// RFC 6455, section 4.1, step 4 of the response: whether `Sec-WebSocket-Accept` proves that the server read the key.
pub(crate) fn is_accepted_key(accept: Option<&str>) -> bool {
    let expected = STANDARD.encode(Sha1::digest(format!("{KEY}{GUID}")));
    accept == Some(expected.as_str())
}
