//! A policy as a file, in every format that serde supports.

mod value;

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};

use self::value::Value;
use super::builder::Names;
use super::fields::explain;
use super::{Policy, PolicyBuilder, ProblemCode};

/// Reads a policy and checks it. The error lists all problems.
#[cfg_attr(docsrs, doc(cfg(feature = "serde")))]
impl<'de> Deserialize<'de> for Policy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        PolicyBuilder::deserialize(deserializer)?.build().map_err(de::Error::custom)
    }
}

/// Writes a policy that reads back as an equal one. Fields with their default value are left out.
#[cfg_attr(docsrs, doc(cfg(feature = "serde")))]
impl Serialize for Policy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        let origins: Vec<Cow<'_, str>> = self.allow_origins().collect();
        if origins.is_empty() {
            map.serialize_entry("allow_origins", &origins)?;
        }
        serialize_names(&mut map, "allow_origins", &origins)?;
        serialize_names(&mut map, "allow_methods", self.allow_methods())?;
        serialize_names(&mut map, "allow_headers", self.allow_headers())?;
        serialize_names(&mut map, "expose_headers", self.expose_headers())?;
        if self.allow_credentials() {
            map.serialize_entry("allow_credentials", &true)?;
        }
        if let Some(max_age) = self.max_age() {
            map.serialize_entry("max_age", &max_age.as_secs())?;
        }
        if self.preflight_status() != 204 {
            map.serialize_entry("preflight_status", &self.preflight_status())?;
        }
        if self.diagnostics() {
            map.serialize_entry("diagnostics", &true)?;
        }
        let dangers: Vec<_> = self.dangerously_allow().iter().map(|danger| danger.as_str()).collect();
        if !dangers.is_empty() {
            map.serialize_entry("dangerously_allow", &dangers)?;
        }
        map.end()
    }
}

fn serialize_names<M: SerializeMap>(
    map: &mut M,
    field: &'static str,
    names: &[impl AsRef<str>],
) -> Result<(), M::Error> {
    match names {
        [] => Ok(()),
        [name] if name.as_ref() == "*" => map.serialize_entry(field, "*"),
        names => {
            let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
            map.serialize_entry(field, &names)
        }
    }
}

/// Reads a policy without checking it.
///
/// Unknown fields and values of a wrong type become problems of [`PolicyBuilder::build`], so that it reports them together
/// with all other problems. Only a value that is not a table is an error here.
///
/// The format must be self-describing, like TOML, JSON and YAML.
#[cfg_attr(docsrs, doc(cfg(feature = "serde")))]
impl<'de> Deserialize<'de> for PolicyBuilder {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(BuilderVisitor)
    }
}

struct BuilderVisitor;

impl<'de> Visitor<'de> for BuilderVisitor {
    type Value = PolicyBuilder;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a CORS policy: a table with the field `allow_origins`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<PolicyBuilder, A::Error> {
        let mut builder = PolicyBuilder::default();
        let mut seen = Vec::new();
        while let Some((field, value)) = map.next_entry::<String, Value>()? {
            if seen.contains(&field) {
                let what = "the field is written twice";
                builder.refuse(ProblemCode::RepeatedField, &field, "", what, "Write it once.");
                continue;
            }
            // Programs write `null` in JSON for a field that they leave out.
            if !matches!(value, Value::Null) {
                builder.read(&field, value);
            }
            seen.push(field);
        }
        Ok(builder)
    }
}

impl PolicyBuilder {
    fn read(&mut self, field: &str, value: Value) {
        match field {
            "allow_origins" => self.allow_origins = Some(self.names(field, value)),
            "allow_methods" => self.allow_methods = self.names(field, value),
            "allow_headers" => self.allow_headers = self.names(field, value),
            "expose_headers" => self.expose_headers = self.names(field, value),
            "allow_credentials" => self.allow_credentials = self.boolean(field, value),
            "max_age" => {
                let seconds = self.number(field, value, ProblemCode::MaxAge, "0 to 86400");
                self.max_age = seconds.map(Duration::from_secs);
            }
            "preflight_status" => {
                self.preflight_status = self.number(field, value, ProblemCode::PreflightStatus, "200 to 299");
            }
            "diagnostics" => self.diagnostics = self.boolean(field, value),
            "dangerously_allow" => {
                let names = self.names(field, value);
                self.add_dangers(field, &names);
            }
            _ => {
                let explanation = explain(field);
                let is_table_of_policy = match &value {
                    Value::Table { has_policy } => *has_policy || field.to_ascii_lowercase().contains("cors"),
                    _ => false,
                };
                let help = match is_table_of_policy {
                    true => {
                        "Write the fields of this table at the top level of the policy, or read only this table as the policy."
                    }
                    false => &explanation.help,
                };
                self.refuse(ProblemCode::UnknownField, field, "", explanation.what, help);
            }
        }
    }

    fn names(&mut self, field: &str, value: Value) -> Names {
        let list = match value {
            Value::Text(name) => return Names::one(&name),
            Value::List(list) => list,
            other => {
                self.wrong_type(field, &other, "Write a list of strings, or a single string.");
                return Names::default();
            }
        };
        let mut positions = Vec::with_capacity(list.len());
        let mut names = Vec::with_capacity(list.len());
        for (position, value) in list.into_iter().enumerate() {
            match value {
                Value::Text(name) => {
                    names.push(name);
                    positions.push(position);
                }
                other => self.wrong_type(&format!("{field}[{position}]"), &other, "Write a string."),
            }
        }
        Names::at_positions(names, positions)
    }

    fn boolean(&mut self, field: &str, value: Value) -> bool {
        match value {
            Value::Boolean(value) => value,
            other => {
                self.wrong_type(field, &other, "Write `true` or `false`, without quotes.");
                false
            }
        }
    }

    fn number<N: TryFrom<i128>>(
        &mut self,
        field: &str,
        value: Value,
        code: ProblemCode,
        range: &str,
    ) -> Option<N> {
        let help = format!("Write a whole number from {range}, without quotes.");
        let Value::Integer(number) = value else {
            self.wrong_type(field, &value, &help);
            return None;
        };
        let converted = N::try_from(number).ok();
        if converted.is_none() {
            self.refuse(code, field, &number.to_string(), "is out of range", &help);
        }
        converted
    }

    fn wrong_type(&mut self, field: &str, value: &Value, help: &str) {
        let what = format!("is {}", value.kind());
        self.refuse(ProblemCode::WrongType, field, &value.to_string(), &what, help);
    }
}
