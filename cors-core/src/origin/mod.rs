//! Origins: the form in which browsers send them, the patterns that a policy lists, and sets of these patterns. Hosts of requests
//! are compared with the same patterns.

mod authority;
mod host;
mod parsed;
mod pattern;
mod serialization;
mod set;

pub use authority::host_text;
pub(crate) use authority::{HostSet, is_origin_of};
pub use parsed::Origin;
pub(crate) use pattern::{
    HostPattern, OriginFault, OriginPattern, PatternPort, intended_scheme, origin_of_url,
};
pub(crate) use serialization::{FILE, is_serialized_origin};
pub(crate) use set::{Added, OriginMap, OriginSet, Owner};

/// The default port of a scheme (URL standard, "default port"). Browsers never write it in an origin.
fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" | "ws" => Some(80),
        "https" | "wss" => Some(443),
        "ftp" => Some(21),
        _ => None,
    }
}
