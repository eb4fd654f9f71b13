//! Very many clients at once.

use std::time::Duration;

use anyhow::{Context, ensure};
use plimsoll_runtime::clock::{Clock, SystemClock};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::contender::Contender;
use super::pace::Connection;
use crate::bench::spending;

/// How often all of them send at the same moment.
const BURSTS: usize = 3;
/// Files of this process beside the clients'.
const FILES_BESIDE: u64 = 500;

/// What became of a crowd.
#[derive(Clone, Copy, Debug)]
pub(super) struct Crowd {
    /// Resident bytes with all clients idle.
    pub(super) resident: u64,
    /// How much of it came with them.
    pub(super) grown: u64,
    /// The longest that all took to be answered when all sent at the same moment.
    pub(super) burst: Duration,
}

/// Lets this process, and those that it starts, have as many files open as the system allows; returns how many.
pub(super) fn raise_open_files(crowd: usize) -> anyhow::Result<u64> {
    let limit = getrlimit(Resource::Nofile);
    let most = limit.maximum.unwrap_or(1 << 20);
    let wanted = crowd as u64 + FILES_BESIDE;
    ensure!(
        most >= wanted,
        "{wanted} files must be open, and no more than {most} may be (ulimit -Hn)"
    );
    let raised = Rlimit {
        current: Some(most),
        maximum: limit.maximum,
    };
    setrlimit(Resource::Nofile, raised).context("could not raise the limit of open files")?;
    Ok(most)
}

/// Connects so many clients, each makes a request and stays; then all send one at the same moment, a few times.
pub(super) fn measure(contender: &Contender, crowd: usize) -> anyhow::Result<Crowd> {
    eprintln!("{crowd} clients of {}", contender.name);
    let id = contender.program.id();
    let before = spending::memory(id)?.resident;
    let mut clients = Vec::with_capacity(crowd);
    for index in 0..crowd {
        let served = Connection::open(contender.address).and_then(|mut client| {
            client.exchange()?;
            Ok(client)
        });
        clients.push(served.with_context(|| format!("client {index} of {}", contender.name))?);
    }
    let resident = spending::memory(id)?.resident;
    let mut burst = Duration::ZERO;
    for _ in 0..BURSTS {
        burst = burst.max(all_at_once(&mut clients).context(contender.name)?);
    }
    Ok(Crowd {
        resident,
        grown: resident.saturating_sub(before),
        burst,
    })
}

fn all_at_once(clients: &mut [Connection]) -> anyhow::Result<Duration> {
    let clock = SystemClock::new();
    for client in &mut *clients {
        client.send()?;
    }
    for (index, client) in clients.iter_mut().enumerate() {
        client
            .receive()
            .with_context(|| format!("client {index} in a burst"))?;
    }
    Ok(clock.monotonic().since_origin())
}
