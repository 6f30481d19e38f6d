//! Origins that are not known when the policy is built: the program is asked about them.

use std::fmt;
use std::sync::Arc;

#[cfg(feature = "lookup")]
use crate::Lookup;
use crate::{LookupAnswer, Origin};

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
    #[cfg(feature = "lookup")]
    pub(super) lookup: Option<Lookup>,
}

impl Unlisted {
    pub(super) fn has_predicates(&self) -> bool {
        !self.predicates.is_empty()
    }

    pub(super) fn has_lookup(&self) -> bool {
        #[cfg(feature = "lookup")]
        return self.lookup.is_some();
        #[cfg(not(feature = "lookup"))]
        false
    }

    /// The methods that added what is here, with the words for it.
    pub(super) fn methods(&self) -> impl Iterator<Item = &'static str> {
        let predicate = self.has_predicates().then_some("allow_origin_if");
        predicate.into_iter().chain(self.has_lookup().then_some("lookup"))
    }

    pub(super) fn debug(&self, debug: &mut fmt::DebugStruct<'_, '_>) {
        if self.has_predicates() {
            debug.field("allow_origin_if", &self.predicates);
        }
        #[cfg(feature = "lookup")]
        if let Some(lookup) = &self.lookup {
            debug.field("lookup", lookup);
        }
    }

    /// Whether a function, or the lookup that has given this answer, allows the origin. They see neither `null` and `file://`
    /// nor malformed origins.
    pub(crate) fn allows(&self, origin: &[u8], answer: LookupAnswer) -> bool {
        let origin = std::str::from_utf8(origin).ok().and_then(Origin::parse);
        origin.is_some_and(|origin| {
            self.predicates.iter().any(|Predicate(function)| function(&origin))
                || answer == LookupAnswer::Allowed
        })
    }
}
