//! Real browsers as user agents of the suite, and their agreement with the browser model.

pub mod agreement;
pub mod real;
