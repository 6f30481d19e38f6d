//! Tests of the core with several threads: `tests/`.
//!
//! They run the code that applications run, with the `arc-swap`, the cache and the locks that it has there.
