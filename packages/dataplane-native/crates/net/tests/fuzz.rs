//! What strangers send must not break the parser.

#[path = "../../../fuzz/mutate.rs"]
mod mutate;

#[test]
fn no_first_bytes_break_the_reader_of_the_proxy_protocol() {
    mutate::run("proxy_protocol", 50_000, net::fuzz_proxy_header);
}

#[test]
fn no_first_bytes_break_detection() {
    mutate::run("detect", 50_000, net::fuzz_detect);
}
