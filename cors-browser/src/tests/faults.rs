//! Each fault changes what a page or a server sees.

use std::time::Duration;

use super::*;
use crate::{
    AddressSpace, Credentials, Enctype, EventSourceRequest, Fault, Form, FormMethod, ManualClock, Mode,
    Navigation, NetworkPermissions, PageAction, Permission, ThirdPartyCookies, WebSocketRequest,
};

const ALLOW: (&str, &str) = ("access-control-allow-origin", APP);
const ANY: (&str, &str) = ("access-control-allow-origin", "*");
const CREDENTIALS: (&str, &str) = ("access-control-allow-credentials", "true");
const METHODS: &str = "access-control-allow-methods";
const HEADERS: &str = "access-control-allow-headers";
const OWN: &str = "https://app.example/";
const X: &[(&str, &str)] = &[("X-B", "1")];
const AUTHORIZATION: &[(&str, &str)] = &[("X-B", "1"), ("Authorization", "x")];

/// Servers and a sequence of actions.
struct Probe {
    profile: Profile,
    page: Page,
    /// The response to a preflight.
    preflight: WireResponse,
    /// The response to another request, unless the query of its URL is a location to redirect to.
    actual: WireResponse,
    /// The status of redirects.
    redirect: u16,
    /// Cookies, set by a visit of the user.
    cookies: Vec<(&'static str, &'static str)>,
    /// The actions, which are ten seconds apart.
    actions: Vec<PageAction>,
}

impl Probe {
    /// A page that fetches, and servers that allow reading but no unsafe method or header.
    fn new(fetches: Vec<FetchRequest>) -> Self {
        Self {
            profile: Profile::standard(),
            page: page(APP),
            preflight: reply(204, &[ALLOW, CREDENTIALS]),
            actual: reply(200, &[ALLOW, CREDENTIALS]),
            redirect: 307,
            cookies: Vec::new(),
            actions: fetches.into_iter().map(PageAction::Fetch).collect(),
        }
    }

    /// Something other than a fetch.
    fn acting(action: PageAction) -> Self {
        Self { actions: vec![action], ..Self::new(Vec::new()) }
    }

    /// The status of the actual response.
    fn status(mut self, status: u16) -> Self {
        self.actual.status = status;
        self
    }

    fn preflight(self, headers: &[(&str, &str)]) -> Self {
        Self { preflight: reply(204, headers), ..self }
    }

    fn actual(self, headers: &[(&str, &str)]) -> Self {
        Self { actual: reply(200, headers), ..self }
    }

    fn cookie(mut self, url: &'static str, line: &'static str) -> Self {
        self.cookies.push((url, line));
        self
    }

    /// A page in Chromium that may reach loopback, but whose user has closed the prompt for the local network.
    fn local_network(url: &str) -> Self {
        let permissions = NetworkPermissions { local: Permission::Dismissed, loopback: Permission::Granted };
        Self {
            profile: Profile::chromium(),
            page: page(APP).with_network_permissions(permissions),
            ..Self::new(vec![get(url)])
        }
    }

    /// A page whose browser blocks third-party cookies.
    fn blocked_cookies(fetches: Vec<FetchRequest>) -> Self {
        Self { page: page(APP).with_third_party_cookies(ThirdPartyCookies::Blocked), ..Self::new(fetches) }
    }

    /// Everything that the page and the servers see.
    async fn observe(self, fault: Option<Fault>) -> String {
        let (preflight, actual, redirect) = (self.preflight, self.actual, self.redirect);
        let servers = move |request: &WireRequest| match request.url.query() {
            // A script cannot send this header, so the request is a preflight.
            _ if request.header("access-control-request-method").is_some() => Ok(preflight.clone()),
            Some(location) => {
                let policy = ("referrer-policy", "no-referrer");
                Ok(reply(redirect, &[ALLOW, CREDENTIALS, policy, ("location", location)]))
            }
            None => Ok(actual.clone()),
        };
        let clock = Arc::new(ManualClock::new());
        let mut browser = browser_as(self.profile, servers).with_clock(clock.clone());
        if let Some(fault) = fault {
            browser = browser.with_fault(fault);
        }
        for (url, line) in &self.cookies {
            browser.store_cookie(&Url::parse(url).unwrap(), line);
        }
        let mut seen = Vec::new();
        for action in self.actions {
            seen.push(browser.act(&self.page, action).await);
            clock.advance(Duration::from_secs(10));
        }
        let script = browser.document_cookies(&self.page);
        let visits: Vec<String> = [API, OWN, "https://sub.app.example/"]
            .map(|url| browser.cookies(&Url::parse(url).unwrap()))
            .into();
        format!("{seen:#?} {script:?} {visits:?}")
    }
}

fn include(request: FetchRequest) -> FetchRequest {
    request.with_credentials(Credentials::Include)
}

fn to(location: &str) -> FetchRequest {
    get(&format!("https://api.example/item?{location}"))
}

fn link(to: &str) -> PageAction {
    PageAction::Navigate(Navigation::link(Url::parse(to).unwrap()))
}

fn form(method: FormMethod, enctype: Enctype) -> PageAction {
    let fields = vec![("a\"".to_owned(), "1\n2".to_owned())];
    let url = Url::parse("https://api.example/item").unwrap();
    PageAction::Navigate(Navigation::form(url, Form { method, enctype, fields }))
}

fn post() -> PageAction {
    form(FormMethod::Post, Enctype::UrlEncoded)
}

fn web_socket(to: &str) -> PageAction {
    PageAction::WebSocket(WebSocketRequest::new(Url::parse(to).unwrap()))
}

fn event_source(with_credentials: bool) -> PageAction {
    PageAction::EventSource(EventSourceRequest {
        with_credentials,
        ..EventSourceRequest::new(Url::parse(API).unwrap())
    })
}

/// A readable response whose body breaks off.
fn broken() -> WireResponse {
    let error = NetworkError::new(FailureKind::BrokenOff, "the connection was closed");
    reply(200, &[ALLOW]).with_body_error(error)
}

/// A probe that observes the fault. The match has a case for every fault.
fn probe(fault: Fault) -> Probe {
    let put = || with_method("PUT", API);
    let none = "c=1; SameSite=None; Secure; Path=/";
    match fault {
        Fault::SkipsPreflightForPut => Probe::new(vec![put()]),
        Fault::SkipsPreflightForMethods => Probe::new(vec![with_method("DELETE", API)]),
        Fault::SkipsPreflightForHeaders => Probe::new(vec![with_headers(X, get(API))]),
        Fault::SkipsPreflightAfterRedirect => {
            Probe::new(vec![with_method("PUT", "https://app.example/?https://b.example/")])
        }
        Fault::SafelistsAnyContentType => {
            Probe::new(vec![with_headers(&[("Content-Type", "application/json")], with_method("POST", API))])
        }
        Fault::SafelistsLongValues => {
            Probe::new(vec![get(API).with_header("Accept", "text/plain".repeat(13))])
        }
        Fault::KeepsForbiddenHeaders => Probe::new(vec![with_headers(&[("Sec-A", "1")], get(OWN))]),
        Fault::NormalizesNoMethod => Probe::new(vec![with_method("put", OWN)]),
        Fault::LeavesRequestHeadersUnsorted | Fault::SendsAuthorizationOnPreflights => {
            Probe::new(vec![with_headers(AUTHORIZATION, get(API))])
        }
        Fault::OmitsOrigin | Fault::AlwaysSendsCredentials => Probe::new(vec![get(API)]).cookie(API, none),
        Fault::SendsTopLevelOriginForOpaque => {
            Probe { page: Page::sandboxed(Origin::parse(APP).unwrap()), ..Probe::new(vec![get(API)]) }
        }
        Fault::SendsCookiesOnPreflights => Probe::new(vec![include(put())]).cookie(API, none),
        Fault::SkipsCorsCheck => Probe::new(vec![get(API)]).actual(&[]),
        Fault::AllowsWildcardWithCredentials => {
            Probe::new(vec![include(get(API))]).actual(&[ANY, CREDENTIALS])
        }
        Fault::IgnoresAllowCredentials => Probe::new(vec![include(get(API))]).actual(&[ALLOW]),
        Fault::IgnoresAllowMethods => Probe::new(vec![put()]),
        Fault::MatchesMethodsInAnyCase => {
            Probe::new(vec![with_method("patch", API)]).preflight(&[ALLOW, (METHODS, "PATCH")])
        }
        Fault::IgnoresAllowHeaders => Probe::new(vec![with_headers(X, get(API))]),
        Fault::CoversAuthorizationByWildcard => {
            Probe::new(vec![with_headers(AUTHORIZATION, get(API))]).preflight(&[ALLOW, (HEADERS, "*")])
        }
        Fault::KeepsOriginAfterRedirect => Probe::new(vec![to("https://b.example/")]),
        Fault::KeepsAuthorizationAcrossOrigins => {
            Probe::new(vec![with_headers(AUTHORIZATION, get("https://app.example/?https://b.example/"))])
                .preflight(&[ALLOW, (HEADERS, "authorization, x-b")])
        }
        Fault::KeepsMethodOnRedirect => {
            let request = with_method("POST", "https://app.example/?/x").with_body("x");
            Probe { redirect: 302, ..Probe::new(vec![request]) }
        }
        Fault::FollowsCredentialsInLocation => Probe::new(vec![to("https://me@api.example/")]),
        // Each location contains the next one.
        Fault::FollowsRedirectsWithoutEnd => {
            let locations = "/item?".repeat(24);
            Probe::new(vec![get(&format!("https://api.example/item?{locations}/end"))])
        }
        Fault::IgnoresReferrerPolicyOfRedirects => Probe::new(vec![to("https://api.example/")]),
        Fault::FailsOnBrokenBodies => Probe { actual: broken(), ..Probe::new(vec![get(API)]) },
        Fault::ReadsProxyChallenges => Probe { actual: reply(407, &[ALLOW]), ..Probe::new(vec![get(API)]) },
        Fault::NeverRetriesMisdirectedRequests => {
            Probe { actual: reply(421, &[ALLOW]), ..Probe::new(vec![get(API)]) }
        }
        Fault::OmitsEmptyContentLength => Probe::new(vec![with_method("POST", OWN)]),
        Fault::JoinsLinesBeforeSafelist => {
            let twice = [("Content-Type", "text/plain"), ("Content-Type", "text/plain")];
            Probe::new(vec![with_headers(&twice, with_method("POST", API))])
        }
        Fault::FollowsFirstLocation => Probe {
            actual: reply(302, &[ALLOW, ("location", "/a"), ("location", "/b")]),
            ..Probe::new(vec![get(API)])
        },
        Fault::RefusesDataUrls => Probe::new(vec![get("data:,x")]),
        Fault::ExposesAllHeaders => Probe::new(vec![get(API)]).actual(&[ALLOW, ("x-a", "1")]),
        Fault::IgnoresExposeHeaders => Probe::new(vec![get(API)]).actual(&[
            ALLOW,
            ("x-a", "1"),
            ("access-control-expose-headers", "x-a"),
        ]),
        Fault::ExposesSetCookie => Probe::new(vec![get(OWN)]).actual(&[("set-cookie", "c=1; Max-Age=0")]),
        Fault::ReadsOpaqueResponses => Probe::new(vec![get(API).with_mode(Mode::NoCors)]),
        Fault::DropsCrossOriginCookies => {
            Probe::new(vec![include(get(API))]).actual(&[ALLOW, CREDENTIALS, ("set-cookie", none)])
        }
        Fault::IgnoresSameSite => Probe::new(vec![include(get(API))]).cookie(API, "c=1; SameSite=Strict"),
        Fault::IgnoresSecure => Probe {
            page: page("http://app.example"),
            ..Probe::new(vec![get("http://app.example/")]).cookie(OWN, "c=1; Secure")
        },
        Fault::KeepsInsecureNoneCookies => Probe::new(vec![]).cookie(OWN, "c=1; SameSite=None"),
        Fault::IgnoresCookiePath => Probe::new(vec![]).cookie(OWN, "c=1; Path=/deep"),
        Fault::AllowsPublicSuffixCookies => Probe::new(vec![]).cookie(OWN, "c=1; Domain=example"),
        Fault::SharesHostOnlyCookies => Probe::new(vec![]).cookie(OWN, "c=1"),
        Fault::KeepsExpiredCookies => Probe::new(vec![]).cookie(OWN, "c=1; Max-Age=0"),
        Fault::IgnoresCookiePrefixes => Probe::new(vec![]).cookie(OWN, "__Secure-c=1"),
        Fault::IgnoresHttpPrefixes => Probe::new(vec![]).cookie(OWN, "__Http-c=1; Secure"),
        Fault::KeepsEarlierSameSite => {
            Probe::new(vec![include(get(API))]).cookie(API, "c=1; Secure; SameSite=None; SameSite=x")
        }
        // A cookie of a visit is in the partition of the server's own site.
        Fault::IgnoresPartitioned | Fault::SharesPartitions => Probe::new(vec![include(get(API))])
            .actual(&[ALLOW, CREDENTIALS, ("set-cookie", "c=1; SameSite=None; Secure; Partitioned")])
            .cookie(API, "d=1; SameSite=None; Secure; Partitioned"),
        Fault::KeepsInsecurePartitionedCookies => Probe::new(vec![]).cookie(OWN, "c=1; Partitioned"),
        Fault::IgnoresEmbeddersOfPartitions => Probe {
            page: page("https://b.example").framed_by(Origin::parse(APP).unwrap()),
            ..Probe::new(vec![include(get(OWN))])
                .actual(&[("access-control-allow-origin", "https://b.example"), CREDENTIALS])
                .cookie(OWN, "c=1; SameSite=None; Secure; Partitioned")
        },
        Fault::IgnoresThirdPartySetting => Probe::blocked_cookies(vec![include(get(API))]).cookie(API, none),
        Fault::BlocksPartitionedCookies => Probe::blocked_cookies(vec![include(get(API)), include(get(API))])
            .actual(&[ALLOW, CREDENTIALS, ("set-cookie", "c=1; SameSite=None; Secure; Partitioned")]),
        Fault::ShowsHttpOnly => Probe::new(vec![]).cookie(OWN, "c=1; HttpOnly"),
        Fault::NeverCachesPreflights | Fault::IgnoresMaxAge => Probe::new(vec![put(), put()]).preflight(&[
            ALLOW,
            (METHODS, "PUT"),
            ("access-control-max-age", "60"),
        ]),
        Fault::NeverExpiresPreflights => Probe::new(vec![put(), put()]).preflight(&[ALLOW, (METHODS, "PUT")]),
        // The redirected request has the origin `null`.
        Fault::SharesPreflightsBetweenOrigins => {
            let redirected = to("https://b.example/item").with_method("PUT");
            Probe::new(vec![with_method("PUT", "https://b.example/item"), redirected])
                .preflight(&[ANY, (METHODS, "PUT"), ("access-control-max-age", "60")])
                .actual(&[ANY])
        }
        Fault::SharesPreflightsBetweenPaths => Probe::new(vec![
            put(),
            with_method("PUT", "https://api.example/other"),
        ])
        .preflight(&[ALLOW, (METHODS, "PUT"), ("access-control-max-age", "60")]),
        Fault::SharesPreflightsBetweenFragments => {
            let put = |fragment: &str| with_method("PUT", &format!("{API}#{fragment}"));
            Probe::new(vec![put("a"), put("b")]).preflight(&[
                ALLOW,
                (METHODS, "PUT"),
                ("access-control-max-age", "60"),
            ])
        }
        Fault::IgnoresCredentialsOfCachedPreflights => Probe::new(vec![put(), include(put())]).preflight(&[
            ALLOW,
            CREDENTIALS,
            (METHODS, "PUT"),
            ("access-control-max-age", "60"),
        ]),
        Fault::KeepsPreflightsAfterFailure => Probe::new(vec![put(), put()])
            .preflight(&[ALLOW, (METHODS, "PUT"), ("access-control-max-age", "60")])
            .actual(&[]),
        Fault::AllowsMixedContent => Probe::new(vec![get("http://api.example/")]),
        Fault::BlocksLocalMixedContent => Probe::local_network("http://192.168.1.1/"),
        Fault::SkipsLocalNetworkCheck
        | Fault::MergesNetworkPermissions
        | Fault::TakesDismissalForPermission => Probe::local_network("https://192.168.1.1/"),
        Fault::SkipsLocalNetworkCheckAfterRedirect => {
            Probe::local_network("https://api.example/?https://192.168.1.1/")
        }
        Fault::IgnoresTargetAddressSpace => {
            let fetch = get(API).with_target_address_space(AddressSpace::Local);
            Probe { actions: vec![PageAction::Fetch(fetch)], ..Probe::local_network(API) }
        }
        Fault::AllowsInsecurePagesLocalNetwork => {
            let probe = Probe::local_network("http://localhost:8080/");
            let page = Page { origin: Origin::parse("http://app.example").unwrap(), ..probe.page };
            Probe { page, ..probe }
        }
        Fault::ChecksCorsOnNavigations => Probe::acting(link(API)).actual(&[]),
        Fault::BlocksInsecureLinks => Probe::acting(link("http://api.example/")),
        Fault::OmitsOriginOnForms => Probe::acting(post()),
        Fault::SendsOriginOnLinks | Fault::CallsNavigationsUserInitiated | Fault::OmitsFetchUser => {
            Probe::acting(link(API))
        }
        Fault::SendsStrictCookiesOnLinks => Probe::acting(link(API)).cookie(API, "c=1; SameSite=Strict"),
        Fault::OmitsLaxCookiesOnLinks => Probe::acting(link(API)).cookie(API, "c=1; SameSite=Lax"),
        Fault::SendsLaxCookiesOnPosts => Probe::acting(post()).cookie(API, "c=1; SameSite=Lax"),
        Fault::IgnoresEnctype => Probe::acting(form(FormMethod::Post, Enctype::Plain)),
        Fault::KeepsQueryOfForms => {
            let url = Url::parse("https://api.example/item?a").unwrap();
            Probe {
                redirect: 200,
                ..Probe::acting(PageAction::Navigate(Navigation::form(url, Form::default())))
            }
        }
        Fault::KeepsLineFeedsInForms => Probe::acting(post()),
        Fault::KeepsQuotesInFieldNames => Probe::acting(form(FormMethod::Post, Enctype::Multipart)),
        Fault::ShowsEmptyDocuments => Probe::acting(link(API)).status(204),
        Fault::OmitsOriginOnWebSockets => Probe::acting(web_socket("wss://api.example/item")),
        Fault::ChecksCorsOnWebSockets => Probe::acting(web_socket("wss://api.example/item")).actual(&[]),
        Fault::OmitsCookiesOnWebSockets => {
            Probe::acting(web_socket("wss://api.example/item")).cookie(API, none)
        }
        Fault::FollowsRedirectsOfWebSockets => Probe::acting(web_socket("wss://api.example/item?/echo")),
        Fault::OpensWebSocketsWithAnyStatus => Probe::acting(web_socket("wss://api.example/item")),
        Fault::IgnoresWebSocketAccept => Probe::acting(web_socket("wss://api.example/item"))
            .actual(&[("upgrade", "websocket"), ("connection", "upgrade")])
            .status(101),
        Fault::OpensEventSourcesWithAnyStatus => Probe::acting(event_source(false))
            .actual(&[ALLOW, ("content-type", "text/event-stream")])
            .status(404),
        Fault::OpensEventSourcesWithAnyType => Probe::acting(event_source(false)).actual(&[ALLOW]),
        Fault::IgnoresWithCredentials => Probe::acting(event_source(true)).cookie(API, none),
    }
}

#[tokio::test]
async fn every_fault_changes_what_is_seen() {
    for &fault in Fault::ALL {
        let standard = probe(fault).observe(None).await;
        assert_eq!(standard, probe(fault).observe(None).await, "the probe of {fault} is not deterministic");
        let faulty = probe(fault).observe(Some(fault)).await;
        assert_ne!(standard, faulty, "{fault} changes nothing");
    }
}
