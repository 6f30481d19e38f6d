//! Origins that are not known when the policy is built: the program is asked about them.

use std::fmt;
use std::sync::Arc;

use crate::Origin;

type Function = dyn Fn(&Origin<'_>) -> bool + Send + Sync;

/// A function of the program that decides about origins that are not listed.
#[derive(Clone)]
pub(crate) struct Predicate(Arc<Function>);

impl Predicate {
    pub(super) fn new(function: impl Fn(&Origin<'_>) -> bool + Send + Sync + 'static) -> Self {
        Self(Arc::new(function))
    }
}

/// Predicates are equal if they are clones of the same one.
impl PartialEq for Predicate {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl fmt::Debug for Predicate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Fn(&Origin) -> bool")
    }
}

/// What the program is asked about an origin that no entry contains.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Unlisted {
    pub(super) predicates: Vec<Predicate>,
}

impl Unlisted {
    pub(super) fn has_predicates(&self) -> bool {
        !self.predicates.is_empty()
    }

    /// The methods that added what is here, with the words for it.
    pub(super) fn methods(&self) -> impl Iterator<Item = &'static str> {
        self.has_predicates().then_some("allow_origin_if").into_iter()
    }

    pub(super) fn debug(&self, debug: &mut fmt::DebugStruct<'_, '_>) {
        if self.has_predicates() {
            debug.field("allow_origin_if", &self.predicates);
        }
    }

    /// Whether a function allows the origin. They see neither `null` and `file://` nor malformed origins.
    pub(crate) fn allows(&self, origin: &[u8]) -> bool {
        let origin = std::str::from_utf8(origin).ok().and_then(Origin::parse);
        origin.is_some_and(|origin| self.predicates.iter().any(|Predicate(function)| function(&origin)))
    }
}
