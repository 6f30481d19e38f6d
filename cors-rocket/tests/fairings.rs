//! `Cors` among other fairings, and several policies.

use cors_rocket::{Cors, Policy};
use rocket::fairing::AdHoc;
use rocket::http::uri::Origin;
use rocket::http::{Header, Method, Status};
use rocket::local::blocking::{Client, LocalResponse};
use rocket::{Build, Rocket, get, routes};
use rstest::rstest;

const PUBLIC: &str = "https://public.example";
const ADMIN: &str = "https://admin.example";

#[get("/<_..>")]
fn anything() -> &'static str {
    "anything"
}

#[get("/unauthorized")]
fn unauthorized() -> (Status, &'static str) {
    (Status::Unauthorized, "not logged in")
}

fn application() -> Rocket<Build> {
    rocket::build().mount("/", routes![anything, unauthorized])
}

fn policy(origin: &str) -> Policy {
    Policy::builder().allow_origins([origin]).allow_methods(["PUT"]).build().expect("a valid policy")
}

fn cors() -> Cors {
    Cors::new(policy(PUBLIC)).with_path("/admin", policy(ADMIN))
}

fn client(application: Rocket<Build>) -> Client {
    Client::debug(application).expect("the application ignites")
}

fn send<'c>(client: &'c Client, method: Method, path: &'c str, origin: &str) -> LocalResponse<'c> {
    let request = client.req(method, path).header(Header::new("origin", origin.to_owned()));
    match method {
        Method::Options => request.header(Header::new("access-control-request-method", "PUT")).dispatch(),
        _ => request.dispatch(),
    }
}

fn allowed(response: &LocalResponse<'_>) -> Vec<String> {
    response.headers().get("access-control-allow-origin").map(str::to_owned).collect()
}

#[rstest]
#[case("/", PUBLIC, ADMIN)]
#[case("/administrator", PUBLIC, ADMIN)]
#[case("/admin", ADMIN, PUBLIC)]
#[case("/admin/users?page=1", ADMIN, PUBLIC)]
#[case("/%61dmin//users", ADMIN, PUBLIC)]
fn each_path_uses_its_own_policy(#[case] path: &str, #[case] listed: &str, #[case] unlisted: &str) {
    let client = client(application().attach(cors()));
    for method in [Method::Options, Method::Get] {
        assert_eq!(allowed(&send(&client, method, path, listed)), [listed], "{method}");
        assert!(allowed(&send(&client, method, path, unlisted)).is_empty(), "{method}");
    }
    assert_eq!(send(&client, Method::Options, path, unlisted).status(), Status::Forbidden);
}

/// Refuses every request, the way fairings do: it sends the request to a route of its own.
fn authentication() -> AdHoc {
    AdHoc::on_request("authentication", |request, _| {
        Box::pin(async move {
            request.set_method(Method::Get);
            request.set_uri(Origin::const_new("/unauthorized", None));
        })
    })
}

/// CORS by hand, as applications without a middleware have it, and a `Vary` as compression fairings write it.
fn response_headers() -> AdHoc {
    AdHoc::on_response("response headers", |_, response| {
        Box::pin(async move {
            response.set_raw_header("Access-Control-Allow-Origin", "*");
            response.set_raw_header("Access-Control-Allow-Credentials", "true");
            response.adjoin_raw_header("Vary", "Accept-Encoding, access-control-request-METHOD");
        })
    })
}

#[test]
fn later_fairings_cannot_change_the_answer_to_a_preflight() {
    let client = client(application().attach(cors()).attach(authentication()));
    let response = send(&client, Method::Options, "/admin", ADMIN);
    assert_eq!((response.status(), allowed(&response)), (Status::NoContent, vec![ADMIN.to_owned()]));
    assert_eq!(response.into_string().unwrap_or_default(), "");
}

#[test]
fn later_fairings_cannot_change_the_policy_of_a_request() {
    let client = client(application().attach(cors()).attach(authentication()));
    let response = send(&client, Method::Get, "/admin", ADMIN);
    assert_eq!((response.status(), allowed(&response)), (Status::Unauthorized, vec![ADMIN.to_owned()]));
}

#[rstest]
#[case::attached_before(true)]
#[case::attached_after(false)]
fn cors_headers_of_other_fairings_are_removed(#[case] before: bool) {
    let application = match before {
        true => application().attach(response_headers()).attach(cors()),
        false => application().attach(cors()).attach(response_headers()),
    };
    let client = client(application);
    for method in [Method::Options, Method::Get] {
        let response = send(&client, method, "/", PUBLIC);
        assert_eq!(allowed(&response), [PUBLIC], "{method}");
        assert!(!response.headers().contains("access-control-allow-credentials"), "{method}");
    }
}

#[rstest]
#[case::actual(Method::Get, &[], "/", &["Origin"])]
#[case::preflight(Method::Options, &[], "/", &["Origin", "Access-Control-Request-Headers"])]
#[case::preflight_sent_elsewhere(
    Method::Options,
    &[authentication as fn() -> AdHoc],
    "/admin",
    &["Origin", "Access-Control-Request-Headers"]
)]
fn vary_of_other_fairings_is_merged(
    #[case] method: Method,
    #[case] fairings: &[fn() -> AdHoc],
    #[case] path: &str,
    #[case] added: &[&str],
) {
    let application = application().attach(cors()).attach(response_headers());
    let client =
        client(fairings.iter().fold(application, |application, fairing| application.attach(fairing())));
    let response = send(&client, method, path, PUBLIC);
    let vary: Vec<_> = response.headers().get("vary").collect();
    let (first, rest) = vary.split_first().expect("a `Vary` line");
    assert_eq!((*first, rest), ("Accept-Encoding, access-control-request-METHOD", added));
}

#[test]
fn cors_can_be_attached_during_ignition() {
    let stage = AdHoc::on_ignite("stage", |rocket| async { rocket.attach(cors()) });
    let client = client(application().attach(stage));
    assert_eq!(allowed(&send(&client, Method::Options, "/", PUBLIC)), [PUBLIC]);
    assert_eq!(allowed(&send(&client, Method::Get, "/", PUBLIC)), [PUBLIC]);
}

#[test]
fn application_routes_may_have_any_rank_but_the_first() {
    let route = |rank| rocket::Route::ranked(rank, Method::Options, "/<_..>", rocket::route::dummy_handler);
    let client = client(application().mount("/", [route(isize::MIN + 1)]).attach(cors()));
    assert_eq!(send(&client, Method::Options, "/", ADMIN).status(), Status::Forbidden);
}
