//! What must stay flat, and how it is measured.

use std::path::Path;

use anyhow::Context;
use plimsoll_runtime::metrics::Registry;
use plimsoll_tsdb::Db;
use plimsoll_types::StoreAdmin;

/// What is measured, and how much more of it is still flat.
pub(super) struct Limit {
    pub(super) name: &'static str,
    ratio: f64,
    /// In the unit of the gauge: what a small number may swing.
    slack: f64,
}

impl Limit {
    /// Returns the most that is flat when it was `before`.
    pub(super) fn most(&self, before: f64) -> f64 {
        before * self.ratio + self.slack
    }
}

const fn limit(name: &'static str, ratio: f64, slack: f64) -> Limit {
    Limit { name, ratio, slack }
}

/// The gauges, in the order of the table.
pub(super) const NAMES: [Limit; 9] = [
    limit("resident MiB", 1.10, 16.0),
    limit("head series", 1.10, 10.0),
    limit("head chunks", 1.10, 10.0),
    limit("parts", 1.10, 2.0),
    limit("files", 1.10, 16.0),
    limit("open files", 1.10, 16.0),
    limit("disk MiB", 1.10, 1.0),
    limit("merge debt MiB", 1.10, 1.0),
    limit("tombstones", 1.10, 2.0),
];

/// One measurement.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gauges([f64; NAMES.len()]);

impl Gauges {
    #[cfg(test)]
    pub(super) fn of(values: [f64; NAMES.len()]) -> Self {
        Self(values)
    }

    /// Asks the kernel, the store and the file system.
    pub(super) fn measure(db: &Db, registry: &Registry, directory: &Path) -> anyhow::Result<Self> {
        let mib = |bytes: f64| bytes / f64::from(1 << 20);
        let statistics = db.statistics(1)?;
        let (files, bytes) = files(directory)?;
        Ok(Self([
            mib(resident()?),
            statistics.head.series as f64,
            statistics.head.chunks as f64,
            statistics.parts.len() as f64,
            files as f64,
            std::fs::read_dir("/proc/self/fd")?.count() as f64,
            mib(bytes as f64),
            mib(own(registry, "plimsoll_tsdb_merge_debt_bytes")?),
            statistics.tombstones as f64,
        ]))
    }

    /// Returns the average of each gauge.
    pub(super) fn average(measured: &[Self]) -> [f64; NAMES.len()] {
        let mut sums = [0.0; NAMES.len()];
        for Self(values) in measured {
            for (sum, value) in sums.iter_mut().zip(values) {
                *sum += value;
            }
        }
        sums.map(|sum| sum / measured.len().max(1) as f64)
    }

    /// Returns the line of the table for this hour.
    pub(super) fn row(&self, hour: f64) -> String {
        let cells = NAMES.iter().zip(&self.0).map(|(limit, value)| {
            let width = limit.name.len();
            match limit.name.ends_with("MiB") {
                true => format!("  {value:width$.1}"),
                false => format!("  {value:width$.0}"),
            }
        });
        format!("{hour:5.1}{}", cells.collect::<String>())
    }
}

/// Returns the head of the table.
pub(super) fn header() -> String {
    let names = NAMES.iter().map(|limit| format!("  {}", limit.name));
    format!(" hour{}", names.collect::<String>())
}

fn resident() -> anyhow::Result<f64> {
    let text = std::fs::read_to_string("/proc/self/statm")?;
    let pages = text
        .split_whitespace()
        .nth(1)
        .context("no resident pages")?;
    Ok(pages.parse::<f64>()? * rustix::param::page_size() as f64)
}

/// Reads one of our own gauges, as a scrape would.
fn own(registry: &Registry, name: &str) -> anyhow::Result<f64> {
    let text = registry.render();
    let mut values = text
        .lines()
        .filter_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    let value = values
        .next()
        .with_context(|| format!("there is no {name}"))?;
    Ok(value.parse()?)
}

/// Counts the files below a directory and their bytes; a hard link counts as a file of its own.
fn files(directory: &Path) -> anyhow::Result<(u64, u64)> {
    let (mut files, mut bytes) = (0, 0);
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            let below = self::files(&entry.path())?;
            files += below.0;
            bytes += below.1;
        } else {
            files += 1;
            bytes += entry.metadata()?.len();
        }
    }
    Ok((files, bytes))
}
