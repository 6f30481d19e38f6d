#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| cors_fuzz_targets::request_headers(data));
