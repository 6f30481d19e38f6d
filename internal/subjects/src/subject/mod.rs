//! This project's adapters and other middleware as subjects of the suite.

pub mod actix;
pub mod actix_cors;
pub mod axum;
mod guard;
pub mod ntex_cors;
mod origin_pattern;
pub mod poem;
pub mod poem_cors;
pub mod rocket;
pub mod rocket_cors;
pub mod salvo;
pub mod tower_http;
mod translate;
mod unsafe_start;
mod version;
pub mod warp;
pub mod warp_cors;
mod written;

use cors_conformance::subject::{
    BoxFuture, Dispute, HostPolicies, KnownDeviation, KnownLimit, Server, StartError, Subject, SubjectKind,
    UnsafeStart,
};
use cors_core::{InvalidHost, Policy, PolicyMap, PolicySource};

pub use self::version::locked_version;

/// Starts a server of an adapter. `code` is the call that makes the adapter of its policy.
fn by_policy<V>(
    policy: &Policy,
    start: impl FnOnce(PolicySource<V>) -> Starting,
) -> BoxFuture<'static, Result<Server, StartError>>
where
    V: Clone + for<'a> TryFrom<&'a str> + Send + Sync + 'static,
{
    let (code, server) = start(policy.into());
    configured(server, toml::to_string(policy).ok().map(|policy| format!("# {code}\n\n{policy}")))
}

/// Starts a server of an adapter with policies by host.
fn by_host<V>(
    policies: &HostPolicies,
    start: impl FnOnce(PolicySource<V>) -> Starting,
) -> BoxFuture<'static, Result<Server, StartError>>
where
    V: Clone + for<'a> TryFrom<&'a str> + Send + Sync + 'static,
{
    match host_map(policies) {
        Ok(map) => {
            let (code, server) = start(map.into());
            configured(server, host_policies(policies).map(|policies| format!("# {code}\n\n{policies}")))
        }
        Err(error) => Box::pin(std::future::ready(Err(StartError::Failed(error.to_string())))),
    }
}

/// The code that makes an adapter of its policies, and its server.
type Starting = (String, BoxFuture<'static, Result<Server, StartError>>);

fn configured(
    server: BoxFuture<'static, Result<Server, StartError>>,
    configuration: Option<String>,
) -> BoxFuture<'static, Result<Server, StartError>> {
    Box::pin(async move {
        let server = server.await?;
        Ok(match configuration {
            Some(configuration) => server.configured_as(configuration),
            // A policy with code is not written as TOML.
            None => server,
        })
    })
}

/// The policies as TOML, if all can be written.
fn host_policies(policies: &HostPolicies) -> Option<String> {
    let mut text = format!("# all other hosts\n{}", toml::to_string(&policies.other).ok()?);
    for (host, policy) in &policies.hosts {
        text += &format!("\n# {host}\n{}", toml::to_string(policy).ok()?);
    }
    Some(text)
}

/// The policies as an adapter takes them.
///
/// # Errors
///
/// A scenario names something else than a host.
pub fn host_map<V>(policies: &HostPolicies) -> Result<PolicyMap<V>, InvalidHost>
where
    V: Clone + for<'a> TryFrom<&'a str> + 'static,
{
    let map = PolicyMap::new(&policies.other);
    policies.hosts.iter().try_fold(map, |map, (host, policy)| map.host(host, policy))
}
