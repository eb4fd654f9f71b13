//! Facts about this host, under node_exporter's names, so that its dashboards and rules work
//! unchanged.
//!
//! The host is a target like any other: [`HostCollector::expose`] returns what node_exporter 1.5
//! would have answered over HTTP (text exposition format 0.0.4), and the scrape machinery does the
//! rest (line cache, staleness, `up`). One file per collector; each reads procfs or sysfs, parses
//! with pure functions over text and adds families to an `Exposition`. How to add one is in
//! `docs/adding/host-collector.md`.
//!
//! # Invariants
//! - A collector that fails shows as `node_scrape_collector_success 0` and stops no other.
//! - Bounded: files are read up to 8 MiB, sysfs attributes up to one page; devices, mounts and
//!   processors are capped per collector. Above a cap the first ones are exposed and the collector
//!   counts as failed.
//! - No mount holds a scrape up for more than 5 seconds (see `mounts`).
//! - Output is sorted: two scrapes of an unchanged host differ in values only.
//! - Known differences from node_exporter: no `node_time_zone_offset_seconds` (a process-wide zone
//!   says nothing about the host), sizes in the file system's own unit where FUSE has two, all
//!   escapes of a mount point undone, and HELP texts of our own.
//!
//! # Sources
//! proc(5), the kernel's `Documentation/ABI` and `Documentation/admin-guide/iostats`; node_exporter
//! 1.5.0 as packaged by Debian for names, labels, types and default filters.

mod cpu;
mod diskstats;
mod error;
mod exposition;
mod filefd;
mod filesystem;
mod loadavg;
mod meminfo;
mod mounts;
mod netclass;
mod netdev;
mod netstat;
mod pressure;
mod sockstat;
mod source;
mod stat;
mod time;
mod udev;
mod uname;
mod vmstat;

#[cfg(test)]
mod parity;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use plimsoll_runtime::clock::Clock;

use error::{Error, ErrorKind};
use exposition::{Exposition, Family};
use source::Host;

pub use source::HostPaths;

/// One group of host facts.
pub(crate) trait Collector: Sync {
    /// Returns node_exporter's name for it, which is also the label `collector`.
    fn name(&self) -> &'static str;

    /// Adds what it finds; what was added before an error stays.
    ///
    /// # Errors
    /// Any [`ErrorKind`]; it concerns this collector only.
    fn collect(&self, host: &Host, out: &mut Exposition) -> Result<(), Error>;
}

/// Every collector, in the order in which they run.
pub(crate) const ALL: &[&dyn Collector] = &[
    &cpu::Cpu,
    &diskstats::Disks,
    &filefd::FileHandles,
    &filesystem::Filesystems,
    &loadavg::LoadAverage,
    &meminfo::Memory,
    &netclass::NetworkDevices,
    &netdev::NetworkTraffic,
    &netstat::Netstat,
    &pressure::Pressure,
    &sockstat::Sockstat,
    &stat::Stat,
    &time::Time,
    &uname::Uname,
    &vmstat::VirtualMemory,
];

const DURATION: Family<'_> = Family::gauge(
    "node_scrape_collector_duration_seconds",
    "How long a collector took, in seconds.",
);
const SUCCESS: Family<'_> = Family::gauge(
    "node_scrape_collector_success",
    "Whether a collector found what it was asked for (1) or not (0).",
);

/// Runs all collectors.
///
/// # Example
/// ```
/// use std::sync::Arc;
/// use plimsoll_ingest::host::{HostCollector, HostPaths};
/// use plimsoll_runtime::clock::SystemClock;
///
/// let host = HostCollector::new(HostPaths::default(), Arc::new(SystemClock::new()));
/// assert!(host.expose().contains("node_uname_info"));
/// ```
pub struct HostCollector {
    host: Host,
    /// The collectors whose last run failed. Held during a run, so that runs do not overlap.
    failed: Mutex<BTreeSet<&'static str>>,
}

impl HostCollector {
    /// Describes the host below `paths`; reads nothing yet.
    pub fn new(paths: HostPaths, clock: Arc<dyn Clock>) -> Self {
        Self {
            host: Host::new(paths, clock),
            failed: Mutex::default(),
        }
    }

    /// Returns the host's metrics in the text exposition format 0.0.4.
    ///
    /// Blocks: some milliseconds, and up to 5 seconds once for each time that a network mount stops
    /// answering. Call it from a blocking thread. Concurrent calls wait for one another.
    pub fn expose(&self) -> String {
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        let mut out = Exposition::default();
        for collector in ALL {
            let name = collector.name();
            let started = self.host.clock.monotonic();
            let result = collector.collect(&self.host, &mut out);
            let took = self.host.clock.monotonic().since(started);
            let labels = [("collector", name)];
            out.add(&DURATION, &labels, took.as_secs_f64());
            out.add(&SUCCESS, &labels, if result.is_ok() { 1.0 } else { 0.0 });
            log_change(name, result, &mut failed);
        }
        out.to_text()
    }
}

/// Logs when a collector begins to fail and when it recovers, not on every scrape between.
fn log_change(name: &'static str, result: Result<(), Error>, failed: &mut BTreeSet<&'static str>) {
    match result {
        Ok(()) => {
            if failed.remove(name) {
                tracing::info!(collector = name, "host collector works again");
            }
        }
        Err(error) => {
            if !failed.insert(name) {
                return;
            }
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            if error.kind() == ErrorKind::Unavailable {
                tracing::info!(collector = name, %error, cause, "host does not offer this");
            } else {
                tracing::warn!(collector = name, %error, cause, "host collector fails");
            }
        }
    }
}
