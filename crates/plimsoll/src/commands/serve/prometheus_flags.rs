//! Flags of Prometheus that have no counterpart here, so that a command line of today starts: those that change nothing
//! for anybody are taken and told, those that somebody relies on are refused with what to do instead.

use clap::error::ErrorKind;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, Error, FromArgMatches};
use url::Url;

use super::rule_flags;

/// Flags that take a value and change nothing here.
const WITHOUT_EFFECT: [&str; 15] = [
    "auto-gomemlimit.ratio",
    "scrape.timestamp-tolerance",
    "storage.remote.flush-deadline",
    "storage.remote.read-concurrent-limit",
    "storage.tsdb.head-chunks-write-queue-size",
    "storage.tsdb.max-block-chunk-segment-size",
    "storage.tsdb.max-block-duration",
    "storage.tsdb.min-block-duration",
    "storage.tsdb.wal-compression-type",
    "storage.tsdb.wal-segment-size",
    "web.console.libraries",
    "web.console.templates",
    "web.max-connections",
    "web.page-title",
    "web.read-timeout",
];

/// Flags without a value that change nothing here.
const SWITCHES: [&str; 9] = [
    "auto-gomaxprocs",
    "auto-gomemlimit",
    "no-auto-gomaxprocs",
    "no-auto-gomemlimit",
    "no-scrape.adjust-timestamps",
    "no-storage.tsdb.wal-compression",
    "scrape.adjust-timestamps",
    "storage.tsdb.no-lockfile",
    "storage.tsdb.wal-compression",
];

/// Flags that somebody relies on, and what to do instead.
const REFUSED: [(&str, &str); 1] = [(
    "web.config.file",
    "there is no TLS and no access control yet: listen on loopback behind a proxy that has them",
)];

/// The flag whose value may ask for a prefix of all paths, which does not exist here.
const ROUTE_PREFIX: &str = "web.route-prefix";
/// By which id clap knows the URL under which people reach the server; its path is the prefix unless the flag above says
/// that there is none.
const EXTERNAL_URL: &str = "external_url";
const NO_PREFIX: &str = "every path begins at /: let a proxy in front of it cut the prefix off";

/// Which of Prometheus' flags were given that have no effect.
#[derive(Clone, Debug, Default)]
pub(super) struct PrometheusArguments {
    /// Their names.
    pub(super) without_effect: Vec<&'static str>,
}

impl Args for PrometheusArguments {
    fn augment_args(command: Command) -> Command {
        let hidden = |name: &'static str| Arg::new(name).long(name).hide(true);
        let refused = REFUSED.iter().map(|(name, _)| *name);
        let valued = WITHOUT_EFFECT
            .into_iter()
            .chain([ROUTE_PREFIX])
            .chain(refused);
        let valued = valued.map(|name| hidden(name).action(ArgAction::Set));
        let switches = SWITCHES.map(|name| hidden(name).action(ArgAction::SetTrue));
        command.args(valued).args(switches)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for PrometheusArguments {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let value = |name: &str| matches.get_one::<String>(name);
        for (name, instead) in REFUSED {
            if value(name).is_some() {
                return Err(refused(name, instead));
            }
        }
        let route_prefix = value(ROUTE_PREFIX);
        if route_prefix.is_some_and(|value| !value.trim_matches('/').is_empty()) {
            return Err(refused(ROUTE_PREFIX, NO_PREFIX));
        }
        let url = matches.try_get_one::<Url>(EXTERNAL_URL).ok().flatten();
        // With a route prefix of / somebody already cuts it off.
        if route_prefix.is_none() && url.is_some_and(rule_flags::has_prefix) {
            let instead = format!("{NO_PREFIX}, and say --{ROUTE_PREFIX}=/");
            return Err(refused("web.external-url", &instead));
        }
        let valued = WITHOUT_EFFECT.into_iter().chain([ROUTE_PREFIX]);
        let valued = valued.filter(|name| value(name).is_some());
        let switches = SWITCHES.into_iter().filter(|name| matches.get_flag(name));
        Ok(Self {
            without_effect: valued.chain(switches).collect(),
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

fn refused(name: &str, instead: &str) -> Error {
    let text = format!("--{name} is not supported\n{instead}");
    Error::raw(ErrorKind::UnknownArgument, text)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        arguments: PrometheusArguments,
        #[command(flatten)]
        rules: rule_flags::RuleArguments,
    }

    #[test]
    fn a_unit_file_of_prometheus_starts() {
        let line = Line::try_parse_from([
            "x",
            "--web.console.templates=/etc/prometheus/consoles",
            "--web.console.libraries",
            "/etc/prometheus/console_libraries",
            "--storage.tsdb.wal-compression",
            "--web.external-url=http://metrics.example:9090/",
            "--web.route-prefix=/",
        ]);
        assert_eq!(
            line.unwrap().arguments.without_effect,
            [
                "web.console.libraries",
                "web.console.templates",
                "web.route-prefix",
                "storage.tsdb.wal-compression"
            ]
        );
    }

    #[test]
    fn what_somebody_relies_on_is_refused_with_what_to_do() {
        for (flag, expected) in [
            ("--web.config.file=web.yml", "proxy"),
            (
                "--web.external-url=http://h/prometheus",
                "--web.route-prefix=/",
            ),
            ("--web.route-prefix=/p", "proxy"),
        ] {
            let error = Line::try_parse_from(["x", flag]).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
        let behind_a_proxy = ["x", "--web.external-url=http://h/p", "--web.route-prefix=/"];
        assert!(Line::try_parse_from(behind_a_proxy).is_ok());
    }
}
