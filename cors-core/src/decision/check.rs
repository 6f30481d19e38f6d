//! The checks of a decision, in the order in which a browser makes them.

use super::request_headers::check_request_headers;
use super::{Access, Actual, LookupAnswer, Preflight, Reason};
#[cfg(feature = "lookup")]
use crate::Origin;
use crate::event::{Denial, Events};
use crate::origin::is_serialized_origin;
use crate::policy::{Checked, Origins, Rules, Terms, TermsId};
use crate::{RequestHead, RequestHeader, token};

/// The status of a denied preflight (RFC 9110, section 15.5.4). To a browser any status that is not an ok status means no.
const FORBIDDEN: u16 = 403;

/// The most bytes that a requested method can have, unless the policy lists it. The longest registered one has 17.
const MAX_METHOD_BYTES: usize = 256;

impl Checked {
    #[inline]
    pub(super) fn decide_actual<R: RequestHead>(
        &self,
        request: &R,
        answer: LookupAnswer,
        events: Events<'_>,
    ) -> Actual<R::Value> {
        // Fetch, "CORS protocol and HTTP caches": the same response for all origins, so that any cache can keep it.
        if matches!(self.origins, Origins::Any) {
            return Actual(Access::AnyOrigin(TermsId::OWN));
        }
        let Some(origin) = Line::find(request, RequestHeader::Origin) else {
            return Actual(if self.own.any_origin { Access::AnyOrigin(TermsId::OWN) } else { Access::Plain });
        };
        self.decide_origin(request, origin, self.find(origin, answer), answer, Some(events))
    }

    /// Does what [`decide_actual`](Self::decide_actual) does, if the terms were found already. Without `events` it reports
    /// nothing.
    pub(super) fn decide_found<R: RequestHead>(
        &self,
        request: &R,
        origin: Option<Line<'_>>,
        found: Option<(TermsId, &Terms)>,
        answer: LookupAnswer,
        events: Option<Events<'_>>,
    ) -> Actual<R::Value> {
        if self.own.any_origin && (origin.is_none() || matches!(self.origins, Origins::Any)) {
            return Actual(Access::AnyOrigin(TermsId::OWN));
        }
        match origin {
            Some(origin) => self.decide_origin(request, origin, found, answer, events),
            None => Actual(Access::Plain),
        }
    }

    #[inline]
    fn decide_origin<R: RequestHead>(
        &self,
        request: &R,
        origin: Line<'_>,
        found: Option<(TermsId, &Terms)>,
        answer: LookupAnswer,
        events: Option<Events<'_>>,
    ) -> Actual<R::Value> {
        let Some((id, terms)) = found else {
            if let Some(events) = events {
                events.not_allowed(|| origin.denial(answer));
            }
            return Actual(Access::NotAllowed);
        };
        if terms.any_origin {
            return Actual(Access::AnyOrigin(id));
        }
        let value = request.values(RequestHeader::Origin).next();
        Actual(value.map_or(Access::Plain, |value| Access::Allowed(value, id)))
    }

    /// Makes the checks of Fetch, "CORS-preflight fetch", step 7, in advance.
    ///
    /// Returns `None` if the request, whose method is `OPTIONS`, is not a CORS-preflight request.
    pub(super) fn decide_preflight<R: RequestHead>(
        &self,
        request: &R,
        answer: LookupAnswer,
        diagnostics: Option<bool>,
        events: Events<'_>,
    ) -> Option<Preflight> {
        // Fetch, "CORS protocol": a CORS-preflight request has both headers.
        let method = Line::find(request, RequestHeader::AccessControlRequestMethod)?;
        let origin = Line::find(request, RequestHeader::Origin)?;
        let denied = |denial: Denial<'_>, terms| {
            events.denied(denial);
            Preflight { status: FORBIDDEN, reason: Some(denial.reason()), tells_policy: false, terms }
        };
        let Some((id, terms)) = self.find(origin, answer) else {
            return Some(denied(origin.denial(answer), TermsId::OWN));
        };
        let granted =
            Preflight { status: self.preflight_status, reason: None, tells_policy: true, terms: id };
        Some(match terms.check_method(method).and_then(|()| check_request_headers(&terms.headers, request)) {
            Ok(()) => {
                events.granted();
                granted
            }
            Err(denial) => match denial.reason() {
                reason @ (Reason::MethodNotAllowed | Reason::HeaderNotAllowed)
                    if diagnostics.unwrap_or(self.diagnostics) =>
                {
                    events.denied(denial);
                    Preflight { reason: Some(reason), ..granted }
                }
                _ => denied(denial, id),
            },
        })
    }

    pub(super) fn origin_reason<R: RequestHead>(&self, request: &R) -> Option<Reason> {
        let origin = Line::find(request, RequestHeader::Origin)?;
        self.find(origin, LookupAnswer::NotAsked).is_none().then(|| origin.reason(LookupAnswer::NotAsked))
    }

    /// Whether the value of a single `Origin` line is allowed.
    pub(super) fn allows_value(&self, origin: &[u8]) -> bool {
        self.find(Line { value: origin, is_only: true }, LookupAnswer::NotAsked).is_some()
    }

    /// The terms that hold for an origin, if it is allowed.
    ///
    /// Terms for any origin do not look at `Origin`: they also hold for `file://`, which some apps send, and several lines.
    #[inline]
    pub(super) fn find(&self, origin: Line<'_>, answer: LookupAnswer) -> Option<(TermsId, &Terms)> {
        let is_allowed = match &self.origins {
            Origins::Any => true,
            Origins::Listed(set) => origin.is_only && set.contains(origin.value),
            Origins::ByRule(rules) => {
                return self.find_rule(rules, origin).or_else(|| self.find_unlisted(origin, answer));
            }
        };
        if is_allowed { Some((TermsId::OWN, &self.own)) } else { self.find_unlisted(origin, answer) }
    }

    /// The policy's own terms, if the program allows an origin that no entry contains.
    #[inline]
    fn find_unlisted(&self, origin: Line<'_>, answer: LookupAnswer) -> Option<(TermsId, &Terms)> {
        let unlisted = self.unlisted.as_ref()?;
        (origin.is_only && unlisted.allows(origin.value, answer)).then_some((TermsId::OWN, &self.own))
    }

    // Kept out of the decisions of all policies without rules.
    #[inline(never)]
    fn find_rule<'a>(&'a self, rules: &'a Rules, origin: Line<'_>) -> Option<(TermsId, &'a Terms)> {
        let id = rules.find(origin.is_only.then_some(origin.value))?;
        let terms = match id.rule() {
            Some(rule) => rules.terms().get(rule)?,
            None => &self.own,
        };
        Some((id, terms))
    }
}

impl Terms {
    fn check_method<'a>(&self, method: Line<'a>) -> Result<(), Denial<'a>> {
        // Listed and safelisted methods are tokens, so only other methods need a closer look.
        if method.is_only && (self.methods.lists_method(method.value) || is_safelisted(method.value)) {
            return Ok(());
        }
        let is_wellformed =
            method.is_only && method.value.len() <= MAX_METHOD_BYTES && token::is_token(method.value);
        let reason = if !is_wellformed {
            Reason::MalformedRequestMethod
        } else if self.methods.is_any() {
            return Ok(());
        } else {
            Reason::MethodNotAllowed
        };
        Err(Denial::new(reason, method.value))
    }
}

/// The first line of a header that must have a single line.
#[derive(Clone, Copy)]
pub(super) struct Line<'a> {
    pub(super) value: &'a [u8],
    /// There is no second line.
    pub(super) is_only: bool,
}

impl<'a> Line<'a> {
    #[inline]
    pub(super) fn find<R: RequestHead>(request: &'a R, name: RequestHeader) -> Option<Self> {
        let mut lines = request.lines(name);
        let value = lines.next()?;
        Some(Self { value, is_only: lines.next().is_none() })
    }

    /// The origin, if it is one that has a host.
    #[cfg(feature = "lookup")]
    pub(super) fn parse(self) -> Option<Origin<'a>> {
        std::str::from_utf8(self.value).ok().filter(|_| self.is_only).and_then(Origin::parse)
    }

    /// What to say about an `Origin` that is not allowed.
    fn denial(self, answer: LookupAnswer) -> Denial<'a> {
        Denial::new(self.reason(answer), self.value)
    }

    /// Why this `Origin` is not allowed.
    fn reason(self, answer: LookupAnswer) -> Reason {
        if answer == LookupAnswer::Failed {
            return Reason::LookupFailed;
        }
        let is_wellformed = self.is_only && is_serialized_origin(self.value);
        if is_wellformed { Reason::OriginNotAllowed } else { Reason::MalformedOrigin }
    }
}

/// Fetch, "CORS-safelisted method".
fn is_safelisted(method: &[u8]) -> bool {
    token::SAFELISTED_METHODS.iter().any(|name| name.as_bytes() == method)
}
