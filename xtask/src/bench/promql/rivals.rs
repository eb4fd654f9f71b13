//! The three programs.

use std::path::Path;
use std::process::Command;

use anyhow::Context;
use plimsoll_e2e::{Api, Home, Program, Prometheus, Server, VictoriaMetrics};

/// A running program.
pub(super) struct Contender {
    pub(super) name: &'static str,
    pub(super) program: Program,
    pub(super) api: Api,
}

pub(super) const OURS: usize = 0;
pub(super) const PROMETHEUS: usize = 1;

/// Starts plimsoll, Prometheus and VictoriaMetrics, in this order, none of which scrapes anything.
pub(super) fn start(home: &Home, binary: &Path) -> anyhow::Result<Vec<Contender>> {
    const NOTHING: &str = "global:\n  scrape_interval: 1h\n";
    home.configure("storage:\n  tsdb:\n    retention:\n      time: 60d\n")?;
    let mut command = Command::new(binary);
    command.arg("serve").arg("--config").arg(home.config());
    command.arg("--data-dir").arg(home.data());
    command.args(["--listen", "127.0.0.1:0", "--no-host-metrics"]);
    let ours = Server::start_with(home, &mut command).context("plimsoll")?;
    let arguments = [
        "--web.enable-remote-write-receiver",
        "--storage.tsdb.retention.time=60d",
    ];
    let prometheus = Prometheus::start_with(home, |_| NOTHING.into(), &arguments)?;
    let victoria = VictoriaMetrics::start(home, &["-retentionPeriod=3", "-search.disableCache"])?;
    let contender = |name, program, api| Contender { name, program, api };
    Ok(vec![
        contender("plimsoll", ours.program, ours.api),
        contender("prometheus", prometheus.program, prometheus.api),
        contender("victoria-metrics", victoria.program, victoria.api),
    ])
}
