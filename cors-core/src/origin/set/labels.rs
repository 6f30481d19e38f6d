//! Patterns with a `*` as a part of the leftmost label.

use std::borrow::Cow;

use super::Added;
use super::ports::Ports;
use crate::origin::PatternPort;
use crate::origin::host::{self, LONGEST_LABEL, LONGEST_NAME};
use crate::table::{Full, Inserted, TextTable};

#[derive(Clone, Default)]
pub(super) struct PartialLabels {
    https: Domains,
    http: Domains,
}

impl PartialLabels {
    pub(super) fn add(
        &mut self,
        scheme: &str,
        label: &str,
        domain: &str,
        port: PatternPort,
    ) -> Result<Added, Full> {
        let domains = if scheme == "https" { &mut self.https } else { &mut self.http };
        let entry = match domains.names.insert(domain)? {
            Inserted::New(entry) => {
                domains.labels.push(Labels::default());
                entry
            }
            Inserted::Known(entry) => entry,
        };
        domains.labels[entry].add(label, port)
    }

    pub(super) fn contains(&self, scheme: &str, host: &str, port: PatternPort) -> bool {
        let Some((label, domain)) = host.split_once('.') else {
            return false;
        };
        host.len() <= LONGEST_NAME
            && self.find(scheme, domain).is_some_and(|labels| {
                label.len() <= LONGEST_LABEL
                    && host::are_labels(label.as_bytes())
                    && labels.find(label, |ports, _| ports.cover(port))
            })
    }

    /// Whether a pattern covers this host, or another pattern covers this pattern: then the label contains a `*`.
    pub(super) fn cover(&self, scheme: &str, label: &str, domain: &str, port: PatternPort) -> bool {
        self.find(scheme, domain).is_some_and(|labels| {
            labels.find(label, |ports, is_same| {
                if is_same { port != PatternPort::Any && ports.any } else { ports.cover(port) }
            })
        })
    }

    /// The patterns as a policy writes them.
    pub(super) fn iter(&self) -> impl Iterator<Item = Cow<'_, str>> {
        let patterns = |scheme: &'static str, domains: &Domains| -> Vec<Cow<'static, str>> {
            domains.iter().map(|pattern| format!("{scheme}://{pattern}").into()).collect()
        };
        patterns("https", &self.https).into_iter().chain(patterns("http", &self.http))
    }

    fn find(&self, scheme: &str, domain: &str) -> Option<&Labels> {
        let domains = match scheme {
            "https" => &self.https,
            "http" => &self.http,
            _ => return None,
        };
        domains.names.find(domain.as_bytes()).map(|entry| &domains.labels[entry])
    }
}

/// The patterns with one scheme, by the domain after the label.
#[derive(Clone, Default)]
struct Domains {
    names: TextTable,
    /// By the entry in `names`.
    labels: Vec<Labels>,
}

impl Domains {
    /// The patterns without the scheme.
    fn iter(&self) -> impl Iterator<Item = String> {
        self.names.iter().zip(&self.labels).flat_map(|(domain, labels)| {
            let entries = labels.texts.iter().zip(&labels.ports);
            entries.flat_map(move |(label, ports)| {
                ports.iter().map(move |port| format!("{label}.{domain}{port}"))
            })
        })
    }
}

/// The labels of one domain.
///
/// A look-up tries each pair of lengths before and after the `*` that occurs. There are fewer than 2,000 such pairs,
/// however many labels there are, and in practice a few.
#[derive(Clone, Default)]
struct Labels {
    /// The labels with their `*`.
    texts: TextTable,
    /// By the entry in `texts`.
    ports: Vec<Ports>,
    /// The lengths before and after the `*` that occur, sorted.
    lengths: Vec<(u8, u8)>,
}

impl Labels {
    fn add(&mut self, label: &str, port: PatternPort) -> Result<Added, Full> {
        let entry = match self.texts.insert(label)? {
            Inserted::New(entry) => {
                self.ports.push(Ports::default());
                self.add_lengths(label);
                entry
            }
            Inserted::Known(entry) => entry,
        };
        Ok(self.ports[entry].add(port))
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

    /// Whether `is_wanted` is true for a pattern that matches `label`: for its ports, and whether it is the label itself.
    fn find(&self, label: &str, is_wanted: impl Fn(&Ports, bool) -> bool) -> bool {
        let label = label.as_bytes();
        let mut pattern = [0; LONGEST_LABEL];
        self.lengths.iter().any(|&(before, after)| {
            let (before, after) = (usize::from(before), usize::from(after));
            let length = before + 1 + after;
            // The `*` stands for at least one character.
            if length > label.len() || length > pattern.len() {
                return false;
            }
            pattern[..before].copy_from_slice(&label[..before]);
            pattern[before] = b'*';
            pattern[before + 1..length].copy_from_slice(&label[label.len() - after..]);
            let pattern = &pattern[..length];
            self.texts.find_if(pattern, |entry| is_wanted(&self.ports[entry], pattern == label)).is_some()
        })
    }
}
