//! nginx: `map` for the decision, `add_header … always`, and `return` for preflights.

use super::limits::Limits;
use super::model::{Headers, Model, Terms};

/// What begins the part for the `http` block.
pub(super) const HTTP: &str = "# --- In the http block ---";

/// What begins the part for the `server` block.
pub(super) const SERVER: &str = "# --- In the server block, or in a location ---";

/// The headers of the policy that a proxied application must not send as well.
const OWN_HEADERS: [&str; 6] = [
    "Access-Control-Allow-Origin",
    "Access-Control-Allow-Credentials",
    "Access-Control-Allow-Methods",
    "Access-Control-Allow-Headers",
    "Access-Control-Expose-Headers",
    "Access-Control-Max-Age",
];

/// The two parts of a configuration.
pub(super) fn write(model: &Model, limits: &mut Limits) -> String {
    let mut maps = vec![terms_of_origin(model)];
    let mut headers = Vec::new();
    let mut add = |name: &str, variable: &str, value: &mut dyn FnMut(&Terms) -> Option<String>| {
        let entries: Vec<_> =
            model.in_order().filter_map(|terms| Some((terms.name.clone(), value(terms)?))).collect();
        if entries.is_empty() {
            return;
        }
        let is_preflight = matches!(variable, "allow_methods" | "allow_headers" | "max_age");
        let is_actual = variable == "expose_headers";
        let key = if is_preflight || is_actual { "$cors_preflight$cors_terms" } else { "$cors_terms" };
        let prefix = if is_preflight { "preflight-" } else { "" };
        let entries: Vec<_> =
            entries.into_iter().map(|(terms, value)| (format!("{prefix}{terms}"), value)).collect();
        maps.push(map(key, &format!("cors_{variable}"), &entries));
        headers.push(format!("add_header {name} $cors_{variable} always;"));
    };
    add("Access-Control-Allow-Origin", "allow_origin", &mut |terms| {
        Some(if terms.any { quoted("*") } else { "$http_origin".to_owned() })
    });
    add("Access-Control-Allow-Credentials", "allow_credentials", &mut |terms| {
        terms.credentials.then(|| quoted("true"))
    });
    add("Access-Control-Allow-Methods", "allow_methods", &mut |terms| {
        Some(match (terms.method_list(), terms.credentials) {
            (Some(names), _) => quoted(&names),
            (None, false) => quoted("*"),
            // `*` is the name of a method if credentials are sent.
            (None, true) => "$http_access_control_request_method".to_owned(),
        })
    });
    add("Access-Control-Allow-Headers", "allow_headers", &mut |terms| match &terms.headers {
        Headers::All if terms.credentials => Some("$http_access_control_request_headers".to_owned()),
        _ => {
            let names = limits.fixed_headers(terms);
            (!names.is_empty()).then(|| quoted(&names.join(", ")))
        }
    });
    add("Access-Control-Expose-Headers", "expose_headers", &mut |terms| {
        (!terms.expose.is_empty()).then(|| quoted(&terms.expose.join(", ")))
    });
    add("Access-Control-Max-Age", "max_age", &mut |terms| Some(quoted(&terms.max_age?.to_string())));
    if model.depends_on_origin() {
        headers.push("add_header Vary Origin always;".to_owned());
    }
    let mut maps = maps.join("\n");
    let server = server(model, &headers);
    if maps.contains("${cors_dollar}") {
        // A `$` begins a variable, and cannot be escaped.
        maps = format!("geo $cors_dollar {{\n    default \"$\";\n}}\n{maps}");
    }
    format!("{HTTP}\n\n{maps}\n{SERVER}\n\n{server}")
}

/// Which terms a request has, and whether it is a preflight.
fn terms_of_origin(model: &Model) -> String {
    let default = model.in_order().find(|terms| terms.any).map_or("", |terms| terms.name.as_str());
    let mut text = format!("map $http_origin $cors_terms {{\n    default \"{default}\";\n");
    // What follows a rule for any origin is never asked.
    for terms in model.in_order().take_while(|terms| !terms.any) {
        for regex in terms.regexes() {
            text.push_str(&format!("    \"~{regex}\" {};\n", terms.name));
        }
    }
    text.push_str(
        "}\n\
         map \"$request_method/$http_origin/$http_access_control_request_method\" $cors_preflight {\n    \
         default \"\";\n    \
         # The origin has slashes, and the method cannot have one.\n    \
         \"~^OPTIONS/.+/[^/]+$\" preflight-;\n}\n\
         map $cors_preflight$cors_terms $cors_answer {\n    default \"\";\n    \
         \"preflight-\" deny;\n    \"~^preflight-.\" grant;\n}\n",
    );
    text
}

fn map(key: &str, variable: &str, entries: &[(String, String)]) -> String {
    let mut text = format!("map {key} ${variable} {{\n    default \"\";\n");
    for (name, value) in entries {
        text.push_str(&format!("    {name} {value};\n"));
    }
    text.push_str("}\n");
    text
}

fn server(model: &Model, headers: &[String]) -> String {
    let mut text = String::from(
        "# A location with an add_header of its own inherits none of these: repeat this part there.\n",
    );
    text.push_str(&headers.join("\n"));
    text.push_str(&format!(
        "\nif ($cors_answer = grant) {{\n    return {};\n}}\nif ($cors_answer = deny) {{\n    return 403;\n}}\n",
        // With a text the status has a body of length 0, and without one it has a page.
        match model.preflight_status {
            204 => "204".to_owned(),
            status => format!("{status} \"\""),
        }
    ));
    text.push_str(
        "# The policy is the only authority: what a proxied application sends itself is removed.\n",
    );
    for name in OWN_HEADERS {
        text.push_str(&format!("proxy_hide_header {name};\n"));
    }
    text
}

/// A value in a configuration file. `map` replaces variables in it.
fn quoted(text: &str) -> String {
    // Neither the names of headers and methods nor numbers have double quotes or backslashes.
    format!("\"{}\"", text.replace('$', "${cors_dollar}"))
}
