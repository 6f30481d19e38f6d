//! The servers that the suite runs: the specimen application in each framework, behind this project's adapters and behind
//! other people's middleware.

pub mod registry;
pub mod specimen;
pub mod subject;
