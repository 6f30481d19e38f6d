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

const DIFFERENCES: &str = "
## What a web developer should know

The differences that people meet most often. *Standard* means that the browser does what the first column says of the standard.

| | standard | Chromium | Firefox | WebKit |
|---|---|---|---|---|
";

/// A difference that web developers meet: the subject, the standard, and for each engine what it does and the rules that say so. An
/// engine without rules follows the standard.
type Difference = (&'static str, &'static str, [(&'static str, &'static [&'static str]); 3]);

const STANDARD: (&str, &[&str]) = ("standard", &[]);

const MET_OFTEN: &[Difference] = &[
    (
        "The longest time that a preflight is cached",
        "`Access-Control-Max-Age`",
        [
            ("2 hours", &["max-age-two-hours"]),
            ("24 hours", &["max-age-one-day"]),
            ("10 minutes", &["max-age-ten-minutes"]),
        ],
    ),
    (
        "`Access-Control-Allow-Headers: *` and `Authorization`",
        "not covered: name it",
        [
            ("covered, but not in the cache", &["wildcard-covers-authorization"]),
            ("covered", &["wildcard-covers-authorization"]),
            ("covered", &["wildcard-covers-authorization", "cached-wildcard-covers-authorization"]),
        ],
    ),
    (
        "A cached `*` for methods or headers",
        "covers them all",
        [
            STANDARD,
            ("covers nothing, so that there are more preflights", &["no-wildcards-in-the-cache"]),
            STANDARD,
        ],
    ),
    (
        "A preflight cached for requests with cookies",
        "also serves those without",
        [STANDARD, ("does not serve those without", &["cache-by-credentials"]), STANDARD],
    ),
    (
        "A preflight cached for a frame",
        "also serves the frame in other pages of the same site",
        [STANDARD, STANDARD, ("does not serve it there", &["preflights-by-top-level-origin"])],
    ),
    (
        "Preflights of a sandboxed frame, whose origin is `null`",
        "cached for all pages with that origin",
        [
            ("not cached", &["opaque-origins-cache-no-preflights"]),
            STANDARD,
            ("cached for that frame", &["opaque-origins-cache-by-document"]),
        ],
    ),
    (
        "`Origin` of a preflight after a redirect to a third server",
        "`null`",
        [
            STANDARD,
            ("the page's origin, and `null` on the request itself", &["preflights-name-the-page"]),
            STANDARD,
        ],
    ),
    (
        "A redirected request that needs no preflight any more",
        "has none",
        [
            STANDARD,
            ("has another one", &["preflighted-once-preflighted-always"]),
            ("has another one", &["preflighted-once-preflighted-always"]),
        ],
    ),
    (
        "A cookie without `SameSite` in a request from another site",
        "not sent (`Lax`)",
        [
            ("not sent, except with a form within 2 minutes", &["posts-carry-young-cookies"]),
            ("sent", &["same-site-defaults-to-none"]),
            ("sent", &["same-site-defaults-to-none"]),
        ],
    ),
    (
        "Cookies of other sites, if the user has changed no setting",
        "sent",
        [
            STANDARD,
            ("a jar of their own for each top-level site", &["jars-by-top-level-site"]),
            ("sent here; Safari blocks them (see below)", &[]),
        ],
    ),
    (
        "A sandboxed frame and the `Strict` cookies of its site",
        "not sent",
        [STANDARD, STANDARD, ("sent", &["sandboxed-frames-are-same-site"])],
    ),
    (
        "A page over HTTPS that fetches `http://localhost`",
        "allowed",
        [
            ("allowed; public pages need the user's permission", &["local-network-access"]),
            STANDARD,
            ("blocked as mixed content", &["loopback-is-mixed-content"]),
        ],
    ),
    (
        "A public page that fetches from the local network",
        "allowed",
        [("needs the user's permission", &["local-network-access"]), STANDARD, STANDARD],
    ),
    (
        "A 401 of another origin, in credentials mode `include`",
        "the page reads it",
        [
            ("the user is asked for a login", &["challenges-of-other-origins"]),
            ("the user is asked for a login", &["challenges-of-other-origins"]),
            STANDARD,
        ],
    ),
    (
        "A font of another origin",
        "needs CORS",
        [STANDARD, STANDARD, ("needs none, and is requested with cookies", &["fonts-without-cors"])],
    ),
    (
        "`XMLHttpRequest` with a listener for upload events",
        "has a preflight",
        [("has one only if there is a body", &["uploads-with-a-body-only"]), STANDARD, STANDARD],
    ),
    (
        "`Cross-Origin-Embedder-Policy: credentialless`",
        "no cookies to other origins in mode `no-cors`",
        [STANDARD, STANDARD, ("no effect", &["no-credentialless"])],
    ),
];

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
    page.push_str(DIFFERENCES);
    for (subject, standard, engines) in MET_OFTEN {
        let cells: Vec<&str> = engines.iter().map(|(what, _)| *what).collect();
        writeln!(page, "| {subject} | {standard} | {} |", cells.join(" | ")).unwrap();
    }
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

/// A difference must not outlive the rule that it is about.
#[test]
fn every_difference_has_its_rules() {
    for (subject, _, engines) in MET_OFTEN {
        for ((_, rules), profile) in
            engines.iter().zip([Profile::chromium(), Profile::firefox(), Profile::webkit()])
        {
            for rule in *rules {
                let has_rule = profile.rules().iter().any(|known| known.name == *rule);
                assert!(has_rule, "{subject}: {} has no rule `{rule}`", profile.name());
            }
        }
    }
}
