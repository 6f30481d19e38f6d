//! The requests of a check as a Postman collection.

use std::sync::Arc;

use cors_browser::{Blocked, Outcome, WireRequest};
use serde_json::{Value, json};

use super::action::without_login;
use super::recorder::Permissive;
use super::{Check, fetch};
use crate::catalogue::is_ambient;

/// Returns a Postman collection (v2.1.0) with the preflight, if there is one, and the request as the browser sends them; the text ends
/// with a line feed. Nothing is sent.
///
/// # Errors
///
/// Why the browser would send nothing at all.
pub async fn postman(check: &Check) -> Result<String, Blocked> {
    let network = Arc::new(Permissive::default());
    let fetched = fetch(&without_login(check), network.clone()).await;
    let requests = network.take();
    if let (true, Outcome::Blocked(blocked)) = (requests.is_empty(), fetched.outcome) {
        return Err(blocked);
    }
    let is_own = |name: &str| check.request.headers.iter().any(|(own, _)| own.eq_ignore_ascii_case(name));
    let items: Vec<_> = requests.iter().map(|request| item(request, is_own)).collect();
    let url = &check.request.url;
    let collection = json!({
        "info": {
            "name": format!("CORS: {} {url} from {}", check.request.method, check.page.origin),
            "schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json",
        },
        "item": items,
    });
    Ok(format!("{collection:#}\n"))
}

fn item(request: &WireRequest, is_own: impl Fn(&str) -> bool) -> Value {
    let is_preflight = request.header("access-control-request-method").is_some();
    // Postman computes the length itself.
    let is_kept =
        |name: &str| (!is_ambient(name) || is_own(name)) && !name.eq_ignore_ascii_case("content-length");
    let headers: Vec<_> = request
        .headers
        .iter()
        .filter(|(name, _)| is_kept(name))
        .map(|(name, value)| json!({ "key": name, "value": String::from_utf8_lossy(value) }))
        .collect();
    let mut object = json!({
        "method": request.method,
        "header": headers,
        "url": request.url.as_str(),
    });
    if let Some(body) = &request.body {
        object["body"] = json!({ "mode": "raw", "raw": String::from_utf8_lossy(body) });
    }
    json!({ "name": if is_preflight { "the preflight" } else { "the request" }, "request": object })
}
