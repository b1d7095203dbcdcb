//! What strangers send must not break the parser.

#[path = "../../../fuzz/mutate.rs"]
mod mutate;

#[test]
fn no_cookie_and_no_header_breaks_the_reader_of_sessions() {
    mutate::run("session", 50_000, route::fuzz_session);
}
