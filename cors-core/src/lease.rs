//! Shared values whose references each thread counts on its own.
//!
//! The count of an `Arc` is one place in memory. If every request counts there, the cores wait for each other, the longer the more of
//! them there are. Here each thread has a reference of its own, and a copy of everything that requests clone: a request counts
//! only in memory of its thread.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arc_swap::{ArcSwap, Guard};

/// How many values a thread has references to at most.
const PLACES: usize = 256;

/// If two values have the same place, every so many requests the other one gets it.
const PATIENCE: u32 = 16;

/// A reference to a shared value `T` with a copy `L` of what requests clone.
///
/// A clone refers to the copy of the thread that makes it. The thread keeps the copy, also when no request uses it: the value is
/// freed when every thread that used it has ended, or used another value of the same [`Slot`].
pub(crate) struct Lease<T, L = ()>(Arc<Held<T, L>>);

struct Held<T, L> {
    shared: Arc<Shared<T, L>>,
    /// The thread that made the copy.
    thread: ThreadId,
    local: L,
}

/// The address of a variable of a thread: no two threads that run at the same time have the same one.
#[derive(Clone, Copy, PartialEq, Eq)]
struct ThreadId(usize);

impl ThreadId {
    /// `None` while the thread ends.
    #[inline]
    fn current() -> Option<Self> {
        thread_local! {
            static OWN: u8 = const { 0 };
        }
        OWN.try_with(|own| Self(std::ptr::from_ref(own).addr())).ok()
    }
}

struct Shared<T, L> {
    value: T,
    slot: Slot,
    copy: fn(&T) -> L,
}

/// What the values that replace each other have in common: a thread keeps a reference to only one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slot(usize);

impl Slot {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }

    fn place(self) -> usize {
        self.0 % PLACES
    }
}

/// What a thread has a reference to.
type Place = Option<(Slot, Arc<dyn Any + Send + Sync>)>;

thread_local! {
    static HELD: RefCell<Vec<Place>> = const { RefCell::new(Vec::new()) };
    static CONFLICTS: Cell<u32> = const { Cell::new(0) };
}

impl<T, L> Lease<T, L> {
    /// Shares a value. `copy` makes the copy of each thread.
    pub(crate) fn new(value: T, slot: Slot, copy: fn(&T) -> L) -> Self {
        let local = copy(&value);
        let shared = Arc::new(Shared { value, slot, copy });
        // All threads refer to this copy until they have their own, so it is the one of no thread.
        Self(Arc::new(Held { shared, thread: ThreadId(0), local }))
    }

    /// The value.
    pub(crate) fn shared(&self) -> &T {
        &self.0.shared.value
    }

    /// The copy of the thread that made this reference.
    #[inline]
    pub(crate) fn local(&self) -> &L {
        &self.0.local
    }

    /// Whether this is the only reference in all threads, those that the threads keep included.
    pub(crate) fn is_only(&self) -> bool {
        Arc::strong_count(&self.0) == 1 && Arc::strong_count(&self.0.shared) == 1
    }
}

impl<T, L> Clone for Lease<T, L>
where
    T: Send + Sync + 'static,
    L: Send + Sync + 'static,
{
    #[inline]
    fn clone(&self) -> Self {
        Self(of_this_thread(&self.0))
    }
}

/// A [`Lease`] that can be replaced by another one.
pub(crate) struct LeaseCell<T, L>(ArcSwap<Held<T, L>>);

impl<T, L> LeaseCell<T, L>
where
    T: Send + Sync + 'static,
    L: Send + Sync + 'static,
{
    pub(crate) fn new(lease: Lease<T, L>) -> Self {
        Self(ArcSwap::new(lease.0))
    }

    /// The current reference of this thread.
    #[inline]
    pub(crate) fn current(&self) -> Lease<T, L> {
        Lease(of_this_thread(&self.0.load()))
    }

    /// Replaces the value, and returns the old one.
    pub(crate) fn replace(&self, lease: Lease<T, L>) -> Lease<T, L> {
        Lease(self.0.swap(lease.0))
    }
}

impl<T, L> LeaseCell<T, L> {
    /// Looks at the current value, and keeps no reference.
    pub(crate) fn peek(&self) -> impl Deref<Target = T> {
        Peek(self.0.load())
    }
}

struct Peek<T, L>(Guard<Arc<Held<T, L>>>);

impl<T, L> Deref for Peek<T, L> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0.shared.value
    }
}

/// This thread's reference to the value. It is made if there is none yet.
#[inline]
fn of_this_thread<T, L>(held: &Arc<Held<T, L>>) -> Arc<Held<T, L>>
where
    T: Send + Sync + 'static,
    L: Send + Sync + 'static,
{
    // Most requests are served by a thread that has cloned what it serves with before.
    if Some(held.thread) == ThreadId::current() {
        return Arc::clone(held);
    }
    let found = HELD.try_with(|places| {
        let places = places.try_borrow().ok()?;
        let (slot, own) = places.get(held.shared.slot.place())?.as_ref()?;
        if *slot != held.shared.slot {
            return None;
        }
        let own = Arc::clone(own).downcast::<Held<T, L>>().ok()?;
        Arc::ptr_eq(&own.shared, &held.shared).then_some(own)
    });
    match found {
        Ok(Some(own)) => own,
        _ => keep(held),
    }
}

/// Makes and keeps a reference of this thread.
#[cold]
fn keep<T, L>(held: &Arc<Held<T, L>>) -> Arc<Held<T, L>>
where
    T: Send + Sync + 'static,
    L: Send + Sync + 'static,
{
    let slot = held.shared.slot;
    let replaced = HELD.try_with(|places| {
        let mut places = places.try_borrow_mut().ok()?;
        if places.is_empty() {
            places.resize_with(PLACES, || None);
        }
        let place = places.get_mut(slot.place())?;
        // Two values that are both in use would be copied for every request.
        if place.as_ref().is_some_and(|(other, _)| *other != slot) && !is_patience_over() {
            return None;
        }
        let shared = Arc::clone(&held.shared);
        let thread = ThreadId::current()?;
        let own = Arc::new(Held { local: (shared.copy)(&shared.value), shared, thread });
        let kept: Arc<dyn Any + Send + Sync> = Arc::<Held<T, L>>::clone(&own);
        Some((own, place.replace((slot, kept))))
    });
    match replaced {
        // The old one is dropped here, after the places are free: dropping it may run code of the application.
        Ok(Some((own, _old))) => own,
        // The thread ends, or the place is taken: this reference is counted like that of an `Arc`.
        _ => Arc::clone(held),
    }
}

fn is_patience_over() -> bool {
    CONFLICTS.with(|conflicts| {
        let count = conflicts.get() + 1;
        conflicts.set(count % PATIENCE);
        count == PATIENCE
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Weak;
    use std::thread;

    use super::*;

    fn lease(value: u32) -> Lease<u32, String> {
        Lease::new(value, Slot::new(), u32::to_string)
    }

    fn on_another_thread<R: Send>(work: impl FnOnce() -> R + Send) -> R {
        thread::scope(|scope| scope.spawn(work).join().unwrap())
    }

    fn address<T, L>(lease: &Lease<T, L>) -> usize {
        Arc::as_ptr(&lease.0).addr()
    }

    #[test]
    fn each_thread_counts_and_copies_on_its_own() {
        let lease = lease(7);
        let (here, again) = (lease.clone(), lease.clone().clone());
        let (there, text) = on_another_thread(|| {
            let clones = [lease.clone(), here.clone()];
            assert_eq!(address(&clones[0]), address(&clones[1]));
            // What this thread cloned is counted in its own memory: the root, and one for each thread.
            assert_eq!(Arc::strong_count(&lease.0), 1);
            assert_eq!(Arc::strong_count(&lease.0.shared), 3);
            (address(&clones[0]), clones[0].local().as_ptr().addr())
        });
        assert_eq!(address(&here), address(&again));
        assert_ne!(address(&here), there);
        assert_ne!(here.local().as_ptr().addr(), text);
        assert_eq!((here.local().as_str(), *here.shared()), ("7", 7));
    }

    #[test]
    fn many_clones_change_no_count_of_other_threads() {
        let lease = lease(7);
        let counts =
            |lease: &Lease<u32, String>| (Arc::strong_count(&lease.0), Arc::strong_count(&lease.0.shared));
        let here = lease.clone();
        on_another_thread(|| {
            let before = (counts(&lease), counts(&here));
            let _first = lease.clone();
            let kept = ((before.0.0, before.0.1 + 1), (before.1.0, before.1.1 + 1));
            assert_eq!((counts(&lease), counts(&here)), kept);
            let clones: Vec<_> = (0..100).map(|_| here.clone()).collect();
            assert_eq!((counts(&lease), counts(&here)), kept);
            drop(clones);
        });
    }

    #[test]
    fn a_value_is_freed_when_the_threads_that_used_it_have_ended() {
        let value = Arc::new(());
        let weak: Weak<()> = Arc::downgrade(&value);
        on_another_thread(|| {
            let lease: Lease<Arc<()>> = Lease::new(value, Slot::new(), |_| ());
            drop(lease.clone());
            drop(lease);
            // This thread may use it again.
            assert!(weak.upgrade().is_some());
        });
        assert!(weak.upgrade().is_none());
    }

    #[test]
    fn a_replaced_value_is_used_no_more_once_every_thread_has_seen_the_next() {
        let slot = Slot::new();
        let cell = LeaseCell::new(Lease::new(1, slot, u32::to_string));
        assert_eq!(cell.current().local(), "1");
        let old = cell.replace(Lease::new(2, slot, u32::to_string));
        assert!(!old.is_only());
        assert_eq!(cell.current().local(), "2");
        assert!(old.is_only());
        assert_eq!((old.local().as_str(), *old.shared()), ("1", 1));
    }

    #[test]
    fn two_values_in_one_place_are_both_found() {
        on_another_thread(|| {
            let slot = Slot::new();
            let one = Lease::new(1, slot, u32::to_string);
            let other = Lease::new(2, Slot(slot.0 + PLACES), u32::to_string);
            for _ in 0..100 {
                assert_eq!((one.clone().local().as_str(), other.clone().local().as_str()), ("1", "2"));
            }
            // The one without the place is not copied each time.
            let addresses: std::collections::BTreeSet<_> =
                (0..100).map(|_| address(&other.clone())).collect();
            assert!(addresses.len() < 10, "{addresses:?}");
        });
    }

    #[test]
    fn a_value_whose_drop_uses_another_one_can_be_replaced() {
        struct Nested(Lease<u32, String>);

        impl Drop for Nested {
            fn drop(&mut self) {
                assert_eq!(self.0.clone().local(), "7");
            }
        }

        on_another_thread(|| {
            let slot = Slot::new();
            let cell = LeaseCell::new(Lease::new(Nested(lease(7)), slot, |_| ()));
            drop(cell.current());
            drop(cell.replace(Lease::new(Nested(lease(7)), slot, |_| ())));
            drop(cell.current());
        });
    }
}
