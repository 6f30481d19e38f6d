//! Patterns with a `*` as a part of the leftmost label.

use std::borrow::Cow;
use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use super::ports::{AllPorts, Ports};
use super::{Added, Owner};
use crate::origin::PatternPort;
use crate::origin::host::{self, LONGEST_LABEL, LONGEST_NAME};
use crate::table::{Full, Inserted, TextTable};

#[derive(Clone)]
pub(super) struct PartialLabels<O> {
    https: Domains<O>,
    http: Domains<O>,
}

impl<O: Owner> PartialLabels<O> {
    pub(super) fn add(
        &mut self,
        scheme: &str,
        label: &str,
        domain: &str,
        port: PatternPort,
        owner: O,
    ) -> Result<Added<O>, Full> {
        let domains = if scheme == "https" { &mut self.https } else { &mut self.http };
        let entry = match domains.names.insert(domain)? {
            Inserted::New(entry) => {
                domains.labels.push(Labels::default());
                entry
            }
            Inserted::Known(entry) => entry,
        };
        domains.labels[entry].add(label, port, owner)
    }

    /// The first owner of a pattern that contains this host.
    pub(super) fn find(&self, scheme: &str, host: &str, port: PatternPort) -> Option<O> {
        let (label, domain) = host.split_once('.')?;
        if host.len() > LONGEST_NAME {
            return None;
        }
        let labels = self.of_domain(scheme, domain).filter(|labels| labels.all_ports.may_cover(port))?;
        let is_label = label.len() <= LONGEST_LABEL && host::are_labels(label.as_bytes());
        is_label.then(|| labels.find(label, |ports, _| ports.find(port)))?
    }

    /// The first owner of a pattern that contains this host, or of another pattern that contains this pattern: then the
    /// label contains a `*`.
    pub(super) fn covering(&self, scheme: &str, label: &str, domain: &str, port: PatternPort) -> Option<O> {
        self.of_domain(scheme, domain)?.find(label, |ports, is_same| {
            if is_same() { ports.any.filter(|_| port != PatternPort::Any) } else { ports.find(port) }
        })
    }

    /// The patterns as a policy writes them.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Cow<'_, str>, O)> {
        let patterns = |scheme: &'static str, domains: &Domains<O>| -> Vec<(Cow<'static, str>, O)> {
            domains.iter().map(|(pattern, owner)| (format!("{scheme}://{pattern}").into(), owner)).collect()
        };
        patterns("https", &self.https).into_iter().chain(patterns("http", &self.http))
    }

    fn of_domain(&self, scheme: &str, domain: &str) -> Option<&Labels<O>> {
        let domains = match scheme {
            "https" => &self.https,
            "http" => &self.http,
            _ => return None,
        };
        domains.names.find(domain.as_bytes()).map(|entry| &domains.labels[entry])
    }
}

impl<O> Default for PartialLabels<O> {
    fn default() -> Self {
        Self { https: Domains::default(), http: Domains::default() }
    }
}

/// The patterns with one scheme, by the domain after the label.
#[derive(Clone)]
struct Domains<O> {
    names: TextTable,
    /// By the entry in `names`.
    labels: Vec<Labels<O>>,
}

impl<O: Owner> Domains<O> {
    /// The patterns without the scheme.
    fn iter(&self) -> impl Iterator<Item = (String, O)> {
        self.names.iter().zip(&self.labels).flat_map(|(domain, labels)| {
            let entries = labels.texts.iter().zip(&labels.ports);
            entries.flat_map(move |(label, ports)| {
                ports.iter().map(move |(port, owner)| (format!("{label}.{domain}{port}"), owner))
            })
        })
    }
}

impl<O> Default for Domains<O> {
    fn default() -> Self {
        Self { names: TextTable::default(), labels: Vec::new() }
    }
}

/// The labels of one domain.
///
/// A look-up tries each pair of lengths before and after the `*` that occurs. There are fewer than 2,000 such pairs,
/// however many labels there are, and in practice a few.
#[derive(Clone)]
struct Labels<O> {
    /// The labels with their `*`.
    texts: TextTable,
    /// The entries in `texts` by the hash of what is before and after the `*`.
    index: HashTable<u32>,
    /// By the entry in `texts`.
    ports: Vec<Ports<O>>,
    /// The lengths before and after the `*` that occur, sorted.
    lengths: Vec<(u8, u8)>,
    /// The ports of all labels together, so that most other ports need no look-up.
    all_ports: AllPorts,
    keys: Keys,
}

impl<O: Owner> Labels<O> {
    fn add(&mut self, label: &str, port: PatternPort, owner: O) -> Result<Added<O>, Full> {
        let entry = match self.texts.insert(label)? {
            Inserted::New(entry) => {
                self.ports.push(Ports::default());
                self.index(label, u32::try_from(entry).map_err(|_| Full)?);
                entry
            }
            Inserted::Known(entry) => entry,
        };
        self.all_ports.add(port);
        Ok(self.ports[entry].add(port, owner))
    }

    fn index(&mut self, label: &str, entry: u32) {
        let Some(halves) = label.split_once('*') else { return };
        // A label has 63 bytes at most.
        let length = |text: &str| u8::try_from(text.len()).unwrap_or(u8::MAX);
        let lengths = (length(halves.0), length(halves.1));
        if let Err(position) = self.lengths.binary_search(&lengths) {
            self.lengths.insert(position, lengths);
        }
        let Self { texts, index, keys, .. } = self;
        let hash = |entry: &u32| {
            let (before, after) = texts.text(*entry as usize).split_once('*').unwrap_or_default();
            keys.both(keys.of(before.bytes()), keys.of(after.bytes().rev()))
        };
        index.insert_unique(hash(&entry), entry, hash);
    }

    /// The first owner that `owner_of` finds among the patterns that match `label`. It gets a pattern's ports, and whether
    /// the pattern is the label itself.
    fn find(&self, label: &str, owner_of: impl Fn(&Ports<O>, &dyn Fn() -> bool) -> Option<O>) -> Option<O> {
        let label = label.as_bytes();
        if label.len() > LONGEST_LABEL {
            return None;
        }
        // The hashes of all starts and all ends, by their length. The ends are read backwards.
        let starts = self.keys.of_each_length(label.iter());
        let ends = self.keys.of_each_length(label.iter().rev());
        O::first(self.lengths.iter().filter_map(|&(before, after)| {
            let (before, after) = (usize::from(before), usize::from(after));
            // The `*` stands for at least one character.
            if before + 1 + after > label.len() {
                return None;
            }
            let mut owner = None;
            let (start, end) = (&label[..before], &label[label.len() - after..]);
            self.index.find(self.keys.both(starts[before], ends[after]), |&entry| {
                // Looking at the ports costs less than comparing texts.
                let text = || self.texts.text(entry as usize).as_bytes();
                owner = owner_of(&self.ports[entry as usize], &|| text() == label);
                let matches = |text: &[u8]| {
                    text.len() == before + 1 + after
                        && text.starts_with(start)
                        && text.ends_with(end)
                        && text[before] == b'*'
                };
                owner.is_some() && matches(text())
            })?;
            owner
        }))
    }
}

impl<O> Default for Labels<O> {
    fn default() -> Self {
        Self {
            texts: TextTable::default(),
            index: HashTable::new(),
            ports: Vec::new(),
            lengths: Vec::new(),
            all_ports: AllPorts::default(),
            keys: Keys::default(),
        }
    }
}

/// A hash whose value for a longer text follows from that for a shorter one.
///
/// Its keys are random: a policy can list labels that its customers choose, and they must not be able to choose labels with equal
/// hashes.
#[derive(Clone)]
struct Keys {
    seed: u64,
    factor: u64,
}

impl Keys {
    fn step(&self, hash: u64, byte: u8) -> u64 {
        (hash.rotate_left(23) ^ u64::from(byte)).wrapping_mul(self.factor)
    }

    fn of(&self, text: impl Iterator<Item = u8>) -> u64 {
        text.fold(self.seed, |hash, byte| self.step(hash, byte))
    }

    /// The hashes of the first bytes of a text, by their number.
    fn of_each_length<'a>(&self, text: impl Iterator<Item = &'a u8>) -> [u64; LONGEST_LABEL + 1] {
        let mut hashes = [self.seed; LONGEST_LABEL + 1];
        let mut hash = self.seed;
        for (place, &byte) in hashes[1..].iter_mut().zip(text) {
            hash = self.step(hash, byte);
            *place = hash;
        }
        hashes
    }

    /// The hash of what is before and after the `*`.
    fn both(&self, before: u64, after: u64) -> u64 {
        let hash = (before.rotate_left(32) ^ after).wrapping_mul(self.factor);
        // The table uses the first and the last bits, and a product has its best bits at the start.
        hash ^ (hash >> 32)
    }
}

impl Default for Keys {
    fn default() -> Self {
        let random = RandomState::default();
        Self { seed: random.hash_one(0), factor: random.hash_one(1) | 1 }
    }
}
