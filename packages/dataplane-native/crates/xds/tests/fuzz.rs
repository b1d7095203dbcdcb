//! What strangers send must not break the parser.

#[path = "../../../fuzz/mutate.rs"]
mod mutate;

#[test]
fn no_resource_breaks_the_decoders() {
    mutate::run("xds", 5_000, xds::fuzz_decode);
}
