//! The three programs that are measured beside each other.
//!
//! Each runs in a folder of its own below one temporary folder, and can be killed and started again over what it left.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, ensure};
use plimsoll_e2e::{Api, Home, Program, find, wait_until};
use plimsoll_runtime::clock::{Clock, SystemClock};

use crate::process;

pub(super) const NAMES: [&str; 3] = ["plimsoll", "prometheus", "victoria-metrics"];
pub(super) const OURS: usize = 0;
pub(super) const PROMETHEUS: usize = 1;
pub(super) const VICTORIA: usize = 2;

/// Reading back a long WAL takes a while.
const START_MAX: Duration = Duration::from_secs(600);
/// Between choosing a free port and using it, somebody else may take it.
const PORT_TRIES: usize = 3;

/// How the programs are configured.
#[derive(Clone, Copy, Debug)]
pub(super) struct Setup<'a> {
    /// The configuration of plimsoll, before its retention.
    pub(super) ours: &'a str,
    /// Beside `--web.enable-remote-write-receiver`.
    pub(super) prometheus_config: &'a str,
    pub(super) prometheus_arguments: &'a [&'a str],
    pub(super) victoria_arguments: &'a [&'a str],
}

/// What makes nobody scrape anything while the bench runs.
pub(super) const QUIET: &str = "global:\n  scrape_interval: 1h\n";

impl Setup<'_> {
    /// All take what is pushed and scrape nothing.
    pub(super) const PUSHED: Setup<'static> = Setup {
        ours: QUIET,
        prometheus_config: QUIET,
        prometheus_arguments: &["--web.enable-admin-api"],
        victoria_arguments: &[],
    };
}

/// A running program.
pub(super) struct Contender {
    pub(super) name: &'static str,
    pub(super) program: Program,
    pub(super) api: Api,
    /// Where it keeps its data.
    pub(super) data: PathBuf,
    launch: Launch,
}

/// How a program is started on an address.
struct Launch {
    command: Box<dyn Fn(SocketAddr) -> Command>,
    ready_path: &'static str,
    /// Logs are named after it.
    folder: PathBuf,
    starts: usize,
}

/// Starts plimsoll, Prometheus and VictoriaMetrics, in this order, with 60 days or more of retention.
pub(super) fn start(home: &Home, binary: &Path, setup: &Setup) -> anyhow::Result<Vec<Contender>> {
    let starts = [
        start_ours(home, binary, setup),
        start_prometheus(home, setup),
        start_victoria(home, setup),
    ];
    let named = starts.into_iter().zip(NAMES);
    named
        .map(|(started, name)| started.with_context(|| format!("could not start {name}")))
        .collect()
}

/// Starts plimsoll and Prometheus, in this order.
pub(super) fn start_pair(
    home: &Home,
    binary: &Path,
    setup: &Setup,
) -> anyhow::Result<Vec<Contender>> {
    let starts = [
        start_ours(home, binary, setup),
        start_prometheus(home, setup),
    ];
    let named = starts.into_iter().zip(NAMES);
    named
        .map(|(started, name)| started.with_context(|| format!("could not start {name}")))
        .collect()
}

fn start_ours(home: &Home, binary: &Path, setup: &Setup) -> anyhow::Result<Contender> {
    let retention = "storage:\n  tsdb:\n    retention:\n      time: 60d\n";
    home.configure(&format!("{}{retention}", setup.ours))?;
    let (binary, config, data) = (binary.to_owned(), home.config(), home.data());
    let command = {
        let data = data.clone();
        move |address: SocketAddr| {
            let mut command = Command::new(&binary);
            command.arg("serve").arg("--config").arg(&config);
            command.arg("--data-dir").arg(&data);
            command.arg(format!("--listen={address}"));
            command.args(["--no-host-metrics", "--enable-admin-api"]);
            command
        }
    };
    Contender::start(home, NAMES[OURS], data, "/-/ready", Box::new(command))
}

fn start_prometheus(home: &Home, setup: &Setup) -> anyhow::Result<Contender> {
    let path = installed("prometheus")?;
    let config = home.write("prometheus.yml", setup.prometheus_config.as_bytes())?;
    let data = home.path("prometheus");
    let more: Vec<String> = setup
        .prometheus_arguments
        .iter()
        .map(|&a| a.into())
        .collect();
    let command = {
        let data = data.clone();
        move |address: SocketAddr| {
            let mut command = Command::new(&path);
            command.arg(format!("--web.listen-address={address}"));
            command.arg("--config.file").arg(&config);
            command.arg("--storage.tsdb.path").arg(&data);
            command.arg("--storage.tsdb.retention.time=60d");
            command
                .arg("--web.enable-remote-write-receiver")
                .args(&more);
            command
        }
    };
    Contender::start(home, NAMES[PROMETHEUS], data, "/-/ready", Box::new(command))
}

fn start_victoria(home: &Home, setup: &Setup) -> anyhow::Result<Contender> {
    let path = installed("victoria-metrics")?;
    let data = home.path("victoria-metrics");
    let more: Vec<String> = setup.victoria_arguments.iter().map(|&a| a.into()).collect();
    let command = {
        let data = data.clone();
        move |address: SocketAddr| {
            let mut command = Command::new(&path);
            command.arg(format!("-httpListenAddr={address}"));
            command.arg(format!("-storageDataPath={}", data.display()));
            // Months.
            command.arg("-retentionPeriod=3").args(&more);
            command
        }
    };
    Contender::start(home, NAMES[VICTORIA], data, "/health", Box::new(command))
}

/// Starts `plimsoll alertmanager`, or Debian's Alertmanager.
pub(super) fn start_alertmanager(
    home: &Home,
    binary: &Path,
    is_ours: bool,
    config: &str,
) -> anyhow::Result<Contender> {
    let (name, path, argument) = match is_ours {
        true => (NAMES[OURS], binary.to_owned(), "alertmanager"),
        false => {
            let path = installed("prometheus-alertmanager")?;
            ("alertmanager", path, "--cluster.listen-address=")
        }
    };
    let config = home.write(&format!("{name}.yml"), config.as_bytes())?;
    let data = home.path(name);
    let command = {
        let data = data.clone();
        move |address: SocketAddr| {
            let mut command = Command::new(&path);
            command.arg(argument).arg("--config.file").arg(&config);
            command.arg("--storage.path").arg(&data);
            command.arg(format!("--web.listen-address={address}"));
            command
        }
    };
    let started = Contender::start(home, name, data, "/-/ready", Box::new(command));
    started.with_context(|| format!("could not start {name}"))
}

/// Returns the path of a program of Debian's.
pub(super) fn installed(name: &str) -> anyhow::Result<PathBuf> {
    find(name)?.with_context(|| format!("install it first: apt-get install {name}"))
}

impl Contender {
    fn start(
        home: &Home,
        name: &'static str,
        data: PathBuf,
        ready_path: &'static str,
        command: Box<dyn Fn(SocketAddr) -> Command>,
    ) -> anyhow::Result<Self> {
        let mut launch = Launch {
            command,
            ready_path,
            folder: home.path(&format!("{name}.log")),
            starts: 0,
        };
        let (program, api) = launch.run()?;
        Ok(Self {
            name,
            program,
            api,
            data,
            launch,
        })
    }

    /// Kills it as a power loss of the process does, and starts it over what it left. Returns the time that passed
    /// between the start and the first good answer of its readiness path.
    pub(super) fn restart(&mut self) -> anyhow::Result<Duration> {
        self.program.kill()?;
        let clock = SystemClock::new();
        let began = clock.monotonic();
        (self.program, self.api) = self.launch.run()?;
        Ok(clock.monotonic().since(began))
    }
}

impl Launch {
    /// Starts the program on a free port and waits until it is ready.
    fn run(&mut self) -> anyhow::Result<(Program, Api)> {
        for _ in 0..PORT_TRIES {
            let address = free_address()?;
            let log = self.folder.with_added_extension(self.starts.to_string());
            self.starts += 1;
            let mut program = Program::start(&mut (self.command)(address), log)?;
            let api = Api { address };
            let is_ready = wait_until(START_MAX, self.ready_path, || {
                if program.exit_status()?.is_some() {
                    return Ok(false);
                }
                let reply = api.get(self.ready_path, &[])?;
                ensure!(reply.status == 200, "status {}", reply.status);
                Ok(true)
            });
            if is_ready.with_context(|| program.log())? {
                return Ok((program, api));
            }
            let log = program.log();
            ensure!(
                log.to_lowercase().contains("address already in use"),
                "it ended: {log}"
            );
        }
        anyhow::bail!("{PORT_TRIES} ports were taken by others")
    }
}

/// Returns an address that was free a moment ago.
fn free_address() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?)
}

/// Returns the plimsoll to measure, built with optimisations when none is named.
pub(super) fn binary(named: Option<&Path>) -> anyhow::Result<PathBuf> {
    if let Some(path) = named {
        return Ok(path.to_owned());
    }
    let mut command = process::cargo();
    process::run(command.args(["build", "--release", "--locked", "--package", "plimsoll"]))?;
    // This task lies in <target>/debug or <target>/release.
    let here = std::env::current_exe()?;
    let target = here
        .ancestors()
        .nth(2)
        .context("the task has no target folder")?;
    Ok(target.join("release/plimsoll"))
}
