//! `cargo xtask api`: the public API of the published crates, as it is committed in `docs/api`.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::{env, fs};

use cors_cli::command::CommandResult;
use serde_json::Value;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
/// The version of rustdoc's JSON that the crate `public-api` reads.
const FORMAT: u64 = 57;
/// Traits of nearly every type. Of the traits that types have by themselves, only `Send` and `Sync` are shown.
const NOT_SHOWN: [&str; 5] = [
    "impl core::marker::Freeze for ",
    "impl core::marker::Unpin for ",
    "impl core::marker::UnsafeUnpin for ",
    "impl core::panic::unwind_safe::RefUnwindSafe for ",
    "impl core::panic::unwind_safe::UnwindSafe for ",
];

/// The beginning of `docs/api/README.md`.
const FOREIGN: &str = "\
# The public API

One file for each published library has all of its public items, with all features, one on a line. `cargo xtask api` compares them
with the code, and `cargo xtask api --write` writes them.

These types and traits of other crates are in the public API. A new major version of one of these crates is a breaking change for ours.

| crate | types of | types |
|---|---|---|
";

/// The arguments of `cargo xtask api`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Write the files in docs/api instead of comparing with them
    #[arg(long)]
    write: bool,
}

/// Compares the public API with `docs/api`, or writes it.
pub(crate) fn run(arguments: &Arguments) -> CommandResult {
    let published = Published::read()?;
    let target = document(&published)?;
    let mut differs = false;
    let mut others = String::from(FOREIGN);
    for library in &published.libraries {
        let json = target.join("doc").join(format!("{}.json", library.name));
        let format = format_of(&json)?;
        if format != FORMAT {
            println!(
                "The public API was not checked: this compiler describes it in format {format}, and `public-api` reads {FORMAT}."
            );
            return Ok(ExitCode::SUCCESS);
        }
        let current = api(json)?;
        for (name, types) in foreign_types(&current, &library.name) {
            let types: Vec<_> = types.iter().map(|path| format!("`{path}`")).collect();
            writeln!(others, "| `{}` | `{name}` | {} |", library.package, types.join(", "))?;
        }
        let file = Path::new(ROOT).join("docs/api").join(format!("{}.txt", library.package));
        if arguments.write {
            fs::write(&file, current)?;
            continue;
        }
        let committed = fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
        let changes = changes(&committed, &current);
        if !changes.is_empty() {
            differs = true;
            println!("The public API of {} has changed:\n{changes}", library.package);
        }
    }
    let file = Path::new(ROOT).join("docs/api/README.md");
    if arguments.write {
        fs::write(&file, others)?;
    } else if fs::read_to_string(&file)? != others {
        differs = true;
        println!("The types of other crates in the public API have changed: docs/api/README.md");
    }
    if differs {
        println!("If this is meant, run `cargo xtask api --write`, and write it into CHANGELOG.md.");
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

/// What `.ci/published` lists.
struct Published {
    libraries: Vec<Library>,
    target: PathBuf,
}

struct Library {
    package: String,
    name: String,
}

impl Published {
    fn read() -> Result<Self, Box<dyn Error>> {
        let output = cargo(&["metadata", "--no-deps", "--locked", "--format-version", "1"]).output()?;
        let metadata: Value = serde_json::from_slice(&output.stdout)?;
        let list = fs::read_to_string(Path::new(ROOT).join(".ci/published"))?;
        let libraries = list.lines().map(|package| {
            let name = library_name(&metadata, package).ok_or_else(|| format!("{package} has no library"))?;
            Ok(Library { package: package.to_owned(), name })
        });
        Ok(Self {
            libraries: libraries.collect::<Result<_, String>>()?,
            target: metadata["target_directory"].as_str().ok_or("cargo names no target folder")?.into(),
        })
    }
}

fn library_name(metadata: &Value, package: &str) -> Option<String> {
    let package = metadata["packages"].as_array()?.iter().find(|candidate| candidate["name"] == package)?;
    let is_library =
        |target: &&Value| target["kind"].as_array().is_some_and(|kinds| kinds.contains(&"lib".into()));
    package["targets"].as_array()?.iter().find(is_library)?["name"].as_str().map(str::to_owned)
}

/// Lets rustdoc describe the libraries with all of their features, and returns the folder that contains `doc`.
///
/// Only nightly compilers offer the JSON. The wrapper `.ci/rustdoc` asks the stable one for it, and leaves the compiler alone, so
/// that nothing is built a second time.
fn document(published: &Published) -> Result<PathBuf, Box<dyn Error>> {
    let mut command = cargo(&["doc", "--no-deps", "--lib", "--all-features", "--locked", "--quiet"]);
    for library in &published.libraries {
        command.args(["--package", &library.package]);
    }
    let status = command
        .env("RUSTDOC", Path::new(ROOT).join(".ci/rustdoc"))
        .env("RUSTDOCFLAGS", "-Z unstable-options --output-format json")
        .status()?;
    if !status.success() {
        return Err("rustdoc has failed".into());
    }
    Ok(published.target.clone())
}

fn format_of(json: &Path) -> Result<u64, Box<dyn Error>> {
    let text = fs::read_to_string(json).map_err(|error| format!("{}: {error}", json.display()))?;
    let description: Value = serde_json::from_str(&text)?;
    Ok(description["format_version"].as_u64().ok_or("rustdoc's JSON has no version")?)
}

/// One line for each public item.
fn api(json: PathBuf) -> Result<String, Box<dyn Error>> {
    let api = public_api::Builder::from_rustdoc_json(json).omit_blanket_impls(true).build()?;
    let mut text = String::new();
    for item in api.items() {
        let line = item.to_string();
        let without_parameters = line.split_once("> ").filter(|_| line.starts_with("impl<"));
        let plain = without_parameters.map_or(line.clone(), |(_, rest)| format!("impl {rest}"));
        if !NOT_SHOWN.iter().any(|prefix| plain.replacen("!core", "core", 1).starts_with(prefix)) {
            writeln!(text, "{line}")?;
        }
    }
    Ok(text)
}

/// The crates whose items the API names, with these items. The standard library does not count.
fn foreign_types(api: &str, own: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut types = BTreeMap::<_, BTreeSet<_>>::new();
    let is_in_path = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == ':';
    for path in api.split(|letter| !is_in_path(letter)).map(|word| word.trim_matches(':')) {
        let Some((name, _)) = path.split_once("::") else { continue };
        // `T::Item` starts with a type.
        if !name.starts_with(char::is_lowercase) || ["alloc", "core", "std", own].contains(&name) {
            continue;
        }
        // Functions, methods and constants come after their type, and modules before it.
        let is_type = |segment: &str| segment.starts_with(char::is_uppercase);
        let Some(position) = path.split("::").position(is_type) else { continue };
        let path: Vec<_> = path.split("::").take(position + 1).collect();
        types.entry(name.to_owned()).or_default().insert(path.join("::"));
    }
    types
}

/// The lines that are missing, and those that are new.
fn changes(committed: &str, current: &str) -> String {
    let [before, after]: [BTreeSet<_>; 2] = [committed, current].map(|text| text.lines().collect());
    let removed = before.difference(&after).map(|line| format!("- {line}\n"));
    let added = after.difference(&before).map(|line| format!("+ {line}\n"));
    removed.chain(added).collect()
}

fn cargo(arguments: &[&str]) -> Command {
    let program = env::var_os("CARGO");
    let mut command = Command::new(program.as_deref().unwrap_or(OsStr::new("cargo")));
    command.args(arguments).current_dir(ROOT);
    command
}

#[cfg(test)]
mod tests {
    use super::{changes, foreign_types};

    #[test]
    fn foreign_types_are_those_of_other_crates() {
        let api = "pub fn own::f<T: http::Head>(&T::Item, core::option::Option<&url::Url>) -> own::Type<url::Host>\n\
            pub fn http::map::Map::append(&mut self)\npub fn u8::from(own::Type) -> u8\n";
        let types = foreign_types(api, "own");
        let found: Vec<_> = types.values().flatten().map(String::as_str).collect();
        assert_eq!(found, ["http::Head", "http::map::Map", "url::Host", "url::Url"]);
    }

    #[test]
    fn changes_are_what_is_removed_and_what_is_added() {
        assert_eq!(
            changes("pub fn a()\npub fn b()\n", "pub fn b()\npub fn c()\n"),
            "- pub fn a()\n+ pub fn c()\n"
        );
        assert_eq!(changes("pub fn a()\n", "pub fn a()\n"), "");
    }
}
