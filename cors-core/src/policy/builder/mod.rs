//! Building a policy and its rules in code.

mod names;

use std::time::Duration;

pub use self::names::IntoNames;
pub(super) use self::names::Names;
use super::fields::Spelling;
pub(super) use super::guard::GuardBuilder;
use super::unlisted::{Predicate, Unlisted};
use super::{Danger, Policy, PolicyError, Problem, check};
#[cfg(feature = "lookup")]
use crate::Lookup;
use crate::Origin;
use crate::origin::origin_of_url;

/// Builds a [`Policy`]. Its methods have the names of the fields of a policy file.
///
/// Only [`allow_origins`](Self::allow_origins) is required. What is left out allows nothing.
///
/// The methods for lists can be called several times, and each call adds to the list. They take one name or any collection
/// of names; see [`IntoNames`]. Of the other values the last one counts.
#[derive(Clone, Debug, Default)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct PolicyBuilder {
    /// The fields that a rule can have too.
    pub(super) table: Table,
    pub(super) preflight_status: Option<u16>,
    pub(super) diagnostics: bool,
    /// `None` for an entry of a file's list that is not a rule; then there is a problem.
    pub(super) rules: Vec<Option<RuleBuilder>>,
    pub(super) unlisted: Unlisted,
    pub(super) guard: Option<GuardBuilder>,
    /// What was wrong with the file from which the values were read.
    pub(super) problems: Vec<Problem>,
    /// How messages write the fields.
    pub(super) spelling: Spelling,
}

/// Builds a rule of a policy: other terms for some origins. [`Rule::builder`](crate::Rule::builder) creates it, and
/// [`PolicyBuilder::rule`] adds it to a policy.
///
/// A rule inherits nothing from the policy or from other rules: what it leaves out allows nothing.
#[derive(Clone, Debug, Default)]
#[must_use = "a rule does nothing until it is added to a policy"]
pub struct RuleBuilder {
    pub(super) table: Table,
}

/// The fields that a policy and its rules both have, as they were written.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    /// Absent if the field was never mentioned, which is a mistake. An empty list is not.
    pub(super) allow_origins: Option<Names>,
    pub(super) allow_methods: Names,
    pub(super) allow_headers: Names,
    pub(super) expose_headers: Names,
    pub(super) allow_credentials: bool,
    pub(super) max_age: Option<Duration>,
    pub(super) dangerously_allow: Vec<Danger>,
}

/// The methods for the fields that a policy and its rules both have.
macro_rules! table_methods {
    () => {
        /// Adds origins whose pages may read responses.
        ///
        /// An entry is one of these:
        ///
        /// - an exact origin: `https://app.example.com`, or with another scheme `chrome-extension://…`;
        /// - a pattern for all subdomains of a domain at any depth: `https://*.example.org`, which does not include
        ///   `https://example.org` itself;
        /// - a pattern for a part of the leftmost label: `https://*-team.example.org`, where `*` stands for one or more
        ///   characters of a label, never for a dot;
        /// - a pattern for all ports of a host: `http://localhost:*`;
        /// - a pattern for all hosts of an application's scheme: `moz-extension://*`, with [`Danger::AnyAppOrigin`];
        /// - `null` or `file://`, with [`Danger::NullOrigin`].
        ///
        /// `"*"` alone allows any origin. An empty list allows no origin: responses have no CORS headers, and preflights are
        /// denied.
        pub fn allow_origins<Kind>(mut self, origins: impl IntoNames<Kind>) -> Self {
            self.table.allow_origins.get_or_insert_default().extend(origins.into_names());
            self
        }

        /// Adds the origin of a URL, without its path, query, fragment and user name.
        ///
        /// It is for applications that know the address of their pages: `https://app.example.com/login?from=mail` has the
        /// origin `https://app.example.com`. A text that is not a URL with a host is refused by [`build`](PolicyBuilder::build).
        ///
        /// ```
        /// use cors_core::Policy;
        ///
        /// let policy = Policy::builder().allow_origin_of_url("https://App.example.com:443/login?from=mail").build()?;
        /// assert_eq!(policy.allow_origins().collect::<Vec<_>>(), ["https://app.example.com"]);
        /// # Ok::<(), cors_core::PolicyError>(())
        /// ```
        pub fn allow_origin_of_url(self, url: impl AsRef<str>) -> Self {
            let url = url.as_ref();
            match origin_of_url(url) {
                Some(origin) => self.allow_origins(origin),
                None => self.allow_origins(url),
            }
        }

        /// Adds methods that a page may use, or `"*"` for all. Methods are case-sensitive.
        ///
        /// `GET`, `HEAD` and `POST` are always allowed and need not be listed.
        pub fn allow_methods<Kind>(mut self, methods: impl IntoNames<Kind>) -> Self {
            self.table.allow_methods.extend(methods.into_names());
            self
        }

        /// Adds request headers that a page may send, or `"*"` for all.
        ///
        /// `*` does not cover `authorization` (Fetch, "CORS non-wildcard request-header name"). To allow that as well, write
        /// `["*", "authorization"]`.
        pub fn allow_headers<Kind>(mut self, headers: impl IntoNames<Kind>) -> Self {
            self.table.allow_headers.extend(headers.into_names());
            self
        }

        /// Adds response headers that a page may read in addition to the safelisted ones, or `"*"` for all.
        pub fn expose_headers<Kind>(mut self, headers: impl IntoNames<Kind>) -> Self {
            self.table.expose_headers.extend(headers.into_names());
            self
        }

        /// Sets whether requests may carry credentials: cookies, HTTP authentication and client certificates.
        pub fn allow_credentials(mut self, allow: bool) -> Self {
            self.table.allow_credentials = allow;
            self
        }

        /// Sets how long a browser may cache the answer to a preflight: whole seconds from 0 to 86,400 (a day). A longer time is
        /// sent as a day.
        ///
        /// Zero switches the browser's cache off. Without a max-age browsers cache the answer for 5 seconds. Chromium caps the
        /// value at 7,200 seconds (two hours). A fraction of a second is refused by [`build`](PolicyBuilder::build), because the
        /// response header cannot express it.
        pub fn max_age(mut self, max_age: Duration) -> Self {
            self.table.max_age = Some(max_age);
            self
        }

        /// Adds exceptions: settings that are refused otherwise because they are almost always unsafe.
        pub fn dangerously_allow(mut self, dangers: impl IntoIterator<Item = Danger>) -> Self {
            self.table.dangerously_allow.extend(dangers);
            self
        }
    };
}

impl PolicyBuilder {
    table_methods!();

    /// Sets the status code of a granted preflight, from 200 to 299. The default is 204.
    pub fn preflight_status(mut self, status: u16) -> Self {
        self.preflight_status = Some(status);
        self
    }

    /// Switches diagnostic mode on or off. It is off by default, because it reveals the policy.
    ///
    /// In diagnostic mode, a preflight from an allowed origin whose method or headers are not allowed is answered with the
    /// policy's lists, so that the browser's console names what is missing.
    pub fn diagnostics(mut self, diagnostics: bool) -> Self {
        self.diagnostics = diagnostics;
        self
    }

    /// Adds a function that decides about origins that are not known when the policy is built.
    ///
    /// It is asked only if no entry of `allow_origins`, of the policy or of a rule, contains the origin, and never about
    /// `null`, `file://` or a malformed origin. What it allows has the policy's own terms, and everything else holds as for
    /// listed origins. With several functions it is enough that one of them allows the origin.
    ///
    /// It is called while a request is decided, so it must be fast, and it must not panic. For a question that takes time, such
    /// as one to a database, use a lookup.
    ///
    /// **It must compare whole hosts, or whole origins**: never with `starts_with`, `ends_with` or `contains`, because
    /// strangers can register such names. `evilexample.com` ends in `example.com`. Compare the scheme and the port too, above all
    /// with credentials. For the subdomains of a domain an entry such as `https://*.example.com` is safer.
    ///
    /// A policy with a function cannot be written to a file.
    ///
    /// ```
    /// use std::collections::HashSet;
    ///
    /// use cors_core::Policy;
    ///
    /// let tenants = HashSet::from(["a.example", "b.example"]);
    /// let policy = Policy::builder()
    ///     .allow_origins("https://app.example.com")
    ///     .allow_origin_if(move |origin| {
    ///         origin.scheme() == "https" && origin.port().is_none() && tenants.contains(origin.host())
    ///     })
    ///     .build()?;
    /// assert!(policy.allows_origin(b"https://a.example"));
    /// assert!(!policy.allows_origin(b"https://a.example:8443") && !policy.allows_origin(b"null"));
    /// # Ok::<(), cors_core::PolicyError>(())
    /// ```
    pub fn allow_origin_if(
        mut self,
        is_allowed: impl Fn(&Origin<'_>) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.unlisted.predicates.push(Predicate::new(is_allowed));
        self
    }

    /// Sets the lookup: an asynchronous question about origins that are not known when the policy is built, such as those in a
    /// database.
    ///
    /// It is asked last, and what it allows has the policy's own terms. Its documentation says when it is asked, what is
    /// cached, and what it must never do.
    #[cfg(feature = "lookup")]
    #[cfg_attr(docsrs, doc(cfg(feature = "lookup")))]
    pub fn lookup(mut self, lookup: impl Into<Lookup>) -> Self {
        self.unlisted.lookup = Some(lookup.into());
        self
    }

    /// Adds a rule: other terms for some origins.
    ///
    /// The first rule that contains the origin of a request decides about it, otherwise the policy's own fields do.
    /// Nothing is inherited or merged.
    ///
    /// With rules, every response has `Vary: Origin`, even if the policy itself allows any origin.
    ///
    /// ```
    /// use cors_core::{Policy, Rule};
    ///
    /// // Every page may read, and one partner may also use cookies and `PUT`.
    /// let partner = Rule::builder()
    ///     .allow_origins("https://partner.example")
    ///     .allow_credentials(true)
    ///     .allow_methods("PUT");
    /// let policy = Policy::builder().allow_origins("*").rule(partner).build()?;
    /// assert_eq!(policy.rules().count(), 1);
    /// # Ok::<(), cors_core::PolicyError>(())
    /// ```
    pub fn rule(self, rule: RuleBuilder) -> Self {
        self.rules([rule])
    }

    /// Adds rules, as [`rule`](Self::rule) does.
    pub fn rules(mut self, rules: impl IntoIterator<Item = RuleBuilder>) -> Self {
        self.rules.extend(rules.into_iter().map(Some));
        self
    }

    /// Sets the guard, which decides which requests reach the application at all. Without it all of them do.
    ///
    /// ```
    /// use cors_core::{Guard, GuardAction, Policy};
    ///
    /// let guard = Guard::builder().foreign_origins(GuardAction::Deny).allow_hosts(["localhost:*", "127.0.0.1:*"]);
    /// let policy = Policy::builder().allow_origins("https://app.example").guard(guard).build()?;
    /// assert_eq!(policy.guard().unwrap().foreign_origins(), GuardAction::Deny);
    /// # Ok::<(), cors_core::PolicyError>(())
    /// ```
    pub fn guard(mut self, guard: GuardBuilder) -> Self {
        self.guard = Some(guard);
        self
    }

    /// Checks all fields and builds the policy.
    ///
    /// # Errors
    ///
    /// All problems at once, in the order of the fields.
    pub fn build(self) -> Result<Policy, PolicyError> {
        check::build(self)
    }
}

impl RuleBuilder {
    table_methods!();
}
