//! The specimen application as a {{name}} server.
//!
//! Write the routes that the documentation of [`cors_conformance::specimen`] lists with {{name}}'s own means. That module has what the
//! specimens of all frameworks share.

use {{crate_module}}::Cors;
use cors_conformance::subject::{Server, StartError};

/// Starts the application behind the adapter on a free port of 127.0.0.1, with HTTP/1.1 and HTTP/2 (prior knowledge).
///
/// `Server::from_task` returns the server.
pub async fn start(_cors: Cors) -> Result<Server, StartError> {
    Err(StartError::Failed("tests/conformance/specimen.rs starts no server yet".to_owned()))
}
