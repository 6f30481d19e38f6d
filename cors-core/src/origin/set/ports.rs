//! The ports of the patterns with one host.

use std::mem;

use super::Added;
use crate::origin::PatternPort;

/// The ports of one domain or label.
#[derive(Clone, Default)]
pub(super) struct Ports {
    pub(super) any: bool,
    default: bool,
    /// In ascending order.
    exact: Vec<u16>,
}

impl Ports {
    pub(super) fn add(&mut self, port: PatternPort) -> Added {
        let was_there = match port {
            PatternPort::Default => mem::replace(&mut self.default, true),
            PatternPort::Any => mem::replace(&mut self.any, true),
            PatternPort::Exact(port) => match self.exact.binary_search(&port) {
                Ok(_) => true,
                Err(position) => {
                    self.exact.insert(position, port);
                    false
                }
            },
        };
        if was_there { Added::Twice } else { Added::New }
    }

    pub(super) fn cover(&self, port: PatternPort) -> bool {
        self.any
            || match port {
                PatternPort::Default => self.default,
                PatternPort::Exact(port) => self.exact.binary_search(&port).is_ok(),
                PatternPort::Any => false,
            }
    }
}

impl Ports {
    /// The ports as a policy writes them after a host.
    pub(super) fn iter(&self) -> impl Iterator<Item = String> {
        let default = self.default.then(String::new);
        let exact = self.exact.iter().map(|port| format!(":{port}"));
        let any = self.any.then(|| ":*".to_owned());
        default.into_iter().chain(exact).chain(any)
    }
}
