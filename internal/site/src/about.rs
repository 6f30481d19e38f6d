//! How the results came about, and what they do not mean.

use cors_conformance::run::Verdict;
use maud::{Markup, html};

use crate::marks::{self, chip};
use crate::matrix::kind_chip;
use crate::page::{Page, Site, outside};

/// Where the suite and its scenarios are.
pub(crate) const REPOSITORY: &str = env!("CARGO_PKG_REPOSITORY");

pub(crate) fn page(site: &Site<'_>) -> String {
    let page = Page { title: "About", path: "about.html", has_script: false };
    let content = html! {
        h1 { "About these results" }
        (content(site))
    };
    page.render(site.results, &content)
}

/// A link to a commit. The run may have been made with changes to it, which the word `-dirty` at its end says.
fn commit_link(commit: &str) -> Markup {
    let (id, is_changed) = match commit.strip_suffix("-dirty") {
        Some(id) => (id, true),
        None => (commit, false),
    };
    html! {
        (outside(&format!("{REPOSITORY}/commit/{id}"), id))
        @if is_changed { ", with changes that were not committed" }
    }
}

/// How the results came about.
pub(crate) fn content(site: &Site<'_>) -> Markup {
    let results = site.results;
    html! {
        h2 { "How this was measured" }
        p {
            "Every server runs the same small application behind its CORS middleware. For each scenario the middleware gets the scenario's policy, as its documentation recommends to write it. "
            "A model of a browser, written from the Fetch standard and RFC 6265bis, then plays a page. "
            "A scenario says what the page must be able to read, what must be on the wire, and which handlers of the application must run. "
            "The model is compared with real Chromium, Firefox and WebKit."
        }
        p {
            "The page of a scenario shows the configuration that was used, where the server tells it. If a middleware is configured better in another way, "
            a href={ (REPOSITORY) "/issues" } { "please say so" } "."
        }
        h2 id="passing" { "What passing does not mean" }
        ul {
            li { "That an application is safe. CORS is a rule that browsers enforce on pages. It authenticates no one." }
            li { "That forged requests are stopped. A simple request is sent before anyone asks about CORS." }
            li { "That every browser behaves like the model. It plays the standards, but not extensions, content security policies and service workers." }
            li { "That more passes are better. What a middleware has no option for is not counted, so a small middleware can pass everything that it was judged in. Read which scenarios fail, not how many." }
        }
        h2 { "Fairness" }
        p {
            "The site is made by the project that also writes five of the adapters. Others are not asked for what only this project promises. "
            "A failure about which the maintainers have said that it is right as it is counts as disputed, with a link to where they say so. "
            "A difference that no browser and no cache notices is listed as such."
        }
        h2 { "Verdicts" }
        dl.verdicts { @for verdict in Verdict::ALL { dt { (chip(verdict)) } dd { (marks::meaning(verdict)) } } }
        h2 { "Kinds of scenarios" }
        dl.verdicts {
            dt { (kind_chip(cors_conformance::scenario::Kind::Security)) } dd { "Users or their data come to harm if it does not hold." }
            dt { (kind_chip(cors_conformance::scenario::Kind::Required)) } dd { "A standard requires it." }
            dt { (kind_chip(cors_conformance::scenario::Kind::Quality)) } dd { "It works otherwise, but worse for users." }
            dt { (kind_chip(cors_conformance::scenario::Kind::Informative)) } dd { "There is no right answer. It is shown and not judged." }
        }
        h2 id="run" { "This run" }
        dl.facts {
            dt { "Date" } dd { (results.date.as_deref().unwrap_or("not recorded")) }
            dt { "Commit" } dd {
                @match &results.commit {
                    Some(commit) => (commit_link(commit)),
                    None => "not recorded",
                }
            }
            dt { "Suite" } dd { "cors-conformance " (env!("CARGO_PKG_VERSION")) ", " (results.run.scenarios) " scenarios" }
            dt { "Browser" } dd { (if results.user_agent() == "model" { "the browser model, which follows the standards" } else { results.user_agent() }) }
            dt { "Versions" } dd {
                ul { @for subject in site.columns() { li { (subject.name) " " span.version { (subject.version) } } } }
            }
            @if !results.earlier.is_empty() {
                dt { "Earlier runs" }
                dd { ul { @for date in &results.earlier { li { (date) } } } }
            }
        }
        @if !results.run.problems.is_empty() {
            h2 { "Problems of this run" }
            ul { @for problem in &results.run.problems { li { (problem) } } }
        }
        p { "The suite, the scenarios and the harnesses are " a href=(REPOSITORY) { "in the repository" } ", with a guide for servers in other languages." }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_with_changes_is_linked_without_the_word_for_them() {
        let link = commit_link("0123abc-dirty").into_string();
        assert!(link.contains("/commit/0123abc\"") && link.contains("not committed"), "{link}");
        let link = commit_link("0123abc").into_string();
        assert!(link.contains("/commit/0123abc\"") && !link.contains("not committed"), "{link}");
    }
}
