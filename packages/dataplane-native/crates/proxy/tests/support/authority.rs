//! Certificates of workloads.

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, SanType};
use serde_json::{Value, json};

/// An authority that signs certificates of workloads.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pub(crate) pem: String,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        // Otherwise it has the name of those that it signs, and seems to be signed by them.
        params.distinguished_name.push(DnType::CommonName, "root");
        let pem = params.self_signed(&key).unwrap().pem();
        Self {
            issuer: Issuer::new(params, key),
            pem,
        }
    }

    /// Secrets `default` and `ROOTCA` of a service account.
    pub(crate) fn secrets(&self, account: &str) -> Value {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        let id = format!("spiffe://cluster.local/ns/default/sa/{account}");
        params.subject_alt_names = vec![SanType::URI(id.try_into().unwrap())];
        let chain = params.signed_by(&key, &self.issuer).unwrap().pem();
        json!([
            { "name": "default", "secret": { "certificate": { "chain": chain, "key": key.serialize_pem() } } },
            { "name": "ROOTCA", "secret": { "trustBundle": self.pem } },
        ])
    }
}
