//! Real Chromium, Firefox and WebKit as user agents of the conformance suite, and a comparison of the browser model with them.

pub mod agreement;
pub mod real;
