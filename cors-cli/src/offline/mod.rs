//! Verdicts without a server: from a pasted response, or from a recorded session.
//!
//! [`parse_responses`] reads what developer tools and curl print, and [`judge`] plays a check with it. [`har`] reads HAR files.

pub mod har;
mod pasted;
mod replay;

pub use self::pasted::parse_responses;
pub use self::replay::{Judged, Missing, Recorded, judge};
