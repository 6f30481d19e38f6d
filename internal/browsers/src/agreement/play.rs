//! One scenario in one browser and in its model.

use std::sync::Arc;
use std::time::Duration;

use super::{Class, Seen, Side, Witness};
use cors_browser::Profile;
use cors_conformance::run::{self, Judgement, Verdict};
use cors_conformance::scenario::{Scenario, Step};
use cors_conformance::subject::Subject;
use cors_conformance::user_agent::{Model, UserAgent};
use cors_conformance::verdict::{self, Observation};

/// A scenario and the subject that it is played with.
struct Play<'a> {
    scenario: &'a Arc<Scenario>,
    subject: &'a Arc<dyn Subject>,
    browser: &'a str,
    time_limit: Duration,
}

/// What a browser and its model see of each step.
pub(super) async fn sides(
    scenario: &Arc<Scenario>,
    subject: &Arc<dyn Subject>,
    witness: &Witness,
    time_limit: Duration,
) -> Vec<Side> {
    let play = Play { scenario, subject, browser: witness.user_agent.browser(), time_limit };
    let browser = match play.with(&witness.user_agent).await {
        Ok(observations) => observations,
        Err(judgement) => return play.unplayed(&judgement, "the browser"),
    };
    let model = match play.with_model(&witness.profile).await {
        Ok(observations) => observations,
        Err(judgement) => return play.unplayed(&judgement, "the model"),
    };
    let standard = play.with_model(&Profile::standard()).await.ok();

    let mut sides = Vec::new();
    for (index, step) in scenario.steps.iter().enumerate() {
        let (Some(model), Some(browser)) = (model.get(index), browser.get(index)) else { continue };
        let (seen, expected) = (Seen::of(browser), Seen::of(model));
        let differences = expected.differences(&seen);
        let (class, why) = if !differences.is_empty() {
            (Class::Unexplained, differences.join("; "))
        } else if agrees(standard.as_ref(), index, &seen) {
            (Class::Agreed, String::new())
        } else {
            (Class::Explained, play.explain(&witness.profile, index, &seen).await)
        };
        let mismatches = play.mismatches(index + 1, step, browser);
        sides.push(Side { class, why, model: Some(expected), browser: Some(seen), mismatches });
    }
    sides
}

impl Play<'_> {
    async fn with(&self, user_agent: &Arc<dyn UserAgent>) -> Result<Vec<Observation>, Judgement> {
        run::observe(self.scenario, self.subject, user_agent, self.time_limit).await
    }

    async fn with_model(&self, profile: &Profile) -> Result<Vec<Observation>, Judgement> {
        let model: Arc<dyn UserAgent> = Arc::new(Model::new(profile.clone()));
        self.with(&model).await
    }

    /// The sides of a scenario that `who` did not play.
    fn unplayed(&self, judgement: &Judgement, who: &str) -> Vec<Side> {
        let (class, why) = match judgement.verdict {
            Verdict::Skip => (Class::Skipped, judgement.detail.clone()),
            Verdict::Pass | Verdict::Fail => (Class::Unexplained, format!("{who}: {}", judgement.detail)),
        };
        let side = Side { class, why, model: None, browser: None, mismatches: Vec::new() };
        vec![side; self.scenario.steps.len()]
    }

    /// The rules without which the model would not see in a step what the browser saw.
    async fn explain(&self, profile: &Profile, index: usize, seen: &Seen) -> String {
        let mut rules = Vec::new();
        for rule in profile.rules() {
            let without = self.with_model(&profile.without(rule.name)).await.ok();
            if !agrees(without.as_ref(), index, seen) {
                rules.push(format!("{} ({})", rule.name, rule.source));
            }
        }
        if rules.is_empty() {
            // Each of several rules does by itself.
            rules.extend(profile.rules().iter().map(|rule| rule.name.to_owned()));
            return format!("one of {}", rules.join(", "));
        }
        rules.join(", ")
    }

    fn mismatches(&self, number: usize, step: &Step, seen: &Observation) -> Vec<String> {
        let is_about = self.scenario.browsers.as_ref().is_none_or(|browsers| browsers.include(self.browser));
        if !self.scenario.kind.is_judged() || !is_about {
            return Vec::new();
        }
        verdict::check(number, step, seen).iter().map(ToString::to_string).collect()
    }
}

/// Whether a model sees what the browser saw, but for the console.
fn agrees(model: Option<&Vec<Observation>>, index: usize, browser: &Seen) -> bool {
    model
        .and_then(|observations| observations.get(index))
        .is_some_and(|observation| Seen::of(observation).differences_but_console(browser).is_empty())
}
