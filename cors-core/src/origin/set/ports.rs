//! The ports of the patterns with one host.

use super::{Added, Owner};
use crate::origin::PatternPort;

/// The ports of one domain or label, each with its owner.
#[derive(Clone)]
pub(super) struct Ports<O> {
    pub(super) any: Option<O>,
    default: Option<O>,
    /// In ascending order.
    exact: Vec<(u16, O)>,
}

impl<O: Owner> Ports<O> {
    /// Adds a port, unless it is there already.
    pub(super) fn add(&mut self, port: PatternPort, owner: O) -> Added<O> {
        let place = match port {
            PatternPort::Default => &mut self.default,
            PatternPort::Any => &mut self.any,
            PatternPort::Exact(port) => {
                return match self.position(port) {
                    Ok(position) => Added::Twice(self.exact[position].1),
                    Err(position) => {
                        self.exact.insert(position, (port, owner));
                        Added::New
                    }
                };
            }
        };
        match *place {
            Some(first) => Added::Twice(first),
            None => {
                *place = Some(owner);
                Added::New
            }
        }
    }

    /// The first owner whose ports contain this one.
    pub(super) fn find(&self, port: PatternPort) -> Option<O> {
        O::first_of(self.any, || match port {
            PatternPort::Default => self.default,
            PatternPort::Exact(port) => self.position(port).ok().map(|position| self.exact[position].1),
            PatternPort::Any => None,
        })
    }

    /// The ports as a policy writes them after a host.
    pub(super) fn iter(&self) -> impl Iterator<Item = (String, O)> {
        let default = self.default.map(|owner| (String::new(), owner));
        let exact = self.exact.iter().map(|(port, owner)| (format!(":{port}"), *owner));
        let any = self.any.map(|owner| (":*".to_owned(), owner));
        default.into_iter().chain(exact).chain(any)
    }

    fn position(&self, port: u16) -> Result<usize, usize> {
        self.exact.binary_search_by_key(&port, |(port, _)| *port)
    }
}

impl<O> Default for Ports<O> {
    fn default() -> Self {
        Self { any: None, default: None, exact: Vec::new() }
    }
}

/// The ports of several hosts: a summary that can also say yes to a port that is not listed.
#[derive(Clone, Default)]
pub(super) struct AllPorts {
    any: bool,
    default: bool,
    /// One bit for all ports whose numbers end in the same six bits.
    exact: u64,
}

impl AllPorts {
    pub(super) fn add(&mut self, port: PatternPort) {
        match port {
            PatternPort::Any => self.any = true,
            PatternPort::Default => self.default = true,
            PatternPort::Exact(port) => self.exact |= 1 << (port % 64),
        }
    }

    pub(super) fn may_cover(&self, port: PatternPort) -> bool {
        self.any
            || match port {
                PatternPort::Default => self.default,
                PatternPort::Exact(port) => self.exact >> (port % 64) & 1 == 1,
                PatternPort::Any => false,
            }
    }
}
