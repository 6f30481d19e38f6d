//! What browsers do differently.
//!
//! The table of what web developers meet is read from `docs/browsers.md`, and all rules from the profiles of the browser model. The
//! document is made from these profiles too, and a test keeps it up to date.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use cors_browser::Profile;
use maud::{Markup, html};
use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use crate::page::{Page, Site, hidden, plural, prose};

static DOCUMENT: LazyLock<Document> =
    LazyLock::new(|| Document::read(include_str!("../../../docs/browsers.md")));

/// The section with the table of what web developers meet.
const TABLE: &str = "What a web developer should know";

/// The section about the browser that was not measured.
const SAFARI: &str = "What WebKitGTK says about Safari";

/// What is read from `docs/browsers.md`. Texts have their code between backticks.
#[derive(Debug, Default)]
struct Document {
    /// The table's rows; the first is its header.
    table: Vec<Vec<String>>,
    /// The paragraphs about Safari.
    safari: Vec<String>,
    /// The versions that were measured, by the names of the engines.
    versions: BTreeMap<String, String>,
}

impl Document {
    fn read(markdown: &str) -> Self {
        let mut document = Self::default();
        let (mut section, mut text) = (String::new(), String::new());
        for event in Parser::new_ext(markdown, Options::ENABLE_TABLES) {
            match event {
                Event::Start(
                    Tag::Heading { level: HeadingLevel::H2 | HeadingLevel::H3, .. }
                    | Tag::Paragraph
                    | Tag::TableCell,
                ) => text.clear(),
                Event::Text(part) => text.push_str(&part),
                Event::Code(part) => text.extend(["`", &*part, "`"]),
                Event::SoftBreak | Event::HardBreak => text.push(' '),
                Event::End(TagEnd::Heading(HeadingLevel::H2 | HeadingLevel::H3)) => {
                    section.clone_from(&text);
                    if let Some((engine, version)) = section.split_once(", observed in version ") {
                        document.versions.insert(engine.to_owned(), version.to_owned());
                    }
                }
                Event::Start(Tag::TableHead | Tag::TableRow) if section == TABLE => {
                    document.table.push(Vec::new());
                }
                Event::End(TagEnd::TableCell) if section == TABLE => {
                    if let Some(row) = document.table.last_mut() {
                        row.push(text.clone());
                    }
                }
                Event::End(TagEnd::Paragraph) if section == SAFARI => document.safari.push(text.clone()),
                _ => {}
            }
        }
        document
    }
}

/// A rule of one or more profiles.
struct Shared {
    says: &'static str,
    sources: Vec<&'static str>,
    /// Whether Safari need not share it.
    of_libsoup: bool,
    /// Which of Chromium, Firefox and WebKit have it.
    engines: [bool; 3],
}

fn profiles() -> [Profile; 3] {
    [Profile::chromium(), Profile::firefox(), Profile::webkit()]
}

/// The rules by name and text: a rule that says something else of another browser is a row of its own.
fn rules() -> BTreeMap<(&'static str, &'static str), Shared> {
    let mut rules = BTreeMap::new();
    for (index, profile) in profiles().iter().enumerate() {
        for rule in profile.rules() {
            let shared = rules.entry((rule.name, rule.says)).or_insert_with(|| Shared {
                says: rule.says,
                sources: Vec::new(),
                of_libsoup: rule.is_of_libsoup(),
                engines: [false; 3],
            });
            shared.engines[index] = true;
            if !shared.sources.contains(&rule.source) {
                shared.sources.push(rule.source);
            }
        }
    }
    rules
}

pub(crate) fn page(site: &Site<'_>) -> String {
    let page = Page { title: "What browsers do differently", path: "browsers.html", has_script: false };
    let rules = rules();
    let content = html! {
        h1 id="browsers" { (page.title) }
        p.lead {
            "Browsers do not follow the standards in everything. A middleware that passes works with all of them; an application meets the differences all the same."
        }
        (often())
        h2 { (SAFARI) }
        (safari())
        h2 { "All differences" }
        p {
            "These are the " (plural(rules.len(), "rule")) " by which the browser model plays a certain browser. Every scenario is played in the real browsers too, "
            "and each difference between them and the model is explained by one of these rules. "
            "† is a rule of WebKitGTK that Safari need not share."
        }
        div.scroll.tall tabindex="0" role="region" aria-label="All differences" {
            table.scores.differences {
                thead { tr {
                    th scope="col" { "What the browser does" }
                    @for name in ["Chromium", "Firefox", "WebKit"] { th.mark scope="col" { (name) } }
                } }
                tbody {
                    @for ((name, _), rule) in &rules {
                        tr {
                            th scope="row" {
                                code { (name) } @if rule.of_libsoup { " †" }
                                p { (prose(rule.says)) }
                                p.why { (rule_source(&rule.sources)) }
                            }
                            @for has in rule.engines {
                                td.mark {
                                    @if has { "●" (hidden("does it")) } @else { (hidden("follows the standard")) }
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

fn rule_source(sources: &[&str]) -> Markup {
    html! { "Source: " @for (index, source) in sources.iter().enumerate() { @if index > 0 { "; " } (prose(source)) } }
}

/// The part of the single page about browsers.
pub(crate) fn content() -> Markup {
    html! { (often()) h3 { (SAFARI) } (safari()) }
}

fn safari() -> Markup {
    html! { @for paragraph in &DOCUMENT.safari { p { (prose(paragraph)) } } }
}

/// What web developers meet most often, as a table.
fn often() -> Markup {
    let document = &*DOCUMENT;
    let mut rows = document.table.iter();
    let header = rows.next();
    html! {
        p {
            "The differences that people meet most often, measured in "
            @for (index, profile) in profiles().iter().enumerate() {
                @if index > 0 { (if index == 2 { " and " } else { ", " }) }
                (engine(profile.name())) " " (document.versions.get(profile.name()).map_or("", String::as_str))
            }
            "."
        }
        div.scroll tabindex="0" role="region" aria-label="What web developers meet" {
            table.scores.often {
                thead { tr {
                    @for (index, cell) in header.into_iter().flatten().enumerate() {
                        th scope="col" { @if index == 0 { "What it is about" } @else if index == 1 { "The standard" } @else { (prose(cell)) } }
                    }
                } }
                tbody {
                    @for row in rows {
                        tr {
                            @for (index, cell) in row.iter().enumerate() {
                                @if index == 0 { th scope="row" { (prose(cell)) } }
                                @else if cell == "standard" { td.same { "as the standard says" } }
                                @else { td { (prose(cell)) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn engine(name: &str) -> &str {
    match name {
        "chromium" => "Chromium",
        "firefox" => "Firefox",
        "webkit" => "WebKitGTK",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_has_what_the_page_shows() {
        let document = &*DOCUMENT;
        assert!(document.table.len() > 10, "{:?}", document.table);
        assert_eq!(document.table[0][1..], ["standard", "Chromium", "Firefox", "WebKit"]);
        assert!(document.table.iter().all(|row| row.len() == 5), "{:?}", document.table);
        assert!(document.safari.len() > 1, "{:?}", document.safari);
        for profile in profiles() {
            let version = document.versions.get(profile.name());
            assert!(version.is_some_and(|version| version.starts_with(|first: char| first.is_ascii_digit())));
        }
    }

    #[test]
    fn every_rule_of_every_profile_is_in_one_row() {
        let rules = rules();
        for (index, profile) in profiles().iter().enumerate() {
            for rule in profile.rules() {
                let shared = &rules[&(rule.name, rule.says)];
                assert!(shared.engines[index] && shared.sources.contains(&rule.source), "{rule:?}");
            }
            let marked = rules.values().filter(|rule| rule.engines[index]).count();
            assert_eq!(marked, profile.rules().len());
        }
    }

    #[test]
    fn a_document_without_the_sections_is_empty() {
        let document = Document::read("# A title\n\n| a | b |\n|---|---|\n| c | d |\n");
        assert!(document.table.is_empty() && document.safari.is_empty() && document.versions.is_empty());
    }
}
