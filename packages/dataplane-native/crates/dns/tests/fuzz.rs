//! What strangers send must not break the parser.

#[path = "../../../fuzz/mutate.rs"]
mod mutate;

#[test]
fn no_message_breaks_the_server() {
    mutate::run("dns", 50_000, dns::fuzz_message);
}
