//! The page of a middleware.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use cors_conformance::run::{ScenarioResult, SubjectRun, Verdict};
use cors_conformance::scenario::Kind;
use cors_conformance::subject::SubjectKind;
use cors_conformance::unsafe_configuration::UnsafeConfiguration;
use maud::{Markup, html};

use crate::findings::{Finding, findings, is_outdated_limit};
use crate::marks::{self, chip};
use crate::matrix::{KINDS, kind_chip};
use crate::page::{Page, Site, code, is_unplayed, outside, plural, prose};
use crate::score::{self, Score};
use crate::unsafe_page;

/// Scenarios with a small, usual policy: their configuration is shown as the example.
const EXAMPLES: [&str; 4] =
    ["credentials/included", "preflight/granted", "methods/listed", "exposed-headers/readable"];

pub(crate) fn page(site: &Site<'_>, subject: &SubjectRun) -> String {
    let path = site.subject_path(&subject.name);
    let page = Page { title: &subject.name, path: &path, has_script: false };
    let content = html! {
        h1 { (subject.name) }
        p.lead { (subject.version) ", with " (subject.framework) "." }
        @if subject.kind == SubjectKind::Adapter {
            p { "An adapter of the project that makes this site. The suite was written with it, and it is asked for more than others are." }
        }
        @if !subject.problems.is_empty() {
            section.problems aria-labelledby="problems" {
                h2 id="problems" { "Problems" }
                @if is_unplayed(subject) { p { "It could not be tested. This says nothing about the middleware:" } }
                ul { @for problem in &subject.problems { li { (prose(problem)) } } }
            }
        }
        @if !is_unplayed(subject) {
            (numbers(site, &page, subject))
            p { a href={ (page.to("matrix.html")) "#subject=" (site.file(&subject.name)) } { "Its results in all scenarios" } }
            (failures(site, &page, subject))
            (stated(site, &page, subject))
            (reasons(site, &page, subject, Verdict::Error, "Errors"))
            (reasons(site, &page, subject, Verdict::CannotExpress, "What it cannot express"))
            (reasons(site, &page, subject, Verdict::NotAsked, "Not asked"))
            (configuration(site, &page, subject))
        }
        (unsafe_configurations(site, &page, subject))
        @if !subject.deviations.is_empty() {
            h2 { "How its test application differs" }
            ul { @for deviation in &subject.deviations { li { (prose(deviation)) } } }
        }
        (badge(site, &page, subject))
    };
    page.render(site.results, &content)
}

fn numbers(site: &Site<'_>, page: &Page<'_>, subject: &SubjectRun) -> Markup {
    let common = score::common(site.results);
    let of_kind = |kind: Kind| subject.results.iter().filter(move |result| result.kind == kind);
    html! {
        p.score {
            b { (Score::of(&subject.results)) } " judged scenarios hold; "
            b { (Score::in_common(subject, &common)) } " of those that every server was judged in."
        }
        div.scroll tabindex="0" role="region" aria-label="Results by kind" {
            table.scores {
                thead { tr {
                    th scope="col" { "Kind" }
                    @for verdict in Verdict::ALL { th.number scope="col" { (chip(verdict)) } }
                } }
                tbody {
                    @for kind in KINDS {
                        tr {
                            th scope="row" { (kind_chip(kind)) }
                            @for verdict in Verdict::ALL {
                                td.number { (of_kind(kind).filter(|result| result.verdict == verdict).count()) }
                            }
                        }
                    }
                    tr.sum {
                        th scope="row" { "all" }
                        @for verdict in Verdict::ALL { td.number { (site.count_link(page, subject, verdict)) } }
                    }
                }
            }
        }
    }
}

fn failures(site: &Site<'_>, page: &Page<'_>, subject: &SubjectRun) -> Markup {
    let findings = findings(&[subject]);
    let outdated: Vec<_> = subject.results.iter().filter(|result| is_outdated_limit(result)).collect();
    html! {
        h2 { "What fails" }
        @if findings.is_empty() { p { "Nothing that it was judged in." } }
        @if !outdated.is_empty() {
            p { "These scenarios are declared as known limits, and hold. This says nothing against the middleware: the declaration has to go." }
            ul.scenarios { @for result in outdated { li { (site.scenario_link(page, &result.scenario)) " " (prose(&result.title)) } } }
        }
        @for finding in &findings { (cause(site, page, subject, finding)) }
    }
}

fn cause(site: &Site<'_>, page: &Page<'_>, subject: &SubjectRun, finding: &Finding<'_>) -> Markup {
    let anchor = page.to_anchor("index.html", &finding.slug);
    html! {
        article.finding.{ (finding.severity.slug()) } {
            h3 { (prose(&finding.sentence)) }
            @if !finding.explanation.is_empty() { p { (prose(&finding.explanation)) } }
            ul.scenarios {
                @for (result, _) in finding.scenarios() {
                    li { (site.scenario_link(page, &result.scenario)) " " (prose(&result.title)) }
                }
            }
            // Failures of adapters are not on the start page.
            @if subject.kind != SubjectKind::Adapter { p { a href=(anchor) { "Who else" } } }
        }
    }
}

/// Known limits and disputes.
fn stated(site: &Site<'_>, page: &Page<'_>, subject: &SubjectRun) -> Markup {
    let with = |verdict| subject.results.iter().filter(move |result| result.verdict == verdict);
    html! {
        @if subject.limits > 0 {
            h2 { "Known limits" }
            p { (marks::meaning(Verdict::Limit)) }
            ul.scenarios {
                @for result in with(Verdict::Limit) {
                    li {
                        (site.scenario_link(page, &result.scenario)) " " (prose(&result.title))
                        @if let Some(limit) = &result.limit { p.why { (prose(&limit.reason)) " (" (outside(&limit.link, "source")) ")" } }
                    }
                }
            }
        }
        @if subject.disputed > 0 {
            h2 { "Disputed" }
            p { (marks::meaning(Verdict::Disputed)) }
            ul.scenarios {
                @for result in with(Verdict::Disputed) {
                    li {
                        (site.scenario_link(page, &result.scenario)) " " (prose(&result.title))
                        @if let Some(dispute) = &result.dispute { p.why { (prose(&dispute.reason)) " (" (outside(&dispute.link, "source")) ")" } }
                    }
                }
            }
        }
    }
}

/// Scenarios with a verdict, by the reasons for it.
fn reasons(
    site: &Site<'_>,
    page: &Page<'_>,
    subject: &SubjectRun,
    verdict: Verdict,
    heading: &str,
) -> Markup {
    let mut reasons = BTreeMap::<&str, Vec<&ScenarioResult>>::new();
    for result in subject.results.iter().filter(|result| result.verdict == verdict) {
        let reason = if result.mismatches.is_empty() {
            result.detail.trim_start_matches("cannot express the policy: ")
        } else {
            "not judged, and not as described"
        };
        reasons.entry(reason).or_default().push(result);
    }
    let mut reasons: Vec<_> = reasons.into_iter().collect();
    reasons.sort_by_key(|(_, results)| Reverse(results.len()));
    html! {
        @if !reasons.is_empty() {
            h2 { (heading) }
            p { (marks::meaning(verdict)) }
            @for (reason, results) in &reasons {
                details {
                    summary { (prose(reason)) " " span.count { (plural(results.len(), "scenario")) } }
                    ul.scenarios {
                        @for result in results { li { (site.scenario_link(page, &result.scenario)) " " (prose(&result.title)) } }
                    }
                }
            }
        }
    }
}

fn configuration(site: &Site<'_>, page: &Page<'_>, subject: &SubjectRun) -> Markup {
    let configured = || subject.results.iter().filter(|result| !result.configurations.is_empty());
    let example = EXAMPLES
        .iter()
        .find_map(|id| configured().find(|result| result.scenario == **id))
        .or_else(|| configured().next());
    html! {
        @if let Some(result) = example {
            h2 { "How it was configured" }
            p { "For the policy of " (site.scenario_link(page, &result.scenario)) ". The page of each scenario shows the configuration for its own policy." }
            @for text in result.configurations.values() { (code(text)) }
        }
    }
}

/// What it does when it is told to let others read.
fn unsafe_configurations(site: &Site<'_>, page: &Page<'_>, subject: &SubjectRun) -> Markup {
    let answers = site.results.unsafe_configurations.get(&subject.name);
    html! {
        @if let Some(answers) = answers {
            h2 { "Unsafe configurations" }
            p { "What it does when it is told to use one. " a href=(page.to("unsafe.html")) { "All middlewares" } }
            dl.unsafe {
                @for configuration in UnsafeConfiguration::ALL {
                    @if let Some(answer) = answers.get(configuration.name) {
                        dt { (prose(configuration.title)) }
                        dd { (unsafe_page::shown(answer)) }
                    }
                }
            }
        }
    }
}

fn badge(site: &Site<'_>, page: &Page<'_>, subject: &SubjectRun) -> Markup {
    let (picture, endpoint) = (site.badge_path(&subject.name, "svg"), site.badge_path(&subject.name, "json"));
    html! {
        h2 { "Badge" }
        p { img src=(page.to(&picture)) alt={ "CORS conformance of " (subject.name) } height="20"; }
        p {
            a href=(page.to(&picture)) { "The picture" } ", or " a href=(page.to(&endpoint)) { "JSON" }
            " for the endpoint badge of shields.io. It shows how many of the scenarios that this middleware was judged in hold."
        }
    }
}
