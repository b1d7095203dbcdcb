//! What strangers send must not break the parser.

#[path = "../../../fuzz/mutate.rs"]
mod mutate;

use filter::fuzz;

#[test]
fn no_encoded_body_breaks_the_decoders() {
    mutate::run("decompress", 5_000, fuzz::decompress);
}

#[test]
fn no_answer_breaks_what_reads_those_of_processing_services() {
    mutate::run("ext_proc", 10_000, fuzz::ext_proc);
}

#[test]
fn no_message_breaks_what_reads_quotas() {
    mutate::run("quota", 10_000, fuzz::quota);
}

#[test]
fn no_predicate_and_no_body_breaks_the_recorder() {
    mutate::run("tap", 10_000, fuzz::tap);
}
