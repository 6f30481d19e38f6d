//! Replacing the policy of a running server.

use std::fmt;
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;

use crate::decision::Prepared;
use crate::{Policy, PreparedPolicy};

/// Replaces the policy of an adapter while requests are in flight.
///
/// Each request uses one policy from start to end. All clones of a handle refer to the same policy.
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
/// # What replacing costs
///
/// Requests never wait: reading the policy takes no lock, and a request never frees a policy that was replaced, however
/// large it is. [`replace`](Self::replace) frees the old policy in the calling thread, after the new policy is in use. If
/// requests still use the old policy at that moment, it stays in memory and the first later call of `replace` after
/// they have ended frees it. Dropping the last clone of the handle frees everything that is left.
pub struct PolicyHandle<V>(Arc<Shared<V>>);

struct Shared<V> {
    current: ArcSwap<Prepared<V>>,
    /// Policies that were replaced while requests used them. Each has a reference here, so that the last request that
    /// uses one does not free it. Only `replace` takes this lock.
    replaced: Mutex<Vec<PreparedPolicy<V>>>,
}

impl<V: Clone + for<'a> TryFrom<&'a str>> PolicyHandle<V> {
    /// Creates a handle that starts with this policy.
    pub fn new(policy: Policy) -> Self {
        let PreparedPolicy(prepared) = PreparedPolicy::new(policy);
        Self(Arc::new(Shared { current: ArcSwap::new(prepared), replaced: Mutex::default() }))
    }

    /// Replaces the policy for all requests that start after this call.
    ///
    /// It may free a policy, which takes time if the policy is large: call it outside of the threads that serve requests.
    ///
    /// The warnings about the policy are logged as [`PolicySource::log_warnings`] does.
    pub fn replace(&self, policy: Policy) {
        log_warnings(&policy);
        let PreparedPolicy(prepared) = PreparedPolicy::new(policy);
        let old = PreparedPolicy(self.0.current.swap(prepared));
        // No reader can get a policy that was swapped out, so a count of one stays one.
        let is_unused = |policy: &PreparedPolicy<V>| Arc::strong_count(&policy.0) == 1;
        let unused: Vec<_> = {
            // Nothing can panic while the lock is held, so a poisoned lock holds a complete list.
            let mut replaced = self.0.replaced.lock().unwrap_or_else(PoisonError::into_inner);
            replaced.push(old);
            let (unused, used) = mem::take(&mut *replaced).into_iter().partition(is_unused);
            *replaced = used;
            unused
        };
        // Freed here, after the lock is released.
        drop(unused);
    }
}

impl<V> PolicyHandle<V> {
    /// The policy for a request that starts now.
    pub fn current(&self) -> PreparedPolicy<V> {
        PreparedPolicy(self.0.current.load_full())
    }
}

impl<V> Clone for PolicyHandle<V> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<V> fmt::Debug for PolicyHandle<V> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("PolicyHandle").field(&self.current()).finish()
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

/// Where an adapter gets its policy from: a fixed policy, or a [`PolicyHandle`] that can replace it.
///
/// It is made with `into()` from a [`Policy`], a [`PreparedPolicy`] or a [`PolicyHandle`].
pub struct PolicySource<V>(Source<V>);

enum Source<V> {
    Fixed(PreparedPolicy<V>),
    Handle(PolicyHandle<V>),
}

impl<V> PolicySource<V> {
    /// The policy for a request that starts now.
    pub fn current(&self) -> PreparedPolicy<V> {
        match &self.0 {
            Source::Fixed(policy) => policy.clone(),
            Source::Handle(handle) => handle.current(),
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
            Source::Handle(_) => None,
        }
    }
}

impl<V: Clone + for<'a> TryFrom<&'a str>> From<Policy> for PolicySource<V> {
    fn from(policy: Policy) -> Self {
        PreparedPolicy::new(policy).into()
    }
}

impl<V: Clone + for<'a> TryFrom<&'a str>> From<&Policy> for PolicySource<V> {
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

impl<V> From<&PolicyHandle<V>> for PolicySource<V> {
    fn from(handle: &PolicyHandle<V>) -> Self {
        handle.clone().into()
    }
}

impl<V> Clone for PolicySource<V> {
    fn clone(&self) -> Self {
        match &self.0 {
            Source::Fixed(policy) => policy.clone().into(),
            Source::Handle(handle) => handle.into(),
        }
    }
}

impl<V> fmt::Debug for PolicySource<V> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Source::Fixed(policy) => formatter.debug_tuple("Fixed").field(policy).finish(),
            Source::Handle(handle) => formatter.debug_tuple("Handle").field(handle).finish(),
        }
    }
}
