//! Findings: what is true of which middleware, worst first.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use cors_conformance::run::{ScenarioResult, SubjectRun, Verdict};
use cors_conformance::scenario::Kind;

use crate::causes::{CAUSES, Cause, Severity, cause_of};

/// Something that is true of one or more middlewares.
pub(crate) struct Finding<'a> {
    pub(crate) slug: String,
    pub(crate) severity: Severity,
    pub(crate) sentence: String,
    pub(crate) explanation: String,
    /// Of whom it is true.
    pub(crate) subjects: Vec<Affected<'a>>,
    /// How many others were judged in at least one of the scenarios, and pass all in which they were.
    pub(crate) passing: usize,
}

/// A middleware of which a finding is true.
pub(crate) struct Affected<'a> {
    pub(crate) subject: &'a SubjectRun,
    pub(crate) results: Vec<&'a ScenarioResult>,
}

impl Finding<'_> {
    /// The scenarios that show it, with the number of middlewares that fail each. The most frequent come first.
    pub(crate) fn scenarios(&self) -> Vec<(&ScenarioResult, usize)> {
        let mut counts = BTreeMap::<&str, (&ScenarioResult, usize)>::new();
        for result in self.subjects.iter().flat_map(|affected| &affected.results) {
            counts.entry(&result.scenario).or_insert((result, 0)).1 += 1;
        }
        let mut counts: Vec<_> = counts.into_values().collect();
        counts.sort_by_key(|(_, count)| Reverse(*count));
        counts
    }
}

/// The findings about these subjects: the worst first, then those that are true of most.
pub(crate) fn findings<'a>(subjects: &[&'a SubjectRun]) -> Vec<Finding<'a>> {
    let mut findings = BTreeMap::<String, Finding<'a>>::new();
    for subject in subjects {
        for result in subject.results.iter().filter(|result| is_failing(result)) {
            let cause = cause_of(result);
            let slug = cause.map_or_else(
                || format!("scenario-{}", crate::page::slug(&result.scenario)),
                |cause| cause.slug.to_owned(),
            );
            let finding = findings.entry(slug.clone()).or_insert_with(|| Finding::new(slug, result, cause));
            match finding.subjects.last_mut() {
                Some(last) if last.subject.name == subject.name => last.results.push(result),
                _ => finding.subjects.push(Affected { subject, results: vec![result] }),
            }
        }
    }
    let mut findings: Vec<_> = findings.into_values().collect();
    for finding in &mut findings {
        finding.passing = passing(finding, subjects);
    }
    findings.sort_by_key(|finding| {
        let place = CAUSES.iter().position(|cause| cause.slug == finding.slug).unwrap_or(CAUSES.len());
        // Of what is about security, the list of causes has the worst first; of all else, what is true of most comes first.
        let of_most = if finding.severity == Severity::Security { 0 } else { finding.subjects.len() };
        (finding.severity, Reverse(of_most), place, finding.slug.clone())
    });
    findings
}

/// Whether a result is shown as a finding.
pub(crate) fn is_failing(result: &ScenarioResult) -> bool {
    matches!(result.verdict, Verdict::Fail | Verdict::Disputed) && !is_outdated_limit(result)
}

/// Whether the subject wrongly declares a known limit: the scenario holds. This says nothing against the middleware.
pub(crate) fn is_outdated_limit(result: &ScenarioResult) -> bool {
    result.verdict == Verdict::Fail && result.limit.is_some()
}

impl Finding<'_> {
    fn new(slug: String, result: &ScenarioResult, cause: Option<&Cause>) -> Self {
        let (severity, sentence, explanation) = match cause {
            Some(cause) => (cause.severity, cause.sentence.to_owned(), cause.explanation.to_owned()),
            None => {
                let severity = match result.kind {
                    Kind::Security => Severity::Security,
                    Kind::Required => Severity::Broken,
                    Kind::Quality | Kind::Informative => Severity::Worse,
                };
                (severity, format!("This does not hold: {}.", result.title), explanation(result))
            }
        };
        Self { slug, severity, sentence, explanation, subjects: Vec::new(), passing: 0 }
    }
}

/// The harm of a scenario, or else what was seen.
fn explanation(result: &ScenarioResult) -> String {
    match (&result.harm, result.mismatches.first()) {
        (Some(harm), _) => format!("{harm}."),
        (None, Some(mismatch)) => format!("{mismatch}.").replacen("step", "Step", 1),
        (None, None) => String::new(),
    }
}

fn passing(finding: &Finding<'_>, subjects: &[&SubjectRun]) -> usize {
    let ids: Vec<&str> = finding.scenarios().iter().map(|(result, _)| result.scenario.as_str()).collect();
    let is_affected =
        |subject: &SubjectRun| finding.subjects.iter().any(|affected| affected.subject.name == subject.name);
    let passes_one = |subject: &SubjectRun| {
        subject
            .results
            .iter()
            .any(|result| result.verdict == Verdict::Pass && ids.contains(&result.scenario.as_str()))
    };
    subjects.iter().filter(|subject| !is_affected(subject) && passes_one(subject)).count()
}

#[cfg(test)]
mod tests {
    use cors_conformance::subject::KnownLimit;

    use super::*;
    use crate::fixture;

    #[test]
    fn failing_scenarios_of_one_cause_are_one_finding() {
        let run = fixture::run();
        let others: Vec<_> = run.subjects.iter().collect();
        let findings = findings(&others);
        let slugs: Vec<_> = findings.iter().map(|finding| finding.slug.as_str()).collect();
        assert_eq!(slugs, ["denied-page-reads", "vary-missing", "scenario-zebra-stripes"]);
        let vary = &findings[1];
        assert_eq!(vary.subjects.len(), 2);
        assert_eq!(vary.subjects[0].results.len(), 2);
        let scenarios: Vec<_> =
            vary.scenarios().iter().map(|(result, count)| (result.scenario.clone(), *count)).collect();
        assert_eq!(
            scenarios,
            [("caching/vary-on-errors".to_owned(), 2), ("caching/vary-for-plain-request".to_owned(), 1)]
        );
        assert_eq!(findings[0].passing, 2);
    }

    #[test]
    fn a_limit_that_is_declared_wrongly_is_not_held_against_a_middleware() {
        let mut run = fixture::run();
        let result = &mut run.subjects[0].results[0];
        result.limit =
            Some(KnownLimit::new("caching/vary-for-plain-request", "a reason", "https://a.example"));
        let subjects: Vec<_> = run.subjects.iter().collect();
        let findings = findings(&subjects);
        let vary = findings.iter().find(|finding| finding.slug == "vary-missing").unwrap();
        assert_eq!(vary.scenarios().len(), 1);
    }

    #[test]
    fn every_failure_is_in_exactly_one_finding() {
        let run = fixture::run();
        let subjects: Vec<_> = run.subjects.iter().collect();
        let found: usize = findings(&subjects)
            .iter()
            .flat_map(|finding| &finding.subjects)
            .map(|affected| affected.results.len())
            .sum();
        assert_eq!(found, subjects.iter().map(|subject| subject.failed + subject.disputed).sum::<usize>());
    }
}
