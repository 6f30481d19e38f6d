//! The options of an audit, and audits of several URLs.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use std::{fs, io};

use cors_browser::Network;
use serde::Serialize;
use url::Url;

use super::super::CommandResult;
use super::Format;
use crate::check::audit::{Audit, Location, audit, audit_text, to_sarif};
use crate::check::{Check, Paced, arguments};
use crate::output::print;

/// The options of an audit.
#[derive(Debug, clap::Args)]
pub(super) struct AuditOptions {
    /// Also try hostile origins, with at most 40 more requests per URL: GET, and preflights if a login is missing
    ///
    /// The origins are derived from those of the page and of the URL. Redirects are not followed. The headers of `--header` are sent
    /// with each GET as they are, also `Cookie` and `Authorization`, so that the server answers as it does to a user.
    #[arg(long)]
    pub(super) audit: bool,
    /// Audit every URL of a file, one per line, without the other checks; `#` begins a comment
    #[arg(long, value_name = "FILE", requires = "audit")]
    pub(super) urls: Option<PathBuf>,
    /// The most requests per second [default: 10 with `--audit` or `--file`, and no limit otherwise]
    #[arg(long, value_name = "N", value_parser = rate)]
    rate: Option<Duration>,
}

/// The default time between two requests, when there are many.
const INTERVAL: Duration = Duration::from_millis(100);

impl AuditOptions {
    /// Limits the rate of a network, if many requests will come or the user wants it.
    pub(super) fn paced(&self, network: Arc<dyn Network>, comes_many: bool) -> Arc<dyn Network> {
        match self.rate.or_else(|| comes_many.then_some(INTERVAL)) {
            Some(interval) => Arc::new(Paced::new(network, interval)),
            None => network,
        }
    }
}

/// Parses a number of requests per second into the time between two.
fn rate(text: &str) -> Result<Duration, String> {
    let help = "write a number of requests per second, more than 0.001 and at most 1000";
    let rate: f64 = text.parse().map_err(|_| help.to_owned())?;
    if (0.001..=1000.0).contains(&rate) {
        Ok(Duration::from_secs_f64(1.0 / rate))
    } else {
        Err(help.to_owned())
    }
}

/// A URL to audit, and where it is written.
pub(super) type Target = (Url, Option<Location>);

/// Reads the URLs of a file.
///
/// # Errors
///
/// The file cannot be read, or every line that is not a URL.
pub(super) fn read_urls(path: &Path) -> Result<Vec<Target>, String> {
    let file = path.display().to_string();
    let text = match path == Path::new("-") {
        true => io::read_to_string(io::stdin()),
        false => fs::read_to_string(path),
    };
    let text = text.map_err(|error| format!("--urls {file}: {error}"))?;
    let (mut targets, mut problems) = (Vec::new(), Vec::new());
    for (line, content) in (1..).zip(text.lines()) {
        let content = content.trim_start_matches('\u{feff}');
        // A `#` within a word begins a fragment.
        let end = content
            .match_indices('#')
            .map(|(at, _)| at)
            .find(|&at| content[..at].trim_end().len() < at || at == 0);
        let content = content[..end.unwrap_or(content.len())].trim();
        if content.is_empty() {
            continue;
        }
        match arguments::url(content) {
            Ok(url) => targets.push((url, Some(Location { file: file.clone(), line }))),
            Err(error) => problems.push(format!("--urls {file}: line {line}: {error}")),
        }
    }
    if targets.is_empty() && problems.is_empty() {
        problems.push(format!("--urls {file}: the file has no URL"));
    }
    if problems.is_empty() { Ok(targets) } else { Err(problems.join("\n")) }
}

#[derive(Serialize)]
struct JsonAudits<'a> {
    audits: Vec<&'a Audit>,
}

/// Audits URLs one after the other, without other checks. `check` has the page and the request, except for its URL.
///
/// The exit code is 2 if a URL could not be audited, 1 if there is a finding of medium or high severity, and 0 otherwise.
pub(super) async fn audit_all(
    check: &Check,
    targets: Vec<Target>,
    network: &Arc<dyn Network>,
    format: Format,
) -> CommandResult {
    let mut audits = Vec::new();
    for (url, location) in targets {
        let mut check = check.clone();
        check.request.url = url;
        let audit = audit(&check, network.clone()).await;
        if let Some(failure) = &audit.failure {
            eprintln!("error: {}: {failure}", audit.url);
        }
        // A long run shows what it has.
        if format == Format::Text {
            print(&format!("{}\n", audit_text(&audit)))?;
        }
        audits.push((audit, location));
    }
    match format {
        Format::Sarif => print(&format!("{:#}\n", to_sarif(&audits)))?,
        Format::Json => {
            let audits = JsonAudits { audits: audits.iter().map(|(audit, _)| audit).collect() };
            print(&format!("{}\n", serde_json::to_string_pretty(&audits)?))?;
        }
        _ => {}
    }
    Ok(if audits.iter().any(|(audit, _)| audit.failure.is_some()) {
        ExitCode::from(2)
    } else if audits.iter().any(|(audit, _)| audit.is_dangerous()) {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("10", Some(100))]
    #[case("0.5", Some(2000))]
    #[case("0", None)]
    #[case("-1", None)]
    #[case("NaN", None)]
    #[case("inf", None)]
    #[case("fast", None)]
    fn rates(#[case] text: &str, #[case] milliseconds: Option<u64>) {
        assert_eq!(rate(text).ok(), milliseconds.map(Duration::from_millis));
    }

    #[test]
    fn a_file_of_urls_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("urls.txt");
        fs::write(&path, "# comment\n\nhttps://a.example/x#part  # why\n  http://b.example\n").unwrap();
        let urls: Vec<_> = read_urls(&path)
            .unwrap()
            .into_iter()
            .map(|(url, location)| (url.to_string(), location.map(|location| location.line)))
            .collect();
        assert_eq!(
            urls,
            [("https://a.example/x#part".to_owned(), Some(3)), ("http://b.example/".to_owned(), Some(4))]
        );

        fs::write(&path, "a.example\nhttps://b.example\nmailto:c@d.example\n").unwrap();
        let error = read_urls(&path).unwrap_err();
        assert!(error.contains("line 1: the scheme is missing") && error.contains("line 3: only"), "{error}");
        fs::write(&path, "# nothing\n").unwrap();
        assert!(read_urls(&path).unwrap_err().contains("has no URL"));
    }
}
