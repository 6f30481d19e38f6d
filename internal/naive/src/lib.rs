//! A naive second implementation of the semantics, and random policies and requests to compare it with `cors-core`.
//!
//! [`NaivePolicy`] and [`NaiveGuard`] share no code with `cors-core`. The generators make the same policy for both, and
//! [`compare`](mod@compare) asks both. `cors-core/tests/agreement` does so in each run of the tests; the program `twins` of this crate
//! does so as often as it is told to.

pub mod compare;
pub mod files;
mod guards;
mod naive;
mod policies;
mod requests;

pub use self::guards::{guard_builder, guarded_requests, guards};
pub use self::naive::{Answer, BAD_ORIGINS, NaiveGuard, NaivePolicy, is_entry, is_origin};
pub use self::policies::{builder, faulty_policies, policies};
pub use self::requests::{requests, response_headers};
