//! What middlewares do with unsafe configurations.

use cors_conformance::unsafe_configuration::UnsafeConfiguration;
use maud::html;

use crate::page::{Page, Site, hidden, prose};

pub(crate) fn page(site: &Site<'_>) -> String {
    let page = Page { title: "Unsafe configurations", path: "unsafe.html", has_script: false };
    let answers = &site.results.unsafe_configurations;
    let is_tried = |configuration: &UnsafeConfiguration| {
        answers.values().any(|answers| answers.contains_key(configuration.name))
    };
    let configurations: Vec<_> = UnsafeConfiguration::ALL.into_iter().filter(is_tried).collect();
    let subjects: Vec<_> =
        site.columns().into_iter().filter(|subject| answers.contains_key(&subject.name)).collect();
    let content = html! {
        h1 { "Unsafe configurations" }
        p.lead { "Some configurations hand the data of every user to any website. This is what each middleware does when it is told to use one." }
        div.scroll tabindex="0" role="region" aria-label="Unsafe configurations" {
            table.scores {
                thead { tr { th scope="col" { "Middleware" } @for configuration in &configurations { th scope="col" { (prose(configuration.title)) } } } }
                tbody {
                    @for subject in subjects {
                        tr {
                            th scope="row" { (site.subject_link(&page, subject)) }
                            @for configuration in &configurations {
                                @match answers.get(&subject.name).and_then(|answers| answers.get(configuration.name)) {
                                    Some(answer) => td { strong { (answer.answer) } @if !answer.detail.is_empty() { details { summary { "how" } span.why { (prose(&answer.detail)) } } } },
                                    None => td { span aria-hidden="true" { "–" } (hidden("not asked")) },
                                }
                            }
                        }
                    }
                }
            }
        }
        h2 { "Who may read then" }
        dl {
            @for configuration in &configurations {
                dt { (prose(configuration.title)) }
                dd { (configuration.harm) }
            }
        }
    };
    page.render(site.results, &content)
}
