//! The places where an adapter is listed, as texts: each edit leaves the rest as it was, or says what it misses.

use toml_edit::{DocumentMut, Value};

use super::AdapterName;

const INDENT: &str = "    ";

/// `max_width` of rustfmt.toml.
const MAX_WIDTH: usize = 110;

/// Adds the crate to the workspace's members and dependencies.
pub(super) fn add_member(text: &str, name: &AdapterName) -> Result<String, String> {
    let crate_name = name.crate_name();
    let mut manifest: DocumentMut = text.parse().map_err(|error| format!("no TOML: {error}"))?;
    let members = manifest["workspace"]["members"].as_array_mut().ok_or("`workspace.members` is no list")?;
    let place = place_among(members.iter().map(|member| member.as_str().unwrap_or_default()), &crate_name)
        .ok_or("no adapter among `workspace.members`")?;
    // Between two others, it stands as they do: on a line of its own, or not.
    let decor = members.get(place.saturating_sub(1)).map(|neighbour| neighbour.decor().clone());
    let mut member = Value::from(&crate_name);
    *member.decor_mut() = decor.unwrap_or_default();
    members.insert_formatted(place, member);

    let version =
        manifest["workspace"]["package"]["version"].as_str().ok_or("`workspace.package` has no version")?;
    let dependency = format!(r#"{crate_name} = {{ path = "{crate_name}", version = "{version}" }}"#);
    add_line(&manifest.to_string(), "[workspace.dependencies]", &dependency)
}

/// Adds the crate to the suite's dependencies.
pub(super) fn add_dependency(text: &str, name: &AdapterName) -> Result<String, String> {
    add_line(text, "[dependencies]", &format!("{}.workspace = true", name.crate_name()))
}

/// Adds a line to a section of a manifest, among those of the other adapters.
fn add_line(text: &str, section: &str, line: &str) -> Result<String, String> {
    let mut lines: Vec<&str> = text.lines().collect();
    let missing = || format!("no adapter in `{section}`");
    let start = lines.iter().position(|line| *line == section).ok_or_else(missing)? + 1;
    let end =
        lines[start..].iter().position(|line| line.starts_with('[')).map_or(lines.len(), |end| start + end);
    let place = place_among(lines[start..end].iter().copied(), line).ok_or_else(missing)?;
    lines.insert(start + place, line);
    Ok(lines.join("\n") + "\n")
}

/// Where a crate stands among the others whose names begin alike: before the first that is greater, or after all.
fn place_among<'t>(texts: impl Iterator<Item = &'t str>, new: &str) -> Option<usize> {
    let adapters: Vec<_> = texts.enumerate().filter(|(_, text)| text.starts_with("cors-")).collect();
    let greater = adapters.iter().find(|(_, text)| *text > new).map(|(place, _)| *place);
    greater.or_else(|| adapters.last().map(|(place, _)| place + 1))
}

/// Declares a public module in its place in the alphabet.
pub(super) fn add_module(text: &str, module: &str) -> Result<String, String> {
    if uses_crate(text, module) {
        return Err(format!("`{module}` is the name of a crate that this file uses; write another NAME"));
    }
    let mut lines: Vec<&str> = text.lines().collect();
    let modules: Vec<_> =
        lines.iter().enumerate().filter_map(|(place, line)| Some((place, declared_module(line)?))).collect();
    let greater = modules.iter().find(|(_, name)| *name > module).map(|(place, _)| *place);
    let place =
        greater.or_else(|| modules.last().map(|(place, _)| place + 1)).ok_or("no module is declared")?;
    let declaration = format!("pub mod {module};");
    lines.insert(place, &declaration);
    Ok(lines.join("\n") + "\n")
}

/// Whether a path in the text begins with this name, as that of a crate does.
fn uses_crate(text: &str, name: &str) -> bool {
    let is_within_path =
        |before: &str| before.ends_with(|last: char| last.is_alphanumeric() || matches!(last, '_' | ':'));
    text.match_indices(&format!("{name}::")).any(|(place, _)| !is_within_path(&text[..place]))
}

fn declared_module(line: &str) -> Option<&str> {
    line.strip_prefix("pub ").unwrap_or(line).strip_prefix("mod ")?.strip_suffix(';')
}

/// Adds the subject to the registry, after the other adapters.
pub(super) fn add_subject(text: &str, name: &AdapterName) -> Result<String, String> {
    let missing = || "no adapter in the list of subjects".to_owned();
    let last = text.rfind("Box::new(Cors").ok_or_else(missing)?;
    let end = last + text[last..].find("),").ok_or_else(missing)? + "),".len();
    let indent = text[..last].len() - text[..last].trim_end_matches(' ').len();
    // On a line of its own if the others are.
    let gap =
        if text[end..].starts_with('\n') { format!("\n{}", " ".repeat(indent)) } else { " ".to_owned() };
    let (before, after) = text.split_at(end);
    let listed = format!("{before}{gap}Box::new({}),{after}", name.type_name());
    add_use(&listed, &format!("use super::{}::{};", name.module(), name.type_name()))
}

/// Adds the subject to the list of those that play every scenario as a test.
pub(super) fn add_test(text: &str, name: &AdapterName) -> Result<String, String> {
    let missing = || "no adapter in the list of values".to_owned();
    let (before, rest) = text.split_once("#[values(").ok_or_else(missing)?;
    let (list, after) = rest.split_once(")]").ok_or_else(missing)?;
    let mut names: Vec<_> = list.split(',').map(|value| value.trim().trim_matches('"')).collect();
    names.retain(|name| !name.is_empty());
    let crate_name = name.crate_name();
    names.insert(place_among(names.iter().copied(), &crate_name).ok_or_else(missing)?, &crate_name);

    let list = format!("#[values(\"{}\")]", names.join("\", \""));
    // As rustfmt does where a line gets too long.
    let is_long = INDENT.len() + list.len() + after.lines().next().map_or(0, str::len) > MAX_WIDTH;
    let gap = if is_long && after.starts_with(' ') { format!("\n{INDENT}") } else { String::new() };
    let after = if gap.is_empty() { after } else { after.trim_start() };
    Ok(format!("{before}{list}{gap}{after}"))
}

/// Adds an import of a sibling module in its place in the alphabet.
fn add_use(text: &str, import: &str) -> Result<String, String> {
    let mut lines: Vec<&str> = text.lines().collect();
    let imports: Vec<_> = lines
        .iter()
        .enumerate()
        .filter(|(_, line)| line.strip_prefix("use super::").is_some_and(|path| !path.starts_with('{')))
        .collect();
    let greater = imports.iter().find(|(_, line)| **line > import).map(|(place, _)| *place);
    let place =
        greater.or_else(|| imports.last().map(|(place, _)| place + 1)).ok_or("no subject is imported")?;
    lines.insert(place, import);
    Ok(lines.join("\n") + "\n")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn name(text: &str) -> AdapterName {
        AdapterName::parse(text).expect("a name")
    }

    #[test]
    fn a_manifest_keeps_its_shape() {
        let manifest = "[workspace.package]\nversion = \"0.2.0\"\n\n[workspace]\n# All.\nmembers = [\"cors-core\", \"cors-poem\", \"xtask\"]\n\n\
            [workspace.dependencies]\ncors-core = { path = \"cors-core\" }\n# Others.\nserde = \"1\"\n";
        assert_eq!(
            add_member(manifest, &name("salvo")).expect("a manifest"),
            "[workspace.package]\nversion = \"0.2.0\"\n\n[workspace]\n# All.\nmembers = [\"cors-core\", \"cors-poem\", \"cors-salvo\", \"xtask\"]\n\n\
            [workspace.dependencies]\ncors-core = { path = \"cors-core\" }\n\
            cors-salvo = { path = \"cors-salvo\", version = \"0.2.0\" }\n# Others.\nserde = \"1\"\n"
        );
    }

    #[test]
    fn a_list_of_members_on_many_lines_stays_one() {
        let manifest = "[workspace]\nmembers = [\n    \"cors-core\",\n    \"cors-warp\",\n    \"xtask\",\n]\n\
            package.version = \"0.1.0\"\n[workspace.dependencies]\ncors-core = { path = \"cors-core\" }\n";
        let edited = add_member(manifest, &name("salvo")).expect("a manifest");
        assert!(edited.contains("    \"cors-core\",\n    \"cors-salvo\",\n    \"cors-warp\",\n"), "{edited}");
    }

    #[rstest]
    #[case::in_between("salvo", "pub mod poem;\npub mod salvo;\nmod version;")]
    #[case::last("yew", "mod version;\npub mod yew;\n")]
    fn a_module_has_its_place(#[case] module: &str, #[case] expected: &str) {
        let text = "//! What.\n\npub mod axum;\npub mod poem;\nmod version;\n\nuse std::fmt;\n";
        let edited = add_module(text, module).expect("modules");
        assert!(edited.contains(expected), "{edited}");
    }

    #[rstest]
    #[case::imported("tokio", "use tokio::net;")]
    #[case::in_a_type("url", "fn address() -> Option<url::Url>;")]
    #[case::in_an_attribute("thiserror", "#[derive(thiserror::Error)]")]
    #[case::of_two_words("serde_json", "let text = serde_json::to_string(&1);")]
    fn a_module_that_would_hide_a_crate_is_refused(#[case] module: &str, #[case] line: &str) {
        let error = add_module(&format!("mod version;\n\n{line}\n"), module).expect_err("a conflict");
        assert!(error.contains(&format!("`{module}` is the name of a crate")), "{error}");
    }

    #[rstest]
    #[case::part_of_a_name("url", "use my_url::Url;")]
    #[case::within_a_path("url", "use crate::url::Url;")]
    #[case::no_path("url", "let url = 1;")]
    fn a_module_that_hides_nothing_is_declared(#[case] module: &str, #[case] line: &str) {
        let edited = add_module(&format!("mod version;\n\n{line}\n"), module).expect("modules");
        assert!(edited.contains("pub mod url;"), "{edited}");
    }

    #[rstest]
    #[case::one_line(
        "vec![Box::new(CorsAxum), Box::new(Warp)]",
        "vec![Box::new(CorsAxum), Box::new(CorsSalvo), Box::new(Warp)]"
    )]
    #[case::many_lines(
        "vec![\n    Box::new(CorsAxum),\n]",
        "vec![\n    Box::new(CorsAxum),\n    Box::new(CorsSalvo),\n]"
    )]
    fn a_subject_stands_after_the_adapters(#[case] list: &str, #[case] expected: &str) {
        let text = format!(
            "use super::axum::CorsAxum;\nuse super::warp::Warp;\nuse super::{{Subject}};\n\n{list}\n"
        );
        let edited = add_subject(&text, &name("salvo")).expect("a registry");
        let imports = "use super::axum::CorsAxum;\nuse super::salvo::CorsSalvo;\nuse super::warp::Warp;\n";
        assert!(edited.starts_with(imports) && edited.ends_with(&format!("{expected}\n")), "{edited}");
    }

    #[rstest]
    #[case::short("salvo", "#[values(\"cors-poem\", \"cors-salvo\", \"cors-warp\")] adapter: &str,")]
    #[case::long(
        "a-framework-whose-name-nearly-fills-a-whole-line-of-a-hundred-and-ten",
        "nearly-fills-a-whole-line-of-a-hundred-and-ten\", \"cors-poem\", \"cors-warp\")]\n    adapter: &str,"
    )]
    fn a_subject_plays_as_a_test(#[case] text: &str, #[case] expected: &str) {
        let test = "fn holds(\n    #[values(\"cors-poem\", \"cors-warp\")] adapter: &str,\n) {\n}\n";
        let edited = add_test(test, &name(text)).expect("values");
        assert!(edited.contains(expected) && edited.ends_with(",\n) {\n}\n"), "{edited}");
    }
}
