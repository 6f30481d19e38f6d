//! The bodies of the fuzz targets, each a function of any bytes that panics if a property does not hold.
//!
//! `fuzz/` runs them with libFuzzer. The test of this crate replays the corpora in `fuzz/corpus`, with any compiler.

#![expect(clippy::unwrap_used, reason = "a panic is how a target reports that a property does not hold")]

mod browser;
mod policy;
mod requests;

use futures_util::FutureExt;

pub use self::browser::{response, set_cookie};
pub use self::policy::{origin, origin_pattern, policy_file};
pub use self::requests::{request, request_headers};

/// A target: its name, which is also that of its corpus, and its body.
pub type Target = (&'static str, fn(&[u8]));

/// All targets.
pub const TARGETS: &[Target] = &[
    ("origin", origin),
    ("origin_pattern", origin_pattern),
    ("policy_file", policy_file),
    ("request", request),
    ("request_headers", request_headers),
    ("response", response),
    ("set_cookie", set_cookie),
];

/// Returns what a future resolves to. Nothing in the targets waits.
fn finish<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().unwrap()
}
