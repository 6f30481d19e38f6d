//! Authentication prompts, answered by the user of a page.

use serde_json::{Value, json};
use thirtyfour::bidi::modules::network::{AddIntercept, InterceptPhase};
use thirtyfour::bidi::{BiDi, BrowsingContextId};

use super::driver::Driver;
use cors_browser::User;
use cors_conformance::user_agent::UserAgentError;

/// The event for a prompt.
const EVENT: &str = "network.authRequired";

/// Starts to answer every prompt in a tab with the credentials of `user`, or to cancel it without a user. An unanswered prompt would
/// never end.
pub(super) async fn start_answering(
    driver: &Driver,
    tab: &BrowsingContextId,
    user: Option<&User>,
) -> Result<(), UserAgentError> {
    driver.users().insert(tab.as_str().to_owned(), user.cloned());
    let subscription = json!({ "events": [EVENT], "contexts": [tab] });
    driver.send_raw("session.subscribe", subscription).await?;
    let intercept = AddIntercept {
        phases: vec![InterceptPhase::AuthRequired],
        contexts: vec![tab.clone()],
        url_patterns: None,
    };
    driver.send(intercept).await?;
    Ok(())
}

/// The tab of a prompt that has to be answered; `None` for any other event.
pub(super) fn tab<'a>(method: &str, event: &'a Value) -> Option<&'a str> {
    if method != EVENT || event["isBlocked"] != true {
        return None;
    }
    event["context"].as_str()
}

/// Answers a prompt.
pub(super) async fn answer(bidi: &BiDi, event: &Value, user: Option<&User>) {
    let request = &event["request"]["request"];
    let answer = match user {
        None => json!({ "request": request, "action": "cancel" }),
        Some(User { name, password }) => json!({
            "request": request,
            "action": "provideCredentials",
            "credentials": { "type": "password", "username": name, "password": password },
        }),
    };
    // Ignore: the request has ended in the meantime and needs no answer.
    let _ = bidi.send_raw("network.continueWithAuth", answer).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prompt_names_its_tab() {
        let prompt = json!({ "context": "C", "isBlocked": true });
        assert_eq!(tab(EVENT, &prompt), Some("C"));
        assert_eq!(tab("network.beforeRequestSent", &prompt), None);
        assert_eq!(tab(EVENT, &json!({ "context": "C", "isBlocked": false })), None);
        assert_eq!(tab(EVENT, &json!({ "context": null, "isBlocked": true })), None);
    }
}
