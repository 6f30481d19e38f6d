//! The guard of a policy: which requests may run at all.

use std::fmt;

use super::builder::{IntoNames, Names};
use crate::origin::{HostSet, OriginSet};

/// The guard of a policy that was checked: which requests reach the application at all.
///
/// CORS decides who may *read* a response. It does not stop a page of another origin from sending a form or from opening a
/// WebSocket, nor DNS rebinding. The guard does, with the origins that the policy lists. [`Policy::guard`](crate::Policy::guard)
/// returns it, and [`Guard::builder`] starts a new one.
///
/// ```
/// use cors_core::{Decision, Guard, Policy};
/// use http::Request;
///
/// let policy = Policy::builder().allow_origins("https://app.example").guard(Guard::builder()).build()?;
///
/// let form = |origin| Request::post("/transfer").header("host", "api.example").header("origin", origin).body(()).unwrap();
/// assert!(matches!(policy.decide(&form("https://app.example")), Decision::Actual(_)));
/// assert!(matches!(policy.decide(&form("https://evil.example")), Decision::Denied(_)));
/// # Ok::<(), cors_core::PolicyError>(())
/// ```
///
/// Sources: Fetch, "`Origin` header"; Fetch Metadata Request Headers; RFC 6455, section 10.2.
#[derive(Clone)]
pub struct Guard {
    pub(super) fields: GuardFields,
    /// `None` if every host is allowed.
    pub(super) hosts: Option<HostSet>,
    /// Empty if the authority of the request tells which origin is own.
    pub(super) own: OriginSet,
}

/// The fields of a guard as they are written in a file.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct GuardFields {
    pub(super) cross_site_writes: Option<GuardAction>,
    pub(super) foreign_origins: Option<GuardAction>,
    pub(super) websockets: Option<GuardAction>,
    pub(super) allow_hosts: Option<Vec<String>>,
    pub(super) own_origins: Vec<String>,
    pub(super) exempt: Vec<Exemption>,
    pub(super) report_only: bool,
}

/// A method and a path, compared byte for byte with those of a request.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Exemption {
    pub(crate) method: String,
    pub(crate) path: String,
}

/// What a guard does with one kind of requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum GuardAction {
    /// They reach the application.
    Allow,
    /// They are answered with 403.
    Deny,
}

impl GuardAction {
    /// The word in a policy file.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
        }
    }
}

impl fmt::Display for GuardAction {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl Guard {
    /// Creates a builder of a guard.
    pub fn builder() -> GuardBuilder {
        GuardBuilder::default()
    }

    /// Returns a builder with the fields of this guard.
    pub fn to_builder(&self) -> GuardBuilder {
        let GuardFields {
            cross_site_writes,
            foreign_origins,
            websockets,
            allow_hosts,
            own_origins,
            exempt,
            report_only,
        } = self.fields.clone();
        GuardBuilder {
            cross_site_writes,
            foreign_origins,
            websockets,
            allow_hosts: allow_hosts.map(Names::many),
            own_origins: Names::many(own_origins),
            exempt: exempt.into_iter().map(Some).collect(),
            report_only,
        }
    }

    /// What happens to writes that a page of another site may have caused. The default is to deny them.
    pub fn cross_site_writes(&self) -> GuardAction {
        self.fields.cross_site_writes.unwrap_or(GuardAction::Deny)
    }

    /// What happens to every other request with a foreign `Origin`. The default is to allow them.
    pub fn foreign_origins(&self) -> GuardAction {
        self.fields.foreign_origins.unwrap_or(GuardAction::Allow)
    }

    /// What happens to WebSocket handshakes with a foreign `Origin`. The default is to deny them.
    pub fn websockets(&self) -> GuardAction {
        self.fields.websockets.unwrap_or(GuardAction::Deny)
    }

    /// The hosts that the server answers to, or `None` if it answers to every host.
    pub fn allow_hosts(&self) -> Option<&[String]> {
        self.fields.allow_hosts.as_deref()
    }

    /// The server's own origins. If there are none, an origin is own if its host and port are those of the request.
    pub fn own_origins(&self) -> &[String] {
        &self.fields.own_origins
    }

    /// The exemptions: a method and a path each.
    pub fn exempt(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.exempt.iter().map(|exemption| (&*exemption.method, &*exemption.path))
    }

    /// Returns whether nothing is denied, only reported.
    pub fn report_only(&self) -> bool {
        self.fields.report_only
    }

    pub(crate) fn hosts(&self) -> Option<&HostSet> {
        self.hosts.as_ref()
    }

    /// The listed own origins, if there are any.
    pub(crate) fn own(&self) -> Option<&OriginSet> {
        (!self.fields.own_origins.is_empty()).then_some(&self.own)
    }

    /// Whether a request with this method and path is exempt.
    pub(crate) fn is_exempt(&self, method: &str, path: &str) -> bool {
        self.fields.exempt.iter().any(|exemption| exemption.method == method && exemption.path == path)
    }
}

/// Guards are equal if they have the same fields. A field that is left out differs from one with the default value.
impl PartialEq for Guard {
    fn eq(&self, other: &Self) -> bool {
        self.fields == other.fields
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Guard")
            .field("cross_site_writes", &self.cross_site_writes())
            .field("foreign_origins", &self.foreign_origins())
            .field("websockets", &self.websockets())
            .field("allow_hosts", &self.allow_hosts())
            .field("own_origins", &self.own_origins())
            .field("exempt", &self.exempt().collect::<Vec<_>>())
            .field("report_only", &self.report_only())
            .finish()
    }
}

/// Builds a guard. [`Guard::builder`] creates it, and [`PolicyBuilder::guard`](crate::PolicyBuilder::guard) adds it to a policy.
///
/// As it starts, it denies cross-site writes and foreign WebSockets.
///
/// An origin is **listed** if the policy, one of its rules, a function or the lookup allows it by more than `*`. It is **own**
/// if it is one of [`own_origins`](Self::own_origins), or, if none are given, if its host and port are those of the request.
/// All others are **foreign**, `null` and malformed ones included.
#[derive(Clone, Debug, Default)]
#[must_use = "a guard does nothing until it is added to a policy"]
pub struct GuardBuilder {
    pub(super) cross_site_writes: Option<GuardAction>,
    pub(super) foreign_origins: Option<GuardAction>,
    pub(super) websockets: Option<GuardAction>,
    /// Absent if the field was never mentioned. An empty list allows no host.
    pub(super) allow_hosts: Option<Names>,
    pub(super) own_origins: Names,
    /// `None` for an entry of a file's list that is not an exemption; then there is a problem.
    pub(super) exempt: Vec<Option<Exemption>>,
    pub(super) report_only: bool,
}

impl GuardBuilder {
    /// Sets what happens to requests with another method than `GET`, `HEAD` and `OPTIONS` that a page of another site may have
    /// caused. The default is to deny them.
    ///
    /// A listed origin may write. Otherwise `Sec-Fetch-Site` decides: `same-origin` and `none` pass. Where a browser does not
    /// send it, an own `Origin` passes, and so does a request without `Origin`, which does not come from a browser.
    pub fn cross_site_writes(mut self, action: GuardAction) -> Self {
        self.cross_site_writes = Some(action);
        self
    }

    /// Sets what happens to all requests with a foreign `Origin`, reads included. The default is to allow them.
    ///
    /// Deny them on a server that no other site has any business with, such as one on localhost.
    pub fn foreign_origins(mut self, action: GuardAction) -> Self {
        self.foreign_origins = Some(action);
        self
    }

    /// Sets what happens to WebSocket handshakes with a foreign `Origin`. The default is to deny them.
    ///
    /// A handshake is a request with `Upgrade: websocket`, or a `CONNECT` request (RFC 8441), which a page can send for nothing
    /// else but WebSocket and WebTransport.
    pub fn websockets(mut self, action: GuardAction) -> Self {
        self.websockets = Some(action);
        self
    }

    /// Adds hosts that the server answers to. All requests for other hosts get 421, which stops DNS rebinding.
    ///
    /// An entry is a host such as `api.example.com`, which stands for the default ports; a host with a port such as
    /// `localhost:8080`; or a pattern: `localhost:*` for every port, `*.example.com` for all subdomains. Case does not count.
    ///
    /// ```
    /// use cors_core::{Decision, Guard, Policy};
    /// use http::Request;
    ///
    /// let guard = Guard::builder().allow_hosts(["localhost:*", "127.0.0.1:*", "[::1]:*"]);
    /// let policy = Policy::builder().allow_origins("http://localhost:5173").guard(guard).build()?;
    ///
    /// // A page of `evil.example`, after its name was pointed at 127.0.0.1.
    /// let request = Request::get("/").header("host", "evil.example:8080").body(()).unwrap();
    /// let Decision::Denied(denied) = policy.decide(&request) else { panic!() };
    /// assert_eq!(denied.status(), 421);
    /// # Ok::<(), cors_core::PolicyError>(())
    /// ```
    pub fn allow_hosts<Kind>(mut self, hosts: impl IntoNames<Kind>) -> Self {
        self.allow_hosts.get_or_insert_default().extend(hosts.into_names());
        self
    }

    /// Adds origins of the server itself, such as `https://api.example.com`.
    ///
    /// Without them an origin is own if its host and port are those of the request. So list them if a proxy changes `Host`.
    pub fn own_origins<Kind>(mut self, origins: impl IntoNames<Kind>) -> Self {
        self.own_origins.extend(origins.into_names());
        self
    }

    /// Exempts one method and path from everything but [`allow_hosts`](Self::allow_hosts), for example for a form that an
    /// identity provider posts.
    ///
    /// Both are compared byte for byte with the request as it arrives at the adapter, without the query: `/login/saml/` is
    /// not `/login/saml`, and a path that would be redirected to it is not exempt.
    ///
    /// ```
    /// use cors_core::{Guard, Policy};
    /// use http::Method;
    ///
    /// let guard = Guard::builder().exempt("POST", "/login/saml").exempt(Method::POST, "/webhooks/payments");
    /// let policy = Policy::builder().allow_origins("https://app.example").guard(guard).build()?;
    /// assert_eq!(policy.guard().unwrap().exempt().next(), Some(("POST", "/login/saml")));
    /// # Ok::<(), cors_core::PolicyError>(())
    /// ```
    pub fn exempt(mut self, method: impl AsRef<str>, path: impl AsRef<str>) -> Self {
        let (method, path) = (method.as_ref().to_owned(), path.as_ref().to_owned());
        self.exempt.push(Some(Exemption { method, path }));
        self
    }

    /// Sets whether nothing is denied, only reported: events and counters say what would have been denied.
    ///
    /// It is for the first days with a guard. [`PolicyHandle::set_report_only`](crate::PolicyHandle::set_report_only) changes it
    /// while the server runs.
    pub fn report_only(mut self, report_only: bool) -> Self {
        self.report_only = report_only;
        self
    }
}
