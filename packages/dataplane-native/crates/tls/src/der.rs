//! Reads names, dates and the serial number out of a certificate in DER (RFC 5280 section 4.1).
//!
//! Whether a certificate is valid is decided by webpki; this only tells what a certificate says.

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::PeerNames;
use crate::time::unix_seconds;

const INTEGER: u8 = 0x02;
const OCTET_STRING: u8 = 0x04;
const OID: u8 = 0x06;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const VERSION: u8 = 0xa0;
const EXTENSIONS: u8 = 0xa3;
const RFC822_NAME: u8 = 0x81;
const DNS_NAME: u8 = 0x82;
const URI: u8 = 0x86;
const IP_ADDRESS: u8 = 0x87;

const SUBJECT_ALT_NAME: &[u8] = &[0x55, 0x1d, 0x11];

/// What a certificate says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Contents {
    pub(crate) names: PeerNames,
    /// Seconds since the epoch.
    pub(crate) not_before: i64,
    pub(crate) not_after: i64,
    /// Hexadecimal.
    pub(crate) serial: String,
}

/// Reads a certificate; absent where it is malformed.
pub(crate) fn read_certificate(der: &[u8]) -> Option<Contents> {
    let mut certificate = Der(Der(der).take(SEQUENCE)?);
    let mut tbs = Der(certificate.take(SEQUENCE)?);
    if tbs.next_is(VERSION) {
        tbs.take(VERSION)?;
    }
    let serial = to_hex(tbs.take(INTEGER)?);
    let _signature_algorithm = tbs.take(SEQUENCE)?;
    let issuer = read_name(tbs.take(SEQUENCE)?)?;
    let mut validity = Der(tbs.take(SEQUENCE)?);
    let (not_before, not_after) = (validity.take_time()?, validity.take_time()?);
    let subject = read_name(tbs.take(SEQUENCE)?)?;
    let _public_key = tbs.take(SEQUENCE)?;

    let mut names = PeerNames {
        subject,
        issuer,
        serial: serial.clone(),
        not_before,
        not_after,
        ..PeerNames::default()
    };
    while let Some((tag, content)) = tbs.next_value()? {
        if tag == EXTENSIONS {
            read_extensions(Der(content).take(SEQUENCE)?, &mut names)?;
        }
    }
    Some(Contents {
        names,
        not_before,
        not_after,
        serial,
    })
}

fn read_extensions(content: &[u8], names: &mut PeerNames) -> Option<()> {
    let mut extensions = Der(content);
    while !extensions.0.is_empty() {
        let mut extension = Der(extensions.take(SEQUENCE)?);
        let is_alt_name = extension.take(OID)? == SUBJECT_ALT_NAME;
        while let Some((tag, value)) = extension.next_value()? {
            if is_alt_name && tag == OCTET_STRING {
                read_alternative_names(Der(value).take(SEQUENCE)?, names)?;
            }
        }
    }
    Some(())
}

fn read_alternative_names(content: &[u8], names: &mut PeerNames) -> Option<()> {
    let mut list = Der(content);
    while let Some((tag, value)) = list.next_value()? {
        match tag {
            URI => names.uris.push(ia5(value)?),
            DNS_NAME => names.dns.push(ia5(value)?),
            RFC822_NAME => names.emails.push(ia5(value)?),
            IP_ADDRESS => names.ips.push(read_ip(value)?),
            _ => {}
        }
    }
    Some(())
}

/// A distinguished name as RFC 2253 writes it: the last part first, as in `x-forwarded-client-cert`.
fn read_name(content: &[u8]) -> Option<String> {
    let mut parts = Vec::new();
    let mut sequence = Der(content);
    while !sequence.0.is_empty() {
        let mut attributes = Der(sequence.take(SET)?);
        let mut part = String::new();
        while !attributes.0.is_empty() {
            let mut attribute = Der(attributes.take(SEQUENCE)?);
            let kind = attribute.take(OID)?;
            let (_, value) = attribute.next_value()??;
            if !part.is_empty() {
                part.push('+');
            }
            push_attribute_kind(&mut part, kind);
            part.push('=');
            push_escaped(&mut part, &String::from_utf8_lossy(value));
        }
        parts.push(part);
    }
    parts.reverse();
    Some(parts.join(","))
}

fn push_attribute_kind(out: &mut String, oid: &[u8]) {
    match oid {
        [0x55, 0x04, 0x03] => out.push_str("CN"),
        [0x55, 0x04, 0x06] => out.push('C'),
        [0x55, 0x04, 0x07] => out.push('L'),
        [0x55, 0x04, 0x08] => out.push_str("ST"),
        [0x55, 0x04, 0x0a] => out.push('O'),
        [0x55, 0x04, 0x0b] => out.push_str("OU"),
        other => {
            out.push_str("OID.");
            out.push_str(&to_hex(other));
        }
    }
}

fn push_escaped(out: &mut String, value: &str) {
    for character in value.chars() {
        match character {
            ',' | '+' | '"' | '\\' | '<' | '>' | ';' | '=' => {
                out.push('\\');
                out.push(character);
            }
            character if character.is_control() => {
                let _ = write!(out, "\\{:02x}", u32::from(character));
            }
            character => out.push(character),
        }
    }
}

fn read_ip(bytes: &[u8]) -> Option<IpAddr> {
    if let Ok(v4) = <[u8; 4]>::try_from(bytes) {
        return Some(Ipv4Addr::from(v4).into());
    }
    <[u8; 16]>::try_from(bytes).ok().map(|v6| Ipv6Addr::from(v6).into())
}

/// Names are ASCII; one with a zero byte or anything else in it must not be taken for another.
fn ia5(bytes: &[u8]) -> Option<String> {
    let is_printable = bytes.iter().all(|byte| (0x20..0x7f).contains(byte));
    if is_printable {
        String::from_utf8(bytes.to_vec()).ok()
    } else {
        None
    }
}

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// What is left of a sequence of values.
struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    /// The next value, which must have this tag.
    fn take(&mut self, tag: u8) -> Option<&'a [u8]> {
        match self.next_value()?? {
            (found, content) if found == tag => Some(content),
            _ => None,
        }
    }

    fn next_is(&self, tag: u8) -> bool {
        self.0.first() == Some(&tag)
    }

    /// The next value with its tag; the inner is absent at the end, the outer where the bytes are malformed.
    #[allow(clippy::option_option)]
    fn next_value(&mut self) -> Option<Option<(u8, &'a [u8])>> {
        let Some((&tag, rest)) = self.0.split_first() else {
            return Some(None);
        };
        // Tags of several bytes and indefinite lengths do not occur in certificates.
        let (&first, mut rest) = rest.split_first().filter(|_| tag & 0x1f != 0x1f)?;
        let mut length = usize::from(first);
        if first >= 0x80 {
            let (digits, after) = rest
                .split_at_checked(usize::from(first & 0x7f))
                .filter(|_| (0x81..=0x83).contains(&first))?;
            length = digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit));
            rest = after;
        }
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some(Some((tag, content)))
    }

    /// `UTCTime` or `GeneralizedTime`, in UTC and with seconds (RFC 5280 section 4.1.2.5).
    fn take_time(&mut self) -> Option<i64> {
        let (tag, text) = self.next_value()??;
        let (year_digits, rest) = text.split_at_checked(match tag {
            UTC_TIME => 2,
            GENERALIZED_TIME => 4,
            _ => return None,
        })?;
        let year = match (tag, decimal(year_digits)?) {
            (UTC_TIME, year) if year < 50 => 2000 + year,
            (UTC_TIME, year) => 1900 + year,
            (_, year) => year,
        };
        let fields = rest.strip_suffix(b"Z").filter(|fields| fields.len() == 10)?;
        let mut numbers = [0; 5];
        for (number, digits) in numbers.iter_mut().zip(fields.chunks_exact(2)) {
            *number = decimal(digits)?;
        }
        unix_seconds(year, numbers)
    }
}

fn decimal(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0, |number, digit| {
        digit.is_ascii_digit().then(|| number * 10 + i64::from(digit - b'0'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, DnType, KeyPair, SanType};

    fn certificate(change: impl FnOnce(&mut CertificateParams)) -> Vec<u8> {
        let mut params = CertificateParams::new(vec!["reviews.example".to_owned()]).expect("params");
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.not_before = rcgen::date_time_ymd(2020, 1, 31);
        params.not_after = rcgen::date_time_ymd(2060, 2, 29);
        params.serial_number = Some(rcgen::SerialNumber::from(0x1234_u64));
        change(&mut params);
        let key = KeyPair::generate().expect("key");
        params.self_signed(&key).expect("certificate").der().to_vec()
    }

    #[test]
    fn names_dates_and_serial_are_read() {
        let der = certificate(|params| {
            params.distinguished_name.push(DnType::OrganizationName, "a, b");
            params.distinguished_name.push(DnType::CommonName, "reviews");
            let uri = "spiffe://cluster.local/ns/default/sa/reviews";
            params
                .subject_alt_names
                .push(SanType::URI(uri.try_into().expect("uri")));
            params
                .subject_alt_names
                .push(SanType::Rfc822Name("a@b".try_into().expect("mail")));
            params
                .subject_alt_names
                .push(SanType::IpAddress("127.0.0.1".parse().expect("ip")));
            params
                .subject_alt_names
                .push(SanType::IpAddress("::1".parse().expect("ip")));
        });
        let contents = read_certificate(&der).expect("contents");
        assert_eq!(contents.names.subject, "CN=reviews,O=a\\, b");
        assert_eq!(contents.names.issuer, contents.names.subject, "it signed itself");
        assert_eq!(
            (contents.names.serial.as_str(), contents.names.not_after),
            ("1234", 2_845_238_400)
        );
        assert_eq!(contents.names.uris, ["spiffe://cluster.local/ns/default/sa/reviews"]);
        assert_eq!(contents.names.dns, ["reviews.example"]);
        assert_eq!(contents.names.emails, ["a@b"]);
        assert_eq!(
            contents.names.ips.iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["127.0.0.1", "::1"]
        );
        assert_eq!(contents.serial, "1234");
        assert_eq!(
            (contents.not_before, contents.not_after),
            (1_580_428_800, 2_845_238_400)
        );
    }

    #[test]
    fn a_certificate_without_names_has_none() {
        let der = certificate(|params| params.subject_alt_names.clear());
        let names = read_certificate(&der).expect("contents").names;
        let nothing = PeerNames {
            serial: names.serial.clone(),
            not_before: names.not_before,
            not_after: names.not_after,
            ..PeerNames::default()
        };
        assert_eq!(names, nothing);
    }

    #[test]
    fn every_prefix_is_malformed() {
        let der = certificate(|_| {});
        for length in 0..der.len() {
            assert_eq!(read_certificate(&der[..length]), None, "{length} bytes");
        }
    }

    #[test]
    fn a_name_with_a_zero_byte_is_refused() {
        assert_eq!(ia5(b"good.example\0.evil.example"), None);
    }
}
