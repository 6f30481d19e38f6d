//! The fetch of a check as JavaScript, for the console of a page.

use cors_browser::{Credentials, Mode, Redirect};

use super::{Check, Via};

/// Returns the call of `fetch()` that the page makes; `None` if the page does something else.
pub fn snippet(check: &Check) -> Option<String> {
    if !matches!(check.setup.via, Via::Fetch | Via::Xhr) {
        return None;
    }
    if check.setup.via == Via::Xhr {
        return Some(xhr(check));
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
    let (before, body) = body(check);
    options.extend(body.map(|body| format!("body: {body}")));
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
    if request.keepalive {
        options.push("keepalive: true".to_owned());
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

/// The statements that make the body, and the body itself.
fn body(check: &Check) -> (String, Option<String>) {
    let mut before = String::new();
    if !check.setup.fields.is_empty() {
        before += "const form = new FormData();\n";
        for (name, value) in &check.setup.fields {
            before += &format!("form.append({}, {});\n", literal(name), literal(value));
        }
        return (before, Some("form".to_owned()));
    }
    let body = check.request.body.as_ref().map(|body| match std::str::from_utf8(body) {
        Ok(text) => literal(text),
        Err(_) => format!("new Uint8Array({body:?})"),
    });
    (before, body)
}

/// The `XMLHttpRequest` that the page makes.
fn xhr(check: &Check) -> String {
    let request = &check.request;
    let (before, body) = body(check);
    let mut lines = vec![
        "const xhr = new XMLHttpRequest();".to_owned(),
        format!("xhr.open({}, {});", literal(&request.method), literal(request.url.as_str())),
    ];
    for (name, value) in &request.headers {
        lines.push(format!("xhr.setRequestHeader({}, {});", literal(name), literal(value)));
    }
    if request.credentials == Credentials::Include {
        lines.push("xhr.withCredentials = true;".to_owned());
    }
    if check.setup.has_upload_listener {
        lines.push("xhr.upload.onprogress = (event) => console.log(event.loaded);".to_owned());
    }
    lines.push(
        "xhr.onload = () => console.log(xhr.status, xhr.getAllResponseHeaders(), xhr.responseText);"
            .to_owned(),
    );
    lines.push("xhr.onerror = () => console.log(\"blocked, or no response\");".to_owned());
    lines.push(format!("xhr.send({});", body.unwrap_or_default()));
    format!(
        "// Paste this into the console of a page at {}.\n{before}{}\n",
        check.page.origin,
        lines.join("\n")
    )
}

/// A JavaScript string. JSON strings are JavaScript strings.
fn literal(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
