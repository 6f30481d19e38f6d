//! What consoles print: the model's words held against those of real browsers, a case for each reason.
//!
//! What the browsers printed is kept in `internal/browsers/console.toml`, so that the model's words are held against it on machines without
//! browsers, too.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Witness;
use cors_browser::examples::{Case, cases};
use cors_browser::{Fetched, Outcome};
use cors_conformance::user_agent::{Model, UserAgent, UserAgentError};

/// What the consoles of real browsers printed, by the browser's name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Recording(pub BTreeMap<String, Recorded>);

/// What one browser's console printed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded {
    /// The browser's version.
    pub version: String,
    /// The lines by the case's name; none where the fetch succeeded.
    pub lines: BTreeMap<String, Vec<String>>,
}

impl Recording {
    /// What is kept in `internal/browsers/console.toml`.
    ///
    /// # Errors
    ///
    /// Of TOML.
    pub fn kept() -> Result<Self, toml::de::Error> {
        toml::from_str(include_str!("../../console.toml"))
    }
}

/// Plays every case in a browser: what its console prints. `watch` is told of each that is done.
///
/// # Errors
///
/// Of the browser.
pub async fn record(witness: &Witness, mut watch: impl FnMut()) -> Result<Recorded, UserAgentError> {
    let mut lines = BTreeMap::new();
    for case in cases() {
        let fetched = play(&case, &witness.user_agent).await?;
        lines.insert(case.name.clone(), if is_blocked(&fetched) { fetched.console } else { Vec::new() });
        watch();
    }
    Ok(Recorded { version: witness.version.clone(), lines })
}

/// Where the model's words are not among those that a browser printed, as sentences.
pub async fn differences(witness: &Witness, recorded: &Recorded) -> Vec<String> {
    let model: Arc<dyn UserAgent> = Arc::new(Model::new(witness.profile.clone()));
    let mut found = Vec::new();
    for case in cases() {
        let Some(printed) = recorded.lines.get(&case.name) else {
            found.push(format!("{}: nobody has recorded what the browser prints", case.name));
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
    let (Some(page), Some(request)) = (case.page(), case.request()) else {
        return Err(UserAgentError::Failed(format!("the case {} is broken", case.name)));
    };
    user_agent.open(case.network()).await?.fetch(&page, request).await
}

fn is_blocked(fetched: &Fetched) -> bool {
    matches!(fetched.outcome, Outcome::Blocked(_))
}
