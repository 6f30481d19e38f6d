//! What the site shows: a run, read back from its JSON report, and the scenarios that it played.

use std::collections::BTreeMap;

use cors_conformance::scenario::{self, Kind, LoadError, Scenario};
use cors_conformance::subject::SubjectKind;
use cors_conformance::unsafe_configuration::{UnsafeOutcome, UnsafeRun};
use cors_conformance::{FAQ, Run};
use serde::{Deserialize, Serialize};

/// A run with everything that its pages need.
#[derive(Clone, Debug, Default)]
pub struct Results {
    /// The run.
    pub run: Run,
    /// The day of the run, such as `2026-11-28`.
    pub date: Option<String>,
    /// The commit of this repository that the run was made with.
    pub commit: Option<String>,
    /// The days of earlier runs, newest first.
    pub earlier: Vec<String>,
    /// What each subject does with unsafe configurations: the subject's name → the configuration's name → the answer.
    pub unsafe_configurations: BTreeMap<String, BTreeMap<String, Answer>>,
    /// The scenarios by id.
    pub scenarios: BTreeMap<String, ScenarioText>,
    /// The questions of the CORS FAQ.
    pub questions: Vec<Question>,
}

/// What a middleware does with an unsafe configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// What became of it.
    pub outcome: UnsafeOutcome,
    /// What was seen.
    pub detail: String,
}

/// What a page shows of a scenario.
#[derive(Clone, Debug)]
pub struct ScenarioText {
    /// `<group>/<name>`.
    pub id: String,
    /// The folder that it is in.
    pub group: String,
    /// What holds, in one sentence.
    pub title: String,
    /// How much it matters.
    pub kind: Kind,
    /// The harm that is done if it does not hold.
    pub harm: Option<String>,
    /// Whether only the adapters of this project are asked.
    pub contract: bool,
    /// The sections of standards that say so.
    pub spec: Vec<String>,
    /// The questions of the CORS FAQ that it answers, by their slugs.
    pub faq: Vec<String>,
    /// The scenario file. Empty if the run has a scenario that this version of the suite does not have.
    pub toml: String,
}

impl ScenarioText {
    fn of(scenario: Scenario) -> Self {
        Self {
            group: scenario.group().to_owned(),
            toml: scenario::embedded_text(&scenario.id).unwrap_or_default().to_owned(),
            id: scenario.id,
            title: scenario.title,
            kind: scenario.kind,
            harm: scenario.harm,
            contract: scenario.contract,
            spec: scenario.spec,
            faq: scenario.faq,
        }
    }

    /// The tables of the scenario file that are policies and servers.
    pub fn policy(&self) -> String {
        let mut lines = Vec::new();
        let mut is_policy = false;
        for line in self.toml.lines() {
            if line.starts_with('[') {
                let name = line.trim_start_matches('[');
                is_policy = ["policy", "server"].iter().any(|table| name.starts_with(table));
            }
            if is_policy {
                lines.push(line);
            }
        }
        lines.join("\n").trim().to_owned()
    }
}

/// A question of the CORS FAQ.
#[derive(Clone, Debug, Deserialize)]
pub struct Question {
    /// The question.
    pub question: String,
    /// The name of its anchor.
    pub slug: String,
    /// What its answer says about servers and browsers.
    #[serde(default)]
    pub claims: Vec<String>,
    /// The scenarios that prove it.
    #[serde(default)]
    pub scenarios: Vec<String>,
    /// Why there is nothing to prove.
    pub prose: Option<String>,
}

/// Results that cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The report is not JSON, or not that of a run.
    #[error("{name}: not the JSON report of a run: {error}")]
    Report {
        /// The name of the report.
        name: String,
        /// What is wrong.
        error: serde_json::Error,
    },
    /// The scenarios of the suite cannot be loaded.
    #[error(transparent)]
    Scenarios(#[from] LoadError),
    /// The list of questions cannot be read.
    #[error("the questions of the FAQ: {0}")]
    Questions(#[from] toml::de::Error),
}

/// The JSON report of a comparison. The report of a run can be read as one too.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Report {
    /// The day of the run, such as `2026-11-28`.
    pub date: Option<String>,
    /// The commit of this repository that the run was made with.
    pub commit: Option<String>,
    /// What each subject does with unsafe configurations.
    #[serde(default)]
    pub unsafe_configurations: Vec<UnsafeRun>,
    /// The run.
    #[serde(flatten)]
    pub run: Run,
}

#[derive(Deserialize)]
struct Faq {
    question: Vec<Question>,
}

impl Results {
    /// Reads a JSON report. `name` is its file's name without the extension: the date, unless the report has one.
    ///
    /// # Errors
    ///
    /// The text is not the JSON report of a run.
    pub fn read(name: &str, text: &str) -> Result<Self, ReadError> {
        let mut report = serde_json::from_str::<Report>(text)
            .map_err(|error| ReadError::Report { name: name.to_owned(), error })?;
        report.date = report.date.or_else(|| is_date(name).then(|| name.to_owned()));
        Self::from_report(report)
    }

    /// The results of a report.
    ///
    /// # Errors
    ///
    /// It cannot fail: a test of the suite loads the same scenarios and questions.
    pub fn from_report(report: Report) -> Result<Self, ReadError> {
        let Report { date, commit, unsafe_configurations, run } = report;
        let mut results = Self { date, commit, ..Self::new(run)? };
        results.add_unsafe(unsafe_configurations);
        Ok(results)
    }

    /// Adds what the subjects do with unsafe configurations.
    pub fn add_unsafe(&mut self, runs: Vec<UnsafeRun>) {
        for run in runs {
            let answers = run.results.into_iter().map(|result| {
                let detail = [result.configuration, result.warning, Some(result.detail)];
                let detail: Vec<_> = detail.into_iter().flatten().filter(|text| !text.is_empty()).collect();
                let answer = Answer { outcome: result.outcome, detail: detail.join(". ") };
                (result.name, answer)
            });
            self.unsafe_configurations.insert(run.subject, answers.collect());
        }
    }

    /// The results of a run that was just made.
    ///
    /// # Errors
    ///
    /// It cannot fail: a test of the suite loads the same scenarios and questions.
    pub fn new(run: Run) -> Result<Self, ReadError> {
        let scenarios = scenario::embedded()?.into_iter().map(ScenarioText::of);
        let mut scenarios: BTreeMap<_, _> =
            scenarios.map(|scenario| (scenario.id.clone(), scenario)).collect();
        let played = run.subjects.iter().flat_map(|subject| &subject.results);
        // Only what was played has a page, and what was played always has one.
        let mut texts = BTreeMap::new();
        for result in played {
            if texts.contains_key(&result.scenario) {
                continue;
            }
            let text = scenarios.remove(&result.scenario).unwrap_or_else(|| ScenarioText {
                id: result.scenario.clone(),
                group: result.group.clone(),
                title: result.title.clone(),
                kind: result.kind,
                harm: result.harm.clone(),
                contract: false,
                spec: Vec::new(),
                faq: Vec::new(),
                toml: String::new(),
            });
            texts.insert(result.scenario.clone(), text);
        }
        Ok(Self { run, scenarios: texts, questions: toml::from_str::<Faq>(FAQ)?.question, ..Self::default() })
    }

    /// The subjects that are not adapters of this project.
    pub(crate) fn others(&self) -> impl Iterator<Item = &cors_conformance::run::SubjectRun> {
        self.run.subjects.iter().filter(|subject| subject.kind != SubjectKind::Adapter)
    }

    /// The adapters of this project.
    pub(crate) fn adapters(&self) -> impl Iterator<Item = &cors_conformance::run::SubjectRun> {
        self.run.subjects.iter().filter(|subject| subject.kind == SubjectKind::Adapter)
    }

    /// What played the pages.
    pub(crate) fn user_agent(&self) -> &str {
        self.run.subjects.first().map_or("", |subject| &subject.user_agent)
    }
}

/// Whether a text is a date such as `2026-11-28`.
fn is_date(text: &str) -> bool {
    let is_number =
        |part: &str, length| part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit());
    match text.split('-').collect::<Vec<_>>()[..] {
        [year, month, day] => is_number(year, 4) && is_number(month, 2) && is_number(day, 2),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_dates_are_dates() {
        assert!(is_date("2026-11-28"));
        for other in ["results", "2026-11", "2026-11-2x", "26-11-28", "2026-11-28-2", ""] {
            assert!(!is_date(other), "{other}");
        }
    }

    #[test]
    fn a_policy_is_cut_out_of_its_file() {
        let scenario = ScenarioText {
            id: "a/b".to_owned(),
            group: "a".to_owned(),
            title: String::new(),
            kind: Kind::Required,
            harm: None,
            contract: false,
            spec: Vec::new(),
            faq: Vec::new(),
            toml:
                "id = \"a/b\"\n\n[policy]\nmax_age = 5\n\n[[policy.rules]]\nx = 1\n\n[[step]]\nfetch = {}\n"
                    .to_owned(),
        };
        assert_eq!(scenario.policy(), "[policy]\nmax_age = 5\n\n[[policy.rules]]\nx = 1");
    }

    #[test]
    fn a_report_that_is_not_a_run_is_an_error_with_its_name() {
        let error = Results::read("2026-11-28", "[]").unwrap_err().to_string();
        assert!(error.starts_with("2026-11-28: not the JSON report"), "{error}");
    }
}
