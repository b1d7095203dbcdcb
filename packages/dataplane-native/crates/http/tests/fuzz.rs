//! What strangers send must not break the parser.

#[path = "../../../fuzz/mutate.rs"]
mod mutate;

#[test]
fn no_message_breaks_the_parsers() {
    mutate::run("http", 50_000, http::fuzz_parse);
}

#[test]
fn no_frames_break_a_session() {
    mutate::run("http2", 50_000, http::h2::fuzz_session);
}
