//! The specimen application in each framework.

pub mod actix;
pub mod axum;
pub mod ntex;
pub mod poem;
pub mod rocket;
pub mod salvo;
pub mod warp;

pub(crate) use cors_conformance::specimen::*;
