//! What each of several browsers does.

use cors_browser::{AddressSpace, BlockReason, Engine, Profile};
use serde::Serialize;

use super::action::http_url;
use super::{CheckReport, PageResult};

/// What one browser does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BrowserVerdict {
    /// The name of the browser's profile, or `standard`.
    pub browser: &'static str,
    /// What the page gets.
    pub verdict: PageResult,
    /// Why the fetch is blocked, if it is.
    pub reason: Option<&'static str>,
    /// The values that broke the rule, in words.
    pub detail: Option<String>,
    /// What the browser prints to its console, if the fetch is blocked.
    pub console: Option<String>,
    #[serde(skip)]
    is_a_problem: bool,
}

impl BrowserVerdict {
    pub(super) fn of(report: &CheckReport) -> Self {
        let blocked = report.blocked();
        let is_real = report.check.profile.engine().is_some();
        // WebKit does not let pages over HTTPS reach a local server over HTTP. Such servers are used during development, with the
        // origins of production, and no response header can change the verdict.
        let is_loopback = AddressSpace::of(&http_url(&report.check.request.url)) == AddressSpace::Loopback;
        let is_development =
            is_loopback && blocked.is_some_and(|blocked| blocked.reason == BlockReason::MixedContent);
        Self {
            browser: report.check.profile.name(),
            verdict: report.page_result(),
            reason: blocked.map(|blocked| blocked.reason.as_str()),
            detail: blocked.map(|blocked| blocked.detail.clone()),
            console: report.console(),
            is_a_problem: is_real && blocked.is_some() && !is_development,
        }
    }

    /// Whether a real browser blocks the fetch, and the server can be the cause. The standard alone blocks no fetch of a user.
    pub(super) fn is_a_problem(&self) -> bool {
        self.is_a_problem
    }

    /// Whether two browsers do the same for the same reason.
    pub(super) fn agrees(&self, other: &Self) -> bool {
        (self.verdict, self.reason) == (other.verdict, other.reason)
    }

    /// The browser's name as people write it.
    pub(super) fn label(&self) -> &'static str {
        match self.browser {
            "chromium" => "Chromium",
            "firefox" => "Firefox",
            "webkit" => "WebKit",
            "standard" => "the standard",
            name => name,
        }
    }
}

/// The name of a profile's browser as people write it.
pub(super) fn name_of(profile: &Profile) -> &'static str {
    match profile.engine() {
        Some(Engine::Chromium) => "Chromium",
        Some(Engine::Firefox) => "Firefox",
        Some(Engine::WebKit) => "WebKit",
        _ => profile.name(),
    }
}
