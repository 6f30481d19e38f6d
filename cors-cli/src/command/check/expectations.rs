//! The option for a file of expected results.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::{env, fs};

use cors_browser::Network;

use super::super::CommandResult;
use super::Format;
use crate::expectations::{self, Expectations, render, verify};
use crate::output::print;

/// The option for a file of expected results.
#[derive(Debug, clap::Args)]
pub(super) struct ExpectationsOptions {
    /// Compare with the results that a TOML file expects, for continuous integration
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = [
            "url", "origin", "method", "header", "body", "credentials", "redirect", "mode", "form", "cookie", "login", "keepalive", "upload_listener", "via", "frame", "top_level", "browser", "audit", "print", "response",
            "preflight_response", "har",
        ]
    )]
    pub(super) file: Option<PathBuf>,
}

/// Reads a file of expected results. `${NAME}` is an environment variable.
///
/// # Errors
///
/// The file cannot be read, or every problem in it.
pub(super) fn read(path: &Path) -> Result<Expectations, String> {
    let place = path.display();
    let text = fs::read_to_string(path).map_err(|error| format!("--file {place}: {error}"))?;
    let variable = |name: &str| env::var(name).ok();
    Expectations::parse(&text, &variable).map_err(|problems| {
        let lines: Vec<_> = problems.iter().map(|problem| format!("  {problem}")).collect();
        format!("{place}: {} problems\n{}", problems.len(), lines.join("\n"))
    })
}

/// Tries what a file expects, and prints the comparison.
pub(super) async fn check_expectations(
    path: &Path,
    expectations: &Expectations,
    network: &Arc<dyn Network>,
    format: Format,
) -> CommandResult {
    let format = match format {
        Format::Json => expectations::Format::Json,
        Format::Junit => expectations::Format::Junit,
        Format::Markdown => expectations::Format::Markdown,
        Format::Text | Format::Sarif => expectations::Format::Table,
    };
    let verified = verify(expectations, network).await;
    print(&render(&verified, &path.display().to_string(), format)?)?;
    Ok(ExitCode::from(verified.exit_code()))
}
