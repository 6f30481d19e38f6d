//! A policy with its header values ready to be sent, and the functions that write decisions.

use std::sync::Arc;

use super::vary::VaryValues;
use super::{Access, Actual, Ask, Decision, Denied, LookupAnswer, Preflight};
use crate::event::{Events, Observer};
use crate::lease::{Lease, Slot};
use crate::policy::{Checked, NameList, Origins, Policy, Terms, TermsId};
use crate::{RequestHead, RequestHeader, ResponseHead, ResponseHeader, token};

/// A policy together with all header values that its decisions write, in the header value type `V` of a framework.
///
/// `V` must implement `Clone` and `TryFrom<&str>`: `http::HeaderValue` does, and so does `String`. The values are made
/// in [`new`](Self::new), and once for each thread that uses the policy. Cloning a prepared policy only counts a reference, in memory
/// of the current thread: threads that serve requests never wait for each other. A thread keeps its reference, so that a policy is
/// freed when all threads that used it have ended.
///
/// An adapter calls [`decide`](Self::decide) for each request and then one of the three writing methods:
///
/// ```
/// use cors_core::{Decision, Policy, PreparedPolicy};
/// use http::{HeaderValue, Request, Response};
///
/// fn respond(policy: &PreparedPolicy<HeaderValue>, request: &Request<()>) -> Response<&'static str> {
///     let mut response = Response::new("");
///     match policy.decide(request) {
///         Decision::Preflight(preflight) => {
///             let (status, headers) = policy.answer_preflight(preflight, request);
///             *response.status_mut() = status;
///             *response.headers_mut() = headers;
///         }
///         Decision::Denied(denied) => {
///             let (status, headers) = policy.answer_denied(denied);
///             *response.status_mut() = status;
///             *response.headers_mut() = headers;
///         }
///         Decision::Actual(actual) => {
///             *response.body_mut() = "hello from the application";
///             policy.write_actual(actual, response.headers_mut());
///         }
///     }
///     response
/// }
///
/// let policy = PreparedPolicy::new(Policy::builder().allow_origins("https://app.example").build()?);
/// let request = Request::get("/").header("origin", "https://app.example").body(()).unwrap();
/// let response = respond(&policy, &request);
/// assert_eq!(response.headers()["access-control-allow-origin"], "https://app.example");
/// assert_eq!(response.headers()["vary"], "Origin");
/// # Ok::<(), cors_core::PolicyError>(())
/// ```
pub struct PreparedPolicy<V>(pub(crate) Lease<Seed, Prepared<V>>);

/// What the header values are made from.
#[derive(Clone)]
pub(crate) struct Seed {
    pub(crate) policy: Policy,
    pub(crate) mode: Mode,
    pub(crate) observer: Option<Arc<dyn Observer>>,
}

/// What a thread has of a policy.
pub(crate) struct Prepared<V> {
    seed: Seed,
    own: PreparedTerms<V>,
    /// By the number of the rule.
    rules: Vec<PreparedTerms<V>>,
    vary: VaryValues<V>,
}

/// How a policy is applied. A [`PolicyHandle`](crate::PolicyHandle) can change it without a new policy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Mode {
    /// The server behaves as if there were no CORS middleware.
    pub(crate) is_off: bool,
    /// Diagnostic mode, if it is not what the policy says.
    pub(crate) diagnostics: Option<bool>,
    /// Whether the guard only reports, if it is not what the policy says.
    pub(crate) report_only: Option<bool>,
}

/// The header values of a policy's own terms, or of a rule.
struct PreparedTerms<V> {
    /// `*`, if the terms hold for any origin.
    any_origin: Option<V>,
    credentials: Option<V>,
    expose_headers: Option<V>,
    methods: AllowList<V>,
    headers: AllowList<V>,
    max_age: Option<V>,
}

/// What the answer to a preflight says about methods or headers.
enum AllowList<V> {
    /// Nothing is listed, so the header is left out.
    Absent,
    List(V),
    /// Sends back what the request asked for. `denied` is sent instead if the preflight is denied in diagnostic mode.
    Echo {
        denied: Option<V>,
    },
}

impl<V: Clone + for<'a> TryFrom<&'a str> + 'static> PreparedPolicy<V> {
    /// Prepares a policy.
    ///
    /// # Panics
    ///
    /// If `V` rejects visible ASCII characters and spaces. They are valid in a header value (RFC 9110, section 5.5), so no
    /// framework's type does.
    pub fn new(policy: Policy) -> Self {
        Self::from_seed(Seed { policy, mode: Mode::default(), observer: None }, Slot::new())
    }

    /// Prepares a policy that replaces the one in the same slot.
    pub(crate) fn from_seed(seed: Seed, slot: Slot) -> Self {
        #[cfg(feature = "metrics")]
        crate::event::prepare_counters();
        Self(Lease::new(seed, slot, Prepared::new))
    }
}

impl<V: Clone + for<'a> TryFrom<&'a str> + 'static> Prepared<V> {
    fn new(seed: &Seed) -> Self {
        let Checked { origins, own, guard, .. } = seed.policy.checked();
        let rules = match origins {
            Origins::ByRule(rules) => rules.terms().iter().map(PreparedTerms::new).collect(),
            Origins::Any | Origins::Listed(_) => Vec::new(),
        };
        Self {
            own: PreparedTerms::new(own),
            rules,
            // With rules the response depends on the origin, even if all other origins get the same one.
            vary: VaryValues::new(matches!(origins, Origins::Any), guard.as_deref()),
            seed: seed.clone(),
        }
    }
}

impl<V: Clone + for<'a> TryFrom<&'a str> + 'static> PreparedTerms<V> {
    fn new(terms: &Terms) -> Self {
        let allow_list = |list: &NameList, denied: Option<V>| {
            if list.is_empty() {
                AllowList::Absent
            } else if list.is_any() && terms.credentials {
                // Fetch, "CORS protocol and credentials": with credentials `*` is not a wildcard to the browser.
                AllowList::Echo { denied }
            } else {
                AllowList::List(header_value(&list.to_header()))
            }
        };
        Self {
            any_origin: terms.any_origin.then(|| constant("*")),
            credentials: terms.credentials.then(|| constant("true")),
            expose_headers: (!terms.expose.is_empty()).then(|| header_value(&terms.expose.to_header())),
            // `*` covers every method, so a method is never denied beside it.
            methods: allow_list(&terms.methods, None),
            // `*` does not cover `authorization`. For a request without credentials it tells the browser exactly that.
            headers: allow_list(&terms.headers, Some(constant("*"))),
            max_age: terms.max_age.map(|seconds| header_value(&seconds.to_string())),
        }
    }
}

pub(super) fn header_value<V: Clone + for<'a> TryFrom<&'a str>>(text: &str) -> V {
    match V::try_from(text) {
        // Some buffers allocate a reference count when they are first cloned. That happens here, not during a request.
        Ok(value) => value.clone(),
        Err(_) => panic!("the framework's type rejects the header value `{text}`, which is visible ASCII"),
    }
}

/// A value that is the same for all policies. Copies of an `http::HeaderValue` of a static text do not even count references.
pub(super) fn constant<V: Clone + for<'a> TryFrom<&'a str> + 'static>(text: &'static str) -> V {
    #[cfg(feature = "http")]
    {
        let value = http::HeaderValue::from_static(text);
        if let Some(value) = (&value as &dyn std::any::Any).downcast_ref::<V>() {
            return value.clone();
        }
    }
    header_value(text)
}

impl<V> PreparedPolicy<V> {
    /// The policy.
    pub fn policy(&self) -> &Policy {
        &self.0.local().seed.policy
    }

    /// Decides about a request; see [`Policy::decide`].
    ///
    /// If a [`PolicyHandle`](crate::PolicyHandle) has switched CORS off, there are no preflights, and
    /// [`write_actual`](Self::write_actual) leaves the response as it is. A guard denies requests as before.
    pub fn decide<R: RequestHead>(&self, request: &R) -> Decision<R::Value> {
        self.decide_with(request, LookupAnswer::NotAsked)
    }

    /// Asks the policy's lookup about the origin of a request; see [`Policy::ask`].
    #[inline]
    pub fn ask<R: RequestHead>(&self, request: &R) -> Ask {
        let Seed { policy, mode, observer } = &self.0.local().seed;
        let is_off = mode.is_off && policy.guard().is_none();
        if is_off { Ask::not_asked() } else { policy.checked().ask(request, observer.as_ref()) }
    }

    /// Decides about a request with the answer of the policy's lookup; see [`Policy::decide_with`].
    pub fn decide_with<R: RequestHead>(&self, request: &R, answer: LookupAnswer) -> Decision<R::Value> {
        let Seed { policy, mode, observer } = &self.0.local().seed;
        policy.decide_as(request, answer, *mode, Events(observer.as_deref()))
    }

    /// Writes the decision about an actual request into the application's response.
    ///
    /// The policy is the only authority, so every `Access-Control-*` header that the response has is removed first. `Vary`
    /// keeps what it has. Call it for every response, also for errors.
    pub fn write_actual<'p, R>(&'p self, actual: Actual<R::Value>, response: &mut R)
    where
        R: ResponseHead,
        R::Value: From<&'p V>,
    {
        if matches!(actual.0, Access::Off) {
            return;
        }
        let prepared = self.0.local();
        // After this nothing is left to replace, and appending is faster than replacing.
        response.remove_with_prefix(token::ACCESS_CONTROL);
        match actual.0 {
            Access::AnyOrigin(id) => {
                if let Some(terms) = prepared.terms(id) {
                    append(response, ResponseHeader::AccessControlAllowOrigin, terms.any_origin.as_ref());
                    append(
                        response,
                        ResponseHeader::AccessControlExposeHeaders,
                        terms.expose_headers.as_ref(),
                    );
                }
            }
            Access::Allowed(origin, id) => {
                if let Some(terms) = prepared.terms(id) {
                    response.append(ResponseHeader::AccessControlAllowOrigin, origin);
                    append(
                        response,
                        ResponseHeader::AccessControlAllowCredentials,
                        terms.credentials.as_ref(),
                    );
                    append(
                        response,
                        ResponseHeader::AccessControlExposeHeaders,
                        terms.expose_headers.as_ref(),
                    );
                }
            }
            Access::Plain | Access::NotAllowed | Access::Off => {}
        }
        prepared.vary.write_actual(response);
    }

    /// Writes the headers of the answer to a request that the guard denies.
    ///
    /// The answer has the status [`Denied::status`] and an empty body. It has CORS headers like the response of the application,
    /// so that a page of an allowed origin can read the status.
    pub fn write_denied<'p, R>(&'p self, denied: Denied<R::Value>, response: &mut R)
    where
        R: ResponseHead,
        R::Value: From<&'p V>,
    {
        self.0.local().vary.write_denied(response);
        self.write_actual(denied.actual, response);
    }

    /// Writes the headers of the answer to a preflight.
    ///
    /// The answer has the status [`Preflight::status`] and an empty body. `Access-Control-*` headers that the response
    /// already has are removed; `Vary` keeps what it has.
    pub fn write_preflight<'p, Q, R>(&'p self, preflight: Preflight, request: &Q, response: &mut R)
    where
        V: for<'a> TryFrom<&'a str>,
        Q: RequestHead<Value = R::Value>,
        R: ResponseHead,
        R::Value: From<&'p V> + From<V>,
    {
        let prepared = self.0.local();
        response.remove_with_prefix(token::ACCESS_CONTROL);
        if let Some(terms) = prepared.terms(preflight.terms).filter(|_| preflight.tells_policy) {
            let mut echo = |asked, name| echo::<V, Q, R>(request, asked, response, name);
            if terms.any_origin.is_none() {
                echo(RequestHeader::Origin, ResponseHeader::AccessControlAllowOrigin);
            }
            if terms.methods.is_echo(preflight) {
                echo(RequestHeader::AccessControlRequestMethod, ResponseHeader::AccessControlAllowMethods);
            }
            if terms.headers.is_echo(preflight) {
                echo(RequestHeader::AccessControlRequestHeaders, ResponseHeader::AccessControlAllowHeaders);
            }
            for (name, value) in [
                (ResponseHeader::AccessControlAllowOrigin, terms.any_origin.as_ref()),
                (ResponseHeader::AccessControlAllowCredentials, terms.credentials.as_ref()),
                (ResponseHeader::AccessControlAllowMethods, terms.methods.value(preflight)),
                (ResponseHeader::AccessControlAllowHeaders, terms.headers.value(preflight)),
                (ResponseHeader::AccessControlMaxAge, terms.max_age.as_ref()),
            ] {
                append(response, name, value);
            }
        }
        prepared.vary.write_preflight(response);
    }
}

impl<V> Prepared<V> {
    /// The terms that a decision names, or `None` if another policy made the decision.
    #[inline]
    fn terms(&self, id: TermsId) -> Option<&PreparedTerms<V>> {
        match id.rule() {
            None => Some(&self.own),
            Some(rule) => self.rules.get(rule),
        }
    }
}

impl<V> AllowList<V> {
    fn is_echo(&self, preflight: Preflight) -> bool {
        matches!(self, Self::Echo { .. }) && self.value(preflight).is_none()
    }

    /// The value that was prepared for this answer.
    fn value(&self, preflight: Preflight) -> Option<&V> {
        match self {
            Self::Absent => None,
            Self::List(list) => Some(list),
            Self::Echo { denied } => denied.as_ref().filter(|_| !preflight.is_granted()),
        }
    }
}

impl<V: Send + Sync + 'static> Clone for PreparedPolicy<V> {
    #[inline]
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<V> std::fmt::Debug for PreparedPolicy<V> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("PreparedPolicy").field(self.policy()).finish()
    }
}

fn append<'p, V, R>(response: &mut R, name: ResponseHeader, value: Option<&'p V>)
where
    R: ResponseHead,
    R::Value: From<&'p V>,
{
    if let Some(value) = value {
        response.append(name, value.into());
    }
}

/// Sends back the lines of a request header that was checked, without the white space around them: a value that starts
/// or ends with white space makes an HTTP/2 response malformed (RFC 9113, section 8.2.1).
fn echo<V, Q, R>(request: &Q, asked: RequestHeader, response: &mut R, name: ResponseHeader)
where
    V: for<'a> TryFrom<&'a str>,
    Q: RequestHead<Value = R::Value>,
    R: ResponseHead,
    R::Value: From<V>,
{
    for (line, value) in request.lines(asked).zip(request.values(asked)) {
        let trimmed = token::trim_white_space(line);
        if trimmed.is_empty() {
            continue;
        }
        if trimmed.len() == line.len() {
            response.append(name, value);
            continue;
        }
        // Browsers do not send such lines, so only these are copied. The checks let nothing but ASCII pass.
        if let Some(value) = std::str::from_utf8(trimmed).ok().and_then(|text| V::try_from(text).ok()) {
            response.append(name, value.into());
        }
    }
}
