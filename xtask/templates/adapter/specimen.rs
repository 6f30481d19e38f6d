//! The specimen as a {{name}} application, without any CORS.
//!
//! It is empty: every route of [`route`](super::route) is to be written with the framework's own means, and to answer as
//! the other specimens do; all but the framework's own parts is in [`specimen`](super).
