//! Origins: the ASCII serialization that a browser sends, the patterns that a policy lists, and the set of them.

mod host;
mod pattern;
mod serialization;
mod set;

pub(crate) use pattern::{OriginPattern, PatternPort};
pub(crate) use serialization::is_serialized_origin;
pub(crate) use set::{Added, OriginSet};

/// The port that a scheme has when none is written (URL standard, "default port"); an origin never writes it out.
fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" | "ws" => Some(80),
        "https" | "wss" => Some(443),
        "ftp" => Some(21),
        _ => None,
    }
}
