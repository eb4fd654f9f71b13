//! Row: what a sample costs that is scraped.

use std::path::Path;
use std::time::Duration;

use anyhow::ensure;
use plimsoll_e2e::{Home, wait_until};

use super::exporter::Exporters;
use super::feed::spent;
use super::table::{Goal, Row};
use crate::bench::contender::{self, OURS, PROMETHEUS, Setup, VICTORIA};

const TARGETS: u64 = 10;
const SERIES: u64 = 10_000;
const INTERVAL_MILLIS: u64 = 2_000;
/// Scrapes of all targets before and while it is measured.
const WARM: u64 = 5;
const MEASURED: u64 = 30;
const WAIT_MAX: Duration = Duration::from_secs(300);

pub(super) fn rows(binary: &Path) -> anyhow::Result<Vec<Row>> {
    let home = Home::new()?;
    let exporters = Exporters::start(TARGETS, SERIES)?;
    let config = |index| exporters.config(index, INTERVAL_MILLIS);
    let targets = home.write("targets.yml", config(VICTORIA).as_bytes())?;
    let victoria = format!("-promscrape.config={}", targets.display());
    let setup = Setup {
        ours: &config(OURS),
        prometheus_config: &config(PROMETHEUS),
        victoria_arguments: &[&victoria],
        ..Setup::PUSHED
    };
    let contenders = contender::start(&home, binary, &setup)?;
    wait_for(&exporters, WARM)?;
    let (begun, before) = (exporters.scrapes(), spent(&contenders)?);
    wait_for(&exporters, WARM + MEASURED)?;
    let (ended, after) = (exporters.scrapes(), spent(&contenders)?);
    let figures = std::array::from_fn(|index| {
        let samples = (ended[index] - begun[index]) * SERIES;
        (after[index] - before[index]) / samples as f64
    });
    let name = "scrape of 100k series, ns CPU per sample";
    Ok(vec![Row::new(name, figures, Goal::Ratio(1.0))])
}

/// Waits until every program has scraped all targets so many times.
fn wait_for(exporters: &Exporters, times: u64) -> anyhow::Result<()> {
    wait_until(WAIT_MAX, "scrapes", || {
        let scrapes = exporters.scrapes();
        let is_done = scrapes.iter().all(|count| *count >= times * TARGETS);
        ensure!(is_done, "{scrapes:?} pages of {}", times * TARGETS);
        Ok(())
    })
}
