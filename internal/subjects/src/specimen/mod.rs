//! The specimen application in each framework.

pub mod actix;
pub mod axum;
pub mod poem;
pub mod rocket;
pub mod warp;

pub(crate) use cors_conformance::specimen::*;
