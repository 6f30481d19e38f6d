//! The middleware around single services and axum routers, and over the wire.

mod router;
mod routing;
mod service;
mod serving;
mod support;
