//! Every citation of a standard, of `docs/semantics.md` or of the FAQ names something that exists.
//!
//! The anchors of outside standards are in `anchors.toml`, which was checked against the sources of those standards.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use cors_conformance::scenario;
use rstest::rstest;
use serde::Deserialize;

/// The name under which scenarios cite `docs/semantics.md`.
const SEMANTICS: &str = "semantics";

/// One outside standard in `anchors.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Standard {
    title: String,
    /// The page that the anchors are on.
    url: String,
    /// The date of the version whose anchors are listed.
    date: toml::value::Datetime,
    /// The anchors with the titles of their sections.
    anchors: BTreeMap<String, String>,
}

/// Every anchor that may be cited, by document.
struct Anchors {
    standards: BTreeMap<String, Standard>,
    semantics: Vec<String>,
}

impl Anchors {
    fn read() -> Self {
        let standards = toml::from_str(include_str!("../anchors.toml")).unwrap();
        let semantics = explicit_anchors(&fs::read_to_string(docs().join("semantics.md")).unwrap());
        Self { standards, semantics }
    }

    /// What is wrong with a citation such as `fetch#cors-check`, if anything is.
    fn fault(&self, citation: &str) -> Option<String> {
        let Some((document, anchor)) = citation.split_once('#') else {
            return Some(format!("`{citation}` is not a citation: write `document#anchor`"));
        };
        if document == SEMANTICS {
            let exists = self.semantics.iter().any(|known| known == anchor);
            return (!exists).then(|| format!("docs/semantics.md has no anchor `{anchor}`"));
        }
        match self.standards.get(document) {
            None => Some(format!("anchors.toml has no standard `{document}`")),
            Some(standard) if !standard.anchors.contains_key(anchor) => {
                Some(format!("anchors.toml lists no anchor `{anchor}` of {document}"))
            }
            Some(_) => None,
        }
    }

    /// The citation that a link to one of the standards makes, such as `fetch#cors-check`.
    fn citation_of_link(&self, url: &str) -> Option<String> {
        self.standards.iter().find_map(|(document, standard)| {
            let anchor = url.strip_prefix(&standard.url)?.strip_prefix('#')?;
            Some(format!("{document}#{anchor}"))
        })
    }
}

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs")
}

/// The pages under `docs`, by file name.
fn pages() -> BTreeMap<String, String> {
    let files = fs::read_dir(docs()).unwrap().map(|entry| entry.unwrap().path());
    let pages = files.filter(|path| path.extension().is_some_and(|extension| extension == "md"));
    pages
        .map(|path| {
            (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read_to_string(&path).unwrap())
        })
        .collect()
}

/// The values of `<a id="…">` in a page.
fn explicit_anchors(page: &str) -> Vec<String> {
    page.split("<a id=\"").skip(1).filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())).collect()
}

/// The targets of the Markdown links in a page.
fn links(page: &str) -> Vec<&str> {
    page.split("](").skip(1).filter_map(|rest| Some(rest.split_once(')')?.0)).collect()
}

/// What the scenarios cite, each citation with the scenario's id.
fn citations() -> Vec<(String, String)> {
    let scenarios = scenario::embedded().unwrap();
    scenarios
        .into_iter()
        .flat_map(|scenario| scenario.spec.into_iter().map(move |citation| (scenario.id.clone(), citation)))
        .collect()
}

/// Fails with all complaints at once.
fn none(complaints: Vec<String>) {
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

#[test]
fn every_scenario_cites_anchors_that_exist() {
    let anchors = Anchors::read();
    let complaints = citations()
        .into_iter()
        .filter_map(|(id, citation)| Some(format!("{id}: {}", anchors.fault(&citation)?)));
    none(complaints.collect());
}

#[rstest]
#[case::misspelt("fetch#metods")]
#[case::a_section_that_does_not_exist("rfc9110#section-5.99")]
#[case::a_section_without_its_prefix("rfc9110#5.3")]
#[case::a_rule_that_does_not_exist("semantics#2.99")]
#[case::an_unknown_standard("rfc1#section-1")]
#[case::no_anchor("fetch")]
fn a_wrong_citation_is_noticed(#[case] citation: &str) {
    assert!(Anchors::read().fault(citation).is_some());
}

#[test]
fn every_page_links_to_anchors_that_exist() {
    let anchors = Anchors::read();
    let mut complaints = Vec::new();
    for (name, page) in pages() {
        for link in links(&page) {
            let citation = match link.strip_prefix("semantics.md#") {
                Some(anchor) => Some(format!("{SEMANTICS}#{anchor}")),
                None if name == "semantics.md" && link.starts_with('#') => Some(format!("{SEMANTICS}{link}")),
                None => anchors.citation_of_link(link),
            };
            let fault = citation.and_then(|citation| anchors.fault(&citation));
            complaints.extend(fault.map(|fault| format!("docs/{name}: {link}: {fault}")));
        }
    }
    none(complaints);
}

#[test]
fn every_listed_anchor_is_cited() {
    let anchors = Anchors::read();
    let mut cited: BTreeSet<String> = citations().into_iter().map(|(_, citation)| citation).collect();
    for page in pages().values() {
        cited.extend(links(page).into_iter().filter_map(|link| anchors.citation_of_link(link)));
    }
    let mut complaints = Vec::new();
    for (document, standard) in &anchors.standards {
        let listed = standard.anchors.keys().map(|anchor| format!("{document}#{anchor}"));
        complaints.extend(
            listed.filter(|anchor| !cited.contains(anchor)).map(|anchor| format!("{anchor}: unused")),
        );
    }
    none(complaints);
}

#[test]
fn every_standard_says_what_it_is() {
    let mut complaints = Vec::new();
    for (document, standard) in Anchors::read().standards {
        if standard.title.trim().is_empty() {
            complaints.push(format!("{document}: an empty title"));
        }
        if !standard.url.starts_with("https://") || standard.url.contains('#') {
            complaints.push(format!("{document}: `{}` is not the URL of a page", standard.url));
        }
        if standard.date.date.is_none() {
            complaints.push(format!("{document}: `date` is not a date"));
        }
        let untitled = standard.anchors.iter().filter(|(_, title)| title.trim().is_empty());
        complaints.extend(untitled.map(|(anchor, _)| format!("{document}#{anchor}: no title")));
    }
    none(complaints);
}

#[test]
fn every_rule_about_requests_has_an_anchor_and_a_scenario() {
    let page = fs::read_to_string(docs().join("semantics.md")).unwrap();
    let anchors = explicit_anchors(&page);
    let headings =
        page.lines().filter_map(|line| line.strip_prefix("##")?.trim_start_matches('#').strip_prefix(' '));
    let numbers = headings.filter_map(|heading| heading.split_once(' ').map(|(number, _)| number));
    let rules: Vec<&str> = numbers
        .filter(|number| number.starts_with(|first: char| first.is_ascii_digit()))
        .map(|number| number.trim_end_matches('.'))
        .collect();
    let cited: BTreeSet<String> = citations().into_iter().map(|(_, citation)| citation).collect();
    let mut complaints = Vec::new();
    if rules != anchors {
        complaints.push(format!("the headings are {rules:?}, the anchors {anchors:?}"));
    }
    // Sections 5 and 9 are about building a policy and about logs, where there is nothing to play. Scenarios cannot change the policy
    // of a running server (7.5): `internal/subjects/tests/handle.rs` does it in every framework.
    let about_requests =
        rules.iter().filter(|rule| rule.contains('.') && !rule.starts_with(['5', '9']) && **rule != "7.5");
    complaints.extend(
        about_requests
            .filter(|rule| !cited.contains(&format!("{SEMANTICS}#{rule}")))
            .map(|rule| format!("semantics#{rule}: no scenario cites it")),
    );
    none(complaints);
}
