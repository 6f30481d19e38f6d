//! Policies from Rocket's configuration.

use cors_core::{Policy, PolicyBuilder};
use rocket::figment::value::{Dict, Value};
use rocket::figment::{Error, Figment};

/// The configuration table with the default policy.
const KEY: &str = "cors";

/// The table inside it with one policy per path.
const PATHS: &str = "paths";

/// The valid policies from a configuration. A policy that was refused is `None`.
#[derive(Default)]
pub(crate) struct ConfiguredPolicies {
    pub(crate) default: Option<Policy>,
    pub(crate) paths: Vec<(String, Option<Policy>)>,
}

impl ConfiguredPolicies {
    /// Reads the policies and appends every error to `problems`.
    pub(crate) fn read(figment: &Figment, problems: &mut Vec<String>) -> Self {
        if !figment.contains(KEY) {
            problems.push(format!(
                "`{KEY}` is missing from the configuration. Add a table `[default.{KEY}]` with at least \
                 `allow_origins` to Rocket.toml."
            ));
            return Self::default();
        }
        let mut table = match figment.extract_inner::<Dict>(KEY) {
            Ok(table) => table,
            Err(error) => {
                push_errors(KEY, error, problems);
                return Self::default();
            }
        };
        let mut paths = Dict::new();
        if let Some(value) = table.remove(PATHS) {
            match value.deserialize() {
                Ok(tables) => paths = tables,
                Err(error) => push_errors(&format!("{KEY}.{PATHS}"), error, problems),
            }
        }
        let default = read_policy(KEY, &Value::from(table), problems);
        let paths = paths.into_iter().map(|(path, value)| {
            let policy = read_policy(&format!("{KEY}.{PATHS}.{path:?}"), &value, problems);
            (path, policy)
        });
        Self { default, paths: paths.collect() }
    }
}

/// Builds the policy in the table `key`, or appends its errors to `problems`.
fn read_policy(key: &str, value: &Value, problems: &mut Vec<String>) -> Option<Policy> {
    let builder: PolicyBuilder = match value.deserialize() {
        Ok(builder) => builder,
        Err(error) => {
            push_errors(key, error, problems);
            return None;
        }
    };
    match builder.build() {
        Ok(policy) => {
            policy.unlogged_warnings().iter().for_each(|warning| log::warn!("{key}: {warning}"));
            Some(policy)
        }
        Err(error) => {
            problems.extend(error.problems().iter().map(|problem| format!("{key}: {problem}")));
            None
        }
    }
}

fn push_errors(key: &str, error: Error, problems: &mut Vec<String>) {
    problems.extend(error.into_iter().map(|error| format!("{key}: {error}")));
}
