//! What a session needs of an automation protocol. Everything else about pages is the same for all browsers.

use cors_browser::{NetworkPermissions, Origin, User};
use cors_conformance::user_agent::UserAgentError;

/// The tabs of one scenario, which share no state with the tabs of another.
///
/// The commands of one scenario never run at the same time.
pub(super) trait Automation: Send + Sync + 'static {
    /// Opens an empty tab.
    fn open_tab(&self) -> impl Future<Output = Result<Place, UserAgentError>> + Send;

    /// Loads `url` in a tab and waits until the page has loaded.
    fn navigate(&self, tab: &Place, url: &str) -> impl Future<Output = Result<(), UserAgentError>> + Send;

    /// The first frame of the page in a tab; `None` if the page has no frame.
    fn frame(&self, tab: &Place) -> impl Future<Output = Result<Option<Place>, UserAgentError>> + Send;

    /// Calls a JavaScript function in the page at `place` and waits for its promise. Returns the string, or an empty one for any
    /// other value.
    fn call(
        &self,
        place: &Place,
        function: &str,
        arguments: &[&str],
    ) -> impl Future<Output = Result<String, UserAgentError>> + Send;

    /// The same as if the user had caused it, for example by a click.
    fn call_as_user(
        &self,
        place: &Place,
        function: &str,
        arguments: &[&str],
    ) -> impl Future<Output = Result<String, UserAgentError>> + Send;

    /// Starts to collect the console messages of the page at `place`, and returns the name of the console.
    fn watch_console(&self, place: &Place) -> impl Future<Output = Result<String, UserAgentError>> + Send;

    /// Takes the lines that a console has printed since the last call.
    fn take_console(&self, console: &str) -> Vec<String>;

    /// Starts to answer the authentication prompts of a tab with the credentials of `user`, or to cancel them without a user.
    fn answer_prompts(
        &self,
        tab: &Place,
        user: Option<&User>,
    ) -> impl Future<Output = Result<(), UserAgentError>> + Send;

    /// Sets what pages below `top_level` may reach according to Local Network Access, if the browser knows it.
    fn set_network_permissions(
        &self,
        _top_level: &Origin,
        _permissions: NetworkPermissions,
    ) -> impl Future<Output = Result<(), UserAgentError>> + Send {
        std::future::ready(Ok(()))
    }

    /// Whether prompts may be answered from the beginning. Otherwise it has a side effect, so that they are answered only for
    /// requests that need it.
    fn may_always_answer_prompts(&self) -> bool;
}

/// A tab, or a frame in it.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// The protocol's name of the tab.
    pub(super) tab: String,
    /// The protocol's name of the frame; `None` for the tab's own page.
    pub(super) frame: Option<String>,
}

impl Place {
    /// The tab's own page.
    pub(super) fn tab(name: impl Into<String>) -> Self {
        Self { tab: name.into(), frame: None }
    }
}

/// A failure of the automation, as the suite reports it.
pub(super) fn failed(error: impl ToString) -> UserAgentError {
    UserAgentError::Failed(error.to_string())
}

/// Why the browser did not open a page. No page can have an origin with a blocked port (Fetch, "port blocking").
pub(super) fn navigation_error(url: &str, message: &str) -> UserAgentError {
    if ["ERR_UNSAFE_PORT", "deniedPortAccess"].iter().any(|error| message.contains(error)) {
        return UserAgentError::Unable(format!(
            "browsers open no page at {url}, because they block its port"
        ));
    }
    UserAgentError::Failed(message.to_owned())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::chromium("BiDi command failed: unknown error — net::ERR_UNSAFE_PORT", true)]
    #[case::firefox("BiDi command failed: unknown error — Error: deniedPortAccess", true)]
    #[case::other("BiDi command failed: unknown error — net::ERR_CONNECTION_RESET", false)]
    fn a_page_at_a_blocked_port_cannot_be_played(#[case] message: &str, #[case] expected: bool) {
        let error = navigation_error("https://app.example:1/", message);
        assert_eq!(matches!(error, UserAgentError::Unable(_)), expected, "{error}");
    }
}
