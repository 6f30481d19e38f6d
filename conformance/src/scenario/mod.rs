//! Scenarios: what a page does, and what must come of it, as data.
//!
//! A scenario is one TOML file under `scenarios/<group>/<name>.toml`. The suite carries its files inside the crate, so that
//! it runs wherever it is a dependency.

use std::collections::BTreeMap;

use cors_core::Policy;
use serde::{Deserialize, Serialize};
use url::Url;

use cors_browser::Page;

pub use browsers::Browsers;
pub use expectation::{
    MessageExpectation, On, PageExpectation, Readable, ReadableType, StatusExpectation, WireExpectation,
};
pub use load::{LoadError, Problem, embedded, from_directory};
pub use select::{NoScenario, select};
pub use step::{Action, RawRequest, Step};

mod browsers;
mod expectation;
mod file;
mod header_list;
mod load;
mod parse;
mod select;
mod step;

/// One scenario, read and found sound.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// `<group>/<name>`, the same as the file's path.
    pub id: String,
    /// What holds, in one sentence.
    pub title: String,
    /// How much it matters.
    pub kind: Kind,
    /// The sections that say so, such as `fetch#cors-preflight-fetch`.
    pub spec: Vec<String>,
    /// The questions of the CORS FAQ that it answers.
    pub faq: Vec<String>,
    /// Who gets hurt otherwise.
    pub harm: Option<String>,
    /// Whether it is this project's own promise, which is asked of adapters only.
    pub contract: bool,
    /// Scenarios without which this one says nothing.
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
    /// The name of the server that a `path` is on.
    pub const MAIN: &'static str = "main";

    /// Reads the text of a scenario file whose path is `<id>.toml`.
    pub fn parse(id: &str, text: &str) -> Result<Self, LoadError> {
        parse::scenario(id, text).map_err(LoadError::from)
    }

    /// The folder that the scenario is in.
    pub fn group(&self) -> &str {
        self.id.split_once('/').map_or(self.id.as_str(), |(group, _)| group)
    }
}

/// A server of a scenario: the specimen behind the middleware under test.
#[derive(Clone, Debug)]
pub struct ServerPlan {
    /// Its logical origin, as a URL with the path `/`.
    pub origin: Url,
    /// The policy that it is configured with.
    pub policy: Policy,
    /// Its certificate, if it is reached over TLS; otherwise bytes go in plain text, whatever the origin's scheme.
    pub tls: Option<CertificateSort>,
}

/// Who vouches for a server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CertificateSort {
    /// An authority that the user agent trusts.
    #[default]
    Trusted,
    /// An authority that it has never heard of.
    Untrusted,
}

/// How much a scenario matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A standard says so.
    Required,
    /// Someone gets hurt otherwise.
    Security,
    /// It works otherwise, but costs users.
    Quality,
    /// There is no right answer: shown, not judged.
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

/// The version of HTTP that a scenario is played over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
pub enum HttpVersion {
    /// HTTP/1.1
    #[default]
    #[serde(rename = "1.1")]
    Http11,
    /// HTTP/2 with prior knowledge
    #[serde(rename = "2")]
    Http2,
}

#[cfg(test)]
mod tests;
