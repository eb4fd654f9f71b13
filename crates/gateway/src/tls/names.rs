//! The names in a certificate.
//!
//! A subject is a sequence of sets of pairs of a type and a text (X.501, DER):
//!
//! ```text
//! 31 len  30 len  06 03 55 04 03 (common name)  0c len text
//! ```

use rustls::pki_types::CertificateDer;
use webpki::EndEntityCert;

/// The names in a certificate.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Names {
    /// The subject's common name.
    pub(super) common: Option<String>,
    /// DNS names of the alternative names, `*.` among them.
    pub(super) dns: Vec<String>,
    /// URIs of the alternative names.
    pub(super) uris: Vec<String>,
}

const SET: u8 = 0x31;
const SEQUENCE: u8 = 0x30;
const OBJECT_ID: u8 = 0x06;
/// UTF8String, PrintableString, IA5String.
const TEXTS: [u8; 3] = [0x0c, 0x13, 0x16];
/// 2.5.4.3
const COMMON_NAME: [u8; 3] = [0x55, 0x04, 0x03];

/// Returns the names in a certificate; none when it is not one.
pub(super) fn of(certificate: &CertificateDer<'_>) -> Names {
    let Ok(certificate) = EndEntityCert::try_from(certificate) else {
        return Names::default();
    };
    Names {
        common: common_name(certificate.subject()),
        dns: certificate.valid_dns_names().map(str::to_owned).collect(),
        uris: certificate.valid_uri_names().map(str::to_owned).collect(),
    }
}

/// Returns the last common name, which is the most specific one.
fn common_name(mut subject: &[u8]) -> Option<String> {
    let mut found = None;
    while let Some((SET, mut set, rest)) = element(subject) {
        while let Some((SEQUENCE, pair, others)) = element(set) {
            found = text(pair).or(found);
            set = others;
        }
        subject = rest;
    }
    found
}

fn text(pair: &[u8]) -> Option<String> {
    let (OBJECT_ID, id, value) = element(pair)? else {
        return None;
    };
    let (kind, text, _) = element(value)?;
    let is_name = id == COMMON_NAME && TEXTS.contains(&kind);
    is_name.then(|| str::from_utf8(text).ok().map(str::to_owned))?
}

/// Splits the first element off: its tag, its content, and what follows it.
fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&[tag, length], rest) = bytes.split_first_chunk::<2>()?;
    let (length, rest) = match length {
        0..=0x7f => (usize::from(length), rest),
        0x81 => (usize::from(*rest.first()?), &rest[1..]),
        0x82 => {
            let (length, rest) = rest.split_first_chunk::<2>()?;
            (usize::from(u16::from_be_bytes(*length)), rest)
        }
        // No name is that long.
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, DnType, KeyPair, SanType};

    use super::*;

    #[test]
    fn reads_names() {
        let mut params =
            CertificateParams::new(["a.example".into(), "*.b.example".into()]).unwrap();
        params
            .subject_alt_names
            .push(SanType::URI("spiffe://example/shop".try_into().unwrap()));
        let name = &mut params.distinguished_name;
        name.push(DnType::OrganizationName, "Example");
        name.push(DnType::CommonName, "a".repeat(200));
        let certificate = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        let expected = Names {
            common: Some("a".repeat(200)),
            dns: vec!["a.example".into(), "*.b.example".into()],
            uris: vec!["spiffe://example/shop".into()],
        };
        assert_eq!(of(certificate.der()), expected);
        assert_eq!(
            of(&CertificateDer::from(vec![0x30, 0x80])),
            Names::default()
        );
    }

    #[test]
    fn hostile_subjects_have_no_name() {
        bolero::check!().for_each(|bytes| drop(common_name(bytes)));
        assert_eq!(common_name(&[SET, 0x82, 0xff, 0xff]), None);
    }
}
