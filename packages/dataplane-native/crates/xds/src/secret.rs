//! Secrets.

use std::sync::Arc;

use config::{PrivateKeyPem, Secret, SecretKind, TlsCertificate};
use messages::envoy::{
    config::core::v3::DataSource,
    extensions::transport_sockets::tls::v3::{self as pb, secret::Type},
};

use crate::{
    context::Context,
    value::{Source, data_source},
};

pub(crate) fn secret(cx: &mut Context, pb: pb::Secret) -> Secret {
    let kind = match pb.r#type {
        Some(Type::TlsCertificate(certificate)) => {
            cx.within("tlsCertificate", |cx| certificate_secret(cx, certificate))
        }
        Some(Type::ValidationContext(context)) => cx.within("validationContext", |cx| {
            let pins = !context.verify_certificate_spki.is_empty() || !context.verify_certificate_hash.is_empty();
            if pins {
                cx.error("pins in a secret are not supported by this proxy; write them where the secret is used");
            }
            let revoked = context.crl.map(|crl| pem(cx, "crl", Some(crl)));
            cx.no_effect(
                "matchTypedSubjectAltNames",
                !context.match_typed_subject_alt_names.is_empty(),
            );
            let roots = pem(cx, "trustedCa", context.trusted_ca)?;
            Some(match revoked {
                None => SecretKind::TrustBundle(roots),
                Some(revoked) => SecretKind::RevocableTrustBundle {
                    roots,
                    revoked: revoked?,
                    leaf_only: context.only_verify_leaf_cert_crl,
                },
            })
        }),
        Some(Type::SessionTicketKeys(_) | Type::GenericSecret(_)) => {
            cx.error("only tlsCertificate and validationContext are supported");
            None
        }
        None => {
            cx.error("has neither tlsCertificate nor validationContext");
            None
        }
    };
    Secret {
        name: pb.name.into(),
        secret: kind.unwrap_or_else(|| SecretKind::TrustBundle("".into())),
    }
}

fn certificate_secret(cx: &mut Context, pb: pb::TlsCertificate) -> Option<SecretKind> {
    let chain = pem(cx, "certificateChain", pb.certificate_chain);
    cx.unsupported("pkcs12", pb.pkcs12.is_some());
    cx.unsupported("privateKeyProvider", pb.private_key_provider.is_some());
    cx.unsupported("password", pb.password.is_some());
    let key = private_key(cx, pb.private_key);
    Some(SecretKind::Certificate(TlsCertificate {
        chain: chain?,
        key: key?,
    }))
}

/// PEM that stands in the resource.
pub(crate) fn pem(cx: &mut Context, name: &str, source: Option<DataSource>) -> Option<Arc<str>> {
    let source = cx.required(name, source)?;
    cx.within(name, |cx| match data_source(cx, source)? {
        Source::Inline(bytes) => {
            let text = cx.check(String::from_utf8(bytes).map_err(|_| "is not PEM: it is not even text"))?;
            if !text.contains("-----BEGIN ") {
                cx.error("is not PEM: it has no -----BEGIN line");
            }
            Some(text.into())
        }
        Source::File(path) => {
            cx.error(format!("file {path:?}: only inline data is supported here"));
            None
        }
    })
}

/// The key stays bytes all the way, so that it can be wiped.
fn private_key(cx: &mut Context, source: Option<DataSource>) -> Option<PrivateKeyPem> {
    let source = cx.required("privateKey", source)?;
    cx.within("privateKey", |cx| match data_source(cx, source)? {
        Source::Inline(bytes) => {
            let key = PrivateKeyPem::new(bytes);
            if !key.expose().windows(11).any(|part| part == b"-----BEGIN ") {
                cx.error("is not PEM: it has no -----BEGIN line");
            }
            Some(key)
        }
        Source::File(path) => {
            cx.error(format!("file {path:?}: only inline data is supported here"));
            None
        }
    })
}
