//! A store on a simulated disk, and a repository beside it.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use plimsoll_backup::{Backup, CreateOptions, Quiet, Repository, Result, Source, create, restore};
use plimsoll_runtime::disk::Disk;
use plimsoll_testkit::{FakeClock, Seed, SimulatedDisk, wait};
use plimsoll_tsdb::{Config, Db, Metrics, ReadOnlyDb, Settings};
use plimsoll_types::{
    Appender, ByteCount, Durability, Labels, Sample, StoreAdmin, TimeRange, Timestamp, WriteBatch,
};

use crate::faulty::Faulty;

pub(crate) const DAY: i64 = 86_400_000;
/// A point in time that lies on a window's start.
pub(crate) const NOON: i64 = 1_700_006_400_000;
const DIRECTORY: &str = "/data/metrics";

/// A store in use.
pub(crate) struct Store {
    pub(crate) disk: SimulatedDisk,
    pub(crate) clock: FakeClock,
    pub(crate) db: Db,
}

fn settings(directory: &Path) -> Settings {
    Settings {
        group_delay: Duration::ZERO,
        segment_bytes: ByteCount::KIB.times(64),
        free_bytes_reserve: ByteCount(0),
        retention: Duration::from_hours(3 * 24),
        ..Settings::new(directory)
    }
}

impl Store {
    pub(crate) fn new() -> Self {
        let disk = SimulatedDisk::new(Seed::new(1));
        let clock = FakeClock::new(Timestamp::from_millis(NOON));
        let db = opened(&disk, &clock, Path::new(DIRECTORY)).unwrap();
        Self { disk, clock, db }
    }

    /// Two series in a part and one of them in the WAL as well.
    pub(crate) fn filled() -> Self {
        let store = Self::new();
        store.put("a", &[(NOON, 1.0), (NOON + 1, f64::NAN)]);
        store.put("b", &[(NOON, 2.0)]);
        store.db.seal_all().unwrap();
        store.put("a", &[(NOON + 2, -0.0)]);
        store
    }

    /// Writes and waits for the sync.
    pub(crate) fn put(&self, name: &str, samples: &[(i64, f64)]) {
        let labels = Labels::from_pairs([("__name__", name), ("job", "test")]);
        let id = self.db.resolve(&labels).unwrap();
        let sample =
            |(time, value): &(i64, f64)| (id, Sample::float(Timestamp::from_millis(*time), *value));
        let batch = WriteBatch {
            samples: samples.iter().map(sample).collect(),
            ..WriteBatch::default()
        };
        let appended = self.db.append(&batch, Durability::Synced).unwrap();
        wait(appended.commit).unwrap();
    }

    /// Makes a snapshot and returns where it is.
    pub(crate) fn snapshot(&self) -> PathBuf {
        let name = self.db.snapshot(false).unwrap();
        Path::new(DIRECTORY).join("snapshots").join(name)
    }

    pub(crate) fn disk(&self) -> Arc<dyn Disk> {
        Arc::new(self.disk.clone())
    }

    /// Backs a snapshot up that is made now.
    pub(crate) fn back_up(&self, repository: &Repository) -> Result<Backup> {
        let snapshot = self.snapshot();
        let source = Source::read(self.disk(), &snapshot).unwrap();
        let options = CreateOptions::default();
        create(repository, &source, options, &self.clock, &Quiet)
    }

    /// Restores a backup beside the store, and returns what is then there.
    pub(crate) fn restored(&self, repository: &Repository, backup: &Backup) -> Vec<Dumped> {
        let target = self.restore(repository, backup, "whole").unwrap();
        let dumped = dump(&self.disk, &target);
        self.disk.remove_directory(&target).unwrap();
        dumped
    }

    pub(crate) fn restore(
        &self,
        repository: &Repository,
        backup: &Backup,
        name: &str,
    ) -> Result<PathBuf> {
        let target = Path::new("/restored").join(name);
        let disk = self.disk();
        restore(repository, backup, &disk, &target, &Quiet).map(|_| target)
    }
}

/// Opens a directory as a server does.
pub(crate) fn opened(
    disk: &SimulatedDisk,
    clock: &FakeClock,
    directory: &Path,
) -> plimsoll_tsdb::Result<Db> {
    let config = Config::new(settings(directory)).unwrap();
    let (disk, clock) = (Arc::new(disk.clone()), Arc::new(clock.clone()));
    Db::open_on(config, disk, clock, Metrics::default())
}

/// A series with times, and values as their bits.
pub(crate) type Dumped = (Labels, Vec<(i64, u64)>);

/// Returns everything that is in a directory.
pub(crate) fn dump(disk: &SimulatedDisk, directory: &Path) -> Vec<Dumped> {
    let config = Config::new(settings(directory)).unwrap();
    let db = ReadOnlyDb::open_on(&config, Arc::new(disk.clone())).unwrap();
    assert!(db.recovery().is_clean(), "{:?}", db.recovery());
    let mut found = Vec::new();
    db.dump(&[], TimeRange::ALL, &mut |labels, columns| {
        let bits = columns.values.iter().map(|value| value.to_bits());
        let times = columns.timestamps.iter().copied();
        found.push((labels.clone(), times.zip(bits).collect()));
        ControlFlow::Continue(())
    })
    .unwrap();
    found
}

/// A repository in memory, and what makes it fail.
pub(crate) fn repository() -> (Repository, Faulty) {
    let faulty = Faulty::new();
    (faulty.repository(), faulty)
}

/// Waits for a future of an object store.
pub(crate) fn wait_for<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(future)
}
