#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| filter::fuzz::quota(bytes));
