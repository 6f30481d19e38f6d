//! The JSON Schema of policy files.

use cors_core::Policy;
use serde_json::json;

/// Where the schema is published, so that files and editors can name it.
const ADDRESS: &str = concat!(env!("CARGO_PKG_REPOSITORY"), "/raw/main/docs/policy.schema.json");

/// Returns the JSON Schema of policy files as text.
pub fn json_schema() -> String {
    let mut schema = schemars::schema_for!(Policy);
    schema.insert("$id".to_owned(), json!(ADDRESS));
    // The alternate form is JSON on several lines.
    format!("{:#}\n", schema.as_value())
}
