//! Responses of an application with one policy, as a client sees them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use cors_rocket::{Cors, Policy, PolicyHandle};
use rocket::form::Form;
use rocket::fs::NamedFile;
use rocket::http::{ContentType, Cookie, CookieJar, Header, Method, Status};
use rocket::local::blocking::{Client, LocalRequest, LocalResponse};
use rocket::outcome::Outcome;
use rocket::request::{self, FromRequest};
use rocket::{Build, Request, Rocket, State, catch, catchers, delete, get, post, put, routes};
use rstest::rstest;

const APP: &str = "https://app.example";

#[derive(Default)]
struct Runs(AtomicUsize);

struct Guard;

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Guard {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, ()> {
        count(request.rocket().state());
        match request.headers().get_one("authorization") {
            Some(_) => Outcome::Success(Self),
            None => Outcome::Error((Status::Unauthorized, ())),
        }
    }
}

fn count(runs: Option<&Runs>) {
    runs.expect("managed").0.fetch_add(1, Ordering::Relaxed);
}

#[get("/")]
fn index(jar: &CookieJar<'_>) -> &'static str {
    jar.add(Cookie::new("a", "1"));
    jar.add(Cookie::new("b", "2"));
    "hello"
}

#[put("/guarded", data = "<body>")]
fn guarded(_guard: Guard, body: String) -> String {
    body
}

/// A catch-all `OPTIONS` route, as in applications that used to answer preflights themselves.
#[rocket::options("/own/<_..>")]
fn own_options(runs: &State<Runs>) -> &'static str {
    count(Some(runs));
    "from the application"
}

#[post("/form", data = "<form>")]
fn form(form: Form<String>) -> String {
    form.into_inner()
}

#[delete("/form")]
fn form_deleted() -> &'static str {
    "deleted"
}

#[derive(rocket::Responder)]
struct OwnCors(&'static str, Header<'static>, Header<'static>, Header<'static>);

#[get("/own-cors")]
fn own_cors() -> OwnCors {
    let header = Header::new;
    OwnCors(
        "own",
        header("Access-Control-Allow-Origin", "*"),
        header("ACCESS-CONTROL-MAX-AGE", "1"),
        header("Vary", "Accept, ORIGIN"),
    )
}

#[get("/panic")]
fn panic() -> &'static str {
    std::panic::resume_unwind(Box::new("on purpose"))
}

#[get("/file")]
async fn file() -> Option<NamedFile> {
    NamedFile::open(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).await.ok()
}

#[catch(404)]
fn not_found(request: &Request<'_>) -> String {
    count(request.rocket().state());
    format!("not found: {}", request.uri())
}

fn application() -> Rocket<Build> {
    let routes = routes![index, guarded, own_options, form, form_deleted, own_cors, panic, file];
    rocket::build().manage(Runs::default()).mount("/", routes).register("/", catchers![not_found])
}

fn policy() -> Policy {
    Policy::builder()
        .allow_origins([APP])
        .allow_methods(["PUT", "DELETE"])
        .allow_headers(["authorization", "x-a"])
        .expose_headers(["x-request-id"])
        .max_age(Duration::from_secs(600))
        .build()
        .expect("a valid policy")
}

fn client() -> Client {
    Client::debug(application().attach(Cors::new(policy()))).expect("the application ignites")
}

fn preflight<'c>(client: &'c Client, path: &'c str, origin: &str, method: &str) -> LocalRequest<'c> {
    client
        .req(Method::Options, path)
        .header(Header::new("origin", origin.to_owned()))
        .header(Header::new("access-control-request-method", method.to_owned()))
}

fn lines(response: &LocalResponse<'_>, name: &str) -> Vec<String> {
    response.headers().get(name).map(str::to_owned).collect()
}

fn cors_headers(response: &LocalResponse<'_>) -> Vec<String> {
    let names = response.headers().iter().map(|header| header.name.as_str().to_ascii_lowercase());
    names.filter(|name| name.starts_with("access-control-")).collect()
}

fn runs(client: &Client) -> usize {
    client.rocket().state::<Runs>().expect("managed").0.load(Ordering::Relaxed)
}

#[rstest]
#[case::of_a_route("/guarded")]
#[case::of_no_route("/nowhere")]
#[case::of_a_route_for_options("/own/1")]
#[case::with_a_query("/guarded?a=b&_method=put")]
fn granted_preflights_do_not_reach_the_application(#[case] path: &str) {
    let client = client();
    let response = preflight(&client, path, APP, "PUT").dispatch();
    assert_eq!(response.status(), Status::NoContent);
    assert_eq!(lines(&response, "access-control-allow-origin"), [APP]);
    assert_eq!(lines(&response, "access-control-allow-methods"), ["PUT, DELETE"]);
    assert_eq!(lines(&response, "access-control-allow-headers"), ["authorization, x-a"]);
    assert_eq!(lines(&response, "access-control-max-age"), ["600"]);
    assert_eq!(
        lines(&response, "vary"),
        ["Origin, Access-Control-Request-Method, Access-Control-Request-Headers"]
    );
    assert!(!response.headers().contains("access-control-expose-headers"));
    assert!(!response.headers().contains("content-length"));
    assert_eq!(response.into_bytes(), None);
    assert_eq!(runs(&client), 0);
}

#[rstest]
#[case::origin("https://other.example", "PUT")]
#[case::origin_case("https://APP.example", "PUT")]
#[case::method(APP, "PATCH")]
#[case::method_list(APP, "PUT, DELETE")]
fn denied_preflights_do_not_reach_the_application(#[case] origin: &str, #[case] method: &str) {
    let client = client();
    let response = preflight(&client, "/guarded", origin, method).dispatch();
    assert_eq!(response.status(), Status::Forbidden);
    assert!(cors_headers(&response).is_empty());
    assert_eq!(lines(&response, "vary").len(), 1);
    assert_eq!(response.into_bytes().unwrap_or_default(), b"");
    assert_eq!(runs(&client), 0);
}

#[test]
fn repeated_origin_lines_are_denied() {
    let client = client();
    let request = preflight(&client, "/", APP, "PUT").header(Header::new("origin", APP));
    assert_eq!(request.dispatch().status(), Status::Forbidden);
}

/// Clones of a local request share their cache.
#[test]
fn cached_decisions_do_not_leak_between_requests() {
    let client = client();
    let request =
        client.req(Method::Options, "/").header(Header::new("access-control-request-method", "PUT"));
    let send = |origin| request.clone().header(Header::new("origin", origin)).dispatch().status();
    assert_eq!((send(APP), send("https://other.example")), (Status::NoContent, Status::Forbidden));
}

#[test]
fn request_header_lines_form_one_list() {
    let client = client();
    let request = |names: [&'static str; 2]| {
        let lines = names.map(|value| Header::new("access-control-request-headers", value));
        let [first, second] = lines;
        preflight(&client, "/", APP, "PUT").header(first).header(second).dispatch().status()
    };
    assert_eq!(request(["x-a", "authorization"]), Status::NoContent);
    assert_eq!(request(["x-a", "x-b"]), Status::Forbidden);
}

#[rstest]
#[case::without_origin(&[("access-control-request-method", "PUT")])]
#[case::without_method(&[("origin", APP)])]
#[case::alone(&[])]
fn other_options_requests_reach_the_application(#[case] headers: &[(&'static str, &'static str)]) {
    let client = client();
    let send = |path: &'static str| {
        let request = client.req(Method::Options, path);
        headers
            .iter()
            .fold(request, |request, &(name, value)| request.header(Header::new(name, value)))
            .dispatch()
    };
    assert_eq!(send("/own/1").into_string().as_deref(), Some("from the application"));
    let response = send("/nowhere");
    assert_eq!(response.status(), Status::NotFound);
    assert_eq!(response.into_string().as_deref(), Some("not found: /nowhere"));
}

#[rstest]
#[case::handler(Method::Get, "/", 200)]
#[case::automatic_head(Method::Head, "/", 200)]
#[case::file(Method::Get, "/file", 200)]
#[case::no_route(Method::Get, "/nowhere", 404)]
#[case::no_method(Method::Patch, "/", 404)]
#[case::guard(Method::Put, "/guarded", 401)]
#[case::panic(Method::Get, "/panic", 500)]
#[case::extractor(Method::Post, "/form", 415)]
fn all_responses_have_cors_headers(#[case] method: Method, #[case] path: &str, #[case] status: u16) {
    let client = client();
    let send = |origin| client.req(method, path).header(Header::new("origin", origin)).dispatch();

    let response = send(APP);
    assert_eq!(response.status().code, status);
    assert_eq!(lines(&response, "access-control-allow-origin"), [APP]);
    assert_eq!(lines(&response, "access-control-expose-headers"), ["x-request-id"]);
    assert_eq!(lines(&response, "vary"), ["Origin"]);
    assert_eq!(cors_headers(&response).len(), 2);

    for response in [send("https://other.example"), client.req(method, path).dispatch()] {
        assert_eq!(response.status().code, status);
        assert!(cors_headers(&response).is_empty());
        assert_eq!(lines(&response, "vary"), ["Origin"]);
    }
}

#[test]
fn cors_headers_of_the_application_are_removed() {
    let client = client();
    let response = client.get("/own-cors").header(Header::new("origin", APP)).dispatch();
    assert_eq!(lines(&response, "access-control-allow-origin"), [APP]);
    assert!(!response.headers().contains("access-control-max-age"));
    assert_eq!(lines(&response, "vary"), ["Accept, ORIGIN"]);

    let response = client.get("/own-cors").header(Header::new("origin", "https://other.example")).dispatch();
    assert!(cors_headers(&response).is_empty());
}

#[test]
fn the_rest_of_the_response_is_unchanged() {
    let client = client();
    let response = client.get("/").header(Header::new("origin", APP)).dispatch();
    assert_eq!(lines(&response, "set-cookie").len(), 2);
    assert_eq!(response.content_type(), Some(ContentType::Plain));
    assert_eq!(response.into_string().as_deref(), Some("hello"));
}

#[test]
fn any_origin_policy_sends_a_star_to_every_request() {
    let policy = Policy::builder().allow_origins("*").build().expect("a valid policy");
    let client = Client::debug(application().attach(Cors::new(policy))).expect("the application ignites");
    let response = client.get("/").dispatch();
    assert_eq!(lines(&response, "access-control-allow-origin"), ["*"]);
    assert!(!response.headers().contains("vary"));
}

#[test]
fn forms_can_override_the_method_but_not_become_preflights() {
    let client = client();
    let send = |body: &'static str, header: (&'static str, &'static str)| {
        client
            .post("/form")
            .header(ContentType::Form)
            .header(Header::new("origin", APP))
            .header(Header::new(header.0, header.1))
            .body(body)
            .dispatch()
    };
    let response = send("_method=delete", ("x-a", "1"));
    assert_eq!(lines(&response, "access-control-allow-origin"), [APP]);
    assert_eq!(response.into_string().as_deref(), Some("deleted"));
    // Rocket reads only as many bytes of a form as `_method=delete` has, so it does not recognize `options`.
    let response = send("_method=options", ("access-control-request-method", "PUT"));
    assert_eq!(lines(&response, "access-control-allow-origin"), [APP]);
    assert_eq!(response.status(), Status::Ok);
}

#[test]
fn handles_replace_the_policy() {
    let other = "https://other.example";
    let handle = PolicyHandle::new(policy());
    let client = Client::debug(application().attach(Cors::new(&handle))).expect("the application ignites");
    let statuses = |origin| {
        let response = client.get("/").header(Header::new("origin", origin)).dispatch();
        (preflight(&client, "/", origin, "PUT").dispatch().status(), cors_headers(&response).len())
    };
    assert_eq!((statuses(APP), statuses(other)), ((Status::NoContent, 2), (Status::Forbidden, 0)));
    let policy = Policy::builder().allow_origins([other]).allow_methods(["PUT"]).build();
    handle.replace(policy.expect("a valid policy"));
    assert_eq!((statuses(APP), statuses(other)), ((Status::Forbidden, 0), (Status::NoContent, 1)));
}
