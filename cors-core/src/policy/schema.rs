//! A JSON Schema for policy files, with which editors complete fields and mark mistakes.
//!
//! It accepts every policy that the checks accept. It cannot express all refusals: a trailing slash, yes; a public suffix, no.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};

use super::fields::{FIELDS, GUARD, GUARD_FIELDS, RULES, WHOLE_POLICY};
use super::{Danger, Policy, PolicyBuilder};
use crate::token;

#[cfg_attr(docsrs, doc(cfg(feature = "schemars")))]
impl JsonSchema for Policy {
    fn schema_name() -> Cow<'static, str> {
        "CorsPolicy".into()
    }

    fn schema_id() -> Cow<'static, str> {
        concat!(module_path!(), "::Policy").into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schema()
    }
}

/// The same as for [`Policy`].
#[cfg_attr(docsrs, doc(cfg(feature = "schemars")))]
impl JsonSchema for PolicyBuilder {
    fn schema_name() -> Cow<'static, str> {
        Policy::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        Policy::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Policy::json_schema(generator)
    }
}

fn schema() -> Schema {
    let mut properties = Map::new();
    properties.insert(
        "$schema".to_owned(),
        json!({ "description": "The address of this schema.", "type": "string" }),
    );
    properties.extend(FIELDS.into_iter().map(|field| (field.to_owned(), property(field))));
    json_schema!({
        "title": "CORS policy",
        "description": "Which pages of other origins may do what. What is left out allows nothing.",
        "type": "object",
        "properties": properties,
        "required": ["allow_origins"],
        "additionalProperties": false,
        "allOf": refusals(),
    })
}

/// The schema of one field.
fn property(field: &str) -> Value {
    match field {
        "allow_origins" => described(
            "The origins whose pages may read responses, or \"*\" for all. Patterns: `https://*.example.com` for all subdomains, `https://*-team.example.com` for a part of the first label, `http://localhost:*` for every port, `moz-extension://*` for every extension. An empty list allows no origin.",
            names(json!({ "type": "string", "pattern": origin_pattern() })),
        ),
        "allow_methods" => described(
            "The methods that pages may use, or \"*\" for all. They are case-sensitive. GET, HEAD and POST are always allowed.",
            optional(names(
                json!({ "type": "string", "pattern": token_pattern(), "not": { "pattern": miswritten_method() } }),
            )),
        ),
        "allow_headers" => described(
            "The request headers that pages may send, or \"*\" for all except authorization, or [\"*\", \"authorization\"].",
            optional(names(json!({ "type": "string", "pattern": token_pattern() }))),
        ),
        "expose_headers" => described(
            "The response headers that pages may read in addition to the safelisted ones, or \"*\" for all.",
            optional(names(json!({ "type": "string", "pattern": token_pattern() }))),
        ),
        "allow_credentials" => described(
            "Whether requests may carry cookies, HTTP authentication and client certificates.",
            json!({ "type": ["boolean", "null"], "default": false }),
        ),
        "max_age" => described(
            "How many seconds a browser may cache the answer to a preflight, up to 86400. Chromium uses 7200 at most. 0 switches the cache off. The default is the browser's: 5 seconds.",
            json!({ "type": ["integer", "null"], "minimum": 0 }),
        ),
        "preflight_status" => described(
            "The status code of a granted preflight.",
            json!({ "type": ["integer", "null"], "minimum": 200, "maximum": 299, "default": 204 }),
        ),
        "diagnostics" => described(
            "Whether a denied preflight from an allowed origin is answered with the policy, so that the browser's console names what is missing. It reveals the policy.",
            json!({ "type": ["boolean", "null"], "default": false }),
        ),
        "dangerously_allow" => described(
            "Exceptions: settings that are refused otherwise because they are almost always unsafe.",
            optional(names(
                json!({ "enum": Danger::ALL.iter().map(|danger| danger.as_str()).collect::<Vec<_>>() }),
            )),
        ),
        RULES => described(
            "Other terms for some origins. The first rule that contains the origin of a request decides, and then the fields of the policy. A rule inherits nothing.",
            json!({ "type": ["array", "null"], "items": rule() }),
        ),
        GUARD => {
            described("Which requests reach the application at all. Without it all of them do.", guard())
        }
        // `tests/schema.rs` finds a field that is missing here.
        _ => json!(false),
    }
}

fn guard() -> Value {
    let properties: Map<_, _> =
        GUARD_FIELDS.into_iter().map(|field| (field.to_owned(), guard_property(field))).collect();
    json!({ "type": ["object", "null"], "properties": properties, "additionalProperties": false })
}

/// The schema of one field of a guard.
fn guard_property(field: &str) -> Value {
    let action = |default| json!({ "enum": ["allow", "deny", null], "default": default });
    match field {
        "cross_site_writes" => described(
            "Whether to deny requests with another method than GET, HEAD and OPTIONS that a page of another site may have caused.",
            action("deny"),
        ),
        "foreign_origins" => described(
            "Whether to deny every request of an origin that is neither the server's own nor listed, reads included.",
            action("allow"),
        ),
        "websockets" => described(
            "Whether to deny WebSocket handshakes of origins that are neither the server's own nor listed.",
            action("deny"),
        ),
        "allow_hosts" => described(
            "The hosts that the server answers to. Other requests get 421. Patterns: `localhost:*` for every port, `*.example.com` for all subdomains.",
            optional(names(json!({ "type": "string", "pattern": host_pattern() }))),
        ),
        "own_origins" => described(
            "The server's own origins. Without them an origin is own if its host and port are those of the request.",
            optional(names(json!({ "type": "string", "pattern": own_origin_pattern() }))),
        ),
        "exempt" => {
            let exemption = json!({
                "type": "object",
                "properties": {
                    "method": { "type": "string", "pattern": token_pattern(), "not": { "pattern": miswritten_method() } },
                    "path": { "type": "string", "pattern": r"^/[!-~]*$", "not": { "pattern": "[?#]|://" } },
                },
                "required": ["method", "path"],
                "additionalProperties": false,
            });
            described(
                "Methods and paths to which only `allow_hosts` applies. They are compared byte for byte.",
                optional(json!({ "anyOf": [exemption.clone(), { "type": "array", "items": exemption }] })),
            )
        }
        "report_only" => described(
            "Whether nothing is denied, only reported.",
            json!({ "type": ["boolean", "null"], "default": false }),
        ),
        // `tests/schema.rs` finds a field that is missing here.
        _ => json!(false),
    }
}

/// The schema of a rule, which has the fields of a policy except for those that hold for all of it.
fn rule() -> Value {
    let fields = FIELDS.into_iter().filter(|field| !WHOLE_POLICY.contains(field));
    let properties: Map<_, _> = fields.map(|field| (field.to_owned(), property(field))).collect();
    json!({
        "type": "object",
        "properties": properties,
        "required": ["allow_origins"],
        "additionalProperties": false,
        "allOf": refusals(),
    })
}

/// What is refused because of several fields or entries together.
fn refusals() -> Value {
    let credentials = json!({ "properties": { "allow_credentials": { "const": true } }, "required": ["allow_credentials"] });
    let exception = |danger: &str| json!({ "properties": { "dangerously_allow": has(json!({ "const": danger })) }, "required": ["dangerously_allow"] });
    let null = json!({ "enum": ["null", "file://"] });
    let any_app = json!({ "type": "string", "pattern": "://\\*$" });
    let star = json!({ "const": "*" });
    let authorization =
        json!({ "type": "string", "pattern": format!("^(\\*|{})$", any_case(token::AUTHORIZATION)) });
    json!([
        {
            "$comment": "Any origin, `null` and `file://` cannot be combined with credentials, nor can all exposed headers.",
            "if": credentials,
            "then": {
                "properties": {
                    "allow_origins": { "not": has(json!({ "enum": ["*", "null", "file://"] })) },
                    "expose_headers": { "not": has(star.clone()) },
                },
            },
        },
        {
            "$comment": "`null` and `file://` need an exception.",
            "if": { "properties": { "allow_origins": has(null) }, "required": ["allow_origins"] },
            "then": exception(Danger::NullOrigin.as_str()),
        },
        {
            "$comment": "All hosts of an application's scheme need an exception.",
            "if": { "properties": { "allow_origins": has(any_app) }, "required": ["allow_origins"] },
            "then": exception(Danger::AnyAppOrigin.as_str()),
        },
        alone("allow_origins", star.clone()),
        alone("allow_methods", star.clone()),
        alone("allow_headers", authorization),
        alone("expose_headers", star),
    ])
}

/// A list in which `*` stands beside `others` only.
fn alone(field: &str, others: Value) -> Value {
    json!({
        "$comment": format!("`*` in {field} covers everything, so other entries have no effect."),
        "properties": { (field): {
            "if": { "type": "array", "contains": { "const": "*" } },
            "then": { "items": others },
        } },
    })
}

/// A single string that fits, or a list with an entry that fits.
fn has(entry: Value) -> Value {
    json!({ "anyOf": [entry.clone(), { "type": "array", "contains": entry }] })
}

/// One name or a list of names.
fn names(name: Value) -> Value {
    json!({ "anyOf": [name.clone(), { "type": "array", "items": name }] })
}

/// A field that can be `null`, as programs write a field that they leave out.
fn optional(names: Value) -> Value {
    let mut names = names;
    if let Some(alternatives) = names["anyOf"].as_array_mut() {
        alternatives.push(json!({ "type": "null" }));
    }
    names
}

fn described(description: &str, schema: Value) -> Value {
    let mut schema = schema;
    schema["description"] = json!(description);
    schema
}

/// `*`, `null`, `file://`, an origin of the web with its patterns, or the origin of an application.
fn origin_pattern() -> String {
    let label = "[a-z0-9_-]";
    let host = format!(r"(\[[0-9a-f:.]+\]|(\*\.|{label}+\*{label}*\.|{label}*\*{label}+\.)?[a-z0-9._-]+)");
    let app = r"(?!https?:)[a-z][a-z0-9+.-]*://[^\s/?#@A-Z\\]+";
    format!(r"^(\*|null|file://|https?://{host}(:([1-9][0-9]*|\*))?|{app})$")
}

/// A host of a guard, with its patterns.
fn host_pattern() -> &'static str {
    r"^(\[[0-9a-f:.]+\]|(\*\.|[a-z0-9_-]+\*[a-z0-9_-]*\.|[a-z0-9_-]*\*[a-z0-9_-]+\.)?[a-z0-9._-]+)(:([1-9][0-9]*|\*))?$"
}

/// An exact origin of a server.
fn own_origin_pattern() -> &'static str {
    r"^https?://(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:[1-9][0-9]*)?$"
}

/// RFC 9110, section 5.6.2, "token".
fn token_pattern() -> &'static str {
    r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$"
}

/// A standard method that is not in upper case.
fn miswritten_method() -> String {
    let methods = token::STANDARD_METHODS;
    let upper = methods.join("|");
    let any = methods.map(any_case).join("|");
    format!("^(?!({upper})$)({any})$")
}

/// A pattern for a word in any case: JSON Schema's patterns have no flags.
fn any_case(word: &str) -> String {
    let letters = word.chars();
    letters
        .map(|letter| format!("[{}{}]", letter.to_ascii_uppercase(), letter.to_ascii_lowercase()))
        .collect()
}
