//! Changing the policy of a running server.

use std::fmt;
use std::mem;
use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};

use crate::decision::{Mode, Prepared, Seed};
use crate::event::{Event, Events, Observer};
use crate::lease::{Lease, LeaseCell, Slot};
use crate::{Policy, PolicyBuilder, PolicyError, PreparedPolicy, RequestInfo};

/// Changes the policy of an adapter while requests are in flight.
///
/// Each request uses one policy, in one state, from start to end. All clones of a handle refer to the same policy.
///
/// ```
/// use cors_core::{Policy, PolicyHandle};
/// use http::HeaderValue;
///
/// let handle = PolicyHandle::<HeaderValue>::new(Policy::builder().allow_origins("https://a.example").build()?);
/// // Give a clone of `handle` to the adapter, and later:
/// handle.replace(Policy::builder().allow_origins("https://b.example").build()?);
/// assert!(handle.current().policy().allows_origin(b"https://b.example"));
/// # Ok::<(), cors_core::PolicyError>(())
/// ```
///
/// With the feature `tracing` each change is logged at info level with the target `cors`.
///
/// # What replacing costs
///
/// Requests never wait: reading the policy takes no lock, threads that serve requests write to no memory that they share, and a
/// request never frees a policy that was replaced, however large it is. [`replace`](Self::replace) frees old policies in the
/// calling thread, after the new policy is in use. A thread that used the old policy keeps it until its next request, so the old
/// policy often stays in memory until the change after that. Dropping the last clone of the handle frees what no thread keeps.
pub struct PolicyHandle<V>(Lease<Shared<V>>);

struct Shared<V> {
    current: LeaseCell<Seed, Prepared<V>>,
    /// The slot of all policies of this handle.
    slot: Slot,
    observer: Option<Arc<dyn Observer>>,
    /// Policies that were replaced while threads used them. Each has a reference here, so that the last request that
    /// uses one does not free it. Every change holds this lock from start to end, so that none is lost; requests never take
    /// it.
    replaced: Mutex<Vec<PreparedPolicy<V>>>,
}

impl<V: Clone + for<'a> TryFrom<&'a str> + Send + Sync + 'static> PolicyHandle<V> {
    /// Creates a handle that starts with this policy.
    pub fn new(policy: Policy) -> Self {
        Self::create(policy, None)
    }

    /// Creates a handle that tells an [`Observer`] about every decision and every change.
    pub fn with_observer(policy: Policy, observer: impl Observer + 'static) -> Self {
        Self::create(policy, Some(Arc::new(observer)))
    }

    fn create(policy: Policy, observer: Option<Arc<dyn Observer>>) -> Self {
        let slot = Slot::new();
        let seed = Seed { policy, mode: Mode::default(), observer: observer.clone() };
        let current = LeaseCell::new(PreparedPolicy::from_seed(seed, slot).0);
        let shared = Shared { current, slot, observer, replaced: Mutex::default() };
        Self(Lease::new(shared, Slot::new(), |_| ()))
    }

    fn report(&self, event: &Event<'_>) {
        Events(self.0.shared().observer.as_deref()).report(event);
    }

    /// Replaces the policy for all requests that start after this call.
    ///
    /// The state stays as it is: if CORS is switched off, it stays off, and diagnostic mode and reporting stay as
    /// [`set_diagnostics`](Self::set_diagnostics) and [`set_report_only`](Self::set_report_only) have set them.
    ///
    /// It may free a policy, which takes time if the policy is large: call it outside of the threads that serve requests.
    ///
    /// The warnings about the policy are logged as [`PolicySource::log_warnings`] does.
    pub fn replace(&self, policy: Policy) {
        log_warnings(&policy);
        let new = policy.clone();
        self.change(|current| Some(Seed { policy: new, ..current.clone() }));
        self.report(&Event::PolicyReplaced(&policy));
    }

    /// Builds a policy and replaces the current one with it. If the new policy is refused, the current one stays in use.
    ///
    /// ```
    /// use cors_core::{Policy, PolicyHandle};
    /// use http::HeaderValue;
    ///
    /// let handle = PolicyHandle::<HeaderValue>::new(Policy::builder().allow_origins("https://a.example").build()?);
    /// let error = handle.try_replace(Policy::builder().allow_origins("https://b.example/")).unwrap_err();
    /// assert_eq!(error.problems().len(), 1);
    /// assert!(handle.current().policy().allows_origin(b"https://a.example"));
    /// # Ok::<(), cors_core::PolicyError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// All problems of the new policy. With the feature `tracing` they are also logged, as one event at info level.
    pub fn try_replace(&self, policy: PolicyBuilder) -> Result<(), PolicyError> {
        match policy.build() {
            Ok(policy) => self.replace(policy),
            Err(error) => {
                self.report(&Event::PolicyRefused(&error));
                return Err(error);
            }
        }
        Ok(())
    }

    /// Switches CORS off for all requests that start after this call: the server behaves as if it had no CORS middleware.
    ///
    /// A guard denies requests as before; see [`set_report_only`](Self::set_report_only).
    ///
    /// Responses get neither CORS headers nor `Vary`, and keep the `Access-Control-*` headers that the application sets.
    /// Preflights reach the application. The policy is kept for [`switch_on`](Self::switch_on).
    ///
    /// ```
    /// use cors_core::{Decision, Policy, PolicyHandle};
    /// use http::{HeaderMap, HeaderValue, Request};
    ///
    /// let handle = PolicyHandle::<HeaderValue>::new(Policy::builder().allow_origins("*").build()?);
    /// handle.switch_off();
    ///
    /// let policy = handle.current();
    /// let request = Request::get("/").header("origin", "https://app.example").body(()).unwrap();
    /// let Decision::Actual(actual) = policy.decide(&request) else { panic!("not a preflight") };
    /// let mut headers = HeaderMap::new();
    /// policy.write_actual(actual, &mut headers);
    /// assert!(headers.is_empty());
    /// # Ok::<(), cors_core::PolicyError>(())
    /// ```
    pub fn switch_off(&self) {
        self.change_mode(&Event::SwitchedOff, |mode| Mode { is_off: true, ..mode });
    }

    /// Applies the policy again after [`switch_off`](Self::switch_off).
    pub fn switch_on(&self) {
        self.change_mode(&Event::SwitchedOn, |mode| Mode { is_off: false, ..mode });
    }

    /// Switches diagnostic mode on or off without a new policy, and with `None` returns to what the policy says.
    ///
    /// Diagnostic mode reveals the policy to clients: see
    /// [`PolicyBuilder::diagnostics`](crate::PolicyBuilder::diagnostics).
    ///
    /// ```
    /// use cors_core::{Policy, PolicyHandle};
    /// use http::HeaderValue;
    ///
    /// let handle = PolicyHandle::<HeaderValue>::new(Policy::builder().allow_origins("https://a.example").build()?);
    /// handle.set_diagnostics(Some(true));
    /// assert!(handle.diagnostics());
    /// handle.set_diagnostics(None);
    /// assert!(!handle.diagnostics());
    /// # Ok::<(), cors_core::PolicyError>(())
    /// ```
    pub fn set_diagnostics(&self, diagnostics: Option<bool>) {
        self.change_mode(&Event::DiagnosticsSet(diagnostics), |mode| Mode { diagnostics, ..mode });
    }

    /// Tells the guard to report only, or to deny, without a new policy, and with `None` returns to what the policy says.
    ///
    /// ```
    /// use cors_core::{Guard, Policy, PolicyHandle};
    /// use http::HeaderValue;
    ///
    /// let policy = Policy::builder().allow_origins("https://a.example").guard(Guard::builder()).build()?;
    /// let handle = PolicyHandle::<HeaderValue>::new(policy);
    /// handle.set_report_only(Some(true));
    /// assert!(handle.report_only());
    /// # Ok::<(), cors_core::PolicyError>(())
    /// ```
    pub fn set_report_only(&self, report_only: Option<bool>) {
        self.change_mode(&Event::ReportOnlySet(report_only), |mode| Mode { report_only, ..mode });
    }

    fn change_mode(&self, event: &Event<'_>, change: impl FnOnce(Mode) -> Mode) {
        let is_changed = self.change(|current| {
            let mode = change(current.mode);
            (mode != current.mode).then(|| Seed { mode, ..current.clone() })
        });
        if is_changed {
            self.report(event);
        }
    }

    /// Makes one change, unless `next` returns `None`, and frees the policies that are no longer used.
    fn change(&self, next: impl FnOnce(&Seed) -> Option<Seed>) -> bool {
        let shared = self.0.shared();
        // No reader can get a policy that was swapped out, so the only reference stays the only one.
        let is_unused = |policy: &PreparedPolicy<V>| policy.0.is_only();
        let unused: Vec<_> = {
            // A panic while the lock is held leaves a complete list.
            let mut replaced = shared.replaced.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(next) = next(&shared.current.peek()) else { return false };
            let next = PreparedPolicy::from_seed(next, shared.slot);
            replaced.push(PreparedPolicy(shared.current.replace(next.0)));
            let (unused, used) = mem::take(&mut *replaced).into_iter().partition(is_unused);
            *replaced = used;
            unused
        };
        // Freed here, after the lock is released.
        drop(unused);
        true
    }
}

impl<V: Send + Sync + 'static> PolicyHandle<V> {
    /// The policy for a request that starts now.
    #[inline]
    pub fn current(&self) -> PreparedPolicy<V> {
        PreparedPolicy(self.0.shared().current.current())
    }
}

impl<V> PolicyHandle<V> {
    fn peek(&self) -> impl Deref<Target = Seed> {
        self.0.shared().current.peek()
    }

    /// Returns whether the policy is applied: it is, unless [`switch_off`](Self::switch_off) was called.
    pub fn is_on(&self) -> bool {
        !self.peek().mode.is_off
    }

    /// Returns whether diagnostic mode is on, by [`set_diagnostics`](Self::set_diagnostics) or else by the policy.
    pub fn diagnostics(&self) -> bool {
        let current = self.peek();
        current.mode.diagnostics.unwrap_or_else(|| current.policy.diagnostics())
    }

    /// Returns whether the policy has a guard that denies nothing and only reports, by [`set_report_only`](Self::set_report_only)
    /// or else by the policy.
    pub fn report_only(&self) -> bool {
        let current = self.peek();
        let guard = current.policy.guard();
        guard.is_some_and(|guard| current.mode.report_only.unwrap_or(guard.report_only()))
    }
}

impl<V: Send + Sync + 'static> Clone for PolicyHandle<V> {
    #[inline]
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<V> fmt::Debug for PolicyHandle<V> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let current = self.peek();
        let Mode { is_off, diagnostics, report_only } = current.mode;
        formatter
            .debug_struct("PolicyHandle")
            .field("policy", &current.policy)
            .field("is_off", &is_off)
            .field("diagnostics", &diagnostics)
            .field("report_only", &report_only)
            .finish()
    }
}

fn log_warnings(policy: &Policy) {
    #[cfg(feature = "tracing")]
    for warning in policy.unlogged_warnings() {
        tracing::warn!(target: "cors", code = warning.code().as_str(), "{warning}");
    }
    #[cfg(not(feature = "tracing"))]
    let _ = policy;
}

/// Where an adapter gets its policy from: a fixed policy, a [`PolicyHandle`] that can replace it, or a choice by request.
///
/// It is made with `into()` from a [`Policy`], a [`PreparedPolicy`], a [`PolicyHandle`] or a [`PolicyMap`](crate::PolicyMap),
/// or with [`by_request`](Self::by_request).
pub struct PolicySource<V>(Source<V>);

enum Source<V> {
    Fixed(PreparedPolicy<V>),
    Handle(PolicyHandle<V>),
    ByRequest(Lease<Choice<V>>),
}

struct Choice<V> {
    other: PolicySource<V>,
    choose: Box<Choose<V>>,
}

type Choose<V> = dyn Fn(&dyn RequestInfo) -> Option<PolicySource<V>> + Send + Sync;

impl<V: Send + Sync + 'static> PolicySource<V> {
    /// Chooses a policy by the head of each request, for example by the tenant that it is for.
    ///
    /// `choose` returns one of the sources that the program has made before, or `None` for the policy `other`. It is called once
    /// for each request, before the application runs, so it must be fast, and it must not panic. For a choice by host there
    /// is [`PolicyMap`](crate::PolicyMap).
    ///
    /// Caches know that a response depends on the host and the path. If the choice depends on a header, every response, errors
    /// and preflights included, must have the name of this header in `Vary`: add it outside of the adapter. A preflight does
    /// not have the headers of the request that follows it, such as `Authorization` or an API key, so do not choose by
    /// those.
    ///
    /// ```
    /// use cors_core::{Policy, PolicySource};
    /// use http::{HeaderValue, Request};
    ///
    /// let public: PolicySource<HeaderValue> = Policy::builder().allow_origins("*").build()?.into();
    /// let admin = Policy::builder().allow_origins("https://admin.example").build()?;
    /// let source = PolicySource::by_request(admin, move |request| {
    ///     request.path().starts_with("/public/").then(|| public.clone())
    /// });
    ///
    /// let request = Request::get("/public/items").body(()).unwrap();
    /// assert!(source.for_request(&request).policy().allows_any_origin());
    /// # Ok::<(), cors_core::PolicyError>(())
    /// ```
    pub fn by_request(
        other: impl Into<Self>,
        choose: impl Fn(&dyn RequestInfo) -> Option<Self> + Send + Sync + 'static,
    ) -> Self {
        let choice = Choice { other: other.into(), choose: Box::new(choose) };
        Self(Source::ByRequest(Lease::new(choice, Slot::new(), |_| ())))
    }

    /// The policy for this request, which starts now. An adapter calls it once per request.
    #[inline]
    pub fn for_request(&self, request: &dyn RequestInfo) -> PreparedPolicy<V> {
        match &self.0 {
            Source::Fixed(policy) => policy.clone(),
            Source::Handle(handle) => handle.current(),
            Source::ByRequest(choice) => match (choice.shared().choose)(request) {
                Some(chosen) => chosen.for_request(request),
                None => choice.shared().other.for_request(request),
            },
        }
    }

    /// Returns whether the policy depends on the request, so that an adapter has to call [`for_request`](Self::for_request).
    pub fn is_by_request(&self) -> bool {
        matches!(self.0, Source::ByRequest(_))
    }

    /// The policy for a request that starts now, if it does not depend on the request. Otherwise it is the one for all requests
    /// for which no other policy is chosen.
    pub fn current(&self) -> PreparedPolicy<V> {
        match &self.0 {
            Source::Fixed(policy) => policy.clone(),
            Source::Handle(handle) => handle.current(),
            Source::ByRequest(choice) => choice.shared().other.current(),
        }
    }

    /// Logs the warnings about the policy, each as an event at warn level with the target `cors`, unless they were logged
    /// before. It does nothing without the feature `tracing`.
    ///
    /// An adapter calls it when an application is given the policy.
    pub fn log_warnings(&self) {
        log_warnings(self.current().policy());
    }

    /// The policy, if it is never replaced.
    pub fn fixed(&self) -> Option<&PreparedPolicy<V>> {
        match &self.0 {
            Source::Fixed(policy) => Some(policy),
            Source::Handle(_) | Source::ByRequest(_) => None,
        }
    }
}

impl<V: Clone + for<'a> TryFrom<&'a str> + 'static> From<Policy> for PolicySource<V> {
    fn from(policy: Policy) -> Self {
        PreparedPolicy::new(policy).into()
    }
}

impl<V: Clone + for<'a> TryFrom<&'a str> + 'static> From<&Policy> for PolicySource<V> {
    fn from(policy: &Policy) -> Self {
        policy.clone().into()
    }
}

impl<V> From<PreparedPolicy<V>> for PolicySource<V> {
    fn from(policy: PreparedPolicy<V>) -> Self {
        Self(Source::Fixed(policy))
    }
}

impl<V> From<PolicyHandle<V>> for PolicySource<V> {
    fn from(handle: PolicyHandle<V>) -> Self {
        Self(Source::Handle(handle))
    }
}

impl<V: Send + Sync + 'static> From<&PolicyHandle<V>> for PolicySource<V> {
    fn from(handle: &PolicyHandle<V>) -> Self {
        handle.clone().into()
    }
}

impl<V: Send + Sync + 'static> Clone for PolicySource<V> {
    #[inline]
    fn clone(&self) -> Self {
        match &self.0 {
            Source::Fixed(policy) => policy.clone().into(),
            Source::Handle(handle) => handle.into(),
            Source::ByRequest(choice) => Self(Source::ByRequest(choice.clone())),
        }
    }
}

impl<V> fmt::Debug for PolicySource<V> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Source::Fixed(policy) => formatter.debug_tuple("Fixed").field(policy).finish(),
            Source::Handle(handle) => formatter.debug_tuple("Handle").field(handle).finish(),
            Source::ByRequest(choice) => formatter
                .debug_struct("ByRequest")
                .field("other", &choice.shared().other)
                .finish_non_exhaustive(),
        }
    }
}
