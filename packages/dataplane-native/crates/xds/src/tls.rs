//! TLS towards clients and upstreams.

use std::sync::Arc;

use config::{
    CertificateSource, DownstreamTls, InternalTransport, PrivateKeyPem, ProxyProtocolTransport, ProxyProtocolVersion,
    Revocation, RevocationSource, StringMatcher, TlsCertificate, TlsContext, TlsVersion, TrustSource, UpstreamTls,
    UpstreamTransport, Validation,
};
use messages::envoy::r#type::metadata::v3::metadata_kind::Kind;
use messages::{
    envoy::{
        config::core::v3::{TransportSocket, proxy_protocol_config::Version, transport_socket},
        extensions::transport_sockets::{
            internal_upstream::v3::InternalUpstreamTransport,
            proxy_protocol::v3::ProxyProtocolUpstreamTransport,
            raw_buffer::v3::RawBuffer,
            tls::v3::{
                self as pb, CommonTlsContext, DownstreamTlsContext, UpstreamTlsContext,
                certificate_validation_context::TrustChainVerification,
                common_tls_context::ValidationContextType,
                downstream_tls_context::{OcspStaplePolicy, SessionTicketKeysType},
                tls_parameters::TlsProtocol,
            },
        },
    },
    google::protobuf::Any,
};

use crate::{
    context::{Context, is},
    matcher, short,
    value::{Source, data_source},
};

/// A filter chain's transport socket; `None` is plaintext.
pub(crate) fn downstream(cx: &mut Context, socket: TransportSocket) -> Option<DownstreamTls> {
    let any = typed_config(cx, socket)?;
    cx.within("typedConfig", |cx| {
        if is::<RawBuffer>(&any) {
            return None;
        }
        let pb: DownstreamTlsContext = cx.unpack(&any)?;
        cx.unsupported(
            "ocspStaplePolicy",
            pb.ocsp_staple_policy() != OcspStaplePolicy::LenientStapling,
        );
        cx.no_effect(
            "fullScanCertsOnSniMismatch",
            pb.full_scan_certs_on_sni_mismatch.unwrap_or(false),
        );
        cx.no_effect("preferClientCiphers", pb.prefer_client_ciphers);
        let keys = pb.session_ticket_keys_type;
        let has_keys = matches!(
            keys,
            Some(
                SessionTicketKeysType::SessionTicketKeys(_)
                    | SessionTicketKeysType::SessionTicketKeysSdsSecretConfig(_)
            )
        );
        cx.unsupported("sessionTicketKeys", has_keys);
        cx.no_effect("sessionTimeout", pb.session_timeout.is_some());
        let context = common(cx, pb.common_tls_context);
        if context.certificates.is_empty() {
            cx.within("commonTlsContext", |cx| {
                cx.error("has no certificate; a server needs one");
            });
        }
        let require_client_certificate = pb.require_client_certificate.unwrap_or(false);
        if require_client_certificate && context.validation.is_none() {
            cx.within("requireClientCertificate", |cx| {
                cx.error("is set, but there is no validation context to verify it");
            });
        }
        Some(DownstreamTls {
            context,
            require_client_certificate,
            require_sni: pb.require_sni.unwrap_or(false),
            // Sessions live in tickets; there is no other store.
            without_resumption: keys == Some(SessionTicketKeysType::DisableStatelessSessionResumption(true)),
        })
    })
}

/// A cluster's transport socket.
pub(crate) fn upstream(cx: &mut Context, socket: TransportSocket) -> UpstreamTransport {
    let Some(any) = typed_config(cx, socket) else {
        return UpstreamTransport::Plain;
    };
    cx.within("typedConfig", |cx| {
        if is::<RawBuffer>(&any) {
            return UpstreamTransport::Plain;
        }
        if is::<ProxyProtocolUpstreamTransport>(&any) {
            let pb = cx.unpack(&any).unwrap_or_default();
            return UpstreamTransport::ProxyProtocol(Box::new(proxy_protocol(cx, pb)));
        }
        if is::<InternalUpstreamTransport>(&any) {
            let pb = cx.unpack(&any).unwrap_or_default();
            return UpstreamTransport::Internal(Box::new(internal(cx, pb)));
        }
        if is::<DownstreamTlsContext>(&any) {
            cx.error("is the server's side of TLS; an upstream needs an UpstreamTlsContext");
            return UpstreamTransport::Plain;
        }
        let pb: UpstreamTlsContext = cx.unpack(&any).unwrap_or_default();
        if pb.sni.len() > 255 {
            cx.within("sni", |cx| cx.error("is longer than 255 bytes"));
        }
        cx.unsupported("allowRenegotiation", pb.allow_renegotiation);
        UpstreamTransport::Tls(Box::new(UpstreamTls {
            context: common(cx, pb.common_tls_context),
            sni: pb.sni.into(),
            auto_sni: pb.auto_host_sni,
            auto_san_validation: pb.auto_sni_san_validation,
            max_session_keys: pb.max_session_keys,
        }))
    })
}

fn inner(cx: &mut Context, socket: Option<TransportSocket>) -> UpstreamTransport {
    match cx.required("transportSocket", socket) {
        Some(socket) => cx.within("transportSocket", |cx| upstream(cx, socket)),
        None => UpstreamTransport::Plain,
    }
}

fn proxy_protocol(cx: &mut Context, pb: ProxyProtocolUpstreamTransport) -> ProxyProtocolTransport {
    let config = pb.config.unwrap_or_default();
    cx.within("config", |cx| {
        cx.no_effect("passThroughTlvs", config.pass_through_tlvs.is_some());
        cx.unsupported("addedTlvs", !config.added_tlvs.is_empty());
    });
    let transport = inner(cx, pb.transport_socket);
    if transport.proxy_protocol().is_some() {
        cx.within("transportSocket", |cx| {
            cx.error("speaks the PROXY protocol a second time");
        });
    }
    ProxyProtocolTransport {
        version: match config.version() {
            Version::V1 => ProxyProtocolVersion::V1,
            Version::V2 => ProxyProtocolVersion::V2,
        },
        transport,
    }
}

fn internal(cx: &mut Context, pb: InternalUpstreamTransport) -> InternalTransport {
    let passthrough = cx.list("passthroughMetadata", pb.passthrough_metadata, |cx, source| {
        let is_host = matches!(source.kind.and_then(|kind| kind.kind), Some(Kind::Host(_)));
        if !is_host {
            cx.within("kind", |cx| {
                cx.warn("only metadata of the host is handed on; this has no effect");
            });
        }
        is_host.then(|| source.name.into())
    });
    InternalTransport {
        passthrough: passthrough.into_iter().flatten().collect(),
        transport: inner(cx, pb.transport_socket),
    }
}

fn typed_config(cx: &mut Context, socket: TransportSocket) -> Option<Any> {
    match socket.config_type {
        Some(transport_socket::ConfigType::TypedConfig(any)) => {
            let known = is::<RawBuffer>(&any)
                || is::<DownstreamTlsContext>(&any)
                || is::<UpstreamTlsContext>(&any)
                || is::<ProxyProtocolUpstreamTransport>(&any)
                || is::<InternalUpstreamTransport>(&any);
            if !known {
                let type_name = short(&any.type_url).to_owned();
                cx.within("typedConfig", |cx| {
                    cx.error(format!(
                        "transport socket {:?} of type {type_name:?} is not supported",
                        socket.name
                    ));
                });
            }
            known.then_some(any)
        }
        None if socket.name == "envoy.transport_sockets.raw_buffer" => None,
        None => {
            cx.within("typedConfig", |cx| cx.error("is missing"));
            None
        }
    }
}

fn common(cx: &mut Context, pb: Option<CommonTlsContext>) -> TlsContext {
    let pb = pb.unwrap_or_default();
    cx.within("commonTlsContext", |cx| {
        cx.unsupported(
            "tlsCertificateProviderInstance",
            pb.tls_certificate_provider_instance.is_some(),
        );
        cx.unsupported(
            "customTlsCertificateSelector",
            pb.custom_tls_certificate_selector.is_some(),
        );
        cx.unsupported("customHandshaker", pb.custom_handshaker.is_some());
        cx.unsupported("keyLog", pb.key_log.is_some());
        let parameters = cx.within("tlsParams", |cx| parameters(cx, pb.tls_params));
        let mut certificates: Vec<CertificateSource> = cx
            .list("tlsCertificates", pb.tls_certificates, certificate)
            .into_iter()
            .flatten()
            .collect();
        let by_name = cx.list(
            "tlsCertificateSdsSecretConfigs",
            pb.tls_certificate_sds_secret_configs,
            |cx, config| CertificateSource::Secret(secret_name(cx, config)),
        );
        certificates.extend(by_name);
        let alpn = pb.alpn_protocols.into_iter().map(Arc::from).collect();
        TlsContext {
            certificates,
            validation: validation_context(cx, pb.validation_context_type),
            alpn,
            ..parameters
        }
    })
}

fn secret_name(cx: &mut Context, config: pb::SdsSecretConfig) -> Arc<str> {
    if config.name.is_empty() {
        cx.within("name", |cx| cx.error("is empty"));
    }
    config.name.into()
}

/// Versions, suites and groups; names that are not known are looked at where they are used.
fn parameters(cx: &mut Context, pb: Option<pb::TlsParameters>) -> TlsContext {
    let Some(pb) = pb else {
        return TlsContext::default();
    };
    cx.unsupported("signatureAlgorithms", !pb.signature_algorithms.is_empty());
    cx.unsupported("compliancePolicies", !pb.compliance_policies.is_empty());
    let max = match pb.tls_maximum_protocol_version() {
        TlsProtocol::TlsAuto => None,
        TlsProtocol::TlSv12 => Some(TlsVersion::V1_2),
        TlsProtocol::TlSv13 => Some(TlsVersion::V1_3),
        TlsProtocol::TlSv10 | TlsProtocol::TlSv11 => {
            cx.within("tlsMaximumProtocolVersion", |cx| {
                cx.error("TLS 1.0 and 1.1 are not spoken");
            });
            None
        }
    };
    let min = match pb.tls_minimum_protocol_version() {
        TlsProtocol::TlsAuto => None,
        TlsProtocol::TlSv12 => Some(TlsVersion::V1_2),
        TlsProtocol::TlSv13 => Some(TlsVersion::V1_3),
        TlsProtocol::TlSv10 | TlsProtocol::TlSv11 => {
            cx.within("tlsMinimumProtocolVersion", |cx| {
                cx.warn("TLS 1.0 and 1.1 are not spoken; the minimum is TLS 1.2");
            });
            Some(TlsVersion::V1_2)
        }
    };
    if matches!((min, max), (Some(min), Some(max)) if min > max) {
        cx.within("tlsMinimumProtocolVersion", |cx| {
            cx.error("is greater than tlsMaximumProtocolVersion");
        });
    }
    // Alternatives of equal preference are written in brackets, `[ECDHE-…|ECDHE-…]`.
    let names = |list: Vec<String>| {
        let each = list.iter().flat_map(|entry| entry.trim_matches(['[', ']']).split('|'));
        each.map(str::trim)
            .filter(|name| !name.is_empty())
            .map(Arc::from)
            .collect::<Vec<Arc<str>>>()
    };
    let (cipher_suites, curves) = (names(pb.cipher_suites), names(pb.ecdh_curves));
    // A name among others that is not spoken is left out, as no client can insist on it; none that is spoken is an error.
    for (field, list, spoken) in [
        ("cipherSuites", &cipher_suites, &SUITES.as_slice()),
        ("ecdhCurves", &curves, &CURVES.as_slice()),
    ] {
        let unspoken: Vec<&str> = list
            .iter()
            .map(|name| &**name)
            .filter(|name| !spoken.contains(name))
            .collect();
        let is_fatal = !unspoken.is_empty() && unspoken.len() == list.len();
        let unknown: Vec<&str> = unspoken
            .into_iter()
            .filter(|name| is_fatal || !ISTIOS.contains(name))
            .collect();
        if unknown.is_empty() {
            continue;
        }
        let text = format!(
            "{} not spoken here; these are: {}",
            unknown.join(", "),
            spoken.join(", ")
        );
        cx.within(field, |cx| {
            if is_fatal {
                cx.error(text);
            } else {
                cx.warn(text);
            }
        });
    }
    TlsContext {
        min_version: min,
        max_version: max,
        cipher_suites,
        curves,
        ..TlsContext::default()
    }
}

/// Suites of TLS 1.2 that are spoken: forward secret and authenticated. Those of TLS 1.3 cannot be chosen.
const SUITES: [&str; 6] = [
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-CHACHA20-POLY1305",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-RSA-CHACHA20-POLY1305",
];

/// Suites without forward secrecy, which istiod names in every list, always behind better ones.
const ISTIOS: [&str; 2] = ["AES128-GCM-SHA256", "AES256-GCM-SHA384"];

/// Groups of the key exchange that are spoken.
const CURVES: [&str; 4] = ["X25519", "P-256", "P-384", "X25519MLKEM768"];

fn certificate(cx: &mut Context, pb: pb::TlsCertificate) -> Option<CertificateSource> {
    cx.unsupported("pkcs12", pb.pkcs12.is_some());
    cx.unsupported("privateKeyProvider", pb.private_key_provider.is_some());
    cx.unsupported("password", pb.password.is_some());
    let chain = cx.required("certificateChain", pb.certificate_chain)?;
    let key = cx.required("privateKey", pb.private_key)?;
    let chain = cx.within("certificateChain", |cx| data_source(cx, chain))?;
    let key = cx.within("privateKey", |cx| data_source(cx, key))?;
    match (chain, key) {
        (Source::File(chain), Source::File(key)) => Some(CertificateSource::Files { chain, key }),
        (Source::Inline(chain), Source::Inline(key)) => {
            let chain = cx.within("certificateChain", |cx| {
                cx.check(String::from_utf8(chain).map_err(|_| "is not PEM"))
            })?;
            Some(CertificateSource::Inline(TlsCertificate {
                chain: chain.into(),
                key: PrivateKeyPem::new(key),
            }))
        }
        _ => {
            cx.error("certificateChain and privateKey have to be both inline or both files");
            None
        }
    }
}

fn validation_context(cx: &mut Context, context: Option<ValidationContextType>) -> Option<Validation> {
    match context? {
        ValidationContextType::ValidationContext(pb) => cx.within("validationContext", |cx| Some(validation(cx, pb))),
        ValidationContextType::ValidationContextSdsSecretConfig(config) => {
            cx.within("validationContextSdsSecretConfig", |cx| {
                Some(Validation {
                    trust: Some(TrustSource::Secret(secret_name(cx, config))),
                    ..Validation::default()
                })
            })
        }
        ValidationContextType::CombinedValidationContext(combined) => cx.within("combinedValidationContext", |cx| {
            cx.unsupported(
                "validationContextCertificateProvider",
                combined.validation_context_certificate_provider.is_some(),
            );
            let provider = combined.validation_context_certificate_provider_instance.is_some();
            cx.unsupported("validationContextCertificateProviderInstance", provider);
            let mut merged = cx.within("defaultValidationContext", |cx| {
                validation(cx, combined.default_validation_context.unwrap_or_default())
            });
            let config = cx.required(
                "validationContextSdsSecretConfig",
                combined.validation_context_sds_secret_config,
            )?;
            merged.trust = Some(TrustSource::Secret(
                cx.within("validationContextSdsSecretConfig", |cx| secret_name(cx, config)),
            ));
            Some(merged)
        }),
        ValidationContextType::ValidationContextCertificateProvider(_)
        | ValidationContextType::ValidationContextCertificateProviderInstance(_) => {
            cx.unsupported("validationContextCertificateProvider", true);
            None
        }
    }
}

/// What is asked of a peer's certificate and not understood is an error: leaving it out would let others in.
fn validation(cx: &mut Context, pb: pb::CertificateValidationContext) -> Validation {
    cx.unsupported(
        "caCertificateProviderInstance",
        pb.ca_certificate_provider_instance.is_some(),
    );
    cx.unsupported(
        "requireSignedCertificateTimestamp",
        pb.require_signed_certificate_timestamp.unwrap_or(false),
    );
    cx.unsupported("maxVerifyDepth", pb.max_verify_depth.is_some());
    cx.unsupported("allowExpiredCertificate", pb.allow_expired_certificate);
    cx.unsupported("customValidatorConfig", pb.custom_validator_config.is_some());
    let accept_untrusted = pb.trust_chain_verification() == TrustChainVerification::AcceptUntrusted;
    let leaf_only = pb.only_verify_leaf_cert_crl;
    let revocation = pb.crl.and_then(|source| {
        let lists = cx.within("crl", |cx| match data_source(cx, source)? {
            Source::File(path) => Some(RevocationSource::File(path)),
            Source::Inline(bytes) => cx
                .check(String::from_utf8(bytes).map_err(|_| "is not PEM"))
                .map(|text| RevocationSource::Inline(text.into())),
        })?;
        Some(Revocation { lists, leaf_only })
    });
    let file_or_inline = pb.trusted_ca.and_then(|source| {
        cx.within("trustedCa", |cx| match data_source(cx, source)? {
            Source::File(path) => Some(TrustSource::File(path)),
            Source::Inline(bytes) => cx
                .check(String::from_utf8(bytes).map_err(|_| "is not PEM"))
                .map(|text| TrustSource::Inline(text.into())),
        })
    });
    let trust = file_or_inline.or(pb.system_root_certs.map(|_| TrustSource::System));
    let typed = cx.list(
        "matchTypedSubjectAltNames",
        pb.match_typed_subject_alt_names,
        |cx, san| cx.within("matcher", |cx| matcher::string(cx, san.matcher)),
    );
    let untyped = cx.list("matchSubjectAltNames", pb.match_subject_alt_names, |cx, test| {
        matcher::string(cx, Some(test))
    });
    let subject_alt_names: Vec<StringMatcher> = typed.into_iter().chain(untyped).flatten().collect();
    Validation {
        trust,
        subject_alt_names,
        public_key_pins: pb.verify_certificate_spki.into_iter().map(Arc::from).collect(),
        certificate_hashes: pb.verify_certificate_hash.into_iter().map(Arc::from).collect(),
        revocation,
        allow_expired: pb.allow_expired_certificate,
        accept_untrusted,
    }
}
