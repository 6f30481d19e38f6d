//! Rows: small fetches with the responses that they get, and what must come of them.
//!
//! A row is a few lines of a file in `cors-browser/tests/rows`. The README there explains the format. The same rows are played by the
//! browser model (`cors-browser/tests/rows.rs`) and by real browsers (`cargo xtask agreement --rows`).

mod expectation;
mod file;
mod hosts;
mod network;
mod reply;
mod row;

pub use self::expectation::{Departure, Expectation};
pub use self::file::{RowError, load, parse};
pub use self::hosts::without_numbers;
pub use self::network::Stage;
pub use self::row::{Row, Step};

/// The folder of the row files.
pub const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../cors-browser/tests/rows");
