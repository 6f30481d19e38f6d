//! A policy as a file, in every format that serde speaks.

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};

use super::problem::Remark;
use super::{Danger, FIELDS, Names, Policy, PolicyBuilder, Problem, ProblemCode};

/// Reads a policy and checks it; the error lists every problem.
impl<'de> Deserialize<'de> for Policy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        PolicyBuilder::deserialize(deserializer)?.build().map_err(de::Error::custom)
    }
}

/// Writes what was read: `*` as a string, lists as lists, and nothing that says what is true anyway.
impl Serialize for Policy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        let origins: Vec<Cow<'_, str>> = self.allow_origins().collect();
        serialize_names(&mut map, "allow_origins", &origins)?;
        serialize_names(&mut map, "allow_methods", self.allow_methods())?;
        serialize_names(&mut map, "allow_headers", self.allow_headers())?;
        serialize_names(&mut map, "expose_headers", self.expose_headers())?;
        if self.allow_credentials() {
            map.serialize_entry("allow_credentials", &true)?;
        }
        if let Some(max_age) = self.max_age() {
            map.serialize_entry("max_age", &max_age)?;
        }
        if self.allow_private_network() {
            map.serialize_entry("allow_private_network", &true)?;
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

/// Reads whatever is there: unknown fields and values of a wrong type become problems of [`PolicyBuilder::build`], so that
/// they are told together with all others. Only what is no table at all is an error here.
///
/// The format must be self-describing, as TOML, JSON and YAML are.
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
                builder.refuse(
                    ProblemCode::RepeatedField,
                    &field,
                    "",
                    "the field is there twice",
                    "Write it once.",
                );
                continue;
            }
            // `null` in JSON is what a program writes for a field that it leaves out.
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
            "allow_origins" => self.allow_origins = self.names(field, value),
            "allow_methods" => self.allow_methods = self.names(field, value),
            "allow_headers" => self.allow_headers = self.names(field, value),
            "expose_headers" => self.expose_headers = self.names(field, value),
            "allow_credentials" => self.allow_credentials = self.boolean(field, value),
            "max_age" => self.max_age = self.number(field, value, ProblemCode::MaxAge, "0 to 86400"),
            "allow_private_network" => self.allow_private_network = self.boolean(field, value),
            "preflight_status" => {
                self.preflight_status = self.number(field, value, ProblemCode::PreflightStatus, "200 to 299");
            }
            "diagnostics" => self.diagnostics = self.boolean(field, value),
            "dangerously_allow" => self.dangerously_allow = self.dangers(field, value),
            _ => {
                let help = match nearest_field(field) {
                    Some(nearest) => format!("Write `{nearest}`."),
                    None => format!("Leave it out; the fields are {}.", FIELDS.join(", ")),
                };
                self.refuse(ProblemCode::UnknownField, field, "", "no policy has such a field", &help);
            }
        }
    }

    fn names(&mut self, field: &str, value: Value) -> Names {
        let list = match value {
            Value::Text(name) => return name.into(),
            Value::List(list) => list,
            other => {
                self.wrong_type(field, &other, "Write a list of strings, or a single string.");
                return Names::default();
            }
        };
        let (count, mut positions) = (list.len(), Vec::new());
        let mut names = Vec::with_capacity(count);
        for (position, value) in list.into_iter().enumerate() {
            match value {
                Value::Text(name) => {
                    names.push(name);
                    positions.push(position);
                }
                other => self.wrong_type(&format!("{field}[{position}]"), &other, "Write a string."),
            }
        }
        let positions = (names.len() < count).then_some(positions);
        Names { positions, ..names.into() }
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
        let fitting = N::try_from(number).ok();
        if fitting.is_none() {
            self.refuse(code, field, &number.to_string(), "is out of range", &help);
        }
        fitting
    }

    fn dangers(&mut self, field: &str, value: Value) -> Vec<Danger> {
        let names = self.names(field, value);
        let mut dangers = Vec::new();
        for (position, name) in names.names.iter().enumerate() {
            match Danger::ALL.iter().find(|danger| danger.as_str() == name) {
                Some(danger) => dangers.push(*danger),
                None => {
                    let known: Vec<_> = Danger::ALL.iter().map(|danger| format!("`{danger}`")).collect();
                    let help = format!("Write any of {}.", known.join(", "));
                    let place = names.place(field, position);
                    self.refuse(
                        ProblemCode::UnknownDanger,
                        &place,
                        name,
                        "is no danger that can be allowed",
                        &help,
                    );
                }
            }
        }
        dangers
    }

    fn wrong_type(&mut self, field: &str, value: &Value, help: &str) {
        let what = format!("is {}", value.kind());
        self.refuse(ProblemCode::WrongType, field, &value.to_string(), &what, help);
    }

    fn refuse(&mut self, code: ProblemCode, field: &str, value: &str, what: &str, help: &str) {
        self.problems.push(Problem::new(code, Remark::new(field, value, what, help)));
    }
}

/// The field that a misspelt one was meant for, if one is near.
fn nearest_field(written: &str) -> Option<&'static str> {
    let written = written.to_ascii_lowercase().replace('-', "_");
    FIELDS
        .iter()
        .map(|field| (edit_distance(&written, field), *field))
        .filter(|(distance, _)| *distance <= 3)
        .min()
        .map(|(_, field)| field)
}

/// How many bytes have to be put in, taken out or replaced to turn one text into the other (Levenshtein).
fn edit_distance(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (above, from_byte) in from.bytes().enumerate() {
        let mut diagonal = above;
        row[0] = above + 1;
        for (left, to_byte) in to.bytes().enumerate() {
            let replaced = diagonal + usize::from(from_byte != to_byte);
            diagonal = row[left + 1];
            row[left + 1] = replaced.min(diagonal + 1).min(row[left] + 1);
        }
    }
    row[to.len()]
}

/// A value of any type, as a file has it.
enum Value {
    Null,
    Boolean(bool),
    Integer(i128),
    Float(f64),
    Text(String),
    List(Vec<Value>),
    Table,
}

impl Value {
    fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean(_) => "a boolean",
            Self::Integer(_) => "a number",
            Self::Float(_) => "a fraction",
            Self::Text(_) => "a string",
            Self::List(_) => "a list",
            Self::Table => "a table",
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => formatter.write_str("null"),
            Self::Boolean(value) => value.fmt(formatter),
            Self::Integer(value) => value.fmt(formatter),
            Self::Float(value) => value.fmt(formatter),
            Self::Text(value) => write!(formatter, "\"{value}\""),
            Self::List(_) => formatter.write_str("[…]"),
            Self::Table => formatter.write_str("{…}"),
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Boolean(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Integer(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Integer(value.into()))
    }

    fn visit_i128<E>(self, value: i128) -> Result<Value, E> {
        Ok(Value::Integer(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::Text(value))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        Value::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(value) = sequence.next_element()? {
            list.push(value);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        while map.next_entry::<de::IgnoredAny, de::IgnoredAny>()?.is_some() {}
        Ok(Value::Table)
    }
}
