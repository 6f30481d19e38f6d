//! A set of short texts that is looked up by bytes, built once and never changed afterwards.
//!
//! The texts lie one after another in a single string, so that a million of them need neither a million allocations nor
//! a pointer each. The index is open addressing over the hash, at most half full.

use std::hash::{BuildHasher, Hasher, RandomState};

/// A text of the set, by the order in which it was added.
pub(crate) type Entry = usize;

#[derive(Clone)]
pub(crate) struct TextTable {
    seed: u64,
    texts: String,
    /// Where each text ends; it begins where the one before ends.
    ends: Vec<u32>,
    slots: Vec<Slot>,
    longest: usize,
}

#[derive(Clone, Copy, Default)]
struct Slot {
    /// A part of the hash, which spares nearly every comparison with another text.
    tag: u32,
    /// The entry plus one; zero where the slot is free.
    entry: u32,
}

/// The set holds as many bytes as it can count.
#[derive(Debug)]
pub(crate) struct Full;

impl TextTable {
    /// The hash of a text that is compared byte for byte.
    pub(crate) fn hash(&self, bytes: &[u8]) -> u64 {
        hash_words(self.seed, bytes, 0)
    }

    /// The hash of a text that is compared without regard to ASCII case.
    pub(crate) fn hash_ignoring_case(&self, bytes: &[u8]) -> u64 {
        // The two cases of a letter differ in this bit alone; that it joins a few other characters costs a comparison.
        hash_words(self.seed, bytes, 0x2020_2020_2020_2020)
    }

    /// Adds a text under its hash; `Ok(Err(entry))` where it is there already.
    pub(crate) fn insert(&mut self, text: &str, hash: u64) -> Result<Result<Entry, Entry>, Full> {
        if let Some(entry) = self.find(hash, |known| known == text) {
            return Ok(Err(entry));
        }
        let end = u32::try_from(self.texts.len() + text.len()).map_err(|_| Full)?;
        if (self.ends.len() + 1) * 2 > self.slots.len() {
            self.grow();
        }
        self.texts.push_str(text);
        self.ends.push(end);
        self.longest = self.longest.max(text.len());
        // There are never more entries than bytes plus one, and the bytes were counted in 32 bits above.
        let slot = Slot { tag: tag(hash), entry: self.ends.len() as u32 };
        place(&mut self.slots, hash, slot);
        Ok(Ok(self.ends.len() - 1))
    }

    /// The entry with this hash whose text `is_wanted`.
    pub(crate) fn find(&self, hash: u64, is_wanted: impl Fn(&str) -> bool) -> Option<Entry> {
        self.find_entry(hash, |entry| is_wanted(self.text(entry)))
    }

    /// The entry with this hash that `is_wanted`.
    pub(crate) fn find_entry(&self, hash: u64, is_wanted: impl Fn(Entry) -> bool) -> Option<Entry> {
        let mask = self.slots.len().checked_sub(1)?;
        let mut position = first_position(hash, mask);
        loop {
            let slot = self.slots[position];
            if slot.entry == 0 {
                return None;
            }
            let entry = slot.entry as usize - 1;
            if slot.tag == tag(hash) && is_wanted(entry) {
                return Some(entry);
            }
            position = (position + 1) & mask;
        }
    }

    pub(crate) fn text(&self, entry: Entry) -> &str {
        let start = if entry == 0 { 0 } else { self.ends[entry - 1] as usize };
        &self.texts[start..self.ends[entry] as usize]
    }

    /// The texts in the order in which they were added.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|entry| self.text(entry))
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The length of the longest text, in bytes.
    pub(crate) fn longest(&self) -> usize {
        self.longest
    }

    /// Gives back what growing reserved in advance.
    pub(crate) fn shrink(&mut self) {
        self.texts.shrink_to_fit();
        self.ends.shrink_to_fit();
    }

    fn grow(&mut self) {
        let mut slots = vec![Slot::default(); (self.slots.len() * 2).max(8)];
        for slot in self.slots.iter().filter(|slot| slot.entry != 0) {
            // The tag is the half of the hash that chooses the position, so nothing needs to be hashed again.
            place(&mut slots, u64::from(slot.tag), *slot);
        }
        self.slots = slots;
    }
}

impl Default for TextTable {
    fn default() -> Self {
        Self { seed: random_seed(), texts: String::new(), ends: Vec::new(), slots: Vec::new(), longest: 0 }
    }
}

fn tag(hash: u64) -> u32 {
    hash as u32
}

fn first_position(hash: u64, mask: usize) -> usize {
    hash as u32 as usize & mask
}

/// Puts a slot into the first free position from where its hash points to; there always is one.
fn place(slots: &mut [Slot], hash: u64, slot: Slot) {
    let mask = slots.len() - 1;
    let mut position = first_position(hash, mask);
    while slots[position].entry != 0 {
        position = (position + 1) & mask;
    }
    slots[position] = slot;
}

/// A number that nobody can foresee. A policy may list the origins of strangers, say the customers of a shop, and none of them
/// must be able to choose names that all fall into one place.
pub(crate) fn random_seed() -> u64 {
    RandomState::new().build_hasher().finish()
}

const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;

fn hash_words(seed: u64, bytes: &[u8], fold: u64) -> u64 {
    let mut state = seed ^ (bytes.len() as u64).wrapping_mul(MULTIPLIER);
    let (words, rest) = bytes.as_chunks::<8>();
    for word in words {
        state = mix(state ^ (u64::from_le_bytes(*word) | fold));
    }
    if !rest.is_empty() {
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        state = mix(state ^ (u64::from_le_bytes(last) | fold));
    }
    state
}

/// Spreads every bit of a word over all others.
pub(crate) fn mix(word: u64) -> u64 {
    let product = ((word ^ MULTIPLIER) as u128).wrapping_mul(0xd6e8_feb8_6659_fd93_u128);
    (product >> 64) as u64 ^ product as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_added_and_nothing_else() {
        let mut table = TextTable::default();
        let texts: Vec<_> = (0..1000).map(|number| format!("https://{number}.example")).collect();
        for (entry, text) in texts.iter().enumerate() {
            assert_eq!(table.insert(text, table.hash(text.as_bytes())).unwrap(), Ok(entry));
        }
        for (entry, text) in texts.iter().enumerate() {
            assert_eq!(
                table.insert(text, table.hash(text.as_bytes())).unwrap(),
                Err(entry),
                "{text} is there"
            );
            assert_eq!(table.text(entry), text);
        }
        assert_eq!(table.len(), 1000);
        assert_eq!(
            table.find(table.hash(b"https://1000.example"), |text| text == "https://1000.example"),
            None
        );
        assert_eq!(table.iter().collect::<Vec<_>>(), texts);
    }

    #[test]
    fn an_empty_table_holds_nothing() {
        let table = TextTable::default();
        assert_eq!(table.find(table.hash(b""), str::is_empty), None);
    }

    #[test]
    fn texts_with_one_hash_are_told_apart() {
        let mut table = TextTable::default();
        assert_eq!(table.insert("a", 7).unwrap(), Ok(0));
        assert_eq!(table.insert("b", 7).unwrap(), Ok(1));
        assert_eq!(table.find(7, |text| text == "b"), Some(1));
        assert_eq!(table.find(7, |text| text == "c"), None);
    }

    #[test]
    fn the_hash_that_ignores_case_ignores_only_case() {
        let table = TextTable::default();
        assert_eq!(table.hash_ignoring_case(b"X-Request-Id"), table.hash_ignoring_case(b"x-request-id"));
        assert_ne!(table.hash_ignoring_case(b"x-request-id"), table.hash_ignoring_case(b"x-request-ie"));
        assert_ne!(table.hash(b"X-Request-Id"), table.hash(b"x-request-id"));
    }

    #[test]
    fn every_table_has_hashes_of_its_own() {
        let hashes = [TextTable::default(), TextTable::default()].map(|table| table.hash(b"x-request-id"));
        assert_ne!(hashes[0], hashes[1]);
    }

    #[test]
    fn a_copy_finds_what_was_added() {
        let mut table = TextTable::default();
        table.insert("a", table.hash(b"a")).unwrap().unwrap();
        let copy = table.clone();
        assert_eq!(copy.find(copy.hash(b"a"), |text| text == "a"), Some(0));
    }
}
