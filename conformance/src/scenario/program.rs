//! What the program of a scenario decides about origins that its policy does not list: a function or a lookup, as data.

use std::collections::{BTreeMap, BTreeSet};
use std::future;
use std::io;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use cors_core::{Lookup, LookupOptions, Origin, PolicyBuilder};
use serde::Deserialize;
use serde_json::Value;

/// How long a lookup may take. All answers but the late ones are there at once.
const DEADLINE: Duration = Duration::from_millis(100);

/// The tables `predicate` and `lookup` of a policy.
#[derive(Clone, Debug, Default)]
pub(super) struct Program {
    predicate: Option<PredicateData>,
    lookup: Option<LookupData>,
}

/// Which origins a function allows.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct PredicateData {
    /// The hosts that are allowed with `https` and without a port.
    hosts: BTreeSet<String>,
    /// All origins are allowed but those with these hosts.
    any_host_but: Option<BTreeSet<String>>,
}

/// What a lookup answers, by host. It denies all others.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct LookupData {
    /// The hosts that are allowed with `https` and without a port.
    hosts: BTreeSet<String>,
    /// All origins are allowed but those with these hosts.
    any_host_but: Option<BTreeSet<String>>,
    fails: BTreeSet<String>,
    panics: BTreeSet<String>,
    /// There is never an answer.
    late: BTreeSet<String>,
    /// The first question fails, and later ones are allowed.
    fails_once: BTreeSet<String>,
    /// The first question is allowed, and later ones are not.
    allows_once: BTreeSet<String>,
    /// The first question is not allowed, and later ones are.
    denies_once: BTreeSet<String>,
    /// How many questions may wait for an answer at the same time, if it is not the default.
    max_questions: Option<usize>,
}

impl Program {
    /// Takes the two tables out of a policy. The error names the table.
    pub(super) fn take(policy: &mut Value) -> Result<Self, (&'static str, String)> {
        let Some(fields) = policy.as_object_mut() else { return Ok(Self::default()) };
        let predicate = fields.remove("predicate").map(PredicateData::deserialize).transpose();
        let lookup = fields.remove("lookup").map(LookupData::deserialize).transpose();
        Ok(Self {
            predicate: predicate.map_err(|error| ("predicate", error.to_string()))?,
            lookup: lookup.map_err(|error| ("lookup", error.to_string()))?,
        })
    }

    pub(super) fn has_lookup(&self) -> bool {
        self.lookup.is_some()
    }

    /// Adds the function.
    pub(super) fn add_predicate(&self, policy: PolicyBuilder) -> PolicyBuilder {
        let Some(PredicateData { hosts, any_host_but }) = self.predicate.clone() else { return policy };
        policy.allow_origin_if(move |origin| allows(&hosts, any_host_but.as_ref(), origin))
    }

    /// Adds a lookup that has answered nothing yet.
    pub(super) fn add_lookup(&self, policy: PolicyBuilder) -> PolicyBuilder {
        let Some(data) = self.lookup.clone() else { return policy };
        let mut options = LookupOptions::default().deadline(DEADLINE);
        if let Some(max_questions) = data.max_questions {
            options = options.max_questions(max_questions);
        }
        let asked = Mutex::<BTreeMap<String, u32>>::default();
        let lookup = Lookup::with_options(options, move |origin: Origin<'static>| {
            let is_first = {
                let mut asked = asked.lock().unwrap_or_else(PoisonError::into_inner);
                let count = asked.entry(origin.to_string()).or_default();
                *count += 1;
                *count == 1
            };
            let data = data.clone();
            async move { data.answer(&origin, is_first).await }
        });
        policy.lookup(lookup)
    }
}

impl LookupData {
    async fn answer(&self, origin: &Origin<'_>, is_first: bool) -> io::Result<bool> {
        let host = origin.host();
        if self.late.contains(host) {
            future::pending::<()>().await;
        }
        if self.panics.contains(host) {
            // The panic hook does not run, so that nothing is printed between the lines of a report.
            std::panic::resume_unwind(Box::new("the scenario wants the lookup to panic"));
        }
        if self.fails.contains(host) || is_first && self.fails_once.contains(host) {
            return Err(io::Error::other("the scenario wants the lookup to fail"));
        }
        Ok(allows(&self.hosts, self.any_host_but.as_ref(), origin)
            || self.fails_once.contains(host)
            || is_first && self.allows_once.contains(host)
            || !is_first && self.denies_once.contains(host))
    }
}

fn allows(hosts: &BTreeSet<String>, any_host_but: Option<&BTreeSet<String>>, origin: &Origin<'_>) -> bool {
    let is_web = origin.scheme() == "https" && origin.port().is_none();
    is_web && hosts.contains(origin.host())
        || any_host_but.is_some_and(|others| !others.contains(origin.host()))
}
