//! Service level objectives: what they stand on, and what they are told.

use std::sync::Arc;

use plimsoll_control::Rules;
use plimsoll_control::slo::{Options, Parts, Prepared, SloSet, Slos, Tap};
use plimsoll_ingest::config::Config;
use plimsoll_runtime::config::Diagnostics;
use plimsoll_runtime::disk::SystemDisk;
use plimsoll_tsdb::Db;

use super::Arguments;
use super::composition::Ground;
use super::rules::{self, State};

/// Reads the files of objectives only to say early what is wrong with them.
pub(super) fn check(arguments: &Arguments, config: &Config) -> Result<SloSet, Diagnostics> {
    SloSet::load(&config.plimsoll.slo.files, &arguments.query.features())
}

/// Reads the files of objectives for a reload. Blocks on the disk.
pub(super) fn prepare(arguments: &Arguments, config: &Config) -> Result<Prepared, Diagnostics> {
    let slo = &config.plimsoll.slo;
    let features = arguments.query.features();
    Slos::prepare(&slo.files, slo.snapshot_interval, &features)
}

/// Starts to count, without any objective yet.
pub(super) fn start(
    ground: &Ground,
    config: &Config,
    db: &Arc<Db>,
    tap: Tap,
    state: &State,
    rules: &Rules,
    sink: Arc<dyn plimsoll_control::AlertSink>,
) -> Slos {
    let arguments = &ground.arguments;
    let parts = Parts {
        tap,
        queryable: db.clone(),
        appender: db.clone(),
        store: state.store.clone(),
        sink,
        disk: Arc::new(SystemDisk),
        clock: ground.clock.clone(),
        tasks: ground.tasks.clone(),
        metrics: ground.metrics.slo.clone(),
    };
    let slo = &config.plimsoll.slo;
    let options = Options {
        owner: rules::owner(),
        silence_max: state.silence_max,
        lateness: slo.lateness,
        snapshot_interval: slo.snapshot_interval,
        directory: arguments.data_dir.clone(),
        external_url: arguments.rules.external_url(ground.address),
    };
    Slos::start(parts, rules, options)
}
