//! The proxies, each with three backends of its own.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use plimsoll_e2e::{Home, Program};
use plimsoll_runtime::clock::SystemClock;

use super::backend::Backend;
use crate::bench::gateway::contender::{free_address, installed, nginx_command, start};

const OURS: &str = include_str!("plimsoll.yml");
const OURS_DEFAULTS: &str = include_str!("plimsoll-defaults.yml");
const NGINX: &str = include_str!("nginx.conf");
const HAPROXY: &str = include_str!("haproxy.cfg");
/// How many connections nginx may have open.
const FILES: u64 = 4096;

pub(super) const NAMES: [&str; 4] = ["plimsoll", "nginx", "haproxy", "plimsoll, defaults"];
pub(super) const INDEX_OF_OURS: usize = 0;
/// Those that ours is compared with.
pub(super) const OTHERS: [usize; 2] = [1, 2];

/// A running proxy before three backends.
pub(super) struct Contender {
    pub(super) name: &'static str,
    pub(super) program: Program,
    pub(super) address: SocketAddr,
    backends: [Backend; 3],
}

impl Contender {
    /// Returns the backend that falls sick.
    pub(super) fn victim(&self) -> &Backend {
        &self.backends[1]
    }
}

/// Starts all, in the order of [`NAMES`].
pub(super) fn start_all(
    home: &Home,
    binary: &Path,
    clock: &Arc<SystemClock>,
) -> anyhow::Result<Vec<Contender>> {
    NAMES
        .iter()
        .map(|name| start_one(home, binary, clock, name))
        .collect()
}

fn start_one(
    home: &Home,
    binary: &Path,
    clock: &Arc<SystemClock>,
    name: &'static str,
) -> anyhow::Result<Contender> {
    let start_backend = || Backend::start(clock.clone());
    let backends = [start_backend()?, start_backend()?, start_backend()?];
    let address = free_address()?;
    let fill = |text: &str| {
        let filled = text.replace("LISTEN", &address.to_string());
        let numbered = backends.iter().zip(1..);
        numbered.fold(filled, |text, (backend, number)| {
            text.replace(&format!("BACKEND_{number}"), &backend.address.to_string())
        })
    };
    let mut command = match name {
        "nginx" => nginx_command(home, name, &fill(NGINX), FILES)?,
        "haproxy" => haproxy(home, &fill(HAPROXY))?,
        "plimsoll" => ours(home, binary, "tuned", &fill(OURS))?,
        _ => ours(home, binary, "defaults", &fill(OURS_DEFAULTS))?,
    };
    Ok(Contender {
        name,
        program: start(home, name, &mut command, address)?,
        address,
        backends,
    })
}

fn ours(home: &Home, binary: &Path, folder: &str, config: &str) -> anyhow::Result<Command> {
    let path = home.write(&format!("{folder}.yml"), config.as_bytes())?;
    let mut command = Command::new(binary);
    command.arg("gateway").arg("--config").arg(path);
    command.arg(format!("--api={}", free_address()?));
    command.arg("--data-dir").arg(home.path(folder));
    command.args(["--", "--no-host-metrics"]);
    Ok(command)
}

fn haproxy(home: &Home, config: &str) -> anyhow::Result<Command> {
    let path = home.write("haproxy.cfg", config.as_bytes())?;
    let mut command = Command::new(installed("haproxy")?);
    command.arg("-db").arg("-f").arg(path);
    Ok(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documents_show_how_each_is_configured() {
        let document = include_str!("../../../../docs/benchmarks.md");
        for text in [OURS, OURS_DEFAULTS, NGINX, HAPROXY] {
            assert!(document.contains(text), "docs/benchmarks.md lacks\n{text}");
        }
    }
}
