//! What all pages share: the frame, links and text.

use std::collections::{BTreeMap, BTreeSet};

use cors_conformance::run::{SubjectRun, Verdict};
use cors_conformance::subject::SubjectKind;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::Results;
use crate::findings::is_failing;

pub(crate) const STYLE: &str = include_str!("style.css");
pub(crate) const SCRIPT: &str = include_str!("script.js");

/// The results with the names of the files that their pages are in.
pub(crate) struct Site<'a> {
    pub(crate) results: &'a Results,
    /// The names of files, by the names of the subjects.
    files: BTreeMap<&'a str, String>,
    /// The scenarios that a subject fails.
    pub(crate) failing: BTreeSet<&'a str>,
}

impl<'a> Site<'a> {
    pub(crate) fn new(results: &'a Results) -> Self {
        let mut taken = BTreeSet::new();
        let mut files = BTreeMap::new();
        for subject in &results.run.subjects {
            let wanted = slug(&subject.name);
            let mut file = wanted.clone();
            let mut number = 1;
            while !taken.insert(file.clone()) {
                number += 1;
                file = format!("{wanted}-{number}");
            }
            files.insert(subject.name.as_str(), file);
        }
        let played = results.run.subjects.iter().flat_map(|subject| &subject.results);
        let failing = played.filter(|result| is_failing(result));
        Self { results, files, failing: failing.map(|result| result.scenario.as_str()).collect() }
    }

    /// The name of a subject in paths and addresses.
    pub(crate) fn file(&self, subject: &str) -> &str {
        self.files.get(subject).map_or("unknown", String::as_str)
    }

    /// The path of a subject's page.
    pub(crate) fn subject_path(&self, subject: &str) -> String {
        format!("middlewares/{}.html", self.file(subject))
    }

    /// The path of a subject's badge.
    pub(crate) fn badge_path(&self, subject: &str, extension: &str) -> String {
        format!("badges/{}.{extension}", self.file(subject))
    }

    /// A link to a subject's page.
    pub(crate) fn subject_link(&self, page: &Page<'_>, subject: &SubjectRun) -> Markup {
        html! {
            @if page.is_single() { (subject.name) }
            @else { a href=(page.to(&self.subject_path(&subject.name))) { (subject.name) } }
        }
    }

    /// A link to a scenario's page with its id as text.
    pub(crate) fn scenario_link(&self, page: &Page<'_>, id: &str) -> Markup {
        html! {
            @match self.scenario_address(page, id) {
                Some(address) => a href=(address) { code { (id) } },
                None => code { (id) },
            }
        }
    }

    /// Where a page can link to for a scenario. The single page has only the scenarios that a middleware fails.
    pub(crate) fn scenario_address(&self, page: &Page<'_>, id: &str) -> Option<String> {
        if page.is_single() {
            return self.failing.contains(id).then(|| format!("#{}", scenario_anchor(id)));
        }
        self.results.scenarios.contains_key(id).then(|| page.to(&scenario_path(id)))
    }

    /// How many scenarios a subject has with a verdict, with a link to them in the table of all results.
    pub(crate) fn count_link(&self, page: &Page<'_>, subject: &SubjectRun, verdict: Verdict) -> Markup {
        let count = subject.count(verdict);
        if page.is_single() || count == 0 {
            return html! { (count) };
        }
        let (file, status) = (self.file(&subject.name), slug(verdict.as_str()));
        html! { a href={ (page.to("matrix.html")) "#subject=" (file) "&status=" (status) } { (count) } }
    }

    /// The other middlewares first, then the adapters.
    pub(crate) fn columns(&self) -> Vec<&'a SubjectRun> {
        let mut columns: Vec<_> = self.results.run.subjects.iter().collect();
        columns.sort_by_key(|subject| {
            (subject.kind == SubjectKind::Adapter, is_unplayed(subject), subject.name.to_lowercase())
        });
        columns
    }
}

/// Whether a subject was not fit to be tested.
pub(crate) fn is_unplayed(subject: &SubjectRun) -> bool {
    subject.results.is_empty()
}

/// The path of a scenario's page.
pub(crate) fn scenario_path(id: &str) -> String {
    match id.split_once('/') {
        Some((group, name)) => format!("scenarios/{}/{}.html", slug(group), slug(name)),
        None => format!("scenarios/{}.html", slug(id)),
    }
}

/// The anchor of a scenario in the single page.
pub(crate) fn scenario_anchor(id: &str) -> String {
    format!("of-{}", slug(id))
}

/// A text as a name of a file or an anchor. It is never empty and never leads out of a folder.
pub(crate) fn slug(text: &str) -> String {
    let slug: String = text
        .chars()
        .map(|letter| if letter.is_ascii_alphanumeric() || letter == '_' { letter } else { '-' })
        .collect();
    if slug.is_empty() { "-".to_owned() } else { slug }
}

/// A page of the site.
pub(crate) struct Page<'a> {
    pub(crate) title: &'a str,
    /// Its path in the folder of the site. Empty: it is the only page, with everything in it.
    pub(crate) path: &'a str,
    /// Whether it has a table with filters.
    pub(crate) has_script: bool,
}

impl Page<'_> {
    /// The address of a file of the site, as a link of this page.
    pub(crate) fn to(&self, path: &str) -> String {
        format!("{}{path}", "../".repeat(self.path.matches('/').count()))
    }

    /// Whether it is the only page.
    pub(crate) fn is_single(&self) -> bool {
        self.path.is_empty()
    }

    /// The address of an anchor of a page.
    pub(crate) fn to_anchor(&self, path: &str, anchor: &str) -> String {
        if self.is_single() { format!("#{anchor}") } else { format!("{}#{anchor}", self.to(path)) }
    }

    /// The whole page.
    pub(crate) fn render(&self, results: &Results, content: &Markup) -> String {
        let mut links = vec![("index.html", "Findings"), ("matrix.html", "All results")];
        if !results.unsafe_configurations.is_empty() {
            links.push(("unsafe.html", "Unsafe configurations"));
        }
        links.extend([("browsers.html", "Browsers"), ("faq.html", "Questions"), ("about.html", "About")]);
        if self.is_single() {
            links = vec![
                ("#content", "Findings"),
                ("#results", "All results"),
                ("#failing", "Failing scenarios"),
            ];
            if !results.unsafe_configurations.is_empty() {
                links.push(("#unsafe", "Unsafe configurations"));
            }
            links.extend([("#browsers", "Browsers"), ("#about", "About")]);
        }
        let about = if self.is_single() { "#about".to_owned() } else { self.to("about.html") };
        let markup = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    title { (self.title) " – CORS middlewares compared" }
                    link rel="icon" href="data:,";
                    @if self.is_single() {
                        style { (PreEscaped(STYLE)) }
                    } @else {
                        link rel="stylesheet" href=(self.to("style.css"));
                    }
                    @if self.has_script && !self.is_single() {
                        script src=(self.to("script.js")) defer {}
                    }
                }
                body {
                    a.skip href="#content" { "Skip to the content" }
                    header.site {
                        p.name { a href=(if self.is_single() { "#content".to_owned() } else { self.to("index.html") }) { "CORS middlewares compared" } }
                        nav aria-label="Pages" {
                            @for (path, text) in links {
                                a href=(self.to(path)) aria-current=[(path == self.path).then_some("page")] { (text) }
                            }
                        }
                    }
                    main id="content" tabindex="-1" { (content) }
                    footer.site {
                        p {
                            (results.run.scenarios) " scenarios, " (results.run.subjects.len()) " servers"
                            @if let Some(date) = &results.date { ", played on " time datetime=(date) { (date) } }
                            ". " a href=(about) { "How this was measured" } "."
                        }
                    }
                    @if self.has_script && self.is_single() { script { (PreEscaped(SCRIPT)) } }
                }
            }
        };
        markup.into_string()
    }
}

/// A text in which parts between backticks are code.
pub(crate) fn prose(text: &str) -> Markup {
    if text.matches('`').count() % 2 == 1 {
        return html! { (text) };
    }
    html! {
        @for (index, part) in text.split('`').enumerate() {
            @if index % 2 == 0 { (part) } @else if !part.is_empty() { code { (part) } }
        }
    }
}

/// A link to another website, or its text if the address is not one that a browser may follow.
pub(crate) fn outside(url: &str, text: &str) -> Markup {
    html! {
        @if url.starts_with("https://") || url.starts_with("http://") { a href=(url) rel="noopener noreferrer" { (text) } }
        @else { (text) }
    }
}

/// A number with a noun.
pub(crate) fn plural(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// Text that is shown to screen readers only.
pub(crate) fn hidden(text: &str) -> Markup {
    html! { span.hidden { (text) } }
}

/// Lines of code.
pub(crate) fn code(text: &str) -> Markup {
    html! { pre tabindex="0" { code { (text) } } }
}
