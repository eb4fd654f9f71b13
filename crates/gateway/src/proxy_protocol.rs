//! The PROXY protocol: what a balancer in front says about whom a connection is for, before the first byte of the client.
//!
//! Version 1 is one line of at most 107 bytes, version 2 is binary:
//!
//! ```text
//! PROXY TCP4 198.51.100.7 203.0.113.9 51234 443\r\n
//! PROXY UNKNOWN ...\r\n                               the balancer's own connection, such as a check
//!
//! 0         12   13   14     16                       16 + length
//! | signature | vc | fp | length | addresses | TLVs |
//!               vc: 0x20 LOCAL (own connection), 0x21 PROXY
//!               fp: 0x11 TCP over IPv4 (12 bytes), 0x21 TCP over IPv6 (36 bytes), 0x31 Unix, 0x00 unspecified
//! ```
//!
//! A checksum among the TLVs (type 3, CRC-32C over the whole header with the field zeroed) is verified; other TLVs are
//! checked for their form and skipped.
//!
//! Source: HAProxy, "The PROXY protocol, versions 1 & 2", sections 2.1 and 2.2.

mod binary;
mod text;

use std::net::SocketAddr;

pub use binary::encode;

/// The longest header that is read. Version 2 could be 64 KiB; what balancers send is below 1 KiB.
pub const LENGTH_MAX: usize = 4096;

/// What a header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Header {
    /// The connection is the balancer's own, or for somebody without an address.
    Own,
    /// The connection is for somebody else.
    For {
        /// Who connected to the balancer.
        source: SocketAddr,
        /// What it connected to.
        destination: SocketAddr,
    },
}

/// The bytes are no header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// They begin differently.
    #[error("wanted a PROXY header, found something else")]
    Absent,
    /// It is longer than is read.
    #[error("the PROXY header is longer than {LENGTH_MAX} bytes, or 107 in version 1")]
    TooLong,
    /// It begins as a header and is none.
    #[error("the PROXY header is malformed: {0}")]
    Malformed(&'static str),
}

/// Reads a header from the beginning of `bytes`, and returns it with its length; `None` when more bytes are needed.
///
/// # Errors
/// [`Error`], as early as it can be told. What is no header now will not become one with more bytes.
pub fn parse(bytes: &[u8]) -> Result<Option<(Header, usize)>, Error> {
    if bytes.is_empty() {
        return Ok(None);
    }
    if begins(bytes, &binary::SIGNATURE) {
        binary::parse(bytes)
    } else if begins(bytes, text::PREFIX) {
        text::parse(bytes)
    } else {
        Err(Error::Absent)
    }
}

/// Says whether the bytes and the prefix agree as far as both go.
fn begins(bytes: &[u8], prefix: &[u8]) -> bool {
    let common = bytes.len().min(prefix.len());
    bytes[..common] == prefix[..common]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_both_versions_apart_byte_by_byte() {
        assert_eq!(parse(b""), Ok(None));
        assert_eq!(parse(b"P"), Ok(None));
        assert_eq!(parse(b"\r\n\r\n\0"), Ok(None));
        assert_eq!(parse(b"PO"), Err(Error::Absent));
        assert_eq!(parse(b"GET / HTTP/1.1\r\n"), Err(Error::Absent));
        assert_eq!(parse(b"\r\n\r\nX"), Err(Error::Absent));
    }

    #[test]
    fn hostile_bytes_are_read_the_same_however_they_come() {
        bolero::check!().for_each(|bytes| {
            for bytes in [
                bytes.to_vec(),
                [text::PREFIX, bytes].concat(),
                [binary::SIGNATURE.as_slice(), bytes].concat(),
            ] {
                let Ok(Some((header, length))) = parse(&bytes) else {
                    continue;
                };
                assert!(length <= bytes.len() && length <= LENGTH_MAX);
                assert_eq!(parse(&bytes[..length]), Ok(Some((header, length))));
                let early = (0..length).map(|length| parse(&bytes[..length]));
                assert!(early.into_iter().all(|found| found == Ok(None)));
            }
        });
    }
}
