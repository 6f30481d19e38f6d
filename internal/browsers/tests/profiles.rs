//! `docs/browsers.md` is made from the profiles of the browser model and is up to date.
//!
//! `REWRITE=1 cargo test -p cors-real-browsers --test profiles` writes the page.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

use cors_browser::{Engine, Profile};
use cors_real_browsers::agreement::console::Recording;

const INTRODUCTION: &str = "\
# Where browsers depart from the standards

<!-- Generated. Do not edit: `REWRITE=1 cargo test -p cors-real-browsers --test profiles` writes this page. -->

The browser model follows Fetch and RFC 6265bis to the letter. With a browser's profile, it does what that browser does instead.
Each rule below is one such difference from the standards, with its source.

`cargo xtask agreement` plays every scenario in real Chromium, Firefox and WebKit, in the model with these rules, and in the model
without them. If the browser and the model with the rules differ, one of the two is wrong, and the scenario is *unexplained*. If they
are the same only because of a rule, that rule *explains* the scenario. A server that passes the suite works with all of them.
";

const SAFARI: &str = "
† A rule of WebKitGTK that Safari need not share.

### What WebKitGTK says about Safari

The measured browser is MiniBrowser of WebKitGTK. Safari contains the same engine. What WebCore and WebKit's network process decide
is the same in both: preflights and their cache, the CORS check, redirects, tainting, mixed content, and the lines of the console.
What the HTTP library decides is not: WebKitGTK uses libsoup, and Safari uses Apple's CFNetwork. That concerns the storage and the
order of cookies, their prefixes, the method after some redirects, and login prompts. The rules with a † are of that kind.

WebKitGTK was measured with the option that allows third-party cookies, like the other browsers here. By default it lets third parties
receive cookies but not set them. Safari blocks all third-party cookies (Intelligent Tracking Prevention), so do not expect an API on
another site to get its cookies there.
";

fn page() -> String {
    let recording = Recording::stored().unwrap();
    let mut page = INTRODUCTION.to_owned();
    for profile in [Profile::chromium(), Profile::firefox(), Profile::webkit()] {
        let version = &recording.0[profile.name()].version;
        writeln!(page, "\n## {}, observed in version {version}\n", profile.name()).unwrap();
        writeln!(page, "| rule | what the browser does | source |\n|---|---|---|").unwrap();
        for rule in profile.rules() {
            let mark = if rule.is_of_libsoup() { " †" } else { "" };
            writeln!(page, "| `{}`{mark} | {} | {} |", rule.name, rule.says, rule.source).unwrap();
        }
        if profile.engine() == Some(Engine::WebKit) {
            page.push_str(SAFARI);
        }
    }
    page
}

#[test]
fn the_page_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/browsers.md");
    let made = page();
    if env::var_os("REWRITE").is_some() {
        fs::write(&path, &made).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        made == written,
        "docs/browsers.md is out of date; update it with `REWRITE=1 cargo test -p cors-real-browsers --test profiles`"
    );
}
