//! Selection of scenarios by their ids.

use std::sync::Arc;

use super::Scenario;
use crate::pattern::Pattern;

/// A pattern that matches no scenario.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "no scenario is called `{0}`: write an id such as `preflight/granted`, or a glob such as `preflight/*`"
)]
pub struct NoScenario(String);

/// The scenarios whose ids match any of `patterns`. Without patterns, all of them.
///
/// # Errors
///
/// A pattern matches no scenario.
pub fn select(scenarios: Vec<Scenario>, patterns: &[Pattern]) -> Result<Vec<Arc<Scenario>>, NoScenario> {
    for pattern in patterns {
        if !scenarios.iter().any(|scenario| pattern.matches(&scenario.id)) {
            return Err(NoScenario(pattern.as_str().to_owned()));
        }
    }
    let is_wanted = |scenario: &Scenario| {
        patterns.is_empty() || patterns.iter().any(|pattern| pattern.matches(&scenario.id))
    };
    Ok(scenarios.into_iter().filter(is_wanted).map(Arc::new).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(patterns: &[&str]) -> Result<Vec<String>, NoScenario> {
        let scenarios = ["a/one", "a/two", "b/one"].map(|id| {
            let text = format!(
                "id = \"{id}\"\ntitle = \"t\"\nkind = \"quality\"\nspec = \"fetch#a\"\npolicy.allow_origins = \"*\"\n\
                 [[step]]\nfetch = {{ path = \"/\" }}\nactuals = 1"
            );
            Scenario::parse(id, &text).unwrap()
        });
        let patterns: Vec<_> = patterns.iter().map(|text| Pattern::parse(text).unwrap()).collect();
        Ok(select(scenarios.into(), &patterns)?.iter().map(|scenario| scenario.id.clone()).collect())
    }

    #[test]
    fn scenarios_are_selected_by_id_or_glob() {
        assert_eq!(ids(&[]).unwrap(), ["a/one", "a/two", "b/one"]);
        assert_eq!(ids(&["a/*"]).unwrap(), ["a/one", "a/two"]);
        assert_eq!(ids(&["*/one", "a/one"]).unwrap(), ["a/one", "b/one"]);
    }

    #[test]
    fn a_pattern_that_matches_nothing_is_an_error_that_names_it() {
        assert!(ids(&["a/*", "c/*"]).unwrap_err().to_string().contains("`c/*`"));
    }
}
