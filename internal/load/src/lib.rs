//! A load test of all adapters: every response is compared with the policies that were in force while it was made.
//!
//! The server runs in a process of its own, so that its memory and its file descriptors are its own. While clients send plain,
//! allowed, denied, hostile and malformed requests, its policies are replaced and its lookups fail. Then faults follow: handlers that
//! panic, clients that hang up, slow clients, and more connections than the server has file descriptors for.

pub mod client;
pub mod expectation;
pub mod faults;
pub mod policy;
pub mod process;
pub mod report;
pub mod request;
pub mod run;
pub mod server;

/// An error of the test itself, such as a server that does not start.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;
