//! The user who answers authentication prompts.

use serde_json::{Value, json};
use thirtyfour::bidi::modules::network::{AddIntercept, InterceptPhase};
use thirtyfour::bidi::{BiDi, BidiError, BrowsingContextId};

use super::driver::Driver;
use cors_browser::User;

/// The event that tells of a prompt.
const EVENT: &str = "network.authRequired";

/// Lets `user` answer every prompt of the pages in a tab, or cancel it if there is none: without an answer, it stands for ever.
pub(super) async fn let_answer(
    driver: &Driver,
    tab: &BrowsingContextId,
    user: Option<&User>,
) -> Result<(), BidiError> {
    driver.users().insert(tab.as_str().to_owned(), user.cloned());
    let subscription = json!({ "events": [EVENT], "contexts": [tab] });
    driver.bidi.send_raw("session.subscribe", subscription).await?;
    let intercept = AddIntercept {
        phases: vec![InterceptPhase::AuthRequired],
        contexts: vec![tab.clone()],
        url_patterns: None,
    };
    driver.bidi.send(intercept).await?;
    Ok(())
}

/// The tab whose user is asked, if the event tells of a prompt.
pub(super) fn asked<'a>(method: &str, event: &'a Value) -> Option<&'a str> {
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
    // A request that is gone needs no answer.
    let _ = bidi.send_raw("network.continueWithAuth", answer).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prompt_names_its_page() {
        let prompt = json!({ "context": "C", "isBlocked": true });
        assert_eq!(asked(EVENT, &prompt), Some("C"));
        assert_eq!(asked("network.beforeRequestSent", &prompt), None);
        assert_eq!(asked(EVENT, &json!({ "context": "C", "isBlocked": false })), None);
        assert_eq!(asked(EVENT, &json!({ "context": null, "isBlocked": true })), None);
    }
}
