//! `docs/browsers.md` says what the profiles say.
//!
//! `REWRITE=1 cargo test -p cors-real-browsers --test profiles` writes it anew.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

use cors_browser::Profile;
use cors_real_browsers::agreement::console::Recording;

const INTRODUCTION: &str = "\
# Where browsers depart from the standards

<!-- Made from the code. Do not edit: `REWRITE=1 cargo test -p cors-real-browsers --test profiles` writes it anew. -->

The browser model follows Fetch and RFC 6265bis to the letter, and with a profile it does what a browser does instead. Each rule
below is one departure, with its source. `cargo xtask agreement` plays every scenario in real Chromium and real Firefox beside the
model with and without these rules: where browser and model differ, one of the two is wrong, and where a rule is needed to make them
alike, the step is *explained* by it. A server that passes the suite answers rightly to all of them.
";

fn page() -> String {
    let recording = Recording::kept().unwrap();
    let mut page = INTRODUCTION.to_owned();
    for profile in [Profile::chromium(), Profile::firefox()] {
        let version = &recording.0[profile.name()].version;
        writeln!(page, "\n## {}, seen in version {version}\n", profile.name()).unwrap();
        writeln!(page, "| rule | what the browser does | source |\n|---|---|---|").unwrap();
        for rule in profile.rules() {
            writeln!(page, "| `{}` | {} | {} |", rule.name, rule.says, rule.source).unwrap();
        }
    }
    page
}

#[test]
fn the_page_is_fresh() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/browsers.md");
    let made = page();
    if env::var_os("REWRITE").is_some() {
        fs::write(&path, &made).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        made == written,
        "docs/browsers.md is stale; `REWRITE=1 cargo test -p cors-real-browsers --test profiles` writes it anew"
    );
}
