//! The flags of queries, in Prometheus' spellings too.

use std::collections::BTreeMap;
use std::time::Duration;

use plimsoll_api::{QueryLimits, ReadLimits};
use plimsoll_promql::{Features, Options};
use plimsoll_types::{ByteCount, format_duration, parse_duration};

use super::machine_memory;

/// Bounds of queries, and which parts of the language they may use.
#[derive(clap::Args, Clone, Debug)]
#[command(next_help_heading = "Queries")]
pub(crate) struct QueryArguments {
    /// How long a query may run
    #[arg(long, visible_alias = "query.timeout", value_name = "DURATION", default_value = "2m", value_parser = above_zero)]
    query_timeout: Duration,
    /// How many queries run at the same time; more wait
    #[arg(long, visible_alias = "query.max-concurrency", value_name = "COUNT", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
    query_max_concurrency: u32,
    /// How many samples a query may hold at the same time
    #[arg(long, visible_alias = "query.max-samples", value_name = "COUNT", default_value_t = 50_000_000, value_parser = clap::value_parser!(u64).range(1..))]
    query_max_samples: u64,
    /// How many queries wait for their turn; one more is refused
    #[arg(long, visible_alias = "query.max-waiting", value_name = "COUNT", default_value_t = 100, value_parser = clap::value_parser!(u32).range(..=100_000))]
    query_max_waiting: u32,
    /// How much memory all queries and unsent results hold together: 2GB, or a quarter of what the machine or the
    /// container has
    #[arg(long, visible_alias = "query.memory-total-max", value_name = "SIZE")]
    query_memory_total_max: Option<ByteCount>,
    /// How much memory a query and its result hold: 256MB, or an eighth of what all may hold
    #[arg(long, visible_alias = "query.memory-max", value_name = "SIZE")]
    query_memory_max: Option<ByteCount>,
    /// Queries that run as long are logged; 0 for none
    #[arg(long, visible_alias = "query.log-slow", value_name = "DURATION", default_value = "10s", value_parser = duration)]
    query_log_slow: Duration,
    /// How long a sample stands for its series
    #[arg(long, visible_alias = "query.lookback-delta", value_name = "DURATION", default_value = "5m", value_parser = above_zero)]
    query_lookback_delta: Duration,
    /// How many samples remote read answers at once, 0 for no limit; streams have none
    #[arg(long, visible_alias = "storage.remote.read-sample-limit", value_name = "COUNT", default_value = "5e7", value_parser = whole)]
    remote_read_sample_limit: u64,
    /// How many bytes a frame of a remote read's stream has
    #[arg(long, visible_alias = "storage.remote.read-max-bytes-in-frame", value_name = "BYTES", default_value_t = 1_048_576, value_parser = clap::value_parser!(u32).range(1..=67_108_864))]
    remote_read_frame_bytes: u32,
    /// Parts of PromQL that are off by default, by Prometheus' names, such as promql-experimental-functions
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    enable_feature: Vec<String>,
}

/// Names of Prometheus that need no switch here: what they stand for is always on, or is no part of this program.
const ALWAYS_ON: [&str; 16] = [
    "auto-gomaxprocs",
    "auto-gomemlimit",
    "concurrent-rule-eval",
    "created-timestamp-zero-ingestion",
    "delayed-compaction",
    "exemplar-storage",
    "extra-scrape-metrics",
    "memory-snapshot-on-shutdown",
    "metadata-wal-records",
    "promql-at-modifier",
    "promql-negative-offset",
    "promql-per-step-stats",
    "remote-write-receiver",
    "search-api",
    "st-storage",
    "utf8-names",
];

impl QueryArguments {
    /// Returns how queries are evaluated.
    pub(super) fn options(&self) -> Options {
        Options {
            lookback_delta: self.query_lookback_delta,
            timeout: self.query_timeout,
            samples_max: usize::try_from(self.query_max_samples).unwrap_or(usize::MAX),
            delayed_name_removal: self.has("promql-delayed-name-removal"),
            use_start_timestamps: self.has("use-start-timestamps"),
            memory_max: self.memory_max(),
            ..Options::default()
        }
    }

    /// Returns what all queries may hold together.
    fn memory_total_max(&self) -> ByteCount {
        let quarter = || ByteCount(machine_memory::available().0 / 4);
        self.query_memory_total_max.unwrap_or_else(quarter)
    }

    fn memory_max(&self) -> ByteCount {
        let eighth = || ByteCount(self.memory_total_max().0 / 8);
        self.query_memory_max.unwrap_or_else(eighth)
    }

    /// Returns which parts of the language queries may use.
    pub(super) fn features(&self) -> Features {
        self.enable_feature
            .iter()
            .filter_map(|name| Features::from_flag(name))
            .fold(Features::default(), Features::union)
    }

    /// Returns how many queries run and what they may take.
    pub(super) fn limits(&self) -> QueryLimits {
        QueryLimits {
            running_max: self.query_max_concurrency as usize,
            waiting_max: self.query_max_waiting as usize,
            heavy_max: heavy_max(self.query_max_concurrency as usize),
            memory_total_max: self.memory_total_max(),
            slow: self.query_log_slow,
            ..QueryLimits::default()
        }
    }

    /// Returns the bounds of remote read.
    pub(super) fn read_limits(&self) -> ReadLimits {
        ReadLimits {
            samples_max: self.remote_read_sample_limit,
            frame_bytes_max: self.remote_read_frame_bytes as usize,
        }
    }

    /// Returns the names that mean nothing here; Prometheus warns of them as well and goes on.
    pub(super) fn unknown_features(&self) -> impl Iterator<Item = &str> {
        let is_known = |name: &&str| {
            matches!(
                *name,
                "promql-delayed-name-removal" | "use-start-timestamps"
            ) || ALWAYS_ON.contains(name)
                || Features::from_flag(name).is_some()
        };
        let names = self.enable_feature.iter().map(String::as_str);
        names.filter(move |name| !name.is_empty() && !is_known(name))
    }

    /// Adds what these flags are to those that `/api/v1/status/flags` shows.
    pub(super) fn show(&self, flags: &mut BTreeMap<String, String>) {
        let shown = [
            ("query.timeout", format_duration(self.query_timeout)),
            (
                "query.max-concurrency",
                self.query_max_concurrency.to_string(),
            ),
            ("query.max-samples", self.query_max_samples.to_string()),
            ("query.max-waiting", self.query_max_waiting.to_string()),
            (
                "query.memory-total-max",
                format!("{}B", self.memory_total_max().0),
            ),
            ("query.memory-max", format!("{}B", self.memory_max().0)),
            ("query.log-slow", format_duration(self.query_log_slow)),
            (
                "query.lookback-delta",
                format_duration(self.query_lookback_delta),
            ),
            (
                "storage.remote.read-sample-limit",
                self.remote_read_sample_limit.to_string(),
            ),
            (
                "storage.remote.read-max-bytes-in-frame",
                self.remote_read_frame_bytes.to_string(),
            ),
            ("enable-feature", self.enable_feature.join(",")),
        ];
        flags.extend(shown.map(|(name, value)| (name.to_owned(), value)));
    }

    fn has(&self, feature: &str) -> bool {
        self.enable_feature.iter().any(|name| name == feature)
    }
}

/// As many heavy queries as there are cores: more would only take time from each other and from light ones. At least
/// two, since one may wait for the disk, and never more than half of all.
fn heavy_max(running_max: usize) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    cores.max(2).min(running_max / 2)
}

fn duration(text: &str) -> Result<Duration, String> {
    parse_duration(text).map_err(|error| error.to_string())
}

fn above_zero(text: &str) -> Result<Duration, String> {
    match parse_duration(text) {
        Ok(duration) if duration.is_zero() => Err("wanted more than 0".into()),
        Ok(duration) => Ok(duration),
        Err(error) => Err(error.to_string()),
    }
}

/// Reads a whole number that may be written as 5e7.
fn whole(text: &str) -> Result<u64, String> {
    if let Ok(number) = text.parse() {
        return Ok(number);
    }
    let number: f64 = text
        .parse()
        .map_err(|_| "wanted a whole number".to_owned())?;
    match number.fract() == 0.0 && (0.0..1e18).contains(&number) {
        true => Ok(number as u64),
        false => Err("wanted a whole number of 0 or more".into()),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        arguments: QueryArguments,
    }

    fn read(line: &[&str]) -> QueryArguments {
        Line::parse_from([&["x"], line].concat()).arguments
    }

    #[test]
    fn prometheus_spellings_are_read() {
        let arguments = read(&[
            "--query.timeout=30s",
            "--query.max-concurrency=7",
            "--query.max-samples=9",
            "--query.lookback-delta=1m",
            "--query.memory-total-max=256MB",
            "--query.max-waiting=3",
            "--query.log-slow=0s",
            "--storage.remote.read-sample-limit=5e3",
            "--enable-feature=promql-experimental-functions,nonsense",
            "--enable-feature=promql-delayed-name-removal,exemplar-storage",
        ]);
        let options = arguments.options();
        assert_eq!(options.timeout, Duration::from_secs(30));
        assert_eq!(options.samples_max, 9);
        assert_eq!(options.lookback_delta, Duration::from_secs(60));
        assert!(options.delayed_name_removal);
        let limits = arguments.limits();
        assert_eq!((limits.running_max, limits.waiting_max), (7, 3));
        assert_eq!(limits.memory_total_max, ByteCount::MIB.times(256));
        assert_eq!(options.memory_max, ByteCount::MIB.times(32));
        assert!(limits.slow.is_zero() && limits.heavy_max <= 3);
        assert_eq!(arguments.read_limits().samples_max, 5000);
        assert!(arguments.features().experimental_functions);
        assert!(!arguments.features().binop_fill_modifiers);
        assert_eq!(
            arguments.unknown_features().collect::<Vec<_>>(),
            ["nonsense"]
        );
    }

    #[test]
    fn defaults_are_those_of_prometheus() {
        let arguments = read(&[]);
        let options = Options {
            memory_max: arguments.options().memory_max,
            ..Options::default()
        };
        assert_eq!(arguments.options(), options);
        assert_eq!(arguments.features(), Features::default());
        assert_eq!(arguments.read_limits(), ReadLimits::default());
        assert!(Line::try_parse_from(["x", "--query.timeout=0"]).is_err());
    }
}
