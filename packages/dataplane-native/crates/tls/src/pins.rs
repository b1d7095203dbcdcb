//! Certificates and public keys that are known beforehand.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::CertificateDer;

use crate::InvalidMaterial;
use crate::provider::sha256;

/// Which certificates pass, whoever issued them: one whose hash, or whose key's hash, is among these.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pins {
    public_keys: Vec<[u8; 32]>,
    certificates: Vec<[u8; 32]>,
}

impl Pins {
    /// Reads SHA-256 hashes: of public keys (`SubjectPublicKeyInfo` in DER) in base64, of certificates (in DER) in
    /// hexadecimal, with or without colons.
    pub fn new<'t>(
        public_keys: impl IntoIterator<Item = &'t str>,
        certificates: impl IntoIterator<Item = &'t str>,
    ) -> Result<Self, InvalidMaterial> {
        let key = |text: &str| {
            let bytes = STANDARD.decode(text).ok().and_then(|bytes| bytes.try_into().ok());
            bytes.ok_or_else(|| InvalidMaterial::new(format!("{text:?} is not a SHA-256 hash in base64")))
        };
        let certificate = |text: &str| {
            let bytes = from_hex(text);
            bytes.ok_or_else(|| InvalidMaterial::new(format!("{text:?} is not a SHA-256 hash in hexadecimal")))
        };
        Ok(Self {
            public_keys: public_keys.into_iter().map(key).collect::<Result<_, _>>()?,
            certificates: certificates.into_iter().map(certificate).collect::<Result<_, _>>()?,
        })
    }

    /// There are none: nothing is asked.
    pub fn is_empty(&self) -> bool {
        self.public_keys.is_empty() && self.certificates.is_empty()
    }

    /// Whether a certificate is one of them.
    pub(crate) fn admit(&self, certificate: &CertificateDer<'_>) -> bool {
        if self.certificates.contains(&sha256(certificate)) {
            return true;
        }
        !self.public_keys.is_empty()
            && webpki::EndEntityCert::try_from(certificate)
                .is_ok_and(|parsed| self.public_keys.contains(&sha256(&parsed.subject_public_key_info())))
    }
}

fn from_hex(text: &str) -> Option<[u8; 32]> {
    let digits: Vec<u8> = text
        .bytes()
        .filter(|byte| *byte != b':')
        .map(|byte| char::from(byte).to_digit(16).map(|digit| digit as u8))
        .collect::<Option<_>>()?;
    let bytes: Vec<u8> = digits
        .chunks(2)
        .map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit))
        .collect();
    (digits.len() == 64).then(|| bytes.try_into().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_read_as_envoy_writes_them() {
        let hex = "ab".repeat(32);
        let colons: Vec<&str> = hex
            .as_bytes()
            .chunks(2)
            .map(|pair| std::str::from_utf8(pair).unwrap())
            .collect();
        let colons = colons.join(":").to_uppercase();
        let pins = Pins::new([STANDARD.encode([7; 32]).as_str()], [hex.as_str(), &colons]).unwrap();
        assert_eq!(pins.public_keys, [[7; 32]]);
        assert_eq!(pins.certificates, [[0xab; 32]; 2]);
        assert!(Pins::new([], ["abc"]).is_err());
        assert!(Pins::new([], ["zz".repeat(32).as_str()]).is_err());
        assert!(Pins::new(["AAAA"], []).is_err());
        assert!(Pins::default().is_empty() && !pins.is_empty());
    }
}
