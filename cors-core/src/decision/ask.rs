//! The answer of a policy's lookup, which may have to be awaited before a request is decided.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::check::Line;
use crate::event::Observer;
use crate::policy::Checked;
use crate::{RequestHead, RequestHeader};

/// What the lookup of a policy says about the origin of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LookupAnswer {
    /// It was not asked: the policy has none, or the request is decided without it.
    #[default]
    NotAsked,
    /// The origin is allowed.
    Allowed,
    /// The origin is not allowed.
    Denied,
    /// The lookup failed or was late. The origin is not allowed.
    Failed,
}

/// The answer of a policy's lookup about a request, as a future. It borrows nothing.
///
/// It is ready at once unless the policy has a lookup, and the lookup must be asked: [`now`](Self::now) returns the answer then.
///
/// ```
/// use cors_core::{Decision, PreparedPolicy};
/// use http::{HeaderValue, Request};
///
/// async fn decide(policy: &PreparedPolicy<HeaderValue>, request: &Request<()>) -> Decision<HeaderValue> {
///     let answer = policy.ask(request).await;
///     policy.decide_with(request, answer)
/// }
/// ```
#[derive(Debug)]
#[must_use = "an answer is needed for `decide_with`"]
pub struct Ask(State);

#[derive(Debug)]
enum State {
    Known(LookupAnswer),
    #[cfg(feature = "lookup")]
    Pending(crate::lookup::PendingAnswer),
}

impl Ask {
    /// The answer if the lookup is not asked.
    #[inline]
    pub(super) fn not_asked() -> Self {
        Self(State::Known(LookupAnswer::NotAsked))
    }

    /// The answer, if it need not be awaited.
    #[inline]
    pub fn now(&self) -> Option<LookupAnswer> {
        match &self.0 {
            State::Known(answer) => Some(*answer),
            #[cfg(feature = "lookup")]
            State::Pending(_) => None,
        }
    }
}

impl Future for Ask {
    type Output = LookupAnswer;

    #[cfg_attr(not(feature = "lookup"), expect(unused_variables, reason = "there is nothing to wait for"))]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<LookupAnswer> {
        match &mut self.0 {
            State::Known(answer) => Poll::Ready(*answer),
            #[cfg(feature = "lookup")]
            State::Pending(answer) => Pin::new(answer).poll(context),
        }
    }
}

impl Checked {
    /// Asks the lookup about the origin of a request, if the request cannot be decided without it.
    #[inline]
    pub(super) fn ask<R: RequestHead>(&self, request: &R, observer: Option<&Arc<dyn Observer>>) -> Ask {
        // Most policies have no lookup, so their requests pay only for this comparison.
        if !self.has_lookup() {
            return Ask::not_asked();
        }
        self.ask_about(Line::find(request, RequestHeader::Origin), observer)
    }

    #[cfg(feature = "lookup")]
    fn ask_about(&self, origin: Option<Line<'_>>, observer: Option<&Arc<dyn Observer>>) -> Ask {
        let Some((line, lookup)) = origin.zip(self.lookup()) else { return Ask::not_asked() };
        if self.find(line, LookupAnswer::NotAsked).is_some() {
            return Ask::not_asked();
        }
        let Some(origin) = line.parse() else { return Ask::not_asked() };
        Ask(match lookup.ask(&origin, observer) {
            Ok(answer) => State::Known(answer),
            Err(pending) => State::Pending(pending),
        })
    }

    #[cfg(not(feature = "lookup"))]
    fn ask_about(&self, _: Option<Line<'_>>, _: Option<&Arc<dyn Observer>>) -> Ask {
        Ask::not_asked()
    }
}
