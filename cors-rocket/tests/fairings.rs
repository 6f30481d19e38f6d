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
    (Status::Unauthorized, "who are you?")
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
fn a_path_has_its_policy(#[case] path: &str, #[case] welcome: &str, #[case] stranger: &str) {
    let client = client(application().attach(cors()));
    for method in [Method::Options, Method::Get] {
        assert_eq!(allowed(&send(&client, method, path, welcome)), [welcome], "{method}");
        assert!(allowed(&send(&client, method, path, stranger)).is_empty(), "{method}");
    }
    assert_eq!(send(&client, Method::Options, path, stranger).status(), Status::Forbidden);
}

/// How fairings refuse a request: they send it to a route of theirs.
fn authentication() -> AdHoc {
    AdHoc::on_request("authentication", |request, _| {
        Box::pin(async move {
            request.set_method(Method::Get);
            request.set_uri(Origin::const_new("/unauthorized", None));
        })
    })
}

/// What applications have that did without a middleware.
fn home_made() -> AdHoc {
    AdHoc::on_response("home-made CORS", |_, response| {
        Box::pin(async move {
            response.set_raw_header("Access-Control-Allow-Origin", "*");
            response.set_raw_header("Access-Control-Allow-Credentials", "true");
            response.adjoin_raw_header("Vary", "Accept-Encoding");
        })
    })
}

#[test]
fn a_preflight_is_answered_whatever_later_fairings_make_of_it() {
    let client = client(application().attach(cors()).attach(authentication()));
    let response = send(&client, Method::Options, "/admin", ADMIN);
    assert_eq!((response.status(), allowed(&response)), (Status::NoContent, vec![ADMIN.to_owned()]));
    assert_eq!(response.into_string().unwrap_or_default(), "");
}

#[test]
fn a_request_keeps_the_policy_of_its_path_whatever_later_fairings_make_of_it() {
    let client = client(application().attach(cors()).attach(authentication()));
    let response = send(&client, Method::Get, "/admin", ADMIN);
    assert_eq!((response.status(), allowed(&response)), (Status::Unauthorized, vec![ADMIN.to_owned()]));
}

#[rstest]
#[case::attached_before(true)]
#[case::attached_after(false)]
fn other_fairings_have_no_say(#[case] before: bool) {
    let application = match before {
        true => application().attach(home_made()).attach(cors()),
        false => application().attach(cors()).attach(home_made()),
    };
    let client = client(application);
    for method in [Method::Options, Method::Get] {
        let response = send(&client, method, "/", PUBLIC);
        assert_eq!(allowed(&response), [PUBLIC], "{method}");
        assert!(!response.headers().contains("access-control-allow-credentials"), "{method}");
    }
    let response = send(&client, Method::Get, "/", PUBLIC);
    assert_eq!(response.headers().get("vary").collect::<Vec<_>>(), ["Accept-Encoding", "Origin"]);
}

#[test]
fn attaching_it_on_ignition_is_as_good() {
    let stage = AdHoc::on_ignite("stage", |rocket| async { rocket.attach(cors()) });
    let client = client(application().attach(stage));
    assert_eq!(allowed(&send(&client, Method::Options, "/", PUBLIC)), [PUBLIC]);
    assert_eq!(allowed(&send(&client, Method::Get, "/", PUBLIC)), [PUBLIC]);
}

#[test]
fn a_route_of_the_application_may_have_any_rank_but_the_first() {
    let route = |rank| rocket::Route::ranked(rank, Method::Options, "/<_..>", rocket::route::dummy_handler);
    let client = client(application().mount("/", [route(isize::MIN + 1)]).attach(cors()));
    assert_eq!(send(&client, Method::Options, "/", ADMIN).status(), Status::Forbidden);
}
