//! `plimsoll rules backfill`: recording rules over the past, as `promtool tsdb create-blocks-from rules` does it.

mod directory;
mod pushed;

use std::path::PathBuf;
use std::time::Duration;

use plimsoll_control::RuleSet;
use plimsoll_control::backfill::{Past, Progress, Span, Summary, Target, backfill};
use plimsoll_runtime::clock::{Clock, Monotonic, SystemClock};
use plimsoll_types::Timestamp;

use self::directory::Directory;
use self::pushed::{Asked, Pushed};
use crate::commands::features::EnabledFeatures;
use crate::commands::query::seconds;
use crate::commands::server::Server;
use crate::commands::{Failure, print};

/// Between two lines about how far it is.
const TOLD_EVERY: Duration = Duration::from_secs(5);
/// How long before now the past ends that is backfilled by default: what lies after it is still being evaluated.
const END_BEFORE_NOW: Duration = Duration::from_secs(3 * 3600);

/// Evaluate recording rules over the past and store what they give
///
/// Asks a server with range queries and pushes the results by remote write, to the same server or to another; or does
/// both in the data directory of a server that does not run. Alerts are left out. It can be repeated: the same samples
/// are written again.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    plimsoll rules backfill --start 2026-01-01T00:00:00Z --end 2026-01-08T00:00:00Z rules.yml\n  \
    plimsoll rules backfill --start 1767225600 --url http://prometheus:9090 --to http://127.0.0.1:9880 rules.yml\n  \
    plimsoll rules backfill --start 1767225600 --data-dir data rules.yml")]
pub(crate) struct Arguments {
    /// Rule files
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Where the past begins: Unix seconds or RFC 3339
    #[arg(long, value_name = "TIME", value_parser = time, allow_hyphen_values = true)]
    start: Timestamp,
    /// Where it ends; 3 hours ago when absent
    #[arg(long, value_name = "TIME", value_parser = time, allow_hyphen_values = true)]
    end: Option<Timestamp>,
    /// How often rules are evaluated whose group does not say it
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = interval)]
    eval_interval: Duration,
    /// The server that is asked, ours or any that speaks Prometheus' HTTP API
    #[arg(
        long,
        value_name = "URL",
        default_value = "http://127.0.0.1:9880",
        conflicts_with = "data_dir"
    )]
    url: String,
    /// The server that takes the results by remote write; the one that is asked when absent
    #[arg(long, value_name = "URL", conflicts_with = "data_dir")]
    to: Option<String>,
    /// How long to wait for an answer, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "120")]
    timeout: u64,
    /// The data directory of a server that does not run: asked, and written into
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    #[command(flatten)]
    features: EnabledFeatures,
}

fn time(text: &str) -> Result<Timestamp, String> {
    let seconds =
        seconds(text).ok_or("expected Unix seconds or RFC 3339, such as 2026-01-02T15:04:05Z")?;
    Ok(Timestamp::from_millis((seconds * 1000.0).round() as i64))
}

fn interval(text: &str) -> Result<Duration, String> {
    let interval = plimsoll_types::parse_duration(text).map_err(|error| error.to_string())?;
    match interval.is_zero() {
        true => Err("expected more than 0s".into()),
        false => Ok(interval),
    }
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let clock = SystemClock::new();
    let rules = RuleSet::load(&arguments.files, &arguments.features.parsed())
        .map_err(|errors| Failure::rendered(format!("{errors}\n")))?;
    let span = Span {
        start: arguments.start,
        end: arguments.end.unwrap_or(clock.now() - END_BEFORE_NOW),
        interval: arguments.eval_interval,
    };
    if span.end < span.start {
        return Err(Failure::usage("the end lies before the start"));
    }
    let summary = match &arguments.data_dir {
        Some(directory) => {
            let directory = Directory::open(directory)?;
            let summary = go(
                &rules,
                span,
                &mut directory.past(),
                &mut directory.target(),
                &clock,
            );
            directory.close();
            summary
        }
        None => {
            let server = |url: &String| Server::new(url.clone(), arguments.timeout);
            let to = server(arguments.to.as_ref().unwrap_or(&arguments.url));
            let mut past = Asked(server(&arguments.url));
            go(&rules, span, &mut past, &mut Pushed(to), &clock)
        }
    };
    tell(&summary?)
}

fn go(
    rules: &RuleSet,
    span: Span,
    past: &mut dyn Past,
    target: &mut dyn Target,
    clock: &SystemClock,
) -> Result<Summary, Failure> {
    let mut teller = Teller {
        clock,
        span,
        last: clock.monotonic(),
    };
    backfill(rules, span, past, target, &mut |progress| {
        teller.tell(progress)
    })
    .map_err(|error| {
        Failure::failed(format!(
            "{error}\nwhat was written until then stays; repeat the command to go on"
        ))
    })
}

fn tell(summary: &Summary) -> Result<(), Failure> {
    if summary.alerts > 0 {
        eprintln!(
            "{} alerting rules were left out: only recording rules have a past",
            summary.alerts
        );
    }
    for failure in &summary.failures {
        eprintln!("warning: {failure}");
    }
    print(&format!(
        "{} recording rules evaluated, {} samples written\n",
        summary.rules, summary.samples
    ))?;
    match summary.failed {
        0 => Ok(()),
        failed => Err(Failure::failed(format!(
            "{failed} evaluations failed and stored nothing, as they would have when they were due"
        ))),
    }
}

/// Says on stderr how far it is, every few seconds.
struct Teller<'a> {
    clock: &'a SystemClock,
    span: Span,
    last: Monotonic,
}

impl Teller<'_> {
    fn tell(&mut self, progress: Progress) {
        let now = self.clock.monotonic();
        if now.since(self.last) < TOLD_EVERY {
            return;
        }
        self.last = now;
        let all = self.span.end.millis_since(self.span.start).max(1) as f64;
        let done = progress.done.millis_since(self.span.start) as f64;
        let percent = (100.0 * done / all).clamp(0.0, 100.0);
        eprintln!("{percent:.0} %, {} samples written", progress.samples);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_intervals_are_read() {
        assert_eq!(time("1.5").unwrap().millis(), 1500);
        assert_eq!(time("1970-01-01T00:01:00Z").unwrap().millis(), 60_000);
        assert!(time("yesterday").is_err());
        assert_eq!(interval("1m30s"), Ok(Duration::from_secs(90)));
        assert!(interval("0s").is_err() && interval("x").is_err());
    }
}
