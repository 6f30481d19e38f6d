//! The console of a page in a real browser.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use thirtyfour::bidi::{BidiError, BrowsingContextId};

use super::Kind;
use super::driver::Driver;

/// Chromium's event for the messages of the browser itself. WebDriver BiDi has no event for them.
pub(super) const CHROMIUM_EVENT: &str = "goog:cdp.Log.entryAdded";

/// The event of WebDriver BiDi. In Firefox it includes the messages of the browser itself.
pub(super) const FIREFOX_EVENT: &str = "log.entryAdded";

/// How long to wait for the messages of a failed fetch. Another process sends them, after the fetch has failed.
const TIME_LIMIT: Duration = Duration::from_millis(400);

/// The messages are complete when no new one arrives for this long.
const QUIET_TIME: Duration = Duration::from_millis(40);

/// The console of one page.
pub(super) struct Console {
    driver: Arc<Driver>,
    source: String,
}

impl Console {
    /// Starts to collect the messages of the page in `context`.
    pub(super) async fn watch(
        kind: Kind,
        driver: &Arc<Driver>,
        context: &BrowsingContextId,
    ) -> Result<Self, BidiError> {
        let source = match kind {
            Kind::Firefox => context.as_str().to_owned(),
            Kind::Chromium => {
                let found =
                    driver.bidi.send_raw("goog:cdp.getSession", json!({ "context": context })).await?;
                let session = found["session"].as_str().unwrap_or_default().to_owned();
                let enable = json!({ "method": "Log.enable", "params": {}, "session": session });
                driver.bidi.send_raw("goog:cdp.sendCommand", enable).await?;
                session
            }
        };
        Ok(Self { driver: driver.clone(), source })
    }

    /// Takes the lines that were printed since the last call.
    pub(super) fn take(&self) -> Vec<String> {
        self.driver.console_lines().remove(&self.source).unwrap_or_default()
    }

    /// Waits for the lines that a failed fetch prints.
    pub(super) async fn wait(&self) -> Vec<String> {
        let deadline = Instant::now() + TIME_LIMIT;
        let mut lines = Vec::new();
        loop {
            tokio::time::sleep(QUIET_TIME).await;
            let more = self.take();
            let is_complete = more.is_empty() && !lines.is_empty() || Instant::now() > deadline;
            lines.extend(more);
            if is_complete {
                return lines;
            }
        }
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        self.take();
    }
}

/// The source and the text of a console message; `None` for any other event.
pub(super) fn message(method: &str, event: &Value) -> Option<(String, String)> {
    let (source, text) = match method {
        CHROMIUM_EVENT => (&event["session"], &event["params"]["entry"]["text"]),
        FIREFOX_EVENT => (&event["source"]["context"], &event["text"]),
        _ => return None,
    };
    Some((source.as_str()?.to_owned(), text.as_str()?.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_both_browsers() {
        let chromium =
            json!({ "event": "Log.entryAdded", "session": "S", "params": { "entry": { "text": "Access" } } });
        assert_eq!(message(CHROMIUM_EVENT, &chromium), Some(("S".to_owned(), "Access".to_owned())));
        let firefox =
            json!({ "type": "javascript", "source": { "realm": "r", "context": "C" }, "text": "Cross" });
        assert_eq!(message(FIREFOX_EVENT, &firefox), Some(("C".to_owned(), "Cross".to_owned())));
        assert_eq!(message("network.authRequired", &chromium), None);
        assert_eq!(message(FIREFOX_EVENT, &json!({ "text": "of a worker" })), None);
    }
}
