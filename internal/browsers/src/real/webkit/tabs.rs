//! The tabs of one scenario in WebKit.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Deserialize;
use serde_json::Value;
use thirtyfour::error::WebDriverError;
use thirtyfour::prelude::WindowHandle;

use super::driver::Driver;
use super::inspector::Inspector;
use crate::real::automation::{Automation, Place, failed, navigation_error};
use cors_browser::User;
use cors_conformance::user_agent::UserAgentError;

/// The tabs of one scenario, in a browser of their own.
pub(in crate::real) struct Tabs {
    driver: Driver,
    inspector: Inspector,
    /// The open tabs, in the order in which they were opened.
    handles: Mutex<Vec<WindowHandle>>,
}

/// What [`script`] returns.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum CallResult {
    Value(String),
    Error(String),
}

impl Tabs {
    /// The tabs of a new browser. The error says what failed.
    pub(super) async fn new(driver: Driver) -> Result<Self, String> {
        let inspector = Inspector::connect(driver.inspector)
            .await
            .map_err(|error| format!("its inspector does not answer: {error}"))?;
        Ok(Self { driver, inspector, handles: Mutex::default() })
    }

    /// The version that the browser reports.
    pub(super) fn version(&self) -> &str {
        let version = self.driver.session.capabilities().get("browserVersion");
        version.and_then(Value::as_str).unwrap_or("unknown")
    }

    /// Directs the following commands to a place.
    async fn select(&self, place: &Place) -> Result<(), WebDriverError> {
        let session = &self.driver.session;
        session.switch_to_window(WindowHandle::from(place.tab.as_str())).await?;
        match &place.frame {
            None => Ok(()),
            Some(_) => session.enter_frame(0).await,
        }
    }

    fn handles(&self) -> MutexGuard<'_, Vec<WindowHandle>> {
        self.handles.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Automation for Tabs {
    async fn open_tab(&self) -> Result<Place, UserAgentError> {
        let session = &self.driver.session;
        // A browser starts with a tab.
        let is_first = self.handles().is_empty();
        let handle = if is_first { session.window().await } else { session.new_tab().await };
        let handle = handle.map_err(failed)?;
        let place = Place::tab(handle.to_string());
        self.handles().push(handle);
        Ok(place)
    }

    async fn navigate(&self, tab: &Place, url: &str) -> Result<(), UserAgentError> {
        self.select(tab).await.map_err(failed)?;
        let navigated = self.driver.session.goto(url).await;
        navigated.map_err(|error| navigation_error(url, &error.to_string()))
    }

    async fn frame(&self, tab: &Place) -> Result<Option<Place>, UserAgentError> {
        // The suite's pages have one frame, which is the one with the index 0.
        Ok(Some(Place { frame: Some("0".to_owned()), ..tab.clone() }))
    }

    async fn call(
        &self,
        place: &Place,
        function: &str,
        arguments: &[&str],
    ) -> Result<String, UserAgentError> {
        self.select(place).await.map_err(failed)?;
        let arguments: Vec<Value> = arguments.iter().map(|&text| Value::from(text)).collect();
        let returned = self.driver.session.execute_async(script(function), arguments).await;
        match returned.and_then(|returned| returned.convert()).map_err(failed)? {
            CallResult::Value(value) => Ok(value),
            CallResult::Error(error) => {
                Err(UserAgentError::Failed(format!("a script of the suite threw {error}")))
            }
        }
    }

    /// WebDriver's scripts count as the user's.
    async fn call_as_user(
        &self,
        place: &Place,
        function: &str,
        arguments: &[&str],
    ) -> Result<String, UserAgentError> {
        self.call(place, function, arguments).await
    }

    async fn watch_console(&self, place: &Place) -> Result<String, UserAgentError> {
        let position = self.handles().iter().position(|handle| handle.to_string() == place.tab);
        let tab = inspector_tab(position.ok_or_else(|| failed("the tab is not open"))?);
        self.inspector.watch(tab).await.map_err(failed)?;
        Ok(tab.to_string())
    }

    fn take_console(&self, console: &str) -> Vec<String> {
        console.parse().map(|tab| self.inspector.take(tab)).unwrap_or_default()
    }

    /// WebDriver has no command for prompts.
    async fn answer_prompts(&self, _tab: &Place, _user: Option<&User>) -> Result<(), UserAgentError> {
        Ok(())
    }

    fn may_always_answer_prompts(&self) -> bool {
        false
    }
}

/// The inspector's number of the tab that was opened at this position. The number 2 is the automation.
fn inspector_tab(position: usize) -> u64 {
    match position {
        0 => 1,
        _ => position as u64 + 2,
    }
}

/// The body of a script that calls a function and waits for its promise. The last argument takes the result.
fn script(function: &str) -> String {
    format!(
        "const done = arguments[arguments.length - 1];
        const call = async (...given) => ({function}\n)(...given);
        call(...[...arguments].slice(0, -1)).then(
          (value) => done({{ value: typeof value === 'string' ? value : '' }}),
          (error) => done({{ error: String(error) }}),
        );"
    )
}
