#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| http::h2::fuzz_session(bytes));
