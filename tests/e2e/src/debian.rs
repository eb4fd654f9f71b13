//! Programs that Debian packages: what a user's installation looks like from outside.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use crate::{Api, Home, Program, wait_until};

const START_MAX: Duration = Duration::from_secs(30);
/// Between choosing a free port and using it, somebody else may take it.
const PORT_TRIES: usize = 3;

/// Returns the path of a program in /usr/bin, or nothing, having said so, when it is not installed.
///
/// # Errors
/// When it is missing and `PLIMSOLL_REQUIRE_PROGRAMS` is in the environment.
pub fn find(name: &str) -> Result<Option<PathBuf>> {
    let path = PathBuf::from("/usr/bin").join(name);
    if path.is_file() {
        return Ok(Some(path));
    }
    missing(name)
}

fn missing(name: &str) -> Result<Option<PathBuf>> {
    if std::env::var_os("PLIMSOLL_REQUIRE_PROGRAMS").is_some() {
        bail!("{name} is not installed, and PLIMSOLL_REQUIRE_PROGRAMS is set");
    }
    say_skipped(name);
    Ok(None)
}

#[expect(
    clippy::print_stderr,
    reason = "a skipped test must not look like a passed one"
)]
fn say_skipped(name: &str) {
    eprintln!("SKIPPED: {name} is not installed");
}

/// Returns the path of Debian's Python when it has a module, or nothing, having said so. Another Python, which may come
/// first in the path, is not asked: modules are packages of Debian's.
///
/// # Errors
/// As for [`find`].
pub fn python_with(module: &str) -> Result<Option<PathBuf>> {
    let Some(path) = find("python3")? else {
        return Ok(None);
    };
    let import = format!("import {module}");
    if Command::new(&path)
        .args(["-c", &import])
        .output()?
        .status
        .success()
    {
        return Ok(Some(path));
    }
    missing(&format!("Python's module {module}"))
}

/// Runs promtool to its end.
///
/// # Errors
/// When it is not installed.
pub fn promtool(arguments: &[&str]) -> Result<Output> {
    let path = find("promtool")?.context("promtool is not installed")?;
    Ok(Command::new(path).args(arguments).output()?)
}

/// A running prometheus-node-exporter.
#[derive(Debug)]
pub struct NodeExporter {
    /// The process.
    pub program: Program,
    /// Where it listens.
    pub address: SocketAddr,
}

impl NodeExporter {
    /// Starts it and waits until it answers. Collectors whose series come and go with the machine's other work are off.
    ///
    /// # Errors
    /// When it is not installed or does not start.
    pub fn start(home: &Home) -> Result<Self> {
        let path = find("prometheus-node-exporter")?.context("no prometheus-node-exporter")?;
        let command = |address: SocketAddr| {
            let mut command = Command::new(&path);
            command.arg(format!("--web.listen-address={address}"));
            command.args(["--no-collector.systemd", "--no-collector.textfile"]);
            command
        };
        let (program, address) = start(home, command, "/metrics")?;
        Ok(Self { program, address })
    }
}

/// A running Prometheus.
#[derive(Debug)]
pub struct Prometheus {
    /// The process.
    pub program: Program,
    /// Its HTTP API.
    pub api: Api,
}

impl Prometheus {
    /// Starts it with the configuration that `config` makes of its own address, and waits until it is ready.
    ///
    /// # Errors
    /// When it is not installed or does not start.
    pub fn start(home: &Home, config: impl Fn(SocketAddr) -> String) -> Result<Self> {
        Self::start_with(home, config, &["--enable-feature=exemplar-storage"])
    }

    /// As [`start`](Self::start), with more arguments.
    ///
    /// # Errors
    /// When it is not installed or does not start.
    pub fn start_with(
        home: &Home,
        config: impl Fn(SocketAddr) -> String,
        arguments: &[&str],
    ) -> Result<Self> {
        let path = find("prometheus")?.context("no prometheus")?;
        Self::start_program(&path, home, config, arguments)
    }

    /// As [`start_with`](Self::start_with), with another Prometheus than Debian's.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start_program(
        path: &Path,
        home: &Home,
        config: impl Fn(SocketAddr) -> String,
        arguments: &[&str],
    ) -> Result<Self> {
        let command = |address: SocketAddr| {
            // A file that cannot be written shows when Prometheus does not find it.
            let _ = home.write("prometheus.yml", config(address).as_bytes());
            let mut command = Command::new(path);
            command.arg(format!("--web.listen-address={address}"));
            command
                .arg("--config.file")
                .arg(home.path("prometheus.yml"));
            command
                .arg("--storage.tsdb.path")
                .arg(home.path("prometheus"));
            command.args(arguments);
            command
        };
        let (program, address) = start(home, command, "/-/ready")?;
        let api = Api { address };
        Ok(Self { program, api })
    }
}

/// A running Alertmanager.
#[derive(Debug)]
pub struct Alertmanager {
    /// The process.
    pub program: Program,
    /// Its HTTP API.
    pub api: Api,
}

impl Alertmanager {
    /// Starts one that tells nobody, and waits until it is ready.
    ///
    /// # Errors
    /// When it is not installed or does not start.
    pub fn start(home: &Home) -> Result<Self> {
        let path = find("prometheus-alertmanager")?.context("no prometheus-alertmanager")?;
        let config = "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n";
        let config = home.write("alertmanager.yml", config.as_bytes())?;
        let command = |address: SocketAddr| {
            let mut command = Command::new(&path);
            command.arg(format!("--web.listen-address={address}"));
            // Without a cluster: its port would be a fixed one.
            command.arg("--cluster.listen-address=");
            command.arg("--config.file").arg(&config);
            command.arg("--storage.path").arg(home.path("alertmanager"));
            command
        };
        let (program, address) = start(home, command, "/-/ready")?;
        let api = Api { address };
        Ok(Self { program, api })
    }
}

/// A running VictoriaMetrics.
#[derive(Debug)]
pub struct VictoriaMetrics {
    /// The process.
    pub program: Program,
    /// Its HTTP API.
    pub api: Api,
}

impl VictoriaMetrics {
    /// Starts it with these arguments and waits until it is ready.
    ///
    /// # Errors
    /// When it is not installed or does not start.
    pub fn start(home: &Home, arguments: &[&str]) -> Result<Self> {
        let path = find("victoria-metrics")?.context("no victoria-metrics")?;
        let command = |address: SocketAddr| {
            let mut command = Command::new(&path);
            command.arg(format!("-httpListenAddr={address}"));
            let mut data = std::ffi::OsString::from("-storageDataPath=");
            data.push(home.path("victoria-metrics"));
            command.arg(data).args(arguments);
            command
        };
        let (program, address) = start(home, command, "/health")?;
        let api = Api { address };
        Ok(Self { program, api })
    }
}

/// Starts a program on a free port and waits until `path` is answered with 200.
pub(crate) fn start(
    home: &Home,
    command: impl Fn(SocketAddr) -> Command,
    path: &str,
) -> Result<(Program, SocketAddr)> {
    let mut tries = 1;
    loop {
        let address = free_address()?;
        let mut program = Program::start(&mut command(address), home.next_log())?;
        let ready = wait_until(START_MAX, path, || {
            if program.exit_status()?.is_some() {
                return Ok(false);
            }
            let reply = Api { address }.get(path, &[])?;
            ensure!(reply.status == 200, "status {}", reply.status);
            Ok(true)
        });
        if ready.with_context(|| program.log())? {
            return Ok((program, address));
        }
        let log = program.log();
        ensure!(
            tries < PORT_TRIES && log.to_lowercase().contains("address already in use"),
            "it ended: {log}"
        );
        tries += 1;
    }
}

/// Returns an address that was free a moment ago, for programs that cannot say which port the system chose for them.
pub(crate) fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?)
}
