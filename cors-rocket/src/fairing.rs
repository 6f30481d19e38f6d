//! The fairing that reads requests, the route that answers preflights, and the fairing that writes responses.
//!
//! A fairing cannot answer a request, so preflights are answered by a route that [`Cors`] mounts during ignition.

use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use cors_core::{Decision, LookupAnswer, Preflight, PreparedPolicy, RequestHead, RequestHeader};
use rocket::fairing::{self, Fairing, Info, Kind};
use rocket::http::{Method, Status};
use rocket::route::{Handler, Outcome};
use rocket::{Build, Data, Request, Response, Rocket, Route};

use crate::Cors;
use crate::head::{RequestView, ResponseView};
use crate::policies::Policies;

/// Sees a request before it is routed, and before every fairing that is attached later.
#[rocket::async_trait]
impl Fairing for Cors {
    fn info(&self) -> Info {
        Info { name: "CORS", kind: Kind::Ignite | Kind::Request }
    }

    async fn on_ignite(&self, rocket: Rocket<Build>) -> fairing::Result {
        if rocket.state::<Policies>().is_some() {
            log::error!(
                "`Cors` is attached more than once. Attach it once, and add policies for single paths with \
                 `Cors::with_path`."
            );
            return Err(rocket);
        }
        match self.policies(rocket.figment()) {
            // The response fairing is attached only now, so that it runs after all fairings of the application.
            Ok(policies) => {
                Ok(rocket.manage(policies).mount("/", [preflight_route()]).attach(ResponseFairing))
            }
            Err(problems) => {
                log::error!("Invalid CORS policy:");
                problems.iter().for_each(|problem| log::error!("{problem}"));
                Err(rocket)
            }
        }
    }

    // An `async fn` here and in `on_response` would allocate a boxed future for every request and every response. Only the
    // answer of a lookup is ever awaited, so both methods are written out instead; `tests/allocations.rs` counts the two allocations saved.
    fn on_request<'a, 'b, 'c, 'd, 'e, 'f>(
        &'a self,
        request: &'b mut Request<'c>,
        _: &'d mut Data<'e>,
    ) -> BoxFuture<'f>
    where
        Self: 'f,
        'a: 'f,
        'b: 'f,
        'c: 'f,
        'd: 'f,
        'e: 'f,
    {
        let request: &'b Request<'c> = request;
        let policies = request.rocket().state::<Policies>();
        let Some(cached) = policies.and_then(|policies| CachedDecision::of(request, policies)) else {
            return Box::pin(Done);
        };
        let ask = cached.policy.ask(&RequestView(request));
        match ask.now() {
            Some(answer) => {
                cached.decide(request, answer);
                Box::pin(Done)
            }
            None => Box::pin(async move {
                let answer = ask.await;
                cached.decide(request, answer);
            }),
        }
    }
}

type BoxFuture<'f> = Pin<Box<dyn Future<Output = ()> + Send + 'f>>;

/// A future that is always ready. It has no size, so boxing it does not allocate.
struct Done;

impl Future for Done {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }
}

/// The decision about a request as it arrived. Later fairings may change the request's method and path, and a
/// [`PolicyHandle`](crate::PolicyHandle) its policy.
struct CachedDecision {
    policy: PreparedPolicy<String>,
    /// Set again each time a request arrives, because the clones of a local request share their cache.
    decided: Mutex<Decided>,
}

#[derive(Default)]
struct Decided {
    /// `None` if the request is not a preflight.
    preflight: Option<Preflight>,
    /// The answer of the policy's lookup, and the origin that it is about.
    answer: Option<(LookupAnswer, String)>,
}

impl CachedDecision {
    /// Returns the request's entry, or `None` if nothing needs to be cached: the application has a single policy without a
    /// lookup and the request is not a preflight.
    fn of<'r>(request: &'r Request<'_>, policies: &Policies) -> Option<&'r Self> {
        // Looking into Rocket's cache writes to it, which would cost every request an allocation.
        let is_simple = |policy: &PreparedPolicy<String>| !policy.policy().has_lookup();
        if policies.only().is_some_and(is_simple) && !has_request_method(request) {
            return None;
        }
        Some(request.local_cache(|| Self {
            policy: policies.select(request.uri().path()).for_request(&RequestView(request)),
            decided: Mutex::default(),
        }))
    }

    fn decide(&self, request: &Request<'_>, answer: LookupAnswer) {
        let view = RequestView(request);
        // Actual requests are decided when their response exists; deciding here as well would log each denial twice.
        let preflight = if view.is_options() && has_request_method(request) {
            match self.policy.decide_with(&view, answer) {
                Decision::Preflight(preflight) => Some(preflight),
                Decision::Actual(_) => None,
            }
        } else {
            None
        };
        // Other answers need not be kept.
        let is_answer = answer != LookupAnswer::NotAsked;
        let answer = origin(request).filter(|_| is_answer).map(|origin| (answer, origin.to_owned()));
        *self.decided() = Decided { preflight, answer };
    }

    fn preflight(&self) -> Option<Preflight> {
        self.decided().preflight
    }

    /// The answer of the lookup, unless a fairing has changed the origin since then.
    fn answer(&self, request: &Request<'_>) -> LookupAnswer {
        let decided = self.decided();
        let answer = decided.answer.as_ref().filter(|(_, about)| origin(request) == Some(about.as_str()));
        answer.map(|(answer, _)| *answer).unwrap_or_default()
    }

    fn decided(&self) -> MutexGuard<'_, Decided> {
        self.decided.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether the request has `Access-Control-Request-Method`. Scripts cannot set it (Fetch, "forbidden request-header"), so
/// actual requests from browsers never do.
fn has_request_method(request: &Request<'_>) -> bool {
    request.headers().contains(RequestHeader::AccessControlRequestMethod.name())
}

fn origin<'r>(request: &'r Request<'_>) -> Option<&'r str> {
    request.headers().get_one(RequestHeader::Origin.name())
}

const PREFLIGHT: &str = "CORS preflight";

/// The route that answers all preflights. It ranks before all other routes and forwards every other `OPTIONS` request to
/// the application.
fn preflight_route() -> Route {
    let mut route = Route::ranked(isize::MIN, Method::Options, "/<..>", PreflightHandler);
    route.name = Some(PREFLIGHT.into());
    route
}

#[derive(Clone)]
struct PreflightHandler;

#[rocket::async_trait]
impl Handler for PreflightHandler {
    async fn handle<'r>(&self, request: &'r Request<'_>, data: Data<'r>) -> Outcome<'r> {
        let cached = request.rocket().state().and_then(|policies| CachedDecision::of(request, policies));
        let Some(preflight) = cached.and_then(CachedDecision::preflight) else {
            // The status that Rocket uses if no route matches; a route that matches after this one replaces it.
            return Outcome::Forward((data, Status::NotFound));
        };
        Outcome::Success(Response::build().status(Status::new(preflight.status())).finalize())
    }
}

/// Writes the decision into every response: from routes, catchers and Rocket itself.
struct ResponseFairing;

#[rocket::async_trait]
impl Fairing for ResponseFairing {
    fn info(&self) -> Info {
        Info { name: "CORS", kind: Kind::Response }
    }

    fn on_response<'r, 'a, 'b, 'c, 'f>(
        &'a self,
        request: &'r Request<'b>,
        response: &'c mut Response<'r>,
    ) -> BoxFuture<'f>
    where
        Self: 'f,
        'r: 'f,
        'a: 'f,
        'b: 'f,
        'c: 'f,
    {
        write_response(request, response);
        Box::pin(Done)
    }
}

fn write_response<'r>(request: &'r Request<'_>, response: &mut Response<'r>) {
    let Some(policies) = request.rocket().state::<Policies>() else { return };
    let cached = CachedDecision::of(request, policies);
    let Some(policy) = cached.map(|cached| &cached.policy).or(policies.only()) else { return };
    let view = RequestView(request);
    let decision = match cached.and_then(CachedDecision::preflight) {
        Some(preflight) => Decision::Preflight(preflight),
        None => policy.decide_with(&view, cached.map(|cached| cached.answer(request)).unwrap_or_default()),
    };
    match decision {
        Decision::Actual(actual) => policy.write_actual(actual, &mut ResponseView(response)),
        Decision::Preflight(preflight) => {
            let is_own_answer = request.route().is_some_and(|route| route.name.as_deref() == Some(PREFLIGHT));
            if !is_own_answer {
                discard_except_vary(response);
            }
            response.set_status(Status::new(preflight.status()));
            policy.write_preflight(preflight, &view, &mut ResponseView(response));
        }
    }
}

/// Empties a response that another route made, because a fairing had rewritten the preflight's method or path. `Vary` stays:
/// a cache has to know what the rewriting depends on.
fn discard_except_vary(response: &mut Response<'_>) {
    let vary: Vec<String> = response.headers().get("vary").map(str::to_owned).collect();
    *response = Response::new();
    for line in vary {
        response.adjoin_raw_header("vary", line);
    }
}
