//! The layer, as routers and service builders take it.

use cors_core::PolicySource;
use http::HeaderValue;
use tower_layer::Layer;

use crate::Cors;

/// Puts [`Cors`] around a service.
///
/// One layer can be given to several routers; cloning it copies no policy.
///
/// ```
/// use axum::{Router, routing::get};
/// use cors_axum::{CorsLayer, Policy};
///
/// # fn main() -> Result<(), cors_axum::PolicyError> {
/// let policy = Policy::builder().allow_origins(["https://app.example.com"]).build()?;
/// let app: Router = Router::new()
///     .route("/", get(async || "hello"))
///     .layer(CorsLayer::new(policy));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "a layer does nothing until it is put around a service"]
pub struct CorsLayer {
    policy: PolicySource<HeaderValue>,
}

impl CorsLayer {
    /// A layer that enforces `policy`: a [`Policy`](crate::Policy), or a [`PolicyHandle`](crate::PolicyHandle) if it
    /// is to be replaced while the server runs.
    pub fn new(policy: impl Into<PolicySource<HeaderValue>>) -> Self {
        Self { policy: policy.into() }
    }
}

impl<S> Layer<S> for CorsLayer {
    type Service = Cors<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Cors::new(inner, self.policy.clone())
    }
}
