//! The consoles of pages in Chromium and Firefox.

use serde_json::{Value, json};
use thirtyfour::bidi::BrowsingContextId;

use super::Dialect;
use super::driver::Driver;
use cors_conformance::user_agent::UserAgentError;

/// Chromium's event for the messages of the browser itself. WebDriver BiDi has no event for them.
pub(super) const CHROMIUM_EVENT: &str = "goog:cdp.Log.entryAdded";

/// The event of WebDriver BiDi. In Firefox it includes the messages of the browser itself.
pub(super) const FIREFOX_EVENT: &str = "log.entryAdded";

/// Starts to collect the messages of the page in `context`. Returns the name that its messages have as their source.
pub(super) async fn watch(driver: &Driver, context: &BrowsingContextId) -> Result<String, UserAgentError> {
    match driver.dialect {
        Dialect::Firefox => Ok(context.as_str().to_owned()),
        Dialect::Chromium => {
            let found = driver.send_raw("goog:cdp.getSession", json!({ "context": context })).await?;
            let session = found["session"].as_str().unwrap_or_default().to_owned();
            let enable = json!({ "method": "Log.enable", "params": {}, "session": session });
            driver.send_raw("goog:cdp.sendCommand", enable).await?;
            Ok(session)
        }
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
