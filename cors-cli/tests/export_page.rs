//! The table in `docs/export.md` is up to date.
//!
//! `REWRITE=1 cargo test -p cors-cli --test export_page` updates it.

use std::path::Path;
use std::{env, fs};

use cors_cli::export::to_markdown;

#[test]
fn the_table_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/export.md");
    let page = fs::read_to_string(&path).unwrap();
    let start = page.find("<!-- Generated").unwrap();
    let start = start + page[start..].find("-->\n").unwrap() + "-->\n".len();
    let expected = format!("{}\n{}", &page[..start], to_markdown());
    if env::var_os("REWRITE").is_some() {
        fs::write(&path, &expected).unwrap();
        return;
    }
    assert!(
        page == expected,
        "docs/export.md is not up to date; run `REWRITE=1 cargo test -p cors-cli --test export_page`"
    );
}
