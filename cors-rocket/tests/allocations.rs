//! Counts heap allocations: CORS needs fewer than a fairing that writes the same headers by hand.

use allocation_counter::measure;
use cors_rocket::{Cors, Policy, PolicyHandle};
use rocket::fairing::{Fairing, Info, Kind};
use rocket::http::Header;
use rocket::local::blocking::{Client, LocalRequest};
use rocket::{Build, Request, Response, Rocket, get, routes};
use rstest::rstest;

const APP: &str = "https://app.example";

#[get("/")]
fn index() -> &'static str {
    "hello"
}

fn client(application: Rocket<Build>) -> Client {
    Client::debug(application.mount("/", routes![index])).expect("the application ignites")
}

/// Writes the same headers as the policy.
struct ByHand;

#[rocket::async_trait]
impl Fairing for ByHand {
    fn info(&self) -> Info {
        Info { name: "by hand", kind: Kind::Request | Kind::Response }
    }

    async fn on_response<'r>(&self, request: &'r Request<'_>, response: &mut Response<'r>) {
        let origin = request.headers().get_one("origin");
        if let Some(origin) = origin.filter(|origin| !origin.contains("other")) {
            response.set_raw_header("access-control-allow-origin", origin);
            response.set_raw_header("access-control-allow-credentials", "true");
            response.set_raw_header("access-control-expose-headers", "x-a, x-b");
        }
        response.adjoin_raw_header("vary", "Origin");
    }
}

fn policy() -> Policy {
    let policy = Policy::builder()
        .allow_origins([APP, "https://*.example.org"])
        .expose_headers(["x-a", "x-b"])
        .allow_credentials(true);
    policy.build().expect("a valid policy")
}

fn allocations(client: &Client, origin: Option<&'static str>) -> u64 {
    let request = || {
        let request = client.get("/");
        match origin {
            Some(origin) => request.header(Header::new("origin", origin)),
            None => request,
        }
    };
    // The first request also pays for what is allocated once per process.
    drop(request().dispatch());
    let again = || {
        let mut request = Some(request());
        measure(|| drop(request.take().map(LocalRequest::dispatch))).count_total
    };
    // Other threads can only add to the count, so the minimum is the right one.
    (0..10).map(|_| again()).min().unwrap_or_default()
}

#[rstest]
#[case::allowed(Some(APP))]
#[case::allowed_by_a_pattern(Some("https://a.b.example.org"))]
#[case::not_allowed(Some("https://other.example"))]
#[case::plain(None)]
fn one_policy_takes_two_fewer_than_by_hand(#[case] origin: Option<&'static str>) {
    let by_hand = allocations(&client(rocket::build().attach(ByHand)), origin);
    assert!(by_hand > 0, "nothing was measured");
    // The fairing by hand boxes a future for each request and each response; ours does not.
    assert_eq!(allocations(&client(rocket::build().attach(Cors::new(policy()))), origin) + 2, by_hand);
}

#[rstest]
#[case::path(Cors::new(policy()).with_path("/admin", policy()))]
#[case::handle(Cors::new(PolicyHandle::new(policy())))]
fn path_policies_and_handles_take_no_more_than_by_hand(#[case] cors: Cors) {
    let by_hand = allocations(&client(rocket::build().attach(ByHand)), Some(APP));
    assert_eq!(allocations(&client(rocket::build().attach(cors)), Some(APP)), by_hand);
}
