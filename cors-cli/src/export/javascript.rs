//! Express, Fastify, Hono and Koa, with the CORS middlewares that their authors recommend.

use super::limits::Limits;
use super::model::{Headers, Model, Terms};
use super::quote::{indented, list, single, slashes};

/// Express, with the npm package `cors`. Its options may be a function of the request.
pub(super) fn express(model: &Model, limits: &mut Limits) -> String {
    limits.check_all_but_authorization(model);
    let options = |terms: &Terms| {
        // A fixed `*` would come without `Vary`, although other origins get other headers.
        let any = if model.depends_on_origin() { "/^/" } else { "'*'" };
        options(terms, model.preflight_status, any)
    };
    let options = match model.rules.is_empty() {
        true => options(&model.own),
        false => delegate(model, options),
    };
    let http = if options.contains("http.METHODS") { "import http from 'node:http';\n" } else { "" };
    format!(
        "{http}import cors from 'cors';\n\n\
         // Before all routes and all other middleware: app.use(corsPolicy);\n\
         export const corsPolicy = cors({options});"
    )
}

/// Fastify, with `@fastify/cors`. Its options may come from a `delegator`.
pub(super) fn fastify(model: &Model, limits: &mut Limits) -> String {
    limits.check_all_but_authorization(model);
    let options = |terms: &Terms| options(terms, model.preflight_status, "'*'");
    let options = match model.rules.is_empty() {
        true => options(&model.own),
        false => format!("{{\n  delegator: {},\n}}", indented(&delegate(model, options), "  ")),
    };
    let http = if options.contains("http.METHODS") { "import http from 'node:http';\n\n" } else { "" };
    format!(
        "{http}// Before all routes: await fastify.register(cors, corsOptions), with cors from '@fastify/cors'.\n\
         export const corsOptions = {options};"
    )
}

/// Hono, with `hono/cors`.
pub(super) fn hono(model: &Model, limits: &mut Limits) -> String {
    limits.check_rules(model);
    limits.check_preflight_status(model, 204);
    let terms = &model.own;
    let origin = if terms.any {
        "'*'".to_owned()
    } else if terms.is_exact() {
        list(terms.exact(), single)
    } else {
        format!("origin => {} ? origin : null", is_allowed(terms, "origin"))
    };
    let mut lines = vec![format!("origin: {origin},"), format!("allowMethods: {},", methods(terms))];
    match limits.headers_or_requested(terms) {
        // An empty list allows what a preflight asks for. `Accept` needs no permission, so that this list allows nothing more.
        Some(names) if names.is_empty() => lines.push("allowHeaders: ['Accept'],".to_owned()),
        Some(names) => lines.push(format!("allowHeaders: {},", list(names, single))),
        None => lines.push("allowHeaders: [], // what a preflight asks for".to_owned()),
    }
    if !terms.expose.is_empty() {
        lines.push(format!("exposeHeaders: {},", list(&terms.expose, single)));
    }
    if terms.credentials {
        lines.push("credentials: true,".to_owned());
    }
    if let Some(seconds) = terms.max_age {
        lines.push(format!("maxAge: {seconds},"));
    }
    module("hono/cors", "{ cors }", "app.use('*', corsPolicy)", &lines)
}

/// Koa, with `@koa/cors`.
pub(super) fn koa(model: &Model, limits: &mut Limits) -> String {
    limits.check_rules(model);
    limits.check_preflight_status(model, 204);
    let terms = &model.own;
    let origin = if terms.any {
        "'*'".to_owned()
    } else if terms.origins.is_empty() {
        "() => ''".to_owned()
    } else {
        format!("ctx => {} ? ctx.get('Origin') : ''", is_allowed(terms, "ctx.get('Origin')"))
    };
    let mut lines = vec![format!("origin: {origin},"), format!("allowMethods: {},", methods(terms))];
    match limits.headers_or_requested(terms) {
        // As with Hono.
        Some(names) if names.is_empty() => lines.push("allowHeaders: ['Accept'],".to_owned()),
        Some(names) => lines.push(format!("allowHeaders: {},", list(names, single))),
        None => {}
    }
    if !terms.expose.is_empty() {
        lines.push(format!("exposeHeaders: {},", list(&terms.expose, single)));
    }
    if terms.credentials {
        lines.push("credentials: true,".to_owned());
    }
    match terms.max_age {
        // The number is left out; the string is not.
        Some(0) => lines.push("maxAge: '0',".to_owned()),
        Some(seconds) => lines.push(format!("maxAge: {seconds},")),
        None => {}
    }
    module("@koa/cors", "cors", "app.use(corsPolicy)", &lines)
}

impl Limits {
    /// With credentials, `*` in the list is the name of a header.
    fn check_all_but_authorization(&mut self, model: &Model) {
        for terms in model.in_order() {
            if terms.credentials && terms.headers == Headers::AllButAuthorization {
                self.headers_or_all(terms);
            }
        }
    }

    /// The names for `allowHeaders`, or `None` for those that a preflight asks for.
    fn headers_or_requested(&mut self, terms: &Terms) -> Option<Vec<String>> {
        match terms.headers {
            Headers::AllButAuthorization if !terms.credentials => Some(vec!["*".to_owned()]),
            _ => self.headers_or_all(terms),
        }
    }
}

fn module(package: &str, import: &str, usage: &str, options: &[String]) -> String {
    let options = options.join("\n  ");
    let http = if options.contains("http.METHODS") { "import http from 'node:http';\n" } else { "" };
    format!(
        "{http}import {import} from {};\n\n\
         // Before all routes and all other middleware: {usage};\n\
         export const corsPolicy = cors({{\n  {options}\n}});",
        single(package)
    )
}

/// The options of Express and Fastify, which have the same names. `any` is the `origin` for any origin.
fn options(terms: &Terms, preflight_status: u16, any: &str) -> String {
    let mut lines = vec![format!(
        "origin: {},",
        match terms.origins.is_empty() {
            _ if terms.any => any.to_owned(),
            // It is documented to disable CORS.
            true => "false".to_owned(),
            false => origins(terms),
        }
    )];
    lines.push(format!("methods: {},", methods(terms)));
    match &terms.headers {
        Headers::Listed(names) => lines.push(format!("allowedHeaders: {},", list(names, single))),
        Headers::AllButAuthorization if !terms.credentials => {
            lines.push("allowedHeaders: ['*'],".to_owned());
        }
        Headers::AllButAuthorization => lines.push("allowedHeaders: [],".to_owned()),
        Headers::All => {
            lines.push("// Without allowedHeaders, what a preflight asks for is allowed.".to_owned());
        }
    }
    if !terms.expose.is_empty() {
        lines.push(format!("exposedHeaders: {},", list(&terms.expose, single)));
    }
    if terms.credentials {
        lines.push("credentials: true,".to_owned());
    }
    if let Some(seconds) = terms.max_age {
        lines.push(format!("maxAge: {seconds},"));
    }
    if preflight_status != 204 {
        lines.push(format!("optionsSuccessStatus: {preflight_status},"));
    }
    format!("{{\n  {}\n}}", lines.join("\n  "))
}

/// A function that chooses the options by the origin of a request.
fn delegate(model: &Model, options: impl Fn(&Terms) -> String) -> String {
    let mut text = "(request, callback) => {\n  const origin = request.headers.origin ?? '';\n".to_owned();
    for rule in &model.rules {
        let options = indented(&options(rule), "  ");
        if rule.any {
            text.push_str(&format!("  return callback(null, {options});\n}}"));
            return text;
        }
        let test = is_allowed(rule, "origin");
        text.push_str(&format!("  if ({test}) return callback(null, {options});\n"));
    }
    text.push_str(&format!("  callback(null, {});\n}}", indented(&options(&model.own), "  ")));
    text
}

/// Exact origins as strings, patterns as regular expressions.
fn origins(terms: &Terms) -> String {
    let exact = terms.exact().map(single);
    list(exact.chain(terms.patterns().map(slashes)), str::to_owned)
}

/// An expression that is true if `origin`, an expression too, is allowed.
fn is_allowed(terms: &Terms, origin: &str) -> String {
    let exact = list(terms.exact(), single);
    let patterns = list(terms.patterns(), slashes);
    match (exact.as_str(), patterns.as_str()) {
        (_, "[]") => format!("{exact}.includes({origin})"),
        ("[]", _) => format!("{patterns}.some(pattern => pattern.test({origin}))"),
        _ => format!("({exact}.includes({origin}) || {patterns}.some(pattern => pattern.test({origin})))"),
    }
}

/// The list of methods. Where credentials are allowed, `*` is the name of a method: all that Node.js accepts are listed instead.
fn methods(terms: &Terms) -> String {
    match (terms.all_methods, terms.credentials) {
        (true, true) => "http.METHODS".to_owned(),
        (true, false) => "['*']".to_owned(),
        (false, _) => list(&terms.methods, single),
    }
}
