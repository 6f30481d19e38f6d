//! `docs/errors.md` is up to date.
//!
//! `REWRITE=1 cargo test -p cors-cli --test errors` updates it.

use std::path::Path;
use std::{env, fs};

use cors_browser::BlockReason;
use cors_cli::catalogue::{entries, markdown};
use cors_core::{ProblemCode, Reason, WarningCode};

#[test]
fn the_page_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/errors.md");
    let generated = markdown();
    if env::var_os("REWRITE").is_some() {
        fs::write(&path, &generated).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    let difference = generated.lines().zip(written.lines()).position(|(one, other)| one != other);
    let line = difference.unwrap_or(generated.lines().count().min(written.lines().count())) + 1;
    assert!(
        generated == written,
        "docs/errors.md is not up to date from line {line} on; run `REWRITE=1 cargo test -p cors-cli --test errors`"
    );
}

/// The anchors that GitHub makes of the headings of a page.
fn anchors(page: &str) -> Vec<String> {
    let headings = page.lines().filter_map(|line| line.strip_prefix("### "));
    headings.map(|heading| heading.to_lowercase().replace([':', '`'], "").replace(' ', "-")).collect()
}

#[test]
fn every_code_has_an_anchor() {
    let blocked = BlockReason::ALL.iter().map(|code| format!("blocked-{code}"));
    let denied = Reason::ALL.iter().map(|code| format!("denied-{code}"));
    let refused = ProblemCode::ALL.iter().map(|code| format!("refused-{code}"));
    let warnings = WarningCode::ALL.iter().map(|code| format!("warning-{code}"));
    let expected: Vec<_> = blocked.chain(denied).chain(refused).chain(warnings).collect();
    assert_eq!(anchors(&markdown()), expected);
}

/// The core prints links to this page.
#[test]
fn the_links_of_the_core_lead_to_an_anchor() {
    let anchors = anchors(&markdown());
    let links = Reason::ALL.iter().map(|code| code.url());
    let links = links.chain(ProblemCode::ALL.iter().map(|code| code.url()));
    let links: Vec<_> = links.chain(WarningCode::ALL.iter().map(|code| code.url())).collect();
    let entries = entries();
    for link in links {
        let (page, anchor) = link.split_once('#').unwrap();
        assert!(page.ends_with("/docs/errors.md") && anchors.iter().any(|other| other == anchor), "{link}");
        assert!(entries.iter().any(|entry| entry.url() == link), "{link}");
    }
}
