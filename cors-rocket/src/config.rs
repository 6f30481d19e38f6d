//! A policy from Rocket's own configuration.

use cors_core::{Policy, PolicyBuilder};
use rocket::figment::value::{Dict, Value};
use rocket::figment::{Error, Figment};

/// The table of the policy, and in it the table of the policies of single paths.
const KEY: &str = "cors";
const PATHS: &str = "paths";

/// The policies that a configuration holds.
pub(crate) struct Configured {
    pub(crate) default: Policy,
    pub(crate) paths: Vec<(String, Policy)>,
}

impl Configured {
    /// Reads them, or says everything that is wrong with them.
    pub(crate) fn read(figment: &Figment) -> Result<Self, Vec<String>> {
        if !figment.contains(KEY) {
            return Err(vec![format!(
                "`{KEY}` is missing from the configuration: write a table `[default.{KEY}]` in Rocket.toml, \
                 with `allow_origins` at least"
            )]);
        }
        let mut table: Dict = figment.extract_inner(KEY).map_err(|error| told(KEY, error))?;

        let mut problems = Vec::new();
        let mut paths = Dict::new();
        if let Some(value) = table.remove(PATHS) {
            match value.deserialize() {
                Ok(tables) => paths = tables,
                Err(error) => problems.extend(told(&format!("{KEY}.{PATHS}"), error)),
            }
        }
        let default = policy(KEY, Value::from(table), &mut problems);
        let paths: Vec<_> = paths
            .into_iter()
            .filter_map(|(path, value)| {
                let policy = policy(&format!("{KEY}.{PATHS}.{path:?}"), value, &mut problems)?;
                Some((path, policy))
            })
            .collect();
        match default {
            Some(default) if problems.is_empty() => Ok(Self { default, paths }),
            _ => Err(problems),
        }
    }
}

/// The policy in the table `key`; what is wrong with it is added to `problems`.
fn policy(key: &str, value: Value, problems: &mut Vec<String>) -> Option<Policy> {
    let builder: PolicyBuilder = match value.deserialize() {
        Ok(builder) => builder,
        Err(error) => {
            problems.extend(told(key, error));
            return None;
        }
    };
    match builder.build() {
        Ok(policy) => {
            policy.warnings().iter().for_each(|warning| log::warn!("{key}: {warning}"));
            Some(policy)
        }
        Err(error) => {
            problems.extend(error.problems().iter().map(|problem| format!("{key}: {problem}")));
            None
        }
    }
}

fn told(key: &str, error: Error) -> Vec<String> {
    error.into_iter().map(|error| format!("{key}: {error}")).collect()
}
