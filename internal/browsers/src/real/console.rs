//! What a real browser's console prints.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use std::sync::Arc;
use thirtyfour::bidi::{BidiError, BrowsingContextId};

use super::Kind;
use super::driver::Driver;

/// The event of Chromium for what it prints itself; WebDriver BiDi knows none.
pub(super) const CHROMIUM_EVENT: &str = "goog:cdp.Log.entryAdded";

/// The event of WebDriver BiDi, which in Firefox tells what the browser prints itself, too.
pub(super) const FIREFOX_EVENT: &str = "log.entryAdded";

/// How long to wait for what a failed fetch prints: it comes from another process, after the failure.
const PATIENCE: Duration = Duration::from_millis(400);

/// How long nothing must come until everything has.
const QUIET: Duration = Duration::from_millis(40);

/// The console of one page.
pub(super) struct Console {
    driver: Arc<Driver>,
    source: String,
}

impl Console {
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

    /// What was printed since the last time.
    pub(super) fn take(&self) -> Vec<String> {
        self.driver.lines().remove(&self.source).unwrap_or_default()
    }

    /// What a failed fetch prints.
    pub(super) async fn wait(&self) -> Vec<String> {
        let deadline = Instant::now() + PATIENCE;
        let mut lines = Vec::new();
        loop {
            tokio::time::sleep(QUIET).await;
            let more = self.take();
            let is_over = more.is_empty() && !lines.is_empty() || Instant::now() > deadline;
            lines.extend(more);
            if is_over {
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

/// The console and the line of an event that tells of one.
pub(super) fn line(method: &str, event: &Value) -> Option<(String, String)> {
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
    fn lines_of_both_browsers() {
        let chromium =
            json!({ "event": "Log.entryAdded", "session": "S", "params": { "entry": { "text": "Access" } } });
        assert_eq!(line(CHROMIUM_EVENT, &chromium), Some(("S".to_owned(), "Access".to_owned())));
        let firefox =
            json!({ "type": "javascript", "source": { "realm": "r", "context": "C" }, "text": "Cross" });
        assert_eq!(line(FIREFOX_EVENT, &firefox), Some(("C".to_owned(), "Cross".to_owned())));
        assert_eq!(line("network.authRequired", &chromium), None);
        assert_eq!(line(FIREFOX_EVENT, &json!({ "text": "of a worker" })), None);
    }
}
