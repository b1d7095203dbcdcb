//! Keys that tokens are signed with (RFC 7517), and signatures (RFC 7515, RFC 7518).

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{
    Algorithm, DecodingKey, Validation, decode, decode_header,
    errors::ErrorKind,
    jwk::{Jwk, PublicKeyUse},
};
use serde_json::{Map, Value};

use super::JwtError;

/// The keys of a provider.
pub(super) struct Keys(Vec<Key>);

struct Key {
    id: Option<String>,
    /// The one algorithm it is for, where it says so.
    algorithm: Option<Algorithm>,
    decoding: DecodingKey,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // A symmetric key is a secret.
        write!(f, "{} keys", self.0.len())
    }
}

/// What a token may be signed with; `none` is no signature (RFC 8725 section 3.2).
const ALGORITHMS: [Algorithm; 12] = [
    Algorithm::HS256,
    Algorithm::HS384,
    Algorithm::HS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::EdDSA,
];

impl Keys {
    /// Reads a key set. Keys for other uses than signatures, and of kinds that are not known, are left out.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let set: Value = serde_json::from_str(text).map_err(|error| format!("is no JSON Web Key Set: {error}"))?;
        let Some(list) = set.get("keys").and_then(Value::as_array) else {
            return Err("is no JSON Web Key Set: it has no list of keys".to_owned());
        };
        let mut keys = Vec::new();
        for value in list {
            let Ok(jwk) = serde_json::from_value::<Jwk>(value.clone()) else {
                continue;
            };
            if matches!(jwk.common.public_key_use, Some(PublicKeyUse::Encryption)) {
                continue;
            }
            let algorithm = jwk
                .common
                .key_algorithm
                .as_ref()
                .and_then(|name| name.to_string().parse().ok());
            if let Ok(decoding) = DecodingKey::from_jwk(&jwk) {
                keys.push(Key {
                    id: jwk.common.key_id,
                    algorithm,
                    decoding,
                });
            }
        }
        if keys.is_empty() {
            return Err("has no key that signatures can be verified with".to_owned());
        }
        Ok(Self(keys))
    }

    /// Verifies the signature of a token.
    pub(super) fn verify(&self, token: &str) -> Result<(), JwtError> {
        let header = decode_header(token).map_err(|error| match error.kind() {
            ErrorKind::InvalidAlgorithmName | ErrorKind::InvalidAlgorithm => JwtError::UnknownKey,
            _ => JwtError::Malformed,
        })?;
        if !ALGORITHMS.contains(&header.alg) {
            return Err(JwtError::UnknownKey);
        }
        // Time and audience are looked at by the caller, whose clock it is.
        let mut validation = Validation::new(header.alg);
        validation.validate_exp = false;
        validation.validate_nbf = false;
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        let mut reason = JwtError::UnknownKey;
        for key in &self.0 {
            let is_named = match (&header.kid, &key.id) {
                (Some(wanted), Some(id)) => wanted == id,
                _ => true,
            };
            if !is_named || key.algorithm.is_some_and(|algorithm| algorithm != header.alg) {
                continue;
            }
            // A key of another kind than the algorithm's (RFC 8725 section 3.1).
            if key.decoding.family() != header.alg.family() {
                continue;
            }
            if decode::<Value>(token, &key.decoding, &validation).is_ok() {
                return Ok(());
            }
            reason = JwtError::BadSignature;
        }
        Err(reason)
    }
}

/// The claims of a token whose signature has not been looked at.
pub(super) fn unverified_claims(payload: &str) -> Option<Map<String, Value>> {
    let bytes = URL_SAFE_NO_PAD.decode(payload).ok()?;
    serde_json::from_slice(&bytes).ok()
}

/// Text as base64url.
pub(super) fn to_base64(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(text)
}

/// For tests: a set of one symmetric key.
#[cfg(test)]
pub(super) fn symmetric(id: &str, secret: &str) -> String {
    serde_json::json!({ "keys": [{ "kty": "oct", "kid": id, "alg": "HS256", "k": to_base64(secret) }] }).to_string()
}
