//! What strangers send must not break the parser.

#[path = "../../../fuzz/mutate.rs"]
mod mutate;

#[test]
fn no_certificate_breaks_its_reader() {
    mutate::run("certificates", 3_000, tls::fuzz_certificates);
}
