//! Servers under test: an adapter, another middleware, or any program.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use tokio::task::JoinHandle;

use crate::specimen::Level;

pub use command::{NamedCommand, NamedCommandError};
pub use cors_core::Policy;
pub use known::{Dispute, KnownDeviation, KnownLimit};

mod command;
pub mod external;
pub mod front;
pub mod harness;
mod known;

/// A boxed future, as the methods of [`Subject`] and [`UserAgent`](crate::user_agent::UserAgent) return it: write `Box::pin(async move { … })`.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A server under test: the [specimen](crate::specimen) application behind a CORS middleware.
///
/// ```
/// use cors_conformance::subject::{BoxFuture, Policy, Server, StartError, Subject};
/// use tokio::net::TcpListener;
///
/// struct MyAdapter;
///
/// impl Subject for MyAdapter {
///     fn name(&self) -> &str {
///         "my-adapter"
///     }
///
///     fn framework(&self) -> &str {
///         "my-framework"
///     }
///
///     fn start<'a>(&'a self, policy: &'a Policy) -> BoxFuture<'a, Result<Server, StartError>> {
///         let policy = policy.clone();
///         Box::pin(async move {
///             let listener = TcpListener::bind("127.0.0.1:0").await?;
///             let address = listener.local_addr()?;
///             Ok(Server::from_task(address, tokio::spawn(serve_the_specimen(listener, policy))))
///         })
///     }
/// }
/// # async fn serve_the_specimen(_: TcpListener, _: Policy) {}
/// ```
pub trait Subject: Send + Sync {
    /// The name that reports use, such as `cors-axum`.
    fn name(&self) -> &str;

    /// Whose middleware it is. An [adapter](SubjectKind::Adapter), unless overridden.
    fn kind(&self) -> SubjectKind {
        SubjectKind::Adapter
    }

    /// The framework that serves it, such as `axum`.
    fn framework(&self) -> &str;

    /// The version of the middleware under test. `unknown`, unless overridden.
    fn version(&self) -> &str {
        "unknown"
    }

    /// The scenarios that it is known to fail. Empty, unless overridden.
    fn limits(&self) -> &[KnownLimit] {
        &[]
    }

    /// The scenarios about which its maintainers have another view. Empty, unless overridden.
    fn disputes(&self) -> &[Dispute] {
        &[]
    }

    /// The requests that its specimen is known to answer otherwise than the others. Empty, unless overridden.
    fn deviations(&self) -> &[KnownDeviation] {
        &[]
    }

    /// The routes that its specimen has. All, unless overridden.
    fn level(&self) -> Level {
        Level::Two
    }

    /// Whether its servers speak HTTP/2 without TLS (prior knowledge). They do, unless overridden.
    fn speaks_http2(&self) -> bool {
        true
    }

    /// Gets the subject ready before anything else is asked of it. There is nothing to do, unless overridden.
    fn prepare(&self) -> BoxFuture<'_, Result<(), StartError>> {
        Box::pin(std::future::ready(Ok(())))
    }

    /// Starts a server on a free port of the loopback interface, configured with `policy`.
    ///
    /// The suite starts many servers at the same time. The future is polled in a tokio runtime.
    fn start<'a>(&'a self, policy: &'a Policy) -> BoxFuture<'a, Result<Server, StartError>>;

    /// Starts a server like [`start`](Self::start), with one of several policies for each request. It cannot be expressed,
    /// unless overridden.
    fn start_by_host<'a>(&'a self, policies: &'a HostPolicies) -> BoxFuture<'a, Result<Server, StartError>> {
        let _ = policies;
        let reason = "the subject has one policy for all hosts".to_owned();
        Box::pin(std::future::ready(Err(StartError::Inexpressible(reason))))
    }

    /// Starts a server with a configuration that no policy can have, by its [name](crate::unsafe_configuration). It cannot be
    /// expressed, unless overridden.
    fn start_unsafe<'a>(&'a self, configuration: &'a str) -> BoxFuture<'a, Result<UnsafeStart, StartError>> {
        let reason = format!("the subject has no option for {configuration}");
        Box::pin(std::future::ready(Err(StartError::Inexpressible(reason))))
    }
}

/// What a subject did with an [unsafe configuration](crate::unsafe_configuration).
pub enum UnsafeStart {
    /// The middleware took it.
    Ready {
        /// The server that runs with it.
        server: Server,
        /// What the middleware said about it, such as a warning in its log.
        warning: Option<String>,
    },
    /// The middleware refused it, for this reason.
    Refused(String),
}

impl From<Server> for UnsafeStart {
    fn from(server: Server) -> Self {
        Self::Ready { server, warning: None }
    }
}

/// Policies by the host that a request is for.
#[derive(Clone, Debug)]
pub struct HostPolicies {
    /// The policy for all other hosts.
    pub other: Policy,
    /// The policies by host. A host that starts with `*.` stands for all subdomains.
    pub hosts: BTreeMap<String, Policy>,
}

macro_rules! forward {
    ($pointer:ident) => {
        impl<S: Subject + ?Sized> Subject for $pointer<S> {
            fn name(&self) -> &str {
                (**self).name()
            }

            fn kind(&self) -> SubjectKind {
                (**self).kind()
            }

            fn framework(&self) -> &str {
                (**self).framework()
            }

            fn version(&self) -> &str {
                (**self).version()
            }

            fn limits(&self) -> &[KnownLimit] {
                (**self).limits()
            }

            fn disputes(&self) -> &[Dispute] {
                (**self).disputes()
            }

            fn deviations(&self) -> &[KnownDeviation] {
                (**self).deviations()
            }

            fn level(&self) -> Level {
                (**self).level()
            }

            fn speaks_http2(&self) -> bool {
                (**self).speaks_http2()
            }

            fn prepare(&self) -> BoxFuture<'_, Result<(), StartError>> {
                (**self).prepare()
            }

            fn start<'a>(&'a self, policy: &'a Policy) -> BoxFuture<'a, Result<Server, StartError>> {
                (**self).start(policy)
            }

            fn start_by_host<'a>(
                &'a self,
                policies: &'a HostPolicies,
            ) -> BoxFuture<'a, Result<Server, StartError>> {
                (**self).start_by_host(policies)
            }

            fn start_unsafe<'a>(
                &'a self,
                configuration: &'a str,
            ) -> BoxFuture<'a, Result<UnsafeStart, StartError>> {
                (**self).start_unsafe(configuration)
            }
        }
    };
}

forward!(Arc);
forward!(Box);

/// Whose middleware a subject runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum SubjectKind {
    /// An adapter of `cors-policy-core`: it must pass every scenario but its known limits.
    Adapter,
    /// Another middleware of a framework: it is compared, and its failures do not fail a run.
    Middleware,
    /// Any program: it must pass every scenario but those that are promises of the adapters.
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

/// Why a subject did not start with a policy.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The middleware has no option for something in the policy; the text says for what. Never right for an adapter.
    #[error("cannot express the policy: {0}")]
    Inexpressible(String),
    /// The server did not start.
    #[error("did not start: {0}")]
    Failed(String),
}

impl From<io::Error> for StartError {
    fn from(error: io::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

/// A running server. It is stopped when it is dropped.
pub struct Server {
    address: SocketAddr,
    configuration: Option<String>,
    stop: Option<Box<dyn FnOnce() -> BoxFuture<'static, ()> + Send>>,
}

impl Server {
    /// A server that listens on `address` until `stop` has completed.
    ///
    /// The call of `stop` must be enough to make the server end; the future that it returns only waits for the end. A server
    /// that is dropped calls `stop` and drops the future.
    pub fn new(address: SocketAddr, stop: impl FnOnce() -> BoxFuture<'static, ()> + Send + 'static) -> Self {
        Self { address, configuration: None, stop: Some(Box::new(stop)) }
    }

    /// A server that listens on `address` and runs in a task, which is aborted to stop it.
    pub fn from_task<T: Send + 'static>(address: SocketAddr, task: JoinHandle<T>) -> Self {
        Self::new(address, move || {
            task.abort();
            Box::pin(async move {
                // An error says that the task was aborted or panicked: it has ended either way.
                let _ = task.await;
            })
        })
    }

    /// The same server with the middleware's configuration as a user would write it. Reports show it.
    #[must_use]
    pub fn configured_as(mut self, configuration: impl Into<String>) -> Self {
        self.configuration = Some(configuration.into());
        self
    }

    /// The address that it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The middleware's configuration as a user would write it, if the subject tells it.
    pub fn configuration(&self) -> Option<&str> {
        self.configuration.as_deref()
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
