//! One scenario with one subject, from the start of its servers to their end.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::Judgement;
use super::servers::{self, Servers};
use crate::network::LoopbackNetwork;
use crate::scenario::{Action, HttpVersion, RawRequest, Scenario, Step};
use crate::subject::{StartError, Subject, SubjectKind};
use crate::user_agent::{Session, UserAgent, UserAgentError};
use crate::verdict::{self, Mismatch, Observation};
use cors_browser::{Exchange, ExchangeKind, Network, Page, WireRequest};

/// How long to wait for a server to stop.
const PATIENCE: Duration = Duration::from_secs(5);

/// Plays the scenario and judges what was seen.
pub(super) async fn play(
    scenario: &Scenario,
    subject: &dyn Subject,
    user_agent: &dyn UserAgent,
) -> Judgement {
    if scenario.contract && subject.kind() != SubjectKind::Adapter {
        return Judgement::not_asked("a promise of this project's adapters, not asked of others");
    }
    if scenario.level() > subject.level() {
        return Judgement::not_asked("needs routes of the specimen that the subject does not have");
    }
    if scenario.http == HttpVersion::Http2 && !subject.speaks_http2() {
        return Judgement::not_asked("needs HTTP/2, which the subject does not speak");
    }
    match &scenario.browsers {
        Some(browsers) if !browsers.include(user_agent.browser()) => {
            return Judgement::not_asked(format!(
                "only of {}: {}",
                browsers.only.join(", "),
                browsers.reason
            ));
        }
        _ => {}
    }
    match observe(scenario, subject, user_agent).await {
        Ok(Seen { observations, configurations }) => {
            let check = match subject.kind() {
                SubjectKind::Adapter => verdict::check,
                SubjectKind::Middleware | SubjectKind::External => verdict::check_noticeable,
            };
            let mut judgement = judge(scenario, &observations, check);
            judgement.configurations = configurations;
            judgement
        }
        Err(judgement) => judgement,
    }
}

/// What was seen of a scenario that was played to its end.
pub(super) struct Seen {
    /// One for each step.
    pub(super) observations: Vec<Observation>,
    /// The configurations of the servers, by their names.
    configurations: BTreeMap<String, String>,
}

fn judge(
    scenario: &Scenario,
    observations: &[Observation],
    check: impl Fn(usize, &Step, &Observation) -> Vec<Mismatch>,
) -> Judgement {
    let found: Vec<_> = scenario
        .steps
        .iter()
        .zip(observations)
        .enumerate()
        .map(|(index, (step, seen))| check(index + 1, step, seen))
        .collect();
    let holds = found.iter().all(Vec::is_empty);
    let mut exchanges = Vec::new();
    for (index, (found, seen)) in found.iter().zip(observations).enumerate() {
        if holds || !found.is_empty() {
            exchanges.push(format!("step {}", index + 1));
            exchanges.extend(seen.exchanges.iter().flat_map(verdict::render_exchange));
        }
    }
    Judgement::from_mismatches(found.into_iter().flatten().collect(), exchanges)
}

/// Plays the scenario, even if it does not apply: what was seen, or the judgement if it did not get to its end.
pub(super) async fn observe(
    scenario: &Scenario,
    subject: &dyn Subject,
    user_agent: &dyn UserAgent,
) -> Result<Seen, Judgement> {
    if let Some(reason) = user_agent.refusal(scenario) {
        return Err(Judgement::not_asked(reason.to_string()));
    }
    let Servers { network, fronts, configurations } = match servers::start(scenario, subject).await {
        Ok(started) => started,
        // An adapter in another repository need not start servers with policies by host.
        Err(error @ StartError::Inexpressible(_))
            if subject.kind() != SubjectKind::Adapter
                || scenario.servers.values().any(|server| !server.hosts.is_empty()) =>
        {
            return Err(Judgement::cannot_express(error.to_string()));
        }
        // An adapter gets the policy itself, so that there is no policy that it cannot express.
        Err(error @ StartError::Inexpressible(_)) => return Err(Judgement::fail(error.to_string())),
        Err(error) => return Err(Judgement::error(error.to_string())),
    };
    let network = Arc::new(network);
    let observations = steps(scenario, user_agent, &network).await.map_err(|error| match error {
        UserAgentError::Unable(_) => Judgement::not_asked(error.to_string()),
        UserAgentError::Failed(_) => Judgement::error(error.to_string()),
    });
    // Servers wait for open connections to end.
    drop(network);
    for front in fronts {
        // A server that takes longer is left to itself: it was told to stop.
        let _ = tokio::time::timeout(PATIENCE, front.stop()).await;
    }
    Ok(Seen { observations: observations?, configurations })
}

async fn steps(
    scenario: &Scenario,
    user_agent: &dyn UserAgent,
    network: &Arc<LoopbackNetwork>,
) -> Result<Vec<Observation>, UserAgentError> {
    let hosts = scenario.hosts();
    let mut session = user_agent.open(&scenario.page, network.clone() as Arc<dyn Network>, &hosts).await?;
    let mut observations = Vec::new();
    for step in &scenario.steps {
        observations.push(play_step(scenario, step, &mut *session, network).await?);
    }
    Ok(observations)
}

/// Plays one step.
async fn play_step(
    scenario: &Scenario,
    step: &Step,
    session: &mut dyn Session,
    network: &LoopbackNetwork,
) -> Result<Observation, UserAgentError> {
    let before = match step.handlers_run {
        Some(_) => Some(hits(scenario, network).await),
        None => None,
    };
    if !step.wait.is_zero() {
        session.wait(step.wait).await?;
    }
    let page = match &step.from {
        None => scenario.page.clone(),
        // Another page with the same user, who has made the same settings.
        Some(origin) => {
            let mut page = Page::new(origin.clone());
            page.user = scenario.page.user.clone();
            page.third_party_cookies = scenario.page.third_party_cookies;
            page.network_permissions = scenario.page.network_permissions;
            page
        }
    };
    let (outcome, exchanges, console) = match &step.action {
        Action::Page(action) => {
            let fetched = session.act(&page, action.clone()).await?;
            (Some(fetched.outcome), fetched.exchanges, fetched.console)
        }
        Action::Request(request) => (None, vec![raw_exchange(request, network).await], Vec::new()),
    };
    let document_cookie = match step.document_cookie {
        Some(_) => Some(session.document_cookie(&page).await?),
        None => None,
    };
    let handlers_run = match before {
        Some(before) => Some(handlers_between(before, hits(scenario, network).await)),
        None => None,
    };
    Ok(Observation { page: outcome, exchanges, console, handlers_run, document_cookie })
}

async fn raw_exchange(request: &RawRequest, network: &LoopbackNetwork) -> Exchange {
    let response = network.send_raw(request).await;
    let request = WireRequest {
        method: request.method.clone(),
        // A target that is not a path, such as `*`, has no URL.
        url: request.origin.join(&request.target).unwrap_or_else(|_| request.origin.clone()),
        headers: request.headers.clone(),
        body: request.body.clone(),
    };
    Exchange { kind: ExchangeKind::Actual, request, response }
}

fn handlers_between(before: Result<u64, String>, after: Result<u64, String>) -> Result<u64, String> {
    after?.checked_sub(before?).ok_or_else(|| "fewer than before the step".to_owned())
}

/// How many handlers have run so far, over all servers.
async fn hits(scenario: &Scenario, network: &LoopbackNetwork) -> Result<u64, String> {
    let mut sum = 0;
    for plan in scenario.servers.values() {
        let Ok(url) = plan.origin.join("/hits") else { continue };
        let request = WireRequest { method: "GET".to_owned(), url, headers: Vec::new(), body: None };
        let failed = |error| format!("GET /hits: {error}");
        let mut response = network.send(request.clone()).await.map_err(failed)?;
        // The server may not answer to the host of its origin.
        if let Some(host) = plan.policy.allowed_host().filter(|_| response.status == 421) {
            response = network.send_for(&host, request).await.map_err(failed)?;
        }
        let counts: BTreeMap<String, u64> = serde_json::from_slice(&response.body)
            .map_err(|_| format!("GET /hits answered {} without counts", response.status))?;
        sum += counts.values().sum::<u64>();
    }
    Ok(sum)
}
