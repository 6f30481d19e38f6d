//! The options of a check without a server.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{fs, io};

use cors_browser::{Profile, WireResponse};

use super::super::CommandResult;
use super::Format;
use crate::check::{Check, to_json, to_text};
use crate::offline::har::{har_json, har_text, judge_har};
use crate::offline::{Missing, Recorded, judge, parse_responses};
use crate::output::print;

/// The options of a check without a server.
#[derive(Debug, clap::Args)]
pub(super) struct OfflineOptions {
    /// Use the response in this file instead of a server; `-` reads standard input
    ///
    /// The file has a status line and headers: raw, from `curl -i` or `curl -v`, or copied from the developer tools of a browser. After a
    /// redirect, the response of its target follows.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["audit", "print"])]
    response: Option<PathBuf>,
    /// Use the response in this file for the preflight; `-` reads standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["audit", "print"])]
    preflight_response: Option<PathBuf>,
    /// Judge every cross-origin request of a session that a browser or a proxy recorded; `-` reads standard input
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = [
            "url", "origin", "method", "header", "body", "credentials", "redirect", "mode", "form", "cookie", "login", "keepalive", "upload_listener", "via", "frame", "top_level", "audit", "print", "response",
            "preflight_response",
        ]
    )]
    pub(super) har: Option<PathBuf>,
}

impl OfflineOptions {
    /// Whether responses are given.
    pub(super) fn has_responses(&self) -> bool {
        self.response.is_some() || self.preflight_response.is_some()
    }

    fn recorded(&self) -> Result<Recorded, String> {
        let read = |option: &str, path: &Option<PathBuf>| -> Result<Vec<WireResponse>, String> {
            let Some(path) = path else { return Ok(Vec::new()) };
            let place = format!("{option} {}", path.display());
            let bytes = read(path).map_err(|error| format!("{place}: {error}"))?;
            parse_responses(&bytes).map_err(|error| format!("{place}: {error}"))
        };
        let is_input = |path: &Option<PathBuf>| path.as_deref() == Some(Path::new("-"));
        if is_input(&self.response) && is_input(&self.preflight_response) {
            return Err("only one of --response and --preflight-response can be `-`".to_owned());
        }
        Ok(Recorded {
            preflights: read("--preflight-response", &self.preflight_response)?,
            responses: read("--response", &self.response)?,
        })
    }
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    if path != Path::new("-") {
        return fs::read(path);
    }
    let mut bytes = Vec::new();
    io::stdin().read_to_end(&mut bytes).map(|_| bytes)
}

/// Runs a check with the responses that are given.
pub(super) async fn check_responses(options: &OfflineOptions, check: Check, format: Format) -> CommandResult {
    let judged = judge(check, options.recorded()?)
        .await
        .map_err(|missing| format!("{missing}; {}", remedy(&missing)))?;
    match format {
        Format::Json => print(&to_json(&judged.report)?)?,
        _ => print(&to_text(&judged.report))?,
    }
    if judged.unused_preflights > 0 {
        eprintln!(
            "note: the browser sends no preflight for which the response in --preflight-response could be used"
        );
    }
    Ok(ExitCode::from(judged.report.exit_code()))
}

/// What to do about a response that is not given.
fn remedy(missing: &Missing) -> &'static str {
    match missing {
        Missing::Preflight { .. } => {
            "pass its response with `--preflight-response FILE` (`--print curl` prints the command that asks the server for it)"
        }
        Missing::AfterPreflight { .. } | Missing::Response { .. } => "pass it with `--response FILE`",
        Missing::Target { .. } => "append it to the file of `--response`",
    }
}

/// Judges a recorded session.
pub(super) async fn check_har(path: &Path, profile: &Profile, format: Format) -> CommandResult {
    let place = |error: &dyn std::fmt::Display| format!("--har {}: {error}", path.display());
    let bytes = read(path).map_err(|error| place(&error))?;
    let report = judge_har(&String::from_utf8_lossy(&bytes), profile).await.map_err(|error| place(&error))?;
    match format {
        Format::Json => print(&har_json(&report)?)?,
        _ => print(&har_text(&report))?,
    }
    Ok(ExitCode::from(report.exit_code()))
}
