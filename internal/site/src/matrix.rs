//! The table of all results.

use std::collections::BTreeMap;

use cors_conformance::run::{ScenarioResult, SubjectRun, Verdict};
use cors_conformance::scenario::Kind;
use cors_conformance::subject::SubjectKind;
use maud::{Markup, html};

use crate::ScenarioText;
use crate::marks::{self, cell};
use crate::page::{Page, Site, is_unplayed, plural, prose, slug};
use crate::score::Score;

pub(crate) const KINDS: [Kind; 4] = [Kind::Security, Kind::Required, Kind::Quality, Kind::Informative];

pub(crate) fn page(site: &Site<'_>) -> String {
    let page = Page { title: "All results", path: "matrix.html", has_script: true };
    let content = html! {
        h1 id="results" { (page.title) }
        (content(site, &page))
    };
    page.render(site.results, &content)
}

/// The table with its filters.
pub(crate) fn content(site: &Site<'_>, page: &Page<'_>) -> Markup {
    html! {
        p.lead {
            "Each row is a scenario, each column a server. A group unfolds to its scenarios."
            @if !page.is_single() { " A scenario has a page that shows what was sent and seen." }
        }
        (legend())
        (filters(site))
        p id="found" role="status" { (plural(site.results.scenarios.len(), "scenario")) }
        (table(site, page))
    }
}

pub(crate) fn legend() -> Markup {
    html! {
        details.legend {
            summary {
                "Legend: "
                @for verdict in Verdict::ALL { (marks::chip(verdict)) " " }
            }
            dl {
                @for verdict in Verdict::ALL {
                    dt { (marks::chip(verdict)) }
                    dd { (marks::meaning(verdict)) }
                }
            }
            p {
                "A group shows how many of the judged scenarios pass. Pass, fail and known limit are judged; all else is left out of both numbers, for every server alike."
            }
        }
    }
}

fn filters(site: &Site<'_>) -> Markup {
    html! {
        form.filters id="filters" hidden {
            label { "Text " input type="search" name="text" placeholder="vary, cookies, redirect…" autocomplete="off"; }
            label { "Kind "
                select name="kind" {
                    option value="" { "any" }
                    @for kind in KINDS { option value=(kind.as_str()) { (kind.as_str()) } }
                }
            }
            label { "Server "
                select name="subject" {
                    option value="" { "all" }
                    @for subject in site.columns() { option value=(site.file(&subject.name)) { (subject.name) } }
                }
            }
            label { "Result "
                select name="status" {
                    option value="" { "any" }
                    @for verdict in Verdict::ALL { option value=(slug(verdict.as_str())) data-class=(marks::mark(verdict).1) { (verdict.as_str()) } }
                }
            }
            span.buttons {
                button type="button" id="unfold" { "Unfold all" }
                button type="reset" { "Reset" }
            }
        }
    }
}

fn table(site: &Site<'_>, page: &Page<'_>) -> Markup {
    let columns = site.columns();
    let verdicts: Vec<BTreeMap<&str, Verdict>> = columns.iter().map(|subject| verdicts(subject)).collect();
    let adapters = columns.iter().filter(|subject| subject.kind == SubjectKind::Adapter).count();
    let mut groups = BTreeMap::<&str, Vec<&ScenarioText>>::new();
    for scenario in site.results.scenarios.values() {
        groups.entry(&scenario.group).or_default().push(scenario);
    }
    html! {
        div.scroll.tall tabindex="0" role="region" aria-label="All results" {
            table.matrix id="matrix" {
                colgroup { col; }
                colgroup span={ ((columns.len() - adapters).max(1)) } {}
                @if adapters > 0 { colgroup span=(adapters) {} }
                thead {
                    tr {
                        th.corner scope="col" { "Scenario" }
                        @for (index, subject) in columns.iter().enumerate() {
                            th.{ "name" (if index == columns.len() - adapters { " first" } else { "" }) } scope="col" {
                                span.turned { (site.subject_link(page, subject)) }
                            }
                        }
                    }
                }
                @for (group, scenarios) in &groups {
                    tbody.group id={ "group-" (slug(group)) } {
                        tr {
                            th scope="rowgroup" { span.fold { (group) } " " span.count { (scenarios.len()) } }
                            @for subject in &columns { (score_cell(subject, group)) }
                        }
                    }
                    tbody.rows {
                        @for scenario in scenarios {
                            tr data-kind=(scenario.kind.as_str()) {
                                th scope="row" {
                                    @match site.scenario_address(page, &scenario.id) {
                                        Some(address) => a.title href=(address) title=(scenario.id) { (prose(&scenario.title)) },
                                        None => span.title title=(scenario.id) { (prose(&scenario.title)) },
                                    }
                                    " " (kind_chip(scenario.kind))
                                }
                                @for verdicts in &verdicts { (cell(verdicts.get(scenario.id.as_str()).copied())) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn verdicts(subject: &SubjectRun) -> BTreeMap<&str, Verdict> {
    subject.results.iter().map(|result| (result.scenario.as_str(), result.verdict)).collect()
}

fn score_cell(subject: &SubjectRun, group: &str) -> Markup {
    let in_group = |result: &&ScenarioResult| result.group == group;
    let score = Score::of(subject.results.iter().filter(in_group));
    let class = match score {
        _ if is_unplayed(subject) => "e",
        Score { judged: 0, .. } => "n",
        Score { passed, judged } if passed == judged => "p",
        _ => "f",
    };
    html! {
        td.{ (class) } {
            @if is_unplayed(subject) { "!" } @else if score.judged == 0 { "–" } @else {
                (score.passed) span.judged { "/" (score.judged) }
            }
        }
    }
}

/// A chip with the kind of a scenario.
pub(crate) fn kind_chip(kind: Kind) -> Markup {
    html! { span.kind.{ "kind-" (kind.as_str()) } { (kind.as_str()) } }
}
