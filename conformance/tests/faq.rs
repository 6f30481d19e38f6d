//! The list of the CORS FAQ's questions and the scenarios agree with each other.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::collections::{BTreeMap, BTreeSet};

use cors_conformance::scenario::{self, Scenario};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Faq {
    question: Vec<Question>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Question {
    question: String,
    slug: String,
    /// What the answer says about the behaviour of servers and browsers.
    #[serde(default)]
    claims: Vec<String>,
    /// The scenarios that prove it.
    #[serde(default)]
    scenarios: Vec<String>,
    /// Why there is nothing to prove.
    prose: Option<String>,
}

fn questions() -> Vec<Question> {
    toml::from_str::<Faq>(include_str!("../faq.toml")).unwrap().question
}

fn scenarios() -> Vec<Scenario> {
    scenario::embedded().unwrap()
}

/// Lower case, words joined by `-`, every other character dropped.
fn slug(question: &str) -> String {
    let words = question.split_whitespace().map(|word| {
        word.to_lowercase().replace(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-', "")
    });
    words.filter(|word| word.contains(|letter| letter != '-')).collect::<Vec<_>>().join("-")
}

/// Fails with every complaint at once.
fn none(complaints: Vec<String>) {
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

#[test]
fn every_question_has_scenarios_or_a_reason_why_not() {
    let complaints = questions().into_iter().filter_map(|question| {
        let slug = &question.slug;
        match (question.scenarios.is_empty(), &question.prose) {
            (true, None) => Some(format!("{slug}: neither `scenarios` nor `prose`")),
            (false, Some(_)) => Some(format!("{slug}: both `scenarios` and `prose`")),
            (false, None) if question.claims.is_empty() => Some(format!("{slug}: no `claims`")),
            (true, Some(reason)) if reason.trim().is_empty() => Some(format!("{slug}: an empty reason")),
            _ => None,
        }
    });
    none(complaints.collect());
}

#[test]
fn every_slug_is_made_from_its_question_and_unique() {
    let mut seen = BTreeSet::new();
    let mut complaints = Vec::new();
    for Question { question, slug: written, .. } in questions() {
        let expected = slug(&question);
        if written != expected {
            complaints.push(format!("{written}: write {expected}"));
        }
        if !seen.insert(written.clone()) {
            complaints.push(format!("{written}: twice"));
        }
    }
    none(complaints);
}

#[test]
fn questions_name_scenarios_that_exist_and_point_back() {
    let scenarios: BTreeMap<_, _> =
        scenarios().into_iter().map(|scenario| (scenario.id, scenario.faq)).collect();
    let mut complaints = Vec::new();
    for question in questions() {
        for id in &question.scenarios {
            match scenarios.get(id) {
                None => complaints.push(format!("{}: there is no scenario {id}", question.slug)),
                Some(faq) if !faq.contains(&question.slug) => {
                    complaints.push(format!("{id}: `faq` does not name {}", question.slug));
                }
                Some(_) => {}
            }
        }
    }
    none(complaints);
}

#[test]
fn scenarios_name_questions_that_exist_and_list_them() {
    let questions: BTreeMap<_, _> =
        questions().into_iter().map(|question| (question.slug, question.scenarios)).collect();
    let mut complaints = Vec::new();
    for scenario in scenarios() {
        for slug in &scenario.faq {
            match questions.get(slug) {
                None => complaints.push(format!("{}: there is no question {slug}", scenario.id)),
                Some(listed) if !listed.contains(&scenario.id) => {
                    complaints.push(format!("{slug}: `scenarios` does not list {}", scenario.id));
                }
                Some(_) => {}
            }
        }
    }
    none(complaints);
}
