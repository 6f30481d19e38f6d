//! Checks of all pages: well-formed, no dead link, nothing unescaped, and what assistive technology needs.

use std::collections::{BTreeMap, BTreeSet};

use cors_conformance::unsafe_configuration::UnsafeOutcome;
use scraper::{ElementRef, Html, Selector};

use crate::{files, fixture, single_page, write};

fn select<'a>(page: &'a Html, selector: &str) -> Vec<ElementRef<'a>> {
    let selector = Selector::parse(selector).unwrap();
    page.select(&selector).collect()
}

/// The pages of the site, parsed.
fn pages() -> BTreeMap<String, Html> {
    let files = files(&fixture::results()).into_iter().filter(|(path, _)| path.ends_with(".html"));
    files.map(|(path, text)| (path, Html::parse_document(&text))).collect()
}

/// The pages of the site, and the page that is alone.
fn all_pages() -> BTreeMap<String, Html> {
    let mut pages = pages();
    pages.insert("single.html".to_owned(), Html::parse_document(&single_page(&fixture::results())));
    pages
}

/// Fails with all complaints at once.
fn none(complaints: Vec<String>) {
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

/// The path that a link of a page leads to.
fn resolve(page: &str, link: &str) -> String {
    let mut parts: Vec<&str> = page.split('/').collect();
    parts.pop();
    for part in link.split('/') {
        if part == ".." {
            assert!(parts.pop().is_some(), "{page}: {link} leads out of the site");
        } else {
            parts.push(part);
        }
    }
    parts.join("/")
}

#[test]
fn every_page_is_well_formed() {
    let complaints = all_pages().into_iter().flat_map(|(path, page)| {
        page.errors.iter().map(|error| format!("{path}: {error}")).collect::<Vec<_>>()
    });
    none(complaints.collect());
}

#[test]
fn every_link_leads_to_a_file_and_an_anchor_of_the_site() {
    let files = files(&fixture::results());
    let pages = all_pages();
    let mut complaints = Vec::new();
    for (path, page) in &pages {
        let links = select(page, "[href], [src]");
        assert!(links.len() > 5, "{path}");
        for element in links {
            let link = element.attr("href").or_else(|| element.attr("src")).unwrap_or_default();
            if link.starts_with("https://") || link == "data:," {
                continue;
            }
            assert!(path != "single.html" || link.starts_with('#'), "{link} leads out of the single page");
            let (target, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if target.is_empty() { path.clone() } else { resolve(path, target) };
            if !files.contains_key(&target) && target != *path {
                complaints.push(format!("{path}: {link}: no such file"));
            }
            let has_anchor =
                |page: &Html| select(page, "[id]").iter().any(|element| element.attr("id") == Some(anchor));
            // Filters of the table; `browser.rs` tests them.
            let is_filter = target == "matrix.html" && anchor.contains('=');
            if !anchor.is_empty() && !is_filter && !pages.get(&target).is_some_and(has_anchor) {
                complaints.push(format!("{path}: {link}: no such anchor"));
            }
        }
    }
    none(complaints);
}

#[test]
fn every_page_is_reached_from_the_start_page() {
    let pages = pages();
    let (mut reached, mut left) = (BTreeSet::new(), vec!["index.html".to_owned()]);
    while let Some(path) = left.pop() {
        if !reached.insert(path.clone()) {
            continue;
        }
        for element in select(&pages[&path], "a[href]") {
            let link = element.attr("href").unwrap_or_default();
            let target = resolve(&path, link.split('#').next().unwrap_or_default());
            if pages.contains_key(&target) {
                left.push(target);
            }
        }
    }
    assert_eq!(reached, pages.keys().cloned().collect());
}

#[test]
fn nothing_of_a_server_becomes_markup() {
    for (path, page) in all_pages() {
        let scripts: Vec<String> =
            select(&page, "script").iter().map(|script| script.text().collect()).collect();
        match path.as_str() {
            "matrix.html" => assert_eq!(scripts, [""]),
            "single.html" => assert_eq!(scripts, [crate::page::SCRIPT]),
            _ => assert!(scripts.is_empty(), "{path}"),
        }
        assert!(select(&page, "b").iter().all(|bold| !bold.inner_html().contains("step")), "{path}");
        for element in select(&page, "*") {
            for (name, value) in element.value().attrs() {
                assert!(
                    !name.starts_with("on") && !value.starts_with("javascript:"),
                    "{path}: {name}={value}"
                );
            }
        }
    }
}

#[test]
fn no_name_of_a_subject_leads_out_of_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let site = folder.path().join("a/site");
    write(&fixture::results(), &site).unwrap();
    let entries: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(entries.len(), 1);
    let names: Vec<_> = std::fs::read_dir(site.join("middlewares")).unwrap().collect();
    assert_eq!(names.len(), 4);
    for path in files(&fixture::results()).keys() {
        assert!(path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte)), "{path}");
        assert!(!path.contains("..") && !path.starts_with('/'), "{path}");
    }
}

#[test]
fn pages_load_nothing_from_the_network() {
    for (path, page) in all_pages() {
        for element in select(&page, "link, script, img, iframe, source") {
            let address = element.attr("href").or_else(|| element.attr("src")).unwrap_or_default();
            assert!(!address.contains("//"), "{path}: {address}");
        }
    }
    for text in [crate::page::STYLE, crate::page::SCRIPT] {
        assert!(!text.contains("//") && !text.contains("@import"), "the style or the script loads something");
    }
}

#[test]
fn pages_have_what_assistive_technology_needs() {
    let mut complaints = Vec::new();
    for (path, page) in all_pages() {
        let count = |selector| select(&page, selector).len();
        let mut check = |is_right: bool, what: &str| {
            if !is_right {
                complaints.push(format!("{path}: {what}"));
            }
        };
        check(count("html[lang=en]") == 1, "no language");
        check(count("main") == 1 && count("h1") == 1, "not one `main` with one `h1`");
        check(count("title") == 1, "no title");
        check(count("img:not([alt])") == 0, "an image without text");
        check(count("th:not([scope])") == 0, "a header cell without scope");
        check(count("select, input") == count("label select, label input"), "a field without a label");
        check(count("details:not(:has(> summary:first-child))") == 0, "`details` without `summary`");
        let levels: Vec<u8> = select(&page, "h1, h2, h3, h4")
            .iter()
            .filter_map(|heading| heading.value().name().as_bytes().get(1).map(|digit| digit - b'0'))
            .collect();
        check(levels.windows(2).all(|pair| pair[1] <= pair[0] + 1), "a level of headings is left out");
        let ids: Vec<_> = select(&page, "[id]").iter().filter_map(|element| element.attr("id")).collect();
        let unique: BTreeSet<_> = ids.iter().collect();
        check(unique.len() == ids.len(), "an id twice");
        let empty = select(&page, "a, button, summary, h1, h2, h3, dt, th");
        check(
            empty.iter().all(|element| element.text().any(|text| !text.trim().is_empty())),
            "a link, button or heading without text",
        );
    }
    none(complaints);
}

#[test]
fn a_start_page_names_the_worst_first_and_keeps_adapters_apart() {
    let pages = pages();
    let start = &pages["index.html"];
    let findings = select(start, "article.finding");
    let ids: Vec<_> = findings.iter().filter_map(|finding| finding.attr("id")).collect();
    assert_eq!(ids, ["denied-page-reads", "vary-missing", "scenario-zebra-stripes"]);
    let shown: String = findings.iter().flat_map(ElementRef::text).collect();
    assert!(!shown.contains("cors-zebra"), "{shown}");
    let text: String = start.root_element().text().collect();
    assert!(text.contains("cors-zebra") && text.contains("2026-01-02"), "{text}");
}

#[test]
fn a_run_without_subjects_has_a_site() {
    let empty = crate::Results::new(cors_conformance::Run::default()).unwrap();
    let files = files(&empty);
    assert!(files["index.html"].contains("</html>") && !files.contains_key("unsafe.html"));
}

#[test]
fn a_report_that_was_written_can_be_read_back() {
    let run = fixture::run();
    let text = cors_conformance::report::render(&run, cors_conformance::report::Format::Json).unwrap();
    let results = crate::Results::read("2026-01-02", &text).unwrap();
    assert_eq!(results.date.as_deref(), Some("2026-01-02"));
    assert_eq!(
        cors_conformance::report::render(&results.run, cors_conformance::report::Format::Json).unwrap(),
        text
    );
}

#[test]
fn unsafe_configurations_are_read_from_their_report() {
    let mut results = fixture::results();
    let report = r#"[{"subject":"zebra-cors","results":[
        {"name":"null-origin","outcome":"reads-with-cookies","detail":"","configuration":"cors()"}
    ]}]"#;
    results.add_unsafe(serde_json::from_str(report).unwrap());
    let answer = &results.unsafe_configurations["zebra-cors"]["null-origin"];
    assert_eq!((answer.outcome, answer.detail.as_str()), (UnsafeOutcome::ReadsWithCookies, "cors()"));
}
