//! The host of a request, as routes name it.

use std::borrow::Cow;
use std::net::Ipv6Addr;

use http::Version;
use http::header::HOST;
use http::request::Parts;

use super::Miss;

/// Returns the host without its port and without a dot at its end, in lower case; empty when HTTP/1.0 names none.
pub(super) fn of(parts: &Parts) -> Result<Cow<'_, str>, Miss> {
    let mut values = parts.headers.get_all(HOST).iter();
    let value = values.next();
    if values.next().is_some() {
        return Err(Miss::BadHost);
    }
    // A proxy goes by the target and not by the header (RFC 9112, section 3.2.2).
    if let Some(authority) = parts.uri.authority() {
        return Ok(plain(authority.host()));
    }
    let Some(value) = value else {
        // RFC 9112, section 3.2.
        return match parts.version == Version::HTTP_11 {
            true => Err(Miss::BadHost),
            false => Ok(Cow::Borrowed("")),
        };
    };
    let text = value.to_str().map_err(|_| Miss::BadHost)?;
    match text.is_empty() {
        true => Ok(Cow::Borrowed("")),
        false => without_port(text).map(plain).ok_or(Miss::BadHost),
    }
}

/// Returns the host of a text; `None` when it is no host.
fn without_port(text: &str) -> Option<&str> {
    let end = match text.starts_with('[') {
        true => text.find(']')? + 1,
        false => text.find(':').unwrap_or(text.len()),
    };
    let (host, port) = text.split_at(end);
    let is_port = match port.strip_prefix(':') {
        Some(number) => number.bytes().all(|byte| byte.is_ascii_digit()),
        None => port.is_empty(),
    };
    let address = host.strip_prefix('[');
    let is_host = match address.and_then(|rest| rest.strip_suffix(']')) {
        Some(address) => address.parse::<Ipv6Addr>().is_ok(),
        None => host
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte)),
    };
    (is_port && is_host).then_some(host)
}

fn plain(host: &str) -> Cow<'_, str> {
    let host = host.strip_suffix('.').unwrap_or(host);
    match host.bytes().any(|byte| byte.is_ascii_uppercase()) {
        true => Cow::Owned(host.to_ascii_lowercase()),
        false => Cow::Borrowed(host),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(uri: &str, hosts: &[&[u8]]) -> Parts {
        let mut request = http::Request::builder().uri(uri);
        for host in hosts {
            request = request.header(HOST, *host);
        }
        request.body(()).unwrap().into_parts().0
    }

    fn check(host: &str, expected: Result<&str, Miss>) {
        let parts = parts("/", &[host.as_bytes()]);
        assert_eq!(
            of(&parts).as_deref(),
            expected.as_ref().map(|one| *one),
            "{host}"
        );
    }

    #[test]
    fn ports_dots_and_case_do_not_count() {
        check("a.example", Ok("a.example"));
        check("A.Example.:8080", Ok("a.example"));
        check("127.0.0.1:1", Ok("127.0.0.1"));
        check("[::1]:80", Ok("[::1]"));
        check("[::1]", Ok("[::1]"));
        check("", Ok(""));
    }

    #[test]
    fn what_is_no_host_is_refused() {
        for host in [
            "a/b", "a b", "u@a", "a:b", "[::1", "[::1]x", "[x]", "a,b", "a:1:2",
        ] {
            check(host, Err(Miss::BadHost));
        }
        assert_eq!(of(&parts("/", &[b"\xff"])), Err(Miss::BadHost));
        assert_eq!(of(&parts("/", &[b"a", b"a"])), Err(Miss::BadHost));
    }

    #[test]
    fn only_http_1_0_may_name_none() {
        let mut none = parts("/", &[]);
        assert_eq!(of(&none), Err(Miss::BadHost));
        none.version = Version::HTTP_10;
        assert_eq!(of(&none).as_deref(), Ok(""));
    }

    #[test]
    fn the_authority_goes_before_the_header() {
        let both = parts("http://A:1/x", &[b"b"]);
        assert_eq!(of(&both).as_deref(), Ok("a"));
        let three = parts("http://a/", &[b"a", b"a"]);
        assert_eq!(of(&three), Err(Miss::BadHost));
    }
}
