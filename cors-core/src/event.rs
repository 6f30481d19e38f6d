//! What an operator can see: events for an observer and for `tracing`, and counters.

use std::fmt;

#[cfg(feature = "tracing")]
use crate::limiter::Limiter;
use crate::{Policy, PolicyError, Reason};

/// Something that an operator may want to know.
///
/// Later versions may have more events, so a `match` needs a last arm.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A preflight was granted.
    PreflightGranted,
    /// A preflight was denied. In diagnostic mode it is denied too, with an answer that shows the policy.
    PreflightDenied(Denial<'a>),
    /// The origin of another request is not allowed. The application handles the request, and the page cannot read the
    /// response.
    OriginNotAllowed(Denial<'a>),
    /// A lookup failed, was late, or could not be asked. All requests that waited for it are denied, and it is reported once,
    /// before their denials.
    #[cfg(feature = "lookup")]
    #[cfg_attr(docsrs, doc(cfg(feature = "lookup")))]
    LookupFailed(crate::LookupFailure<'a>),
    /// The guard has denied a request.
    RequestDenied(Denial<'a>),
    /// The guard would have denied a request, but it only reports.
    RequestReported(Denial<'a>),
    /// This policy has replaced the one before.
    PolicyReplaced(&'a Policy),
    /// A new policy was refused, and the current one stays in use.
    PolicyRefused(&'a PolicyError),
    /// CORS was switched off.
    SwitchedOff,
    /// CORS was switched on.
    SwitchedOn,
    /// Diagnostic mode was switched on or off, or was left to the policy.
    DiagnosticsSet(Option<bool>),
    /// The guard was told to report only, or to deny, or was left to the policy.
    ReportOnlySet(Option<bool>),
}

/// What is not allowed, and why.
///
/// Its text is the reason, followed by the value, escaped and cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Denial<'a> {
    reason: Reason,
    value: &'a [u8],
}

impl<'a> Denial<'a> {
    pub(crate) fn new(reason: Reason, value: &'a [u8]) -> Self {
        Self { reason, value }
    }

    /// Why it is not allowed.
    pub fn reason(&self) -> Reason {
        self.reason
    }

    /// The origin, the method, the host, or the request header's name or line that is not allowed. A client sent it, so it can contain any bytes
    /// and be of any length.
    pub fn value(&self) -> &'a [u8] {
        self.value
    }

    /// The start of the value, escaped for a log.
    pub fn excerpt(&self) -> impl fmt::Display + 'a {
        Excerpt(self.value)
    }
}

impl fmt::Display for Denial<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.reason, self.excerpt())
    }
}

/// Is told about every decision and every change of a [`PolicyHandle`](crate::PolicyHandle).
///
/// It is called while a request waits, in the thread that serves the request, so it must not block. Closures are observers:
///
/// ```
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicU64, Ordering};
///
/// use cors_core::{Event, Policy, PolicyHandle};
/// use http::{HeaderValue, Request};
///
/// let denied = Arc::new(AtomicU64::new(0));
/// let counter = Arc::clone(&denied);
/// let policy = Policy::builder().allow_origins("https://app.example").build()?;
/// let handle = PolicyHandle::<HeaderValue>::with_observer(policy, move |event: &Event<'_>| {
///     if let Event::PreflightDenied(_) | Event::OriginNotAllowed(_) = event {
///         counter.fetch_add(1, Ordering::Relaxed);
///     }
/// });
/// // Pass the handle to the adapter. Then for a request:
/// let request = Request::get("/").header("origin", "https://evil.example").body(()).unwrap();
/// let _ = handle.current().decide(&request);
/// assert_eq!(denied.load(Ordering::Relaxed), 1);
/// # Ok::<(), cors_core::PolicyError>(())
/// ```
pub trait Observer: Send + Sync {
    /// Is called for each event.
    fn observe(&self, event: &Event<'_>);
}

impl<F: Fn(&Event<'_>) + Send + Sync> Observer for F {
    fn observe(&self, event: &Event<'_>) {
        self(event);
    }
}

/// Passes events on: to `tracing`, to `metrics` and to an observer.
#[derive(Clone, Copy)]
pub(crate) struct Events<'o>(pub(crate) Option<&'o dyn Observer>);

impl Events<'_> {
    #[inline]
    pub(crate) fn granted(self) {
        if cfg!(feature = "metrics") || self.0.is_some() {
            self.report(&Event::PreflightGranted);
        }
    }

    #[inline]
    pub(crate) fn denied(self, denial: Denial<'_>) {
        if self.has_listener() {
            self.report(&Event::PreflightDenied(denial));
        }
    }

    /// The reason takes work to find, so it is only found if something listens.
    #[inline]
    pub(crate) fn not_allowed<'a>(self, denial: impl FnOnce() -> Denial<'a>) {
        if self.has_listener() {
            self.report(&Event::OriginNotAllowed(denial()));
        }
    }

    #[inline]
    pub(crate) fn guarded(self, denial: Denial<'_>, report_only: bool) {
        if self.has_listener() {
            self.report(&match report_only {
                true => Event::RequestReported(denial),
                false => Event::RequestDenied(denial),
            });
        }
    }

    #[inline]
    fn has_listener(self) -> bool {
        cfg!(feature = "metrics") || self.0.is_some() || is_debug_logged()
    }

    #[cold]
    pub(crate) fn report(self, event: &Event<'_>) {
        log(event);
        count(event);
        if let Some(observer) = self.0 {
            observer.observe(event);
        }
    }
}

#[inline]
fn is_debug_logged() -> bool {
    #[cfg(feature = "tracing")]
    return tracing::enabled!(target: "cors", tracing::Level::DEBUG);
    #[cfg(not(feature = "tracing"))]
    false
}

#[cfg(feature = "tracing")]
fn log(event: &Event<'_>) {
    let message = match event {
        Event::PreflightGranted => return,
        Event::PreflightDenied(denial) | Event::OriginNotAllowed(denial) => {
            return log_denial(denial, "not allowed by the CORS policy");
        }
        Event::RequestDenied(denial) => return log_denial(denial, "denied by the guard"),
        Event::RequestReported(denial) => {
            return log_denial(denial, "the guard would deny it, but it only reports");
        }
        #[cfg(feature = "lookup")]
        Event::LookupFailed(failure) => return log_lookup_failure(failure),
        Event::PolicyRefused(error) => {
            tracing::info!(
                target: "cors",
                problems = %error,
                "a new CORS policy was refused, and the current one stays in use"
            );
            return;
        }
        Event::PolicyReplaced(_) => "the CORS policy was replaced",
        Event::SwitchedOff => "CORS was switched off",
        Event::SwitchedOn => "CORS was switched on",
        Event::DiagnosticsSet(Some(true)) => "diagnostic mode of CORS was switched on",
        Event::DiagnosticsSet(Some(false)) => "diagnostic mode of CORS was switched off",
        Event::DiagnosticsSet(None) => "diagnostic mode of CORS is as the policy says",
        Event::ReportOnlySet(Some(true)) => "the guard only reports",
        Event::ReportOnlySet(Some(false)) => "the guard denies",
        Event::ReportOnlySet(None) => "the guard does what the policy says",
    };
    tracing::info!(target: "cors", "{message}");
}

#[cfg(not(feature = "tracing"))]
fn log(_: &Event<'_>) {}

/// A client can cause this event, so it is limited in rate for each reason.
#[cfg(feature = "tracing")]
fn log_denial(denial: &Denial<'_>, message: &str) {
    static LIMITERS: [Limiter; Reason::ALL.len()] = [const { Limiter::new() }; Reason::ALL.len()];

    // An event that is not logged must not count for the limit.
    if !is_debug_logged() {
        return;
    }
    let reason = denial.reason;
    let limiter = LIMITERS.get(reason as usize);
    let Some(left_out) = limiter.map_or(Some(0), |limiter| limiter.admit(std::time::Instant::now())) else {
        return;
    };
    tracing::debug!(
        target: "cors",
        reason = reason.as_str(),
        value = %denial.excerpt(),
        help = reason.help(),
        left_out = (left_out > 0).then_some(left_out),
        "{message}"
    );
}

/// A client can ask about many origins, so this event is limited in rate.
#[cfg(all(feature = "lookup", feature = "tracing"))]
fn log_lookup_failure(failure: &crate::LookupFailure<'_>) {
    static LIMITER: Limiter = Limiter::new();

    if !tracing::enabled!(target: "cors", tracing::Level::WARN) {
        return;
    }
    let Some(left_out) = LIMITER.admit(std::time::Instant::now()) else { return };
    tracing::warn!(
        target: "cors",
        reason = Reason::LookupFailed.as_str(),
        origin = failure.origin(),
        error = %failure.error().to_string().escape_debug(),
        left_out = (left_out > 0).then_some(left_out),
        "the lookup of an origin failed"
    );
}

#[cfg(feature = "metrics")]
fn count(event: &Event<'_>) {
    let counters = &*counters::ALL;
    let key = match event {
        Event::PreflightGranted => Some(&counters.granted),
        Event::PreflightDenied(denial) => counters.denied.get(denial.reason as usize),
        Event::OriginNotAllowed(denial) => counters.not_allowed.get(denial.reason as usize),
        #[cfg(feature = "lookup")]
        Event::LookupFailed(failure) => {
            let [_, _, failed, overloaded] = &counters.lookups;
            Some(if failure.is_overload() { overloaded } else { failed })
        }
        Event::RequestDenied(denial) => counters.guard_denied.get(denial.reason as usize),
        Event::RequestReported(denial) => counters.guard_reported.get(denial.reason as usize),
        _ => None,
    };
    if let Some(key) = key {
        increment(key);
    }
}

/// Counts an answer of a lookup. Answers from the cache are not counted.
#[cfg(all(feature = "lookup", feature = "metrics"))]
pub(crate) fn count_lookup(is_allowed: bool) {
    let [allowed, denied, ..] = &counters::ALL.lookups;
    increment(if is_allowed { allowed } else { denied });
}

#[cfg(feature = "metrics")]
fn increment(key: &metrics::Key) {
    metrics::with_recorder(|recorder| recorder.register_counter(key, &counters::METADATA)).increment(1);
}

/// Makes the keys of the counters, so that no request has to.
#[cfg(feature = "metrics")]
pub(crate) fn prepare_counters() {
    std::sync::LazyLock::force(&counters::ALL);
}

#[cfg(feature = "metrics")]
mod counters {
    use std::sync::LazyLock;

    use metrics::{Key, Label, Level, Metadata};

    use crate::Reason;

    pub(super) static METADATA: Metadata<'static> = Metadata::new("cors", Level::INFO, Some(module_path!()));

    pub(super) static ALL: LazyLock<Counters> = LazyLock::new(|| Counters {
        granted: Key::from_static_name("cors_preflights_granted_total"),
        denied: by_reason("cors_preflights_denied_total"),
        not_allowed: by_reason("cors_requests_not_allowed_total"),
        guard_denied: by_reason("cors_guard_denied_total"),
        guard_reported: by_reason("cors_guard_reported_total"),
        #[cfg(feature = "lookup")]
        lookups: ["allowed", "denied", "failed", "overloaded"]
            .map(|outcome| with_label("cors_lookups_total", Label::from_static_parts("outcome", outcome))),
    });

    pub(super) struct Counters {
        pub(super) granted: Key,
        /// In the order of [`Reason::ALL`].
        pub(super) denied: Vec<Key>,
        pub(super) not_allowed: Vec<Key>,
        pub(super) guard_denied: Vec<Key>,
        pub(super) guard_reported: Vec<Key>,
        /// Allowed, denied, failed, overloaded.
        #[cfg(feature = "lookup")]
        pub(super) lookups: [Key; 4],
    }

    /// No label holds what a client sent, so that the number of counters is bounded.
    fn by_reason(name: &'static str) -> Vec<Key> {
        let labels = Reason::ALL.iter().map(|reason| Label::from_static_parts("reason", reason.as_str()));
        labels.map(|label| with_label(name, label)).collect()
    }

    fn with_label(name: &'static str, label: Label) -> Key {
        Key::from_parts(name, vec![label])
    }
}

#[cfg(not(feature = "metrics"))]
fn count(_: &Event<'_>) {}

/// The most bytes of a value that are logged.
const MAX_EXCERPT: usize = 200;

/// The start of a value that a client sent, escaped for a log.
struct Excerpt<'a>(&'a [u8]);

impl fmt::Display for Excerpt<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = &self.0[..self.0.len().min(MAX_EXCERPT)];
        write!(formatter, "{}", shown.escape_ascii())?;
        if self.0.len() > MAX_EXCERPT { write!(formatter, "… ({} bytes)", self.0.len()) } else { Ok(()) }
    }
}
