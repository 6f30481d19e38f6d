//! A policy from Rocket's own configuration.

use cors_core::{Policy, PolicyBuilder};
use rocket::figment::value::{Dict, Value};
use rocket::figment::{Error, Figment};

/// The table of the policy, and in it the table of the policies of single paths.
const KEY: &str = "cors";
const PATHS: &str = "paths";

/// The policies that a configuration holds, as far as they are none that are refused.
#[derive(Default)]
pub(crate) struct Configured {
    pub(crate) default: Option<Policy>,
    pub(crate) paths: Vec<(String, Option<Policy>)>,
}

impl Configured {
    /// Reads them, and adds everything that is wrong with them to `problems`.
    pub(crate) fn read(figment: &Figment, problems: &mut Vec<String>) -> Self {
        if !figment.contains(KEY) {
            problems.push(format!(
                "`{KEY}` is missing from the configuration: write a table `[default.{KEY}]` in Rocket.toml, \
                 with `allow_origins` at least"
            ));
            return Self::default();
        }
        let mut table = match figment.extract_inner::<Dict>(KEY) {
            Ok(table) => table,
            Err(error) => {
                tell(KEY, error, problems);
                return Self::default();
            }
        };
        let mut paths = Dict::new();
        if let Some(value) = table.remove(PATHS) {
            match value.deserialize() {
                Ok(tables) => paths = tables,
                Err(error) => tell(&format!("{KEY}.{PATHS}"), error, problems),
            }
        }
        let default = policy(KEY, Value::from(table), problems);
        let paths = paths.into_iter().map(|(path, value)| {
            let policy = policy(&format!("{KEY}.{PATHS}.{path:?}"), value, problems);
            (path, policy)
        });
        Self { default, paths: paths.collect() }
    }
}

/// The policy in the table `key`; what is wrong with it is added to `problems`.
fn policy(key: &str, value: Value, problems: &mut Vec<String>) -> Option<Policy> {
    let builder: PolicyBuilder = match value.deserialize() {
        Ok(builder) => builder,
        Err(error) => {
            tell(key, error, problems);
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

fn tell(key: &str, error: Error, problems: &mut Vec<String>) {
    problems.extend(error.into_iter().map(|error| format!("{key}: {error}")));
}
