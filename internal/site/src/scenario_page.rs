//! The page of a scenario.

use cors_conformance::run::{ScenarioResult, SubjectRun, Verdict};
use cors_conformance::subject::SubjectKind;
use maud::{Markup, html};

use crate::ScenarioText;
use crate::about::REPOSITORY;
use crate::causes::{Severity, cause_of};
use crate::marks::chip;
use crate::matrix::kind_chip;
use crate::page::{Page, Site, code, outside, prose, scenario_path, slug};
use crate::standards;

/// A subject with its result in the scenario of the page.
type Row<'a> = (&'a SubjectRun, &'a ScenarioResult);

pub(crate) fn page(site: &Site<'_>, scenario: &ScenarioText) -> String {
    let path = scenario_path(&scenario.id);
    let page = Page { title: &scenario.title, path: &path, has_script: false };
    let mut rows: Vec<Row<'_>> = site
        .columns()
        .into_iter()
        .filter_map(|subject| {
            let result = subject.results.iter().find(|result| result.scenario == scenario.id)?;
            Some((subject, result))
        })
        .collect();
    rows.sort_by_key(|(_, result)| place(result));
    let policy = scenario.policy();
    let content = html! {
        p.path { a href=(page.to("matrix.html")) { "All results" } " / " a href={ (page.to("matrix.html")) "#group-" (slug(&scenario.group)) } { (scenario.group) } " / " code { (scenario.id) } }
        h1 { (prose(&scenario.title)) }
        p {
            (kind_chip(scenario.kind)) " " (about_kind(scenario))
        }
        @if let Some(harm) = &scenario.harm {
            p.harm { strong { "If it does not hold: " } (prose(harm)) "." }
        }
        (tally(&rows))
        (sources(site, &page, scenario))
        @if !policy.is_empty() {
            h2 { "The policy" }
            (code(&policy))
        }
        @if !scenario.toml.is_empty() {
            details {
                summary { "The whole scenario as data" }
                (code(scenario.toml.trim_end()))
                p { a href={ (REPOSITORY) "/blob/main/conformance/scenarios/" (scenario.id) ".toml" } { "The file in the repository" } }
            }
        }
        (example(site, &page, &rows))
        h2 { "Results" }
        (table(site, &page, &rows))
        h2 { "Play it" }
        p { "In a clone of " a href=(REPOSITORY) { "the repository" } ", this plays the scenario with every server and prints what was sent and seen:" }
        (code(&format!("cargo xtask compare --harnesses --scenario {}", scenario.id)))
    };
    page.render(site.results, &content)
}

/// Where a result is in the list: first those that need a word, the worst before all others.
fn place(result: &ScenarioResult) -> (usize, Option<Severity>) {
    let order = [Verdict::Fail, Verdict::Disputed, Verdict::Limit, Verdict::Error, Verdict::Pass];
    let place = order.iter().position(|verdict| *verdict == result.verdict).unwrap_or(order.len());
    let severity = (result.verdict == Verdict::Fail).then(|| cause_of(result).map(|cause| cause.severity));
    (place, severity.flatten())
}

fn about_kind(scenario: &ScenarioText) -> &'static str {
    use cors_conformance::scenario::Kind;
    if scenario.contract {
        return "This is a promise of this project's adapters, which no one else is asked for.";
    }
    match scenario.kind {
        Kind::Required => "A standard requires it.",
        Kind::Security => "Users or their data come to harm otherwise.",
        Kind::Quality => "It works otherwise, but worse.",
        Kind::Informative => "There is no right answer: the result is shown and not judged.",
    }
}

fn sources(site: &Site<'_>, page: &Page<'_>, scenario: &ScenarioText) -> Markup {
    let questions: Vec<_> =
        site.results.questions.iter().filter(|question| scenario.faq.contains(&question.slug)).collect();
    html! {
        @if !scenario.spec.is_empty() || !questions.is_empty() {
            h2 { "Why" }
            ul {
                @for citation in &scenario.spec {
                    li {
                        @match standards::section(citation) {
                            Some(section) => (outside(&section.url, &section.text.replace('`', ""))),
                            None => code { (citation) },
                        }
                    }
                }
                @for question in questions {
                    li { "Question: " a href=(page.to_anchor("faq.html", &question.slug)) { (question.question) } }
                }
            }
        }
    }
}

fn tally(rows: &[Row<'_>]) -> Markup {
    html! {
        p.tally {
            @for verdict in Verdict::ALL {
                @let count = rows.iter().filter(|(_, result)| result.verdict == verdict).count();
                @if count > 0 { (chip(verdict)) " " (count) " " }
            }
        }
    }
}

/// The exchange of one that fails, beside that of one that passes.
fn example(site: &Site<'_>, page: &Page<'_>, rows: &[Row<'_>]) -> Markup {
    let shown = |verdicts: &[Verdict]| {
        rows.iter().find(|(_, result)| verdicts.contains(&result.verdict) && !result.exchanges.is_empty())
    };
    let failing =
        shown(&[Verdict::Fail, Verdict::Disputed]).or_else(|| shown(&[Verdict::Limit, Verdict::NotAsked]));
    let passing = shown(&[Verdict::Pass]);
    html! {
        @if failing.is_some() {
            h2 { "On the wire" }
            div.pair {
                @for (subject, result) in failing.into_iter().chain(passing) {
                    section {
                        h3 { (chip(result.verdict)) " " (site.subject_link(page, subject)) }
                        (mismatches(result))
                        (code(&result.exchanges.join("\n")))
                    }
                }
            }
        }
    }
}

/// What was expected and seen.
pub(crate) fn mismatches(result: &ScenarioResult) -> Markup {
    html! {
        @if !result.mismatches.is_empty() {
            dl.mismatches {
                @for mismatch in &result.mismatches {
                    dt { "Step " (mismatch.step) ", " (mismatch.about) }
                    dd { span.label { "expected " } (prose(&mismatch.expected)) }
                    dd { span.label { "seen " } (prose(&mismatch.seen)) }
                }
            }
        }
    }
}

fn table(site: &Site<'_>, page: &Page<'_>, rows: &[Row<'_>]) -> Markup {
    let (adapters, others): (Vec<Row<'_>>, Vec<Row<'_>>) =
        rows.iter().partition(|(subject, _)| subject.kind == SubjectKind::Adapter);
    html! {
        @for (heading, rows) in [("Middlewares and servers", others), ("This project's adapters", adapters)] {
            @if !rows.is_empty() {
                h3 { (heading) }
                ul.results {
                    @for (subject, result) in rows {
                        li {
                            p { (chip(result.verdict)) " " (site.subject_link(page, subject)) " " span.version { (subject.version) } }
                            (reason(page, result))
                            (details(result))
                        }
                    }
                }
            }
        }
    }
}

pub(crate) fn reason(page: &Page<'_>, result: &ScenarioResult) -> Markup {
    html! {
        @if let Some(limit) = &result.limit { p.why { (prose(&limit.reason)) " (" (outside(&limit.link, "source")) ")" } }
        @if let Some(dispute) = &result.dispute { p.why { "The maintainers: " (prose(&dispute.reason)) " (" (outside(&dispute.link, "source")) ")" } }
        @if result.verdict == Verdict::Fail {
            @if let Some(cause) = cause_of(result) {
                p.why { (prose(cause.sentence)) " " a href=(page.to_anchor("index.html", cause.slug)) { "About this cause" } }
            }
        }
        @if result.mismatches.is_empty() && !result.detail.is_empty() { p.why { (prose(result.detail.trim_start_matches("cannot express the policy: "))) } }
    }
}

pub(crate) fn details(result: &ScenarioResult) -> Markup {
    html! {
        @if !result.mismatches.is_empty() {
            details {
                summary { "Expected and seen" }
                (mismatches(result))
                @if !result.exchanges.is_empty() { (code(&result.exchanges.join("\n"))) }
            }
        }
        (configurations(result))
    }
}

/// How the middleware was configured.
pub(crate) fn configurations(result: &ScenarioResult) -> Markup {
    html! {
        @if !result.configurations.is_empty() {
            details {
                summary { "Configuration" }
                @for (server, text) in &result.configurations {
                    @if result.configurations.len() > 1 { p { "Server " code { (server) } } }
                    (code(text))
                }
            }
        }
    }
}
