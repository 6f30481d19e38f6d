//! cors-axum
