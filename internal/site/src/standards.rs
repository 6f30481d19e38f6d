//! Links to the sections of standards that scenarios cite.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

static STANDARDS: LazyLock<BTreeMap<String, Standard>> = LazyLock::new(|| {
    // A test makes sure that the file can be read.
    toml::from_str(include_str!("../../../conformance/anchors.toml")).unwrap_or_default()
});

#[derive(Deserialize)]
struct Standard {
    title: String,
    url: String,
    anchors: BTreeMap<String, String>,
}

/// A section of a standard.
pub(crate) struct Section {
    pub(crate) text: String,
    pub(crate) url: String,
}

/// The section that a citation such as `fetch#cors-check` means.
pub(crate) fn section(citation: &str) -> Option<Section> {
    let (document, anchor) = citation.split_once('#')?;
    if document == "semantics" {
        return Some(Section {
            text: format!("Semantics of this project's policies, rule {anchor}"),
            url: format!("{}/blob/main/docs/semantics.md#{anchor}", crate::about::REPOSITORY),
        });
    }
    let standard = STANDARDS.get(document)?;
    let title = standard.anchors.get(anchor)?;
    Some(Section { text: format!("{}: {title}", standard.title), url: format!("{}#{anchor}", standard.url) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_citation_of_the_suite_has_a_link() {
        let scenarios = cors_conformance::scenario::embedded().unwrap();
        for citation in scenarios.iter().flat_map(|scenario| &scenario.spec) {
            assert!(
                section(citation).is_some_and(|section| section.url.starts_with("https://")),
                "{citation}"
            );
        }
    }

    #[test]
    fn an_unknown_citation_has_no_link() {
        for citation in ["fetch", "fetch#nowhere", "nothing#at-all"] {
            assert!(section(citation).is_none(), "{citation}");
        }
    }
}
