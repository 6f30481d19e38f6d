//! Plays one scenario in one browser and in the model, and compares the two.

use std::sync::Arc;
use std::time::Duration;

use super::{BrowserUnderTest, Class, Comparison, StepView};
use cors_browser::Profile;
use cors_conformance::run::{self, Judgement, Verdict};
use cors_conformance::scenario::{Scenario, Step};
use cors_conformance::subject::Subject;
use cors_conformance::user_agent::{Model, RefusalKind, UserAgent};
use cors_conformance::verdict::{self, Observation};

/// A scenario, and everything that it is played with.
struct Player<'a> {
    scenario: &'a Arc<Scenario>,
    subject: &'a Arc<dyn Subject>,
    profile: &'a Profile,
    time_limit: Duration,
}

/// Why a scenario was not compared.
struct NotCompared {
    class: Class,
    why: String,
}

/// Compares every step of a scenario; the result has one entry for each step.
pub(super) async fn scenario(
    scenario: &Arc<Scenario>,
    subject: &Arc<dyn Subject>,
    browser: &BrowserUnderTest,
    time_limit: Duration,
) -> Vec<Comparison> {
    let steps = scenario.steps.len();
    if let Some(refusal) = browser.user_agent.refusal(scenario) {
        let skipped = Comparison::not_compared(Class::Skipped, &refusal.to_string());
        return vec![Comparison { is_limit: refusal.kind == RefusalKind::Harness, ..skipped }; steps];
    }
    let player = Player { scenario, subject, profile: &browser.profile, time_limit };
    match player.compare(&browser.user_agent).await {
        Ok(comparisons) => comparisons,
        Err(NotCompared { class, why }) => vec![Comparison::not_compared(class, &why); steps],
    }
}

impl Player<'_> {
    async fn compare(&self, user_agent: &Arc<dyn UserAgent>) -> Result<Vec<Comparison>, NotCompared> {
        let browser = self.play(user_agent, "the browser").await?;
        let model = self.play_model(self.profile).await?;
        let standard = self.play_model(&self.profile.without_rules()).await?;

        let mut comparisons = Vec::new();
        for (index, step) in self.scenario.steps.iter().enumerate() {
            let (shown, expected) = (StepView::new(&browser[index]), StepView::new(&model[index]));
            let differences = expected.differences(&shown);
            let (class, why) = if !differences.is_empty() {
                (Class::Unexplained, differences.join("; "))
            } else if is_same(&standard[index], &shown) {
                (Class::Agreed, String::new())
            } else {
                // The reason follows below.
                (Class::Explained, String::new())
            };
            comparisons.push(Comparison {
                class,
                why,
                is_limit: false,
                mismatches: self.mismatches(index + 1, step, &browser[index], user_agent.browser()),
                model: Some(expected),
                browser: Some(shown),
            });
        }
        if comparisons.iter().any(|comparison| comparison.class == Class::Explained) {
            self.explain(&mut comparisons).await?;
        }
        Ok(comparisons)
    }

    /// Plays the scenario: one observation for each step.
    async fn play(
        &self,
        user_agent: &Arc<dyn UserAgent>,
        name: &str,
    ) -> Result<Vec<Observation>, NotCompared> {
        let observations = run::observe(self.scenario, self.subject, user_agent, self.time_limit)
            .await
            .map_err(|judgement| NotCompared::new(judgement, name))?;
        let steps = self.scenario.steps.len();
        if observations.len() != steps {
            let why = format!("{name}: {} of {steps} steps were played", observations.len());
            return Err(NotCompared { class: Class::Failed, why });
        }
        Ok(observations)
    }

    async fn play_model(&self, profile: &Profile) -> Result<Vec<Observation>, NotCompared> {
        let model: Arc<dyn UserAgent> = Arc::new(Model::new(profile.clone()));
        self.play(&model, "the model").await
    }

    /// Names the rules of the profile that the explained steps need: without one of them, the model would not show what the browser
    /// shows.
    async fn explain(&self, comparisons: &mut [Comparison]) -> Result<(), NotCompared> {
        let mut needed = vec![Vec::new(); comparisons.len()];
        // Most rules make no difference to a scenario. They are tried in groups, and a group is split only if it makes one.
        let mut groups = vec![self.profile.rules()];
        while let Some(group) = groups.pop() {
            let profile = group.iter().fold(self.profile.clone(), |profile, rule| profile.without(rule.name));
            let without = self.play_model(&profile).await?;
            let differs = |(comparison, without): (&Comparison, &Observation)| {
                comparison.browser.as_ref().is_some_and(|shown| !is_same(without, shown))
            };
            let differs: Vec<_> = comparisons.iter().zip(&without).map(differs).collect();
            match group {
                _ if !differs.contains(&true) => {}
                [rule] => {
                    let needing = needed.iter_mut().zip(differs).filter(|(_, differs)| *differs);
                    needing.for_each(|(needed, _)| needed.push(format!("{} ({})", rule.name, rule.source)));
                }
                group => {
                    let (first, second) = group.split_at(group.len() / 2);
                    groups.extend([second, first]);
                }
            }
        }
        for (comparison, needed) in comparisons.iter_mut().zip(needed) {
            if comparison.class != Class::Explained {
                continue;
            }
            comparison.why = if needed.is_empty() {
                // Several rules cause the same difference, so that no single one of them is needed.
                let names: Vec<_> = self.profile.rules().iter().map(|rule| rule.name).collect();
                format!("more than one of {}", names.join(", "))
            } else {
                needed.join(", ")
            };
        }
        Ok(())
    }

    fn mismatches(&self, number: usize, step: &Step, seen: &Observation, browser: &str) -> Vec<String> {
        let is_expected = self.scenario.browsers.as_ref().is_none_or(|browsers| browsers.include(browser));
        if !self.scenario.kind.is_judged() || !is_expected {
            return Vec::new();
        }
        verdict::check(number, step, seen).iter().map(ToString::to_string).collect()
    }
}

impl NotCompared {
    fn new(judgement: Judgement, name: &str) -> Self {
        match judgement.verdict {
            Verdict::CannotExpress | Verdict::NotAsked => {
                Self { class: Class::Skipped, why: judgement.detail }
            }
            _ => Self { class: Class::Failed, why: format!("{name}: {}", judgement.detail) },
        }
    }
}

/// Whether a model shows what the browser shows. The console is left out, because no standard defines it.
fn is_same(model: &Observation, browser: &StepView) -> bool {
    StepView::new(model).differences_except_console(browser).is_empty()
}
