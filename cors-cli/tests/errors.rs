//! `docs/errors.md` says what the code says.
//!
//! `REWRITE=1 cargo test -p cors-cli --test errors` writes it anew.

use std::path::Path;
use std::{env, fs};

use cors_browser::BlockReason;
use cors_cli::catalogue::markdown;
use cors_core::{ProblemCode, Reason, WarningCode};

#[test]
fn the_catalogue_is_fresh() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/errors.md");
    let made = markdown();
    if env::var_os("REWRITE").is_some() {
        fs::write(&path, &made).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    let differing = made.lines().zip(written.lines()).position(|(made, written)| made != written);
    let line = differing.unwrap_or(made.lines().count().min(written.lines().count())) + 1;
    assert!(
        made == written,
        "docs/errors.md is stale from line {line} on; `REWRITE=1 cargo test -p cors-cli --test errors` writes it anew"
    );
}

#[test]
fn every_code_has_a_section() {
    let page = markdown();
    let (blocked, rest) = page.split_once("\n## What a policy denies").unwrap();
    let (denied, rest) = rest.split_once("\n## Why a policy is refused").unwrap();
    let (refused, warned) = rest.split_once("\n## What a policy is warned about").unwrap();
    let check = |part: &str, codes: Vec<&str>| {
        let headings: Vec<_> = part.lines().filter_map(|line| line.strip_prefix("### ")).collect();
        let expected: Vec<_> = codes.iter().map(|code| format!("`{code}`")).collect();
        assert_eq!(headings, expected);
    };
    check(blocked, BlockReason::ALL.iter().map(|code| code.as_str()).collect());
    check(denied, Reason::ALL.iter().map(|code| code.as_str()).collect());
    check(refused, ProblemCode::ALL.iter().map(|code| code.as_str()).collect());
    check(warned, WarningCode::ALL.iter().map(|code| code.as_str()).collect());
}
