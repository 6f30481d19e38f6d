//! Rejections that nothing recovered from become the responses that warp would send, without leaving the request's
//! task.

use std::fmt;
use std::sync::{Arc, Mutex};

use cors_warp::{Cors, Policy};
use tower::Service as _;
use tracing::instrument::Instrument as _;
use tracing::{Event, Level, Span, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;
use warp::filters::BoxedFilter;
use warp::http::{HeaderValue, Request, StatusCode};
use warp::reject::Reject;
use warp::reply::Response;
use warp::{Filter, Rejection, Reply};

tokio::task_local! {
    static TENANT: &'static str;
}

/// A rejection of the application whose text depends on where it is made.
struct Failure;

impl fmt::Debug for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tenant = TENANT.try_with(|tenant| *tenant).unwrap_or("no tenant");
        let span = Span::current().metadata().map_or("no span", |metadata| metadata.name());
        write!(formatter, "Failure of {tenant} in {span}")
    }
}

impl Reject for Failure {}

fn wrap(routes: BoxedFilter<(Response,)>) -> BoxedFilter<(Response,)> {
    let policy = Policy::builder().allow_origins("https://app.example").build().expect("a valid policy");
    Cors::new(policy).wrap(routes).boxed()
}

async fn send(routes: BoxedFilter<(Response,)>, request: Request<String>) -> Response {
    let Ok(response) = warp::service(routes).call(request).await;
    response
}

async fn body(response: Response) -> String {
    use warp::hyper::body::Body as _;

    let mut body = std::pin::pin!(response.into_body());
    let mut text = Vec::new();
    while let Some(frame) = std::future::poll_fn(|context| body.as_mut().poll_frame(context)).await {
        text.extend_from_slice(&frame.expect("a frame").into_data().expect("data"));
    }
    String::from_utf8(text).expect("UTF-8")
}

fn failure() -> BoxedFilter<(Response,)> {
    warp::any().and_then(async || Err::<Response, Rejection>(warp::reject::custom(Failure))).boxed()
}

/// A filter for each way that warp rejects `request()`.
fn rejecting() -> Vec<(&'static str, BoxedFilter<(Response,)>)> {
    fn one<T: Send + 'static>(
        filter: impl Filter<Extract = (T,), Error = Rejection> + Send + Sync + 'static,
    ) -> BoxedFilter<(Response,)> {
        filter.map(|_| warp::reply().into_response()).boxed()
    }

    let forbidden = warp::any().map(warp::reply).with(warp::cors().allow_origin("https://other.example"));
    vec![
        ("not found", warp::path!("elsewhere").map(warp::reply).map(Reply::into_response).boxed()),
        ("method", warp::delete().map(warp::reply).map(Reply::into_response).boxed()),
        ("missing header", one(warp::header::<u32>("x-missing"))),
        ("invalid header", one(warp::header::<u32>("x-text"))),
        ("missing cookie", one(warp::cookie::<String>("missing"))),
        ("invalid query", one(warp::query::<Vec<(u32, u32)>>())),
        ("too large", warp::body::content_length_limit(1).map(warp::reply).map(Reply::into_response).boxed()),
        ("media type", one(warp::body::form::<Vec<(u32, u32)>>())),
        ("extension", one(warp::ext::get::<u32>())),
        ("forbidden", forbidden.map(Reply::into_response).boxed()),
        ("custom", failure()),
    ]
}

fn request() -> Request<String> {
    Request::post("/?query")
        .header("origin", "https://app.example")
        .header("content-type", "application/json")
        .header("content-length", "2")
        .header("x-text", "text")
        .body("{}".to_owned())
        .expect("a request")
}

fn head(response: &Response) -> (StatusCode, Option<&[u8]>) {
    (response.status(), response.headers().get("content-type").map(HeaderValue::as_bytes))
}

#[tokio::test]
async fn one_rejection_becomes_the_response_of_warp() {
    let deserialize = warp::body::json().map(|_: u32| warp::reply().into_response()).boxed();
    let no_length = Request::post("/").header("origin", "https://app.example").body(String::new()).unwrap();
    let no_length_routes = warp::body::content_length_limit(1).map(warp::reply).map(Reply::into_response);
    let mut cases: Vec<_> = rejecting().into_iter().map(|(name, routes)| (name, routes, request())).collect();
    cases.push(("body", deserialize, request()));
    cases.push(("no length", no_length_routes.boxed(), no_length));

    for (name, routes, request) in cases {
        let of_warp = send(routes.clone(), request.clone()).await;
        let ours = send(wrap(routes), request).await;
        assert_ne!(of_warp.status(), 200, "{name}");
        assert_eq!(head(&ours), head(&of_warp), "{name}");
        assert_eq!(ours.headers()["access-control-allow-origin"], "https://app.example", "{name}");
        assert_eq!(body(ours).await, body(of_warp).await, "{name}");
    }
}

#[tokio::test]
async fn two_rejections_become_the_response_of_warp() {
    for (first, first_routes) in rejecting() {
        for (second, second_routes) in rejecting() {
            let routes = first_routes.clone().or(second_routes).unify().boxed();
            let of_warp = send(routes.clone(), request()).await;
            let ours = send(wrap(routes), request()).await;
            assert_eq!(head(&ours), head(&of_warp), "{first}, {second}");
            // The README names this difference: next to another cause, a custom one is not told apart.
            let cannot_tell = [first, second].contains(&"custom") && ![first, second].contains(&"not found");
            if !cannot_tell {
                assert_eq!(body(ours).await, body(of_warp).await, "{first}, {second}");
            }
        }
    }
}

#[tokio::test]
async fn the_text_of_a_custom_rejection_beside_others_lists_them_all() {
    let routes = warp::delete().map(warp::reply).map(Reply::into_response).or(failure()).unify().boxed();
    let response = send(wrap(routes), request()).await;
    assert_eq!(response.status(), 500);
    assert_eq!(
        body(response).await,
        "Unhandled rejection: [Failure of no tenant in no span, MethodNotAllowed]"
    );
}

/// Keeps the name of the span that each event at error level happened in.
#[derive(Clone, Default)]
struct Errors(Arc<Mutex<Vec<Option<&'static str>>>>);

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Errors {
    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        if *event.metadata().level() == Level::ERROR {
            self.0.lock().expect("a lock").push(context.event_span(event).map(|span| span.name()));
        }
    }
}

#[tokio::test]
async fn the_response_is_made_in_the_span_and_the_task_of_the_request() {
    let errors = Errors::default();
    let _guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(errors.clone()));

    let response = send(wrap(failure()), request()).instrument(tracing::info_span!("request"));
    let response = TENANT.scope("acme", response).await;
    assert_eq!(body(response).await, "Unhandled rejection: Failure of acme in request");
    assert_eq!(*errors.0.lock().unwrap(), [Some("request")]);
}

#[tokio::test]
async fn requests_on_one_thread_keep_their_own_status() {
    let slow = warp::path!("slow")
        .and_then(async || {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            Err::<Response, Rejection>(warp::reject::custom(Failure))
        })
        .boxed();
    let app = wrap(slow);
    let get =
        |path: &str| Request::get(path).header("origin", "https://app.example").body(String::new()).unwrap();
    let (slow, fast) = tokio::join!(send(app.clone(), get("/slow")), send(app, get("/nowhere")));
    assert_eq!((slow.status(), fast.status()), (StatusCode::INTERNAL_SERVER_ERROR, StatusCode::NOT_FOUND));
}
