//! Asking the program about an origin that is not listed, such as one in a database.

mod failure;
mod options;

use std::collections::HashMap;
use std::error::Error;
use std::fmt;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Instant;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared, WeakShared};
use quick_cache::sync::Cache;

pub use self::failure::LookupFailure;
pub use self::options::LookupOptions;
use crate::event::{Event, Events, Observer};
use crate::{LookupAnswer, Origin};

/// An error of a lookup.
type BoxError = Box<dyn Error + Send + Sync>;

type Ask = dyn Fn(Origin<'static>) -> BoxFuture<'static, Result<bool, BoxError>> + Send + Sync;

/// An asynchronous question about an origin that no entry of a policy contains, such as a look-up in a database.
///
/// [`PolicyBuilder::lookup`](crate::PolicyBuilder::lookup) adds it to a policy. It is asked last, and never for a request
/// without `Origin`, for `null`, `file://` or a malformed origin, or for an origin that the policy or a rule already allows.
///
/// - Answers are cached, both yes and no: 60 seconds and 10,000 origins, unless [`LookupOptions`] say otherwise.
/// - Simultaneous questions about the same origin are asked once, and no more than 256 questions wait for an answer at the same
///   time.
/// - An error, a panic, an answer that is later than the deadline (2 seconds), or a question too many denies the origin for this
///   request, and is not cached. It is an [`Event::LookupFailed`](crate::Event::LookupFailed), which the feature `tracing` logs at
///   warn level.
///
/// All clones share the cache, and so do all policies with a clone. [`forget`](Self::forget) removes an answer from the cache,
/// for example when a tenant is added or removed.
///
/// The deadline needs the timer of a tokio runtime. Without one every lookup fails.
///
/// ```
/// use cors_core::{Lookup, Origin, Policy};
///
/// async fn is_tenant(host: &str) -> Result<bool, std::io::Error> {
///     Ok(host == "tenant.example")
/// }
///
/// let lookup = Lookup::new(|origin: Origin<'static>| async move {
///     let is_default = origin.scheme() == "https" && origin.port().is_none();
///     Ok::<_, std::io::Error>(is_default && is_tenant(origin.host()).await?)
/// });
/// let policy = Policy::builder().allow_origins("https://app.example").lookup(&lookup).build()?;
/// # Ok::<(), cors_core::PolicyError>(())
/// ```
#[derive(Clone)]
pub struct Lookup(Arc<Inner>);

struct Inner {
    question: Box<Ask>,
    options: LookupOptions,
    answers: Cache<Box<str>, Answer>,
    flights: Mutex<Flights>,
    /// How many questions wait for an answer.
    questions: AtomicUsize,
}

/// A cached answer.
#[derive(Clone, Copy)]
struct Answer {
    is_allowed: bool,
    until: Instant,
}

/// The questions that have been asked and not answered yet.
struct Flights {
    by_origin: HashMap<Box<str>, Flight>,
    /// The number of the next flight.
    next: u64,
    /// When there are this many, the flights that no request waits for are removed.
    sweep_at: usize,
}

struct Flight {
    number: u64,
    /// It is gone when all requests that waited for it are gone.
    answer: WeakShared<BoxFuture<'static, LookupAnswer>>,
}

/// The fewest flights at which abandoned ones are removed.
const FEWEST_SWEPT: usize = 64;

impl Lookup {
    /// Creates a lookup with the default options.
    ///
    /// `question` returns whether the origin is allowed. It must compare whole hosts, or whole origins: never the beginning or
    /// the end of a host, nor a part of it, because strangers can register such names (`evil-tenant.example` ends in
    /// `tenant.example`). It decides about the scheme and the port too: a host alone also stands for `http:` and for every
    /// port.
    pub fn new<Q, F, E>(question: Q) -> Self
    where
        Q: Fn(Origin<'static>) -> F + Send + Sync + 'static,
        F: Future<Output = Result<bool, E>> + Send + 'static,
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        Self::with_options(LookupOptions::default(), question)
    }

    /// Creates a lookup; see [`new`](Self::new).
    pub fn with_options<Q, F, E>(options: LookupOptions, question: Q) -> Self
    where
        Q: Fn(Origin<'static>) -> F + Send + Sync + 'static,
        F: Future<Output = Result<bool, E>> + Send + 'static,
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        let question = move |origin| {
            let answer = question(origin);
            async move { answer.await.map_err(Into::into) }.boxed()
        };
        Self(Arc::new(Inner {
            question: Box::new(question),
            options,
            answers: Cache::new(options.capacity),
            flights: Mutex::new(Flights { by_origin: HashMap::new(), next: 0, sweep_at: FEWEST_SWEPT }),
            questions: AtomicUsize::new(0),
        }))
    }

    /// Removes the answer for an origin from the cache, so that the next request asks again. An answer that is still on its
    /// way is not cached either.
    pub fn forget(&self, origin: &str) {
        // In this order, because an answer is cached while the lock is held.
        self.0.flights().by_origin.remove(origin);
        self.0.answers.remove(origin);
    }

    /// Removes all answers from the cache.
    pub fn forget_all(&self) {
        self.0.flights().by_origin.clear();
        self.0.answers.clear();
    }

    /// Asks about an origin: the answer if it is there at once, or a future of it. A failure is reported to the observer of the
    /// request that began the question.
    pub(crate) fn ask(
        &self,
        origin: &Origin<'_>,
        observer: Option<&Arc<dyn Observer>>,
    ) -> Result<LookupAnswer, PendingAnswer> {
        if let Some(answer) = self.0.cached(origin.as_str()) {
            return Ok(answer);
        }
        if let Some(flight) = self.join(origin, observer) {
            return Err(PendingAnswer(flight));
        }
        let bound = self.0.options.max_questions;
        report(
            observer,
            LookupFailure::overload(
                origin.as_str(),
                &format_args!("not asked, because as many questions as allowed ({bound}) wait for an answer"),
            ),
        );
        Ok(LookupAnswer::Failed)
    }

    /// Joins the flight of a question that has been asked already, or starts one. Returns `None` if there are too many.
    fn join(
        &self,
        origin: &Origin<'_>,
        observer: Option<&Arc<dyn Observer>>,
    ) -> Option<Shared<BoxFuture<'static, LookupAnswer>>> {
        let mut flights = self.0.flights();
        if let Some(flight) =
            flights.by_origin.get(origin.as_str()).and_then(|flight| flight.answer.upgrade())
        {
            return Some(flight);
        }
        // An answer can have arrived since the cache was asked.
        if let Some(answer) = self.0.cached(origin.as_str()) {
            return Some(std::future::ready(answer).boxed().shared());
        }
        let question = Question::begin(&self.0)?;
        let number = flights.next;
        flights.next += 1;
        let flight = question.ask(number, origin.clone().into_owned(), observer.cloned()).boxed().shared();
        // A future that is not finished can be downgraded.
        if let Some(answer) = flight.downgrade() {
            flights.sweep();
            flights.by_origin.insert(origin.as_str().into(), Flight { number, answer });
        }
        Some(flight)
    }
}

/// A question that waits for an answer. Dropping it makes room for another one.
struct Question(Arc<Inner>);

impl Question {
    /// Begins a question, unless too many wait for an answer.
    fn begin(inner: &Arc<Inner>) -> Option<Self> {
        let bound = inner.options.max_questions;
        let count = inner.questions.fetch_add(1, Ordering::Relaxed);
        let question = Self(Arc::clone(inner));
        (count < bound).then_some(question)
    }

    /// Asks, caches the answer, and reports a failure.
    async fn ask(
        self,
        number: u64,
        origin: Origin<'static>,
        observer: Option<Arc<dyn Observer>>,
    ) -> LookupAnswer {
        let Self(inner) = &self;
        let deadline = inner.options.deadline;
        let answer = async { tokio::time::timeout(deadline, (inner.question)(origin.clone())).await };
        let error: BoxError = match AssertUnwindSafe(answer).catch_unwind().await {
            Ok(Ok(Ok(is_allowed))) => {
                inner.land(number, origin.as_str(), Some(is_allowed));
                let answer = if is_allowed { LookupAnswer::Allowed } else { LookupAnswer::Denied };
                #[cfg(feature = "metrics")]
                crate::event::count_lookup(is_allowed);
                return answer;
            }
            Ok(Ok(Err(error))) => error,
            Ok(Err(_)) => format!("no answer within {deadline:?}").into(),
            Err(_) => "the lookup panicked".into(),
        };
        inner.land(number, origin.as_str(), None);
        report(observer.as_ref(), LookupFailure::new(origin.as_str(), &error));
        LookupAnswer::Failed
    }
}

impl Drop for Question {
    fn drop(&mut self) {
        self.0.questions.fetch_sub(1, Ordering::Relaxed);
    }
}

fn report(observer: Option<&Arc<dyn Observer>>, failure: LookupFailure<'_>) {
    Events(observer.map(|observer| &**observer)).report(&Event::LookupFailed(failure));
}

impl Inner {
    fn cached(&self, origin: &str) -> Option<LookupAnswer> {
        let Answer { is_allowed, until } = self.answers.get(origin)?;
        let answer = if is_allowed { LookupAnswer::Allowed } else { LookupAnswer::Denied };
        (Instant::now() < until).then_some(answer)
    }

    /// Ends a flight, and caches the answer, unless the lookup failed or the origin was forgotten meanwhile.
    fn land(&self, number: u64, origin: &str, answer: Option<bool>) {
        let mut flights = self.flights();
        if flights.by_origin.get(origin).is_none_or(|flight| flight.number != number) {
            return;
        }
        flights.by_origin.remove(origin);
        let until = Instant::now().checked_add(self.options.max_age);
        if let (Some(is_allowed), Some(until)) = (answer, until) {
            self.answers.insert(origin.into(), Answer { is_allowed, until });
        }
    }

    fn flights(&self) -> MutexGuard<'_, Flights> {
        // Nothing panics while the lock is held.
        self.flights.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Flights {
    /// Removes abandoned flights, now and then, so that clients that do not wait cannot fill the memory.
    fn sweep(&mut self) {
        if self.by_origin.len() >= self.sweep_at {
            self.by_origin.retain(|_, flight| flight.answer.upgrade().is_some());
            self.sweep_at = FEWEST_SWEPT.max(self.by_origin.len() * 2);
        }
    }
}

impl fmt::Debug for Lookup {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Lookup").field("options", &self.0.options).finish_non_exhaustive()
    }
}

/// Lookups are equal if they are clones of the same one.
impl PartialEq for Lookup {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Lookup {}

impl From<&Lookup> for Lookup {
    fn from(lookup: &Self) -> Self {
        lookup.clone()
    }
}

/// An answer that has to be awaited.
pub(crate) struct PendingAnswer(Shared<BoxFuture<'static, LookupAnswer>>);

impl Future for PendingAnswer {
    type Output = LookupAnswer;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<LookupAnswer> {
        self.0.poll_unpin(context)
    }
}

impl fmt::Debug for PendingAnswer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PendingAnswer")
    }
}
