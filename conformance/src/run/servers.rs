//! The servers of a scenario, and the network that leads to them.

use std::fmt::Display;
use std::sync::OnceLock;

use crate::network::LoopbackNetwork;
use crate::scenario::{CertificateSort, Scenario, ServerPlan};
use crate::subject::front::{Authority, Front, Security};
use crate::subject::{StartError, Subject};

/// Starts a server for each of the scenario's.
pub(super) async fn start(
    scenario: &Scenario,
    subject: &dyn Subject,
) -> Result<(LoopbackNetwork, Vec<Front>), StartError> {
    let mut network = LoopbackNetwork::new(scenario.http);
    let mut servers = Vec::new();
    for plan in scenario.servers.values() {
        let server = subject.start(&plan.policy).await?;
        let front = Front::start(0, security(plan)?, server).await.map_err(failed)?;
        network = match plan.tls {
            None => network.with_route(&plan.origin, front.address()),
            Some(_) => network.with_tls_route(&plan.origin, front.address(), trusted()?.der()),
        };
        servers.push(front);
    }
    Ok((network, servers))
}

fn security(plan: &ServerPlan) -> Result<Security, StartError> {
    let host = plan.origin.host_str().unwrap_or_default();
    let certificate = match plan.tls {
        None => return Ok(Security::Plain),
        Some(CertificateSort::Trusted) => trusted()?.issue(host),
        Some(CertificateSort::Untrusted) => Authority::new().and_then(|stranger| stranger.issue(host)),
    };
    certificate.map(Security::Tls).map_err(failed)
}

/// The authority that is trusted, the same for as long as the program runs.
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
