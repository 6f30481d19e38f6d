//! The adapter `cors-rocket` as a subject, and a server for Rocket applications.

use std::net::SocketAddr;

use cors_core::{Policy, PolicySource};
use cors_rocket::Cors;
use futures_util::future::{BoxFuture, FutureExt};
use rocket::fairing::{Fairing, Info, Kind};
use rocket::{Build, Orbit, Rocket, Shutdown};
use tokio::sync::mpsc;

use super::written::written;
use super::{
    HostPolicies, KnownDeviation, KnownLimit, Server, StartError, Starting, Subject, SubjectKind, by_host,
    by_policy, locked_version,
};
use crate::specimen::{self, Hits};

/// Where Rocket decides before it calls any fairing.
const LIMITS: &[KnownLimit] = &[
    KnownLimit::new(
        "guard/hosts-of-the-target",
        "Over HTTP/1.1 Rocket knows only the `Host` of a request, and drops the host of its target",
        "https://docs.rs/rocket/0.5.2/src/rocket/request/request.rs.html#1041-1051",
    ),
    KnownLimit::new(
        "guard/non-utf-8-origin",
        "Rocket drops header lines that are not UTF-8, so that the request has no `Origin`",
        HEADER_LINES,
    ),
    KnownLimit::new(
        "malformed/non-utf-8-in-a-preflight",
        "Rocket drops header lines that are not UTF-8, so that the preflight requests no header",
        HEADER_LINES,
    ),
    KnownLimit::new(
        "malformed/non-utf-8-origin-in-a-preflight",
        "Rocket drops header lines that are not UTF-8, so that the request has no `Origin` and is not a preflight",
        HEADER_LINES,
    ),
    KnownLimit::new(
        "malformed/non-utf-8-second-origin-line",
        "Rocket drops header lines that are not UTF-8, so that the request has one `Origin`",
        HEADER_LINES,
    ),
    KnownLimit::new(
        "methods/extension-method",
        "Rocket answers 400 to methods that it does not know, such as PURGE",
        "https://github.com/rwf2/Rocket/pull/2847",
    ),
];

const HEADER_LINES: &str = "https://docs.rs/rocket/0.5.2/src/rocket/request/request.rs.html#1063-1076";

/// Rocket does not know `PURGE`, whatever middleware is attached.
pub(super) const PURGE: KnownDeviation =
    KnownDeviation::new("PURGE", "/echo", 400, "Rocket answers 400 to methods that it does not know");

/// Where Rocket's own answers are not those of the other frameworks.
const DEVIATIONS: &[KnownDeviation] = &[
    PURGE,
    KnownDeviation::new(
        "OPTIONS",
        "/private",
        404,
        "Rocket's authentication is a guard of routes, and no route has this method",
    ),
    KnownDeviation::new("OPTIONS", "/status/200", 404, "Rocket answers 404 if no route has the method"),
];

/// `cors-rocket`'s `Cors` attached to the Rocket specimen.
#[derive(Clone, Copy, Debug, Default)]
pub struct CorsRocket;

impl Subject for CorsRocket {
    fn name(&self) -> &str {
        "cors-rocket"
    }

    fn kind(&self) -> SubjectKind {
        SubjectKind::Adapter
    }

    fn framework(&self) -> &str {
        "rocket"
    }

    fn version(&self) -> &str {
        locked_version("cors-rocket")
    }

    fn limits(&self) -> &[KnownLimit] {
        LIMITS
    }

    fn deviations(&self) -> &[KnownDeviation] {
        DEVIATIONS
    }

    fn start<'a>(&'a self, policy: &'a Policy) -> BoxFuture<'a, Result<Server, StartError>> {
        by_policy(policy, start)
    }

    fn start_by_host<'a>(&'a self, policies: &'a HostPolicies) -> BoxFuture<'a, Result<Server, StartError>> {
        by_host(policies, start)
    }
}

fn start(policy: PolicySource<String>) -> Starting {
    let cors = written!(Cors::new(policy));
    let code = cors.code();
    (code, serve(specimen::rocket::build(Hits::default()).attach(cors.value)).boxed())
}

/// Serves an application on the address of its configuration, over HTTP/1.1 and HTTP/2 with prior knowledge.
///
/// Stopping it closes the listener and all connections.
pub async fn serve(application: Rocket<Build>) -> Result<Server, StartError> {
    let (launched, mut launches) = mpsc::channel(1);
    let server = tokio::spawn(application.attach(Launched(launched)).launch().map(|ended| match ended {
        Ok(_) => None,
        Err(error) => Some(error.to_string()),
    }));
    let Some((address, shutdown)) = launches.recv().await else {
        let why = server.await.ok().flatten();
        return Err(StartError::Failed(why.unwrap_or_else(|| "Rocket ended before it listened".to_owned())));
    };
    Ok(Server::new(address, move || {
        shutdown.notify();
        server.map(drop).boxed()
    }))
}

/// Sends the server's address and the means to stop it when it has started.
struct Launched(mpsc::Sender<(SocketAddr, Shutdown)>);

#[rocket::async_trait]
impl Fairing for Launched {
    fn info(&self) -> Info {
        Info { name: "Launched", kind: Kind::Liftoff }
    }

    async fn on_liftoff(&self, rocket: &Rocket<Orbit>) {
        let config = rocket.config();
        let address = SocketAddr::new(config.address, config.port);
        if self.0.send((address, rocket.shutdown())).await.is_err() {
            // The future that waited for the server was dropped.
            rocket.shutdown().notify();
        }
    }
}
