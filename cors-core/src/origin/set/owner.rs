//! The owner of an entry: the table of a policy that lists it.

use crate::table::{Full, Inserted, TextTable};

/// Who lists an entry. Smaller owners come first: if several have an entry that contains an origin, the first one decides.
pub(crate) trait Owner: Copy + Ord {
    /// The first of the owners that were found.
    fn first(found: impl Iterator<Item = Self>) -> Option<Self>;

    /// The first of two owners. The second one is only looked for if it can come first.
    fn first_of(found: Option<Self>, other: impl FnOnce() -> Option<Self>) -> Option<Self>;

    /// The owner of an entry that exists.
    fn at(owners: &[Self], entry: usize) -> Option<Self>;
}

/// There is only one owner, so a search ends at the first entry that it finds.
impl Owner for () {
    fn first(mut found: impl Iterator<Item = Self>) -> Option<Self> {
        found.next()
    }

    fn first_of(found: Option<Self>, other: impl FnOnce() -> Option<Self>) -> Option<Self> {
        found.or_else(other)
    }

    fn at(_: &[Self], _: usize) -> Option<Self> {
        Some(())
    }
}

/// Owners are numbered.
impl Owner for u32 {
    fn first(found: impl Iterator<Item = Self>) -> Option<Self> {
        found.min()
    }

    fn first_of(found: Option<Self>, other: impl FnOnce() -> Option<Self>) -> Option<Self> {
        match (found, other()) {
            (Some(found), Some(other)) => Some(found.min(other)),
            (found, other) => found.or(other),
        }
    }

    fn at(owners: &[Self], entry: usize) -> Option<Self> {
        owners.get(entry).copied()
    }
}

/// Whether an entry was added.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Added<O> {
    New,
    /// This owner has the same entry.
    Twice(O),
}

/// Texts, each with its owner.
#[derive(Clone)]
pub(super) struct TextMap<O> {
    texts: TextTable,
    /// By the entry in `texts`.
    owners: Vec<O>,
}

impl<O: Owner> TextMap<O> {
    /// Adds a text, unless it is there already.
    pub(super) fn insert(&mut self, text: &str, owner: O) -> Result<Added<O>, Full> {
        Ok(match self.texts.insert(text)? {
            Inserted::New(_) => {
                self.owners.push(owner);
                Added::New
            }
            Inserted::Known(entry) => Added::Twice(O::at(&self.owners, entry).unwrap_or(owner)),
        })
    }

    pub(super) fn find(&self, text: &[u8]) -> Option<O> {
        self.texts.find(text).and_then(|entry| O::at(&self.owners, entry))
    }

    /// The texts in the order of insertion.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, O)> {
        self.texts.iter().zip(self.owners.iter().copied())
    }

    pub(super) fn shrink(&mut self) {
        self.texts.shrink();
        self.owners.shrink_to_fit();
    }
}

impl<O> Default for TextMap<O> {
    fn default() -> Self {
        Self { texts: TextTable::default(), owners: Vec::new() }
    }
}
