//! The adapter `cors-rocket`, and how a Rocket application becomes a running server.

use std::net::SocketAddr;

use cors_core::Policy;
use cors_rocket::Cors;
use futures_util::future::{BoxFuture, FutureExt};
use rocket::fairing::{Fairing, Info, Kind};
use rocket::{Build, Orbit, Rocket, Shutdown};
use tokio::sync::mpsc;

use super::{Server, StartError, Subject, SubjectKind, locked_version};
use crate::specimen::{self, Hits};

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

    fn start<'a>(&'a self, policy: &'a Policy) -> BoxFuture<'a, Result<Server, StartError>> {
        serve(specimen::rocket::build(Hits::default()).attach(Cors::new(policy))).boxed()
    }
}

/// Serves an application where its configuration says, over HTTP/1.1 and HTTP/2 with prior knowledge.
///
/// Stopping closes the listener and cuts the connections that are left.
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

/// Tells where a server listens, and how to stop it.
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
            // Nobody waits for it any more.
            rocket.shutdown().notify();
        }
    }
}
