//! Certificate paths that were found to be good before.
//!
//! Half of what a handshake verifies is the path from the peer's certificate to a root, and a mesh sees the same few certificates again and again: pools
//! reconnect, endpoints restart their connections. The result depends on nothing but the certificates, the roots, what the certificate is used for and the
//! time; so it is kept with the roots, under a digest of the others, for the time in which all of the certificates are valid. That the peer has the key, its
//! names, pins and revocation are looked at in every handshake.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use rustls::pki_types::{CertificateDer, UnixTime};

use crate::{der, provider::sha256};

/// Paths in one generation; two are kept.
const MAX_PATHS: usize = 1024;

/// What a certificate is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Usage {
    Client,
    Server,
}

/// The good paths to the roots of one bundle.
#[derive(Default)]
pub(crate) struct KnownPaths(Mutex<Generations>);

#[derive(Default)]
struct Generations {
    young: HashMap<[u8; 32], Validity>,
    old: HashMap<[u8; 32], Validity>,
}

/// Seconds since 1970, both ends included.
#[derive(Clone, Copy)]
struct Validity {
    from: i64,
    to: i64,
}

impl KnownPaths {
    /// Asks `verify` unless it has said before that these certificates are good.
    pub(crate) fn verify<E>(
        &self,
        usage: Usage,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
        verify: impl FnOnce() -> Result<(), E>,
    ) -> Result<(), E> {
        let key = digest(usage, end_entity, intermediates);
        let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
        if self
            .find(&key)
            .is_some_and(|known| (known.from..=known.to).contains(&now))
        {
            return Ok(());
        }
        verify()?;
        if let Some(validity) = common_validity(end_entity, intermediates) {
            self.put(key, validity);
        }
        Ok(())
    }

    fn find(&self, key: &[u8; 32]) -> Option<Validity> {
        let mut generations = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = generations.young.get(key) {
            return Some(*known);
        }
        let known = generations.old.remove(key)?;
        generations.put(*key, known);
        Some(known)
    }

    fn put(&self, key: [u8; 32], validity: Validity) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).put(key, validity);
    }
}

impl Generations {
    fn put(&mut self, key: [u8; 32], validity: Validity) {
        if self.young.len() >= MAX_PATHS {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, validity);
    }
}

impl fmt::Debug for KnownPaths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let generations = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        write!(f, "KnownPaths({})", generations.young.len() + generations.old.len())
    }
}

/// Of certificates with their lengths, so that no two lists of them are the same bytes.
fn digest(usage: Usage, end_entity: &CertificateDer<'_>, intermediates: &[CertificateDer<'_>]) -> [u8; 32] {
    let certificates = || std::iter::once(end_entity).chain(intermediates);
    let length = certificates().map(|certificate| certificate.len() + 8).sum::<usize>() + 1;
    let mut bytes = Vec::with_capacity(length);
    bytes.push(u8::from(usage == Usage::Server));
    for certificate in certificates() {
        bytes.extend_from_slice(&(certificate.len() as u64).to_be_bytes());
        bytes.extend_from_slice(certificate);
    }
    sha256(&bytes)
}

/// When all of them are valid. Of the intermediates a path may not need each: then it is asked for once more, not believed too long.
fn common_validity(end_entity: &CertificateDer<'_>, intermediates: &[CertificateDer<'_>]) -> Option<Validity> {
    let mut common = Validity {
        from: i64::MIN,
        to: i64::MAX,
    };
    for certificate in std::iter::once(end_entity).chain(intermediates) {
        let contents = der::read_certificate(certificate)?;
        common.from = common.from.max(contents.not_before);
        common.to = common.to.min(contents.not_after);
    }
    Some(common)
}

#[cfg(test)]
mod tests {
    use std::{cell::Cell, time::Duration};

    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    use super::*;

    /// Valid from 2020 to the end of `last_year`.
    fn certificate(last_year: i32) -> CertificateDer<'static> {
        let mut params = CertificateParams::new(vec!["peer.example".to_owned()]).unwrap();
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(last_year + 1, 1, 1);
        let key = KeyPair::generate().unwrap();
        params.self_signed(&key).unwrap().der().clone()
    }

    fn in_year(year: i64) -> UnixTime {
        let seconds = crate::time::unix_seconds(year, [6, 1, 0, 0, 0]).unwrap();
        UnixTime::since_unix_epoch(Duration::from_secs(seconds.cast_unsigned()))
    }

    struct Asked {
        known: KnownPaths,
        times: Cell<u32>,
    }

    impl Asked {
        fn new() -> Self {
            Self {
                known: KnownPaths::default(),
                times: Cell::new(0),
            }
        }

        fn ask(&self, usage: Usage, chain: &[CertificateDer<'_>], year: i64, result: Result<(), ()>) -> Result<(), ()> {
            self.known.verify(usage, &chain[0], &chain[1..], in_year(year), || {
                self.times.set(self.times.get() + 1);
                result
            })
        }
    }

    #[test]
    fn a_good_path_is_verified_once() {
        let (asked, chain) = (Asked::new(), [certificate(2030), certificate(2040)]);
        for _ in 0..3 {
            assert_eq!(asked.ask(Usage::Client, &chain, 2025, Ok(())), Ok(()));
        }
        assert_eq!(asked.times.get(), 1);
    }

    #[test]
    fn a_path_that_was_refused_is_verified_again() {
        let (asked, chain) = (Asked::new(), [certificate(2030)]);
        assert_eq!(asked.ask(Usage::Client, &chain, 2025, Err(())), Err(()));
        assert_eq!(asked.ask(Usage::Client, &chain, 2025, Err(())), Err(()));
        assert_eq!(asked.times.get(), 2);
    }

    #[test]
    fn a_path_is_good_for_one_usage_and_as_presented() {
        let (asked, chain) = (Asked::new(), [certificate(2030), certificate(2030)]);
        assert_eq!(asked.ask(Usage::Client, &chain, 2025, Ok(())), Ok(()));
        assert_eq!(asked.ask(Usage::Server, &chain, 2025, Err(())), Err(()));
        assert_eq!(asked.ask(Usage::Client, &chain[..1], 2025, Err(())), Err(()));
        assert_eq!(
            asked.ask(Usage::Client, &[chain[1].clone(), chain[0].clone()], 2025, Err(())),
            Err(())
        );
        assert_eq!(asked.times.get(), 4);
    }

    #[test]
    fn the_end_of_any_of_its_certificates_ends_what_is_known_of_a_path() {
        let (asked, chain) = (Asked::new(), [certificate(2040), certificate(2030)]);
        assert_eq!(asked.ask(Usage::Client, &chain, 2030, Ok(())), Ok(()));
        assert_eq!(asked.ask(Usage::Client, &chain, 2031, Err(())), Err(()));
        assert_eq!(asked.ask(Usage::Client, &chain, 2019, Err(())), Err(()));
        assert_eq!(asked.times.get(), 3);
    }

    #[test]
    fn what_is_known_is_bounded_and_what_is_used_stays() {
        let known = KnownPaths::default();
        let validity = Validity { from: 0, to: 1 };
        let key = |number: usize| {
            let mut key = [0; 32];
            key[..8].copy_from_slice(&number.to_be_bytes());
            key
        };
        for number in 0..10 * MAX_PATHS {
            known.put(key(number), validity);
            assert!(known.find(&key(0)).is_some());
        }
        let generations = known.0.lock().unwrap();
        assert!(generations.young.len() + generations.old.len() <= 2 * MAX_PATHS);
    }
}
