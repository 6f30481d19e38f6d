//! One suite of CORS scenarios, run against any server by a browser model written from the Fetch standard.

pub mod browser;
pub mod network;
pub mod pattern;
pub mod policy_file;
pub mod report;
pub mod run;
pub mod scenario;
pub mod specimen;
pub mod subject;
pub mod user_agent;
pub mod verdict;
