//! What the suite runs against: an adapter, an existing middleware, or any program.

pub mod external;
pub mod front;

use std::net::SocketAddr;

use futures_util::future::BoxFuture;

/// A server under test: the specimen application behind a CORS middleware.
pub trait Subject: Send + Sync {
    /// The name by which `--subject` finds it, such as `cors-axum`.
    fn name(&self) -> &str;

    /// Whose middleware it is.
    fn kind(&self) -> SubjectKind;

    /// The framework that serves it, such as `axum`.
    fn framework(&self) -> &str;

    /// The version of the middleware under test.
    fn version(&self) -> &str;

    /// Starts a server on an ephemeral loopback port, configured with `policy`.
    fn start<'a>(&'a self, policy: &'a cors_core::Policy) -> BoxFuture<'a, Result<Server, StartError>>;
}

/// Whose middleware a subject runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SubjectKind {
    /// One of this project's adapters.
    Adapter,
    /// A framework's existing middleware.
    Middleware,
    /// Any program.
    External,
}

impl SubjectKind {
    /// The word that a report uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Adapter => "adapter",
            Self::Middleware => "middleware",
            Self::External => "external",
        }
    }
}

/// Why a subject could not be started with a policy.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The middleware has no way to say what the policy says; the text tells what it lacks. No adapter may lack anything.
    #[error("cannot express the policy: {0}")]
    Inexpressible(String),
    /// The server did not come up.
    #[error("did not start: {0}")]
    Failed(String),
}

/// A running server, stopped when it is dropped.
pub struct Server {
    address: SocketAddr,
    stop: Option<Box<dyn FnOnce() -> BoxFuture<'static, ()> + Send>>,
}

impl Server {
    /// A server that listens on `address` until `stop` has run to its end.
    ///
    /// `stop` does its first half, which must be enough to end the server, when it is called; the future that it
    /// returns only waits for the end.
    pub fn new(address: SocketAddr, stop: impl FnOnce() -> BoxFuture<'static, ()> + Send + 'static) -> Self {
        Self { address, stop: Some(Box::new(stop)) }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops it and waits until it has stopped.
    pub async fn stop(mut self) {
        if let Some(stop) = self.stop.take() {
            stop().await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            drop(stop());
        }
    }
}
