//! What a stack cannot say of a policy.

use std::fmt;

use cors_core::Policy;

use super::Stack;
use super::model::{Headers, Model, Terms};

/// Something that a policy says and a stack cannot say.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Limit {
    /// The field of the policy, such as `rules` or `allow_origins`.
    pub field: String,
    /// Whether the configuration allows less or more than the policy.
    pub kind: LimitKind,
    /// What the stack does instead, as a sentence.
    pub text: String,
}

/// What follows from a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum LimitKind {
    /// The configuration leaves out what the policy allows or asks for.
    LeftOut,
    /// The stack allows more than the policy does.
    Wider,
}

impl fmt::Display for Limit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            LimitKind::LeftOut => "",
            LimitKind::Wider => "allows more: ",
        };
        write!(formatter, "{}: {kind}{}", self.field, self.text)
    }
}

/// The limits of one export.
pub(super) struct Limits {
    stack: Stack,
    list: Vec<Limit>,
}

impl Limits {
    pub(super) fn new(stack: Stack) -> Self {
        Self { stack, list: Vec::new() }
    }

    pub(super) fn into_list(self) -> Vec<Limit> {
        self.list
    }

    /// Adds a limit that makes the configuration allow less.
    pub(super) fn left_out(&mut self, field: impl Into<String>, text: impl Into<String>) {
        self.list.push(Limit { field: field.into(), kind: LimitKind::LeftOut, text: text.into() });
    }

    /// Adds a limit that makes the stack allow more.
    pub(super) fn wider(&mut self, field: impl Into<String>, text: impl Into<String>) {
        self.list.push(Limit { field: field.into(), kind: LimitKind::Wider, text: text.into() });
    }

    /// Functions of a program, which no text can contain.
    pub(super) fn check_functions(&mut self, policy: &Policy) {
        if policy.has_predicates() {
            self.left_out("allow_origin_if", "the function of the program is left out.");
        }
        if policy.has_lookup() {
            self.left_out("lookup", "the lookup of the program is left out.");
        }
    }

    /// What only this project's adapters have.
    pub(super) fn check_extensions(&mut self, policy: &Policy) {
        if policy.guard().is_some() {
            self.wider("guard", "no request is denied, whichever page sends it.");
        }
        if policy.diagnostics() {
            self.left_out("diagnostics", "the answer to a denied preflight does not say why.");
        }
    }

    /// Rules, for a stack that has one set of terms for all origins.
    pub(super) fn check_rules(&mut self, model: &Model) {
        if model.rules.is_empty() {
            return;
        }
        let text = "there are no rules by origin, and they are left out. Their origins have the policy's own terms if \
                    `allow_origins` contains them, and nothing otherwise.";
        self.left_out("rules", text);
    }

    /// The status of a granted preflight, for a stack that always sends `sent`. For the default, 204, any other will do.
    pub(super) fn check_preflight_status(&mut self, model: &Model, sent: u16) {
        let asked = model.preflight_status;
        if asked != 204 && asked != sent {
            self.left_out(
                "preflight_status",
                format!("a granted preflight is always answered with {sent}, not {asked}."),
            );
        }
    }

    /// The request headers for a stack that sends fixed lists: `*` has no meaning for a browser that sends credentials.
    pub(super) fn fixed_headers(&mut self, terms: &Terms) -> Vec<String> {
        match &terms.headers {
            Headers::Listed(names) => names.clone(),
            _ if terms.credentials => {
                self.no_wildcard(terms, "allow_headers", "header");
                Vec::new()
            }
            Headers::AllButAuthorization => vec!["*".to_owned()],
            Headers::All => vec!["*".to_owned(), "authorization".to_owned()],
        }
    }

    /// The methods for a stack that sends fixed lists.
    pub(super) fn fixed_methods(&mut self, terms: &Terms) -> Vec<String> {
        if !terms.all_methods {
            return terms.methods.clone();
        }
        if terms.credentials {
            self.no_wildcard(terms, "allow_methods", "method");
            return terms.methods.clone();
        }
        vec!["*".to_owned()]
    }

    fn no_wildcard(&mut self, terms: &Terms, field: &str, what: &str) {
        let title = self.stack.title();
        self.left_out(
            terms.field(field),
            format!(
                "{title} sends fixed lists, and with credentials `*` is the name of a {what} for a browser. No other {what} \
                 than those that need no permission is allowed."
            ),
        );
    }

    /// For a stack whose `*` covers `Authorization` too: without it, no header is allowed. Returns `None` for all headers.
    pub(super) fn headers_or_all(&mut self, terms: &Terms) -> Option<Vec<String>> {
        match &terms.headers {
            Headers::Listed(names) => Some(names.clone()),
            Headers::All => None,
            Headers::AllButAuthorization => {
                self.left_out(
                    terms.field("allow_headers"),
                    format!(
                        "{} can allow all headers only together with `authorization`. No header is allowed.",
                        self.stack.title()
                    ),
                );
                Some(Vec::new())
            }
        }
    }

    /// `Content-Type`, for a stack that always allows it.
    pub(super) fn check_content_type(&mut self, terms: &Terms) {
        let Headers::Listed(names) = &terms.headers else { return };
        if !names.iter().any(|name| name == "content-type") {
            let title = self.stack.title();
            let text = format!("{title} allows `content-type` although the policy does not list it.");
            self.wider(terms.field("allow_headers"), text);
        }
    }
}
