//! The server: the specimen application of one framework behind its adapter, with policies that a handle replaces.

use std::fmt;
use std::io::{self, BufRead, Write};
use std::sync::{Arc, Mutex, PoisonError};

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::{Next, from_fn};
use clap::ValueEnum;
use cors_conformance::specimen::{Hits, panic_on_purpose};
use cors_conformance::subject::{Server, StartError};
use cors_core::{Lookup, PolicyHandle, PolicyMap, PolicySource};
use cors_subjects::{specimen, subject};
use http::HeaderValue;
use poem::EndpointExt;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde::Serialize;
use tower::Layer;
use warp::Filter;

use crate::Failure;
use crate::expectation::Quirks;
use crate::policy::{self, PUBLIC_HOST};
use crate::process::{Order, Word};

/// A path whose handler panics, and no part of the application catches it.
///
/// Rocket catches the panics of all handlers itself.
pub const UNCAUGHT_PANIC: &str = "/uncaught-panic";

/// How many panics are described.
const DESCRIBED: usize = 5;

/// An adapter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
pub enum Adapter {
    /// `cors-actix`
    #[value(name = "cors-actix")]
    #[serde(rename = "cors-actix")]
    Actix,
    /// `cors-axum`
    #[value(name = "cors-axum")]
    #[serde(rename = "cors-axum")]
    Axum,
    /// `cors-poem`
    #[value(name = "cors-poem")]
    #[serde(rename = "cors-poem")]
    Poem,
    /// `cors-rocket`
    #[value(name = "cors-rocket")]
    #[serde(rename = "cors-rocket")]
    Rocket,
    /// `cors-warp`
    #[value(name = "cors-warp")]
    #[serde(rename = "cors-warp")]
    Warp,
}

impl Adapter {
    /// All adapters.
    pub const ALL: [Self; 5] = [Self::Actix, Self::Axum, Self::Poem, Self::Rocket, Self::Warp];

    /// The name of the adapter's package.
    pub fn name(self) -> &'static str {
        match self {
            Self::Actix => "cors-actix",
            Self::Axum => "cors-axum",
            Self::Poem => "cors-poem",
            Self::Rocket => "cors-rocket",
            Self::Warp => "cors-warp",
        }
    }

    /// What the adapter's framework does before the adapter sees a request.
    pub fn quirks(self) -> Quirks {
        Quirks { drops_non_utf8: self == Self::Rocket }
    }
}

impl fmt::Display for Adapter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// Which server to run.
#[derive(Clone, Copy, Debug)]
pub struct ServerOptions {
    /// The adapter.
    pub adapter: Adapter,
    /// Whether to leave the adapter out and serve the application alone.
    pub bare: bool,
    /// How many file descriptors the process may have.
    pub files: Option<u64>,
}

impl ServerOptions {
    /// The arguments of a process that serves this.
    pub fn arguments(&self) -> Vec<String> {
        let mut arguments = vec!["--serve".to_owned(), self.adapter.name().to_owned()];
        if self.bare {
            arguments.push("--bare".to_owned());
        }
        if let Some(files) = self.files {
            arguments.extend(["--files".to_owned(), files.to_string()]);
        }
        arguments
    }
}

/// Serves until standard input ends, and does what its lines order.
///
/// # Errors
///
/// The server cannot be started, or standard output is closed.
pub fn serve(options: ServerOptions) -> Result<(), Failure> {
    match options.files {
        Some(files) => limit_files(files)?,
        None => {
            raise_file_limit()?;
        }
    }
    let panics = count_panics();
    let runtime = tokio::runtime::Runtime::new()?;
    let (policies, server) = runtime.block_on(start(options.adapter, options.bare))?;
    say(&Word::Listening(server.address()))?;
    for line in io::stdin().lock().lines() {
        match serde_json::from_str(&line?)? {
            Order::Replace(number) => {
                policies.replace(number)?;
                say(&Word::Replaced(number))?;
            }
            Order::Panics => {
                let (count, first) = panics.lock().unwrap_or_else(PoisonError::into_inner).clone();
                say(&Word::Panics { count, first })?;
            }
        }
    }
    runtime.block_on(server.stop());
    Ok(())
}

fn say(word: &Word) -> Result<(), Failure> {
    let mut output = io::stdout().lock();
    serde_json::to_writer(&mut output, word)?;
    output.write_all(b"\n")?;
    Ok(output.flush()?)
}

/// Lets this process have as many file descriptors as it may, and returns how many that are.
///
/// # Errors
///
/// The system refuses.
pub fn raise_file_limit() -> io::Result<u64> {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum })?;
    Ok(maximum.unwrap_or(u64::MAX))
}

fn limit_files(files: u64) -> io::Result<()> {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    Ok(setrlimit(Resource::Nofile, Rlimit { current: Some(files), maximum })?)
}

/// How many panics there were, and the first ones.
pub type Panics = Arc<Mutex<(u64, Vec<String>)>>;

/// Counts the panics of all threads from now on, except those that the application makes on purpose.
pub fn count_panics() -> Panics {
    let panics = Panics::default();
    let counted = Arc::clone(&panics);
    std::panic::set_hook(Box::new(move |info| {
        let (count, first) = &mut *counted.lock().unwrap_or_else(PoisonError::into_inner);
        *count += 1;
        if first.len() < DESCRIBED {
            first.push(info.to_string());
        }
    }));
    panics
}

/// The policies of a running server.
pub trait Policies: Send + Sync {
    /// Replaces them by those of this number.
    ///
    /// # Errors
    ///
    /// A policy is refused.
    fn replace(&self, number: u64) -> Result<(), Failure>;
}

/// The policies of an adapter: one for each host.
pub struct Handles<V> {
    listed: PolicyHandle<V>,
    public: PolicyHandle<V>,
    lookup: Lookup,
}

impl<V: Clone + for<'a> TryFrom<&'a str> + Send + Sync + 'static> Handles<V> {
    /// The handles of policy 0.
    ///
    /// # Errors
    ///
    /// A policy is refused.
    pub fn new() -> Result<Self, Failure> {
        let lookup = policy::lookup();
        let listed = PolicyHandle::new(policy::listed(0, &lookup)?);
        Ok(Self { listed, public: PolicyHandle::new(policy::public(0)?), lookup })
    }

    /// What the adapter gets.
    ///
    /// # Errors
    ///
    /// The name of a host is not valid.
    pub fn source(&self) -> Result<PolicySource<V>, Failure> {
        Ok(PolicyMap::new(&self.listed).host(PUBLIC_HOST, &self.public)?.into())
    }
}

impl<V: Clone + for<'a> TryFrom<&'a str> + Send + Sync + 'static> Policies for Handles<V> {
    fn replace(&self, number: u64) -> Result<(), Failure> {
        self.listed.replace(policy::listed(number, &self.lookup)?);
        self.public.replace(policy::public(number)?);
        Ok(())
    }
}

struct NoPolicies;

impl Policies for NoPolicies {
    fn replace(&self, _: u64) -> Result<(), Failure> {
        Ok(())
    }
}

/// A server and its policies.
pub type Started = (Box<dyn Policies>, Server);

async fn start(adapter: Adapter, bare: bool) -> Result<Started, Failure> {
    let server = if bare { start_bare(adapter).await? } else { return start_adapter(adapter).await };
    Ok((Box::new(NoPolicies), server))
}

/// Serves an actix-web application, whose type has no name, with as many workers as other frameworks have threads.
macro_rules! serve_actix {
    ($application:expr) => {
        subject::actix::serve(|listener| {
            let server = actix_web::HttpServer::new($application).disable_signals();
            server.listen_auto_h2c(listener).map(actix_web::HttpServer::run)
        })
    };
}

async fn start_adapter(adapter: Adapter) -> Result<Started, Failure> {
    let hits = Hits::default();
    Ok(match adapter {
        Adapter::Actix => {
            let handles = Handles::<actix_web::http::header::HeaderValue>::new()?;
            let cors = cors_actix::Cors::new(handles.source()?);
            let application = move || {
                specimen::actix::application(hits.clone()).wrap(from_fn(panic_in_actix)).wrap(cors.clone())
            };
            (Box::new(handles), serve_actix!(application)?)
        }
        Adapter::Axum => {
            let handles = Handles::<HeaderValue>::new()?;
            let application = cors_axum::CorsLayer::new(handles.source()?).layer(axum_routes(hits));
            let application = axum::Router::new().fallback_service(application);
            (Box::new(handles), subject::axum::serve(application).await?)
        }
        Adapter::Poem => {
            let handles = Handles::<HeaderValue>::new()?;
            let cors = cors_poem::Cors::new(handles.source()?);
            let application = specimen::poem::application(hits).around(panic_in_poem).with(cors);
            (Box::new(handles), subject::poem::serve(application).await?)
        }
        Adapter::Rocket => {
            let handles = Handles::<String>::new()?;
            let cors = cors_rocket::Cors::new(handles.source()?);
            let application = specimen::rocket::build(hits).attach(cors);
            (Box::new(handles), subject::rocket::serve(application).await?)
        }
        Adapter::Warp => {
            let handles = Handles::<HeaderValue>::new()?;
            let application = cors_warp::Cors::new(handles.source()?).wrap(warp_routes(&hits));
            (Box::new(handles), subject::warp::serve(application.boxed()).await?)
        }
    })
}

/// The application without the adapter.
async fn start_bare(adapter: Adapter) -> Result<Server, StartError> {
    let hits = Hits::default();
    match adapter {
        Adapter::Actix => {
            serve_actix!(move || specimen::actix::application(hits.clone()).wrap(from_fn(panic_in_actix)))
        }
        Adapter::Axum => subject::axum::serve(axum_routes(hits)).await,
        Adapter::Poem => subject::poem::serve(specimen::poem::application(hits).around(panic_in_poem)).await,
        Adapter::Rocket => subject::rocket::serve(specimen::rocket::build(hits)).await,
        Adapter::Warp => subject::warp::serve(warp_routes(&hits)).await,
    }
}

fn axum_routes(hits: Hits) -> axum::Router {
    // A route that is added later is outside of the layer that catches panics.
    specimen::axum::router(hits).route(UNCAUGHT_PANIC, axum::routing::get(panic_in_axum))
}

async fn panic_in_axum() -> axum::http::StatusCode {
    panic_on_purpose()
}

async fn panic_in_actix(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    if request.path() == UNCAUGHT_PANIC {
        panic_on_purpose();
    }
    next.call(request).await
}

async fn panic_in_poem<E: poem::Endpoint>(
    application: Arc<E>,
    request: poem::Request,
) -> poem::Result<E::Output> {
    if request.uri().path() == UNCAUGHT_PANIC {
        panic_on_purpose();
    }
    application.call(request).await
}

fn warp_routes(hits: &Hits) -> warp::filters::BoxedFilter<(warp::reply::Response,)> {
    let panics = warp::path(UNCAUGHT_PANIC.trim_start_matches('/')).and(warp::path::end());
    let panics = panics.map(|| -> warp::reply::Response { panic_on_purpose() });
    panics.or(specimen::warp::routes(hits)).unify().boxed()
}
