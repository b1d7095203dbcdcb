#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tls::fuzz_certificates(bytes));
