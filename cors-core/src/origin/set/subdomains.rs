//! Patterns for all subdomains of a domain.

use std::borrow::Cow;
use std::iter;

use super::ports::{AllPorts, Ports};
use super::{Added, Owner};
use crate::origin::host::{self, LONGEST_NAME};
use crate::origin::{HostPattern, OriginPattern, PatternPort};
use crate::table::{Full, Inserted, TextTable};

#[derive(Clone)]
pub(super) struct Subdomains<O> {
    https: Domains<O>,
    http: Domains<O>,
}

impl<O: Owner> Subdomains<O> {
    pub(super) fn add(
        &mut self,
        scheme: &str,
        domain: &str,
        port: PatternPort,
        owner: O,
    ) -> Result<Added<O>, Full> {
        let domains = if scheme == "https" { &mut self.https } else { &mut self.http };
        domains.add(domain, port, owner)
    }

    /// The first owner of a pattern that contains this host.
    pub(super) fn find(&self, scheme: &str, host: &str, port: PatternPort) -> Option<O> {
        self.of_scheme(scheme).and_then(|domains| domains.find(host, port))
    }

    /// The first owner of another pattern that contains everything that `pattern` contains.
    pub(super) fn covering(&self, pattern: &OriginPattern<'_>) -> Option<O> {
        let domains = self.of_scheme(pattern.scheme)?;
        let port = pattern.port;
        let above = |host: &str| O::first(domains.above(host, port).map(|(_, owner)| owner));
        match pattern.host {
            HostPattern::Exact(host) => above(host),
            HostPattern::PartialLabel { label, domain } => above(&format!("{label}.{domain}")),
            HostPattern::Subdomains(domain) => {
                // `*.a.example:*` covers `*.a.example:8443`.
                let with_any_port = || {
                    let entry = domains.names.find(domain.as_bytes()).filter(|_| port != PatternPort::Any);
                    entry.and_then(|entry| domains.ports[entry].any)
                };
                O::first(above(domain).into_iter().chain(with_any_port()))
            }
            HostPattern::Any => None,
        }
    }

    /// The patterns as a policy writes them.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Cow<'_, str>, O)> {
        let patterns = |scheme: &'static str, domains: &Domains<O>| -> Vec<(Cow<'static, str>, O)> {
            domains.iter().map(|(pattern, owner)| (format!("{scheme}://{pattern}").into(), owner)).collect()
        };
        patterns("https", &self.https).into_iter().chain(patterns("http", &self.http))
    }

    /// Other schemes have no hosts of the DNS, so no patterns.
    fn of_scheme(&self, scheme: &str) -> Option<&Domains<O>> {
        match scheme {
            "https" => Some(&self.https),
            "http" => Some(&self.http),
            _ => None,
        }
    }
}

impl<O> Default for Subdomains<O> {
    fn default() -> Self {
        Self { https: Domains::default(), http: Domains::default() }
    }
}

/// The domains of the patterns with one scheme.
#[derive(Clone)]
struct Domains<O> {
    names: TextTable,
    /// The ports of each domain, by its entry in `names`.
    ports: Vec<Ports<O>>,
    /// The ports of all domains together, so that most other ports need no look-up.
    all_ports: AllPorts,
    /// One bit for each length that a domain has, so that most ends of a host need no look-up.
    lengths: [u64; 4],
}

impl<O: Owner> Domains<O> {
    fn add(&mut self, domain: &str, port: PatternPort, owner: O) -> Result<Added<O>, Full> {
        let entry = match self.names.insert(domain)? {
            Inserted::New(entry) => {
                self.ports.push(Ports::default());
                self.lengths[domain.len() / 64 % 4] |= 1 << (domain.len() % 64);
                entry
            }
            Inserted::Known(entry) => entry,
        };
        self.all_ports.add(port);
        Ok(self.ports[entry].add(port, owner))
    }

    fn find(&self, host: &str, port: PatternPort) -> Option<O> {
        let mut above = self.above(host, port);
        // The other domains found are longer and valid, so the labels before all of them are valid if these are.
        let (domain, owner) = above.next()?;
        let labels = &host[..host.len() - domain.len() - ".".len()];
        let is_name = host.len() <= LONGEST_NAME && host::are_labels(labels.as_bytes());
        is_name.then(|| O::first(iter::once(owner).chain(above.map(|(_, owner)| owner))))?
    }

    /// The domains above `host` with this port, shortest first.
    fn above<'a>(&self, host: &'a str, port: PatternPort) -> impl Iterator<Item = (&'a str, O)> {
        let host = if self.all_ports.may_cover(port) { host } else { "" };
        let dots = host.bytes().enumerate().rev().filter(|&(_, byte)| byte == b'.');
        dots.map(|(dot, _)| &host[dot + 1..])
            .take_while(|domain| domain.len() <= self.names.longest())
            .filter(|domain| self.lengths[domain.len() / 64 % 4] >> (domain.len() % 64) & 1 == 1)
            .filter_map(move |domain| {
                let owner = self.names.find_map(domain.as_bytes(), |entry| self.ports[entry].find(port))?;
                Some((domain, owner))
            })
    }

    /// The patterns without the scheme.
    fn iter(&self) -> impl Iterator<Item = (String, O)> {
        let entries = self.names.iter().zip(&self.ports);
        entries.flat_map(|(domain, ports)| {
            ports.iter().map(move |(port, owner)| (format!("*.{domain}{port}"), owner))
        })
    }
}

impl<O> Default for Domains<O> {
    fn default() -> Self {
        Self {
            names: TextTable::default(),
            ports: Vec::new(),
            all_ports: AllPorts::default(),
            lengths: [0; 4],
        }
    }
}
