//! Everything that matters in one file.

use maud::{Markup, html};

use crate::findings::is_failing;
use crate::marks::chip;
use crate::matrix::kind_chip;
use crate::page::{Page, Site, code, prose, scenario_anchor};
use crate::{ScenarioText, about, browsers, matrix, scenario_page, start, unsafe_page};

pub(crate) fn page(site: &Site<'_>) -> String {
    let page = Page { title: "Findings", path: "", has_script: true };
    let failing = site.failing.iter().filter_map(|id| site.results.scenarios.get(*id));
    let content = html! {
        (start::content(site, &page))
        h2 id="results" { "All results" }
        (matrix::content(site, &page))
        h2 id="failing" { "Failing scenarios" }
        @for scenario in failing { (shown(site, &page, scenario)) }
        @if !site.results.unsafe_configurations.is_empty() {
            h2 id="unsafe" { "Unsafe configurations" }
            (unsafe_page::content(site, &page))
        }
        h2 id="browsers" { "What browsers do differently" }
        (browsers::content())
        h2 id="about" { "About these results" }
        (about::content(site))
    };
    page.render(site.results, &content)
}

/// A scenario with the results of those that fail it.
fn shown(site: &Site<'_>, page: &Page<'_>, scenario: &ScenarioText) -> Markup {
    let policy = scenario.policy();
    html! {
        details.finding id=(scenario_anchor(&scenario.id)) {
            summary { code { (scenario.id) } " " (prose(&scenario.title)) " " (kind_chip(scenario.kind)) }
            @if let Some(harm) = &scenario.harm { p.harm { strong { "If it does not hold: " } (prose(harm)) "." } }
            @if !policy.is_empty() { (code(&policy)) }
            ul.results {
                @for subject in site.columns() {
                    @for result in subject.results.iter().filter(|result| result.scenario == scenario.id) {
                        @if is_failing(result) {
                            li {
                                p { (chip(result.verdict)) " " (subject.name) " " span.version { (subject.version) } }
                                (scenario_page::reason(page, result))
                                (scenario_page::details(result))
                            }
                        }
                    }
                }
            }
        }
    }
}
