//! A policy from environment variables.

use std::env;
use std::ffi::OsString;
use std::time::Duration;

use super::builder::Names;
use super::fields::{FIELDS, GUARD, RULES, Spelling, explain, is_variable};
use super::problem::Note;
use super::{Danger, PolicyBuilder, Problem, ProblemCode};

impl PolicyBuilder {
    /// Reads a policy from the variables of the process's environment, without checking it.
    ///
    /// There is a variable for each field: with the prefix `CORS_`, `CORS_ALLOW_ORIGINS` is `allow_origins`. A list has
    /// commas between its entries. White space around entries is ignored, and so is a comma at the end. A number or boolean
    /// that is empty is left out. An empty `CORS_ALLOW_ORIGINS` allows no origin, and leaving it out is a problem of
    /// [`build`](Self::build).
    ///
    /// ```sh
    /// CORS_ALLOW_ORIGINS=https://app.example.com,http://localhost:*
    /// CORS_ALLOW_METHODS=PUT,DELETE
    /// CORS_ALLOW_CREDENTIALS=true
    /// CORS_MAX_AGE=7200
    /// ```
    ///
    /// Rules and the guard have no variables: the variables are the fields of the policy itself. Add them in code, or use a file.
    ///
    /// Other variables with the prefix are ignored, unless they look like one of these: `CORS_ALLOWED_ORIGINS` is refused.
    pub fn from_env(prefix: &str) -> Self {
        // A value that is not Unicode is refused for the characters that replace its bytes.
        let text = |text: OsString| text.to_string_lossy().into_owned();
        Self::from_variables(prefix, env::vars_os().map(|(name, value)| (text(name), text(value))))
    }

    /// Reads a policy from variables that a program already has, in the same way as [`from_env`](Self::from_env).
    ///
    /// ```
    /// use cors_core::PolicyBuilder;
    ///
    /// let variables = [("CORS_ALLOW_ORIGINS", "https://app.example.com/"), ("CORS_MAX_AGE", "60")];
    /// let error = PolicyBuilder::from_variables("CORS_", variables).build().unwrap_err();
    /// assert_eq!(
    ///     error.problems()[0].to_string(),
    ///     "CORS_ALLOW_ORIGINS[0]: `https://app.example.com/` is not an origin: it ends in a path. \
    ///      Write `https://app.example.com`.",
    /// );
    /// ```
    pub fn from_variables<N: AsRef<str>, V: AsRef<str>>(
        prefix: &str,
        variables: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let mut builder = Self { spelling: Spelling::variables(prefix), ..Self::default() };
        for (name, value) in variables {
            let Some(field) = name.as_ref().strip_prefix(prefix) else { continue };
            let is_field = |known: &&str| is_variable(known) && known.to_ascii_uppercase() == field;
            match FIELDS.into_iter().find(is_field) {
                Some(field) => builder.read_variable(field, value.as_ref()),
                // Without a prefix, these are the variables of all programs.
                None if !prefix.is_empty() => builder.refuse_unknown_variable(prefix, field),
                None => {}
            }
        }
        builder
    }

    fn read_variable(&mut self, field: &str, text: &str) {
        let number = "Write a whole number.";
        match field {
            "allow_origins" => self.table.allow_origins = Some(list(text)),
            "allow_methods" => self.table.allow_methods = list(text),
            "allow_headers" => self.table.allow_headers = list(text),
            "expose_headers" => self.table.expose_headers = list(text),
            "allow_credentials" => self.table.allow_credentials = self.boolean_variable(field, text),
            "max_age" => {
                let seconds = self.parse_variable(field, text, number, |text| text.parse().ok());
                self.table.max_age = seconds.map(Duration::from_secs);
            }
            "preflight_status" => {
                self.preflight_status = self.parse_variable(field, text, number, |text| text.parse().ok());
            }
            "diagnostics" => self.diagnostics = self.boolean_variable(field, text),
            "dangerously_allow" => self.add_dangers(field, &list(text)),
            _ => {}
        }
    }

    fn boolean_variable(&mut self, field: &str, text: &str) -> bool {
        let parse = |text: &str| match text.to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "on" => Some(true),
            "false" | "0" | "no" | "off" => Some(false),
            _ => None,
        };
        self.parse_variable(field, text, "Write `true` or `false`.", parse).unwrap_or_default()
    }

    fn parse_variable<T>(
        &mut self,
        field: &str,
        text: &str,
        help: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let trimmed = text.trim();
        let value = parse(trimmed);
        if value.is_none() && !trimmed.is_empty() {
            self.refuse(ProblemCode::WrongType, field, text, "has the wrong type", help);
        }
        value
    }

    fn refuse_unknown_variable(&mut self, prefix: &str, field: &str) {
        let name = format!("{prefix}{field}");
        let tables = [
            (
                RULES,
                "rules cannot be written in an environment variable",
                "Write them in a policy file or in code.",
            ),
            (
                GUARD,
                "a guard cannot be written in environment variables",
                "Write it in a policy file or in code.",
            ),
        ];
        let is_of = |table: &str| {
            let start = field.get(..table.len()).filter(|start| start.eq_ignore_ascii_case(table));
            start.is_some() && matches!(field.as_bytes().get(table.len()), None | Some(b'_'))
        };
        if let Some((_, what, help)) = tables.into_iter().find(|(table, ..)| is_of(table)) {
            self.refuse(ProblemCode::UnknownField, &name, "", what, help);
            return;
        }
        let explanation = explain(field);
        if explanation.is_recognized {
            let what = explanation.what.replace("field", "variable");
            self.refuse(ProblemCode::UnknownField, &name, "", &what, &explanation.help);
        }
    }

    fn add_dangers(&mut self, field: &str, names: &Names) {
        let (dangers, problems) = dangers(field, names);
        self.table.dangerously_allow.extend(dangers);
        self.problems.extend(problems);
    }

    fn refuse(&mut self, code: ProblemCode, field: &str, value: &str, what: &str, help: &str) {
        self.problems.push(Problem::new(code, Note::new(field, value, what, help)));
    }
}

/// The exceptions with these names, and a problem for each unknown name.
pub(super) fn dangers(field: &str, names: &Names) -> (Vec<Danger>, Vec<Problem>) {
    let (mut dangers, mut problems) = (Vec::new(), Vec::new());
    for (position, name) in names.as_slice().iter().enumerate() {
        match Danger::ALL.iter().find(|danger| danger.as_str() == name) {
            Some(danger) => dangers.push(*danger),
            None => {
                let known: Vec<_> = Danger::ALL.iter().map(|danger| format!("`{danger}`")).collect();
                let help = format!("Write one or more of {}.", known.join(", "));
                let place = names.place(field, position);
                let note = Note::new(place, name, "is not a known exception", help);
                problems.push(Problem::new(ProblemCode::UnknownDanger, note));
            }
        }
    }
    (dangers, problems)
}

fn list(text: &str) -> Names {
    Names::many(text.split(',').map(str::trim).filter(|entry| !entry.is_empty()))
}
