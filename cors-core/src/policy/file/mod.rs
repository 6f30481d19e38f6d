//! A policy as a file, in every format that serde supports.

mod value;

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;
use std::time::Duration;

use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::{self, Serialize, SerializeMap, Serializer};

use self::value::{Fields, Value};
use super::builder::{GuardBuilder, Names, RuleBuilder, Table};
use super::environment::dangers;
use super::fields::{GUARD, RULES, WHOLE_POLICY, explain, explain_in_guard};
use super::guard::{Exemption, Guard, GuardAction};
use super::problem::Note;
use super::{Policy, PolicyBuilder, Problem, ProblemCode, Rule, Terms};

/// Reads a policy and checks it. The error lists all problems.
#[cfg_attr(docsrs, doc(cfg(feature = "serde")))]
impl<'de> Deserialize<'de> for Policy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        PolicyBuilder::deserialize(deserializer)?.build().map_err(de::Error::custom)
    }
}

/// Writes a policy that reads back as an equal one. Fields with their default value are left out.
///
/// A policy with [`allow_origin_if`](PolicyBuilder::allow_origin_if) or a lookup contains code, so writing it is an error.
#[cfg_attr(docsrs, doc(cfg(feature = "serde")))]
impl Serialize for Policy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Some(method) = self.checked().unlisted.as_ref().and_then(|unlisted| unlisted.methods().next())
        {
            return Err(ser::Error::custom(format_args!(
                "a policy with `{method}` contains code, which a file cannot contain"
            )));
        }
        let mut map = serializer.serialize_map(None)?;
        let origins: Vec<Cow<'_, str>> = self.allow_origins().collect();
        let own = &self.checked().own;
        serialize_terms(&mut map, &origins, own)?;
        if self.preflight_status() != 204 {
            map.serialize_entry("preflight_status", &self.preflight_status())?;
        }
        if self.diagnostics() {
            map.serialize_entry("diagnostics", &true)?;
        }
        serialize_dangers(&mut map, own)?;
        if self.has_rules() {
            // Last, because in TOML tables come after all other fields.
            map.serialize_entry(RULES, &self.rules().collect::<Vec<_>>())?;
        }
        if let Some(guard) = self.guard() {
            map.serialize_entry(GUARD, guard)?;
        }
        map.end()
    }
}

/// Writes a rule as it stands in a policy.
#[cfg_attr(docsrs, doc(cfg(feature = "serde")))]
impl Serialize for Rule<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        let origins: Vec<&str> = self.allow_origins().collect();
        serialize_terms(&mut map, &origins, self.terms())?;
        serialize_dangers(&mut map, self.terms())?;
        map.end()
    }
}

/// Writes a guard as it stands in a policy.
#[cfg_attr(docsrs, doc(cfg(feature = "serde")))]
impl Serialize for Guard {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let fields = &self.fields;
        let mut map = serializer.serialize_map(None)?;
        for (field, action) in [
            ("cross_site_writes", fields.cross_site_writes),
            ("foreign_origins", fields.foreign_origins),
            ("websockets", fields.websockets),
        ] {
            if let Some(action) = action {
                map.serialize_entry(field, action.as_str())?;
            }
        }
        if let Some(hosts) = &fields.allow_hosts {
            map.serialize_entry("allow_hosts", hosts)?;
        }
        serialize_names(&mut map, "own_origins", &fields.own_origins)?;
        if fields.report_only {
            map.serialize_entry("report_only", &true)?;
        }
        if !fields.exempt.is_empty() {
            map.serialize_entry("exempt", &fields.exempt)?;
        }
        map.end()
    }
}

impl Serialize for Exemption {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("method", &self.method)?;
        map.serialize_entry("path", &self.path)?;
        map.end()
    }
}

fn serialize_terms<M: SerializeMap>(
    map: &mut M,
    origins: &[impl AsRef<str>],
    terms: &Terms,
) -> Result<(), M::Error> {
    if origins.is_empty() {
        map.serialize_entry("allow_origins", &[] as &[&str])?;
    }
    serialize_names(map, "allow_origins", origins)?;
    serialize_names(map, "allow_methods", terms.methods.entries())?;
    serialize_names(map, "allow_headers", terms.headers.entries())?;
    serialize_names(map, "expose_headers", terms.expose.entries())?;
    if terms.credentials {
        map.serialize_entry("allow_credentials", &true)?;
    }
    match terms.max_age {
        Some(seconds) => map.serialize_entry("max_age", &seconds),
        None => Ok(()),
    }
}

fn serialize_dangers<M: SerializeMap>(map: &mut M, terms: &Terms) -> Result<(), M::Error> {
    let dangers: Vec<_> = terms.dangers.iter().map(|danger| danger.as_str()).collect();
    if dangers.is_empty() { Ok(()) } else { map.serialize_entry("dangerously_allow", &dangers) }
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
        let mut fields = Fields::default();
        while let Some((field, value)) = map.next_entry::<String, Value>()? {
            fields.push(Some(field), value);
        }
        let mut reader = Reader::default();
        let mut builder = PolicyBuilder::default();
        reader.read_policy(fields, &mut builder);
        builder.problems = reader.problems;
        Ok(builder)
    }
}

/// Reads the fields of a table, and keeps the problems.
#[derive(Default)]
struct Reader {
    problems: Vec<Problem>,
    /// What comes before the names of the fields: the rule that is being read.
    table: String,
}

impl Reader {
    fn read_policy(&mut self, fields: Fields, builder: &mut PolicyBuilder) {
        for (field, value) in self.unique(fields) {
            match field.as_str() {
                "preflight_status" => {
                    builder.preflight_status =
                        self.number(&field, &value, ProblemCode::PreflightStatus, "200 to 299");
                }
                "diagnostics" => builder.diagnostics = self.boolean(&field, &value),
                // Editors find the JSON Schema of a file by this.
                "$schema" => {}
                RULES => builder.rules = self.rules(value),
                GUARD => builder.guard = Some(self.guard(value)),
                _ => self.read_field(&field, value, &mut builder.table),
            }
        }
    }

    /// Reads the list of rules. An entry that is not a rule is `None`.
    fn rules(&mut self, value: Value) -> Vec<Option<RuleBuilder>> {
        let Value::List(entries) = value else {
            self.wrong_type(RULES, &value, "Write each rule as a table `[[rules]]`.");
            return Vec::new();
        };
        let mut rules = Vec::with_capacity(entries.len());
        for (number, entry) in entries.into_iter().enumerate() {
            let Value::Table(fields) = entry else {
                let help = "Write a table with at least `allow_origins`.";
                self.wrong_type(&format!("{RULES}[{number}]"), &entry, help);
                rules.push(None);
                continue;
            };
            self.table = format!("{RULES}[{number}].");
            let mut rule = RuleBuilder::default();
            for (field, value) in self.unique(fields) {
                self.read_field(&field, value, &mut rule.table);
            }
            rules.push(Some(rule));
            self.table.clear();
        }
        rules
    }

    fn guard(&mut self, value: Value) -> GuardBuilder {
        let mut guard = GuardBuilder::default();
        let Value::Table(fields) = value else {
            self.wrong_type(GUARD, &value, "Write a table `[guard]`.");
            return guard;
        };
        self.table = format!("{GUARD}.");
        for (field, value) in self.unique(fields) {
            match field.as_str() {
                "cross_site_writes" => guard.cross_site_writes = self.action(&field, &value),
                "foreign_origins" => guard.foreign_origins = self.action(&field, &value),
                "websockets" => guard.websockets = self.action(&field, &value),
                "allow_hosts" => guard.allow_hosts = Some(self.names(&field, value)),
                "own_origins" => guard.own_origins = self.names(&field, value),
                "exempt" => guard.exempt = self.exemptions(&field, value),
                "report_only" => guard.report_only = self.boolean(&field, &value),
                _ => {
                    let explanation = explain_in_guard(&field);
                    let (what, help) = (explanation.what, &explanation.help);
                    self.refuse(ProblemCode::UnknownField, &field, "", what, help);
                }
            }
        }
        self.table.clear();
        guard
    }

    fn action(&mut self, field: &str, value: &Value) -> Option<GuardAction> {
        let help = "Write `\"allow\"` or `\"deny\"`.";
        let Value::Text(text) = value else {
            self.wrong_type(field, value, help);
            return None;
        };
        let known = [GuardAction::Allow, GuardAction::Deny];
        let action = known.into_iter().find(|action| action.as_str() == text);
        if action.is_none() {
            self.refuse(ProblemCode::GuardAction, field, text, "is neither `allow` nor `deny`", help);
        }
        action
    }

    /// Reads the exemptions. An entry that is not one is `None`.
    fn exemptions(&mut self, field: &str, value: Value) -> Vec<Option<Exemption>> {
        const HELP: &str = "Write a table such as `{ method = \"POST\", path = \"/login/saml\" }`.";
        let entries = match value {
            Value::List(entries) => entries,
            table @ Value::Table(_) => vec![table],
            other => {
                self.wrong_type(field, &other, HELP);
                return Vec::new();
            }
        };
        let table = self.table.clone();
        let mut exemptions = Vec::with_capacity(entries.len());
        for (number, entry) in entries.into_iter().enumerate() {
            let place = format!("{field}[{number}]");
            let Value::Table(fields) = entry else {
                self.wrong_type(&place, &entry, HELP);
                exemptions.push(None);
                continue;
            };
            self.table = format!("{table}{place}.");
            let (mut method, mut path) = (None, None);
            for (field, value) in self.unique(fields) {
                match (field.as_str(), value) {
                    ("method", Value::Text(text)) => method = Some(text),
                    ("path", Value::Text(text)) => path = Some(text),
                    ("method" | "path", other) => self.wrong_type(&field, &other, "Write a string."),
                    _ => {
                        let what = "an exemption does not have this field";
                        self.refuse(ProblemCode::UnknownField, &field, "", what, HELP);
                    }
                }
            }
            self.table.clone_from(&table);
            if method.is_none() || path.is_none() {
                let what = "an exemption needs a method and a path";
                self.refuse(ProblemCode::IncompleteExemption, &place, "", what, HELP);
            }
            exemptions.push(method.zip(path).map(|(method, path)| Exemption { method, path }));
        }
        exemptions
    }

    /// The fields that have a value, each once.
    fn unique(&mut self, fields: Fields) -> Vec<(String, Value)> {
        let mut unique: Vec<(String, Value)> = Vec::new();
        let mut seen = HashSet::new();
        for (field, value) in fields.named() {
            if !seen.insert(field.clone()) {
                let what = "the field is written twice";
                self.refuse(ProblemCode::RepeatedField, &field, "", what, "Write it once.");
            } else if !matches!(value, Value::Null) {
                // Programs write `null` in JSON for a field that they leave out.
                unique.push((field, value));
            }
        }
        unique
    }

    /// Reads a field that a policy and its rules both have.
    fn read_field(&mut self, field: &str, value: Value, table: &mut Table) {
        match field {
            "allow_origins" => table.allow_origins = Some(self.names(field, value)),
            "allow_methods" => table.allow_methods = self.names(field, value),
            "allow_headers" => table.allow_headers = self.names(field, value),
            "expose_headers" => table.expose_headers = self.names(field, value),
            "allow_credentials" => table.allow_credentials = self.boolean(field, &value),
            "max_age" => {
                let seconds = self.number(field, &value, ProblemCode::MaxAge, "0 to 86400");
                table.max_age = seconds.map(Duration::from_secs);
            }
            "dangerously_allow" => {
                let names = self.names(field, value);
                let (known, problems) = dangers(&format!("{}{field}", self.table), &names);
                table.dangerously_allow.extend(known);
                self.problems.extend(problems);
            }
            _ => self.unknown_field(field, &value),
        }
    }

    fn unknown_field(&mut self, field: &str, value: &Value) {
        if WHOLE_POLICY.contains(&field) {
            let help = "Write it at the top level: it holds for the whole policy.";
            self.refuse(ProblemCode::UnknownField, field, "", "a rule does not have this field", help);
            return;
        }
        let explanation = explain(field);
        let is_table_of_policy = match value {
            Value::Table(fields) => fields.has_policy() || field.to_ascii_lowercase().contains("cors"),
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

    fn boolean(&mut self, field: &str, value: &Value) -> bool {
        if let Value::Boolean(value) = value {
            return *value;
        }
        self.wrong_type(field, value, "Write `true` or `false`, without quotes.");
        false
    }

    fn number<N: TryFrom<i128>>(
        &mut self,
        field: &str,
        value: &Value,
        code: ProblemCode,
        range: &str,
    ) -> Option<N> {
        let help = format!("Write a whole number from {range}, without quotes.");
        let Value::Integer(number) = value else {
            self.wrong_type(field, value, &help);
            return None;
        };
        let converted = N::try_from(*number).ok();
        if converted.is_none() {
            self.refuse(code, field, &number.to_string(), "is out of range", &help);
        }
        converted
    }

    fn wrong_type(&mut self, field: &str, value: &Value, help: &str) {
        let what = format!("is {}", value.kind());
        self.refuse(ProblemCode::WrongType, field, &value.to_string(), &what, help);
    }

    fn refuse(&mut self, code: ProblemCode, field: &str, value: &str, what: &str, help: &str) {
        let note = Note::new(field, value, what, help).in_table(&self.table);
        self.problems.push(Problem::new(code, note));
    }
}
