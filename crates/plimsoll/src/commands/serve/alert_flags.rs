//! The flags of sending alerts, in Prometheus' spellings too.

use std::collections::BTreeMap;

use plimsoll_control::sender::Options;

/// How alerts wait for Alertmanagers.
#[derive(clap::Args, Clone, Debug)]
#[command(next_help_heading = "Alerts")]
pub(crate) struct AlertArguments {
    /// How many alerts wait for one Alertmanager; above it the oldest are dropped
    #[arg(long, visible_alias = "alertmanager.notification-queue-capacity", value_name = "COUNT", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    alertmanager_queue_capacity: u32,
    /// How many alerts are sent in one request
    #[arg(long, visible_alias = "alertmanager.notification-batch-size", value_name = "COUNT", default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    alertmanager_batch_size: u32,
    /// Drop the alerts that still wait at shutdown; otherwise they are sent first, for as long as 8 s
    #[arg(
        long = "no-alertmanager-drain",
        visible_alias = "no-alertmanager.drain-notification-queue-on-shutdown"
    )]
    no_drain: bool,
    /// Taken for Prometheus' command lines: what waits is sent at shutdown unless the flag before says otherwise
    #[arg(
        long = "alertmanager.drain-notification-queue-on-shutdown",
        hide = true,
        num_args = 0..=1,
        require_equals = true,
        default_value_t = true,
        default_missing_value = "true",
        action = clap::ArgAction::Set
    )]
    drain: bool,
}

impl AlertArguments {
    /// Returns what the sender is told.
    pub(super) fn options(&self) -> Options {
        Options {
            queue_capacity: self.alertmanager_queue_capacity as usize,
            batch_size: self.alertmanager_batch_size as usize,
            drains_on_shutdown: self.drain && !self.no_drain,
        }
    }

    /// Adds what these flags are to those that `/api/v1/status/flags` shows.
    pub(super) fn show(&self, flags: &mut BTreeMap<String, String>) {
        let options = self.options();
        let shown = [
            (
                "alertmanager.notification-queue-capacity",
                options.queue_capacity.to_string(),
            ),
            (
                "alertmanager.notification-batch-size",
                options.batch_size.to_string(),
            ),
            (
                "alertmanager.drain-notification-queue-on-shutdown",
                options.drains_on_shutdown.to_string(),
            ),
        ];
        flags.extend(shown.map(|(name, value)| (name.to_owned(), value)));
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        arguments: AlertArguments,
    }

    fn read(line: &[&str]) -> Result<Options, String> {
        let line = Line::try_parse_from([&["x"], line].concat());
        line.map(|line| line.arguments.options())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn prometheus_spellings_are_read() {
        assert_eq!(read(&[]), Ok(Options::default()));
        let found = read(&[
            "--alertmanager.notification-queue-capacity=5",
            "--alertmanager.notification-batch-size",
            "2",
        ]);
        let expected = Options {
            queue_capacity: 5,
            batch_size: 2,
            drains_on_shutdown: true,
        };
        assert_eq!(found, Ok(expected));
        assert!(read(&["--alertmanager.notification-batch-size=0"]).is_err());
        for (line, expected) in [
            ("--alertmanager.drain-notification-queue-on-shutdown", true),
            (
                "--alertmanager.drain-notification-queue-on-shutdown=false",
                false,
            ),
            (
                "--no-alertmanager.drain-notification-queue-on-shutdown",
                false,
            ),
        ] {
            assert_eq!(
                read(&[line]).unwrap().drains_on_shutdown,
                expected,
                "{line}"
            );
        }
    }
}
