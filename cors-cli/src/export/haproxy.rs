//! HAProxy: ACLs for the decision, `http-request return` for preflights, `http-after-response` for all responses.

use super::limits::Limits;
use super::model::{Headers, Model, Terms};

/// Rules for a frontend.
pub(super) fn write(model: &Model, limits: &mut Limits) -> String {
    let mut lines = vec!["# In the frontend. It needs HAProxy 2.2 or newer.".to_owned()];
    for terms in model.in_order() {
        lines.extend(
            terms
                .regexes()
                .map(|regex| format!("acl cors_{} req.fhdr(origin) -m reg {}", terms.name, quoted(regex))),
        );
    }
    lines.push("http-request set-var(txn.cors_origin) req.fhdr(origin)".to_owned());
    for terms in model.in_order() {
        let name = &terms.name;
        let no_earlier = "!{ var(txn.cors_terms) -m found }";
        if terms.any {
            lines.push(format!("http-request set-var(txn.cors_terms) str({name}) if {no_earlier}"));
        } else if !terms.origins.is_empty() {
            // More than one `Origin` line is never what a browser sends.
            lines.push(format!(
                "http-request set-var(txn.cors_terms) str({name}) if {no_earlier} {{ req.fhdr_cnt(origin) eq 1 }} cors_{name}"
            ));
        }
    }
    if model.in_order().any(|terms| terms.credentials && terms.all_methods) {
        lines
            .push("http-request set-var(txn.cors_method) req.fhdr(access-control-request-method)".to_owned());
    }
    if model.in_order().any(|terms| terms.credentials && terms.headers == Headers::All) {
        lines.push(
            "http-request set-var(txn.cors_headers) req.fhdr(access-control-request-headers)".to_owned(),
        );
    }
    lines.push(
        "http-request set-var(txn.cors_preflight) bool(true) if METH_OPTIONS { req.fhdr_cnt(origin) gt 0 } { req.fhdr_cnt(access-control-request-method) gt 0 }"
            .to_owned(),
    );
    let preflight = "{ var(txn.cors_preflight) -m bool }";
    lines.push(format!(
        "http-request return status {} if {preflight} {{ var(txn.cors_terms) -m found }}",
        model.preflight_status
    ));
    lines.push(format!("http-request return status 403 if {preflight}"));
    lines
        .push("# The policy is the only authority: what the application sends itself is removed.".to_owned());
    lines.push("http-after-response del-header access-control- -m beg".to_owned());
    for terms in model.in_order() {
        lines.extend(headers(terms, limits));
    }
    if model.depends_on_origin() {
        lines.push("http-after-response add-header Vary Origin".to_owned());
    }
    lines.join("\n")
}

fn headers(terms: &Terms, limits: &mut Limits) -> Vec<String> {
    if !terms.any && terms.origins.is_empty() {
        return Vec::new();
    }
    let is_terms = format!("{{ var(txn.cors_terms) -m str {} }}", terms.name);
    let set = |name: &str, value: &str, condition: &str| {
        format!("http-after-response set-header Access-Control-{name} {value} if {is_terms}{condition}")
    };
    let (preflight, actual) =
        (" { var(txn.cors_preflight) -m bool }", " !{ var(txn.cors_preflight) -m bool }");
    let mut lines = vec![set("Allow-Origin", if terms.any { "*" } else { "%[var(txn.cors_origin)]" }, "")];
    if terms.credentials {
        lines.push(set("Allow-Credentials", "true", ""));
    }
    lines.push(match (terms.method_list(), terms.credentials) {
        (Some(names), _) => set("Allow-Methods", &format(&names), preflight),
        (None, false) => set("Allow-Methods", "*", preflight),
        // `*` is the name of a method if credentials are sent.
        (None, true) => set("Allow-Methods", "%[var(txn.cors_method)]", preflight),
    });
    match &terms.headers {
        Headers::All if terms.credentials => {
            lines.push(set("Allow-Headers", "%[var(txn.cors_headers)]", preflight));
        }
        _ => {
            let names = limits.fixed_headers(terms);
            if !names.is_empty() {
                lines.push(set("Allow-Headers", &format(&names.join(", ")), preflight));
            }
        }
    }
    if !terms.expose.is_empty() {
        lines.push(set("Expose-Headers", &format(&terms.expose.join(", ")), actual));
    }
    if let Some(seconds) = terms.max_age {
        lines.push(set("Max-Age", &seconds.to_string(), preflight));
    }
    lines
}

/// A word in single quotes, in which nothing is replaced. A single quote stands in double quotes of its own.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\"'\"'"))
}

/// A value of a header, in which `%` begins a format.
fn format(text: &str) -> String {
    quoted(&text.replace('%', "%%"))
}
