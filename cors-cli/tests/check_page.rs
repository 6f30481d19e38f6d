//! `docs/check.md` shows lines as browsers print them, under the code that they mean.

use std::fs;
use std::path::Path;

use cors_cli::catalogue::recognize;

#[test]
fn the_lines_mean_what_the_headings_say() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/check.md");
    let page = fs::read_to_string(path).unwrap();
    let mut count = 0;
    for section in page.split("\n### `").skip(1) {
        let (code, text) = section.split_once("`\n").unwrap();
        let lines = text.split("```text\n").nth(1).unwrap().split("```").next().unwrap();
        let mut browsers = Vec::new();
        for line in lines.lines() {
            let found = recognize(line).unwrap_or_else(|| panic!("{line}"));
            assert!(found.reasons.iter().any(|reason| reason.as_str() == code), "{code}: {line}: {found:?}");
            browsers.push(found.browser);
        }
        assert_eq!(browsers, ["Chromium", "Firefox", "WebKit"], "{code}");
        count += 1;
    }
    assert_eq!(count, 10);
}
