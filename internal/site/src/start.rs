//! The start page: what is true of which middleware.

use cors_conformance::run::Verdict;
use maud::{Markup, html};

use crate::causes::Severity;
use crate::findings::{Finding, findings};
use crate::page::{Page, Site, is_unplayed, outside, plural, prose};
use crate::score::{self, Score};

/// How many scenarios of a finding are linked at once.
const SHOWN: usize = 6;

pub(crate) fn page(site: &Site<'_>) -> String {
    let page = Page { title: "Findings", path: "index.html", has_script: false };
    page.render(site.results, &content(site, &page))
}

/// The findings and the scores.
pub(crate) fn content(site: &Site<'_>, page: &Page<'_>) -> Markup {
    let results = site.results;
    let mut others: Vec<_> = results.others().collect();
    others.sort_by_key(|subject| subject.name.to_lowercase());
    let tested = others.iter().filter(|subject| !is_unplayed(subject)).count();
    let contract = results.scenarios.values().filter(|scenario| scenario.contract).count();
    let asked = results.scenarios.len() - contract;
    let findings = findings(&others);
    html! {
        h1 { "What CORS middlewares do to users" }
        p.lead {
            "CORS decides which website may read what a server answers. " (tested) " middlewares and web servers were given the same policies, "
            "and a browser model played " (plural(asked, "scenario")) " against each. "
            "These are the differences that matter, the worst first."
        }
        p {
            "A middleware that passes is not a safe application: see " a href=(page.to_anchor("about.html", "passing")) { "what passing does not mean" } ". "
            "What a middleware has no option for is not held against it."
        }
        p.facts-line {
            @if let Some(date) = &results.date { "Played on " time datetime=(date) { (date) } ". " }
            @if contract > 0 { "Only this project's adapters were asked for " (contract) " more. " }
            a href=(page.to_anchor("about.html", "run")) { "Versions" } "."
        }
        ul.jumps aria-label="Findings by severity" {
            @for severity in Severity::ALL {
                @let count = of(&findings, severity).count();
                @if count > 0 {
                    li { a.{ "jump " (severity.slug()) } href={ "#" (severity.slug()) } { (severity.heading()) " " span.count { (count) } } }
                }
            }
        }
        ul.jumps.more aria-label="More results" {
            li { a.jump href=(page.to_anchor("matrix.html", "results")) { "All results" } }
            @if !results.unsafe_configurations.is_empty() {
                li { a.jump href=(page.to_anchor("unsafe.html", "unsafe")) { "Unsafe configurations" } }
            }
            li { a.jump href=(page.to_anchor("browsers.html", "browsers")) { "What browsers do differently" } }
            li { a.jump href="#middlewares" { "All middlewares" } }
            li { a.jump href="#adapters" { "This project's adapters" } }
        }
        @for severity in Severity::ALL {
            @if of(&findings, severity).next().is_some() {
                section.tier.{ (severity.slug()) } aria-labelledby=(severity.slug()) {
                    h2 id=(severity.slug()) { (severity.heading()) }
                    p { (severity.about()) }
                    @for finding in of(&findings, severity) { (shown(site, page, finding)) }
                }
            }
        }
        section aria-labelledby="middlewares" {
            h2 id="middlewares" { "All middlewares" }
            p {
                "“Common” counts only the " (score::common(results).len()) " scenarios that every server was judged in. "
                "“Own” counts all that this one was judged in: what it cannot express, disputes and promises of other projects are left out."
            }
            (scores(site, page, false))
        }
        section aria-labelledby="adapters" {
            h2 id="adapters" { "This project's adapters" }
            p {
                "This site is made by the project that writes these five adapters, and the suite was written with them. "
                "They are therefore listed apart, and no finding above compares others with them. "
                "They are asked more: also for what only this project promises."
            }
            (scores(site, page, true))
        }
    }
}

fn of<'f, 'a>(findings: &'f [Finding<'a>], severity: Severity) -> impl Iterator<Item = &'f Finding<'a>> {
    findings.iter().filter(move |finding| finding.severity == severity)
}

fn shown(site: &Site<'_>, page: &Page<'_>, finding: &Finding<'_>) -> Markup {
    let scenarios = finding.scenarios();
    let asked = finding.subjects.len() + finding.passing;
    html! {
        article.finding id=(finding.slug) {
            h3 { (prose(&finding.sentence)) }
            @if !finding.explanation.is_empty() { p { (prose(&finding.explanation)) } }
            p.of {
                span.share { "True of " b { (finding.subjects.len()) } " of " (asked) " that were judged in it" } ": "
            }
            ul.chips {
                @for affected in &finding.subjects {
                    @let disputes: Vec<_> = affected.results.iter().filter_map(|result| result.dispute.as_ref()).collect();
                    li {
                        span.chip { (site.subject_link(page, affected.subject)) }
                        @if let Some(dispute) = disputes.first() {
                            " " span.verdict.d title=(dispute.reason) { (outside(&dispute.link, "disputed")) }
                        }
                    }
                }
            }
            @if scenarios.len() > SHOWN {
                details {
                    summary { (scenarios.len()) " scenarios show it" }
                    (links(site, page, &scenarios))
                }
            } @else {
                p.shows { (if scenarios.len() == 1 { "This scenario shows it:" } else { "These scenarios show it:" }) }
                (links(site, page, &scenarios))
            }
        }
    }
}

fn links(
    site: &Site<'_>,
    page: &Page<'_>,
    scenarios: &[(&cors_conformance::run::ScenarioResult, usize)],
) -> Markup {
    html! {
        ul.scenarios {
            @for (result, count) in scenarios {
                li { (site.scenario_link(page, &result.scenario)) " " (prose(&result.title)) " " span.count { (count) " fail" (if *count == 1 { "s" } else { "" }) } }
            }
        }
    }
}

fn scores(site: &Site<'_>, page: &Page<'_>, adapters: bool) -> Markup {
    let results = site.results;
    let common = score::common(results);
    let mut subjects: Vec<_> =
        if adapters { results.adapters().collect() } else { results.others().collect() };
    subjects.sort_by_key(|subject| (is_unplayed(subject), subject.name.to_lowercase()));
    html! {
        div.scroll tabindex="0" role="region" aria-label=(if adapters { "Scores of this project's adapters" } else { "Scores of all middlewares" }) {
            table.scores {
                thead { tr {
                    th scope="col" { "Name" }
                    th scope="col" { "Version" }
                    th scope="col" { "Framework or server" }
                    th.number scope="col" { "Common" }
                    th.number scope="col" { "Own" }
                    th.number scope="col" { "Fails" }
                    th.number scope="col" { "Known limits" }
                    th.number scope="col" { "Cannot express" }
                } }
                tbody {
                    @for subject in subjects {
                        tr {
                            th scope="row" { (site.subject_link(page, subject)) }
                            td { (subject.version) }
                            td { (subject.framework) }
                            @if is_unplayed(subject) {
                                td colspan="5" { "could not be tested: its page says why" }
                            } @else {
                                td.number { (Score::in_common(subject, &common)) }
                                td.number { (Score::of(&subject.results)) }
                                @for verdict in [Verdict::Fail, Verdict::Limit, Verdict::CannotExpress] {
                                    td.number { (site.count_link(page, subject, verdict)) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
