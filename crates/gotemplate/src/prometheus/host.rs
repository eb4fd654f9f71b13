//! Hosts, ports and the path of a URL.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::function::Functions;
use crate::value::{Signature, Type};

/// Adds the functions.
pub(super) fn add_all(functions: &mut Functions) {
    let text = || Signature::exact(&[Type::Text]);
    functions.add("stripPort", text(), |call| {
        let text = call.text(0);
        let host = split(text).map_or(text, |(host, _)| host);
        call.make(host.to_owned())
    });
    functions.add("stripDomain", text(), |call| {
        call.make(strip_domain(call.text(0)))
    });
}

fn strip_domain(text: &str) -> String {
    let (host, port) = split(text).unwrap_or((text, ""));
    if is_address(host) {
        return text.to_owned();
    }
    let name = host.split('.').next().unwrap_or(host);
    match (port, name.contains([':', '%'])) {
        ("", _) => name.to_owned(),
        (port, true) => format!("[{name}]:{port}"),
        (port, false) => format!("{name}:{port}"),
    }
}

/// Says whether a text is an IP address, perhaps with a zone.
fn is_address(host: &str) -> bool {
    let (address, zone) = host.split_once('%').unwrap_or((host, "-"));
    let is_v6 = address.parse::<Ipv6Addr>().is_ok() && !zone.is_empty();
    is_v6 || host.parse::<Ipv4Addr>().is_ok()
}

/// Splits `host:port` or `[host]:port`, as Go's `net.SplitHostPort` does; nothing when the text is no such pair.
fn split(text: &str) -> Option<(&str, &str)> {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, after) = rest.split_once(']')?;
            (host, after.strip_prefix(':')?)
        }
        None => text
            .rsplit_once(':')
            .filter(|(host, _)| !host.contains(':'))?,
    };
    let has_brackets = |part: &str| part.contains(['[', ']']);
    (!has_brackets(host) && !has_brackets(port) && !port.contains(':')).then_some((host, port))
}

/// Returns the path of a URL, with what was percent-encoded decoded.
pub(super) fn path(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let end = rest.find(['?', '#']).unwrap_or(rest.len());
    let rest = &rest[..end];
    let path = rest.find('/').map_or("", |at| &rest[at..]);
    crate::url::unescape(path, false).unwrap_or_else(|_| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strips_domains_but_not_addresses() {
        for (text, expected) in [
            ("node1.example.org:9100", "node1:9100"),
            ("node1.example.org", "node1"),
            ("node1", "node1"),
            ("10.0.0.1:9100", "10.0.0.1:9100"),
            ("10.0.0.1", "10.0.0.1"),
            ("[::1]:9100", "[::1]:9100"),
            ("fe80::1%eth0", "fe80::1%eth0"),
            ("a.b:c:d", "a"),
            ("", ""),
        ] {
            assert_eq!(strip_domain(text), expected, "{text}");
        }
    }

    #[test]
    fn splits_hosts_as_go_does() {
        for (text, expected) in [
            ("host:80", Some(("host", "80"))),
            ("host:", Some(("host", ""))),
            ("[::1]:80", Some(("::1", "80"))),
            ("::1", None),
            ("host", None),
            ("[::1]", None),
            ("[a]b:80", None),
            ("a]:80", None),
        ] {
            assert_eq!(split(text), expected, "{text}");
        }
    }

    #[test]
    fn finds_the_path_of_a_url() {
        for (url, expected) in [
            ("http://localhost:9090", ""),
            ("http://localhost:9090/prom/a%20b?x#y", "/prom/a b"),
            ("/prefix", "/prefix"),
            ("", ""),
        ] {
            assert_eq!(path(url), expected, "{url}");
        }
    }
}
