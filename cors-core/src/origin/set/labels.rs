//! Patterns with a `*` as a part of the leftmost label.

use std::borrow::Cow;

use super::ports::Ports;
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
        let labels = self.of_domain(scheme, domain)?;
        let is_label = label.len() <= LONGEST_LABEL && host::are_labels(label.as_bytes());
        is_label.then(|| labels.find(label, |ports, _| ports.find(port)))?
    }

    /// The first owner of a pattern that contains this host, or of another pattern that contains this pattern: then the
    /// label contains a `*`.
    pub(super) fn covering(&self, scheme: &str, label: &str, domain: &str, port: PatternPort) -> Option<O> {
        self.of_domain(scheme, domain)?.find(label, |ports, is_same| {
            if is_same { ports.any.filter(|_| port != PatternPort::Any) } else { ports.find(port) }
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
    /// By the entry in `texts`.
    ports: Vec<Ports<O>>,
    /// The lengths before and after the `*` that occur, sorted.
    lengths: Vec<(u8, u8)>,
}

impl<O: Owner> Labels<O> {
    fn add(&mut self, label: &str, port: PatternPort, owner: O) -> Result<Added<O>, Full> {
        let entry = match self.texts.insert(label)? {
            Inserted::New(entry) => {
                self.ports.push(Ports::default());
                self.add_lengths(label);
                entry
            }
            Inserted::Known(entry) => entry,
        };
        Ok(self.ports[entry].add(port, owner))
    }

    fn add_lengths(&mut self, label: &str) {
        // A label has 63 bytes at most.
        let length = |text: &str| u8::try_from(text.len()).unwrap_or(u8::MAX);
        let lengths = label.split_once('*').map(|(before, after)| (length(before), length(after)));
        if let Some(lengths) = lengths {
            if let Err(position) = self.lengths.binary_search(&lengths) {
                self.lengths.insert(position, lengths);
            }
        }
    }

    /// The first owner that `owner_of` finds among the patterns that match `label`. It gets a pattern's ports, and whether
    /// the pattern is the label itself.
    fn find(&self, label: &str, owner_of: impl Fn(&Ports<O>, bool) -> Option<O>) -> Option<O> {
        let label = label.as_bytes();
        let mut pattern = [0; LONGEST_LABEL];
        O::first(self.lengths.iter().filter_map(|&(before, after)| {
            let (before, after) = (usize::from(before), usize::from(after));
            let length = before + 1 + after;
            // The `*` stands for at least one character.
            if length > label.len() || length > pattern.len() {
                return None;
            }
            pattern[..before].copy_from_slice(&label[..before]);
            pattern[before] = b'*';
            pattern[before + 1..length].copy_from_slice(&label[label.len() - after..]);
            let pattern = &pattern[..length];
            self.texts.find_map(pattern, |entry| owner_of(&self.ports[entry], pattern == label))
        }))
    }
}

impl<O> Default for Labels<O> {
    fn default() -> Self {
        Self { texts: TextTable::default(), ports: Vec::new(), lengths: Vec::new() }
    }
}
