//! The site works in Chromium and Firefox, opened as files, with the mouse, with the keyboard, and on a narrow screen.
//!
//! If a browser is not installed, its test is skipped. With `CORS_BROWSERS=required` it fails instead.
//!
//! `PICTURES_OF=report.json cargo test -p cors-site --test browser -- --ignored` writes the pictures in `docs/images`.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::{Duration, Instant};
use std::{env, fs};

use cors_conformance::run::Verdict;
use cors_real_browsers::real::Kind;
use cors_site::Results;
use serde_json::{Value, json};
use tempfile::TempDir;
use thirtyfour::prelude::Key;
use url::Url;

use driver::{Browser, Scheme, WIDE};

mod driver;
mod fixture;

/// The size of a small telephone.
const NARROW: (u32, u32) = (360, 740);

/// How long a page may take to show what is expected.
const PATIENCE: Duration = Duration::from_secs(5);

/// A page of each kind.
const PAGES: [&str; 9] = [
    "index.html",
    "matrix.html",
    "unsafe.html",
    "browsers.html",
    "faq.html",
    "about.html",
    "single.html",
    "middlewares/rocket_cors.html",
    "scenarios/caching/application-vary-kept.html",
];

/// The site in a folder of its own.
struct Site {
    results: Results,
    folder: TempDir,
}

impl Site {
    fn write(results: Results) -> Self {
        let folder = tempfile::tempdir().unwrap();
        cors_site::write(&results, folder.path()).unwrap();
        fs::write(folder.path().join("single.html"), cors_site::single_page(&results)).unwrap();
        Self { results, folder }
    }

    fn url(&self, page: &str) -> Url {
        let (path, anchor) = page.split_once('#').unwrap_or((page, ""));
        let mut url = Url::from_file_path(self.folder.path().join(path)).unwrap();
        url.set_fragment((!anchor.is_empty()).then_some(anchor));
        url
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_site_works() {
    let site = Site::write(fixture::results());
    tokio::join!(works_in(Kind::Chromium, &site), works_in(Kind::Firefox, &site));
}

async fn works_in(kind: Kind, site: &Site) {
    let Some(browser) = Browser::start(kind).await else { return };
    the_checks_find_mistakes(&browser, site).await;
    for page in ["matrix.html", "single.html"] {
        groups_unfold(&browser, site, page).await;
        filters_choose_rows(&browser, site, page).await;
    }
    an_address_leads_to_a_part(&browser, site).await;
    the_keyboard_is_enough(&browser, site).await;
    every_link_loads(&browser, site).await;
    every_control_has_a_name(&browser, site).await;
    narrow_screens_scroll_tables_only(&browser, site).await;
    texts_can_be_read(&browser, site).await;
    browser.stop().await;
}

/// Waits until an expression in the page has a value. Drivers do not wait until the page has handled an event.
async fn wait_for(browser: &Browser, expression: &str, wanted: &Value, what: &str) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let value = browser.eval(expression).await;
        if value == *wanted {
            return;
        }
        assert!(Instant::now() < deadline, "{what}: {value}, not {wanted}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn is_unfolded(browser: &Browser) -> bool {
    browser.eval("all('button.fold')[0].getAttribute('aria-expanded')").await == "true"
}

/// A page with mistakes has complaints. Without this, a check that finds nothing could be one that looks at nothing.
async fn the_checks_find_mistakes(browser: &Browser, site: &Site) {
    let page = "<!doctype html><title>Mistakes</title><body style='background: white'>\
        <p style='color: #888'>This text is faint.</p>\
        <div style='width: 2000px'>This is wide.</div>\
        <button style='outline: none' autofocus><img src='data:,' width=20 height=20></button>";
    fs::write(site.folder.path().join(format!("{}.html", browser.name())), page).unwrap();
    browser.open(site.url(&format!("{}.html", browser.name()))).await;
    let faint = browser.texts("faintTexts()").await;
    assert!(faint.iter().any(|complaint| complaint.contains("This text is faint")), "{faint:?}");
    assert!(!faint.iter().any(|complaint| complaint.contains("This is wide")), "{faint:?}");
    let wide = browser.texts("overflowing()").await;
    assert!(wide.iter().any(|complaint| complaint.contains("This is wide")), "{wide:?}");
    let controls = browser.elements("controls()").await;
    assert_eq!(browser.name_of(&controls[0]).await, "");
    browser.press(Key::Tab).await;
    assert_eq!(browser.eval("focused().isShown").await, json!(false));
}

/// By mouse and by keyboard, one group and all.
async fn groups_unfold(browser: &Browser, site: &Site, page: &str) {
    browser.open(site.url(page)).await;
    let rows = "shownRows()";
    assert!(browser.texts(rows).await.is_empty(), "{page}: folded at first");
    let first = site.results.scenarios.values().next().unwrap().group.clone();
    let in_group: Vec<_> = site
        .results
        .scenarios
        .values()
        .filter(|scenario| scenario.group == first)
        .map(|scenario| scenario.id.clone())
        .collect();

    browser.click("button.fold").await;
    assert!(is_unfolded(browser).await, "{page}");
    assert_eq!(browser.texts(rows).await, in_group, "{page}");
    browser.click("button.fold").await;
    assert!(!is_unfolded(browser).await && browser.texts(rows).await.is_empty(), "{page}");
    for key in [Key::Enter, Key::Space] {
        browser.press(key.clone()).await;
        assert_eq!(browser.texts(rows).await, in_group, "{page}: {key:?} unfolds");
        browser.press(key).await;
        assert!(browser.texts(rows).await.is_empty(), "{page}: the same key folds");
    }
    browser.click("#unfold").await;
    assert_eq!(browser.texts(rows).await.len(), site.results.scenarios.len(), "{page}");
    browser.click("#unfold").await;
    assert!(browser.texts(rows).await.is_empty(), "{page}");
}

/// Each filter chooses the right rows, all together too, and the address keeps them.
async fn filters_choose_rows(browser: &Browser, site: &Site, page: &str) {
    let scenarios = &site.results.scenarios;
    let with = |wanted: &dyn Fn(&cors_site::ScenarioText) -> bool| -> Vec<String> {
        scenarios.values().filter(|scenario| wanted(scenario)).map(|scenario| scenario.id.clone()).collect()
    };
    let check = async |expected: Vec<String>, what: &str| {
        assert!(!expected.is_empty() && expected.len() < scenarios.len(), "{what} chooses nothing or all");
        wait_for(browser, "shownRows()", &json!(expected), &format!("{page}: {what}")).await;
        let found = browser.find("#found").await.text().await.unwrap();
        assert!(found.starts_with(&format!("{} scenario", expected.len())), "{page}: {what}: {found}");
    };
    let has_text = |scenario: &cors_site::ScenarioText| {
        let text = format!("{} {}", scenario.title.replace('`', ""), scenario.id).to_lowercase();
        text.contains("vary") && text.contains("caching")
    };
    let is_security =
        |scenario: &cors_site::ScenarioText| scenario.kind == cors_conformance::scenario::Kind::Security;
    let has_verdict = |subject: Option<&str>, scenario: &cors_site::ScenarioText| {
        let subjects =
            site.results.run.subjects.iter().filter(|played| subject.is_none_or(|name| name == played.name));
        let mut results = subjects.flat_map(|played| &played.results);
        results.any(|result| result.scenario == scenario.id && result.verdict == Verdict::Limit)
    };
    let reset = async || {
        browser.click("#filters [type=reset]").await;
        wait_for(browser, "location.hash", &json!(""), "reset").await;
        assert!(browser.texts("shownRows()").await.is_empty(), "{page}: reset folds");
    };

    browser.open(site.url(page)).await;
    let text = browser.find("#filters [name=text]").await;
    text.send_keys("Vary  caching").await.unwrap();
    check(with(&has_text), "text").await;
    reset().await;
    browser.click("#filters [name=kind] [value=security]").await;
    check(with(&is_security), "kind").await;
    reset().await;
    browser.click("#filters [name=status] [value=limit]").await;
    check(with(&|scenario| has_verdict(None, scenario)), "status").await;
    browser.click("#filters [name=subject] [value=koa-cors]").await;
    check(with(&|scenario| has_verdict(Some("koa-cors"), scenario)), "status of a server").await;
    let columns = "all('#matrix thead th').filter(isVisible).map((cell) => cell.textContent)";
    assert_eq!(browser.texts(columns).await, ["Scenario", "koa-cors"]);

    browser.click("#filters [name=kind] [value=required]").await;
    text.send_keys("a").await.unwrap();
    let chosen = browser.texts("shownRows()").await;
    let address = browser.driver.current_url().await.unwrap();
    assert_eq!(address.fragment(), Some("text=a&kind=required&subject=koa-cors&status=limit"));
    browser.driver.refresh().await.unwrap();
    assert_eq!(browser.texts("shownRows()").await, chosen, "{page}: the address keeps the filters");
    // Another page first, so that the page is loaded and does not only hear of another fragment.
    browser.open(site.url("about.html")).await;
    browser.open(&address).await;
    assert_eq!(browser.texts("shownRows()").await, chosen, "{page}: the address has the filters");
    assert_eq!(browser.texts(columns).await, ["Scenario", "koa-cors"]);
    reset().await;
    assert_eq!(browser.texts(columns).await.len(), site.results.run.subjects.len() + 1);
    browser.open(site.url(&format!("{page}#kind=nothing&subject=nobody&status=none"))).await;
    assert_eq!(browser.eval("all('#matrix .group').filter(isVisible).length > 5").await, json!(true));
}

/// An address with a group, and one with a scenario of the single page, unfold it.
async fn an_address_leads_to_a_part(browser: &Browser, site: &Site) {
    browser.open(site.url("scenarios/errors/body-too-large.html")).await;
    let group = browser.elements("all('.path a').slice(1)").await;
    group[0].click().await.unwrap();
    let rows = browser.texts("shownRows()").await;
    assert!(!rows.is_empty() && rows.iter().all(|id| id.starts_with("errors/")), "{rows:?}");
    let is_shown = "document.getElementById('group-errors').getBoundingClientRect().top < innerHeight";
    assert_eq!(browser.eval(is_shown).await, json!(true));

    browser.open(site.url("single.html")).await;
    browser.eval("unfoldAll()").await;
    let link = browser.elements("all('#matrix a.title').slice(0, 1)").await;
    browser.eval("all('details').forEach((details) => details.open = false)").await;
    link[0].click().await.unwrap();
    assert_eq!(browser.eval("document.querySelector(location.hash).open").await, json!(true));
}

/// Everything that can be clicked is reached by Tab, and the focus is seen.
async fn the_keyboard_is_enough(browser: &Browser, site: &Site) {
    browser.open(site.url("matrix.html")).await;
    let mut reached = BTreeSet::new();
    for _ in 0..16 {
        browser.press(Key::Tab).await;
        let focus = browser.eval("focused()").await;
        assert_eq!(focus["isShown"], true, "{focus}");
        reached.insert(focus["name"].as_str().unwrap().to_owned());
    }
    for wanted in ["A.skip", "A.", "SUMMARY.", "INPUT.", "SELECT.", "BUTTON.", "DIV.scroll tall"] {
        assert!(reached.iter().any(|name| name.starts_with(wanted)), "{wanted} is not in {reached:?}");
    }
    browser.open(site.url("index.html")).await;
    browser.press(Key::Tab).await;
    browser.press(Key::Enter).await;
    assert_eq!(
        browser.eval("document.activeElement.id").await,
        "content",
        "the first link skips to the content"
    );
}

/// Every link of every page, from the start page on, leads to a file that loads and to an anchor that it has.
async fn every_link_loads(browser: &Browser, site: &Site) {
    let mut anchors = BTreeMap::<Url, BTreeSet<String>>::new();
    let mut links = BTreeMap::<Url, Url>::new();
    let mut left = vec![site.url("index.html"), site.url("single.html")];
    while let Some(page) = left.pop() {
        if anchors.contains_key(&page) {
            continue;
        }
        browser.open(&page).await;
        let is_page = page.path().ends_with(".html");
        if is_page {
            let looks_right = "getComputedStyle(document.body).margin === '0px' && document.images.length === [...document.images].filter((image) => image.naturalWidth).length";
            assert_eq!(
                browser.eval(looks_right).await,
                json!(true),
                "{page}: the style or a picture is missing"
            );
        }
        let found = if is_page { browser.texts("links()").await } else { Vec::new() };
        assert!(!is_page || found.len() > 5, "{page}: {found:?}");
        anchors.insert(
            page.clone(),
            browser.texts("all('[id]').map((element) => element.id)").await.into_iter().collect(),
        );
        for link in found {
            let link = Url::parse(&link).unwrap();
            if link.scheme() == "https" {
                continue;
            }
            let mut file = link.clone();
            file.set_fragment(None);
            left.push(file);
            links.insert(link, page.clone());
        }
    }
    assert!(anchors.len() > site.results.scenarios.len() + site.results.run.subjects.len());
    for (link, page) in links {
        let (mut file, anchor) = (link.clone(), link.fragment().unwrap_or_default());
        file.set_fragment(None);
        let is_filter = anchor.contains('=');
        assert!(
            anchor.is_empty() || is_filter || anchors[&file].contains(anchor),
            "{page}: {link}: no such anchor"
        );
    }
}

async fn every_control_has_a_name(browser: &Browser, site: &Site) {
    for page in PAGES {
        browser.open(site.url(page)).await;
        // The others are alike.
        let controls = browser.elements("controls().slice(0, 40)").await;
        assert!(controls.len() > 8, "{page}");
        for control in controls {
            let name = browser.name_of(&control).await;
            assert!(!name.trim().is_empty(), "{page}: {}", control.outer_html().await.unwrap());
        }
    }
}

async fn narrow_screens_scroll_tables_only(browser: &Browser, site: &Site) {
    browser.resize(NARROW).await;
    for page in PAGES {
        browser.open(site.url(page)).await;
        browser.eval("unfoldAll()").await;
        let complaints = browser.texts("overflowing()").await;
        assert!(complaints.is_empty(), "{page}: {complaints:#?}");
    }
    browser.open(site.url("matrix.html")).await;
    browser.eval("document.querySelector('.tall').scrollLeft = 200").await;
    let place = browser
        .eval("[document.querySelector('.tall').scrollLeft, scrollX, document.querySelector('#matrix .group th').getBoundingClientRect().left >= 0]")
        .await;
    assert_eq!(place, json!([200, 0, true]), "the table scrolls, the page and the first column do not");
    browser.resize(WIDE).await;
}

async fn texts_can_be_read(browser: &Browser, site: &Site) {
    for scheme in [Scheme::Light, Scheme::Dark] {
        browser.prefer(scheme).await;
        for page in PAGES {
            browser.open(site.url(page)).await;
            let is_dark = browser.eval("matchMedia('(prefers-color-scheme: dark)').matches").await;
            assert_eq!(is_dark, json!(matches!(scheme, Scheme::Dark)));
            browser.eval("unfoldAll()").await;
            let complaints = browser.texts("faintTexts()").await;
            assert!(complaints.is_empty(), "{page}, {scheme:?}: {complaints:#?}");
        }
    }
    browser.prefer(Scheme::Light).await;
}

/// Not a test: it writes the pictures of the README.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "it writes pictures of the report that `PICTURES_OF` names"]
async fn pictures() {
    let report = env::var("PICTURES_OF").unwrap();
    let results = Results::read("pictures", &fs::read_to_string(report).unwrap()).unwrap();
    let site = Site::write(results);
    let browser = Browser::start(Kind::Chromium).await.unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/images");
    for (page, part, size, scheme, file) in [
        ("index.html", "body", (1280, 720), Scheme::Light, "comparison-wide.png"),
        ("matrix.html", ".filters", NARROW, Scheme::Dark, "comparison-narrow.png"),
    ] {
        browser.resize(size).await;
        browser.prefer(scheme).await;
        browser.open(site.url(page)).await;
        browser.eval(&format!("document.querySelector('{part}').scrollIntoView()")).await;
        browser.picture(&folder.join(file)).await;
    }
    browser.stop().await;
}
