//! Work in the background beside all that goes on meanwhile: merging, scrubbing, and doing both by hand.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use plimsoll_runtime::disk::Disk;
use plimsoll_runtime::metrics::Registry;
use plimsoll_testkit::{FakeClock, Fault, Seed, SimulatedDisk};
use plimsoll_tsdb::{Background, Config, Db, Metrics};
use plimsoll_types::{Durability, Matcher, Queryable, StoreAdmin, TimeRange, Timestamp};

use crate::deletions::HookedDisk;
use crate::support::{DIRECTORY, HOUR, NOON, Store, float, floats, open, settings, wait, write};

const MIDNIGHT: i64 = NOON - NOON % (24 * HOUR) - 72 * HOUR;

/// A store that calls back while it merges.
struct Hooked {
    simulated: SimulatedDisk,
    clock: FakeClock,
    disk: Arc<HookedDisk>,
    db: Arc<Db>,
}

fn put(db: &Db, name: &str, samples: &[(i64, f64)]) {
    let samples: Vec<_> = samples.iter().map(|(t, v)| float(*t, *v)).collect();
    let appended = write(db, name, &samples, Durability::Synced).unwrap();
    wait(appended.commit).unwrap();
}

fn parts(db: &Db) -> Vec<String> {
    let parts = db.statistics(0).unwrap().parts;
    parts.into_iter().map(|part| part.name).collect()
}

fn directories(disk: &SimulatedDisk) -> Vec<String> {
    disk.list(&Path::new(DIRECTORY).join("parts")).unwrap()
}

impl Hooked {
    /// Five parts of one day that is over: a value per hour, the last one replaces the first.
    fn new(file: &'static str) -> Self {
        let simulated = SimulatedDisk::new(Seed::new(1));
        let clock = FakeClock::new(Timestamp::from_millis(NOON));
        let disk = Arc::new(HookedDisk {
            inner: simulated.clone(),
            hook: Mutex::new(None),
            file,
        });
        let config = Config::new(settings()).unwrap();
        let clock_of_db = Arc::new(clock.clone());
        let db = Db::open_on(config, disk.clone(), clock_of_db, Metrics::default()).unwrap();
        for hour in 0..4 {
            put(&db, "a", &[(MIDNIGHT + hour * HOUR, 1.0)]);
            db.seal_all().unwrap();
        }
        put(&db, "a", &[(MIDNIGHT, 9.0)]);
        db.seal_all().unwrap();
        assert_eq!(parts(&db).len(), 5);
        Self {
            simulated,
            clock,
            disk,
            db: Arc::new(db),
        }
    }

    /// Merges; `meanwhile` runs in the middle of it.
    fn merge(&self, meanwhile: impl FnOnce(&Db) + Send + 'static) -> usize {
        let db = self.db.clone();
        *self.disk.hook.lock().unwrap() = Some(Box::new(move || meanwhile(&db)));
        let merged = self.db.merge().unwrap();
        assert!(
            self.disk.hook.lock().unwrap().is_none(),
            "the hook was called"
        );
        merged
    }

    /// Checks now and after a power loss.
    fn check(self, expected: &[(i64, f64)]) {
        assert_eq!(floats(&self.db, "a"), expected);
        let next = self.simulated.power_loss();
        drop((self.db, self.disk));
        let db = open(&next, &self.clock).unwrap();
        assert_eq!(floats(&db, "a"), expected);
        assert_eq!(directories(&next).len(), parts(&db).len());
    }
}

fn hours(values: &[f64]) -> Vec<(i64, f64)> {
    let times = (0..).map(|hour| MIDNIGHT + hour * HOUR);
    times.zip(values.iter().copied()).collect()
}

#[test]
fn windows_are_sealed_while_parts_are_merged() {
    for file in ["values.bin", "postings", "meta.tmp"] {
        let store = Hooked::new(file);
        let merged = store.merge(|db| {
            put(
                db,
                "a",
                &[(MIDNIGHT + HOUR, 7.0), (MIDNIGHT + 4 * HOUR, 8.0)],
            );
            let count = parts(db).len();
            assert_eq!(db.seal_all().unwrap().windows_sealed, 2);
            assert_eq!(parts(db).len(), count + 1, "nobody waited for the merge");
        });
        // What came meanwhile is merged after it.
        assert_eq!(merged, 5 + 2);
        assert_eq!(parts(&store.db).len(), 1);
        store.check(&hours(&[9.0, 7.0, 1.0, 1.0, 8.0]));
    }
}

#[test]
fn what_is_deleted_while_parts_are_merged_stays_deleted() {
    for file in ["values.bin", "postings", "meta.tmp"] {
        let store = Hooked::new(file);
        let series = [vec![Matcher::equal("__name__", "a")]];
        let range = TimeRange::new(
            Timestamp::from_millis(MIDNIGHT),
            Timestamp::from_millis(MIDNIGHT + HOUR),
        );
        store.merge(move |db| {
            db.delete_series(&series, range).unwrap();
            put(db, "a", &[(MIDNIGHT + HOUR, 5.0)]);
        });
        let expected = [1, 2, 3].map(|hour| {
            let value = if hour == 1 { 5.0 } else { 1.0 };
            (MIDNIGHT + hour * HOUR, value)
        });
        assert_eq!(floats(&store.db, "a"), expected);
        store.db.seal_all().unwrap();
        store.db.clean_tombstones().unwrap();
        assert_eq!(store.db.statistics(0).unwrap().tombstones, 0);
        store.check(&expected);
    }
}

#[test]
fn a_merge_is_given_up_when_one_of_its_parts_leaves() {
    let store = Hooked::new("meta.tmp");
    let simulated = store.simulated.clone();
    let merged = store.merge(move |db| {
        let path = Path::new(DIRECTORY).join("parts/0000000000000000/meta");
        assert!(simulated.exists(&path));
        let path = path.with_file_name("series.idx");
        simulated.flip(&path, 9, 1);
        // By the clock it is the turn of the first one.
        assert!(db.scrub().unwrap() > 0);
        assert_eq!(parts(db).len(), 4);
    });
    assert_eq!(merged, 4, "the others are merged after it");
    assert_eq!(parts(&store.db).len(), 1);
    assert_eq!(floats(&store.db, "a"), hours(&[9.0, 1.0, 1.0, 1.0]));
    assert_eq!(
        directories(&store.simulated).len(),
        2,
        "the damaged one stays"
    );
}

#[test]
fn everything_deleted_while_it_is_merged_leaves_nothing() {
    let store = Hooked::new("postings");
    store.merge(|db| {
        db.delete_series(&[vec![]], TimeRange::ALL).unwrap();
    });
    store.db.maintain().unwrap();
    store.db.maintain().unwrap();
    assert_eq!(parts(&store.db), [""; 0]);
    store.check(&[]);
}

#[test]
fn closing_ends_a_merge_at_its_next_series() {
    let store = Hooked::new("values.bin");
    let before = parts(&store.db);
    let merged = store.merge(Db::close);
    assert_eq!((merged, parts(&store.db)), (0, before));
    assert_eq!(
        directories(&store.simulated).len(),
        5,
        "nothing is left of it"
    );
    store.check(&hours(&[9.0, 1.0, 1.0, 1.0]));
}

#[test]
fn force_makes_one_part_of_each_day_whatever_is_due() {
    let store = Store::new();
    store.clock.advance(Duration::from_hours(12));
    let now = store.now();
    for hour in 0..30 {
        store.put("a", &[(now - hour * HOUR, hour as f64)]);
        if hour % 3 == 0 {
            store.db.seal_all().unwrap();
        }
    }
    let yesterday = now - now % (24 * HOUR) - 1;
    let until = TimeRange::new(Timestamp::MIN, Timestamp::from_millis(yesterday));
    let before = store.floats("a");
    store.db.force_merge(until).unwrap();
    let ranges = || {
        let parts = store.db.statistics(0).unwrap().parts;
        let begin = |time: Timestamp| time.millis().div_euclid(24 * HOUR);
        parts
            .iter()
            .map(|p| begin(p.range.start))
            .collect::<Vec<_>>()
    };
    let today = now.div_euclid(24 * HOUR);
    let is_before = |day: &&i64| **day < today;
    assert_eq!(ranges().iter().filter(is_before).count(), 1);
    assert!(ranges().len() > 2);
    assert_eq!(
        store.db.statistics(0).unwrap().head.samples,
        0,
        "all is sealed"
    );
    store.db.force_merge(TimeRange::ALL).unwrap();
    assert_eq!(ranges().len(), 2);
    assert_eq!(store.db.force_merge(TimeRange::ALL).unwrap(), 0);
    assert_eq!(store.floats("a"), before);
    assert_eq!(store.after_power_loss().floats("a"), before);
}

#[test]
fn damage_is_found_before_anybody_asks() {
    let store = Store::new();
    for (name, time) in [
        ("a", NOON),
        ("b", NOON - 24 * HOUR),
        ("c", NOON - 48 * HOUR),
    ] {
        store.put(name, &[(time, 1.0), (time + 7, 2.0), (time + 9, 3.0)]);
        store.db.seal_all().unwrap();
    }
    let registry = Registry::new();
    store.db.metrics().register(&registry);
    let shown = |name: &str| {
        let text = registry.render();
        let mut lines = text.lines().filter_map(|line| line.strip_prefix(name));
        lines
            .next()
            .expect("it is there")
            .trim()
            .parse::<f64>()
            .unwrap()
    };
    let path = Path::new(DIRECTORY).join("parts/0000000000000001/times.bin");
    let last = store.disk.open(&path).unwrap().length().unwrap() - 1;
    store.disk.flip(&path, last, 1);
    let mut read = 0;
    for _ in 0..7 * 24 {
        read += store.db.scrub().unwrap();
        store.clock.advance(Duration::from_hours(1));
    }
    assert!((3..=4).contains(&read), "{read} parts were read in a week");
    assert_eq!(parts(&store.db).len(), 2);
    assert_eq!(
        store.db.select(&[], TimeRange::ALL).unwrap().warnings.len(),
        1
    );
    assert_eq!(shown("plimsoll_tsdb_scrub_damaged_total"), 1.0);
    assert!(shown("plimsoll_tsdb_scrub_read_bytes_total") > 100.0);
    assert!(shown("plimsoll_tsdb_scrub_last_pass_timestamp_seconds") * 1000.0 >= NOON as f64);
    assert_eq!(store.floats("a").len(), 3);
    let store = store.killed();
    assert_eq!(store.db.recovery().quarantined.len(), 1);
}

#[test]
fn a_part_that_cannot_be_read_keeps_no_other_from_being_checked() {
    let store = Store::new();
    for day in 0..3 {
        let time = NOON - day * 24 * HOUR;
        store.put("a", &[(time, 1.0), (time + 7, 2.0), (time + 9, 3.0)]);
        store.db.seal_all().unwrap();
    }
    let path = |part| Path::new(DIRECTORY).join(format!("parts/000000000000000{part}/times.bin"));
    // A pass that begins at this time begins with the first part.
    store.disk.plan(Fault::Read { path: path(0) });
    let last = store.disk.open(&path(2)).unwrap().length().unwrap() - 1;
    store.disk.flip(&path(2), last, 1);
    let mut failures = 0;
    for _ in 0..7 * 24 {
        failures += u32::from(store.db.scrub().is_err());
        store.clock.advance(Duration::from_hours(1));
    }
    assert!(failures > 0, "it is tried again and again");
    let names = parts(&store.db);
    assert_eq!(names, ["0000000000000000", "0000000000000001"]);
}

#[test]
fn the_threads_end_at_once_although_the_clock_stands_still() {
    let store = Hooked::new("values.bin");
    let background = Background::start(store.db.clone()).unwrap();
    background.stop();
    store.check(&hours(&[9.0, 1.0, 1.0, 1.0]));
}
