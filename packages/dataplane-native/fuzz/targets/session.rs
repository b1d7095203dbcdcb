#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| route::fuzz_session(bytes));
