//! The layer around a bare service, among axum's routers, and over the wire.

mod routing;
mod service;
mod serving;
mod support;
