//! Headers on the way: those of one hop end here, those that a route changes are changed.

use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::request::Parts;

use crate::model::HeaderOperation;

/// Headers of one hop that no `Connection` needs to name (RFC 9110 section 7.6.1). `Trailer` stays: it is about the
/// message.
const HOP_BY_HOP: [HeaderName; 5] = [
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::PROXY_AUTHENTICATE,
];

/// Removes what is about one hop. `TE: trailers` stays when it is there, since gRPC asks for it.
pub(crate) fn remove_hop_by_hop(headers: &mut HeaderMap) {
    if headers.contains_key(header::CONNECTION) {
        remove_named(headers);
    }
    if headers.contains_key(header::TRANSFER_ENCODING) {
        // It said where the message ends, whatever the length says: nobody behind us may go by that (RFC 9112, 6.3).
        headers.remove(header::CONTENT_LENGTH);
    }
    for name in &HOP_BY_HOP {
        headers.remove(name);
    }
    if let Some(value) = headers.get(header::TE) {
        let wants_trailers = tokens(value).any(|token| token.eq_ignore_ascii_case(b"trailers"));
        match wants_trailers {
            true => drop(headers.insert(header::TE, HeaderValue::from_static("trailers"))),
            false => drop(headers.remove(header::TE)),
        }
    }
}

/// Removes `Connection` and what it names.
fn remove_named(headers: &mut HeaderMap) {
    let mut named: Vec<HeaderName> = Vec::new();
    for value in headers.get_all(header::CONNECTION) {
        // Nearly always it is one of these two, which name no header.
        if matches!(value.as_bytes(), b"keep-alive" | b"close" | b"Keep-Alive") {
            continue;
        }
        let names = tokens(value).filter_map(|token| HeaderName::from_bytes(token).ok());
        // What routing and framing rest on cannot be taken away by a client.
        named.extend(names.filter(|name| !is_needed(name)));
    }
    headers.remove(header::CONNECTION);
    for name in named {
        headers.remove(name);
    }
}

fn is_needed(name: &HeaderName) -> bool {
    *name == header::HOST
        || *name == header::CONTENT_LENGTH
        || *name == header::TE
        || *name == header::COOKIE
        || *name == header::AUTHORIZATION
        || name.as_str().starts_with("x-forwarded-")
}

/// The tokens of a list.
pub(crate) fn tokens(value: &HeaderValue) -> impl Iterator<Item = &[u8]> {
    let tokens = value.as_bytes().split(|byte| *byte == b',');
    tokens
        .map(<[u8]>::trim_ascii)
        .filter(|token| !token.is_empty())
}

/// Says whether a list has a token.
pub(crate) fn has_token(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    let mut values = headers.get_all(name).iter();
    values.any(|value| tokens(value).any(|found| found.eq_ignore_ascii_case(token.as_bytes())))
}

/// Does what a route says.
pub(crate) fn rewrite(headers: &mut HeaderMap, operations: &[HeaderOperation]) {
    for operation in operations {
        match operation {
            HeaderOperation::Set(name, value) => drop(headers.insert(name, value.clone())),
            HeaderOperation::Add(name, value) => drop(headers.append(name, value.clone())),
            HeaderOperation::Remove(name) => drop(headers.remove(name)),
        }
    }
}

/// Joins the cookies that HTTP/2 lets a client split: HTTP/1 has one header of them (RFC 9113, 8.2.3).
pub(crate) fn join_cookies(headers: &mut HeaderMap) {
    let mut values = headers.get_all(header::COOKIE).iter();
    let Some(first) = values.next() else { return };
    let mut rest = values.peekable();
    if rest.peek().is_none() {
        return;
    }
    let mut joined = first.as_bytes().to_vec();
    for value in rest {
        joined.extend_from_slice(b"; ");
        joined.extend_from_slice(value.as_bytes());
    }
    if let Ok(joined) = HeaderValue::from_bytes(&joined) {
        headers.insert(header::COOKIE, joined);
    }
}

/// The authority that the client named: host, and port if it named one, but no user (RFC 9110, 4.2.4).
pub(crate) fn authority(parts: &Parts) -> &str {
    if let Some(authority) = parts.uri.authority() {
        let all = authority.as_str();
        return all.rsplit_once('@').map_or(all, |(_, named)| named);
    }
    let host = parts.headers.get(header::HOST);
    host.and_then(|host| host.to_str().ok()).unwrap_or("")
}

/// The same as a header's value, shared with the request where it has one.
pub(crate) fn authority_value(parts: &Parts) -> Option<HeaderValue> {
    let value = match parts.uri.authority() {
        Some(_) => HeaderValue::from_str(authority(parts)).ok(),
        None => parts.headers.get(header::HOST).cloned(),
    };
    value.filter(|value| !value.is_empty())
}

/// The host that the client named, without its port.
pub(crate) fn host(parts: &Parts) -> &str {
    let authority = authority(parts);
    match authority.rsplit_once(':') {
        // The colons of an IPv6 address are within brackets.
        Some((host, port)) if !port.contains(']') => host,
        _ => authority,
    }
}

/// Says whether the request is gRPC.
pub(crate) fn is_grpc(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE);
    content_type.is_some_and(
        |value| match value.as_bytes().strip_prefix(b"application/grpc") {
            Some(rest) => matches!(rest.first(), None | Some(b'+' | b';')),
            None => false,
        },
    )
}

/// The cookie of a name.
pub(crate) fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let values = headers.get_all(header::COOKIE).into_iter();
    let texts = values.filter_map(|value| value.to_str().ok());
    let pairs = texts.flat_map(|text| text.split(';'));
    let found = pairs
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(known, _)| *known == name)?;
    Some(found.1)
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn check(before: &[(&'static str, &'static str)], after: &[(&'static str, &'static str)]) {
        let mut found = headers(before);
        remove_hop_by_hop(&mut found);
        assert_eq!(found, headers(after));
    }

    #[test]
    fn what_is_about_one_hop_ends_here() {
        check(
            &[
                ("connection", "keep-alive"),
                ("keep-alive", "timeout=5"),
                ("accept", "*/*"),
            ],
            &[("accept", "*/*")],
        );
        check(
            &[
                ("connection", "close, x-hop , upgrade"),
                ("x-hop", "1"),
                ("upgrade", "h2c"),
            ],
            &[],
        );
        check(
            &[("transfer-encoding", "chunked"), ("trailer", "x-sum")],
            &[("trailer", "x-sum")],
        );
    }

    #[test]
    fn a_length_beside_transfer_encoding_counts_for_nothing() {
        check(
            &[("transfer-encoding", "chunked"), ("content-length", "5")],
            &[],
        );
        check(&[("content-length", "5")], &[("content-length", "5")]);
    }

    #[test]
    fn cookies_that_were_split_are_one_again() {
        let mut split = headers(&[("cookie", "a=1"), ("cookie", "b=2; c=3"), ("cookie", "d=4")]);
        join_cookies(&mut split);
        assert_eq!(split, headers(&[("cookie", "a=1; b=2; c=3; d=4")]));
        let mut none = HeaderMap::new();
        join_cookies(&mut none);
        assert!(none.is_empty());
    }

    #[test]
    fn a_user_is_no_part_of_the_authority() {
        let asked = http::Request::get("http://shop.example:1@evil.example:2/x");
        let (parts, ()) = asked.body(()).unwrap().into_parts();
        assert_eq!(authority(&parts), "evil.example:2");
        assert_eq!(authority_value(&parts).unwrap(), "evil.example:2");
        assert_eq!(host(&parts), "evil.example");
    }

    #[test]
    fn trailers_are_still_wanted() {
        check(&[("te", "gzip, Trailers")], &[("te", "trailers")]);
        check(&[("te", "gzip")], &[]);
        check(
            &[("te", "trailers"), ("connection", "te")],
            &[("te", "trailers")],
        );
    }

    #[test]
    fn a_client_cannot_take_away_what_others_rest_on() {
        let needed = [
            (
                "connection",
                "x-forwarded-for, host, content-length, cookie",
            ),
            ("host", "a"),
            ("content-length", "3"),
            ("x-forwarded-for", "10.0.0.1"),
            ("cookie", "a=b"),
        ];
        check(&needed, &needed[1..]);
    }

    #[test]
    fn finds_cookies() {
        let headers = headers(&[("cookie", "a=1; plimsoll=x=y; b=2"), ("cookie", "c=3")]);
        assert_eq!(cookie(&headers, "plimsoll"), Some("x=y"));
        assert_eq!(cookie(&headers, "c"), Some("3"));
        assert_eq!(cookie(&headers, "d"), None);
    }

    #[test]
    fn knows_grpc() {
        for (text, is) in [
            ("application/grpc", true),
            ("application/grpc+proto", true),
            ("application/grpc; x=y", true),
            ("application/grpc-web", false),
            ("application/json", false),
        ] {
            assert_eq!(is_grpc(&headers(&[("content-type", text)])), is, "{text}");
        }
    }
}
