//! Patterns for all subdomains of a domain.

use std::borrow::Cow;

use super::Added;
use super::ports::Ports;
use crate::origin::host::{self, LONGEST_NAME};
use crate::origin::{HostPattern, OriginPattern, PatternPort};
use crate::table::{Full, Inserted, TextTable};

#[derive(Clone, Default)]
pub(super) struct Subdomains {
    https: Domains,
    http: Domains,
}

impl Subdomains {
    pub(super) fn add(&mut self, scheme: &str, domain: &str, port: PatternPort) -> Result<Added, Full> {
        let domains = if scheme == "https" { &mut self.https } else { &mut self.http };
        domains.add(domain, port)
    }

    pub(super) fn contains(&self, scheme: &str, host: &str, port: PatternPort) -> bool {
        self.of_scheme(scheme).is_some_and(|domains| domains.contain(host, port))
    }

    /// Whether another pattern contains everything that `pattern` contains.
    pub(super) fn covers(&self, pattern: &OriginPattern<'_>) -> bool {
        let Some(domains) = self.of_scheme(pattern.scheme) else {
            return false;
        };
        let port = pattern.port;
        match pattern.host {
            HostPattern::Exact(host) => domains.find_above(host, port).is_some(),
            HostPattern::PartialLabel { label, domain } => {
                domains.find_above(&format!("{label}.{domain}"), port).is_some()
            }
            HostPattern::Subdomains(domain) => {
                // `*.a.example:*` covers `*.a.example:8443`.
                let covers_other_port = || {
                    let ports = domains.names.find(domain.as_bytes()).map(|entry| &domains.ports[entry]);
                    port != PatternPort::Any && ports.is_some_and(|ports| ports.any)
                };
                domains.find_above(domain, port).is_some() || covers_other_port()
            }
            HostPattern::Any => false,
        }
    }

    /// The patterns as a policy writes them.
    pub(super) fn iter(&self) -> impl Iterator<Item = Cow<'_, str>> {
        let patterns = |scheme: &'static str, domains: &'_ Domains| -> Vec<Cow<'static, str>> {
            domains.iter().map(|pattern| format!("{scheme}://{pattern}").into()).collect()
        };
        patterns("https", &self.https).into_iter().chain(patterns("http", &self.http))
    }

    /// Other schemes have no hosts of the DNS, so no patterns.
    fn of_scheme(&self, scheme: &str) -> Option<&Domains> {
        match scheme {
            "https" => Some(&self.https),
            "http" => Some(&self.http),
            _ => None,
        }
    }
}

/// The domains of the patterns with one scheme.
#[derive(Clone, Default)]
struct Domains {
    names: TextTable,
    /// The ports of each domain, by its entry in `names`.
    ports: Vec<Ports>,
    /// The ports of all domains together, so that most other ports need no look-up.
    all_ports: AllPorts,
    /// One bit for each length that a domain has, so that most ends of a host need no look-up.
    lengths: [u64; 4],
}

impl Domains {
    fn add(&mut self, domain: &str, port: PatternPort) -> Result<Added, Full> {
        let entry = match self.names.insert(domain)? {
            Inserted::New(entry) => {
                self.ports.push(Ports::default());
                self.lengths[domain.len() / 64 % 4] |= 1 << (domain.len() % 64);
                entry
            }
            Inserted::Known(entry) => entry,
        };
        self.all_ports.add(port);
        Ok(self.ports[entry].add(port))
    }

    fn contain(&self, host: &str, port: PatternPort) -> bool {
        self.find_above(host, port).is_some_and(|domain| {
            let labels = &host[..host.len() - domain.len() - ".".len()];
            host.len() <= LONGEST_NAME && host::are_labels(labels.as_bytes())
        })
    }

    /// A domain above `host` with this port.
    fn find_above<'a>(&self, host: &'a str, port: PatternPort) -> Option<&'a str> {
        if !self.all_ports.may_cover(port) {
            return None;
        }
        let dots = host.bytes().enumerate().rev().filter(|&(_, byte)| byte == b'.');
        dots.map(|(dot, _)| &host[dot + 1..])
            .take_while(|domain| domain.len() <= self.names.longest())
            .filter(|domain| self.lengths[domain.len() / 64 % 4] >> (domain.len() % 64) & 1 == 1)
            .find(|domain| {
                self.names.find_if(domain.as_bytes(), |entry| self.ports[entry].cover(port)).is_some()
            })
    }

    /// The patterns without the scheme.
    fn iter(&self) -> impl Iterator<Item = String> {
        let entries = self.names.iter().zip(&self.ports);
        entries.flat_map(|(domain, ports)| ports.iter().map(move |port| format!("*.{domain}{port}")))
    }
}

/// The ports of several domains: a summary that can also say yes to a port that is not listed.
#[derive(Clone, Default)]
struct AllPorts {
    any: bool,
    default: bool,
    /// One bit for all ports whose numbers end in the same six bits.
    exact: u64,
}

impl AllPorts {
    fn add(&mut self, port: PatternPort) {
        match port {
            PatternPort::Any => self.any = true,
            PatternPort::Default => self.default = true,
            PatternPort::Exact(port) => self.exact |= 1 << (port % 64),
        }
    }

    fn may_cover(&self, port: PatternPort) -> bool {
        self.any
            || match port {
                PatternPort::Default => self.default,
                PatternPort::Exact(port) => self.exact >> (port % 64) & 1 == 1,
                PatternPort::Any => false,
            }
    }
}
