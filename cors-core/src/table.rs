//! A set of short texts that is built once and then only read.
//!
//! The texts are stored one after another in a single string. A million of them need neither a million allocations nor a
//! million pointers.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

/// The number of a text in the order of insertion.
pub(crate) type Entry = usize;

#[derive(Clone, Default)]
pub(crate) struct TextTable {
    texts: String,
    /// Where each text ends. It starts where the previous one ends.
    ends: Vec<u32>,
    /// The entries by the hash of their text.
    index: HashTable<u32>,
    /// Seeded at random for each table. A policy can list names that its customers choose, and they must not be able to
    /// choose names with equal hashes.
    hasher: RandomState,
    longest: usize,
}

/// Whether a text was added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Inserted {
    New(Entry),
    /// The set contained it already.
    Known(Entry),
}

/// The set contains 4 GiB of text, as much as it can count.
#[derive(Debug)]
pub(crate) struct Full;

impl TextTable {
    pub(crate) fn insert(&mut self, text: &str) -> Result<Inserted, Full> {
        if let Some(entry) = self.find(text.as_bytes()) {
            return Ok(Inserted::Known(entry));
        }
        let end = u32::try_from(self.texts.len() + text.len()).map_err(|_| Full)?;
        let entry = u32::try_from(self.ends.len()).map_err(|_| Full)?;
        self.texts.push_str(text);
        self.ends.push(end);
        self.longest = self.longest.max(text.len());
        let Self { texts, ends, index, hasher, .. } = self;
        let hash = |entry: &u32| hasher.hash_one(text_at(texts, ends, *entry as usize).as_bytes());
        index.insert_unique(hash(&entry), entry, hash);
        Ok(Inserted::New(entry as usize))
    }

    pub(crate) fn find(&self, text: &[u8]) -> Option<Entry> {
        self.find_if(text, |_| true)
    }

    /// Finds a text, if `is_wanted` is true for its entry. That is checked first: it must be cheaper than comparing texts.
    pub(crate) fn find_if(&self, text: &[u8], mut is_wanted: impl FnMut(Entry) -> bool) -> Option<Entry> {
        // Many requests ask for a text that is too long or for a table that is empty, and neither needs a hash.
        if text.len() > self.longest || self.is_empty() {
            return None;
        }
        let is_found = |entry: &u32| {
            let entry = *entry as usize;
            is_wanted(entry) && self.text(entry).as_bytes() == text
        };
        self.index.find(self.hasher.hash_one(text), is_found).map(|entry| *entry as usize)
    }

    /// Finds what `value_of` returns for the entry of a text. It is called first, also for other texts: it must be cheaper than
    /// comparing texts.
    pub(crate) fn find_map<T>(&self, text: &[u8], value_of: impl Fn(Entry) -> Option<T>) -> Option<T> {
        // The last call is the one for the text that was found.
        let mut value = None;
        self.find_if(text, |entry| {
            value = value_of(entry);
            value.is_some()
        })?;
        value
    }

    pub(crate) fn text(&self, entry: Entry) -> &str {
        text_at(&self.texts, &self.ends, entry)
    }

    /// The texts in the order of insertion.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.ends.len()).map(|entry| self.text(entry))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The length of the longest text in bytes.
    pub(crate) fn longest(&self) -> usize {
        self.longest
    }

    /// Frees the memory that was reserved for more texts.
    pub(crate) fn shrink(&mut self) {
        self.texts.shrink_to_fit();
        self.ends.shrink_to_fit();
    }
}

fn text_at<'a>(texts: &'a str, ends: &[u32], entry: Entry) -> &'a str {
    let start = if entry == 0 { 0 } else { ends[entry - 1] as usize };
    &texts[start..ends[entry] as usize]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_texts_that_were_added_and_no_others() {
        let mut table = TextTable::default();
        let texts: Vec<_> = (0..1000).map(|number| format!("https://{number}.example")).collect();
        for (entry, text) in texts.iter().enumerate() {
            assert_eq!(table.insert(text).unwrap(), Inserted::New(entry));
        }
        for (entry, text) in texts.iter().enumerate() {
            assert_eq!(table.insert(text).unwrap(), Inserted::Known(entry));
            assert_eq!(table.find(text.as_bytes()), Some(entry));
            assert_eq!(table.text(entry), text);
        }
        assert_eq!(table.find(b"https://1000.example"), None);
        assert_eq!(table.find(b"https://1.example"), Some(1));
        assert_eq!(table.iter().collect::<Vec<_>>(), texts);
    }

    #[test]
    fn an_empty_table_contains_nothing() {
        assert_eq!(TextTable::default().find(b""), None);
    }

    #[test]
    fn an_empty_text_is_a_text() {
        let mut table = TextTable::default();
        assert_eq!(table.insert("").unwrap(), Inserted::New(0));
        assert_eq!((table.find(b""), table.find(b"a")), (Some(0), None));
    }

    #[test]
    fn each_table_has_its_own_seed() {
        let hashes = [TextTable::default(), TextTable::default()].map(|table| table.hasher.hash_one(b"text"));
        assert_ne!(hashes[0], hashes[1]);
    }

    #[test]
    fn a_clone_contains_the_same_texts() {
        let mut table = TextTable::default();
        table.insert("a").unwrap();
        assert_eq!(table.clone().find(b"a"), Some(0));
    }
}
