//! tower-http's `CorsLayer`.

use cors_conformance::subject::harness::origin::{OriginKind, Port};

use super::limits::Limits;
use super::model::{Headers, Model, Terms};
use super::quote::list;

/// A module with a function that builds the layer.
pub(super) fn write(model: &Model, limits: &mut Limits) -> String {
    limits.check_rules(model);
    limits.check_preflight_status(model, 200);
    let terms = &model.own;

    let mut calls = vec![format!(".allow_origin({})", origins(terms))];
    calls.push(match (terms.all_methods, terms.credentials) {
        (true, false) => ".allow_methods(Any)".to_owned(),
        (true, true) => ".allow_methods(AllowMethods::mirror_request())".to_owned(),
        (false, _) => format!(".allow_methods({})", list(&terms.methods, method)),
    });
    match &terms.headers {
        Headers::All => calls.push(".allow_headers(AllowHeaders::mirror_request())".to_owned()),
        Headers::AllButAuthorization if !terms.credentials => calls.push(".allow_headers(Any)".to_owned()),
        _ => {
            let names = limits.headers_or_all(terms).unwrap_or_default();
            if !names.is_empty() {
                calls.push(format!(".allow_headers({})", list(names, header)));
            }
        }
    }
    match terms.expose.as_slice() {
        [] => {}
        [star] if star == "*" => calls.push(".expose_headers(Any)".to_owned()),
        names => calls.push(format!(".expose_headers({})", list(names, header))),
    }
    if terms.credentials {
        calls.push(".allow_credentials(true)".to_owned());
    }
    if let Some(seconds) = terms.max_age {
        calls.push(format!(".max_age(Duration::from_secs({seconds}))"));
    }
    let calls = calls.join("\n        ");

    let tests: Vec<_> = terms.origins.iter().filter_map(|entry| test(&entry.kind)).collect();
    let functions = if tests.is_empty() { String::new() } else { functions(terms, &tests) };
    let uses = uses(&calls, &functions);
    format!(
        "{uses}/// Builds the layer: put it around the whole router, as the outermost one.\n\
         pub fn cors() -> CorsLayer {{\n    CorsLayer::new()\n        {calls}\n}}\n{functions}"
    )
}

fn uses(calls: &str, functions: &str) -> String {
    let mut text = String::new();
    if calls.contains("Duration::") {
        text.push_str("use std::time::Duration;\n\n");
    }
    let names = |all: &[&'static str]| {
        let used = all.iter().filter(|name| {
            calls.contains(&format!("{name}::"))
                || calls.contains(&format!("({name})"))
                || functions.contains(&format!("{name},"))
        });
        used.copied().collect::<Vec<_>>()
    };
    let http = names(&["HeaderName", "HeaderValue", "Method"]);
    match http.as_slice() {
        [] => {}
        [name] => text.push_str(&format!("use http::{name};\n")),
        names => text.push_str(&format!("use http::{{{}}};\n", names.join(", "))),
    }
    let mut layers = names(&["AllowHeaders", "AllowMethods", "AllowOrigin", "Any"]);
    layers.push("CorsLayer");
    text.push_str(&match layers.as_slice() {
        [name] => format!("use tower_http::cors::{name};\n\n"),
        names => format!("use tower_http::cors::{{{}}};\n\n", names.join(", ")),
    });
    text
}

fn origins(terms: &Terms) -> String {
    if terms.any {
        return "Any".to_owned();
    }
    if terms.is_exact() {
        let items = list(terms.exact(), |origin| format!("HeaderValue::from_static({origin:?})"));
        // An empty array has no type of its own.
        return format!("AllowOrigin::list({items} as [HeaderValue; {}])", terms.origins.len());
    }
    "AllowOrigin::predicate(|origin, _| origin.to_str().is_ok_and(is_allowed))".to_owned()
}

fn method(name: &str) -> String {
    match name {
        "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS" => format!("Method::{name}"),
        _ => format!("Method::from_bytes(b{name:?}).expect(\"a method\")"),
    }
}

fn header(name: &str) -> String {
    format!("HeaderName::from_static({name:?})")
}

/// An expression that is true if `origin` matches a pattern; `None` for an exact origin.
fn test(kind: &OriginKind) -> Option<String> {
    let ported = |port: &Port| match port {
        Port::Any(_) => ("without_port(origin)", String::new()),
        Port::Exact(number) => ("origin", format!(":{number}")),
        Port::Default(()) => ("origin", String::new()),
    };
    Some(match kind {
        OriginKind::Any | OriginKind::Exact { .. } => return None,
        OriginKind::AnyPort { scheme, host } => {
            format!("without_port(origin) == {:?}", format!("{scheme}://{host}"))
        }
        OriginKind::Subdomains { scheme, host, port } => {
            let (origin, port) = ported(port);
            let (start, end) = (format!("{scheme}://"), format!(".{host}{port}"));
            format!("between({origin}, {start:?}, {end:?}).is_some_and(|name| name.split('.').all(is_label))")
        }
        OriginKind::PartialLabel { scheme, before, after, host, port } => {
            let (origin, port) = ported(port);
            let dot = if host.is_empty() { "" } else { "." };
            let (start, end) = (format!("{scheme}://{before}"), format!("{after}{dot}{host}{port}"));
            format!("between({origin}, {start:?}, {end:?}).is_some_and(is_label)")
        }
        OriginKind::AnyHost { scheme, port } => {
            let (origin, port) = ported(port);
            let start = format!("{scheme}://");
            format!(
                "between({origin}, {start:?}, {port:?}).is_some_and(|name| name.split('.').all(is_label))"
            )
        }
    })
}

/// The functions that test patterns.
fn functions(terms: &Terms, tests: &[String]) -> String {
    let mut text = "\nfn is_allowed(origin: &str) -> bool {\n".to_owned();
    let mut alternatives: Vec<String> = tests.to_vec();
    let exact: Vec<_> = terms.exact().collect();
    if !exact.is_empty() {
        alternatives.insert(0, format!("{}.contains(&origin)", list(exact, |origin| format!("{origin:?}"))));
    }
    text.push_str(&format!("    {}\n}}\n", alternatives.join("\n        || ")));
    if tests.iter().any(|test| test.contains("between(")) {
        text.push_str(
            "\n/// What is between the start and the end of a text.\n\
             fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {\n    \
             text.strip_prefix(start)?.strip_suffix(end)\n}\n\
             \n/// Whether a text can be a label of a host name, or a part of one.\n\
             fn is_label(text: &str) -> bool {\n    \
             !text.is_empty() && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_'))\n}\n",
        );
    }
    if tests.iter().any(|test| test.contains("without_port(")) {
        text.push_str(
            "\n/// An origin without its port.\n\
             fn without_port(origin: &str) -> &str {\n    \
             match origin.rsplit_once(':') {\n        \
             Some((rest, port)) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => rest,\n        \
             _ => origin,\n    }\n}\n",
        );
    }
    text
}
