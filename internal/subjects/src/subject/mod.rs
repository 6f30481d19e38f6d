//! This project's adapters and other middleware as subjects of the suite.

pub mod actix;
pub mod actix_cors;
pub mod axum;
mod guard;
mod origin_pattern;
pub mod poem;
pub mod poem_cors;
pub mod rocket;
pub mod rocket_cors;
pub mod tower_http;
mod unsafe_start;
mod version;
pub mod warp;
pub mod warp_cors;

use cors_conformance::subject::{
    BoxFuture, Dispute, HostPolicies, KnownDeviation, KnownLimit, Server, StartError, Subject, SubjectKind,
    UnsafeStart,
};
use cors_core::{InvalidHost, PolicyMap, PolicySource};

pub use self::version::locked_version;

/// Starts a server of an adapter with policies by host.
fn by_host<V>(
    policies: &HostPolicies,
    start: impl FnOnce(PolicySource<V>) -> BoxFuture<'static, Result<Server, StartError>>,
) -> BoxFuture<'static, Result<Server, StartError>>
where
    V: Clone + for<'a> TryFrom<&'a str> + Send + Sync + 'static,
{
    match host_map(policies) {
        Ok(map) => start(map.into()),
        Err(error) => Box::pin(std::future::ready(Err(StartError::Failed(error.to_string())))),
    }
}

/// The policies as an adapter takes them.
///
/// # Errors
///
/// A scenario names something else than a host.
pub fn host_map<V>(policies: &HostPolicies) -> Result<PolicyMap<V>, InvalidHost>
where
    V: Clone + for<'a> TryFrom<&'a str>,
{
    let map = PolicyMap::new(&policies.other);
    policies.hosts.iter().try_fold(map, |map, (host, policy)| map.host(host, policy))
}
