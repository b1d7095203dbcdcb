//! Application protocols, tolerantly.

/// Whether the server can agree on one of its protocols with a client's offer.
///
/// Where it cannot, it must not negotiate at all: RFC 7301 section 3.2 has it abort the handshake, but Istio's clients offer
/// only `istio` to say that they are in the mesh, and servers answer them without a protocol.
pub(crate) fn overlaps<'a>(configured: &[Vec<u8>], mut offered: impl Iterator<Item = &'a [u8]>) -> bool {
    offered.any(|protocol| configured.iter().any(|own| own == protocol))
}

#[cfg(test)]
mod tests {
    use super::overlaps;

    #[test]
    fn one_common_protocol_is_enough() {
        let configured = [b"h2".to_vec(), b"http/1.1".to_vec()];
        assert!(overlaps(&configured, [b"istio".as_slice(), b"http/1.1"].into_iter()));
        assert!(!overlaps(&configured, [b"istio".as_slice()].into_iter()));
        assert!(!overlaps(&configured, std::iter::empty()));
    }
}
