//! Opening: checks versions before anything is touched, replays, clears away.

mod layout;
mod manifest;
mod parts;
mod sink;
mod trust;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, RwLock};

use plimsoll_runtime::clock::Clock;
use plimsoll_runtime::disk::Disk;
use plimsoll_types::{Tier, Timestamp};

use super::hidden::LiveTombstone;
use super::lock::DirectoryLock;
use super::queried::QueriedFile;
use super::recovery::Recovery;
use super::snapshot::UNFINISHED;
use super::upkeep::Upkeep;
use super::view::{LivePart, View};
use super::{Db, Keeping};
use crate::deletion::Tombstone;
use crate::head::{SeriesTable, Window};
use crate::manifest::{Manifest, part_name};
use crate::part::{Caches, OpenFiles};
use crate::timekeeper::Timekeeper;
use crate::wal::{Replay, Wal, WalOptions, WalParts};
use crate::{Config, Error, Metrics, Result};
pub use layout::RESTORE_UNFINISHED;
pub(super) use layout::{check_format, no_store, write_format};
use parts::{open_parts, pass_over_stale_parts, remove_stale_parts, seed_metadata};
use sink::Sink;

pub(super) const PARTS: &str = "parts";
pub(super) const WAL: &str = "wal";
pub(super) const SNAPSHOTS: &str = "snapshots";
pub(super) const FORMAT: &str = "FORMAT";
const CLOCK: &str = "CLOCK";

pub(super) fn open(
    config: Config,
    disk: Arc<dyn Disk>,
    clock: Arc<dyn Clock>,
    metrics: Metrics,
    lock: Option<DirectoryLock>,
) -> Result<Db> {
    let begin = clock.monotonic();
    let series = Arc::new(SeriesTable::new(config.settings().series_limit));
    let caches = caches(&config, &metrics);
    caches
        .selectors
        .iter()
        .for_each(|cache| series.use_cache(cache.clone()));
    let mut loaded = load(&config, &disk, &series, &caches, Purpose::Own)?;
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
    let (parts, tiers) = loaded.parts;
    let newest = newest(&parts, &loaded.windows);
    let trusted = trust::load(&*disk, config.directory());
    let reference = trust::reference(trusted, newest);
    let timekeeper = Timekeeper::new(clock.now(), clock.monotonic(), reference);
    let view = View {
        parts,
        tiers,
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
    let queried = QueriedFile::load(&*disk, config.directory(), clock.now());
    let upkeep = Upkeep::new(&config);
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
        trusted_stored: Mutex::new(trusted),
        keeping: Mutex::new(keeping),
        recovery,
        caches,
        queried,
        upkeep,
        has_deleted: AtomicBool::new(false),
        _lock: lock,
    };
    if trusted.is_none() {
        // From now on a clock that jumps is noticed, whatever is written meanwhile.
        db.store_trusted_time();
    }
    db.update_gauges();
    Ok(db)
}

fn caches(config: &Config, metrics: &Metrics) -> Caches {
    let settings = config.settings();
    Caches::new(
        settings.page_cache_bytes.as_usize(),
        settings.selector_cache_bytes.as_usize(),
        [&metrics.page_cache, &metrics.selector_cache].map(Clone::clone),
        OpenFiles::new(settings.part_files_max as usize, metrics.part_files.clone()),
    )
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
    /// As it was found on disk; nothing when the file or its copy is missing or damaged.
    stored: Option<Manifest>,
    /// The version of the layout must be written.
    needs_format: bool,
    /// As it should be: parts that do not open are in quarantine.
    pub(super) manifest: Manifest,
    /// Those of samples and those of windows.
    pub(super) parts: (Vec<Arc<LivePart>>, Vec<Arc<LivePart>>),
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
    caches: &Caches,
    purpose: Purpose,
) -> Result<Loaded> {
    let directory = config.directory();
    let format = check_format(&**disk, directory)?;
    let found = manifest::find(disk, directory, &directory.join(WAL))?;
    let mut manifest = found.manifest;
    let stored = found.is_stored.then(|| manifest.clone());
    let parts = open_parts(disk, directory, &mut manifest, caches)?;
    let opened = parts.len() as u64;
    let is_raw = |live: &Arc<LivePart>| live.entry.tier == Tier::Raw;
    let parts: (Vec<_>, Vec<_>) = parts.into_iter().partition(is_raw);
    seed_metadata(series, &parts.0);
    let wal_directory = directory.join(WAL);
    let sealed_up_to = manifest.sequence;
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
    let mut wal = replay.facts.clone();
    // What lies before is in parts: the removal of such a segment may become durable before that of an older one.
    wal.missing.retain(|gap| gap.last > sealed_up_to);
    let recovery = Recovery {
        wal,
        samples_in_parts,
        parts: opened,
        quarantined: manifest.quarantined.clone(),
        repaired: format.iter().cloned().chain(found.repaired).collect(),
        ..Recovery::default()
    };
    Ok(Loaded {
        stored,
        needs_format: format.is_some(),
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
    if loaded.needs_format || !disk.exists(&directory.join(FORMAT)) {
        match write_format(disk, directory) {
            // It is not needed for an answer, and the next opening tries again.
            Err(error) if loaded.needs_format => {
                tracing::warn!(error = %error.chain(), "the version of the layout is not written yet");
            }
            written => written?,
        }
    }
    remove_unfinished_snapshots(disk, directory);
    let manifest = &mut loaded.manifest;
    // A copy that names other parts than the file must not outlive them.
    let is_stored = loaded.stored.as_ref() == Some(manifest)
        || match manifest.store(disk, directory) {
            Ok(()) => true,
            // A full disk must not keep the store from answering; the next change of the manifest stores this one, too.
            Err(error) => {
                tracing::warn!(error = %error.chain(), "the manifest is not stored yet");
                false
            }
        };
    if is_stored {
        let stale = remove_stale_parts(disk, &directory.join(PARTS), manifest)?;
        loaded.recovery.stale_parts = stale;
    } else {
        pass_over_stale_parts(disk, &directory.join(PARTS), manifest)?;
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

/// Makes the directories of a new data directory, durably: a WAL in a directory whose name is lost is lost as well.
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
    Ok(())
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
    for repaired in &recovery.repaired {
        tracing::error!("{repaired}");
    }
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
    for gap in &wal.missing {
        tracing::error!(
            after = gap.segment,
            first = gap.first,
            last = gap.last,
            "records of the WAL are missing: a segment was lost"
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
