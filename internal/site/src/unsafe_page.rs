//! What middlewares do with unsafe configurations.

use cors_conformance::unsafe_configuration::{UnsafeConfiguration, UnsafeOutcome};
use maud::{Markup, html};

use crate::Answer;
use crate::page::{Page, Site, hidden, prose};

pub(crate) fn page(site: &Site<'_>) -> String {
    let page = Page { title: "Unsafe configurations", path: "unsafe.html", has_script: false };
    let content = html! { h1 id="unsafe" { (page.title) } (content(site, &page)) };
    page.render(site.results, &content)
}

/// The table, and what each configuration means.
pub(crate) fn content(site: &Site<'_>, page: &Page<'_>) -> Markup {
    let answers = &site.results.unsafe_configurations;
    let is_tried = |configuration: &UnsafeConfiguration| {
        answers.values().any(|answers| answers.contains_key(configuration.name))
    };
    let configurations: Vec<_> = UnsafeConfiguration::ALL.into_iter().filter(is_tried).collect();
    let subjects: Vec<_> =
        site.columns().into_iter().filter(|subject| answers.contains_key(&subject.name)).collect();
    html! {
        p.lead { "Some configurations give the data of every user to any website. This is what each middleware does when it is told to use one." }
        div.scroll.tall tabindex="0" role="region" aria-label="Unsafe configurations" {
            table.scores.unsafe {
                thead { tr { th.corner scope="col" { "Middleware" } @for configuration in &configurations { th scope="col" { (prose(configuration.title)) } } } }
                tbody {
                    @for subject in subjects {
                        tr {
                            th scope="row" { (site.subject_link(page, subject)) }
                            @for configuration in &configurations {
                                @match answers.get(&subject.name).and_then(|answers| answers.get(configuration.name)) {
                                    Some(answer) => td { (shown(answer)) },
                                    None => td { span aria-hidden="true" { "–" } (hidden("not asked")) },
                                }
                            }
                        }
                    }
                }
            }
        }
        p {
            (mark(UnsafeOutcome::ReadsWithCookies)) " A page of another site reads what the server answers to the user. "
            (mark(UnsafeOutcome::ReadsWithoutCookies)) " It reads responses, but only those without the user's cookies. "
            (mark(UnsafeOutcome::Blocked)) " The middleware takes the configuration, and browsers block the page all the same. "
            (mark(UnsafeOutcome::Refused)) " The middleware does not take the configuration. "
            (mark(UnsafeOutcome::CannotExpress)) " It has no such option."
        }
        p { "Who may read then:" }
        dl {
            @for configuration in &configurations {
                dt { (prose(configuration.title)) }
                dd { (configuration.harm) }
            }
        }
    }
}

/// What a middleware does with a configuration.
pub(crate) fn shown(answer: &Answer) -> Markup {
    html! {
        (mark(answer.outcome))
        @if !answer.detail.is_empty() { details { summary { "how" } span.why { (prose(&answer.detail)) } } }
    }
}

/// A chip with the words for an outcome. Those that let others read have the colours of a failure.
fn mark(outcome: UnsafeOutcome) -> Markup {
    let class = match outcome {
        UnsafeOutcome::Refused | UnsafeOutcome::Blocked => "p",
        UnsafeOutcome::CannotExpress => "c",
        UnsafeOutcome::ReadsWithoutCookies => "l",
        UnsafeOutcome::ReadsWithCookies => "f",
        // Error, and what later versions of the suite add.
        _ => "e",
    };
    html! { span.verdict.{ (class) } { (outcome.as_str().to_lowercase()) } }
}
