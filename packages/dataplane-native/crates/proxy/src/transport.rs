//! TLS of listeners and clusters, built from configuration over slots that secrets fill.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    sync::Arc,
};

use config::{
    CertificateSource, DownstreamTls, HttpProtocol, Invalid, ProxyProtocolVersion, RevocationSource, Secret,
    SecretKind, StringMatcher, TlsContext, TrustSource, UpstreamTls, UpstreamTransport, Validation,
};
use tls::{
    Certificate, CertificateSlot, ClientCertificates, ClientOptions, ClientTls, NameMatcher, PeerNames, Pins,
    Preferences, Revocations, ServerOptions, ServerTls, TrustBundle, TrustSlot, VersionRange,
};

/// Servers of a cluster whose sessions are kept for resumption.
const DEFAULT_SESSIONS: usize = 64;

/// The same where the configuration says it: a session is some kilobytes.
const MAX_SESSIONS: u32 = 4_096;

/// Certificates and trust bundles by name. A slot exists from the first time something refers to it.
#[derive(Default)]
pub(crate) struct Secrets {
    certificates: HashMap<Arc<str>, Arc<CertificateSlot>>,
    bundles: HashMap<Arc<str>, Arc<TrustSlot>>,
}

impl Secrets {
    fn certificate(&mut self, name: &Arc<str>) -> Arc<CertificateSlot> {
        Arc::clone(self.certificates.entry(Arc::clone(name)).or_default())
    }

    fn bundle(&mut self, name: &Arc<str>) -> Arc<TrustSlot> {
        Arc::clone(self.bundles.entry(Arc::clone(name)).or_default())
    }

    /// Puts a secret into its slot. What cannot be used is an error and leaves the slot as it was.
    pub(crate) fn set(&mut self, secret: &Secret) -> Result<(), Invalid> {
        match &secret.secret {
            SecretKind::Certificate(certificate) => {
                let parsed = Certificate::from_pem(certificate.chain.as_bytes(), certificate.key.expose())
                    .map_err(|error| Invalid::new(error.to_string()).field("certificate"))?;
                self.certificate(&secret.name).set(parsed);
            }
            SecretKind::TrustBundle(pem) => {
                let parsed = TrustBundle::from_pem(pem.as_bytes())
                    .map_err(|error| Invalid::new(error.to_string()).field("trustBundle"))?;
                self.bundle(&secret.name).set(parsed);
            }
            SecretKind::RevocableTrustBundle {
                roots,
                revoked,
                leaf_only,
            } => {
                let invalid =
                    |error: tls::InvalidMaterial| Invalid::new(error.to_string()).field("revocableTrustBundle");
                let lists = Revocations::from_pem(revoked.as_bytes(), *leaf_only).map_err(invalid)?;
                let parsed = TrustBundle::from_pem(roots.as_bytes()).map_err(invalid)?;
                self.bundle(&secret.name).set(parsed.with_revocations(lists));
            }
        }
        Ok(())
    }

    /// Names that a TLS context refers to and that have not arrived.
    pub(crate) fn missing(&self, context: &TlsContext) -> Vec<Arc<str>> {
        let certificates = context.certificates.iter().filter_map(|source| match source {
            CertificateSource::Secret(name) => {
                let is_here = self.certificates.get(name).is_some_and(|slot| slot.get().is_some());
                (!is_here).then(|| Arc::clone(name))
            }
            _ => None,
        });
        let trust = match context
            .validation
            .as_ref()
            .and_then(|validation| validation.trust.as_ref())
        {
            Some(TrustSource::Secret(name)) => {
                let is_here = self.bundles.get(name).is_some_and(|slot| slot.get().is_some());
                (!is_here).then(|| Arc::clone(name))
            }
            _ => None,
        };
        certificates.chain(trust).collect()
    }

    /// What operators may see: names, validity, never keys.
    pub(crate) fn dump(&self) -> serde_json::Value {
        let certificates = self.certificates.iter().map(|(name, slot)| match slot.get() {
            Some(certificate) => serde_json::json!({
                "name": name,
                "kind": "certificate",
                "state": "active",
                "uris": certificate.names().uris,
                "dns": certificate.names().dns,
                "serial": certificate.serial(),
                "notBefore": certificate.validity().0,
                "notAfter": certificate.validity().1,
                "privateKey": "[redacted]",
            }),
            None => serde_json::json!({ "name": name, "kind": "certificate", "state": "missing" }),
        });
        let bundles = self.bundles.iter().map(|(name, slot)| match slot.get() {
            Some(bundle) => serde_json::json!({
                "name": name, "kind": "trustBundle", "state": "active", "certificates": bundle.len(),
            }),
            None => serde_json::json!({ "name": name, "kind": "trustBundle", "state": "missing" }),
        });
        certificates.chain(bundles).collect()
    }
}

/// Names of a certificate that pass.
struct Names(Vec<StringMatcher>);

impl fmt::Debug for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl NameMatcher for Names {
    fn matches(&self, names: &PeerNames) -> bool {
        let texts = names.uris.iter().chain(&names.dns).chain(&names.emails);
        let mut all = texts
            .map(|name| name.as_bytes().to_vec())
            .chain(names.ips.iter().map(|ip| ip.to_string().into_bytes()));
        all.any(|name| self.0.iter().any(|matcher| matcher.matches(&name)))
    }

    fn expected(&self) -> String {
        let texts: Vec<String> = self.0.iter().map(|matcher| format!("{matcher:?}")).collect();
        texts.join(" or ")
    }
}

fn names_of(validation: &Validation) -> Option<Arc<dyn NameMatcher>> {
    (!validation.subject_alt_names.is_empty())
        .then(|| Arc::new(Names(validation.subject_alt_names.clone())) as Arc<dyn NameMatcher>)
}

fn certificates_of(context: &TlsContext, secrets: &mut Secrets) -> Result<Vec<Arc<CertificateSlot>>, Invalid> {
    let mut slots = Vec::with_capacity(context.certificates.len());
    for (index, source) in context.certificates.iter().enumerate() {
        let at = |invalid: Invalid| invalid.index(index).field("certificates");
        let filled = |chain: &[u8], key: &[u8]| {
            let certificate = Certificate::from_pem(chain, key).map_err(|error| at(Invalid::new(error.to_string())))?;
            let slot = CertificateSlot::new();
            slot.set(certificate);
            Ok(slot)
        };
        slots.push(match source {
            CertificateSource::Secret(name) => secrets.certificate(name),
            CertificateSource::Inline(certificate) => filled(certificate.chain.as_bytes(), certificate.key.expose())?,
            CertificateSource::Files { chain, key } => {
                filled(&read_file(chain).map_err(at)?, &read_file(key).map_err(at)?)?
            }
        });
    }
    Ok(slots)
}

/// What is asked of the peer's certificate beside who issued it.
fn pins_of(validation: &Validation) -> Result<Pins, Invalid> {
    let public_keys = validation.public_key_pins.iter().map(|pin| &**pin);
    let certificates = validation.certificate_hashes.iter().map(|hash| &**hash);
    Pins::new(public_keys, certificates).map_err(|error| Invalid::new(error.to_string()).field("validation"))
}

fn revocations_of(validation: &Validation) -> Result<Option<Arc<Revocations>>, Invalid> {
    let Some(revocation) = &validation.revocation else {
        return Ok(None);
    };
    let at = |invalid: Invalid| invalid.field("lists").field("revocation").field("validation");
    let pem = match &revocation.lists {
        RevocationSource::Inline(pem) => pem.as_bytes().to_vec(),
        RevocationSource::File(path) => read_file(path).map_err(at)?,
    };
    let lists = Revocations::from_pem(&pem, revocation.leaf_only);
    Ok(Some(Arc::new(
        lists.map_err(|error| at(Invalid::new(error.to_string())))?,
    )))
}

/// What would let others in than its author wants is refused.
fn check_validation(validation: &Validation) -> Result<(), Invalid> {
    let refuse = |field: &str, message: &str| Err(Invalid::new(message).field(field).field("validation"));
    if validation.allow_expired {
        return refuse("allowExpired", "is not supported by this proxy; remove it");
    }
    if validation.revocation.is_some() && (validation.trust.is_none() || validation.accept_untrusted) {
        return refuse(
            "revocation",
            "needs trust: lists of withdrawn certificates are signed by those who are trusted",
        );
    }
    Ok(())
}

fn preferences_of(context: &TlsContext) -> Preferences {
    let texts = |list: &[Arc<str>]| list.iter().map(ToString::to_string).collect();
    Preferences {
        suites: texts(&context.cipher_suites),
        groups: texts(&context.curves),
    }
}

fn trust_of(validation: &Validation, secrets: &mut Secrets) -> Result<Option<Arc<TrustSlot>>, Invalid> {
    let Some(source) = &validation.trust else {
        return Ok(None);
    };
    let invalid = |error: tls::InvalidMaterial| Invalid::new(error.to_string()).field("trust").field("validation");
    let filled = |bundle: TrustBundle| {
        let slot = TrustSlot::new();
        slot.set(bundle);
        slot
    };
    Ok(Some(match source {
        TrustSource::Secret(name) => secrets.bundle(name),
        TrustSource::Inline(pem) => filled(TrustBundle::from_pem(pem.as_bytes()).map_err(invalid)?),
        TrustSource::File(path) => filled(TrustBundle::from_pem(&read_file(path)?).map_err(invalid)?),
        TrustSource::System => filled(TrustBundle::from_system().map_err(invalid)?),
    }))
}

fn read_file(path: &str) -> Result<Vec<u8>, Invalid> {
    std::fs::read(path).map_err(|error| Invalid::new(format!("cannot read {path:?}: {error}")))
}

fn versions_of(context: &TlsContext) -> VersionRange {
    let version = |version| match version {
        config::TlsVersion::V1_2 => tls::TlsVersion::Tls12,
        config::TlsVersion::V1_3 => tls::TlsVersion::Tls13,
    };
    VersionRange {
        min: version(context.min_version.unwrap_or(config::TlsVersion::V1_2)),
        max: version(context.max_version.unwrap_or(config::TlsVersion::V1_3)),
    }
}

fn alpn_of(context: &TlsContext) -> Vec<Vec<u8>> {
    context
        .alpn
        .iter()
        .map(|protocol| protocol.as_bytes().to_vec())
        .collect()
}

/// What a server is offered: what is configured, as far as we speak it to this cluster.
fn offered_alpn(context: &TlsContext, protocol: HttpProtocol) -> Vec<Vec<u8>> {
    let mut alpn = alpn_of(context);
    match protocol {
        // A server that takes our offer of HTTP/2 would be answered in HTTP/1.
        HttpProtocol::Http1 => alpn.retain(|protocol| !protocol.ends_with(b"h2")),
        HttpProtocol::Http2 if alpn.is_empty() => alpn.push(b"h2".to_vec()),
        HttpProtocol::Auto if alpn.is_empty() => alpn.extend([b"h2".to_vec(), b"http/1.1".to_vec()]),
        HttpProtocol::Http2 | HttpProtocol::Auto | HttpProtocol::UseDownstream => {}
    }
    alpn
}

/// The server's side for a filter chain.
pub(crate) fn build_server(config: &DownstreamTls, secrets: &mut Secrets) -> Result<ServerTls, Invalid> {
    let context = &config.context;
    let certificates = certificates_of(context, secrets)?;
    if certificates.is_empty() {
        return Err(Invalid::new("a server needs a certificate: none is configured").field("certificates"));
    }
    let clients = match &context.validation {
        Some(validation) => {
            check_validation(validation)?;
            let pins = pins_of(validation)?;
            let trust = trust_of(validation, secrets)?;
            (trust.is_some() || !pins.is_empty()).then_some(ClientCertificates {
                trust,
                required: config.require_client_certificate,
                trust_domains: Vec::new(),
                names: names_of(validation),
                pins,
                revocations: revocations_of(validation)?,
            })
        }
        None => None,
    };
    if clients.is_none() && config.require_client_certificate {
        return Err(
            Invalid::new("client certificates are required, but there is nothing to verify them against")
                .field("validation"),
        );
    }
    let alpn = alpn_of(context);
    ServerTls::new(ServerOptions {
        certificates,
        clients,
        alpn,
        versions: versions_of(context),
        preferences: preferences_of(context),
        requires_server_name: config.require_sni,
        resumption: !config.without_resumption,
    })
    .map_err(|error| Invalid::new(error.to_string()))
}

/// How connections to an endpoint are made.
pub(crate) struct Transport {
    /// Connections of different transports are not interchangeable.
    pub(crate) id: u64,
    pub(crate) config: UpstreamTransport,
    pub(crate) protocol: HttpProtocol,
    pub(crate) tls: Option<ClientTls>,
    /// The client's addresses are said first, in this form: such connections are for one client each.
    pub(crate) proxy_protocol: Option<net::ProxyVersion>,
}

impl Transport {
    /// Name to ask the server for: configured, or the request's host where that is wanted.
    pub(crate) fn server_name<'a>(&'a self, authority: &'a str) -> Option<&'a str> {
        let config = self.config.tls()?;
        if config.auto_sni && !authority.is_empty() {
            let host = match authority.strip_prefix('[') {
                Some(v6) => v6.split(']').next().unwrap_or_default(),
                None => authority.split(':').next().unwrap_or_default(),
            };
            let is_name = host.parse::<std::net::IpAddr>().is_err() && !host.is_empty();
            return if is_name { Some(host) } else { None };
        }
        (!config.sni.is_empty()).then_some(&*config.sni)
    }

    /// Whether the server learns who we are.
    pub(crate) fn presents_certificate(&self) -> bool {
        self.config
            .tls()
            .is_some_and(|config| !config.context.certificates.is_empty())
    }

    /// Whether the name depends on the request.
    pub(crate) fn has_auto_name(&self) -> bool {
        self.config.tls().is_some_and(|config| config.auto_sni)
    }
}

/// The client's side for a cluster.
pub(crate) fn build_transport(
    config: &UpstreamTransport,
    protocol: HttpProtocol,
    id: u64,
    secrets: &mut Secrets,
) -> Result<Transport, Invalid> {
    let tls = match config.tls() {
        None => None,
        Some(upstream) => Some(build_client(upstream, protocol, secrets)?),
    };
    let proxy_protocol = config.proxy_protocol().map(|version| match version {
        ProxyProtocolVersion::V1 => net::ProxyVersion::V1,
        ProxyProtocolVersion::V2 => net::ProxyVersion::V2,
    });
    Ok(Transport {
        proxy_protocol,
        id,
        config: config.clone(),
        protocol,
        tls,
    })
}

fn build_client(config: &UpstreamTls, protocol: HttpProtocol, secrets: &mut Secrets) -> Result<ClientTls, Invalid> {
    let context = &config.context;
    let validation = context.validation.as_ref();
    let trust = match validation {
        Some(validation) if !validation.accept_untrusted => trust_of(validation, secrets)?,
        _ => None,
    };
    let (mut pins, mut revocations) = (Pins::default(), None);
    if let Some(validation) = validation {
        check_validation(validation)?;
        (pins, revocations) = (pins_of(validation)?, revocations_of(validation)?);
    }
    let alpn = offered_alpn(context, protocol);
    ClientTls::new(ClientOptions {
        certificates: certificates_of(context, secrets)?,
        pins,
        revocations,
        preferences: preferences_of(context),
        max_sessions: match config.max_session_keys {
            None => DEFAULT_SESSIONS,
            Some(count) => count.min(MAX_SESSIONS) as usize,
        },
        trust,
        verify_hostname: config.auto_san_validation,
        names: validation.and_then(names_of),
        alpn,
        versions: versions_of(context),
    })
    .map_err(|error| Invalid::new(error.to_string()))
}

/// Which transport of a cluster an endpoint with these labels uses: position in the cluster's list, the default last.
pub(crate) fn transport_index(cluster: &config::Cluster, labels: Option<&BTreeMap<String, String>>) -> usize {
    let chosen = cluster.transport_for(labels);
    cluster
        .transport_matches
        .iter()
        .position(|entry| std::ptr::eq(&raw const entry.transport, chosen))
        .unwrap_or(cluster.transport_matches.len())
}
