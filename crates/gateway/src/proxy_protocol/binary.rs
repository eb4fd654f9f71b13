//! Version 2: a binary header.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::{Error, Header, LENGTH_MAX};

/// How a header begins: bytes that no text protocol begins with.
pub(super) const SIGNATURE: [u8; 12] = *b"\r\n\r\n\0\r\nQUIT\n";

/// The signature, version and command, family and protocol, and the length of the rest.
const FIXED: usize = 16;
const LOCAL: u8 = 0x20;
const PROXY: u8 = 0x21;
const TCP4: u8 = 0x11;
const TCP6: u8 = 0x21;
const UNIX: u8 = 0x31;
const UNSPECIFIED: u8 = 0x00;
/// The type of the TLV with the checksum.
const CHECKSUM: u8 = 0x03;

pub(super) fn parse(bytes: &[u8]) -> Result<Option<(Header, usize)>, Error> {
    let Some(fixed) = bytes.first_chunk::<FIXED>() else {
        return Ok(None);
    };
    let length = FIXED + usize::from(u16::from_be_bytes([fixed[14], fixed[15]]));
    if length > LENGTH_MAX {
        return Err(Error::TooLong);
    }
    let Some(whole) = bytes.get(..length) else {
        return Ok(None);
    };
    let header = match fixed[12] {
        // A balancer's own connection may carry addresses and TLVs; they mean nothing.
        LOCAL => Header::Own,
        PROXY => proxied(fixed[13], whole)?,
        _ => return Err(Error::Malformed("unknown version or command")),
    };
    Ok(Some((header, length)))
}

fn proxied(family: u8, whole: &[u8]) -> Result<Header, Error> {
    let short = Error::Malformed("too short for its addresses");
    let rest = &whole[FIXED..];
    let (header, addresses) = match family {
        TCP4 => (v4(rest).ok_or(short)?, 12),
        TCP6 => (v6(rest).ok_or(short)?, 36),
        UNIX if rest.len() >= 216 => (Header::Own, 216),
        UNIX => return Err(short),
        UNSPECIFIED => return Ok(Header::Own),
        _ => return Err(Error::Malformed("unknown family or protocol")),
    };
    extensions(whole, FIXED + addresses)?;
    Ok(header)
}

fn v4(rest: &[u8]) -> Option<Header> {
    let [a, b, c, d, e, f, g, h, i, j, k, l] = *rest.first_chunk::<12>()?;
    Some(Header::For {
        source: (Ipv4Addr::new(a, b, c, d), u16::from_be_bytes([i, j])).into(),
        destination: (Ipv4Addr::new(e, f, g, h), u16::from_be_bytes([k, l])).into(),
    })
}

fn v6(rest: &[u8]) -> Option<Header> {
    let (source, rest) = rest.split_first_chunk::<16>()?;
    let (destination, rest) = rest.split_first_chunk::<16>()?;
    let [a, b, c, d] = *rest.first_chunk::<4>()?;
    Some(Header::For {
        source: (Ipv6Addr::from(*source), u16::from_be_bytes([a, b])).into(),
        destination: (Ipv6Addr::from(*destination), u16::from_be_bytes([c, d])).into(),
    })
}

/// Walks the TLVs from `at` on, and verifies the checksum when there is one.
fn extensions(whole: &[u8], mut at: usize) -> Result<(), Error> {
    let cut = Error::Malformed("an extension is cut off");
    while let Some(rest) = whole.get(at..).filter(|rest| !rest.is_empty()) {
        let [kind, high, low] = *rest.first_chunk::<3>().ok_or(cut)?;
        let length = usize::from(u16::from_be_bytes([high, low]));
        let value = rest.get(3..3 + length).ok_or(cut)?;
        if kind == CHECKSUM {
            let claimed = value
                .try_into()
                .map(u32::from_be_bytes)
                .map_err(|_| Error::Malformed("the checksum is not 4 bytes long"))?;
            if claimed != checksum(whole, at + 3) {
                return Err(Error::Malformed("the checksum does not hold"));
            }
        }
        at += 3 + length;
    }
    Ok(())
}

/// Returns the checksum of the header with the 4 bytes at `field` as zeros.
fn checksum(whole: &[u8], field: usize) -> u32 {
    let before = crc32c::crc32c(&whole[..field]);
    let zeroed = crc32c::crc32c_append(before, &[0; 4]);
    crc32c::crc32c_append(zeroed, &whole[field + 4..])
}

/// Returns a header of version 2 that says for whom a connection is. Addresses of two families are both written as
/// IPv6.
pub fn encode(source: SocketAddr, destination: SocketAddr) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(FIXED + 36);
    bytes.extend_from_slice(&SIGNATURE);
    match (source.ip(), destination.ip()) {
        (IpAddr::V4(from), IpAddr::V4(to)) => {
            bytes.extend_from_slice(&[PROXY, TCP4, 0, 12]);
            bytes.extend_from_slice(&from.octets());
            bytes.extend_from_slice(&to.octets());
        }
        (from, to) => {
            bytes.extend_from_slice(&[PROXY, TCP6, 0, 36]);
            bytes.extend_from_slice(&as_v6(from).octets());
            bytes.extend_from_slice(&as_v6(to).octets());
        }
    }
    bytes.extend_from_slice(&source.port().to_be_bytes());
    bytes.extend_from_slice(&destination.port().to_be_bytes());
    bytes
}

fn as_v6(address: IpAddr) -> Ipv6Addr {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped(),
        IpAddr::V6(address) => address,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::parse;
    use super::*;

    fn header(command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
        let length = (rest.len() as u16).to_be_bytes();
        let fixed = [command, family, length[0], length[1]];
        [SIGNATURE.as_slice(), &fixed, rest].concat()
    }

    const ADDRESSES: [u8; 12] = [198, 51, 100, 7, 203, 0, 113, 9, 0xc8, 0x22, 0x01, 0xbb];

    #[test]
    fn reads_addresses_and_skips_extensions() {
        let rest = [ADDRESSES.as_slice(), &[0x02, 0, 3, b'a', b'.', b'b']].concat();
        let bytes = [header(PROXY, TCP4, &rest), b"GET".to_vec()].concat();
        let expected = Header::For {
            source: "198.51.100.7:51234".parse().unwrap(),
            destination: "203.0.113.9:443".parse().unwrap(),
        };
        assert_eq!(parse(&bytes), Ok(Some((expected, bytes.len() - 3))));
        for length in 1..bytes.len() - 3 {
            assert_eq!(parse(&bytes[..length]), Ok(None), "{length}");
        }
    }

    #[test]
    fn own_connections_have_no_addresses() {
        for bytes in [
            header(LOCAL, UNSPECIFIED, b""),
            header(LOCAL, TCP4, &[1, 2]),
            header(PROXY, UNSPECIFIED, &[9; 40]),
            header(PROXY, UNIX, &[0; 216]),
        ] {
            assert_eq!(parse(&bytes), Ok(Some((Header::Own, bytes.len()))));
        }
    }

    #[test]
    fn the_checksum_must_hold() {
        let rest = [ADDRESSES.as_slice(), &[CHECKSUM, 0, 4, 0, 0, 0, 0]].concat();
        let mut bytes = header(PROXY, TCP4, &rest);
        let field = bytes.len() - 4;
        let sum = crc32c::crc32c(&bytes).to_be_bytes();
        bytes[field..].copy_from_slice(&sum);
        assert!(matches!(parse(&bytes), Ok(Some((Header::For { .. }, _)))));
        bytes[20] ^= 1;
        let broken = Error::Malformed("the checksum does not hold");
        assert_eq!(parse(&bytes), Err(broken));
    }

    #[test]
    fn refuses_what_is_nearly_one() {
        let check = |bytes: Vec<u8>, expected| assert_eq!(parse(&bytes), Err(expected));
        let short = Error::Malformed("too short for its addresses");
        check(header(PROXY, TCP4, &[0; 11]), short);
        check(header(PROXY, TCP6, &[0; 35]), short);
        check(header(PROXY, UNIX, &[0; 215]), short);
        let unknown = Error::Malformed("unknown version or command");
        check(header(0x11, TCP4, &ADDRESSES), unknown);
        check(header(0x22, TCP4, &ADDRESSES), unknown);
        let family = Error::Malformed("unknown family or protocol");
        check(header(PROXY, 0x12, &ADDRESSES), family);
        let cut = Error::Malformed("an extension is cut off");
        check(
            header(PROXY, TCP4, &[ADDRESSES.as_slice(), &[1, 0]].concat()),
            cut,
        );
        check(
            header(PROXY, TCP4, &[ADDRESSES.as_slice(), &[1, 0, 9, 0]].concat()),
            cut,
        );
        check(header(PROXY, TCP4, &[0; LENGTH_MAX]), Error::TooLong);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(source: SocketAddr, destination: SocketAddr) {
            let bytes = encode(source, destination);
            let Ok(Some((Header::For { source: from, destination: to }, length))) = parse(&bytes)
            else {
                panic!("{bytes:?}");
            };
            prop_assert_eq!(length, bytes.len());
            let plain = |address: SocketAddr| (address.ip().to_canonical(), address.port());
            prop_assert_eq!(plain(from), plain(source));
            prop_assert_eq!(plain(to), plain(destination));
        }
    }
}
