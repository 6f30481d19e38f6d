//! `cargo xtask agreement --rows`: compares the browser model with real browsers, row by row.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use super::Arguments;
use cors_browser_rows::{FOLDER, Row, load};
use cors_cli::command::CommandResult;
use cors_cli::interrupt::{INTERRUPTED, unless_interrupted};
use cors_cli::output::Destination;
use cors_conformance::pattern::Pattern;
use cors_conformance::report::Progress;
use cors_real_browsers::agreement::rows::{self, Played};
use cors_real_browsers::agreement::{Agreement, BrowserUnderTest, render, summary};
use cors_real_browsers::real::{Kind, LaunchError, RealBrowser};

/// Runs the command for the rows that match `pattern`.
pub(super) fn run(arguments: &Arguments, pattern: &Pattern) -> CommandResult {
    let all = load(Path::new(FOLDER))?;
    let count = all.len();
    let rows: Vec<_> = all.into_iter().filter(|row| pattern.matches(&row.id())).collect();
    if rows.is_empty() {
        return Err(format!("no row is called `{}`", pattern.as_str()).into());
    }
    if arguments.record.is_some() && rows.len() < count {
        return Err("--record needs all rows: leave out the glob of `--rows`".into());
    }
    let destination =
        Destination::open(arguments.out.as_deref()).map_err(|error| format!("--out {error}"))?;
    let kinds = arguments.kinds();
    let mut records = Vec::new();
    for kind in kinds.iter().filter(|_| arguments.record.is_some()) {
        let path =
            arguments.record.as_deref().unwrap_or(Path::new("")).join(format!("{}.toml", kind.as_str()));
        records.push(Destination::open(Some(&path)).map_err(|error| format!("--record {error}"))?);
    }

    let Some(played) = unless_interrupted(play(&rows, &kinds))? else {
        eprintln!("interrupted");
        return Ok(ExitCode::from(INTERRUPTED));
    };
    let mut agreement = Agreement::default();
    let mut recordings = Vec::new();
    for played in played? {
        agreement.merge(played.agreement);
        recordings.push(played.recording);
    }
    destination.write(&render(&agreement, arguments.format, arguments.all)?, &summary(&agreement))?;
    for (file, recording) in records.into_iter().zip(recordings) {
        let done = format!("recorded {} rows of {}", recording.rows.len(), recording.version);
        file.write(&toml::to_string_pretty(&recording)?, &done)?;
    }
    Ok(if agreement.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Runs the browsers one after the other.
async fn play(rows: &[Row], kinds: &[Kind]) -> Result<Vec<Played>, LaunchError> {
    let mut progress = Progress::new(rows.len() * kinds.len());
    let mut played = Vec::new();
    for &kind in kinds {
        let browser = RealBrowser::launch(kind).await?;
        let version = browser.version().to_owned();
        let browser = BrowserUnderTest { version, profile: kind.profile(), user_agent: Arc::new(browser) };
        played.push(rows::run(rows, &browser, |is_bad| progress.count(is_bad)).await);
    }
    progress.finish();
    Ok(played)
}
