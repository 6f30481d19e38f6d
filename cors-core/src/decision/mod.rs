//! Decides what a policy says about a request.

mod ask;
mod check;
mod guard;
mod prepared;
mod reason;
mod request_headers;
mod vary;

pub use self::ask::{Ask, LookupAnswer};
pub use self::prepared::PreparedPolicy;
pub(crate) use self::prepared::{Mode, Prepared, Seed};
pub use self::reason::Reason;
use crate::RequestHead;
use crate::event::Events;
use crate::policy::{Policy, TermsId};

/// What to do with a request.
///
/// Every adapter must handle all cases, so this enum is exhaustive on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a decision does nothing until it is written into a response"]
pub enum Decision<V> {
    /// A CORS-preflight request: answer it with [`PreparedPolicy::write_preflight`], without calling the application.
    Preflight(Preflight),
    /// A request that the policy's [`Guard`](crate::Guard) denies: answer it with [`PreparedPolicy::write_denied`], without calling
    /// the application.
    Denied(Denied<V>),
    /// Any other request: call the application, then add the headers with [`PreparedPolicy::write_actual`].
    Actual(Actual<V>),
}

impl<V> Decision<V> {
    /// Converts the header value that the decision holds, for example to keep a decision that borrows from the request.
    pub fn map<U>(self, convert: impl FnOnce(V) -> U) -> Decision<U> {
        match self {
            Self::Preflight(preflight) => Decision::Preflight(preflight),
            Self::Denied(Denied { status, reason, actual }) => {
                Decision::Denied(Denied { status, reason, actual: actual.map(convert) })
            }
            Self::Actual(actual) => Decision::Actual(actual.map(convert)),
        }
    }
}

/// The decision about a request that is not a CORS-preflight request.
///
/// The application handles the request in every case. The decision only controls whether a page can read the response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "the response has no CORS headers until `PreparedPolicy::write_actual` writes them"]
pub struct Actual<V>(Access<V>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Access<V> {
    /// The terms hold for any origin: every such response gets the same headers.
    AnyOrigin(TermsId),
    /// The request has no `Origin`.
    Plain,
    /// The value of an allowed `Origin`, and the terms that hold for it.
    Allowed(V, TermsId),
    NotAllowed,
    /// CORS is switched off, so the response stays as it is.
    Off,
}

impl<V> Actual<V> {
    /// Returns whether the response gets `Access-Control-Allow-Origin`, so that a page on another origin can read it.
    ///
    /// It is `false` if the request has no `Origin`, and if its origin is not allowed; [`Policy::origin_reason`] tells
    /// these apart.
    pub fn is_allowed(&self) -> bool {
        matches!(self.0, Access::AnyOrigin(_) | Access::Allowed(..))
    }

    fn map<U>(self, convert: impl FnOnce(V) -> U) -> Actual<U> {
        Actual(match self.0 {
            Access::AnyOrigin(terms) => Access::AnyOrigin(terms),
            Access::Plain => Access::Plain,
            Access::Allowed(value, terms) => Access::Allowed(convert(value), terms),
            Access::NotAllowed => Access::NotAllowed,
            Access::Off => Access::Off,
        })
    }
}

/// The decision about a CORS-preflight request: granted or denied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a preflight is not answered until `PreparedPolicy::write_preflight` writes the answer"]
pub struct Preflight {
    status: u16,
    /// Why it is denied.
    reason: Option<Reason>,
    /// Whether the answer contains the policy: it was granted, or denied in diagnostic mode.
    tells_policy: bool,
    /// Whose terms it tells.
    terms: TermsId,
}

impl Preflight {
    /// The status code of the answer: [`Policy::preflight_status`] if it is granted, otherwise 403. In diagnostic mode it
    /// can also be the policy's status if the method or a header is not allowed.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Returns whether the browser may send the actual request.
    pub fn is_granted(&self) -> bool {
        self.reason.is_none()
    }

    /// Why the preflight is denied, or `None` if it is granted.
    pub fn reason(&self) -> Option<Reason> {
        self.reason
    }
}

/// The decision about a request that a guard denies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a request is not answered until `PreparedPolicy::write_denied` writes the answer"]
pub struct Denied<V> {
    status: u16,
    reason: Reason,
    actual: Actual<V>,
}

impl<V> Denied<V> {
    /// The status code of the answer: 403, or 421 if the host is not allowed, or 400 if the request does not have exactly one
    /// host.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Why the request is denied.
    pub fn reason(&self) -> Reason {
        self.reason
    }
}

impl Policy {
    /// Decides about a request without allocating.
    ///
    /// With a guard, the host of the request is checked first, then preflights are decided, then the guard's other checks are made.
    ///
    /// A request is a CORS-preflight request if its method is `OPTIONS` and it has both `Origin` and
    /// `Access-Control-Request-Method` (Fetch, "CORS protocol"). Every other `OPTIONS` request belongs to the
    /// application.
    ///
    /// The work for one request is bounded. A preflight is denied as malformed if the requested method is longer than
    /// 256 bytes and not listed, or if `Access-Control-Request-Headers` has more than 4096 bytes, 64 names or 32 empty
    /// elements over all its lines. The lines are read in order and reading stops at the first fault, so a name that is
    /// not allowed in one line is reported even if a later line exceeds a bound.
    ///
    /// A policy's lookup is not asked: an origin that only it would allow is not allowed. Adapters therefore use
    /// [`ask`](Self::ask) and [`decide_with`](Self::decide_with).
    ///
    /// With the feature `tracing`, everything that is not allowed is logged at debug level with the target `cors`: at most
    /// ten events a second for each reason, and the next one says how many were left out.
    #[inline]
    pub fn decide<R: RequestHead>(&self, request: &R) -> Decision<R::Value> {
        self.decide_with(request, LookupAnswer::NotAsked)
    }

    /// Asks the policy's lookup about the origin of a request, if the policy has one and the request cannot be decided without
    /// it. The answer is for [`decide_with`](Self::decide_with).
    #[inline]
    pub fn ask<R: RequestHead>(&self, request: &R) -> Ask {
        self.checked().ask(request, None)
    }

    /// Decides about a request like [`decide`](Self::decide), with the answer of the policy's lookup.
    #[inline]
    pub fn decide_with<R: RequestHead>(&self, request: &R, answer: LookupAnswer) -> Decision<R::Value> {
        self.decide_as(request, answer, Mode::default(), Events(None))
    }

    /// Decides in a mode that a handle has set, and passes events on.
    #[inline]
    fn decide_as<R: RequestHead>(
        &self,
        request: &R,
        answer: LookupAnswer,
        mode: Mode,
        events: Events<'_>,
    ) -> Decision<R::Value> {
        let policy = self.checked();
        if let Some(guard) = &policy.guard {
            return policy.decide_guarded(guard, request, answer, mode, events);
        }
        if mode.is_off {
            return Decision::Actual(Actual(Access::Off));
        }
        // Most requests are not preflights, and their method shows it: they cost nothing more here.
        if request.is_options() {
            if let Some(preflight) = policy.decide_preflight(request, answer, mode.diagnostics, events) {
                return Decision::Preflight(preflight);
            }
        }
        Decision::Actual(policy.decide_actual(request, answer, events))
    }

    /// Returns whether the policy allows the value of an `Origin` header. It is compared byte for byte.
    ///
    /// A policy with `allow_origins = "*"` allows every value, even one that is not a valid origin. The origins of rules are
    /// allowed too.
    ///
    /// ```
    /// use cors_core::Policy;
    ///
    /// let policy = Policy::builder().allow_origins("https://*.example.com").build()?;
    /// assert!(policy.allows_origin(b"https://app.example.com"));
    /// assert!(!policy.allows_origin(b"https://example.com"));
    /// # Ok::<(), cors_core::PolicyError>(())
    /// ```
    pub fn allows_origin(&self, origin: &[u8]) -> bool {
        self.checked().allows_value(origin)
    }

    /// Returns why the origin of a request is not allowed, or `None` if it is allowed or the request has no `Origin`.
    ///
    /// [`Actual`] does not contain the reason because few callers need it and finding it takes extra work.
    pub fn origin_reason<R: RequestHead>(&self, request: &R) -> Option<Reason> {
        self.checked().origin_reason(request)
    }
}
