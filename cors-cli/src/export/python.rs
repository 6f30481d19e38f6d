//! Starlette, Flask and Django.

use super::limits::Limits;
use super::model::{Headers, Model, Terms};
use super::quote::{double, list, regex};

/// What Starlette's `*` stands for.
const STARLETTE_METHODS: &str = "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT and, in newer versions, QUERY";

/// What Flask-CORS allows without `methods`.
const FLASK_METHODS: &str = "DELETE, GET, HEAD, OPTIONS, PATCH, POST and PUT";

/// The characters by which Flask-CORS takes a text for a regular expression.
const FLASK_REGEX: &[char] = &['*', '\\', ']', '?', '$', '^', '[', '(', ')'];

/// The request headers that Starlette always allows.
const STARLETTE_HEADERS: [&str; 4] = ["accept", "accept-language", "content-language", "content-type"];

/// Starlette and FastAPI, with `CORSMiddleware`.
pub(super) fn starlette(model: &Model, limits: &mut Limits) -> String {
    limits.check_rules(model);
    limits.check_preflight_status(model, 200);
    let terms = &model.own;
    let mut lines = Vec::new();
    if terms.any {
        lines.push("allow_origins=[\"*\"],".to_owned());
    } else {
        lines.push(format!("allow_origins={},", list(terms.exact(), double)));
        let patterns: Vec<_> = terms.patterns().collect();
        if !patterns.is_empty() {
            lines.push(format!("allow_origin_regex={},", double(&patterns.join("|"))));
        }
    }
    if terms.all_methods {
        limits.left_out("allow_methods", format!("`*` stands for {STARLETTE_METHODS} only."));
        lines.push("allow_methods=[\"*\"],".to_owned());
    } else {
        lines.push(format!("allow_methods={},", list(&terms.methods, double)));
    }
    match limits.headers_or_all(terms) {
        None => lines.push("allow_headers=[\"*\"],".to_owned()),
        Some(names) => {
            limits.check_content_type(terms);
            let names: Vec<_> =
                names.iter().filter(|name| !STARLETTE_HEADERS.contains(&name.as_str())).collect();
            if !names.is_empty() {
                lines.push(format!("allow_headers={},", list(names, double)));
            }
        }
    }
    if terms.credentials {
        lines.push("allow_credentials=True,".to_owned());
    }
    if !terms.expose.is_empty() {
        lines.push(format!("expose_headers={},", list(&terms.expose, double)));
    }
    lines.push(match terms.max_age {
        Some(seconds) => format!("max_age={seconds},"),
        // A time is always sent.
        None => "max_age=5,  # what browsers take without a time".to_owned(),
    });
    format!(
        "from starlette.middleware.cors import CORSMiddleware\n\n\n\
         def add_cors(app):\n    \
         \"\"\"Adds the policy to an application of Starlette or FastAPI. Call it after all other `add_middleware`.\"\"\"\n    \
         app.add_middleware(\n        CORSMiddleware,\n        {}\n    )",
        lines.join("\n        ")
    )
}

/// Flask, with Flask-CORS.
pub(super) fn flask(model: &Model, limits: &mut Limits) -> String {
    limits.check_rules(model);
    limits.check_preflight_status(model, 200);
    let terms = &model.own;
    // A text with a character of regular expressions is matched as one.
    let literal = |text: &str| match text.contains(FLASK_REGEX) {
        true => double(&format!("^{}$", regex(text))),
        false => double(text),
    };
    let mut lines = Vec::new();
    if terms.any {
        lines.push("origins=\"*\",".to_owned());
        lines.push("send_wildcard=True,".to_owned());
    } else {
        let origins = terms.exact().map(literal).chain(terms.patterns().map(double));
        lines.push(format!("origins={},", list(origins, str::to_owned)));
        // Otherwise a request without `Origin` is answered with all origins.
        lines.push("always_send=False,".to_owned());
        lines.push("vary_header=False,".to_owned());
    }
    if terms.all_methods {
        limits.left_out("allow_methods", format!("`*` stands for {FLASK_METHODS} only."));
    } else {
        let (methods, lower): (Vec<_>, Vec<_>) =
            terms.methods.iter().partition(|name| !name.contains(|letter: char| letter.is_ascii_lowercase()));
        if !lower.is_empty() {
            let names = lower.into_iter().map(String::as_str).collect::<Vec<_>>().join(", ");
            let text =
                format!("Flask-CORS writes methods in upper case, so that these are left out: {names}.");
            limits.left_out("allow_methods", text);
        }
        lines.push(format!("methods={},", list(methods, double)));
    }
    lines.push(match &terms.headers {
        Headers::All => "allow_headers=\"*\",".to_owned(),
        // Names of headers may be regular expressions.
        Headers::AllButAuthorization => "allow_headers=[\"^(?!authorization$).*$\"],".to_owned(),
        Headers::Listed(names) => format!("allow_headers={},", list(names, literal)),
    });
    if !terms.expose.is_empty() {
        lines.push(format!("expose_headers={},", list(&terms.expose, double)));
    }
    if terms.credentials {
        lines.push("supports_credentials=True,".to_owned());
    }
    match terms.max_age {
        // The number is left out; the string is not.
        Some(0) => lines.push("max_age=\"0\",".to_owned()),
        Some(seconds) => lines.push(format!("max_age={seconds},")),
        None => {}
    }
    let vary = if model.depends_on_origin() {
        "\n\n    # Flask-CORS says so only to allowed origins. Caches need it on every response.\n    \
         @app.after_request\n    def vary_by_origin(response):\n        response.headers.add(\"Vary\", \"Origin\")\n        return response"
    } else {
        ""
    };
    format!(
        "from flask_cors import CORS\n\n\n\
         def add_cors(app):\n    \"\"\"Adds the policy to a Flask application.\"\"\"\n    \
         CORS(\n        app,\n        {}\n    ){vary}",
        lines.join("\n        ")
    )
}

/// Django, with django-cors-headers.
pub(super) fn django(model: &Model, limits: &mut Limits) -> String {
    limits.check_rules(model);
    limits.check_preflight_status(model, 200);
    let terms = &model.own;
    let mut lines = vec![
        "# For settings.py. INSTALLED_APPS needs \"corsheaders\", and MIDDLEWARE needs".to_owned(),
        "# \"corsheaders.middleware.CorsMiddleware\" before all others.".to_owned(),
    ];
    lines.extend(django_origins(terms));
    lines.push(format!("CORS_ALLOW_METHODS = {}", list(limits.fixed_methods(terms), double)));
    lines.push(format!("CORS_ALLOW_HEADERS = {}", list(limits.fixed_headers(terms), double)));
    if !terms.expose.is_empty() {
        lines.push(format!("CORS_EXPOSE_HEADERS = {}", list(&terms.expose, double)));
    }
    if terms.credentials {
        lines.push("CORS_ALLOW_CREDENTIALS = True".to_owned());
    }
    lines.push(match terms.max_age {
        None => "CORS_PREFLIGHT_MAX_AGE = 0  # no time; the default would be a day".to_owned(),
        Some(0) => {
            let text =
                "0 sends no `Access-Control-Max-Age`. Browsers cache the answer to a preflight for 5 s.";
            limits.left_out("max_age", text);
            "CORS_PREFLIGHT_MAX_AGE = 0".to_owned()
        }
        Some(seconds) => format!("CORS_PREFLIGHT_MAX_AGE = {seconds}"),
    });
    lines.join("\n")
}

fn django_origins(terms: &Terms) -> Vec<String> {
    if terms.any {
        return vec!["CORS_ALLOW_ALL_ORIGINS = True".to_owned()];
    }
    let mut lines = vec![format!("CORS_ALLOWED_ORIGINS = {}", list(terms.exact(), double))];
    let patterns = list(terms.patterns(), double);
    if patterns != "[]" {
        lines.push(format!("CORS_ALLOWED_ORIGIN_REGEXES = {patterns}"));
    }
    lines
}
