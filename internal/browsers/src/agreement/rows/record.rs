//! What browsers showed of rows, for machines without browsers.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::view;
use crate::agreement::{SentRequest, StepView};
use cors_browser::{Fetched, Profile};
use cors_browser_rows::Row;

/// What a browser showed of rows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recording {
    /// The browser's version.
    pub version: String,
    /// By the row's id: for each fetch, the requests on the wire and what the page got, one line each.
    pub rows: BTreeMap<String, Vec<String>>,
}

impl Recording {
    /// Reads the recording of the browser `name` from `internal/browsers/rows`.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, or is not a recording.
    pub fn stored(name: &str) -> Result<Self, String> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("rows").join(format!("{name}.toml"));
        let failed = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
        let text = std::fs::read_to_string(&path).map_err(|error| failed(&error))?;
        toml::from_str(&text).map_err(|error| failed(&error))
    }

    pub(super) fn add(&mut self, row: &Row, shown: &[Fetched]) {
        self.rows.insert(row.id(), lines(shown));
    }
}

/// Everything in which the model differs from a recording, one sentence each.
pub async fn differences(rows: &[Row], profile: &Profile, recording: &Recording) -> Vec<String> {
    let mut found = Vec::new();
    for row in rows {
        let Some(recorded) = recording.rows.get(&row.id()) else {
            found.push(format!("{}: the recording has no such row", row.id()));
            continue;
        };
        let model = lines(&row.play(profile.clone()).await);
        if model != *recorded {
            found.push(format!(
                "{}: the model shows\n    {}\n  the browser\n    {}",
                row.id(),
                model.join("\n    "),
                recorded.join("\n    ")
            ));
        }
    }
    let is_known = |id: &&String| rows.iter().any(|row| row.id() == **id);
    let unknown = recording.rows.keys().filter(|id| !is_known(id));
    found.extend(unknown.map(|id| format!("{id}: recorded, but there is no such row")));
    found
}

fn lines(fetches: &[Fetched]) -> Vec<String> {
    let of_view = |view: StepView| {
        let requests: Vec<_> = view.requests.iter().map(|request| request_line(request)).collect();
        requests.into_iter().chain([format!("page: {}", view.page.join("; "))])
    };
    fetches.iter().map(view).flat_map(of_view).collect()
}

fn request_line(request: &SentRequest) -> String {
    request.lines().join("; ")
}
