//! Where endpoints are, as files and flags write it.

use std::fmt;

use url::{Host, Url};

/// Where an endpoint is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    /// Lower case; of IPv6 without brackets.
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) scheme: Scheme,
}

/// What is spoken there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scheme {
    Http,
    Https,
    /// Bytes.
    Tcp,
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Http => "http",
            Self::Https => "https",
            Self::Tcp => "tcp",
        })
    }
}

/// Reads `http://host:port`, `https://host:port`, or `tcp://host:port` for what is no HTTP.
pub(super) fn target(text: &str) -> Result<Target, String> {
    let wanted = |why: &str| {
        let shown = super::context::short(&hidden(text));
        Err(format!(
            "wanted a URL such as http://127.0.0.1:8000, found {shown:?}{why}"
        ))
    };
    let Some((word, _)) = text.split_once("://") else {
        return wanted(": it has no scheme");
    };
    let (scheme, port_default) = match word {
        "http" => (Scheme::Http, Some(80)),
        "https" => (Scheme::Https, Some(443)),
        "tcp" => (Scheme::Tcp, None),
        _ => return wanted(": the scheme is http, https or tcp"),
    };
    // `tcp` is no special scheme to the parser, which then takes hosts as they are.
    let rest = &text[word.len()..];
    let Ok(url) = Url::parse(&format!("http{rest}")) else {
        return wanted("");
    };
    if !url.username().is_empty() || url.password().is_some() {
        return wanted(": it has a user");
    }
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        return wanted(": paths are a route's `rewrite`");
    }
    // The parser drops a port that it takes for its own default.
    let port = match (url.port(), port_default) {
        (Some(port), _) => Some(port),
        (None, _) if rest.trim_end_matches('/').ends_with(":80") => Some(80),
        (None, default) => default,
    };
    let host = match url.host() {
        Some(Host::Domain(name)) => name.trim_end_matches('.').to_owned(),
        Some(Host::Ipv4(address)) => address.to_string(),
        Some(Host::Ipv6(address)) => address.to_string(),
        None => String::new(),
    };
    match port {
        _ if host.is_empty() => wanted(": it has no host"),
        None | Some(0) => wanted(": it has no port"),
        Some(port) => Ok(Target { host, port, scheme }),
    }
}

/// Returns the text without what may be a password.
fn hidden(text: &str) -> String {
    match text.rsplit_once('@') {
        Some((_, host)) => format!("***@{host}"),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, host: &str, port: u16, scheme: Scheme) {
        let host = host.to_owned();
        assert_eq!(target(text), Ok(Target { host, port, scheme }), "{text}");
    }

    #[test]
    fn urls_of_endpoints() {
        check("http://127.0.0.1:8000", "127.0.0.1", 8000, Scheme::Http);
        check("http://A.example/", "a.example", 80, Scheme::Http);
        check("https://a", "a", 443, Scheme::Https);
        check("https://a:80/", "a", 80, Scheme::Https);
        check("http://[::1]:9", "::1", 9, Scheme::Http);
        check("tcp://db:5432", "db", 5432, Scheme::Tcp);
        check("tcp://db:80", "db", 80, Scheme::Tcp);
        check("http://a.:1", "a", 1, Scheme::Http);
    }

    #[test]
    fn says_what_is_wrong() {
        for (text, why) in [
            ("a:1", "no scheme"),
            ("ftp://a", "http, https or tcp"),
            ("http://u:p@a", "a user"),
            ("http://a/x", "rewrite"),
            ("http://a/?x", "rewrite"),
            ("tcp://a", "no port"),
            ("http://a:0", "no port"),
            ("http://", "found"),
            ("http://a:99999", "found"),
            ("http://.", "found"),
        ] {
            let error = target(text).unwrap_err();
            assert!(error.contains(why), "{error}");
            assert!(!error.contains("u:p"), "{error}");
        }
    }

    #[test]
    fn any_text_is_read_or_refused() {
        bolero::check!().with_type::<String>().for_each(|text| {
            if let Ok(target) = target(text) {
                assert!(target.port > 0 && !target.host.is_empty());
            }
        });
    }
}
