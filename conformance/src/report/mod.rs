//! Reports of a run, for people and for programs.

use crate::run::Run;

pub use changes::{Change, Changes, Names, changes};
pub use compare::{compare, side_by_side};
pub use counts::summary;
pub use list::list;
pub use progress::Progress;
pub use unsafe_configurations::unsafe_configurations;

mod changes;
mod compare;
mod counts;
mod junit;
mod list;
mod markdown;
mod progress;
mod table;
mod unsafe_configurations;

/// The format of a report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// Text for a terminal.
    #[default]
    Table,
    /// Everything, for programs.
    Json,
    /// Text for a pull request or a page.
    Markdown,
    /// XML for continuous integration.
    Junit,
}

/// A run that could not be serialized.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// As JSON.
    #[error("cannot write the run as JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// As JUnit's XML.
    #[error("cannot write the run as JUnit XML: {0}")]
    Junit(#[from] quick_junit::SerializeError),
}

/// The report of a run. The text ends with a line feed.
///
/// # Errors
///
/// The run cannot be serialized.
pub fn render(run: &Run, format: Format) -> Result<String, ReportError> {
    let mut text = match format {
        Format::Table => table::render(run),
        Format::Json => serde_json::to_string_pretty(run)?,
        Format::Markdown => markdown::render(run),
        Format::Junit => junit::render(run)?,
    };
    text.truncate(text.trim_end().len());
    text.push('\n');
    Ok(text)
}

/// The report for a terminal.
pub(crate) fn table(run: &Run) -> String {
    table::render(run)
}

#[cfg(test)]
mod tests;
