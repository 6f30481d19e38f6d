//! The servers that the suite runs in this repository: the specimen application in each framework, behind this project's
//! adapters and behind other middleware.

pub mod registry;
pub mod specimen;
pub mod subject;
