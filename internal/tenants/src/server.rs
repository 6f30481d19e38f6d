//! The servers: an API that pages of tenants may read, and its administration.

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, put};
use cors_axum::{CorsLayer, Lookup, Origin, PolicyHandle};

use crate::Tenants;

/// What the servers share.
#[derive(Clone, Debug)]
pub struct Shop {
    /// The origins of the tenants.
    pub tenants: Tenants,
    /// The lookup that the policy has.
    pub lookup: Lookup,
}

/// A lookup that asks the database.
///
/// The whole origin is the key: a tenant's scheme and port count as much as its host.
pub fn lookup(tenants: &Tenants) -> Lookup {
    let tenants = tenants.clone();
    Lookup::new(move |origin: Origin<'static>| {
        let tenants = tenants.clone();
        async move { tenants.contains(origin.as_str()).await }
    })
}

/// The API. Pages of the policy's origins and of all tenants may read it.
pub fn api(policy: &PolicyHandle) -> Router {
    Router::new().route("/orders", get(async || "[]")).layer(CorsLayer::new(policy))
}

/// The administration, for a listener that only operators reach. It has no CORS middleware, so no page of another origin can
/// read it.
pub fn administration(shop: Shop) -> Router {
    Router::new().route("/tenants", put(add).delete(remove)).with_state(shop)
}

async fn add(State(shop): State<Shop>, origin: String) -> Result<StatusCode, (StatusCode, String)> {
    let origin = parse(&origin)?;
    shop.tenants.add(origin.as_str()).await.map_err(broken)?;
    // After the change of the database, so that no old answer can be cached again.
    shop.lookup.forget(origin.as_str());
    Ok(StatusCode::NO_CONTENT)
}

async fn remove(State(shop): State<Shop>, origin: String) -> Result<StatusCode, (StatusCode, String)> {
    let origin = parse(&origin)?;
    shop.tenants.remove(origin.as_str()).await.map_err(broken)?;
    shop.lookup.forget(origin.as_str());
    Ok(StatusCode::NO_CONTENT)
}

fn parse(origin: &str) -> Result<Origin<'_>, (StatusCode, String)> {
    Origin::parse(origin.trim()).ok_or_else(|| {
        let message =
            "The body is not an origin. Write one such as `https://shop.example`, without a path.\n";
        (StatusCode::UNPROCESSABLE_ENTITY, message.to_owned())
    })
}

fn broken(error: sqlx::Error) -> (StatusCode, String) {
    (StatusCode::INTERNAL_SERVER_ERROR, format!("The database failed: {error}\n"))
}
