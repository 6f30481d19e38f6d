//! Starts the servers of a scenario and the network that leads to them.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::OnceLock;

use crate::network::LoopbackNetwork;
use crate::scenario::{CertificateKind, Scenario, ServerPlan};
use crate::subject::front::{Authority, Front, Security};
use crate::subject::{HostPolicies, Server, StartError, Subject};

/// The servers of a scenario.
pub(super) struct Servers {
    /// The network that leads to them.
    pub(super) network: LoopbackNetwork,
    pub(super) fronts: Vec<Front>,
    /// How the middleware of each is configured, by the names of the servers, if the subject tells it.
    pub(super) configurations: BTreeMap<String, String>,
}

/// Starts each server of the scenario.
pub(super) async fn start(scenario: &Scenario, subject: &dyn Subject) -> Result<Servers, StartError> {
    let mut network = LoopbackNetwork::new(scenario.http);
    let mut fronts = Vec::new();
    let mut configurations = BTreeMap::new();
    for (name, plan) in &scenario.servers {
        let server = start_subject(subject, plan).await?;
        if let Some(configuration) = server.configuration() {
            configurations.insert(name.clone(), configuration.to_owned());
        }
        let front = Front::start(0, security(plan)?, server).await.map_err(failed)?;
        network = match plan.tls {
            None => network.with_route(&plan.origin, front.address()),
            Some(_) => network.with_tls_route(&plan.origin, front.address(), trusted()?.der()),
        };
        fronts.push(front);
    }
    Ok(Servers { network, fronts, configurations })
}

async fn start_subject(subject: &dyn Subject, plan: &ServerPlan) -> Result<Server, StartError> {
    let other = plan.policy.for_start().map_err(failed)?;
    if plan.hosts.is_empty() {
        return subject.start(&other).await;
    }
    let mut hosts = BTreeMap::new();
    for (host, policy) in &plan.hosts {
        hosts.insert(host.clone(), policy.for_start().map_err(failed)?);
    }
    subject.start_by_host(&HostPolicies { other, hosts }).await
}

fn security(plan: &ServerPlan) -> Result<Security, StartError> {
    let host = plan.origin.host_str().unwrap_or_default();
    let certificate = match plan.tls {
        None => return Ok(Security::Plain),
        Some(CertificateKind::Trusted) => trusted()?.issue(host),
        Some(CertificateKind::Untrusted) => Authority::new().and_then(|unknown| unknown.issue(host)),
    };
    certificate.map(Security::Tls).map_err(failed)
}

/// The authority that user agents trust. One for the whole process.
fn trusted() -> Result<&'static Authority, StartError> {
    static TRUSTED: OnceLock<Authority> = OnceLock::new();
    if let Some(authority) = TRUSTED.get() {
        return Ok(authority);
    }
    let authority = Authority::new().map_err(failed)?;
    Ok(TRUSTED.get_or_init(|| authority))
}

fn failed(error: impl Display) -> StartError {
    StartError::Failed(format!("the suite's own front: {error}"))
}
