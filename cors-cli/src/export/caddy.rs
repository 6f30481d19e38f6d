//! Caddy: named matchers, `header … defer`, and `handle` for preflights.

use super::limits::Limits;
use super::model::{Headers, Model, Terms};

/// What matches a preflight.
const PREFLIGHT: &str =
    "    method OPTIONS\n    header Origin *\n    header Access-Control-Request-Method *\n";

/// Directives for a site.
pub(super) fn write(model: &Model, limits: &mut Limits) -> String {
    let mut text = String::from("# In the site block.\n");
    text.push_str(&format!(
        "@cors_preflight {{\n{PREFLIGHT}}}\n@cors_other {{\n    not {{\n{}    }}\n}}\n",
        nested(PREFLIGHT)
    ));
    let vary = if model.depends_on_origin() { "+Vary Origin" } else { "" };
    let mut errors = String::new();
    let mut earlier: Vec<String> = Vec::new();
    for terms in model.in_order() {
        if !terms.any && terms.origins.is_empty() {
            continue;
        }
        // One expression, because several of the same header would have to match all.
        let regex = terms.regexes().collect::<Vec<_>>().join("|");
        let mut matches: Vec<String> =
            earlier.iter().map(|regex| format!("    not header_regexp Origin `{regex}`\n")).collect();
        if !terms.any {
            matches.push(format!("    header_regexp Origin `{regex}`\n"));
        }
        let actual = write_terms(&mut text, terms, model.preflight_status, &matches.concat(), vary, limits);
        errors.push_str(&format!("    header @cors_{} {{\n{}    }}\n", terms.name, nested(&actual)));
        if terms.any {
            // What follows a rule for any origin is never asked.
            break;
        }
        earlier.push(regex);
    }
    let vary = if vary.is_empty() { String::new() } else { format!("    {vary}\n") };
    text.push_str(&format!(
        "# The policy is the only authority: what a proxied application sends itself is removed.\n\
         header @cors_other {{\n{vary}    -Access-Control-*\n    defer\n}}\n\
         # The preflights of all other origins.\n\
         handle @cors_preflight {{\n    header Vary Origin\n    respond 403\n}}\n"
    ));
    if !vary.is_empty() {
        errors.push_str("    header +Vary Origin\n");
    }
    if !errors.is_empty() {
        text.push_str("# What Caddy answers itself, for example if a server behind it is down.\n");
        text.push_str(&format!("handle_errors {{\n{errors}}}\n"));
    }
    text
}

/// Writes the matchers and handlers of terms. Returns the headers of their actual responses, line by line.
fn write_terms(
    text: &mut String,
    terms: &Terms,
    status: u16,
    matches: &str,
    vary: &str,
    limits: &mut Limits,
) -> String {
    let name = &terms.name;
    let origin = if terms.any { "*" } else { "{header.Origin}" };
    let mut shared = vec![format!("Access-Control-Allow-Origin \"{origin}\"")];
    if terms.credentials {
        shared.push("Access-Control-Allow-Credentials \"true\"".to_owned());
    }
    let mut preflight = shared.clone();
    preflight.push(format!(
        "Access-Control-Allow-Methods \"{}\"",
        match (terms.method_list(), terms.credentials) {
            (Some(names), _) => names,
            (None, false) => "*".to_owned(),
            // `*` is the name of a method if credentials are sent.
            (None, true) => "{header.Access-Control-Request-Method}".to_owned(),
        }
    ));
    match &terms.headers {
        Headers::All if terms.credentials => preflight
            .push("Access-Control-Allow-Headers \"{header.Access-Control-Request-Headers}\"".to_owned()),
        _ => {
            let names = limits.fixed_headers(terms);
            if !names.is_empty() {
                preflight.push(format!("Access-Control-Allow-Headers \"{}\"", names.join(", ")));
            }
        }
    }
    if let Some(seconds) = terms.max_age {
        preflight.push(format!("Access-Control-Max-Age \"{seconds}\""));
    }
    if !terms.expose.is_empty() {
        shared.push(format!("Access-Control-Expose-Headers \"{}\"", terms.expose.join(", ")));
    }
    if !vary.is_empty() {
        preflight.push(vary.to_owned());
    }
    let block = |lines: &[String], indent: &str| {
        lines.iter().map(|line| format!("{indent}{line}\n")).collect::<String>()
    };
    let actual = block(&shared, "    ");
    text.push_str(&format!(
        "@cors_preflight_{name} {{\n{PREFLIGHT}{matches}}}\n\
         handle @cors_preflight_{name} {{\n    header {{\n{}        defer\n    }}\n    respond {status}\n}}\n\
         @cors_{name} {{\n    not {{\n{}    }}\n{matches}}}\n\
         header @cors_{name} {{\n{actual}    defer\n}}\n",
        block(&preflight, "        "),
        nested(PREFLIGHT),
    ));
    actual
}

/// Lines that are indented once more.
fn nested(lines: &str) -> String {
    lines.lines().map(|line| format!("    {line}\n")).collect()
}
