//! The questions of the CORS FAQ, with the scenarios that answer them.

use maud::html;

use crate::page::{Page, Site, prose};

pub(crate) fn page(site: &Site<'_>) -> String {
    let page = Page { title: "Questions", path: "faq.html", has_script: false };
    let content = html! {
        h1 { "Questions about CORS" }
        p.lead { "What people ask about CORS, and the scenarios that show the answer." }
        @for question in &site.results.questions {
            section.question {
                h2 id=(question.slug) { (question.question) }
                @if !question.claims.is_empty() {
                    ul { @for claim in &question.claims { li { (prose(claim)) } } }
                }
                @if let Some(prose_only) = &question.prose { p { (prose(prose_only)) } }
                @let shown = question.scenarios.iter().filter_map(|id| site.results.scenarios.get(id)).collect::<Vec<_>>();
                @if !shown.is_empty() {
                    details {
                        summary { "Scenarios that show it " span.count { (shown.len()) } }
                        ul.scenarios { @for scenario in shown { li { (site.scenario_link(&page, &scenario.id)) " " (prose(&scenario.title)) } } }
                    }
                }
            }
        }
    };
    page.render(site.results, &content)
}
