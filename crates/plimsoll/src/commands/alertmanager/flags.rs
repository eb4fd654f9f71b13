//! Alertmanager's flags: those that mean something here, those that change nothing for anybody, and those that somebody
//! relies on and that are refused with what to do instead.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::ValueEnum;
use plimsoll_alerting::config::Options;
use plimsoll_alerting::matchers::Mode;
use plimsoll_runtime::logging;
use plimsoll_types::parse_duration;
use url::Url;

use crate::commands::Failure;
use crate::commands::alerting::{File, RETENTION};
use crate::commands::serve::{external_url, host_name, listen_address};

/// What there is instead of gossip.
const NO_GOSSIP: &str = "replicas do not gossip here: let them share a PostgreSQL with --storage.url-file, and one of them \
                         routes while the others take alerts and stand by";

/// Run alerting alone: take alerts, route them, tell receivers
///
/// Takes the place of an Alertmanager: the same flags, the same alertmanager.yml, the same API.
#[derive(clap::Args, Clone)]
pub(crate) struct Arguments {
    /// The configuration: your alertmanager.yml, as it is
    #[arg(
        long,
        visible_alias = "config.file",
        value_name = "FILE",
        default_value = "alertmanager.yml"
    )]
    pub(super) config: PathBuf,
    /// Where alerts, silences and what was told are kept; made when it does not exist
    #[arg(
        long,
        visible_alias = "storage.path",
        value_name = "DIR",
        default_value = "data"
    )]
    pub(super) data_dir: PathBuf,
    /// How long expired silences are kept
    #[arg(long, visible_alias = "data.retention", value_name = "DURATION", default_value = RETENTION, value_parser = duration)]
    pub(super) retention: Duration,
    /// A file with the URL of a PostgreSQL that replicas share: postgres://user:password@host/database
    #[arg(long = "storage.url-file", value_name = "FILE")]
    pub(super) url_file: Option<PathBuf>,
    /// How long a replica may be silent before another one takes over
    #[arg(long = "storage.lease", value_name = "DURATION", default_value = "15s", value_parser = lease, requires = "url_file")]
    pub(super) lease: Duration,
    /// Where to listen
    #[arg(long, visible_alias = "web.listen-address", value_name = "ADDR", default_value = "127.0.0.1:9093", value_parser = listen_address)]
    pub(super) listen: SocketAddr,
    /// Where people reach this server, for the links in notices; the name of this machine and the port when it is not said
    #[arg(long, visible_alias = "web.external-url", value_name = "URL", value_parser = external_url)]
    external_url: Option<Url>,
    /// What stands before every path; the path of the external URL when it is not said
    #[arg(long = "web.route-prefix", value_name = "PATH")]
    route_prefix: Option<String>,
    /// Listen on an address that others can reach, without TLS and accounts
    #[arg(long)]
    insecure: bool,
    /// How matchers are read: utf8-strict-mode or classic-mode; both syntaxes when neither is said
    #[arg(long = "enable-feature", value_name = "NAMES", value_delimiter = ',')]
    features: Vec<String>,
    /// What is logged to stderr: a level, or directives such as info,plimsoll_control=debug
    #[arg(
        long,
        visible_alias = "log.level",
        value_name = "FILTER",
        default_value = "info"
    )]
    pub(super) log_filter: String,
    /// How it is logged
    #[arg(
        long,
        visible_alias = "log.format",
        value_enum,
        value_name = "FORMAT",
        default_value = "text"
    )]
    pub(super) log_format: LogFormat,
    #[command(flatten)]
    others: Others,
}

#[derive(Clone, Copy, ValueEnum)]
pub(super) enum LogFormat {
    /// For people
    #[value(alias = "logfmt")]
    Text,
    /// One JSON object per line
    Json,
}

impl From<LogFormat> for logging::Format {
    fn from(format: LogFormat) -> Self {
        match format {
            LogFormat::Text => Self::Text,
            LogFormat::Json => Self::Json,
        }
    }
}

/// Flags of Alertmanager without a counterpart: taken, so that its command lines start.
#[derive(clap::Args, Clone, Debug, Default)]
struct Others {
    #[arg(long = "alerts.gc-interval", hide = true)]
    gc_interval: Option<String>,
    #[arg(long = "data.maintenance-interval", hide = true)]
    maintenance_interval: Option<String>,
    #[arg(long = "web.get-concurrency", hide = true)]
    get_concurrency: Option<String>,
    #[arg(long = "web.timeout", hide = true)]
    web_timeout: Option<String>,
    #[arg(long = "web.ui-path", hide = true)]
    ui_path: Option<String>,
    #[arg(long = "cluster.listen-address", hide = true)]
    cluster_listen_address: Option<String>,
    #[arg(long = "cluster.advertise-address", hide = true)]
    cluster_advertise_address: Option<String>,
    #[arg(long = "cluster.peer-timeout", hide = true)]
    cluster_peer_timeout: Option<String>,
    #[arg(long = "cluster.gossip-interval", hide = true)]
    cluster_gossip_interval: Option<String>,
    #[arg(long = "cluster.pushpull-interval", hide = true)]
    cluster_pushpull_interval: Option<String>,
    #[arg(long = "cluster.tcp-timeout", hide = true)]
    cluster_tcp_timeout: Option<String>,
    #[arg(long = "cluster.probe-timeout", hide = true)]
    cluster_probe_timeout: Option<String>,
    #[arg(long = "cluster.probe-interval", hide = true)]
    cluster_probe_interval: Option<String>,
    #[arg(long = "cluster.settle-timeout", hide = true)]
    cluster_settle_timeout: Option<String>,
    #[arg(long = "cluster.reconnect-interval", hide = true)]
    cluster_reconnect_interval: Option<String>,
    #[arg(long = "cluster.reconnect-timeout", hide = true)]
    cluster_reconnect_timeout: Option<String>,
    #[arg(long = "cluster.label", hide = true)]
    cluster_label: Option<String>,
    #[arg(long = "cluster.peer", hide = true, value_parser = no_gossip)]
    _cluster_peer: Vec<String>,
    #[arg(long = "cluster.tls-config", hide = true, value_parser = no_gossip)]
    _cluster_tls_config: Option<String>,
    #[arg(long = "web.config.file", hide = true, value_parser = no_access_control)]
    _web_config_file: Option<String>,
    #[arg(long = "web.systemd-socket", hide = true, num_args = 0, default_missing_value = "true", value_parser = no_socket)]
    _systemd_socket: Option<String>,
}

impl Arguments {
    pub(super) fn file(&self) -> File {
        let has = |name: &str| self.features.iter().any(|feature| feature == name);
        let matchers = match (has("classic-mode"), has("utf8-strict-mode")) {
            (true, _) => Mode::Classic,
            (false, true) => Mode::Utf8,
            (false, false) => Mode::Fallback,
        };
        File {
            path: self.config.clone(),
            options: Options { matchers },
        }
    }

    /// Returns where people reach this server, without a slash at the end.
    pub(super) fn external_url(&self, listen: SocketAddr) -> String {
        let url = match &self.external_url {
            Some(url) => url.to_string(),
            None => format!("http://{}:{}", host_name(), listen.port()),
        };
        url.trim_end_matches('/').to_owned()
    }

    /// Returns what stands before every path: nothing, or `/prefix`.
    pub(super) fn route_prefix(&self) -> String {
        let of_url = self.external_url.as_ref().map(Url::path);
        let prefix = self.route_prefix.as_deref().or(of_url).unwrap_or_default();
        match prefix.trim_matches('/') {
            "" => String::new(),
            prefix => format!("/{prefix}"),
        }
    }

    /// Names the flags and features that were given and change nothing.
    pub(super) fn without_effect(&self) -> Vec<String> {
        let Others {
            gc_interval,
            maintenance_interval,
            get_concurrency,
            web_timeout,
            ui_path,
            cluster_listen_address,
            cluster_advertise_address,
            cluster_peer_timeout,
            cluster_gossip_interval,
            cluster_pushpull_interval,
            cluster_tcp_timeout,
            cluster_probe_timeout,
            cluster_probe_interval,
            cluster_settle_timeout,
            cluster_reconnect_interval,
            cluster_reconnect_timeout,
            cluster_label,
            ..
        } = &self.others;
        let given = [
            ("--alerts.gc-interval", gc_interval),
            ("--data.maintenance-interval", maintenance_interval),
            ("--web.get-concurrency", get_concurrency),
            ("--web.timeout", web_timeout),
            ("--web.ui-path", ui_path),
            ("--cluster.advertise-address", cluster_advertise_address),
            ("--cluster.peer-timeout", cluster_peer_timeout),
            ("--cluster.gossip-interval", cluster_gossip_interval),
            ("--cluster.pushpull-interval", cluster_pushpull_interval),
            ("--cluster.tcp-timeout", cluster_tcp_timeout),
            ("--cluster.probe-timeout", cluster_probe_timeout),
            ("--cluster.probe-interval", cluster_probe_interval),
            ("--cluster.settle-timeout", cluster_settle_timeout),
            ("--cluster.reconnect-interval", cluster_reconnect_interval),
            ("--cluster.reconnect-timeout", cluster_reconnect_timeout),
            ("--cluster.label", cluster_label),
        ];
        let given = given.into_iter().filter(|(_, value)| value.is_some());
        let mut names: Vec<String> = given.map(|(name, _)| name.to_owned()).collect();
        // An empty one says what is so anyway: no gossip.
        if cluster_listen_address
            .as_ref()
            .is_some_and(|address| !address.is_empty())
        {
            names.push("--cluster.listen-address".into());
        }
        let known = ["classic-mode", "utf8-strict-mode", ""];
        let unknown = self
            .features
            .iter()
            .filter(|name| !known.contains(&name.as_str()));
        names.extend(unknown.map(|name| format!("--enable-feature={name}")));
        names
    }

    /// Loopback needs no account; anything else would let whoever asks silence everything.
    pub(super) fn refuse_strangers(&self) -> Result<(), Failure> {
        let address = self.listen;
        if address.ip().to_canonical().is_loopback() || self.insecure {
            return Ok(());
        }
        Err(Failure::usage(format!(
            "--listen {address} can be reached by others, and there is no access control yet\n\
             listen on 127.0.0.1:{port} behind a proxy that has it, or add --insecure if everybody who reaches {address} \
             may post alerts and silence them",
            port = address.port()
        )))
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    parse_duration(text).map_err(|error| error.to_string())
}

fn lease(text: &str) -> Result<Duration, String> {
    let lease = duration(text)?;
    match (Duration::from_secs(5)..=Duration::from_mins(10)).contains(&lease) {
        true => Ok(lease),
        false => Err("wanted 5s to 10m".into()),
    }
}

fn no_gossip(_text: &str) -> Result<String, String> {
    Err(NO_GOSSIP.into())
}

fn no_access_control(text: &str) -> Result<String, String> {
    match text {
        "" => Ok(String::new()),
        _ => Err("there is no TLS and no access control yet: listen on loopback behind a proxy that has them".into()),
    }
}

fn no_socket(_text: &str) -> Result<String, String> {
    Err("sockets of systemd are not taken over: say where to listen with --listen".into())
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

    fn read(line: &[&str]) -> Result<Arguments, String> {
        let line = Line::try_parse_from([&["x"], line].concat());
        line.map(|line| line.arguments)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_unit_file_of_alertmanager_starts() {
        let arguments = read(&[
            "--config.file=/etc/alertmanager/alertmanager.yml",
            "--storage.path=/var/lib/alertmanager",
            "--data.retention=5d",
            "--alerts.gc-interval=30m",
            "--web.listen-address=:9093",
            "--web.external-url=https://alerts.example/am/",
            "--cluster.listen-address=",
            "--log.level=debug",
            "--log.format=logfmt",
            "--enable-feature=utf8-strict-mode,auto-gomemlimit",
        ])
        .unwrap();
        assert_eq!(arguments.retention, Duration::from_hours(120));
        assert_eq!(arguments.listen.to_string(), "0.0.0.0:9093");
        assert_eq!(
            arguments.external_url(arguments.listen),
            "https://alerts.example/am"
        );
        assert_eq!(arguments.route_prefix(), "/am");
        assert_eq!(arguments.file().options.matchers, Mode::Utf8);
        assert_eq!(
            arguments.without_effect(),
            ["--alerts.gc-interval", "--enable-feature=auto-gomemlimit"]
        );
        let refused = arguments.refuse_strangers().unwrap_err().to_string();
        assert!(refused.contains("--insecure"), "{refused}");
    }

    #[test]
    fn a_prefix_is_that_of_the_flag_or_of_the_url() {
        let prefix = |line: &[&str]| read(line).unwrap().route_prefix();
        assert_eq!(prefix(&[]), "");
        assert_eq!(prefix(&["--web.external-url=http://h:1"]), "");
        assert_eq!(prefix(&["--web.external-url=http://h/a/b"]), "/a/b");
        let own = ["--web.external-url=http://h/a", "--web.route-prefix=/"];
        assert_eq!(prefix(&own), "");
        assert_eq!(prefix(&["--web.route-prefix=p/"]), "/p");
    }

    #[test]
    fn what_somebody_relies_on_is_refused_with_what_to_do() {
        for (flag, expected) in [
            ("--cluster.peer=other:9094", "--storage.url-file"),
            ("--cluster.tls-config=x.yml", "--storage.url-file"),
            ("--web.config.file=web.yml", "proxy"),
            ("--web.systemd-socket", "--listen"),
            ("--storage.lease=20s", "url"),
        ] {
            let error = read(&[flag]).err().unwrap();
            assert!(error.contains(expected), "{flag}: {error}");
        }
        let short = ["--storage.url-file=x", "--storage.lease=1s"];
        assert!(read(&short).err().unwrap().contains("5s to 10m"));
        assert!(read(&["--web.config.file="]).is_ok());
    }
}
