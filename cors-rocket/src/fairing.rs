//! How a fairing, which cannot answer, has a preflight answered: through a route of its own.

use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};

use cors_core::{Decision, Preflight, PreparedPolicy, RequestHead, RequestHeader};
use rocket::fairing::{self, Fairing, Info, Kind};
use rocket::http::{Method, Status};
use rocket::route::{Handler, Outcome};
use rocket::{Build, Data, Request, Response, Rocket, Route};

use crate::Cors;
use crate::head::{RequestView, ResponseView};
use crate::policies::Policies;

/// The first half: it sees a request before any fairing that is attached later, and before it is routed.
#[rocket::async_trait]
impl Fairing for Cors {
    fn info(&self) -> Info {
        Info { name: "CORS", kind: Kind::Ignite | Kind::Request }
    }

    async fn on_ignite(&self, rocket: Rocket<Build>) -> fairing::Result {
        if rocket.state::<Policies>().is_some() {
            log::error!(
                "CORS is attached twice: attach one `Cors`, and give single paths their policies in it."
            );
            return Err(rocket);
        }
        match self.policies(rocket.figment()) {
            // Attached only now, the second half comes after all that the application attached.
            Ok(policies) => {
                Ok(rocket.manage(policies).mount("/", [preflight_route()]).attach(ResponseFairing))
            }
            Err(problems) => {
                log::error!("The CORS policy is refused:");
                problems.iter().for_each(|problem| log::error!("{problem}"));
                Err(rocket)
            }
        }
    }

    fn on_request<'a, 'b, 'c, 'd, 'e, 'f>(
        &'a self,
        request: &'b mut Request<'c>,
        _: &'d mut Data<'e>,
    ) -> BoxFuture<'f, ()>
    where
        Self: 'f,
        'a: 'f,
        'b: 'f,
        'c: 'f,
        'd: 'f,
        'e: 'f,
    {
        if let Some(policies) = request.rocket().state::<Policies>()
            && let Some(arrival) = Arrival::of(request, policies)
        {
            arrival.decide(request);
        }
        Box::pin(Done)
    }
}

/// The future of a fairing that has nothing to wait for. It has no size, so that a box of it allocates nothing, as that of an
/// `async fn` would for every request.
struct Done;

impl Future for Done {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }
}

type BoxFuture<'f, T> = Pin<Box<dyn Future<Output = T> + Send + 'f>>;

/// What was decided when a request came in. Later fairings may change its method and its path, and a
/// [`PolicyHandle`](crate::PolicyHandle) its policy.
struct Arrival {
    policy: PreparedPolicy<String>,
    /// Decided anew each time that a request comes in, for the clones of a local request share their cache.
    preflight: Mutex<Option<Preflight>>,
}

impl Arrival {
    /// Nothing where the policy is [`Policies::only`] and the request no preflight: there is no need to remember that.
    fn of<'r>(request: &'r Request<'_>, policies: &Policies) -> Option<&'r Self> {
        // Rocket's cache cannot be read without writing to it, and every request would pay for that.
        if policies.only().is_some() && !asks_for_method(request) {
            return None;
        }
        Some(request.local_cache(|| Self {
            policy: policies.select(request.uri().path()).current(),
            preflight: Mutex::default(),
        }))
    }

    fn decide(&self, request: &Request<'_>) {
        let view = RequestView(request);
        // Any other request is decided about when its response is there, and the developer told once.
        let preflight = match view.is_options() && asks_for_method(request) {
            true => match self.policy.decide(&view) {
                Decision::Preflight(preflight) => Some(preflight),
                Decision::Actual(_) => None,
            },
            false => None,
        };
        *self.preflight.lock().unwrap_or_else(PoisonError::into_inner) = preflight;
    }

    fn preflight(&self) -> Option<Preflight> {
        *self.preflight.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// No actual request has this header: scripts cannot set it (Fetch, "forbidden request-header").
fn asks_for_method(request: &Request<'_>) -> bool {
    request.headers().contains(RequestHeader::AccessControlRequestMethod.name())
}

/// The route of every preflight, ranked before all others; it leaves every other `OPTIONS` request to the application.
fn preflight_route() -> Route {
    let mut route = Route::ranked(isize::MIN, Method::Options, "/<..>", PreflightHandler);
    route.name = Some(PREFLIGHT.into());
    route
}

const PREFLIGHT: &str = "CORS preflight";

#[derive(Clone)]
struct PreflightHandler;

#[rocket::async_trait]
impl Handler for PreflightHandler {
    async fn handle<'r>(&self, request: &'r Request<'_>, data: Data<'r>) -> Outcome<'r> {
        let arrival = request.rocket().state().and_then(|policies| Arrival::of(request, policies));
        let Some(preflight) = arrival.and_then(Arrival::preflight) else {
            // What Rocket says where no route matches; any route that follows says otherwise.
            return Outcome::Forward((data, Status::NotFound));
        };
        Outcome::Success(Response::build().status(Status::new(preflight.status())).finalize())
    }
}

/// The second half: it writes the decision into every response, whoever made it.
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
    ) -> BoxFuture<'f, ()>
    where
        Self: 'f,
        'r: 'f,
        'a: 'f,
        'b: 'f,
        'c: 'f,
    {
        write(request, response);
        Box::pin(Done)
    }
}

fn write<'r>(request: &'r Request<'_>, response: &mut Response<'r>) {
    let Some(policies) = request.rocket().state::<Policies>() else { return };
    let arrival = Arrival::of(request, policies);
    let Some(policy) = arrival.map(|arrival| &arrival.policy).or(policies.only()) else { return };
    let view = RequestView(request);
    let decision = match arrival.and_then(Arrival::preflight) {
        Some(preflight) => Decision::Preflight(preflight),
        None => policy.decide(&view),
    };
    match decision {
        Decision::Actual(pass) => policy.write_actual(pass, &mut ResponseView(response)),
        Decision::Preflight(preflight) => {
            // A fairing may have sent the request elsewhere: nothing of what that answered is the preflight's.
            if request.route().is_none_or(|route| route.name.as_deref() != Some(PREFLIGHT)) {
                *response = Response::new();
            }
            response.set_status(Status::new(preflight.status()));
            policy.write_preflight(preflight, &view, &mut ResponseView(response));
        }
    }
}
