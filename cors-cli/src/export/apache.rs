//! Apache: `SetEnvIf` for the decision, `Header always`, and `RewriteRule` for preflights.

use super::limits::Limits;
use super::model::{Headers, Model, Terms};

/// The statuses that `RewriteRule` can answer with.
const STATUSES: &[u16] = &[200, 201, 202, 203, 204, 205, 206, 207, 208, 226];

/// Directives for a virtual host.
pub(super) fn write(model: &Model, limits: &mut Limits) -> String {
    let mut text = String::from(
        "# In the virtual host, or in the server's configuration. It needs mod_headers, mod_rewrite and mod_setenvif.\n\n",
    );
    // The last match decides, so that the rules come after the policy itself, and the first rule comes last.
    if model.own.any {
        text.push_str("SetEnvIf Request_URI ^ CORS_TERMS=own\n");
    }
    for terms in model.in_order().rev() {
        if terms.any && terms.name != "own" {
            text.push_str(&format!("SetEnvIf Origin .+ CORS_ORIGIN=$0 CORS_TERMS={}\n", terms.name));
        }
        for regex in terms.regexes() {
            text.push_str(&format!("SetEnvIf Origin \"{regex}\" CORS_ORIGIN=$0 CORS_TERMS={}\n", terms.name));
        }
    }
    text.push_str(
        "SetEnvIfExpr \"%{REQUEST_METHOD} == 'OPTIONS' && -n %{HTTP:Origin} && -n %{HTTP:Access-Control-Request-Method}\" CORS_PREFLIGHT=yes\n",
    );
    let echoes = |terms: &&Terms| terms.credentials;
    if model.in_order().filter(echoes).any(|terms| terms.all_methods) {
        text.push_str("SetEnvIf Access-Control-Request-Method ^.+$ CORS_METHOD=$0\n");
    }
    if model.in_order().filter(echoes).any(|terms| terms.headers == Headers::All) {
        text.push_str("SetEnvIf Access-Control-Request-Headers ^.+$ CORS_HEADERS=$0\n");
    }

    text.push_str("\n# The policy is the only authority: what the application sends itself is removed.\n");
    for name in
        ["Allow-Origin", "Allow-Credentials", "Allow-Methods", "Allow-Headers", "Expose-Headers", "Max-Age"]
    {
        text.push_str(&format!("Header onsuccess unset Access-Control-{name}\n"));
    }
    text.push('\n');
    for terms in model.in_order() {
        headers(&mut text, terms, limits);
    }
    if model.depends_on_origin() {
        text.push_str("Header always merge Vary Origin\n");
    }
    let status = match STATUSES.contains(&model.preflight_status) {
        true => model.preflight_status,
        false => {
            let text = format!("Apache cannot answer with {}, and answers with 204.", model.preflight_status);
            limits.left_out("preflight_status", text);
            204
        }
    };
    text.push_str(&format!(
        "\nRewriteEngine On\n\
         RewriteCond %{{ENV:CORS_PREFLIGHT}} yes\n\
         RewriteCond %{{ENV:CORS_TERMS}} .\n\
         RewriteRule ^ - [R={status},L]\n\
         RewriteCond %{{ENV:CORS_PREFLIGHT}} yes\n\
         RewriteRule ^ - [F]\n"
    ));
    text
}

fn headers(text: &mut String, terms: &Terms, limits: &mut Limits) {
    let is_terms = format!("reqenv('CORS_TERMS') == '{}'", terms.name);
    let mut set = |name: &str, value: &str, condition: &str| {
        let condition = format!("{is_terms}{condition}");
        text.push_str(&format!("Header always set Access-Control-{name} \"{value}\" \"expr={condition}\"\n"));
    };
    let (preflight, actual) =
        (" && reqenv('CORS_PREFLIGHT') == 'yes'", " && reqenv('CORS_PREFLIGHT') != 'yes'");
    set("Allow-Origin", if terms.any { "*" } else { "%{CORS_ORIGIN}e" }, "");
    if terms.credentials {
        set("Allow-Credentials", "true", "");
    }
    match (terms.method_list(), terms.credentials) {
        (Some(names), _) => set("Allow-Methods", &escaped(&names), preflight),
        (None, false) => set("Allow-Methods", "*", preflight),
        // `*` is the name of a method if credentials are sent.
        (None, true) => set("Allow-Methods", "%{CORS_METHOD}e", preflight),
    }
    match &terms.headers {
        Headers::All if terms.credentials => {
            set("Allow-Headers", "%{CORS_HEADERS}e", &format!("{preflight} && -n reqenv('CORS_HEADERS')"));
        }
        _ => {
            let names = limits.fixed_headers(terms);
            if !names.is_empty() {
                set("Allow-Headers", &escaped(&names.join(", ")), preflight);
            }
        }
    }
    if !terms.expose.is_empty() {
        set("Expose-Headers", &escaped(&terms.expose.join(", ")), actual);
    }
    if let Some(seconds) = terms.max_age {
        set("Max-Age", &seconds.to_string(), preflight);
    }
}

/// A value of `Header`, in which `%` begins a format.
fn escaped(text: &str) -> String {
    text.replace('%', "%%")
}
