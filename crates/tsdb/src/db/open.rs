//! Opening: checks versions before anything is touched, replays, clears away.

mod parts;
mod sink;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, RwLock};

use plimsoll_runtime::clock::Clock;
use plimsoll_runtime::disk::Disk;
use plimsoll_types::Timestamp;

use super::hidden::LiveTombstone;
use super::lock::DirectoryLock;
use super::recovery::Recovery;
use super::snapshot::UNFINISHED;
use super::view::{LivePart, View};
use super::{Db, Keeping};
use crate::deletion::Tombstone;
use crate::head::{SeriesTable, Window};
use crate::manifest::{self, Manifest, is_part_name, part_name};
use crate::timekeeper::Timekeeper;
use crate::wal::{Replay, Wal, WalOptions, WalParts};
use crate::{Config, Error, ErrorKind, Metrics, Result};
use parts::{open_parts, remove_stale_parts, seed_metadata};
use sink::Sink;

pub(super) const PARTS: &str = "parts";
pub(super) const WAL: &str = "wal";
pub(super) const SNAPSHOTS: &str = "snapshots";
pub(super) const FORMAT: &str = "FORMAT";
const FORMAT_VERSION: u64 = 1;

pub(super) fn open(
    config: Config,
    disk: Arc<dyn Disk>,
    clock: Arc<dyn Clock>,
    metrics: Metrics,
    lock: Option<DirectoryLock>,
) -> Result<Db> {
    let begin = clock.monotonic();
    let series = Arc::new(SeriesTable::new(config.settings().series_limit));
    let mut loaded = load(&config, &disk, &series, Purpose::Own)?;
    clear_away(&config, &*disk, &mut loaded)?;
    let first_sequence = loaded.manifest.sequence + 1;
    let wal_parts = WalParts {
        disk: disk.clone(),
        clock: clock.clone(),
        labels: series.clone(),
        metrics: metrics.clone(),
    };
    let options = wal_options(&config);
    let wal = Wal::start(wal_parts, options, loaded.replay, first_sequence)?;
    let mut recovery = loaded.recovery;
    recovery.duration = clock.monotonic().since(begin);
    report(&recovery, &metrics);
    let newest = newest(&loaded.parts, &loaded.windows);
    let timekeeper = Timekeeper::new(clock.now(), clock.monotonic(), newest);
    let view = View {
        parts: loaded.parts,
        sealing: Vec::new(),
        open: loaded.windows,
        quarantined: loaded.manifest.quarantined.clone(),
        tombstones: loaded
            .manifest
            .tombstones
            .iter()
            .map(|tombstone| LiveTombstone::new(tombstone.clone()))
            .collect(),
    };
    let keeping = Keeping {
        manifest: loaded.manifest,
        retired: Vec::new(),
        undecided: None,
        wal_begins: 0,
    };
    let db = Db {
        config,
        disk,
        clock,
        metrics,
        series,
        wal,
        order: Mutex::new(()),
        gate: RwLock::new(()),
        view: RwLock::new(view),
        timekeeper: Mutex::new(timekeeper),
        keeping: Mutex::new(keeping),
        recovery,
        has_deleted: AtomicBool::new(false),
        _lock: lock,
    };
    db.update_gauges();
    Ok(db)
}

/// What a directory is read for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To go on with it: torn ends of the WAL are cut off.
    Own,
    /// To look at it: nothing is changed.
    Read,
}

/// What is on disk.
pub(super) struct Loaded {
    /// As it was found.
    stored: Manifest,
    /// As it should be: parts that do not open are in quarantine.
    pub(super) manifest: Manifest,
    pub(super) parts: Vec<Arc<LivePart>>,
    pub(super) windows: BTreeMap<i64, Arc<Window>>,
    replay: Replay,
    pub(super) recovery: Recovery,
}

/// Reads everything. A newer version is noticed before anything is changed; the only change is to cut torn ends of the
/// WAL off.
pub(super) fn load(
    config: &Config,
    disk: &Arc<dyn Disk>,
    series: &SeriesTable,
    purpose: Purpose,
) -> Result<Loaded> {
    let directory = config.directory();
    check_format(&**disk, directory)?;
    let stored = load_manifest(&**disk, directory)?;
    let mut manifest = stored.clone();
    let parts = open_parts(disk, directory, &mut manifest)?;
    seed_metadata(series, &parts);
    let wal_directory = directory.join(WAL);
    let mut sink = Sink::new(series, &manifest, config.window_millis());
    let replay = match disk.exists(&wal_directory) {
        true => Replay::run(&**disk, &wal_directory, &mut sink)?,
        false => Replay::default(),
    };
    sink.finish();
    if purpose == Purpose::Own {
        replay.cut_torn_ends(&**disk)?;
    }
    let (windows, samples_in_parts) = (sink.windows, sink.samples_in_parts);
    let deletions = sink.deletions;
    add_deletions(&mut manifest, deletions);
    let recovery = Recovery {
        wal: replay.facts.clone(),
        samples_in_parts,
        parts: parts.len() as u64,
        quarantined: manifest.quarantined.clone(),
        ..Recovery::default()
    };
    Ok(Loaded {
        stored,
        manifest,
        parts,
        windows,
        replay,
        recovery,
    })
}

/// Adds the deletions that the WAL holds to those of the manifest. Whether a part needs them is found out later.
fn add_deletions(manifest: &mut Manifest, deletions: Vec<Tombstone>) {
    let mut all = std::mem::take(&mut manifest.tombstones);
    all.extend(deletions);
    all.sort_by_key(|tombstone| tombstone.sequence);
    all.dedup_by_key(|tombstone| tombstone.sequence);
    for tombstone in all {
        let known = &mut manifest.tombstones;
        known.retain(|older| !tombstone.deletion.covers(&older.deletion));
        known.push(tombstone);
    }
    let newest = manifest.tombstones.last().map_or(0, |t| t.sequence);
    manifest.sequence = manifest.sequence.max(newest);
}

fn clear_away(config: &Config, disk: &dyn Disk, loaded: &mut Loaded) -> Result<()> {
    let directory = config.directory();
    prepare(disk, directory)?;
    remove_unfinished_snapshots(disk, directory);
    let manifest = &mut loaded.manifest;
    loaded.recovery.stale_parts = remove_stale_parts(disk, &directory.join(PARTS), manifest)?;
    if *manifest != loaded.stored
        && let Err(error) = manifest.store(disk, directory)
    {
        // A full disk must not keep the store from answering; the next change of the manifest stores this one, too.
        tracing::warn!(error = %error.chain(), "the manifest is not stored yet");
    }
    let replayed = loaded.replay.next_sequence.saturating_sub(1);
    manifest.sequence = manifest.sequence.max(replayed);
    Ok(())
}

fn wal_options(config: &Config) -> WalOptions {
    let settings = config.settings();
    WalOptions {
        directory: config.directory().join(WAL),
        mode: settings.sync_mode,
        group_delay: settings.group_delay,
        group_bytes: settings.group_bytes.as_usize(),
        segment_bytes: settings.segment_bytes.0,
        queue_bytes: settings.queue_bytes.as_usize(),
        retry_interval: settings.retry_interval,
        free_bytes_reserve: settings.free_bytes_reserve.0,
    }
}

fn check_format(disk: &dyn Disk, directory: &Path) -> Result<()> {
    let path = directory.join(FORMAT);
    let bytes = match disk.read(&path, 4096) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return check_foreign(disk, directory);
        }
        Err(error) => return Err(Error::io("read", &path, error)),
    };
    let text = str::from_utf8(&bytes).unwrap_or_default();
    match text.trim().parse::<u64>() {
        Ok(version) if version > FORMAT_VERSION => {
            Err(Error::newer_version(&path, version, FORMAT_VERSION))
        }
        Ok(_) => Ok(()),
        Err(_) => Err(Error::corrupt(
            &path,
            format!("wanted a version, found {text:?}"),
        )),
    }
}

/// A directory without a version is new, or a first start was interrupted in it; anything else in it is somebody else's,
/// such as the data of a running Prometheus, and nothing may be written beside it.
fn check_foreign(disk: &dyn Disk, directory: &Path) -> Result<()> {
    let is_ours = |name: &str| {
        let name = name.strip_suffix(".tmp").unwrap_or(name);
        name.starts_with("LOCK") || [FORMAT, WAL, PARTS, manifest::NAME].contains(&name)
    };
    let names = match disk.list(directory) {
        Ok(names) => names,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(Error::io("list", directory, error)),
    };
    match names.iter().find(|name| !is_ours(name)) {
        Some(name) => Err(Error::new(
            ErrorKind::Config,
            format!(
                "{} belongs to somebody else: wanted an empty directory or one of Plimsoll's, found {name:?} \
                 and no {FORMAT}",
                directory.display()
            ),
        )),
        None => Ok(()),
    }
}

/// The manifest is made before the version, so where there is a version and no manifest it was lost, and every part
/// would look like the rest of an interrupted attempt.
fn load_manifest(disk: &dyn Disk, directory: &Path) -> Result<Manifest> {
    if let Some(manifest) = Manifest::load(disk, directory)? {
        return Ok(manifest);
    }
    let parts = disk.list(&directory.join(PARTS)).unwrap_or_default();
    if disk.exists(&directory.join(FORMAT)) && parts.iter().any(|name| is_part_name(name)) {
        let found = "it is missing although there are parts; it says which of them count";
        return Err(Error::corrupt(&directory.join(manifest::NAME), found));
    }
    Ok(Manifest::default())
}

/// Makes what a new data directory needs, durably: a WAL in a directory whose name is lost is lost as well.
fn prepare(disk: &dyn Disk, directory: &Path) -> Result<()> {
    let missing = directory
        .ancestors()
        .take_while(|path| !disk.exists(path))
        .count();
    for name in [WAL, PARTS] {
        let path = directory.join(name);
        disk.create_directory(&path)
            .map_err(|error| Error::io("make", &path, error))?;
    }
    for path in directory
        .ancestors()
        .take(missing + 1)
        .filter(|path| !path.as_os_str().is_empty())
    {
        disk.sync_directory(path)
            .map_err(|error| Error::io("sync", path, error))?;
    }
    let path = directory.join(FORMAT);
    if disk.exists(&path) {
        return Ok(());
    }
    if !disk.exists(&directory.join(manifest::NAME)) {
        Manifest::default().store(disk, directory)?;
    }
    write_format(disk, directory)
}

/// Says which version of the layout a directory has.
pub(super) fn write_format(disk: &dyn Disk, directory: &Path) -> Result<()> {
    let path = directory.join(FORMAT);
    disk.replace(&path, format!("{FORMAT_VERSION}\n").as_bytes())
        .map_err(|error| Error::io("write", &path, error))
}

/// Removes snapshots that were not finished. One that cannot be removed stays, and is in nobody's way.
fn remove_unfinished_snapshots(disk: &dyn Disk, directory: &Path) {
    let all = directory.join(SNAPSHOTS);
    let names = disk.list(&all).unwrap_or_default();
    for name in names.iter().filter(|name| name.ends_with(UNFINISHED)) {
        let path = all.join(name);
        if let Err(error) = disk.remove_directory(&path) {
            tracing::warn!(%error, path = %path.display(), "an unfinished snapshot stays");
        }
    }
}

fn newest(parts: &[Arc<LivePart>], windows: &BTreeMap<i64, Arc<Window>>) -> Option<Timestamp> {
    let parts = parts.iter().map(|part| part.range());
    let windows = windows.values().map(|window| window.facts().range);
    parts
        .chain(windows)
        .filter(|range| !range.is_empty())
        .map(|range| range.end)
        .max()
}

fn report(recovery: &Recovery, metrics: &Metrics) {
    let wal = &recovery.wal;
    metrics.replay_samples.set(wal.samples as i64);
    metrics.replay_records.set(wal.records as i64);
    metrics.replay_skipped.set(wal.skipped.len() as i64);
    metrics.replay_undecodable.set(wal.undecodable as i64);
    metrics.replay_cut.set(wal.cut.len() as i64);
    metrics.replay_seconds.set(recovery.duration.as_secs_f64());
    for cut in &wal.cut {
        tracing::warn!(
            segment = cut.segment,
            offset = cut.offset,
            bytes = cut.bytes,
            "torn end of the WAL cut off"
        );
    }
    for skipped in &wal.skipped {
        tracing::error!(
            segment = skipped.segment,
            offset = skipped.offset,
            bytes = skipped.bytes,
            "damage in the WAL passed over"
        );
    }
    for part in &recovery.quarantined {
        tracing::error!(
            part = part_name(part.id),
            reason = part.reason,
            "part in quarantine"
        );
    }
    tracing::info!(
        parts = recovery.parts,
        records = wal.records,
        samples = wal.samples,
        without_series = wal.without_series,
        seconds = recovery.duration.as_secs_f64(),
        "store opened"
    );
}

pub(super) fn part_path(directory: &Path, id: u64) -> PathBuf {
    directory.join(part_name(id))
}
