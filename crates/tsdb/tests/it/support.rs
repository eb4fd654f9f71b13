//! A store on a simulated disk and a clock that the test moves.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

pub(crate) use plimsoll_testkit::wait;
use plimsoll_testkit::{FakeClock, Seed, SimulatedDisk};
use plimsoll_tsdb::{Config, Db, Metrics, Result, Settings, TierRetention};
use plimsoll_types::{
    Appended, Appender, ByteCount, Durability, Labels, Matcher, Queryable, Sample, SampleColumns,
    SeriesRef, StorageError, TimeRange, Timestamp, WriteBatch,
};

pub(crate) const HOUR: i64 = 3_600_000;
/// A point in time that lies on a window's start.
pub(crate) const NOON: i64 = 1_700_006_400_000;
pub(crate) const DIRECTORY: &str = "/data/metrics";

pub(crate) struct Store {
    pub(crate) disk: SimulatedDisk,
    pub(crate) clock: FakeClock,
    pub(crate) db: Db,
}

/// Without tiers, whose parts would be among those that a test counts; `tiers.rs` has its own.
pub(crate) fn settings() -> Settings {
    Settings {
        tier_retention: TierRetention {
            five_minutes: Duration::ZERO,
            hour: Duration::ZERO,
        },
        // What tests count on, whatever the default is.
        window: Duration::from_hours(2),
        group_delay: Duration::ZERO,
        segment_bytes: ByteCount::KIB.times(64),
        free_bytes_reserve: ByteCount(0),
        ..Settings::new(DIRECTORY)
    }
}

pub(crate) fn open(disk: &SimulatedDisk, clock: &FakeClock) -> Result<Db> {
    open_with(disk, clock, settings())
}

pub(crate) fn open_with(disk: &SimulatedDisk, clock: &FakeClock, settings: Settings) -> Result<Db> {
    let config = Config::new(settings).unwrap();
    Db::open_on(
        config,
        Arc::new(disk.clone()),
        Arc::new(clock.clone()),
        Metrics::default(),
    )
}

impl Store {
    pub(crate) fn new() -> Self {
        Self::seeded(Seed::new(1))
    }

    pub(crate) fn seeded(seed: Seed) -> Self {
        let disk = SimulatedDisk::new(seed);
        let clock = FakeClock::new(Timestamp::from_millis(NOON));
        let db = open(&disk, &clock).unwrap();
        Self { disk, clock, db }
    }

    /// Ends the process and starts the next one.
    pub(crate) fn killed(self) -> Self {
        let disk = self.disk.kill();
        self.reopened(disk)
    }

    /// Cuts the power and starts again.
    pub(crate) fn after_power_loss(self) -> Self {
        let disk = self.disk.power_loss();
        self.reopened(disk)
    }

    fn reopened(self, disk: SimulatedDisk) -> Self {
        let Self { clock, db, .. } = self;
        drop(db);
        let db = open(&disk, &clock).unwrap();
        Self { disk, clock, db }
    }

    pub(crate) fn now(&self) -> i64 {
        use plimsoll_runtime::clock::Clock;
        self.clock.now().millis()
    }

    pub(crate) fn write(&self, name: &str, samples: &[(i64, f64)]) -> Appended {
        let samples: Vec<_> = samples.iter().map(|(t, v)| float(*t, *v)).collect();
        write(&self.db, name, &samples, Durability::Synced).unwrap()
    }

    /// Writes and waits for the sync.
    pub(crate) fn put(&self, name: &str, samples: &[(i64, f64)]) {
        wait(self.write(name, samples).commit).unwrap();
    }

    pub(crate) fn floats(&self, name: &str) -> Vec<(i64, f64)> {
        floats(&self.db, name)
    }
}

pub(crate) fn float(time: i64, value: f64) -> Sample {
    Sample::float(Timestamp::from_millis(time), value)
}

pub(crate) fn labels(name: &str) -> Labels {
    Labels::from_pairs([("__name__", name), ("job", "test")])
}

pub(crate) fn batch(id: SeriesRef, samples: &[Sample]) -> WriteBatch {
    WriteBatch {
        samples: samples.iter().map(|sample| (id, sample.clone())).collect(),
        ..WriteBatch::default()
    }
}

pub(crate) fn write(
    db: &Db,
    name: &str,
    samples: &[Sample],
    durability: Durability,
) -> std::result::Result<Appended, StorageError> {
    let id = db.resolve(&labels(name))?;
    db.append(&batch(id, samples), durability)
}

pub(crate) fn floats(db: &Db, name: &str) -> Vec<(i64, f64)> {
    let samples = read(db, &[Matcher::equal("__name__", name)], TimeRange::ALL);
    let first = samples.into_iter().next().map(|(_, columns)| columns);
    first.map_or_else(Vec::new, |columns| {
        columns.timestamps.into_iter().zip(columns.values).collect()
    })
}

pub(crate) fn read(
    db: &Db,
    matchers: &[Matcher],
    range: TimeRange,
) -> Vec<(Labels, SampleColumns)> {
    read_from(db, matchers, range)
}

pub(crate) fn read_from(
    db: &dyn Queryable,
    matchers: &[Matcher],
    range: TimeRange,
) -> Vec<(Labels, SampleColumns)> {
    let mut selection = db.select(matchers, range).unwrap();
    assert!(
        selection.labels.is_sorted_by(|a, b| a < b),
        "{:?}",
        selection.labels
    );
    let mut all = Vec::new();
    for (index, labels) in selection.labels.iter().enumerate() {
        let mut columns = SampleColumns::default();
        selection.source.read(index, &mut columns).unwrap();
        assert!(columns.timestamps.is_sorted_by(|a, b| a < b));
        all.push((labels.clone(), columns));
    }
    all
}

pub(crate) fn wal_files(disk: &SimulatedDisk) -> Vec<std::path::PathBuf> {
    let wal = Path::new(DIRECTORY).join("wal");
    disk.files()
        .into_iter()
        .filter(|path| path.starts_with(&wal))
        .collect()
}
