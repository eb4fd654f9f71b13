//! The flags of rule evaluation, in Prometheus' spellings too.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use plimsoll_types::{format_duration, parse_duration};
use url::Url;

/// How rules are evaluated, and what alerts say of this server.
#[derive(clap::Args, Clone, Debug)]
#[command(next_help_heading = "Rules")]
pub(crate) struct RuleArguments {
    /// How many rules are evaluated at the same time, over all groups
    #[arg(long, visible_alias = "rules.max-concurrent-evals", value_name = "COUNT", default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=32))]
    rules_max_concurrent_evals: u32,
    /// How long an alert that fires on is not sent again
    #[arg(long, visible_alias = "rules.alert.resend-delay", value_name = "DURATION", default_value = "1m", value_parser = duration)]
    rules_resend_delay: Duration,
    /// After a longer time without evaluation, what was pending pends anew: nobody saw whether it held. What fired fires on
    #[arg(long, visible_alias = "rules.alert.for-outage-tolerance", value_name = "DURATION", default_value = "1h", value_parser = duration)]
    rules_outage_tolerance: Duration,
    /// Taken for Prometheus' command lines. The state of alerts is durable, so after a restart nothing has to wait
    #[arg(long = "rules.alert.for-grace-period", hide = true, value_parser = duration)]
    _grace_period: Option<Duration>,
    /// Where people reach this server, for the links in alerts; the name of this machine and the port when it is not said
    #[arg(long, visible_alias = "web.external-url", value_name = "URL", value_parser = external_url)]
    external_url: Option<Url>,
}

impl RuleArguments {
    /// Returns how many rules are evaluated at the same time.
    pub(super) fn concurrency(&self) -> usize {
        self.rules_max_concurrent_evals as usize
    }

    /// Returns how long an alert that fires on is not sent again.
    pub(super) fn resend_delay(&self) -> Duration {
        self.rules_resend_delay
    }

    /// Returns after which time without evaluation pending alerts pend anew.
    pub(super) fn outage_tolerance(&self) -> Duration {
        self.rules_outage_tolerance
    }

    /// Returns where people reach this server, without a slash at the end.
    pub(super) fn external_url(&self, listen: SocketAddr) -> String {
        let url = match &self.external_url {
            Some(url) => url.to_string(),
            None => format!("http://{}:{}", super::sources::host_name(), listen.port()),
        };
        url.trim_end_matches('/').to_owned()
    }

    /// Adds what these flags are to those that `/api/v1/status/flags` shows.
    pub(super) fn show(&self, listen: SocketAddr, flags: &mut BTreeMap<String, String>) {
        let shown = [
            (
                "rules.max-concurrent-evals",
                self.rules_max_concurrent_evals.to_string(),
            ),
            (
                "rules.alert.resend-delay",
                format_duration(self.rules_resend_delay),
            ),
            (
                "rules.alert.for-outage-tolerance",
                format_duration(self.rules_outage_tolerance),
            ),
            ("rules.alert.for-grace-period", "0s".to_owned()),
            ("web.external-url", self.external_url(listen)),
        ];
        flags.extend(shown.map(|(name, value)| (name.to_owned(), value)));
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    parse_duration(text).map_err(|error| error.to_string())
}

/// Reads a URL; without a scheme it is one of HTTP, as in Prometheus.
pub(crate) fn external_url(text: &str) -> Result<Url, String> {
    let whole = match text.contains("://") {
        true => text.to_owned(),
        false => format!("http://{text}"),
    };
    let url = Url::parse(&whole).map_err(|error| error.to_string())?;
    match matches!(url.scheme(), "http" | "https") && url.query().is_none() {
        true => Ok(url),
        false => Err("wanted http:// or https://, a host, and no query".into()),
    }
}

/// Says whether a URL has more than its root.
pub(super) fn has_prefix(url: &Url) -> bool {
    !url.path().trim_matches('/').is_empty()
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        arguments: RuleArguments,
    }

    fn read(line: &[&str]) -> Result<RuleArguments, String> {
        let line = Line::try_parse_from([&["x"], line].concat());
        line.map(|line| line.arguments)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn prometheus_spellings_are_read() {
        let rules = read(&[
            "--rules.max-concurrent-evals=8",
            "--rules.alert.resend-delay=30s",
            "--rules.alert.for-outage-tolerance=2h",
            "--rules.alert.for-grace-period=10m",
        ])
        .unwrap();
        assert_eq!(rules.rules_max_concurrent_evals, 8);
        assert_eq!(rules.rules_resend_delay, Duration::from_secs(30));
        assert_eq!(rules.rules_outage_tolerance, Duration::from_hours(2));
        assert!(read(&["--rules.max-concurrent-evals=0"]).is_err());
    }

    #[test]
    fn the_external_url_is_that_of_the_flag_or_of_the_machine() {
        let listen = "127.0.0.1:9880".parse().unwrap();
        let of = |line: &[&str]| read(line).map(|rules| rules.external_url(listen));
        let given = ["--web.external-url=https://rules.example/p/"];
        assert_eq!(of(&given).unwrap(), "https://rules.example/p");
        assert_eq!(of(&["--external-url", "h:1"]).unwrap(), "http://h:1");
        assert!(of(&[]).unwrap().ends_with(":9880"));
        for wrong in ["ftp://h", "http://", "http://h/?a=b"] {
            assert!(of(&["--external-url", wrong]).is_err(), "{wrong}");
        }
    }
}
