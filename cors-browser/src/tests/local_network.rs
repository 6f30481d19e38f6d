//! Local Network Access.

use rstest::rstest;

use super::*;
use crate::{AddressSpace, NetworkPermissions, OpaqueKind, Permission};

const GRANTED: NetworkPermissions =
    NetworkPermissions { local: Permission::Granted, loopback: Permission::Granted };
const DENIED: NetworkPermissions =
    NetworkPermissions { local: Permission::Denied, loopback: Permission::Denied };
const ONLY_LOOPBACK: NetworkPermissions =
    NetworkPermissions { local: Permission::Dismissed, loopback: Permission::Granted };

/// Servers that allow every origin. Names below `lan.example` have local addresses; a query is a location to redirect to.
struct Lan;

impl Network for Lan {
    fn send(&self, request: WireRequest) -> NetworkFuture<'_> {
        let any = ("access-control-allow-origin", "*");
        let response = match request.url.query() {
            Some(location) => reply(307, &[any, ("location", location)]),
            None => reply(200, &[any, ("access-control-allow-methods", "*")]),
        };
        Box::pin(std::future::ready(Ok(response)))
    }

    fn address_space(&self, url: &Url) -> AddressSpace {
        match url.host_str() {
            Some(host) if host.ends_with("lan.example") => AddressSpace::Local,
            _ => AddressSpace::of(url),
        }
    }
}

/// What a page gets in Chromium: `None`, or the reason for which it is blocked.
async fn fetch(page: Page, request: FetchRequest) -> Option<BlockReason> {
    let fetched = Browser::new(Arc::new(Lan), Profile::chromium()).fetch(&page, request).await;
    match fetched.outcome {
        Outcome::Blocked(blocked) => Some(blocked.reason),
        _ => None,
    }
}

const PERMISSION: Option<BlockReason> = Some(BlockReason::LocalNetworkPermission);
const NOT_SECURE: Option<BlockReason> = Some(BlockReason::LocalNetworkNotSecure);
const MIXED: Option<BlockReason> = Some(BlockReason::MixedContent);
const MISMATCH: Option<BlockReason> = Some(BlockReason::AddressSpaceMismatch);
const HTTP_APP: &str = "http://app.example";

#[rstest]
#[case::public(APP, DENIED, API, None)]
#[case::loopback(APP, DENIED, "http://localhost:3000/", PERMISSION)]
#[case::local(APP, DENIED, "https://nas.lan.example/", PERMISSION)]
#[case::loopback_granted(APP, GRANTED, "http://localhost:3000/", None)]
#[case::local_granted(APP, GRANTED, "https://nas.lan.example/", None)]
#[case::two_permissions(APP, ONLY_LOOPBACK, "http://localhost:3000/", None)]
#[case::dismissed(APP, ONLY_LOOPBACK, "https://nas.lan.example/", PERMISSION)]
#[case::http_to_an_address(APP, GRANTED, "http://192.168.1.1/", None)]
#[case::http_to_a_local_name(APP, GRANTED, "http://printer.local/", None)]
#[case::http_to_a_public_name(APP, GRANTED, "http://nas.lan.example/", MIXED)]
#[case::insecure_page(HTTP_APP, GRANTED, "http://localhost:3000/", NOT_SECURE)]
#[case::insecure_page_over_https(HTTP_APP, GRANTED, "https://nas.lan.example/", NOT_SECURE)]
#[case::insecure_page_to_public(HTTP_APP, DENIED, "http://api.example/", None)]
#[case::local_page("https://nas.lan.example", DENIED, "https://other.lan.example/", None)]
#[case::local_page_to_loopback("https://nas.lan.example", DENIED, "http://localhost:3000/", None)]
#[case::insecure_local_page("http://192.168.1.1", DENIED, "http://printer.local/", None)]
#[case::loopback_page("http://localhost:3000", DENIED, "http://192.168.1.1/", None)]
#[case::redirect(APP, DENIED, "https://api.example/?https://nas.lan.example/", PERMISSION)]
#[case::redirect_granted(APP, GRANTED, "https://api.example/?https://nas.lan.example/", None)]
#[case::redirect_to_another_space(
    APP,
    ONLY_LOOPBACK,
    "http://localhost/?https://nas.lan.example/",
    PERMISSION
)]
#[case::redirect_to_public(APP, ONLY_LOOPBACK, "http://localhost/?https://api.example/", None)]
#[tokio::test]
async fn checks(
    #[case] origin: &str,
    #[case] permissions: NetworkPermissions,
    #[case] url: &str,
    #[case] expected: Option<BlockReason>,
) {
    assert_eq!(fetch(page(origin).with_network_permissions(permissions), get(url)).await, expected);
}

#[rstest]
#[case::right("http://nas.lan.example/", AddressSpace::Local, None)]
#[case::wrong("http://nas.lan.example/", AddressSpace::Loopback, MISMATCH)]
#[case::of_a_public_server(API, AddressSpace::Local, MISMATCH)]
#[case::public("https://nas.lan.example/", AddressSpace::Public, MISMATCH)]
#[case::insecure_public("http://api.example/", AddressSpace::Local, MISMATCH)]
#[case::redirected_within("http://nas.lan.example/?http://two.lan.example/", AddressSpace::Local, None)]
#[case::redirected_elsewhere("https://nas.lan.example/?https://api.example/", AddressSpace::Local, MISMATCH)]
#[tokio::test]
async fn a_request_names_the_address_space(
    #[case] url: &str,
    #[case] named: AddressSpace,
    #[case] expected: Option<BlockReason>,
) {
    let page = page(APP).with_network_permissions(GRANTED);
    assert_eq!(fetch(page, get(url).with_target_address_space(named)).await, expected);
}

#[tokio::test]
async fn the_check_comes_before_the_preflight() {
    let page = page(APP).with_network_permissions(DENIED);
    let browser = Browser::new(Arc::new(Lan), Profile::chromium());
    let fetched = browser.fetch(&page, with_method("PUT", "https://nas.lan.example/")).await;
    assert_eq!(blocked(&fetched), BlockReason::LocalNetworkPermission);
    assert_eq!(wire(&fetched), [""; 0]);
}

#[tokio::test]
async fn a_preflight_asks_for_nothing_more() {
    let page = page(APP).with_network_permissions(GRANTED);
    let browser = Browser::new(Arc::new(Lan), Profile::chromium());
    let fetched = browser.fetch(&page, with_method("PUT", "https://nas.lan.example/")).await;
    assert_eq!(wire(&fetched), ["OPTIONS https://nas.lan.example/", "PUT https://nas.lan.example/"]);
    assert_eq!(sent(&fetched, 0, "access-control-request-private-network"), None);
}

#[rstest]
#[case::file(Page::file(), None)]
#[case::sandboxed(Page::sandboxed(Origin::parse(APP).unwrap()), PERMISSION)]
#[case::sandboxed_insecure(Page::sandboxed(Origin::parse(HTTP_APP).unwrap()), NOT_SECURE)]
#[case::sandboxed_local(Page::sandboxed(Origin::parse("http://192.168.1.1").unwrap()), None)]
#[case::framed_by_an_insecure_page(page(APP).framed_by(Origin::parse(HTTP_APP).unwrap()), NOT_SECURE)]
#[tokio::test]
async fn other_pages(#[case] page: Page, #[case] expected: Option<BlockReason>) {
    assert!(page.origin != Origin::Opaque || matches!(page.opaque, OpaqueKind::File | OpaqueKind::Sandboxed));
    let page = page.with_network_permissions(DENIED);
    assert_eq!(fetch(page, get("http://localhost:3000/")).await, expected);
}

#[tokio::test]
async fn without_addresses_and_in_other_browsers_nothing_is_checked() {
    let url = "http://localhost:3000/";
    assert_eq!(fetch(page(APP), get(url)).await, None);
    for profile in [Profile::standard(), Profile::firefox()] {
        let browser = Browser::new(Arc::new(Lan), profile);
        let fetched = browser.fetch(&page(APP).with_network_permissions(DENIED), get(url)).await;
        assert!(matches!(fetched.outcome, Outcome::Response(_)));
    }
}
