//! The fetch of a check as JavaScript, for the console of a page.

use cors_browser::{Credentials, Mode, Redirect};

use super::{Check, Via};

/// Returns the call of `fetch()` that the page makes; `None` if the page does something else.
pub fn snippet(check: &Check) -> Option<String> {
    if !matches!(check.setup.via, Via::Fetch | Via::Xhr) {
        return None;
    }
    let request = &check.request;
    let mut options = Vec::new();
    if request.method != "GET" {
        options.push(format!("method: {}", literal(&request.method)));
    }
    if !request.headers.is_empty() {
        let headers = request.headers.iter();
        let pairs: Vec<_> =
            headers.map(|(name, value)| format!("    [{}, {}],\n", literal(name), literal(value))).collect();
        options.push(format!("headers: [\n{}  ]", pairs.concat()));
    }
    let mut before = String::new();
    if !check.setup.fields.is_empty() {
        before += "const form = new FormData();\n";
        for (name, value) in &check.setup.fields {
            before += &format!("form.append({}, {});\n", literal(name), literal(value));
        }
        options.push("body: form".to_owned());
    } else if let Some(body) = &request.body {
        options.push(match std::str::from_utf8(body) {
            Ok(text) => format!("body: {}", literal(text)),
            Err(_) => format!("body: new Uint8Array({body:?})"),
        });
    }
    match request.mode {
        Mode::Cors => {}
        mode => options.push(format!("mode: {}", literal(mode.as_str()))),
    }
    match request.credentials {
        Credentials::SameOrigin => {}
        Credentials::Include => options.push("credentials: \"include\"".to_owned()),
        Credentials::Omit => options.push("credentials: \"omit\"".to_owned()),
    }
    match request.redirect {
        Redirect::Follow => {}
        Redirect::Error => options.push("redirect: \"error\"".to_owned()),
        Redirect::Manual => options.push("redirect: \"manual\"".to_owned()),
    }
    if let Some(policy) = request.referrer_policy {
        options.push(format!("referrerPolicy: {}", literal(policy.as_str())));
    }
    let options = match options.is_empty() {
        true => String::new(),
        false => format!(", {{\n  {},\n}}", options.join(",\n  ")),
    };
    Some(format!(
        "// Paste this into the console of a page at {}.\n{before}const response = await fetch({}{options});\n\
         console.log(response.status, [...response.headers], await response.text());\n",
        check.page.origin,
        literal(request.url.as_str())
    ))
}

/// A JavaScript string. JSON strings are JavaScript strings.
fn literal(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
