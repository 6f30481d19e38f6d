//! Unsafe configurations: what a middleware does when it is told something that no safe policy says.
//!
//! Each lets pages of strangers read what a server answers to its users. A middleware may refuse it, have no option for it, or take it.
//! If it takes it, a page of a stranger tries to read a response with the user's cookies.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use cors_browser::{Credentials, FetchRequest, Network, Origin, Outcome, Page, PageAction, ResponseType};
use cors_core::Policy;
use futures_util::FutureExt;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::network::LoopbackNetwork;
use crate::scenario::HttpVersion;
use crate::subject::{Server, StartError, Subject, SubjectKind, UnsafeStart};
use crate::user_agent::{UserAgent, UserAgentError};

/// How long one attempt may take.
const TIME_LIMIT: Duration = Duration::from_secs(60);

/// The name of [every origin with credentials](UnsafeConfiguration::ALL).
pub const ANY_ORIGIN: &str = "any-origin-with-credentials";

/// The name of the option that sends the request's origin back.
pub const REFLECTED: &str = "reflected-origin";

/// The name of `null` as an allowed origin.
pub const NULL: &str = "null-origin";

/// The name of origins that begin with an allowed one.
pub const PREFIX: &str = "prefix";

/// The name of the regular expression whose dots are not escaped.
pub const UNESCAPED_DOT: &str = "unescaped-dot";

/// A configuration that lets strangers read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnsafeConfiguration {
    /// The name in the harness protocol.
    pub name: &'static str,
    /// What a user writes, in a few words.
    pub title: &'static str,
    /// Which pages may read then.
    pub harm: &'static str,
    /// The origin of the stranger's page; `None` for a sandboxed frame.
    stranger: Option<&'static str>,
    /// A policy that comes closest, as JSON.
    policy: Option<&'static str>,
}

impl UnsafeConfiguration {
    /// All that are tried.
    pub const ALL: [Self; 5] = [
        Self {
            name: ANY_ORIGIN,
            title: "every origin (`*`), with credentials",
            harm: "every page on the web",
            stranger: Some("https://stranger.example"),
            policy: Some(r#"{"allow_origins":"*","allow_credentials":true}"#),
        },
        Self {
            name: REFLECTED,
            title: "the option that sends the request's origin back, with credentials",
            harm: "every page on the web",
            stranger: Some("https://stranger.example"),
            policy: None,
        },
        Self {
            name: NULL,
            title: "`null` as an allowed origin, with credentials",
            harm: "every page with a sandboxed frame",
            stranger: None,
            policy: Some(
                r#"{"allow_origins":"null","allow_credentials":true,"dangerously_allow":["null-origin"]}"#,
            ),
        },
        Self {
            name: PREFIX,
            title: "origins that begin with `https://app.example`, with credentials",
            harm: "pages of https://app.example.evil.example",
            stranger: Some("https://app.example.evil.example"),
            policy: Some(r#"{"allow_origins":"https://app.example*","allow_credentials":true}"#),
        },
        Self {
            name: UNESCAPED_DOT,
            title: "the regular expression `^https://.*.example.org$`, with credentials",
            harm: "pages of https://evilexample.org",
            stranger: Some("https://evilexample.org"),
            policy: Some(r#"{"allow_origins":"^https://.*.example.org$","allow_credentials":true}"#),
        },
    ];

    fn page(self) -> Option<Page> {
        match self.stranger {
            Some(origin) => Origin::parse(origin).map(Page::new),
            None => Origin::parse("https://stranger.example").map(Page::sandboxed),
        }
    }
}

/// What a middleware does with an unsafe configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum UnsafeOutcome {
    /// It refuses the configuration.
    Refused,
    /// It has no such option.
    CannotExpress,
    /// It takes the configuration, and browsers block the stranger's page all the same.
    Blocked,
    /// It takes the configuration. The stranger's page reads responses, but only without cookies.
    ReadsWithoutCookies,
    /// It takes the configuration. The stranger's page reads what the server answers to the user.
    ReadsWithCookies,
    /// It could not be tried.
    Error,
}

impl UnsafeOutcome {
    /// The words that a report uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::CannotExpress => "cannot express",
            Self::Blocked => "blocked by browsers",
            Self::ReadsWithoutCookies => "read without cookies",
            Self::ReadsWithCookies => "READ WITH COOKIES",
            Self::Error => "error",
        }
    }
}

/// The result of one configuration with one subject.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnsafeResult {
    /// The configuration's name.
    pub name: String,
    /// What became of it.
    pub outcome: UnsafeOutcome,
    /// The middleware's own words, or why it was blocked. May be empty.
    pub detail: String,
    /// The configuration as a user writes it, if the subject tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub configuration: Option<String>,
    /// What the middleware said when it took the configuration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warning: Option<String>,
}

/// The results of all configurations with one subject.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnsafeRun {
    /// The subject's name.
    pub subject: String,
    /// One for each of [`UnsafeConfiguration::ALL`], in their order.
    pub results: Vec<UnsafeResult>,
}

/// Tries every unsafe configuration with a subject.
pub async fn try_all(subject: &dyn Subject, user_agent: &dyn UserAgent) -> UnsafeRun {
    let mut results = Vec::new();
    for configuration in UnsafeConfiguration::ALL {
        let trying = AssertUnwindSafe(attempt(configuration, subject, user_agent)).catch_unwind();
        let failed = |detail: String| Tried::new(UnsafeOutcome::Error, detail);
        let tried = match tokio::time::timeout(TIME_LIMIT, trying).await {
            Ok(Ok(tried)) => tried,
            Ok(Err(_)) => failed("it panicked".to_owned()),
            Err(_) => failed(format!("did not end within {TIME_LIMIT:?}")),
        };
        let Tried { outcome, detail, configuration: written, warning } = tried;
        let name = configuration.name.to_owned();
        results.push(UnsafeResult { name, outcome, detail, configuration: written, warning });
    }
    UnsafeRun { subject: subject.name().to_owned(), results }
}

struct Tried {
    outcome: UnsafeOutcome,
    detail: String,
    configuration: Option<String>,
    warning: Option<String>,
}

impl Tried {
    fn new(outcome: UnsafeOutcome, detail: impl Into<String>) -> Self {
        Self { outcome, detail: detail.into(), configuration: None, warning: None }
    }
}

async fn attempt(
    configuration: UnsafeConfiguration,
    subject: &dyn Subject,
    user_agent: &dyn UserAgent,
) -> Tried {
    if subject.kind() == SubjectKind::Adapter {
        return tried_as_policy(configuration);
    }
    let (server, warning) = match subject.start_unsafe(configuration.name).await {
        Ok(UnsafeStart::Ready { server, warning }) => (server, warning),
        Ok(UnsafeStart::Refused(reason)) => return Tried::new(UnsafeOutcome::Refused, reason),
        Err(StartError::Inexpressible(reason)) => return Tried::new(UnsafeOutcome::CannotExpress, reason),
        Err(StartError::Failed(reason)) => return Tried::new(UnsafeOutcome::Error, reason),
    };
    let (outcome, detail) = match read_as_stranger(configuration, &server, user_agent).await {
        Ok(seen) => seen,
        Err(error) => (UnsafeOutcome::Error, error.to_string()),
    };
    let written = server.configuration().map(str::to_owned);
    server.stop().await;
    Tried { configuration: written, warning, ..Tried::new(outcome, detail) }
}

/// An adapter takes policies only.
fn tried_as_policy(configuration: UnsafeConfiguration) -> Tried {
    let Some(policy) = configuration.policy else {
        return Tried::new(UnsafeOutcome::CannotExpress, "policies have no such field");
    };
    match serde_json::from_str::<Policy>(policy) {
        Err(error) => Tried::new(UnsafeOutcome::Refused, error.to_string()),
        Ok(_) => Tried::new(UnsafeOutcome::Error, "a policy says it"),
    }
}

/// What the stranger's page gets, with cookies and without.
async fn read_as_stranger(
    configuration: UnsafeConfiguration,
    server: &Server,
    user_agent: &dyn UserAgent,
) -> Result<(UnsafeOutcome, String), UserAgentError> {
    let failed = |what: &str| UserAgentError::Failed(what.to_owned());
    let page = configuration.page().ok_or_else(|| failed("the stranger has no origin"))?;
    let url = Url::parse("https://api.example/echo").map_err(|error| failed(&error.to_string()))?;
    let network = LoopbackNetwork::new(HttpVersion::Http11).with_route(&url, server.address());
    let network: Arc<dyn Network> = Arc::new(network);
    let hosts = ["api.example".to_owned()];
    let mut session = user_agent.open(&page, network, &hosts).await?;
    let mut why = String::new();
    for (credentials, outcome) in [
        (Credentials::Include, UnsafeOutcome::ReadsWithCookies),
        (Credentials::Omit, UnsafeOutcome::ReadsWithoutCookies),
    ] {
        let mut request = FetchRequest::new(url.clone());
        request.credentials = credentials;
        match session.act(&page, PageAction::Fetch(request)).await?.outcome {
            Outcome::Response(response) if response.response_type == ResponseType::Cors => {
                return Ok((outcome, why));
            }
            Outcome::Blocked(blocked) if why.is_empty() => why = blocked.reason.as_str().to_owned(),
            _ => {}
        }
    }
    Ok((UnsafeOutcome::Blocked, why))
}
