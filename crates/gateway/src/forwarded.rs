//! Whom a request is for and how it came: `X-Forwarded-For`, `-Proto`, `-Host`, and `Forwarded` (RFC 7239).
//!
//! | header | from a trusted peer | from anybody else |
//! |---|---|---|
//! | `X-Forwarded-For` | the peer is added | becomes the peer |
//! | `X-Forwarded-Proto`, `-Host` | stay, or become what came here | become what came here |
//! | `Forwarded` | when it is there, this hop is added | removed |
//! | `X-Forwarded-Port`, `-Prefix`, `-Server`, `-Ssl` | stay | removed |
//! | `X-Real-IP`, `X-Plimsoll-*`, `X-Envoy-*` timeouts | stay | removed |

use std::net::{IpAddr, SocketAddr};

use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use plimsoll_traffic::{Criticality, deadline};

use crate::model::Network;
use crate::proxy::headers::tokens;
use crate::server::ConnectionInfo;

const FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const REAL_IP: HeaderName = HeaderName::from_static("x-real-ip");
pub(crate) const CRITICALITY: HeaderName = HeaderName::from_static(Criticality::HEADER);
pub(crate) const TIMEOUT: HeaderName = HeaderName::from_static(deadline::HEADER);
/// How much time a caller of gRPC gives.
pub(crate) const GRPC_TIMEOUT: HeaderName = HeaderName::from_static(deadline::GRPC_HEADER);
const ENVOY_TIMEOUT: HeaderName = HeaderName::from_static(deadline::ENVOY_HEADER);
const ENVOY_EXPECTED: HeaderName = HeaderName::from_static(deadline::ENVOY_EXPECTED_HEADER);
/// How much time a trusted caller gives: the least counts.
pub(crate) const TIMEOUTS: [HeaderName; 3] = [TIMEOUT, ENVOY_TIMEOUT, ENVOY_EXPECTED];
/// What only peers that we trust may say.
const INTERNAL: [HeaderName; 10] = [
    CRITICALITY,
    TIMEOUT,
    ENVOY_TIMEOUT,
    ENVOY_EXPECTED,
    REAL_IP,
    header::FORWARDED,
    // Nothing is written there; many frameworks go by them.
    HeaderName::from_static("x-forwarded-port"),
    HeaderName::from_static("x-forwarded-prefix"),
    HeaderName::from_static("x-forwarded-server"),
    HeaderName::from_static("x-forwarded-ssl"),
];

/// Returns whom a request is for: the last address of `X-Forwarded-For` that is no trusted peer's, if the peer is
/// trusted, else the peer.
pub(crate) fn client(
    headers: &HeaderMap,
    connection: &ConnectionInfo,
    trusted: &[Network],
) -> SocketAddr {
    if !connection.is_trusted {
        return connection.client;
    }
    let mut found = connection.client;
    for value in headers.get_all(&FOR).iter().rev() {
        let hops: Vec<_> = tokens(value).collect();
        for hop in hops.into_iter().rev() {
            // What stands before something that is no address was written by nobody whom we know.
            let Some(address) = address(hop) else {
                return found;
            };
            found = SocketAddr::new(address, 0);
            if !trusted.iter().any(|network| network.contains(address)) {
                return found;
            }
        }
    }
    found
}

/// An address as it stands in `X-Forwarded-For`: some write a port behind it.
fn address(text: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(text).ok()?;
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    let with_port = || text.parse::<SocketAddr>().ok().map(|address| address.ip());
    bare.parse().ok().or_else(with_port)
}

/// Writes how the request came; `authority` is the host, and port, that the client named.
pub(crate) fn apply(
    headers: &mut HeaderMap,
    connection: &ConnectionInfo,
    authority: Option<&HeaderValue>,
) {
    let client = connection.client.ip();
    if !connection.is_trusted {
        INTERNAL.iter().for_each(|name| drop(headers.remove(name)));
        headers.insert(FOR, for_value(None, client));
        headers.insert(PROTO, HeaderValue::from_static(connection.scheme()));
        set_host(headers, authority);
        return;
    }
    if headers.contains_key(header::FORWARDED) {
        extend_forwarded(headers, connection, authority);
    }
    let before = joined(headers);
    headers.insert(FOR, for_value(before.as_ref(), client));
    if !headers.contains_key(&PROTO) {
        headers.insert(PROTO, HeaderValue::from_static(connection.scheme()));
    }
    if !headers.contains_key(&HOST) {
        set_host(headers, authority);
    }
}

fn set_host(headers: &mut HeaderMap, authority: Option<&HeaderValue>) {
    match authority {
        Some(value) => drop(headers.insert(HOST, value.clone())),
        None => drop(headers.remove(&HOST)),
    }
}

/// All values of `X-Forwarded-For` as one list.
fn joined(headers: &HeaderMap) -> Option<HeaderValue> {
    let mut values = headers.get_all(&FOR).iter();
    let first = values.next()?;
    let mut rest = values.peekable();
    if rest.peek().is_none() {
        return Some(first.clone());
    }
    let mut bytes = first.as_bytes().to_vec();
    for value in rest {
        bytes.extend_from_slice(b", ");
        bytes.extend_from_slice(value.as_bytes());
    }
    HeaderValue::from_bytes(&bytes).ok()
}

fn for_value(before: Option<&HeaderValue>, client: IpAddr) -> HeaderValue {
    use std::io::Write;
    // Longer than any address; on the stack, so that a value without others before it is allocated once.
    let mut text = [0; 64];
    let mut rest = &mut text[..];
    // Writing into memory that is large enough does not fail.
    let _ = write!(rest, "{}", client.to_canonical());
    let left = rest.len();
    let address = &text[..text.len() - left];
    let value = match before {
        None => HeaderValue::from_bytes(address),
        Some(before) => HeaderValue::from_bytes(&[before.as_bytes(), address].join(&b", "[..])),
    };
    value.expect("an address is a header's value")
}

fn extend_forwarded(
    headers: &mut HeaderMap,
    connection: &ConnectionInfo,
    authority: Option<&HeaderValue>,
) {
    let authority = authority
        .and_then(|value| value.to_str().ok())
        .unwrap_or("");
    let client = match connection.client.ip().to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        // RFC 7239 section 6.1: brackets and quotes.
        IpAddr::V6(address) => format!("\"[{address}]\""),
    };
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte);
    let host = match authority.bytes().all(is_plain) && !authority.is_empty() {
        true => format!(";host=\"{authority}\""),
        false => String::new(),
    };
    let element = format!("for={client}{host};proto={}", connection.scheme());
    if let Ok(value) = HeaderValue::try_from(element) {
        headers.append(header::FORWARDED, value);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::server::ListenerId;

    fn connection(client: &str, is_trusted: bool) -> ConnectionInfo {
        let client = SocketAddr::new(client.parse().unwrap(), 4711);
        ConnectionInfo {
            peer: client,
            client,
            local: client,
            listener: Arc::new(ListenerId::new("web", 0)),
            is_trusted,
            tls: None,
        }
    }

    fn headers(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        let pairs = lines.iter().map(|(name, value)| {
            (
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            )
        });
        pairs.collect()
    }

    #[track_caller]
    fn check_client(lists: &[(&'static str, &'static str)], is_trusted: bool, expected: &str) {
        let trusted = [Network {
            address: "10.0.0.0".parse().unwrap(),
            bits: 8,
        }];
        let found = client(
            &headers(lists),
            &connection("10.0.0.1", is_trusted),
            &trusted,
        );
        assert_eq!(found.ip().to_string(), expected);
    }

    #[test]
    fn the_client_is_the_last_one_that_is_not_ours() {
        let name = "x-forwarded-for";
        check_client(&[], true, "10.0.0.1");
        check_client(&[(name, "192.0.2.1")], false, "10.0.0.1");
        check_client(&[(name, "192.0.2.1")], true, "192.0.2.1");
        check_client(
            &[(name, "203.0.113.9, 192.0.2.1, 10.2.3.4")],
            true,
            "192.0.2.1",
        );
        check_client(
            &[(name, "203.0.113.9"), (name, "10.2.3.4")],
            true,
            "203.0.113.9",
        );
        check_client(&[(name, "192.0.2.1, nonsense, 10.2.3.4")], true, "10.2.3.4");
        check_client(
            &[(name, "[2001:db8::1]:443, 192.0.2.1:80")],
            true,
            "192.0.2.1",
        );
        check_client(&[(name, "[2001:db8::1]:443")], true, "2001:db8::1");
        check_client(&[(name, "10.1.1.1, 10.2.3.4")], true, "10.1.1.1");
    }

    #[test]
    fn a_list_is_extended_for_trusted_peers_alone() {
        let host = HeaderValue::from_static("shop.example");
        let lines = [
            ("x-forwarded-for", "192.0.2.1"),
            ("x-forwarded-for", "192.0.2.2"),
            ("forwarded", "for=192.0.2.1"),
            ("x-real-ip", "192.0.2.1"),
            ("x-forwarded-prefix", "/admin"),
        ];
        let mut trusted = headers(&lines);
        apply(&mut trusted, &connection("2001:db8::1", true), Some(&host));
        assert_eq!(
            trusted["x-forwarded-for"],
            "192.0.2.1, 192.0.2.2, 2001:db8::1"
        );
        let forwarded: Vec<_> = trusted.get_all("forwarded").iter().collect();
        let own = "for=\"[2001:db8::1]\";host=\"shop.example\";proto=http";
        assert_eq!(forwarded, ["for=192.0.2.1", own]);
        assert_eq!(trusted["x-real-ip"], "192.0.2.1");
        let mut stranger = headers(&lines);
        apply(
            &mut stranger,
            &connection("2001:db8::1", false),
            Some(&host),
        );
        assert_eq!(stranger["x-forwarded-for"], "2001:db8::1");
        assert_eq!(stranger["x-forwarded-host"], "shop.example");
        assert!(!stranger.contains_key("forwarded") && !stranger.contains_key("x-real-ip"));
        assert_eq!(trusted["x-forwarded-prefix"], "/admin");
        assert!(!stranger.contains_key("x-forwarded-prefix"));
    }

    #[test]
    fn any_list_is_read() {
        bolero::check!().for_each(|bytes: &[u8]| {
            let mut all = HeaderMap::new();
            if let Ok(value) = HeaderValue::from_bytes(bytes) {
                all.insert(FOR, value);
            }
            let connection = connection("10.0.0.1", true);
            let _ = client(&all, &connection, &[]);
            apply(&mut all, &connection, None);
            let last = all[&FOR].as_bytes();
            assert!(last.ends_with(b"10.0.0.1"), "{last:?}");
        });
    }
}
