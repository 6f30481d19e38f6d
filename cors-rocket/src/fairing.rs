//! The fairing that reads requests, the routes that answer preflights and denied requests, and the fairing that writes responses.
//!
//! A fairing cannot answer a request, so these are answered by routes that [`Cors`] mounts during ignition.

use std::borrow::Cow;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use cors_core::{Decision, LookupAnswer, PreparedPolicy, RequestHead, RequestHeader};
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
                let routes = routes(policies.had_guard());
                Ok(rocket.manage(policies).mount("/", routes).attach(ResponseFairing))
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
        let Some(policies) = request.rocket().state::<Policies>() else { return Box::pin(Done) };
        // Most requests: nothing is decided before their response exists.
        if policies.simple().is_some() && request.method() != Method::Options {
            return Box::pin(Done);
        }
        let view = RequestView::new(request);
        let Some(cached) = CachedDecision::of(&view, policies) else { return Box::pin(Done) };
        let ask = cached.policy.ask(&view);
        match ask.now() {
            Some(answer) => {
                cached.decide(&view, answer);
                if cached.is_denied() && !policies.had_guard() {
                    route_to_early_answer(request);
                }
                Box::pin(Done)
            }
            None => Box::pin(async move {
                let answer = ask.await;
                decide(request, answer);
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

/// Decides about a request whose lookup has answered.
fn decide(request: &mut Request<'_>, answer: LookupAnswer) {
    let Some(policies) = request.rocket().state::<Policies>() else { return };
    let view = RequestView::new(request);
    let Some(cached) = CachedDecision::of(&view, policies) else { return };
    cached.decide(&view, answer);
    if cached.is_denied() && !policies.had_guard() {
        route_to_early_answer(request);
    }
}

/// Makes a request reach [`EarlyAnswer`] although the application had no guard when it started.
fn route_to_early_answer(request: &mut Request<'_>) {
    // Only this method has a route that answers.
    request.set_method(Method::Options);
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
    /// `None` if the request is decided when its response exists.
    decision: Option<Decision<String>>,
    /// The answer of the policy's lookup, and the origin that it is about.
    answer: Option<(LookupAnswer, String)>,
}

impl CachedDecision {
    /// Returns the request's entry, or `None` if nothing needs to be cached: the application has a single policy without a
    /// lookup and a guard, and the request is not a preflight.
    fn of<'r>(view: &RequestView<'r, '_>, policies: &Policies) -> Option<&'r Self> {
        // Looking into Rocket's cache writes to it, which would cost every request an allocation.
        if policies.simple().is_some() && !view.has_request_method() {
            return None;
        }
        let request = view.request();
        Some(request.local_cache(|| Self {
            policy: policies.select(request.uri().path()).for_request(view),
            decided: Mutex::default(),
        }))
    }

    fn decide(&self, view: &RequestView<'_, '_>, answer: LookupAnswer) {
        // Without a guard, actual requests are decided when their response exists, and only once, so that each denial is
        // logged once.
        let has_guard = self.policy.policy().guard().is_some();
        let is_preflight = || view.is_options() && view.has_request_method();
        let decision = (has_guard || is_preflight()).then(|| self.policy.decide_with(view, answer));
        let decision = decision.map(|decision| decision.map(Cow::into_owned));
        let decision = decision.filter(|decision| has_guard || matches!(decision, Decision::Preflight(_)));
        // Other answers need not be kept.
        let is_answer = answer != LookupAnswer::NotAsked;
        let answer = origin(view.request()).filter(|_| is_answer).map(|origin| (answer, origin.to_owned()));
        *self.decided() = Decided { decision, answer };
    }

    fn decision(&self) -> Option<Decision<String>> {
        self.decided().decision.clone()
    }

    fn is_denied(&self) -> bool {
        matches!(self.decided().decision, Some(Decision::Denied(_)))
    }

    /// The status, if the request is answered without the application.
    fn status(&self) -> Option<u16> {
        match &self.decided().decision {
            Some(Decision::Preflight(preflight)) => Some(preflight.status()),
            Some(Decision::Denied(denied)) => Some(denied.status()),
            Some(Decision::Actual(_)) | None => None,
        }
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
fn origin<'r>(request: &'r Request<'_>) -> Option<&'r str> {
    request.headers().get_one(RequestHeader::Origin.name())
}

const ROUTE: &str = "CORS";

/// The route that answers all preflights, and with a guard a route for each other method that answers denied requests. They rank
/// before all other routes and forward every other request to the application.
///
/// Each of them makes a request dearer, so there is only one if no policy has a guard. Should a handle get one later, denied
/// requests are sent to that one.
fn routes(had_guard: bool) -> Vec<Route> {
    use Method::{Connect, Delete, Get, Head, Options, Patch, Post, Put, Trace};

    let methods: &[Method] = match had_guard {
        true => &[Options, Get, Head, Post, Put, Patch, Delete, Trace, Connect],
        false => &[Options],
    };
    let route = |&method| {
        let mut route = Route::ranked(isize::MIN, method, "/<..>", EarlyAnswer);
        route.name = Some(ROUTE.into());
        route
    };
    methods.iter().map(route).collect()
}

#[derive(Clone)]
struct EarlyAnswer;

#[rocket::async_trait]
impl Handler for EarlyAnswer {
    async fn handle<'r>(&self, request: &'r Request<'_>, data: Data<'r>) -> Outcome<'r> {
        let view = RequestView::new(request);
        let cached = request.rocket().state().and_then(|policies| CachedDecision::of(&view, policies));
        let Some(status) = cached.and_then(CachedDecision::status) else {
            // The status that Rocket uses if no route matches; a route that matches after this one replaces it.
            return Outcome::Forward((data, Status::NotFound));
        };
        Outcome::Success(Response::build().status(Status::new(status)).finalize())
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
    let view = RequestView::new(request);
    let cached = CachedDecision::of(&view, policies);
    let Some(policy) = cached.map(|cached| &cached.policy).or(policies.simple()) else { return };
    let decision = match cached.and_then(CachedDecision::decision) {
        Some(decision) => decision.map(Cow::Owned),
        None => policy.decide_with(&view, cached.map(|cached| cached.answer(request)).unwrap_or_default()),
    };
    match decision {
        Decision::Actual(actual) => policy.write_actual(actual, &mut ResponseView::new(response)),
        Decision::Preflight(preflight) => {
            discard_others(request, response);
            response.set_status(Status::new(preflight.status()));
            policy.write_preflight(preflight, &view, &mut ResponseView::new(response));
        }
        Decision::Denied(denied) => {
            discard_others(request, response);
            response.set_status(Status::new(denied.status()));
            policy.write_denied(denied, &mut ResponseView::new(response));
        }
    }
}

/// Empties a response that another route made, because a fairing had rewritten the request's method or path. `Vary` stays: a
/// cache has to know what the rewriting depends on.
fn discard_others(request: &Request<'_>, response: &mut Response<'_>) {
    if request.route().is_some_and(|route| route.name.as_deref() == Some(ROUTE)) {
        return;
    }
    let vary: Vec<String> = response.headers().get("vary").map(str::to_owned).collect();
    *response = Response::new();
    for line in vary {
        response.adjoin_raw_header("vary", line);
    }
}
