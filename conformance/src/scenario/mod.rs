//! Scenarios: what a page does, and what must happen, as data.
//!
//! A scenario is a TOML file `<group>/<name>.toml`. The crate embeds its own files; [`from_directory`] and [`embedded_with`] load
//! those of other folders.

use std::collections::{BTreeMap, BTreeSet};

use cors_core::{Policy, PolicyError};
use serde::{Deserialize, Serialize};
use url::Url;

use cors_browser::{Origin, Page};

use self::program::Program;
use crate::specimen::Level;

pub use browsers::Browsers;
pub use expectation::{
    MessageExpectation, NavigatedTo, On, PageExpectation, Readable, ReadableType, StatusExpectation,
    WireExpectation,
};
pub use load::{LoadError, Problem, embedded, embedded_text, embedded_with, from_directory};
pub(crate) use load::{from_directories, is_embedded};
pub use select::{NoScenario, select};
pub use step::{Action, RawRequest, Step};

mod browsers;
mod expectation;
mod file;
mod header_list;
mod load;
mod parse;
mod program;
mod select;
mod step;

/// One scenario, parsed and validated.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// `<group>/<name>`: the file's path without `.toml`.
    pub id: String,
    /// What holds, in one sentence.
    pub title: String,
    /// How much it matters.
    pub kind: Kind,
    /// The sections of standards that say so, such as `fetch#cors-preflight-fetch`.
    pub spec: Vec<String>,
    /// The questions of the CORS FAQ that it answers, by their slugs in [`FAQ`](crate::FAQ).
    pub faq: Vec<String>,
    /// The harm that is done if it does not hold.
    pub harm: Option<String>,
    /// Whether it is a promise of this project's adapters, which is not asked of other subjects.
    pub contract: bool,
    /// Scenarios that have to hold for this one to mean anything.
    pub depends_on: Vec<String>,
    /// The browsers that it is about, where it is not about all of them.
    pub browsers: Option<Browsers>,
    /// The protocol version to use.
    pub http: HttpVersion,
    /// The page that fetches.
    pub page: Page,
    /// The servers by name; `main` is always there.
    pub servers: BTreeMap<String, ServerPlan>,
    /// What happens, in order.
    pub steps: Vec<Step>,
}

impl Scenario {
    /// The name of the server that the `path` of a fetch is on.
    pub const MAIN: &'static str = "main";

    /// Parses the text of a scenario file whose path is `<id>.toml`.
    ///
    /// # Errors
    ///
    /// All problems of the file.
    pub fn parse(id: &str, text: &str) -> Result<Self, LoadError> {
        parse::scenario(id, text).map_err(LoadError::from)
    }

    /// The hosts of its pages and servers.
    pub fn hosts(&self) -> Vec<String> {
        let pages = [Some(&self.page.origin), self.page.top_level.as_ref()];
        let pages =
            pages.into_iter().flatten().chain(self.steps.iter().filter_map(|step| step.from.as_ref()));
        let servers = self.servers.values().filter_map(|server| server.origin.host_str());
        let hosts: BTreeSet<_> = pages.filter_map(Origin::host).chain(servers).collect();
        hosts.into_iter().map(str::to_owned).collect()
    }

    /// The routes of the specimen that it needs.
    pub fn level(&self) -> Level {
        let level = |step: &Step| match &step.action {
            Action::Page(action) => Level::of(action.url().path()),
            Action::Request(request) => Level::of(&request.target),
        };
        self.steps.iter().map(level).max().unwrap_or_default()
    }

    /// The folder that the scenario is in.
    pub fn group(&self) -> &str {
        self.id.split_once('/').map_or(self.id.as_str(), |(group, _)| group)
    }
}

/// A server of a scenario: the specimen behind the middleware under test, and how it is reached.
#[derive(Clone, Debug)]
pub struct ServerPlan {
    /// Its logical origin, as a URL with the path `/`.
    pub origin: Url,
    /// The policy that it is configured with.
    pub policy: ServerPolicy,
    /// The policies for some hosts, instead of `policy`.
    pub hosts: BTreeMap<String, ServerPolicy>,
    /// Its certificate if it is reached over TLS. `None`: in plain text, even if the origin's scheme is `https`.
    pub tls: Option<CertificateKind>,
}

/// The policy of a server, with what its program decides about other origins.
#[derive(Clone, Debug)]
pub struct ServerPolicy {
    policy: Policy,
    program: Program,
}

impl ServerPolicy {
    /// The policy for one start of the server. A lookup has not answered anything yet.
    ///
    /// # Errors
    ///
    /// It cannot fail: the same policy was built when the scenario was parsed.
    pub fn for_start(&self) -> Result<Policy, PolicyError> {
        if !self.program.has_lookup() {
            return Ok(self.policy.clone());
        }
        self.program.add_lookup(self.policy.to_builder()).build()
    }

    /// A host that its guard allows, if it does not allow all.
    pub(crate) fn allowed_host(&self) -> Option<String> {
        let entry = self.policy.guard()?.allow_hosts()?.first()?;
        Some(entry.trim_end_matches(":*").replace("*.", "any."))
    }
}

/// The issuer of a server's certificate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CertificateKind {
    /// An authority that the user agent trusts.
    #[default]
    Trusted,
    /// An authority that the user agent does not know.
    Untrusted,
}

/// How much a scenario matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A standard requires it.
    Required,
    /// Users or their data come to harm otherwise.
    Security,
    /// It works otherwise, but worse for users.
    Quality,
    /// There is no right answer: the result is shown and not judged.
    Informative,
}

impl Kind {
    /// Whether a subject can fail it.
    pub fn is_judged(self) -> bool {
        self != Self::Informative
    }

    /// The word that a scenario file uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::Security => "security",
            Self::Quality => "quality",
            Self::Informative => "informative",
        }
    }
}

/// The version of HTTP that a scenario uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
pub enum HttpVersion {
    /// HTTP/1.1.
    #[default]
    #[serde(rename = "1.1")]
    Http11,
    /// HTTP/2 with prior knowledge.
    #[serde(rename = "2")]
    Http2,
}

#[cfg(test)]
mod folder_tests;
#[cfg(test)]
mod tests;
