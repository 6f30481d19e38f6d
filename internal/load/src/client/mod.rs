//! The clients: they send requests, and compare every response.

use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::expectation::{Answer, Judged, Quirks, judge};
use crate::report::Tally;
use crate::request::Asked;

pub mod http1;
pub mod http2;
pub mod malformed;
pub mod raw;

/// How long a response may take. It is long, so that a busy machine is not taken for a server that hangs.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// What the clients share: where the server is, and which of its policies can be in force.
#[derive(Debug)]
pub struct World {
    address: SocketAddr,
    quirks: Quirks,
    is_bare: bool,
    /// The newest policy that was in force before a moment, and the newest that can be.
    in_force: AtomicU64,
    replacing: AtomicU64,
    ends: AtomicBool,
}

impl World {
    /// A server at this address, whose policy 0 is in force.
    pub fn new(address: SocketAddr, quirks: Quirks) -> Self {
        Self {
            address,
            quirks,
            is_bare: false,
            in_force: AtomicU64::new(0),
            replacing: AtomicU64::new(0),
            ends: AtomicBool::new(false),
        }
    }

    /// The same server without CORS: only the statuses of its answers are compared.
    pub fn bare(self) -> Self {
        Self { is_bare: true, ..self }
    }

    /// Where the server is.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Says that policy `number` can be in force from now on.
    pub fn replacing(&self, number: u64) {
        self.replacing.store(number, Ordering::SeqCst);
    }

    /// Says that policy `number` is in force, and no older one.
    pub fn replaced(&self, number: u64) {
        self.in_force.store(number, Ordering::SeqCst);
    }

    /// The number of the newest policy that is in force.
    pub fn newest(&self) -> u64 {
        self.in_force.load(Ordering::SeqCst)
    }

    /// Tells the clients to stop.
    pub fn end(&self) {
        self.ends.store(true, Ordering::SeqCst);
    }

    /// Whether the clients have to stop.
    pub fn ends(&self) -> bool {
        self.ends.load(Ordering::SeqCst)
    }

    /// The start of a request.
    pub fn begin(&self) -> Begun {
        Begun { oldest: self.newest(), at: Instant::now() }
    }

    /// The policies that could be in force since the start of a request.
    pub fn since(&self, begun: &Begun) -> RangeInclusive<u64> {
        begun.oldest..=self.replacing.load(Ordering::SeqCst)
    }

    /// Compares a response that has just ended.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn judge(&self, asked: &Asked, begun: &Begun, answer: &Answer) -> Result<Judged, String> {
        let policies = self.since(begun);
        if self.is_bare {
            let is_answer = answer.status.as_u16() == asked.status || asked.method == "OPTIONS";
            let judged = Judged { is_allowed: false, is_limit: false, is_either: false };
            return is_answer.then_some(judged).ok_or_else(|| format!("the status is {}", answer.status));
        }
        judge(asked, answer, &policies, self.quirks)
            .map_err(|wrong| format!("{}: under the policies {policies:?}: {wrong}", shown(asked)))
    }

    /// Compares a response that has just ended, and counts it.
    pub fn count(&self, tally: &mut Tally, asked: &Asked, begun: &Begun, outcome: Result<Answer, String>) {
        let took = begun.at.elapsed();
        match outcome.and_then(|answer| self.judge(asked, begun, &answer)) {
            Ok(judged) => tally.right(asked.kind, took, judged),
            Err(wrong) => tally.wrong(asked.kind, wrong),
        }
    }
}

/// When a request started, and the policy that was in force then.
#[derive(Clone, Copy, Debug)]
pub struct Begun {
    oldest: u64,
    at: Instant,
}

/// A request as one line of a message.
pub fn shown(asked: &Asked) -> String {
    let mut text = format!("{} {}{}", asked.method, asked.host, asked.path);
    for (name, value) in &asked.headers {
        let value = String::from_utf8_lossy(value);
        let mut short: String = value.chars().take(60).collect();
        if short.len() < value.len() {
            short.push('…');
        }
        text.push_str(&format!(" [{name}: {short}]"));
    }
    text
}
