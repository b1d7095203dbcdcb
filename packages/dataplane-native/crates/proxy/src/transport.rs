//! TLS of listeners and clusters, built from configuration over slots that secrets fill.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    sync::Arc,
};

use config::{
    CertificateSource, DownstreamTls, HttpProtocol, Invalid, Secret, SecretKind, StringMatcher, TlsContext,
    TrustSource, UpstreamTls, UpstreamTransport, Validation,
};
use tls::{
    Certificate, CertificateSlot, ClientCertificates, ClientOptions, ClientTls, NameMatcher, PeerNames, ServerOptions,
    ServerTls, TrustBundle, TrustSlot, VersionRange,
};

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

fn certificate_of(context: &TlsContext, secrets: &mut Secrets) -> Result<Option<Arc<CertificateSlot>>, Invalid> {
    let Some(source) = context.certificates.first() else {
        return Ok(None);
    };
    let filled = |chain: &[u8], key: &[u8]| {
        let certificate = Certificate::from_pem(chain, key)
            .map_err(|error| Invalid::new(error.to_string()).index(0).field("certificates"))?;
        let slot = CertificateSlot::new();
        slot.set(certificate);
        Ok(Some(slot))
    };
    match source {
        CertificateSource::Secret(name) => Ok(Some(secrets.certificate(name))),
        CertificateSource::Inline(certificate) => filled(certificate.chain.as_bytes(), certificate.key.expose()),
        CertificateSource::Files { chain, key } => filled(&read_file(chain)?, &read_file(key)?),
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
    let certificate = certificate_of(context, secrets)?
        .ok_or_else(|| Invalid::new("a server needs a certificate: none is configured").field("certificates"))?;
    let clients = match &context.validation {
        Some(validation) => trust_of(validation, secrets)?.map(|trust| ClientCertificates {
            trust,
            required: config.require_client_certificate,
            trust_domains: Vec::new(),
            names: names_of(validation),
        }),
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
        certificate,
        clients,
        alpn,
        versions: versions_of(context),
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
}

impl Transport {
    /// Name to ask the server for: configured, or the request's host where that is wanted.
    pub(crate) fn server_name<'a>(&'a self, authority: &'a str) -> Option<&'a str> {
        let UpstreamTransport::Tls(config) = &self.config else {
            return None;
        };
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
        matches!(&self.config, UpstreamTransport::Tls(config) if !config.context.certificates.is_empty())
    }

    /// Whether the name depends on the request.
    pub(crate) fn has_auto_name(&self) -> bool {
        matches!(&self.config, UpstreamTransport::Tls(config) if config.auto_sni)
    }
}

/// The client's side for a cluster.
pub(crate) fn build_transport(
    config: &UpstreamTransport,
    protocol: HttpProtocol,
    id: u64,
    secrets: &mut Secrets,
) -> Result<Transport, Invalid> {
    let tls = match config {
        UpstreamTransport::Plain => None,
        UpstreamTransport::Tls(upstream) => Some(build_client(upstream, protocol, secrets)?),
    };
    Ok(Transport {
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
    let alpn = offered_alpn(context, protocol);
    ClientTls::new(ClientOptions {
        certificate: certificate_of(context, secrets)?,
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
