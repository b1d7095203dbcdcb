//! What is asked of a peer beside its issuer, and what is agreed on: pins, revocation, suites, sessions.

use std::future::poll_fn;
use std::io::IoSlice;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use net::{Address, ConnectOptions, ListenOptions, Listener, Socket, Stream};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, DnType, IsCa, KeyIdMethod,
    KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_RSA_SHA256, RevokedCertParams, SanType, SerialNumber, SignatureAlgorithm,
    date_time_ymd,
};
use tls::{
    Certificate, CertificateSlot, ClientCertificates, ClientOptions, ClientTls, Pins, Preferences, Revocations,
    ServerOptions, ServerTls, TlsError, TlsErrorKind, TlsStream, TlsVersion, TrustBundle, TrustSlot, VersionRange,
};

const TIMEOUT: Duration = Duration::from_secs(5);

/// Of authorities.
static NUMBER: AtomicU32 = AtomicU32::new(0);

struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        // Authorities are found by their names.
        let name = format!("authority {}", NUMBER.fetch_add(1, Relaxed));
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().expect("key");
        Self {
            issuer: CertifiedIssuer::self_signed(params, key).expect("authority"),
        }
    }

    fn trust(&self) -> Arc<TrustSlot> {
        let slot = TrustSlot::new();
        slot.set(TrustBundle::from_pem(self.issuer.pem().as_bytes()).expect("bundle"));
        slot
    }

    /// A certificate in PEM and DER, with its slot.
    fn issue(
        &self,
        name: &str,
        serial: u64,
        algorithm: &'static SignatureAlgorithm,
    ) -> (Vec<u8>, Arc<CertificateSlot>) {
        let key = KeyPair::generate_for(algorithm).expect("key");
        let mut params = CertificateParams::new(vec![name.to_owned()]).expect("params");
        params.serial_number = Some(SerialNumber::from(serial));
        params
            .subject_alt_names
            .push(SanType::DnsName("reviews".try_into().expect("name")));
        let leaf = params.signed_by(&key, &self.issuer).expect("leaf");
        let slot = CertificateSlot::new();
        slot.set(Certificate::from_pem(leaf.pem().as_bytes(), key.serialize_pem().as_bytes()).expect("certificate"));
        (leaf.der().to_vec(), slot)
    }

    fn revoking(&self, serials: &[u64], next_update_year: i32) -> String {
        let revoked = serials.iter().map(|serial| RevokedCertParams {
            serial_number: SerialNumber::from(*serial),
            revocation_time: date_time_ymd(2020, 1, 1),
            reason_code: None,
            invalidity_date: None,
        });
        let params = CertificateRevocationListParams {
            this_update: date_time_ymd(2020, 1, 1),
            next_update: date_time_ymd(next_update_year, 1, 1),
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: revoked.collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        params.signed_by(&self.issuer).expect("list").pem().expect("pem")
    }
}

async fn sockets() -> (Socket, Socket) {
    let any = Address::Tcp("127.0.0.1:0".parse().expect("address"));
    let listener = Listener::bind(&any, &ListenOptions::default()).expect("listener");
    let options = ConnectOptions::default();
    let (client, server) = tokio::join!(net::connect(listener.local_address(), &options), listener.accept());
    (
        client.expect("client"),
        server.expect("server").attach().expect("attach"),
    )
}

type Outcome = (Result<TlsStream, TlsError>, Result<TlsStream, TlsError>);

async fn shake_hands(client: &ClientTls, server: &ServerTls, name: Option<&str>) -> Outcome {
    let (client_socket, server_socket) = sockets().await;
    tokio::join!(
        client.connect(client_socket, name, TIMEOUT),
        server.accept(server_socket, &[], TIMEOUT)
    )
}

fn server(slot: &Arc<CertificateSlot>) -> ServerTls {
    ServerTls::new(ServerOptions {
        certificates: vec![slot.clone()],
        ..ServerOptions::default()
    })
    .expect("server")
}

async fn outcome_of(options: ClientOptions, server: &ServerTls) -> Result<(), (TlsErrorKind, String)> {
    let client = ClientTls::new(options).expect("client");
    let (ours, _theirs) = shake_hands(&client, server, Some("reviews")).await;
    ours.map(|_| ()).map_err(|error| (error.kind, error.to_string()))
}

/// SHA-256 in the two notations of pins: OpenSSL's of the key (base64), of the certificate (hexadecimal).
fn hashes(der: &[u8]) -> (String, String) {
    use base64::Engine as _;
    use sha256::digest;
    let spki = webpki::EndEntityCert::try_from(&rustls::pki_types::CertificateDer::from(der))
        .expect("certificate")
        .subject_public_key_info();
    let hex = digest(der)
        .iter()
        .map(|byte| format!("{byte:02X}"))
        .collect::<Vec<_>>()
        .join(":");
    (base64::engine::general_purpose::STANDARD.encode(digest(&spki)), hex)
}

mod sha256 {
    pub(crate) fn digest(bytes: &[u8]) -> Vec<u8> {
        let suite = rustls::crypto::aws_lc_rs::cipher_suite::TLS13_AES_128_GCM_SHA256;
        let suite = suite.tls13().expect("suite");
        suite.common.hash_provider.hash(bytes).as_ref().to_vec()
    }
}

#[tokio::test]
async fn a_server_passes_by_its_key_or_its_certificate_and_no_other_does() {
    let authority = Authority::new();
    let (der, slot) = authority.issue("a.example", 1, &PKCS_ECDSA_P256_SHA256);
    let (_, other) = authority.issue("a.example", 2, &PKCS_ECDSA_P256_SHA256);
    let (key, certificate) = hashes(&der);
    for pins in [
        Pins::new([key.as_str()], []).expect("pins"),
        Pins::new([], [certificate.as_str()]).expect("pins"),
    ] {
        // With roots and without: what is pinned needs none.
        for trust in [Some(authority.trust()), None] {
            let options = || ClientOptions {
                trust: trust.clone(),
                pins: pins.clone(),
                ..ClientOptions::default()
            };
            assert_eq!(outcome_of(options(), &server(&slot)).await, Ok(()));
            let (kind, text) = outcome_of(options(), &server(&other)).await.expect_err("another");
            assert_eq!(kind, TlsErrorKind::WrongPeer, "{text}");
        }
    }
}

#[tokio::test]
async fn clients_pass_by_a_pin_without_any_root() {
    let authority = Authority::new();
    let (_, slot) = authority.issue("server.example", 1, &PKCS_ECDSA_P256_SHA256);
    let (der, mine) = authority.issue("client.example", 2, &PKCS_ECDSA_P256_SHA256);
    let (_, stranger) = authority.issue("client.example", 3, &PKCS_ECDSA_P256_SHA256);
    let server = ServerTls::new(ServerOptions {
        certificates: vec![slot],
        clients: Some(ClientCertificates {
            required: true,
            pins: Pins::new([hashes(&der).0.as_str()], []).expect("pins"),
            ..ClientCertificates::default()
        }),
        ..ServerOptions::default()
    })
    .expect("server");
    for (certificates, expected) in [(vec![mine], None), (vec![stranger], Some(TlsErrorKind::WrongPeer))] {
        let client = ClientTls::new(ClientOptions {
            certificates,
            ..ClientOptions::default()
        });
        let (_, theirs) = shake_hands(&client.expect("client"), &server, None).await;
        assert_eq!(theirs.err().map(|error| error.kind), expected);
    }
}

#[tokio::test]
async fn a_revoked_certificate_is_refused_and_so_is_one_that_cannot_be_looked_up() {
    let authority = Authority::new();
    let (_, slot) = authority.issue("a.example", 7, &PKCS_ECDSA_P256_SHA256);
    let server = server(&slot);
    let ask = async |lists: String| {
        let revocations = Revocations::from_pem(lists.as_bytes(), true).expect("lists");
        let options = ClientOptions {
            trust: Some(authority.trust()),
            revocations: Some(Arc::new(revocations)),
            ..ClientOptions::default()
        };
        outcome_of(options, &server).await.map_err(|(_, text)| text)
    };
    assert_eq!(ask(authority.revoking(&[8], 2090)).await, Ok(()));
    let text = ask(authority.revoking(&[7], 2090)).await.expect_err("revoked");
    assert!(text.contains("was revoked"), "{text}");
    let text = ask(Authority::new().revoking(&[8], 2090))
        .await
        .expect_err("of another authority");
    assert!(text.contains("no revocation list"), "{text}");
    let text = ask(authority.revoking(&[8], 2021)).await.expect_err("old");
    assert!(text.contains("out of date"), "{text}");
    assert!(Revocations::from_pem(b"", true).is_err());
}

#[tokio::test]
async fn a_bundle_brings_its_lists_and_the_next_one_others() {
    let authority = Authority::new();
    let (_, slot) = authority.issue("server.example", 1, &PKCS_ECDSA_P256_SHA256);
    let (_, mine) = authority.issue("client.example", 2, &PKCS_ECDSA_P256_SHA256);
    let trust = authority.trust();
    let server = ServerTls::new(ServerOptions {
        certificates: vec![slot],
        clients: Some(ClientCertificates {
            trust: Some(trust.clone()),
            required: true,
            ..ClientCertificates::default()
        }),
        ..ServerOptions::default()
    })
    .expect("server");
    let client = ClientTls::new(ClientOptions {
        certificates: vec![mine],
        ..ClientOptions::default()
    })
    .expect("client");
    let (_, first) = shake_hands(&client, &server, None).await;
    assert!(first.is_ok());
    let lists = Revocations::from_pem(authority.revoking(&[2], 2090).as_bytes(), true).expect("lists");
    let bundle = TrustBundle::from_pem(authority.issuer.pem().as_bytes()).expect("bundle");
    trust.set(bundle.with_revocations(lists));
    let (_, second) = shake_hands(&client, &server, None).await;
    assert!(second.expect_err("revoked").to_string().contains("was revoked"));
}

#[tokio::test]
async fn suites_and_groups_are_kept_to() {
    let authority = Authority::new();
    let (_, slot) = authority.issue("a.example", 1, &PKCS_RSA_SHA256);
    let only = |suite: &str, group: &str| Preferences {
        suites: vec![suite.to_owned()],
        groups: vec![group.to_owned()],
    };
    let old = VersionRange {
        min: TlsVersion::Tls12,
        max: TlsVersion::Tls12,
    };
    let server = ServerTls::new(ServerOptions {
        certificates: vec![slot],
        preferences: only("ECDHE-RSA-CHACHA20-POLY1305", "P-384"),
        versions: old,
        ..ServerOptions::default()
    })
    .expect("server");
    let client = |preferences| {
        ClientTls::new(ClientOptions {
            preferences,
            ..ClientOptions::default()
        })
        .expect("client")
    };
    let (ours, _) = shake_hands(&client(Preferences::default()), &server, None).await;
    let ours = ours.expect("agreed");
    assert_eq!(
        ours.peer().cipher_suite,
        Some("TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256")
    );
    for unlike in [
        only("ECDHE-RSA-AES128-GCM-SHA256", "P-384"),
        only("ECDHE-RSA-CHACHA20-POLY1305", "X25519"),
    ] {
        let (ours, theirs) = shake_hands(&client(unlike), &server, None).await;
        assert!(ours.is_err() && theirs.is_err());
    }
    let nothing = ClientTls::new(ClientOptions {
        preferences: only("AES128-SHA", "P-384"),
        ..ClientOptions::default()
    });
    assert!(nothing.expect_err("no suite").to_string().contains("AES128-SHA"));
}

#[tokio::test]
async fn a_client_without_a_server_name_can_be_refused() {
    let authority = Authority::new();
    let (_, slot) = authority.issue("a.example", 1, &PKCS_ECDSA_P256_SHA256);
    let server = ServerTls::new(ServerOptions {
        certificates: vec![slot],
        requires_server_name: true,
        ..ServerOptions::default()
    })
    .expect("server");
    let client = ClientTls::new(ClientOptions::default()).expect("client");
    let (ours, theirs) = shake_hands(&client, &server, None).await;
    assert_eq!(theirs.expect_err("refused").kind, TlsErrorKind::InvalidServerName);
    assert!(
        ours.expect_err("refused")
            .to_string()
            .contains("does not know the server name")
    );
    let (ours, _) = shake_hands(&client, &server, Some("a.example")).await;
    assert!(ours.is_ok());
}

/// Lets the server's tickets arrive.
async fn exchange_a_byte(client: &mut TlsStream, server: &mut TlsStream) {
    let mut byte = [0];
    poll_fn(|cx| server.poll_write_vectored(cx, &[IoSlice::new(b"x")]))
        .await
        .expect("write");
    poll_fn(|cx| server.poll_flush(cx)).await.expect("flush");
    assert_eq!(poll_fn(|cx| client.poll_read(cx, &mut byte)).await.expect("read"), 1);
}

#[tokio::test]
async fn sessions_are_resumed_and_the_servers_certificate_is_looked_at_again() {
    let authority = Authority::new();
    for version in [TlsVersion::Tls12, TlsVersion::Tls13] {
        let (_, slot) = authority.issue("a.example", 1, &PKCS_ECDSA_P256_SHA256);
        let versions = VersionRange {
            min: version,
            max: version,
        };
        let server = ServerTls::new(ServerOptions {
            certificates: vec![slot],
            resumption: true,
            versions,
            ..ServerOptions::default()
        })
        .expect("server");
        let trust = authority.trust();
        let client = ClientTls::new(ClientOptions {
            trust: Some(trust.clone()),
            max_sessions: 8,
            ..ClientOptions::default()
        })
        .expect("client");
        for expected in [false, true, true] {
            let (ours, theirs) = shake_hands(&client, &server, Some("reviews")).await;
            let (mut ours, mut theirs) = (ours.expect("client"), theirs.expect("server"));
            exchange_a_byte(&mut ours, &mut theirs).await;
            assert_eq!(
                (ours.is_resumed(), theirs.is_resumed()),
                (expected, expected),
                "{version:?}"
            );
        }
        // Its issuer is not trusted any more: the session that is left does not help.
        trust.set(TrustBundle::from_pem(Authority::new().issuer.pem().as_bytes()).expect("bundle"));
        for _ in 0..2 {
            let (ours, _) = shake_hands(&client, &server, Some("reviews")).await;
            assert_eq!(ours.expect_err("distrusted").kind, TlsErrorKind::UntrustedPeer);
        }
    }
}

#[tokio::test]
async fn who_shows_a_certificate_is_never_resumed() {
    let authority = Authority::new();
    let (_, slot) = authority.issue("a.example", 1, &PKCS_ECDSA_P256_SHA256);
    let (_, mine) = authority.issue("b.example", 2, &PKCS_ECDSA_P256_SHA256);
    let server = ServerTls::new(ServerOptions {
        certificates: vec![slot],
        resumption: true,
        clients: Some(ClientCertificates {
            trust: Some(authority.trust()),
            ..ClientCertificates::default()
        }),
        ..ServerOptions::default()
    })
    .expect("server");
    let client = ClientTls::new(ClientOptions {
        certificates: vec![mine],
        max_sessions: 8,
        ..ClientOptions::default()
    })
    .expect("client");
    for _ in 0..2 {
        let (ours, theirs) = shake_hands(&client, &server, Some("reviews")).await;
        let (mut ours, mut theirs) = (ours.expect("client"), theirs.expect("server"));
        exchange_a_byte(&mut ours, &mut theirs).await;
        assert!(!theirs.is_resumed());
    }
}
