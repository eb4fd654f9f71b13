//! What consistent hashing goes by.

use std::net::IpAddr;

use xxhash_rust::xxh3::xxh3_64;

/// Hashes what a client sent, such as a header's or a cookie's value, into an [`Ask::key`](crate::Ask::key): the same in
/// every process and version.
pub fn key_of_bytes(bytes: &[u8]) -> u64 {
    xxh3_64(bytes)
}

/// Hashes a client's address. Of IPv6 only the network (/64) counts, because hosts change the rest every day (RFC 8981);
/// an IPv4 address that is written as IPv6 is the same client.
pub fn key_of_address(address: IpAddr) -> u64 {
    match address.to_canonical() {
        IpAddr::V4(address) => xxh3_64(&address.octets()),
        IpAddr::V6(address) => xxh3_64(&address.octets()[..8]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(address: &str) -> u64 {
        key_of_address(address.parse().unwrap())
    }

    #[test]
    fn one_client_has_one_key() {
        assert_eq!(key("192.0.2.7"), key("::ffff:192.0.2.7"));
        assert_eq!(key("2001:db8::1"), key("2001:db8::abcd:1"));
        assert_ne!(key("192.0.2.7"), key("192.0.2.8"));
        assert_ne!(key("2001:db8::1"), key("2001:db8:0:1::1"));
    }

    #[test]
    fn keys_stay_the_same_across_versions() {
        assert_eq!(key_of_bytes(b""), 0x2d06_8005_38d3_94c2);
    }
}
