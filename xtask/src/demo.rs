//! `cargo xtask demo`: the real server on a sample configuration, and three questions answered live.

use std::fs::File;
use std::io::IsTerminal;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use crate::process;

const SAMPLE: &str = "examples/prometheus.yml";
/// Where the sample configuration scrapes Plimsoll itself.
const SAMPLE_ADDRESS: &str = "127.0.0.1:9880";
/// Ten scrapes of the sample's one second, and room for a slow machine.
const WAIT_MAX: Duration = Duration::from_secs(60);

/// What is asked, in words and in PromQL.
const QUESTIONS: [(&str, &str); 3] = [
    ("Is everything up?", "up"),
    (
        "How many cores does this host use, and for what?",
        "sort_desc(sum by (mode) (rate(node_cpu_seconds_total{mode!=\"idle\"}[5s])))",
    ),
    (
        "How long do 99 % of the syncs take that make an acknowledged sample durable, in seconds?",
        "histogram_quantile(0.99, sum by (le) (rate(plimsoll_tsdb_wal_sync_duration_seconds_bucket[30s])))",
    ),
];

/// Has an answer when every target was scraped often enough for a rate over five seconds to mean something.
const ENOUGH: &str = "min(count_over_time(up[10s])) > 5";

/// Starts the server, waits for data, asks; then stops it, or on a terminal leaves it running until Ctrl-C.
pub(crate) fn run() -> anyhow::Result<()> {
    println!("building Plimsoll");
    process::run(process::cargo().args(["build", "--quiet", "--locked", "--package", "plimsoll"]))?;
    let folder = tempfile::tempdir()?;
    let address = free_address()?;
    let mut server = Server::start(folder.path(), &address)?;
    println!(
        "Plimsoll runs on http://{address} with {SAMPLE}; it scrapes itself and this host every second"
    );
    server.wait_for_data(&address)?;
    for (words, expression) in QUESTIONS {
        println!("\n{words}\n  $ plimsoll query --server http://{address} '{expression}'");
        for line in query(&address, expression)?.lines() {
            println!("  {line}");
        }
    }
    if std::io::stdin().is_terminal() && std::io::stdout().is_terminal() {
        println!("\nIt keeps running: ask your own questions, stop it with Ctrl-C.");
        server.process.wait()?;
    }
    println!("\ndemo: {} questions answered", QUESTIONS.len());
    Ok(())
}

/// The running server; it ends with this value.
struct Server {
    process: Child,
    log: PathBuf,
}

impl Server {
    fn start(folder: &Path, address: &str) -> anyhow::Result<Self> {
        let sample = std::fs::read_to_string(process::root().join(SAMPLE)).context(SAMPLE)?;
        let config = folder.join("prometheus.yml");
        std::fs::write(&config, sample.replace(SAMPLE_ADDRESS, address))?;
        let log = folder.join("log");
        let mut command = Command::new(binary()?);
        command.arg("serve").args(["--listen", address]);
        command
            .arg("--config")
            .arg(&config)
            .arg("--data-dir")
            .arg(folder.join("data"));
        let process = command
            .stderr(File::create(&log)?)
            .spawn()
            .context("could not start the server")?;
        Ok(Self { process, log })
    }

    /// Waits until every question has an answer, showing that something happens.
    fn wait_for_data(&mut self, address: &str) -> anyhow::Result<()> {
        let started = now();
        eprint!("waiting for data ");
        while started.elapsed() < WAIT_MAX {
            if let Some(status) = self.process.try_wait()? {
                bail!("the server ended with {status}:\n{}", self.said());
            }
            let answered =
                |expression| query(address, expression).is_ok_and(|answer| has_number(&answer));
            if answered(ENOUGH) && QUESTIONS.iter().all(|(_, expression)| answered(expression)) {
                eprintln!("done after {} s", started.elapsed().as_secs());
                return Ok(());
            }
            eprint!(".");
            std::thread::sleep(Duration::from_millis(500));
        }
        bail!("no data after {} s:\n{}", WAIT_MAX.as_secs(), self.said())
    }

    fn said(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself; there is nothing to save in its folder.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn has_number(answer: &str) -> bool {
    !answer.is_empty() && !answer.lines().any(|line| line.contains("NaN"))
}

fn query(address: &str, expression: &str) -> anyhow::Result<String> {
    let server = format!("http://{address}");
    let mut command = Command::new(binary()?);
    process::output(
        command
            .args(["query", "--server", &server, expression])
            .stderr(std::process::Stdio::null()),
    )
}

fn binary() -> anyhow::Result<PathBuf> {
    let here = std::env::current_exe()?;
    Ok(here
        .parent()
        .context("xtask lies in a folder")?
        .join("plimsoll"))
}

#[expect(clippy::disallowed_methods, reason = "a task watches the real clock")]
fn now() -> Instant {
    Instant::now()
}

/// Asks the system for a port that is free; the sample's own when it is.
fn free_address() -> anyhow::Result<String> {
    let listener =
        TcpListener::bind(SAMPLE_ADDRESS).or_else(|_| TcpListener::bind("127.0.0.1:0"))?;
    Ok(listener.local_addr()?.to_string())
}
