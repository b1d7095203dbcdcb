//! Keys that rustls and the stream share.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

use ring::aead::{self, Aad, LessSafeKey, UnboundKey};
use rustls::crypto::cipher::{
    AeadKey, InboundOpaqueMessage, InboundPlainMessage, Iv, MessageDecrypter, MessageEncrypter, Nonce,
    OutboundOpaqueMessage, OutboundPlainMessage, PrefixedPayload, Tls13AeadAlgorithm, UnsupportedOperationError,
    make_tls13_aad,
};
use rustls::{
    CipherSuite, CipherSuiteCommon, ConnectionTrafficSecrets, ContentType, Error, ProtocolVersion,
    SupportedCipherSuite, Tls13CipherSuite,
};

use super::{APPLICATION_DATA, HEADER, TAG};

/// How many records before a key's limit it is renewed; rustls seals a few beside.
const MARGIN: u64 = 1024;

thread_local! {
    /// What is made while [`made`] runs; absent while it does not.
    static MADE: RefCell<Option<Keys>> = const { RefCell::new(None) };
}

/// The keys of a connection, the newest of both directions.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    pub(crate) sealer: Option<Arc<Sealer>>,
    pub(crate) opener: Option<Arc<Opener>>,
}

/// Runs what may have rustls make keys for a connection, and takes these. rustls has one connection in its hands at a time, and installs what it makes at once.
pub(crate) fn made<R>(keys: &mut Keys, work: impl FnOnce() -> R) -> R {
    MADE.with_borrow_mut(|made| *made = Some(Keys::default()));
    let result = work();
    if let Some(new) = MADE.take() {
        keys.sealer = new.sealer.or(keys.sealer.take());
        keys.opener = new.opener.or(keys.opener.take());
    }
    result
}

fn note(change: impl FnOnce(&mut Keys)) {
    MADE.with_borrow_mut(|made| made.as_mut().map(change));
}

/// What seals the records of one direction, until its keys are renewed.
#[derive(Debug)]
pub(crate) struct Sealer {
    key: LessSafeKey,
    iv: SecretIv,
    next: AtomicU64,
    /// How many records may be sealed with a key.
    limit: u64,
}

impl Sealer {
    /// Whether it is time for another key.
    pub(crate) fn is_worn(&self) -> bool {
        self.next.load(Relaxed) >= self.limit
    }

    /// Seals a record of application data in place: `record` has room for a header, the plaintext, and room for its type and a tag.
    pub(crate) fn seal(&self, record: &mut [u8]) -> Result<(), Error> {
        let kind = record.len() - TAG - 1;
        record[kind] = APPLICATION_DATA;
        self.seal_inner(record)
    }

    /// The same with the type, and what padding there is, in place.
    pub(super) fn seal_inner(&self, record: &mut [u8]) -> Result<(), Error> {
        let (header, sealed) = record.split_at_mut(HEADER);
        header.copy_from_slice(&make_tls13_aad(sealed.len()));
        let (inner, tag) = sealed.split_at_mut(sealed.len() - TAG);
        let made = self
            .key
            .seal_in_place_separate_tag(self.nonce(), Aad::from(&*header), inner)
            .map_err(|_| Error::EncryptError)?;
        tag.copy_from_slice(made.as_ref());
        Ok(())
    }

    /// Never the same twice.
    fn nonce(&self) -> aead::Nonce {
        self.iv.nonce(self.next.fetch_add(1, Relaxed))
    }
}

/// What opens the records of one direction, until its keys are renewed.
#[derive(Debug)]
pub(crate) struct Opener {
    key: LessSafeKey,
    iv: SecretIv,
    next: AtomicU64,
    /// The record that rustls gets next has been opened.
    is_open: AtomicBool,
}

impl Opener {
    /// Opens what is behind a record's header in place, and says how long its inner plaintext is: content, type and padding. What a refused record has then is of
    /// no use to anybody.
    pub(crate) fn open(&self, sealed: &mut [u8]) -> Result<usize, Error> {
        if sealed.len() < TAG {
            return Err(Error::DecryptError);
        }
        let nonce = self.iv.nonce(self.next.load(Relaxed));
        let aad = Aad::from(make_tls13_aad(sealed.len()));
        let inner = self
            .key
            .open_in_place(nonce, aad, sealed)
            .map_err(|_| Error::DecryptError)?;
        self.next.fetch_add(1, Relaxed);
        Ok(inner.len())
    }

    /// Runs what gives rustls a record; `is_open` where it was opened here.
    pub(crate) fn passing_on<R>(&self, is_open: bool, work: impl FnOnce() -> R) -> R {
        self.is_open.store(is_open, Relaxed);
        let result = work();
        // rustls takes nothing any more of a peer that has ended.
        self.is_open.store(false, Relaxed);
        result
    }
}

/// The part of a nonce that is as secret as the key.
struct SecretIv(Iv);

impl std::fmt::Debug for SecretIv {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("[redacted]")
    }
}

impl SecretIv {
    fn nonce(&self, number: u64) -> aead::Nonce {
        aead::Nonce::assume_unique_for_key(Nonce::new(&self.0, number).0)
    }
}

/// A suite of ring's whose keys are shared with the stream; one of TLS 1.2 stays as it is.
pub(crate) fn suite(theirs: SupportedCipherSuite) -> SupportedCipherSuite {
    let limit = theirs.tls13().map(|tls13| tls13.common.confidentiality_limit);
    suite_with_limit(theirs, limit.unwrap_or_default().saturating_sub(MARGIN))
}

/// The same; keys are renewed after so many records.
pub(super) fn suite_with_limit(theirs: SupportedCipherSuite, limit: u64) -> SupportedCipherSuite {
    let Some(tls13) = theirs.tls13() else { return theirs };
    let algorithm = match tls13.common.suite {
        CipherSuite::TLS13_AES_128_GCM_SHA256 => &aead::AES_128_GCM,
        CipherSuite::TLS13_AES_256_GCM_SHA384 => &aead::AES_256_GCM,
        CipherSuite::TLS13_CHACHA20_POLY1305_SHA256 => &aead::CHACHA20_POLY1305,
        _ => return theirs,
    };
    let shared = Shared {
        algorithm,
        theirs: tls13.aead_alg,
        limit,
    };
    // Suites live as long as the process, and so few there are.
    SupportedCipherSuite::Tls13(Box::leak(Box::new(Tls13CipherSuite {
        common: CipherSuiteCommon {
            suite: tls13.common.suite,
            hash_provider: tls13.common.hash_provider,
            confidentiality_limit: tls13.common.confidentiality_limit,
        },
        hkdf_provider: tls13.hkdf_provider,
        aead_alg: Box::leak(Box::new(shared)),
        quic: None,
    })))
}

struct Shared {
    algorithm: &'static aead::Algorithm,
    theirs: &'static dyn Tls13AeadAlgorithm,
    limit: u64,
}

impl Shared {
    /// rustls gives as many bytes as `key_len` asks for.
    #[expect(clippy::expect_used, reason = "the length is the algorithm's own")]
    fn key(&self, key: &AeadKey) -> LessSafeKey {
        LessSafeKey::new(UnboundKey::new(self.algorithm, key.as_ref()).expect("a key of the algorithm's length"))
    }
}

impl Tls13AeadAlgorithm for Shared {
    fn encrypter(&self, key: AeadKey, iv: Iv) -> Box<dyn MessageEncrypter> {
        let sealer = Arc::new(Sealer {
            key: self.key(&key),
            iv: SecretIv(iv),
            next: AtomicU64::new(0),
            limit: self.limit,
        });
        note(|made| made.sealer = Some(Arc::clone(&sealer)));
        Box::new(Sealing(sealer))
    }

    fn decrypter(&self, key: AeadKey, iv: Iv) -> Box<dyn MessageDecrypter> {
        let opener = Arc::new(Opener {
            key: self.key(&key),
            iv: SecretIv(iv),
            next: AtomicU64::new(0),
            is_open: AtomicBool::new(false),
        });
        note(|made| made.opener = Some(Arc::clone(&opener)));
        Box::new(Opening(opener))
    }

    fn key_len(&self) -> usize {
        self.algorithm.key_len()
    }

    fn extract_keys(&self, key: AeadKey, iv: Iv) -> Result<ConnectionTrafficSecrets, UnsupportedOperationError> {
        self.theirs.extract_keys(key, iv)
    }
}

/// rustls' handle: it counts records too, but not those of the stream.
struct Sealing(Arc<Sealer>);

impl MessageEncrypter for Sealing {
    fn encrypt(&mut self, message: OutboundPlainMessage<'_>, _: u64) -> Result<OutboundOpaqueMessage, Error> {
        let length = self.encrypted_payload_len(message.payload.len());
        let mut payload = PrefixedPayload::with_capacity(length);
        payload.extend_from_chunks(&message.payload);
        payload.extend_from_slice(&[u8::from(message.typ)]);
        let sealer = &*self.0;
        sealer
            .key
            .seal_in_place_append_tag(sealer.nonce(), Aad::from(make_tls13_aad(length)), &mut payload)
            .map_err(|_| Error::EncryptError)?;
        Ok(OutboundOpaqueMessage::new(
            ContentType::ApplicationData,
            ProtocolVersion::TLSv1_2,
            payload,
        ))
    }

    fn encrypted_payload_len(&self, payload_len: usize) -> usize {
        payload_len + 1 + TAG
    }
}

/// rustls' handle.
struct Opening(Arc<Opener>);

impl MessageDecrypter for Opening {
    fn decrypt<'a>(&mut self, mut message: InboundOpaqueMessage<'a>, _: u64) -> Result<InboundPlainMessage<'a>, Error> {
        let payload = &mut message.payload;
        let length = if self.0.is_open.swap(false, Relaxed) {
            payload.len().saturating_sub(TAG)
        } else {
            self.0.open(payload)?
        };
        payload.truncate(length);
        message.into_tls13_unpadded_message()
    }
}
