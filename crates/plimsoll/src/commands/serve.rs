//! `plimsoll serve`: the composition root.

mod alert_flags;
mod composition;
mod facts;
mod gateway;
mod gateway_flags;
mod history;
mod machine_memory;
pub(crate) mod metrics;
mod prometheus_flags;
mod query_flags;
mod reload;
mod routing_flags;
mod rule_flags;
mod rules;
mod running;
mod slo_flags;
mod slos;
mod sources;
mod web_flags;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::ValueEnum;
use plimsoll_ingest::config::{self, Loaded};
use plimsoll_runtime::clock::SystemClock;
use plimsoll_runtime::config::{Diagnostic, Diagnostics};
use plimsoll_runtime::logging;
use plimsoll_types::ByteCount;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::{Failure, environment};
use alert_flags::AlertArguments;
pub(crate) use gateway_flags::GatewayArguments;
pub(crate) use history::{note_reload, note_start};
use prometheus_flags::PrometheusArguments;
use query_flags::QueryArguments;
use routing_flags::RoutingArguments;
use rule_flags::RuleArguments;
use slo_flags::SloArguments;
use web_flags::WebArguments;

/// Run the server: scrape, receive, keep, answer
///
/// Without a configuration it watches itself and this host, and takes pushes.
#[derive(clap::Args, Clone)]
pub(crate) struct Arguments {
    /// The configuration: your prometheus.yml, as it is
    #[arg(long, visible_alias = "config.file", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where the data is kept; made when it does not exist
    #[arg(
        long,
        visible_alias = "storage.tsdb.path",
        value_name = "DIR",
        default_value = "data"
    )]
    data_dir: PathBuf,
    /// How long samples are kept when the configuration does not say so; 15d when this is absent as well
    #[arg(long, visible_alias = "storage.tsdb.retention.time", alias = "storage.tsdb.retention", value_name = "DURATION", value_parser = retention)]
    retention: Option<Duration>,
    /// Bytes of data above which the oldest go, such as 512MB, when the configuration does not say so
    #[arg(
        long,
        visible_alias = "storage.tsdb.retention.size",
        value_name = "SIZE"
    )]
    retention_size: Option<ByteCount>,
    /// The same as a percentage of the file system's size
    #[arg(long, visible_alias = "storage.tsdb.retention.percentage", value_name = "PERCENT", value_parser = percentage)]
    retention_percentage: Option<f64>,
    /// Where to listen
    #[arg(long, visible_alias = "web.listen-address", value_name = "ADDR", default_value = "127.0.0.1:9880", value_parser = web_flags::listen_address)]
    listen: SocketAddr,
    /// Do not collect metrics of this host
    #[arg(long)]
    no_host_metrics: bool,
    /// Listen on an address that others can reach, without TLS and accounts
    #[arg(long)]
    insecure: bool,
    /// What is logged to stderr: a level, or directives such as info,plimsoll_tsdb=debug
    #[arg(
        long,
        visible_alias = "log.level",
        value_name = "FILTER",
        default_value = "info"
    )]
    log_filter: String,
    /// How it is logged
    #[arg(
        long,
        visible_alias = "log.format",
        value_enum,
        value_name = "FORMAT",
        default_value = "text"
    )]
    log_format: LogFormat,
    // Before those of rules: these look at the external URL as well, and clap gives each value away once.
    #[command(flatten)]
    prometheus: PrometheusArguments,
    #[command(flatten)]
    query: QueryArguments,
    #[command(flatten)]
    rules: RuleArguments,
    #[command(flatten)]
    slo: SloArguments,
    #[command(flatten)]
    alerts: AlertArguments,
    #[command(flatten)]
    routing: RoutingArguments,
    #[command(flatten)]
    gateway: GatewayArguments,
    #[command(flatten)]
    web: WebArguments,
}

#[derive(Clone, Copy, ValueEnum)]
enum LogFormat {
    /// For people
    #[value(alias = "logfmt")]
    Text,
    /// One JSON object per line
    Json,
}

pub(crate) use rule_flags::external_url;
pub(crate) use rules::owner;
pub(crate) use sources::host_name;
pub(crate) use web_flags::{default_origin, listen_address};

/// What is in force without a configuration. Prometheus' own default of a minute is long for a first look.
const WITHOUT_CONFIG: &str = "global:\n  scrape_interval: 15s\n";

/// How long tasks may take to end, after the 10 s of the requests that were running. Then the store is closed, whoever
/// still runs; orchestrators kill after 30 s.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);
/// How long threads may take to end once the store is closed: what hangs now has nothing left to lose.
const THREADS_TIMEOUT: Duration = Duration::from_secs(2);

pub(crate) fn run(arguments: Arguments) -> Result<(), Failure> {
    refuse_strangers(&arguments)?;
    let refused = |diagnostics: Diagnostics| Failure::rendered(format!("{diagnostics}\n"));
    let loaded = load(&arguments).map_err(refused)?;
    let rules = rules::check(&arguments, &loaded.config).map_err(refused)?;
    let slos = slos::check(&arguments, &loaded.config).map_err(refused)?;
    let routing = arguments.routing.file().map(|file| file.load());
    let routing = routing.transpose().map_err(refused)?;
    let gateway = arguments.gateway.load(arguments.insecure);
    let gateway = gateway.map_err(refused)?;
    let format = match arguments.log_format {
        LogFormat::Text => logging::Format::Text,
        LogFormat::Json => logging::Format::Json,
    };
    logging::install(&arguments.log_filter, format)
        .map_err(|error| Failure::usage(format!("--log-filter: {error}")))?;
    arguments.tell_warnings(&loaded.warnings);
    arguments.tell_warnings(&rules.warnings);
    arguments.tell_warnings(&slos.warnings);
    arguments.tell_warnings(routing.as_ref().map_or(&[], |routing| &routing.warnings));
    arguments.tell_warnings(gateway.as_ref().map_or(&[], |gateway| &gateway.warnings));
    for name in arguments.query.unknown_features() {
        tracing::warn!(name, "unknown name for --enable-feature, without effect");
    }
    for name in &arguments.prometheus.without_effect {
        tracing::warn!("--{name} of Prometheus has no effect here");
    }
    raise_open_files();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::failed(format!("the threads could not be started: {error}")))?;
    let clock = Arc::new(SystemClock::new());
    let files = composition::Files {
        loaded,
        routing,
        gateway,
    };
    let outcome = runtime.block_on(composition::serve(arguments, files, clock));
    runtime.shutdown_timeout(THREADS_TIMEOUT);
    outcome
}

impl Arguments {
    /// Takes a command line that has nothing of a gateway, and the gateway.
    pub(crate) fn of_gateway(
        line: impl Iterator<Item = String>,
        data_dir: PathBuf,
        gateway: GatewayArguments,
    ) -> Result<Self, Failure> {
        #[derive(clap::Parser)]
        #[command(name = "plimsoll gateway --")]
        struct Line {
            #[command(flatten)]
            arguments: Arguments,
        }
        let line = std::iter::once("plimsoll gateway --".to_owned()).chain(line);
        let read = <Line as clap::Parser>::try_parse_from(line);
        let read = read.map_err(|error| Failure::usage(error.to_string()))?;
        Ok(Self {
            data_dir,
            gateway,
            ..read.arguments
        })
    }

    /// Tells what a configuration has that has no effect: with place and caret for people, as events for programs.
    fn tell_warnings(&self, warnings: &[Diagnostic]) {
        for warning in warnings.iter() {
            match self.log_format {
                LogFormat::Text => eprintln!("{warning}"),
                LogFormat::Json => tracing::warn!("{warning}"),
            }
        }
    }

    /// Tells where the server listens.
    fn tell_address(&self, address: SocketAddr) {
        self.tell(&format!("plimsoll is listening on http://{address}"));
    }

    /// Tells a person a fact of the start: as a line for people, as an event for programs.
    fn tell(&self, fact: &str) {
        match self.log_format {
            LogFormat::Text => eprintln!("{fact}"),
            LogFormat::Json => tracing::info!("{fact}"),
        }
    }
}

/// Raises the soft limit of open files to the hard one: a part holds up to seven files open, a target and a client one
/// connection each, and the usual 1,024 are soon used up. A process that never calls `select` may do so.
fn raise_open_files() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        ..limit
    };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        tracing::warn!(%error, limit = ?limit.current, "the limit of open files stays as it is");
    }
}

/// Loopback needs no account; anything else would hand the data to whoever asks.
fn refuse_strangers(arguments: &Arguments) -> Result<(), Failure> {
    let address = arguments.listen;
    if address.ip().to_canonical().is_loopback() || arguments.insecure {
        return Ok(());
    }
    Err(Failure::usage(format!(
        "--listen {address} can be reached by others, and there is no access control yet\n\
         listen on 127.0.0.1:{port} behind a proxy that has it, or add --insecure if everybody who reaches {address} may \
         read and write everything",
        port = address.port()
    )))
}

/// Reads the configuration. Blocks on the disk.
fn load(arguments: &Arguments) -> Result<Loaded, Diagnostics> {
    let mut loaded = match &arguments.config {
        Some(path) => config::load(path, &environment)?,
        None => config::parse("(no configuration)".as_ref(), WITHOUT_CONFIG, &environment)?,
    };
    // The file wins, as in Prometheus.
    let retention = &mut loaded.config.retention;
    retention.time = retention.time.or(arguments.retention);
    let size = arguments.retention_size.filter(|size| size.0 > 0);
    retention.size = retention.size.or(size);
    let share = arguments
        .retention_percentage
        .map(|percent| percent / 100.0);
    retention.disk_share = retention.disk_share.or(share.filter(|share| *share > 0.0));
    let Loaded {
        config, warnings, ..
    } = &mut loaded;
    arguments.slo.add_to(config, warnings)?;
    Ok(loaded)
}

fn percentage(text: &str) -> Result<f64, String> {
    let found = text.parse::<f64>().ok();
    let found = found.filter(|percentage| (0.0..=100.0).contains(percentage));
    found.ok_or_else(|| "wanted a percentage from 0 to 100".into())
}

fn retention(text: &str) -> Result<Duration, String> {
    let time = plimsoll_types::parse_duration(text).map_err(|error| error.to_string())?;
    match time < config::Retention::MIN {
        true => Err("wanted at least 4h: storage seals windows of two hours and keeps two".into()),
        false => Ok(time),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        arguments: Arguments,
    }

    #[test]
    fn as_many_files_may_be_open_as_the_machine_allows() {
        raise_open_files();
        let limit = getrlimit(Resource::Nofile);
        assert_eq!(limit.current, limit.maximum);
    }

    #[test]
    fn limits_of_size_are_taken_from_the_command_line() {
        let loaded = |line: &[&str]| {
            let line = [&["x"], line].concat();
            let line = Line::try_parse_from(line).map_err(|error| error.to_string())?;
            Ok::<_, String>(load(&line.arguments).unwrap().config.retention)
        };
        let none = loaded(&["--storage.tsdb.retention.size=0"]).unwrap();
        assert_eq!(none, config::Retention::default());
        assert_eq!(none.time_or_default(), config::Retention::DEFAULT);
        let both = [
            "--retention-size",
            "2GB",
            "--storage.tsdb.retention.percentage=50",
        ];
        let both = loaded(&both).unwrap();
        assert_eq!(both.size, Some(ByteCount::GIB.times(2)));
        assert_eq!(both.disk_share, Some(0.5));
        assert_eq!(both.time_or_default(), config::Retention::MAX);
        for wrong in ["101", "-1", "half", "NaN"] {
            let error = loaded(&[&format!("--retention-percentage={wrong}")]).unwrap_err();
            assert!(error.contains("from 0 to 100"), "{error}");
        }
    }

    #[test]
    fn only_loopback_is_served_without_being_told() {
        let check = |line: &[&str]| refuse_strangers(&Line::parse_from(line).arguments).is_ok();
        assert!(check(&["x"]));
        assert!(check(&["x", "--listen", "[::1]:1"]));
        assert!(check(&["x", "--listen", "[::ffff:127.0.0.1]:1"]));
        for address in ["0.0.0.0:1", "[::]:1", "192.0.2.1:1"] {
            assert!(!check(&["x", "--listen", address]), "{address}");
            assert!(
                check(&["x", "--insecure", "--listen", address]),
                "{address}"
            );
        }
    }
}
