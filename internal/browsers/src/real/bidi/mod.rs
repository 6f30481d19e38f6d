//! Chromium and Firefox, over WebDriver BiDi.
//!
//! One browser process plays a whole run. Each scenario gets a user context, which has a proxy of its own.

use std::sync::Arc;

use serde_json::json;
use thirtyfour::bidi::modules::browser::{CreateUserContext, RemoveUserContext};
use thirtyfour::bidi::modules::browsing_context::{Create, CreateType, GetTree, Navigate, ReadinessState};
use thirtyfour::bidi::modules::script::{CallFunction, EvaluateResult, Target};
use thirtyfour::bidi::{BrowsingContextId, UserContextId};

use super::automation::{Automation, Place, navigation_error};
use cors_browser::{NetworkPermissions, Origin, Permission, ThirdPartyCookies, User};
use cors_conformance::user_agent::UserAgentError;

pub(super) use driver::Driver;
pub(super) use launch::launch;

mod console;
mod driver;
mod launch;
mod prompt;

/// The browsers that understand WebDriver BiDi. Some of their commands and events differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    Chromium,
    Firefox,
}

impl Dialect {
    /// The browser's default setting for third-party cookies.
    pub(super) fn third_party_cookies(self) -> ThirdPartyCookies {
        match self {
            Self::Chromium => ThirdPartyCookies::Allowed,
            Self::Firefox => ThirdPartyCookies::Partitioned,
        }
    }
}

/// The tabs of one scenario, in a user context of their own.
pub(super) struct UserContext {
    driver: Arc<Driver>,
    id: UserContextId,
}

impl UserContext {
    /// Creates a user context whose network is the proxy at the address `proxy`; without one, the browser connects to servers itself.
    pub(super) async fn create(driver: Arc<Driver>, proxy: Option<&str>) -> Result<Self, UserAgentError> {
        // Without this, Chromium connects to loopback without the proxy. Firefox has a preference for it.
        // See `launch::capabilities`.
        let exceptions: &[&str] = match driver.dialect {
            Dialect::Chromium => &["<-loopback>"],
            Dialect::Firefox => &[],
        };
        let proxy = match proxy {
            Some(proxy) => json!({
                "proxyType": "manual", "httpProxy": proxy, "sslProxy": proxy, "noProxy": exceptions,
            }),
            None => json!({ "proxyType": "direct" }),
        };
        let context = CreateUserContext { proxy: Some(proxy), ..CreateUserContext::default() };
        let id = driver.send(context).await?.user_context;
        Ok(Self { driver, id })
    }

    /// Calls a function, with the activation of a user or without.
    async fn call_function(
        &self,
        place: &Place,
        function: &str,
        arguments: &[&str],
        has_activation: bool,
    ) -> Result<String, UserAgentError> {
        let string = |text: &&str| json!({ "type": "string", "value": text });
        let call = CallFunction {
            function_declaration: function.to_owned(),
            await_promise: true,
            target: Target::Context { context: context(place), sandbox: None },
            arguments: arguments.iter().map(string).collect(),
            this: None,
            result_ownership: None,
            user_activation: Some(has_activation),
        };
        match self.driver.send(call).await? {
            EvaluateResult::Success { result, .. } => {
                Ok(result["value"].as_str().unwrap_or_default().to_owned())
            }
            EvaluateResult::Exception { exception_details, .. } => Err(UserAgentError::Failed(format!(
                "a script of the suite threw {}",
                exception_details["text"]
            ))),
        }
    }
}

impl Automation for UserContext {
    async fn open_tab(&self) -> Result<Place, UserAgentError> {
        let create = Create {
            r#type: CreateType::Tab,
            reference_context: None,
            background: Some(true),
            user_context: Some(self.id.clone()),
        };
        let tab = self.driver.send(create).await?.context;
        Ok(Place::tab(tab.as_str()))
    }

    async fn navigate(&self, tab: &Place, url: &str) -> Result<(), UserAgentError> {
        let navigate =
            Navigate { context: context(tab), url: url.to_owned(), wait: Some(ReadinessState::Complete) };
        match self.driver.send(navigate).await {
            Ok(_) => Ok(()),
            Err(UserAgentError::Failed(message)) => Err(navigation_error(url, &message)),
            Err(error) => Err(error),
        }
    }

    async fn frame(&self, tab: &Place) -> Result<Option<Place>, UserAgentError> {
        let tree = GetTree { max_depth: None, root: Some(context(tab)) };
        let tree = self.driver.send(tree).await?;
        let frame = tree.contexts.into_iter().flat_map(|tab| tab.children).next();
        Ok(frame.map(|frame| Place { tab: tab.tab.clone(), frame: Some(frame.context.as_str().to_owned()) }))
    }

    async fn call(
        &self,
        place: &Place,
        function: &str,
        arguments: &[&str],
    ) -> Result<String, UserAgentError> {
        self.call_function(place, function, arguments, false).await
    }

    async fn call_as_user(
        &self,
        place: &Place,
        function: &str,
        arguments: &[&str],
    ) -> Result<String, UserAgentError> {
        self.call_function(place, function, arguments, true).await
    }

    async fn watch_console(&self, place: &Place) -> Result<String, UserAgentError> {
        console::watch(&self.driver, &context(place)).await
    }

    fn take_console(&self, console: &str) -> Vec<String> {
        self.driver.console_lines().remove(console).unwrap_or_default()
    }

    async fn answer_prompts(&self, tab: &Place, user: Option<&User>) -> Result<(), UserAgentError> {
        prompt::start_answering(&self.driver, &BrowsingContextId::from(tab.tab.as_str()), user).await
    }

    /// Firefox has no such permissions.
    async fn set_network_permissions(
        &self,
        top_level: &Origin,
        permissions: NetworkPermissions,
    ) -> Result<(), UserAgentError> {
        let named = [("local-network", permissions.local), ("loopback-network", permissions.loopback)];
        // A file or an insecure page cannot have a permission.
        if self.driver.dialect != Dialect::Chromium || !top_level.is_potentially_trustworthy() {
            return Ok(());
        }
        for (name, answer) in named {
            let state = match answer {
                Permission::Granted => "granted",
                Permission::Denied => "denied",
                // Without a screen, Chromium dismisses prompts at once.
                _ => "prompt",
            };
            let parameters = json!({
                "descriptor": { "name": name },
                "state": state,
                "origin": top_level.to_string(),
                "userContext": self.id,
            });
            self.driver.send_raw("permissions.setPermission", parameters).await?;
        }
        Ok(())
    }

    /// In Chromium, redirected requests lose their `Origin` once prompts are answered.
    fn may_always_answer_prompts(&self) -> bool {
        self.driver.dialect == Dialect::Firefox
    }
}

impl Drop for UserContext {
    fn drop(&mut self) {
        let remove = RemoveUserContext { user_context: self.id.clone() };
        let driver = self.driver.clone();
        // Without a runtime, the browser is about to be stopped as well.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            // Ignore: a context that cannot be removed ends with the browser.
            runtime.spawn(async move { driver.send(remove).await.map(drop) });
        }
    }
}

/// The protocol's browsing context of a place.
fn context(place: &Place) -> BrowsingContextId {
    BrowsingContextId::from(place.frame.as_deref().unwrap_or(&place.tab))
}
