//! What middlewares do with unsafe configurations.

use std::collections::BTreeSet;

use maud::html;

use crate::page::{Page, Site, hidden, prose};

pub(crate) fn page(site: &Site<'_>) -> String {
    let page = Page { title: "Unsafe configurations", path: "unsafe.html", has_script: false };
    let answers = &site.results.unsafe_configurations;
    let names: BTreeSet<&String> = answers.values().flat_map(|answers| answers.keys()).collect();
    let subjects: Vec<_> =
        site.columns().into_iter().filter(|subject| answers.contains_key(&subject.name)).collect();
    let content = html! {
        h1 { "Unsafe configurations" }
        p.lead { "Some configurations hand the data of every user to any website. This is what each middleware does when it is told to use one." }
        div.scroll tabindex="0" role="region" aria-label="Unsafe configurations" {
            table.scores {
                thead { tr { th scope="col" { "Middleware" } @for name in &names { th scope="col" { (prose(name)) } } } }
                tbody {
                    @for subject in subjects {
                        tr {
                            th scope="row" { (site.subject_link(&page, subject)) }
                            @for name in &names {
                                @match answers.get(&subject.name).and_then(|answers| answers.get(*name)) {
                                    Some(answer) => td { strong { (answer.answer) } @if !answer.detail.is_empty() { br; span.why { (prose(&answer.detail)) } } },
                                    None => td { span aria-hidden="true" { "–" } (hidden("not asked")) },
                                }
                            }
                        }
                    }
                }
            }
        }
    };
    page.render(site.results, &content)
}
