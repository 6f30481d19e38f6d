//! What consoles print: compares the model's messages with those of real browsers, with one case for each reason.
//!
//! The messages of real browsers are recorded in `internal/browsers/console.toml`, so that the model is compared with them on
//! machines without browsers as well.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::BrowserUnderTest;
use cors_browser::examples::{Case, cases};
use cors_browser::{Fetched, Outcome};
use cors_conformance::user_agent::{Model, UserAgent, UserAgentError};

/// What the consoles of real browsers printed, by the browser's name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Recording(pub BTreeMap<String, BrowserRecording>);

/// What one browser's console printed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BrowserRecording {
    /// The browser's version.
    pub version: String,
    /// The lines, by the name of the case; empty if the fetch succeeded.
    pub lines: BTreeMap<String, Vec<String>>,
}

impl Recording {
    /// Reads `internal/browsers/console.toml`, which is compiled in.
    ///
    /// # Errors
    ///
    /// If the file is not valid TOML, or not a recording.
    pub fn stored() -> Result<Self, toml::de::Error> {
        toml::from_str(include_str!("../../console.toml"))
    }
}

/// Plays every case in a browser and records what its console prints. `on_done` is called after each case.
///
/// # Errors
///
/// If the browser fails.
pub async fn record(
    browser: &BrowserUnderTest,
    mut on_done: impl FnMut(),
) -> Result<BrowserRecording, UserAgentError> {
    let mut lines = BTreeMap::new();
    for case in cases() {
        let fetched = play(&case, &browser.user_agent).await?;
        lines.insert(case.name.clone(), if is_blocked(&fetched) { fetched.console } else { Vec::new() });
        on_done();
    }
    Ok(BrowserRecording { version: browser.version.clone(), lines })
}

/// Every message of the model that the browser did not print, one sentence each.
pub async fn differences(browser: &BrowserUnderTest, recording: &BrowserRecording) -> Vec<String> {
    let model: Arc<dyn UserAgent> = Arc::new(Model::new(browser.profile.clone()));
    let mut found = Vec::new();
    for case in cases() {
        let Some(printed) = recording.lines.get(&case.name) else {
            found.push(format!("{}: the recording has no such case", case.name));
            continue;
        };
        match play(&case, &model).await {
            Err(error) => found.push(format!("{}: {error}", case.name)),
            Ok(fetched) if is_blocked(&fetched) == printed.is_empty() => {
                let (model, browser) = match is_blocked(&fetched) {
                    true => ("blocks", "does not"),
                    false => ("does not block", "does"),
                };
                found.push(format!("{}: the model {model} the fetch, the browser {browser}", case.name));
            }
            Ok(fetched) => {
                for line in fetched.console.iter().filter(|line| !printed.contains(line)) {
                    found.push(format!(
                        "{}: the model prints `{line}`, the browser `{}`",
                        case.name,
                        printed.join("`, `")
                    ));
                }
            }
        }
    }
    found
}

async fn play(case: &Case, user_agent: &Arc<dyn UserAgent>) -> Result<Fetched, UserAgentError> {
    let (Some(page), Some(action)) = (case.page(), case.action()) else {
        return Err(UserAgentError::Failed(format!("the case {} has an invalid URL", case.name)));
    };
    let hosts: Vec<_> =
        page.origin.host().into_iter().chain(action.url().host_str()).map(str::to_owned).collect();
    user_agent.open(&page, case.network(), &hosts).await?.act(&page, action).await
}

fn is_blocked(fetched: &Fetched) -> bool {
    matches!(fetched.outcome, Outcome::Blocked(_))
}
