//! An example of a blocked request for each [`BlockReason`].

use std::future::ready;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use url::Url;

use crate::{
    AddressSpace, BlockReason, Browser, Credentials, Engine, EventSourceRequest, FailureKind, FetchRequest,
    Fetched, Mode, Navigation, Network, NetworkError, NetworkFuture, NetworkPermissions, Origin, Page,
    PageAction, Permission, Profile, Redirect, WebSocketRequest, WireRequest, WireResponse,
};

type Headers = &'static [(&'static str, &'static str)];

/// What the page of an example does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Does {
    /// A script calls `fetch()`.
    Fetch,
    /// The user follows a link.
    Link,
    /// A script calls `new WebSocket()`.
    WebSocket,
    /// A script calls `new EventSource()`.
    EventSource,
}

/// A request of a page, and the responses that it gets.
#[derive(Clone, Copy, Debug)]
pub struct Example {
    /// What the page does. The other fields but `url` belong to `fetch()`.
    pub does: Does,
    /// The method.
    pub method: &'static str,
    /// The URL.
    pub url: &'static str,
    /// The request headers that the script sets.
    pub headers: Headers,
    body: Option<&'static str>,
    /// The mode.
    pub mode: Mode,
    /// The credentials mode.
    pub credentials: Credentials,
    /// The redirect mode.
    pub redirect: Redirect,
    /// The address space that the request names.
    pub target_address_space: Option<AddressSpace>,
    /// The origin of the page.
    pub page: &'static str,
    /// What the page may reach.
    permissions: Option<NetworkPermissions>,
    /// The browser that blocks the fetch, if the standards do not.
    engine: Option<Engine>,
    /// The status and headers of each response, in order. The last one is repeated.
    replies: &'static [(u16, Headers)],
}

/// The origin of the page that fetches, in most examples.
pub const ORIGIN: &str = "https://app.example";

const GET: Example = Example {
    does: Does::Fetch,
    method: "GET",
    url: "https://api.example/item",
    headers: &[],
    body: None,
    mode: Mode::Cors,
    credentials: Credentials::SameOrigin,
    redirect: Redirect::Follow,
    target_address_space: None,
    page: ORIGIN,
    permissions: None,
    engine: None,
    replies: &[],
};
const LINK: Example = Example { does: Does::Link, ..GET };
const WEB_SOCKET: Example = Example { does: Does::WebSocket, url: "wss://api.example/item", ..GET };
const EVENT_SOURCE: Example = Example { does: Does::EventSource, ..GET };
const PUT: Example = Example { method: "PUT", ..GET };
const WITH_COOKIES: Example = Example { credentials: Credentials::Include, ..GET };
const PUT_WITH_COOKIES: Example = Example { method: "PUT", ..WITH_COOKIES };

/// An example of Local Network Access, which only Chromium has.
const LOCAL: Example = Example {
    url: "http://localhost:8080/item",
    permissions: Some(NetworkPermissions { local: Permission::Denied, loopback: Permission::Denied }),
    engine: Some(Engine::Chromium),
    replies: &[(200, &[ANY])],
    ..GET
};

const OWN: (&str, &str) = ("Access-Control-Allow-Origin", ORIGIN);
const ANY: (&str, &str) = ("Access-Control-Allow-Origin", "*");
const LIST: (&str, &str) = ("Access-Control-Allow-Origin", "https://app.example, https://www.example");
const SLASH: (&str, &str) = ("Access-Control-Allow-Origin", "https://app.example/");
const METHODS: (&str, &str) = ("Access-Control-Allow-Methods", "PUT");
const EVENTS: (&str, &str) = ("Content-Type", "text/event-stream");
const UPGRADE: (&str, &str) = ("Upgrade", "websocket");
const CONNECTION: (&str, &str) = ("Connection", "Upgrade");
const WRONG_ACCEPT: (&str, &str) = ("Sec-WebSocket-Accept", "AAAAAAAAAAAAAAAAAAAAAAAAAAA=");
const TRUE: (&str, &str) = ("Access-Control-Allow-Credentials", "true");

/// The example for a reason.
pub fn example(reason: BlockReason) -> Example {
    use BlockReason as R;
    let get = |replies| Example { replies, ..GET };
    let put = |replies| Example { replies, ..PUT };
    match reason {
        R::InvalidRequest => Example { url: "https://user:secret@api.example/item", ..GET },
        R::ForbiddenMethod => Example { method: "TRACE", ..GET },
        R::NoCorsMethodNotSafelisted => Example { mode: Mode::NoCors, ..PUT },
        R::ModeSameOriginCrossOrigin => Example { mode: Mode::SameOrigin, ..GET },
        R::MixedContent => Example { url: "http://api.example/item", ..GET },
        R::UnsupportedScheme => Example { url: "wss://api.example/item", ..GET },
        R::BadPort => Example { url: "https://api.example:6000/item", ..GET },
        R::LocalNetworkPermission => LOCAL,
        R::LocalNetworkNotSecure => Example { page: "http://app.example", ..LOCAL },
        R::AddressSpaceMismatch => Example {
            url: "https://api.example/item",
            target_address_space: Some(AddressSpace::Local),
            ..LOCAL
        },
        R::ResourcePolicy => Example {
            mode: Mode::NoCors,
            replies: &[(200, &[("Cross-Origin-Resource-Policy", "same-site")])],
            ..GET
        },
        R::NetworkError => GET,
        R::PreflightRedirected => put(&[(307, &[OWN, ("Location", "/item/")])]),
        R::PreflightStatusNotOk => put(&[(401, &[OWN, ("WWW-Authenticate", "Basic realm=\"api\"")])]),
        R::PreflightMissingAllowOrigin => put(&[(403, &[("Vary", "Origin")])]),
        R::PreflightMultipleAllowOrigin => put(&[(204, &[OWN, ANY])]),
        R::PreflightAllowOriginMismatch => put(&[(204, &[SLASH])]),
        R::PreflightWildcardWithCredentials => {
            Example { replies: &[(204, &[ANY, TRUE])], ..PUT_WITH_COOKIES }
        }
        R::PreflightCredentialsNotAllowed => Example { replies: &[(204, &[OWN])], ..PUT_WITH_COOKIES },
        R::InvalidAllowMethods => put(&[(204, &[OWN, ("Access-Control-Allow-Methods", "GET PUT")])]),
        R::InvalidAllowHeaders => {
            put(&[(204, &[OWN, METHODS, ("Access-Control-Allow-Headers", "content-type; x-api-key")])])
        }
        R::MethodNotAllowed => put(&[(204, &[OWN, ("Access-Control-Allow-Methods", "GET, DELETE")])]),
        R::MethodWildcardWithCredentials => Example {
            replies: &[(204, &[OWN, TRUE, ("Access-Control-Allow-Methods", "*")])],
            ..PUT_WITH_COOKIES
        },
        R::HeaderNotAllowed => Example {
            headers: &[("X-Api-Key", "k")],
            ..get(&[(204, &[OWN, ("Access-Control-Allow-Headers", "content-type")])])
        },
        R::HeaderWildcardWithCredentials => Example {
            headers: &[("X-Api-Key", "k")],
            replies: &[(204, &[OWN, TRUE, ("Access-Control-Allow-Headers", "*")])],
            ..WITH_COOKIES
        },
        R::AuthorizationNotCoveredByWildcard => Example {
            headers: &[("Authorization", "Bearer t")],
            ..get(&[(204, &[ANY, ("Access-Control-Allow-Headers", "*")])])
        },
        R::MissingAllowOrigin => get(&[(200, &[("Vary", "Origin")])]),
        R::MultipleAllowOrigin => get(&[(200, &[LIST])]),
        R::AllowOriginMismatch => get(&[(200, &[SLASH])]),
        R::WildcardOriginWithCredentials => Example { replies: &[(200, &[ANY])], ..WITH_COOKIES },
        R::CredentialsNotAllowed => Example { replies: &[(200, &[OWN])], ..WITH_COOKIES },
        R::RedirectModeError => {
            Example { redirect: Redirect::Error, ..get(&[(302, &[OWN, ("Location", "/new")])]) }
        }
        R::TooManyRedirects => get(&[(302, &[OWN, ("Location", "/item")])]),
        R::RedirectLocationInvalid => get(&[(302, &[OWN, ("Location", "https://[")])]),
        R::RedirectWithCredentialsInUrl => {
            get(&[(302, &[OWN, ("Location", "https://user:secret@api.example/")])])
        }
        R::RedirectToUnsupportedScheme => get(&[(302, &[OWN, ("Location", "data:text/plain,x")])]),
        R::NoDocument => Example { replies: &[(204, &[])], ..LINK },
        R::WebSocketHandshakeFailed => Example { replies: &[(403, &[])], ..WEB_SOCKET },
        R::WebSocketResponseInvalid => {
            Example { replies: &[(101, &[UPGRADE, CONNECTION, WRONG_ACCEPT])], ..WEB_SOCKET }
        }
        R::EventStreamStatus => Example { replies: &[(404, &[OWN, EVENTS])], ..EVENT_SOURCE },
        R::EventStreamType => {
            Example { replies: &[(200, &[OWN, ("Content-Type", "application/json")])], ..EVENT_SOURCE }
        }
    }
}

impl Example {
    /// The arguments of `fetch()`.
    fn request(&self) -> Option<FetchRequest> {
        let own = |headers: Headers| headers.iter().map(|&(name, value)| (name.to_owned(), value.to_owned()));
        Some(FetchRequest {
            method: self.method.to_owned(),
            headers: own(self.headers).collect(),
            body: self.body.map(Into::into),
            mode: self.mode,
            credentials: self.credentials,
            redirect: self.redirect,
            target_address_space: self.target_address_space,
            ..FetchRequest::new(Url::parse(self.url).ok()?)
        })
    }

    /// The page that makes the request.
    fn page(&self) -> Option<Page> {
        Some(Page { network_permissions: self.permissions, ..Page::new(Origin::parse(self.page)?) })
    }

    /// The browser that blocks the request: the standards, or one browser.
    pub fn profile(&self) -> Profile {
        match self.engine {
            None => Profile::standard(),
            Some(Engine::Chromium) => Profile::chromium(),
            Some(Engine::Firefox) => Profile::firefox(),
            Some(Engine::WebKit) => Profile::webkit(),
        }
    }

    /// What the page does.
    fn action(&self) -> Option<PageAction> {
        let url = Url::parse(self.url).ok()?;
        Some(match self.does {
            Does::Fetch => PageAction::Fetch(self.request()?),
            Does::Link => PageAction::Navigate(Navigation::link(url)),
            Does::WebSocket => PageAction::WebSocket(WebSocketRequest::new(url)),
            Does::EventSource => PageAction::EventSource(EventSourceRequest::new(url)),
        })
    }

    /// The servers of the example.
    fn network(&self) -> Arc<dyn Network> {
        Arc::new(Replies { all: self.replies, next: Mutex::new(0) })
    }

    /// Runs the example in the browser model.
    pub fn play(&self, profile: Profile) -> Option<Fetched> {
        let page = self.page()?;
        let browser = Browser::new(self.network(), profile);
        let fetch = pin!(browser.act(&page, self.action()?));
        // Responses in memory are ready at once.
        match fetch.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(fetched) => Some(fetched),
            Poll::Pending => None,
        }
    }
}

/// A blocked request, for the model or a real browser to run.
#[derive(Clone, Debug)]
pub struct Case {
    /// The code of the reason, followed by a variant if the reason has several cases.
    pub name: String,
    example: Example,
}

impl Case {
    /// The page that makes the request.
    pub fn page(&self) -> Option<Page> {
        self.example.page()
    }

    /// What the page does.
    pub fn action(&self) -> Option<PageAction> {
        self.example.action()
    }

    /// New servers for one run.
    pub fn network(&self) -> Arc<dyn Network> {
        self.example.network()
    }
}

/// A case for each reason, and for each argument of `fetch()` that can be invalid.
pub fn cases() -> Vec<Case> {
    // A navigation prints nothing.
    let reasons = BlockReason::ALL
        .iter()
        .map(|&reason| (reason.as_str().to_owned(), example(reason)))
        .filter(|(_, example)| example.does != Does::Link);
    let arguments = [
        ("method", Example { method: "A B", ..GET }),
        ("header-name", Example { headers: &[("x y", "1")], ..GET }),
        ("header-value", Example { headers: &[("x", "1\n2")], ..GET }),
        ("header-character", Example { headers: &[("x", "\u{100}")], ..GET }),
        ("body", Example { body: Some("x"), ..GET }),
        ("no-cors-redirect-mode", Example { mode: Mode::NoCors, redirect: Redirect::Error, ..GET }),
        ("websocket-fragment", Example { url: "wss://api.example/item#x", ..WEB_SOCKET }),
    ];
    let arguments = arguments
        .into_iter()
        .map(|(argument, example)| (format!("{}/{argument}", BlockReason::InvalidRequest), example));
    // Reasons that `fetch()` has as well, but whose console lines are others.
    let actions = [
        (BlockReason::MixedContent, "websocket", Example { url: "ws://api.example/item", ..WEB_SOCKET }),
        (
            BlockReason::MixedContent,
            "event-source",
            Example { url: "http://api.example/item", ..EVENT_SOURCE },
        ),
        (BlockReason::BadPort, "websocket", Example { url: "wss://api.example:6000/item", ..WEB_SOCKET }),
        (
            BlockReason::UnsupportedScheme,
            "websocket",
            Example { url: "ftp://api.example/item", ..WEB_SOCKET },
        ),
        (
            BlockReason::WebSocketResponseInvalid,
            "upgrade",
            Example { replies: &[(101, &[("Upgrade", "h2c"), CONNECTION, WRONG_ACCEPT])], ..WEB_SOCKET },
        ),
        (
            BlockReason::WebSocketResponseInvalid,
            "without-accept",
            Example { replies: &[(101, &[UPGRADE, CONNECTION])], ..WEB_SOCKET },
        ),
        (BlockReason::NetworkError, "websocket", WEB_SOCKET),
        (BlockReason::NetworkError, "event-source", EVENT_SOURCE),
        (
            BlockReason::MissingAllowOrigin,
            "event-source",
            Example { replies: &[(200, &[EVENTS])], ..EVENT_SOURCE },
        ),
    ];
    let actions =
        actions.into_iter().map(|(reason, action, example)| (format!("{reason}/{action}"), example));
    reasons.chain(arguments).chain(actions).map(|(name, example)| Case { name, example }).collect()
}

/// Responses in memory.
struct Replies {
    all: &'static [(u16, Headers)],
    next: Mutex<usize>,
}

impl Network for Replies {
    fn send(&self, _: WireRequest) -> NetworkFuture<'_> {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let reply = self.all.get(*next).or(self.all.last());
        *next += 1;
        let Some((status, headers)) = reply else {
            let error = NetworkError::new(FailureKind::BrokenOff, "the connection was closed");
            return Box::pin(ready(Err(error)));
        };
        let lines =
            headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.as_bytes().to_vec()));
        Box::pin(ready(Ok(WireResponse { headers: lines.collect(), ..WireResponse::new(*status) })))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Outcome;

    #[test]
    fn every_example_is_blocked_with_its_reason() {
        for &reason in BlockReason::ALL {
            let fetched = example(reason).play(example(reason).profile()).unwrap();
            let Outcome::Blocked(blocked) = fetched.outcome else { panic!("{reason}: not blocked") };
            assert_eq!(blocked.reason, reason);
        }
    }
}
