//! The flags of the HTTP server, in Prometheus' spellings too.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use plimsoll_types::Pattern;

/// Which pages may read answers when nothing is said and others can reach the server: any, as in Prometheus.
const ANY_ORIGIN: &str = ".*";
/// Which pages may read answers when nothing is said and the server listens on loopback: those of this machine. Any
/// page of the world that its user visits could otherwise read what nobody outside was meant to see.
const OWN_ORIGIN: &str = r"https?://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?";

/// What the server answers beside queries and pushes.
#[derive(clap::Args, Clone, Debug)]
#[command(next_help_heading = "HTTP")]
pub(crate) struct WebArguments {
    /// Answer requests that delete series, clean up, and take snapshots
    #[arg(long, visible_alias = "web.enable-admin-api")]
    pub(super) enable_admin_api: bool,
    /// Stop on a POST to /-/quit; a reload by POST to /-/reload is always answered
    #[arg(long, visible_alias = "web.enable-lifecycle")]
    pub(super) enable_lifecycle: bool,
    /// Pages of which origins may read answers: a regular expression. By default those of this machine; any once --listen
    /// can be reached by others
    #[arg(long, visible_alias = "web.cors.origin", value_name = "REGEX", value_parser = pattern)]
    cors_origin: Option<Origin>,
    /// Taken for Prometheus' command lines: remote write is always received
    #[arg(long = "web.enable-remote-write-receiver", hide = true)]
    _remote_write_receiver: bool,
}

#[derive(Clone, Debug)]
struct Origin {
    text: String,
    pattern: Pattern,
}

fn pattern(text: &str) -> Result<Origin, String> {
    let pattern = Pattern::new(text).map_err(|error| error.to_string())?;
    let text = text.to_owned();
    Ok(Origin { text, pattern })
}

impl WebArguments {
    /// Returns the origins whose pages may read answers.
    pub(super) fn cors_origin(&self, listen: SocketAddr) -> Pattern {
        match &self.cors_origin {
            Some(origin) => origin.pattern.clone(),
            None => default_origin(listen),
        }
    }

    /// Adds what these flags are to those that `/api/v1/status/flags` shows.
    pub(super) fn show(&self, listen: SocketAddr, flags: &mut BTreeMap<String, String>) {
        let origin = self.cors_origin.as_ref().map(|origin| origin.text.as_str());
        let shown = [
            ("web.enable-admin-api", self.enable_admin_api.to_string()),
            ("web.enable-lifecycle", self.enable_lifecycle.to_string()),
            ("web.enable-remote-write-receiver", true.to_string()),
            (
                "web.cors.origin",
                origin.unwrap_or(default_origin_text(listen)).to_owned(),
            ),
            ("web.listen-address", listen.to_string()),
        ];
        flags.extend(shown.map(|(name, value)| (name.to_owned(), value)));
    }
}

/// Returns the origins whose pages may read answers when nothing is said.
pub(crate) fn default_origin(listen: SocketAddr) -> Pattern {
    Pattern::new(default_origin_text(listen)).expect("a constant expression")
}

fn default_origin_text(listen: SocketAddr) -> &'static str {
    match listen.ip().to_canonical().is_loopback() {
        true => OWN_ORIGIN,
        false => ANY_ORIGIN,
    }
}

/// Reads where to listen: an address with a port, or in Prometheus' spellings `:9090` and `localhost:9090`.
pub(crate) fn listen_address(text: &str) -> Result<SocketAddr, String> {
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    let wrong = || format!("wanted an address and a port such as 127.0.0.1:9880, found {text:?}");
    let (host, port) = text.rsplit_once(':').ok_or_else(wrong)?;
    let address = match host {
        "" => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        "localhost" => IpAddr::V4(Ipv4Addr::LOCALHOST),
        _ => return Err(wrong()),
    };
    let port = port.parse().map_err(|_| wrong())?;
    Ok(SocketAddr::new(address, port))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        arguments: WebArguments,
    }

    #[test]
    fn addresses_are_read_as_prometheus_writes_them() {
        for (text, expected) in [
            (":9090", Some("0.0.0.0:9090")),
            ("localhost:1", Some("127.0.0.1:1")),
            ("[::1]:1", Some("[::1]:1")),
            ("example.com:1", None),
            ("9090", None),
            (":x", None),
        ] {
            let found = listen_address(text).ok().map(|address| address.to_string());
            assert_eq!(found.as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn on_loopback_only_pages_of_this_machine_may_read() {
        let read = |line: &[&str], listen: &str, origin: &str| {
            let arguments = Line::parse_from(line).arguments;
            arguments
                .cors_origin(listen.parse().unwrap())
                .is_match(origin)
        };
        let (loopback, open) = ("127.0.0.1:1", "192.0.2.1:1");
        assert!(read(&["x"], loopback, "http://localhost:3000"));
        assert!(!read(&["x"], loopback, "https://evil.example"));
        assert!(!read(&["x"], loopback, "http://localhost.evil.example"));
        assert!(read(&["x"], open, "https://grafana.example"));
        let all = ["x", "--web.cors.origin=.*"];
        assert!(read(&all, loopback, "https://grafana.example"));
    }
}
