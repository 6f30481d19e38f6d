//! A CORS policy that is safe once it exists, and the decision that follows from it.

mod header;
mod traits;

pub use header::{RequestHeader, ResponseHeader};
pub use traits::{RequestHead, ResponseHead};

/// Policy.
#[derive(Clone)]
pub struct Policy;
