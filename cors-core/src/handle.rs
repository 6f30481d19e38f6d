//! Changing the policy of a server that runs.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use crate::{Policy, PreparedPolicy};

/// Replaces the policy of an adapter while requests are in flight: each request sees one policy from start to end.
///
/// Clones replace the same policy.
pub struct PolicyHandle<V>(Arc<RwLock<PreparedPolicy<V>>>);

impl<V: Clone + for<'a> TryFrom<&'a str>> PolicyHandle<V> {
    /// A handle that begins with this policy.
    pub fn new(policy: Policy) -> Self {
        Self(Arc::new(RwLock::new(PreparedPolicy::new(policy))))
    }

    /// Replaces the policy for every request that begins from now on.
    pub fn replace(&self, policy: Policy) {
        let prepared = PreparedPolicy::new(policy);
        // Nothing can panic while the lock is held, so a poisoned one holds a whole policy all the same.
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = prepared;
    }
}

impl<V> PolicyHandle<V> {
    /// The policy for a request that begins now.
    pub fn current(&self) -> PreparedPolicy<V> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
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

/// Where an adapter gets its policy from: one that stays, or a handle that can replace it.
pub enum PolicySource<V> {
    /// The same policy for all requests.
    Fixed(PreparedPolicy<V>),
    /// Whatever the handle says when a request begins.
    Handle(PolicyHandle<V>),
}

impl<V> PolicySource<V> {
    /// The policy for a request that begins now.
    pub fn current(&self) -> PreparedPolicy<V> {
        match self {
            Self::Fixed(prepared) => prepared.clone(),
            Self::Handle(handle) => handle.current(),
        }
    }
}

impl<V: Clone + for<'a> TryFrom<&'a str>> From<Policy> for PolicySource<V> {
    fn from(policy: Policy) -> Self {
        Self::Fixed(PreparedPolicy::new(policy))
    }
}

impl<V: Clone + for<'a> TryFrom<&'a str>> From<&Policy> for PolicySource<V> {
    fn from(policy: &Policy) -> Self {
        policy.clone().into()
    }
}

impl<V> From<PreparedPolicy<V>> for PolicySource<V> {
    fn from(prepared: PreparedPolicy<V>) -> Self {
        Self::Fixed(prepared)
    }
}

impl<V> From<PolicyHandle<V>> for PolicySource<V> {
    fn from(handle: PolicyHandle<V>) -> Self {
        Self::Handle(handle)
    }
}

impl<V> From<&PolicyHandle<V>> for PolicySource<V> {
    fn from(handle: &PolicyHandle<V>) -> Self {
        Self::Handle(handle.clone())
    }
}

impl<V> Clone for PolicySource<V> {
    fn clone(&self) -> Self {
        match self {
            Self::Fixed(prepared) => Self::Fixed(prepared.clone()),
            Self::Handle(handle) => Self::Handle(handle.clone()),
        }
    }
}

impl<V> fmt::Debug for PolicySource<V> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(prepared) => formatter.debug_tuple("Fixed").field(prepared).finish(),
            Self::Handle(handle) => formatter.debug_tuple("Handle").field(handle).finish(),
        }
    }
}
