//! This project's adapters and other middleware as subjects of the suite.

pub mod actix;
pub mod actix_cors;
pub mod axum;
mod origin_pattern;
pub mod poem;
pub mod poem_cors;
pub mod rocket;
pub mod rocket_cors;
pub mod tower_http;
mod version;
pub mod warp;
pub mod warp_cors;

use cors_conformance::subject::{KnownDeviation, KnownLimit, Server, StartError, Subject, SubjectKind};

pub use self::version::locked_version;
