//! Deletions: exact in the order of writes, durable, never by halves.

use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use plimsoll_runtime::disk::{Disk, DiskFile};
use plimsoll_testkit::{FakeClock, Fault, Seed, SimulatedDisk};
use plimsoll_tsdb::manifest::Manifest;
use plimsoll_tsdb::{Config, Db, Metrics};
use plimsoll_types::{
    ByteCount, Durability, Matcher, Queryable, StorageErrorKind, StoreAdmin, TimeRange, Timestamp,
};

use crate::support::{
    DIRECTORY, HOUR, NOON, Store, float, floats, labels, open, settings, wait, write,
};

fn range(start: i64, end: i64) -> TimeRange {
    TimeRange::new(Timestamp::from_millis(start), Timestamp::from_millis(end))
}

fn named(name: &str) -> Vec<Vec<Matcher>> {
    vec![vec![Matcher::equal("__name__", name)]]
}

const EVERYTHING: &[Vec<Matcher>] = &[vec![]];

fn series(db: &Db) -> Vec<String> {
    let found = db.series(&[], TimeRange::ALL, 100).unwrap();
    let name = |labels: &plimsoll_types::Labels| labels.metric_name().unwrap().to_owned();
    found.iter().map(name).collect()
}

fn manifest(store: &Store) -> Manifest {
    Manifest::load(&store.disk, Path::new(DIRECTORY))
        .unwrap()
        .unwrap()
}

/// Two samples of `a` and `b` in a part, two in a window.
fn filled() -> Store {
    let store = Store::new();
    for name in ["a", "b"] {
        store.put(name, &[(NOON, 1.0), (NOON + 1, 2.0)]);
    }
    store.db.seal_all().unwrap();
    for name in ["a", "b"] {
        store.put(name, &[(NOON + 2, 3.0), (NOON + 3, 4.0)]);
    }
    store
}

#[test]
fn deletes_before_and_nothing_after() {
    let mut store = filled();
    store
        .db
        .delete_series(&named("a"), range(NOON + 1, NOON + 2))
        .unwrap();
    let kept = [(NOON, 1.0), (NOON + 3, 4.0)];
    let whole = [
        (NOON, 1.0),
        (NOON + 1, 2.0),
        (NOON + 2, 3.0),
        (NOON + 3, 4.0),
    ];
    assert_eq!(store.floats("a"), kept);
    assert_eq!(store.floats("b"), whole);
    store = store.after_power_loss();
    assert_eq!(store.floats("a"), kept);
    // The same value at the same time, once more: it is news, although the part still has it.
    store.put("a", &[(NOON + 1, 2.0), (NOON + 2, 5.0)]);
    let again = [
        (NOON, 1.0),
        (NOON + 1, 2.0),
        (NOON + 2, 5.0),
        (NOON + 3, 4.0),
    ];
    assert_eq!(store.floats("a"), again);
    store.db.seal_all().unwrap();
    assert_eq!(store.floats("a"), again);
    store = store.after_power_loss();
    assert_eq!(store.floats("a"), again);
    store.db.clean_tombstones().unwrap();
    assert_eq!(store.db.statistics(0).unwrap().tombstones, 0);
    store = store.after_power_loss();
    assert_eq!(store.floats("a"), again);
    assert_eq!(store.floats("b"), whole);
}

#[test]
fn what_has_no_samples_left_is_named_no_more() {
    let store = filled();
    store.put("c", &[(NOON, 1.0)]);
    store.db.delete_series(&named("a"), TimeRange::ALL).unwrap();
    store
        .db
        .delete_series(&named("b"), range(NOON, NOON + 2))
        .unwrap();
    let check = |db: &Db| {
        assert_eq!(series(db), ["b", "c"]);
        assert_eq!(
            db.label_values("__name__", &named("a"), TimeRange::ALL, 9)
                .unwrap(),
            [""; 0]
        );
    };
    check(&store.db);
    let store = store.after_power_loss();
    check(&store.db);
    store.db.seal_all().unwrap();
    assert_eq!(series(&store.db), ["b", "c"]);
    let names = store.db.label_values("__name__", &[], TimeRange::ALL, 9);
    assert_eq!(names.unwrap(), ["b", "c"]);
}

#[test]
fn deletes_exemplars_and_histograms_and_keeps_what_is_beside_them() {
    use plimsoll_types::{Appender, Exemplar, Histogram, Sample, WriteBatch};
    let store = Store::new();
    let id = store.db.resolve(&labels("a")).unwrap();
    let at = Timestamp::from_millis;
    let histogram = |time| Sample::histogram(at(time), Arc::new(Histogram::default()));
    let exemplar = |time| Exemplar {
        labels: labels("trace"),
        value: 1.0,
        timestamp: at(time),
    };
    let times = [NOON, NOON + 1, NOON + 2];
    for _ in 0..2 {
        let batch = WriteBatch {
            samples: times.iter().map(|time| (id, histogram(*time))).collect(),
            exemplars: times.iter().map(|time| (id, exemplar(*time))).collect(),
            ..WriteBatch::default()
        };
        store.db.append(&batch, Durability::Periodic).unwrap();
        store
            .db
            .delete_series(EVERYTHING, range(NOON + 1, NOON + 1))
            .unwrap();
        let found = crate::support::read(&store.db, &[], TimeRange::ALL);
        assert_eq!(found[0].1.timestamps, [NOON, NOON + 2]);
        assert!(found[0].1.histograms.iter().all(Option::is_some));
        let exemplars = store.db.exemplars(&[], TimeRange::ALL).unwrap();
        let left: Vec<_> = exemplars[0].1.iter().map(|e| e.timestamp).collect();
        assert_eq!(left, [at(NOON), at(NOON + 2)]);
        // The second time the tombstone has to hide in a part what was the window's.
        store.db.seal_all().unwrap();
    }
}

#[test]
fn deleting_everything_again_and_again_leaves_nothing_behind() {
    let mut store = Store::new();
    for round in 0..60 {
        store.put("a", &[(NOON, f64::from(round)), (NOON + 1, 2.0)]);
        store.put("b", &[(NOON, 1.0)]);
        if round % 7 == 0 {
            store.db.seal_all().unwrap();
        }
        store.db.delete_series(EVERYTHING, TimeRange::ALL).unwrap();
        assert_eq!(series(&store.db), [""; 0]);
        assert!(
            store
                .db
                .label_names(&[], TimeRange::ALL, 9)
                .unwrap()
                .is_empty()
        );
        let statistics = store.db.statistics(0).unwrap();
        assert!(statistics.tombstones <= 1);
        assert_eq!(statistics.head.range, None);
        if round % 20 == 10 {
            store = store.after_power_loss();
            assert_eq!(series(&store.db), [""; 0]);
        }
    }
    // The parts are dead as a whole, so they go without being written again.
    store.db.maintain().unwrap();
    store.db.maintain().unwrap();
    assert_eq!(manifest(&store).parts, []);
    assert_eq!(store.db.statistics(0).unwrap().tombstones, 0);
    assert!(
        !store
            .disk
            .files()
            .iter()
            .any(|path| path.ends_with("values.bin"))
    );
    // Idle series go with two sweeps, the second of which notes that nobody asked in between.
    let again = |store: &Store| {
        store.db.delete_series(EVERYTHING, TimeRange::ALL).unwrap();
        store.db.maintain().unwrap()
    };
    again(&store);
    assert_eq!(store.db.statistics(0).unwrap().head.series, 0);
}

/// Calls back once when a part begins to be written.
pub(crate) struct HookedDisk {
    pub(crate) inner: SimulatedDisk,
    pub(crate) hook: Mutex<Option<Box<dyn FnOnce() + Send>>>,
    /// The name of the file whose making calls.
    pub(crate) file: &'static str,
}

impl Disk for HookedDisk {
    fn open(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        self.inner.open(path)
    }
    fn open_writable(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        self.inner.open_writable(path)
    }
    fn create(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        // The hook may make such a file as well, so the lock is not held.
        let hook = path
            .ends_with(self.file)
            .then(|| self.hook.lock().unwrap().take());
        if let Some(hook) = hook.flatten() {
            hook();
        }
        self.inner.create(path)
    }
    fn create_directory(&self, path: &Path) -> io::Result<()> {
        self.inner.create_directory(path)
    }
    fn list(&self, path: &Path) -> io::Result<Vec<String>> {
        self.inner.list(path)
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.inner.rename(from, to)
    }
    fn hard_link(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.inner.hard_link(from, to)
    }
    fn remove_file(&self, path: &Path) -> io::Result<()> {
        self.inner.remove_file(path)
    }
    fn remove_directory(&self, path: &Path) -> io::Result<()> {
        self.inner.remove_directory(path)
    }
    fn sync_directory(&self, path: &Path) -> io::Result<()> {
        self.inner.sync_directory(path)
    }
    fn exists(&self, path: &Path) -> bool {
        self.inner.exists(path)
    }
    fn available_bytes(&self, path: &Path) -> io::Result<u64> {
        self.inner.available_bytes(path)
    }
    fn total_bytes(&self, path: &Path) -> io::Result<u64> {
        self.inner.total_bytes(path)
    }
}

/// Deletes at the moment when `file` of a part is made by a seal, writes again, and lets the power fail or not. The part is
/// made of the windows that begin here.
fn delete_while_sealing(begins: &[i64], file: &'static str, dies: bool) {
    let simulated = SimulatedDisk::new(Seed::new(1));
    let clock = FakeClock::new(Timestamp::from_millis(NOON));
    let disk = Arc::new(HookedDisk {
        inner: simulated.clone(),
        hook: Mutex::new(None),
        file,
    });
    let config = Config::new(settings()).unwrap();
    let db = Db::open_on(
        config,
        disk.clone(),
        Arc::new(clock.clone()),
        Metrics::default(),
    );
    let db = Arc::new(db.unwrap());
    let put = |db: &Db, name: &str, samples: &[(i64, f64)]| {
        let samples: Vec<_> = samples.iter().map(|(t, v)| float(*t, *v)).collect();
        let appended = write(db, name, &samples, Durability::Synced).unwrap();
        wait(appended.commit).unwrap();
    };
    let two_of_each = begins
        .iter()
        .flat_map(|begin| [(*begin, 1.0), (*begin + 1, 2.0)]);
    let whole: Vec<_> = two_of_each.collect();
    put(&db, "a", &whole);
    put(&db, "b", &whole);
    let (first, last) = (begins[0], begins[begins.len() - 1]);
    let same = db.clone();
    *disk.hook.lock().unwrap() = Some(Box::new(move || {
        same.delete_series(&named("a"), range(first, last)).unwrap();
        assert_eq!(floats(&same, "a"), [(last + 1, 2.0)]);
        put(&same, "a", &[(first, 7.0)]);
        assert_eq!(floats(&same, "a"), [(first, 7.0), (last + 1, 2.0)]);
    }));
    let sealed = db.seal_all().unwrap().windows_sealed;
    assert_eq!(sealed, begins.len());
    assert_eq!(db.statistics(0).unwrap().parts.len(), 1);
    assert!(disk.hook.lock().unwrap().is_none(), "the hook was called");
    let check = |db: &Db| {
        assert_eq!(floats(db, "a"), [(first, 7.0), (last + 1, 2.0)], "{file}");
        assert_eq!(floats(db, "b"), whole, "{file}");
    };
    check(&db);
    let next = match dies {
        true => simulated.power_loss(),
        false => {
            db.seal_all().unwrap();
            check(&db);
            db.clean_tombstones().unwrap();
            check(&db);
            simulated.power_loss()
        }
    };
    drop(db);
    check(&open(&next, &clock).unwrap());
}

#[test]
fn a_deletion_while_its_windows_are_sealed_counts_for_the_part() {
    let yesterday = (NOON / (24 * HOUR) - 1) * 24 * HOUR;
    let late = [0, 4, 6].map(|hour| yesterday + hour * HOUR);
    for file in ["values.bin", "postings", "meta.tmp", "MANIFEST.tmp"] {
        for dies in [true, false] {
            delete_while_sealing(&[NOON], file, dies);
            delete_while_sealing(&late, file, dies);
        }
    }
}

/// What a run was told.
#[derive(Default)]
struct Told {
    written: Vec<(&'static str, i64, f64)>,
    deleted: bool,
}

/// Two parts and two windows with two series, one deletion over all of them, cleaning, and writes after it.
fn script(store: &Store) -> Told {
    let mut told = Told::default();
    let mut put = |name: &'static str, time: i64, value: f64| {
        let sample = float(time, value);
        if let Ok(appended) = write(&store.db, name, &[sample], Durability::Synced)
            && wait(appended.commit).is_ok()
        {
            told.written.push((name, time, value));
        }
    };
    put("a", NOON, 1.0);
    put("b", NOON, 1.0);
    let _ = store.db.seal_all();
    put("a", NOON + 1, 2.0);
    put("a", NOON - 3 * HOUR, 2.0);
    put("b", NOON + 1, 2.0);
    told.deleted = store.db.delete_series(&named("a"), TimeRange::ALL).is_ok();
    store.clock.advance(Duration::from_secs(2));
    let _ = store.db.maintain();
    let _ = store.db.seal_all();
    let _ = store.db.clean_tombstones();
    store.clock.advance(Duration::from_secs(2));
    told
}

/// Checks that nothing acknowledged is lost, that an acknowledged deletion holds, and that one which failed is whole.
fn check(store: &Store, told: &Told, when: &str) {
    let (a, b) = (store.floats("a"), store.floats("b"));
    let expected = |name: &'static str| -> Vec<(i64, f64)> {
        let of_name = told.written.iter().filter(|(of, ..)| *of == name);
        of_name.map(|(_, time, value)| (*time, *value)).collect()
    };
    for sample in expected("b") {
        assert!(b.contains(&sample), "{when}: {sample:?} is lost");
    }
    if told.deleted {
        assert_eq!(a, [], "{when}: deleted and acknowledged");
    } else {
        let all = expected("a");
        let there = all.iter().filter(|sample| a.contains(sample)).count();
        assert!(
            there == 0 || there == all.len(),
            "{when}: deleted by halves: {a:?}"
        );
    }
}

#[test]
fn a_power_loss_at_any_call_keeps_a_deletion_whole() {
    let clean = Store::new();
    let begin = clean.disk.changes();
    assert!(script(&clean).deleted);
    let end = clean.disk.changes();
    assert!(end - begin > 60, "the script is worth it");
    for number in begin..end {
        // This call alone fails, or every one from here on.
        for failing in [1, 1000] {
            let store = Store::seeded(Seed::new(number));
            for number in number..number + failing {
                let error = ErrorKind::Other;
                store.disk.plan(Fault::Change { number, error });
            }
            let told = script(&store);
            let when = format!("{failing} calls from {number}");
            let store = store.after_power_loss();
            check(&store, &told, &when);
            store.db.maintain().unwrap();
            store.db.seal_all().unwrap();
            store.db.clean_tombstones().unwrap();
            check(&store, &told, &format!("{when}, cleaned"));
            let store = store.after_power_loss();
            check(&store, &told, &format!("{when}, again"));
        }
    }
}

#[test]
fn a_damaged_record_does_not_bring_back_half_of_what_a_tombstone_hides() {
    let store = filled();
    store.db.delete_series(&named("a"), TimeRange::ALL).unwrap();
    // The manifest learns of the tombstone; the window stays in the WAL.
    store.db.maintain().unwrap();
    assert_eq!(manifest(&store).tombstones.len(), 1);
    let Store { disk, clock, db } = store;
    drop(db);
    let disk = disk.kill();
    let files = crate::support::wal_files(&disk);
    let path = files.last().unwrap();
    let length = disk.open(path).unwrap().length().unwrap();
    // The deletion is the last record.
    disk.flip(path, length - 1, 1);
    let db = open(&disk, &clock).unwrap();
    assert!(!db.recovery().is_clean());
    assert_eq!(floats(&db, "a"), []);
    assert_eq!(floats(&db, "b").len(), 4);
}

#[test]
fn cleaning_keeps_the_order_of_age() {
    let store = Store::new();
    store.put("a", &[(NOON, 1.0), (NOON + 1, 1.0)]);
    store.db.seal_all().unwrap();
    store.put("a", &[(NOON, 2.0)]);
    store.db.seal_all().unwrap();
    store
        .db
        .delete_series(&named("a"), range(NOON + 1, NOON + 1))
        .unwrap();
    store.db.clean_tombstones().unwrap();
    // The first part was written again and has the highest number now; the value of the second still counts.
    let ids: Vec<u64> = manifest(&store).parts.iter().map(|part| part.id).collect();
    assert!(ids[0] > ids[1], "{ids:?}");
    assert_eq!(store.floats("a"), [(NOON, 2.0)]);
    let store = store.after_power_loss();
    assert_eq!(store.floats("a"), [(NOON, 2.0)]);
}

#[test]
fn cleaning_needs_room_for_both() {
    let store = filled();
    store.db.seal_all().unwrap();
    store
        .db
        .delete_series(&named("a"), range(NOON, NOON))
        .unwrap();
    store.db.maintain().unwrap();
    let parts = store.db.statistics(0).unwrap().parts;
    store
        .disk
        .set_capacity(store.disk.used_bytes() + parts[0].bytes - 1);
    let error = store.db.clean_tombstones().unwrap_err();
    assert_eq!(error.kind(), StorageErrorKind::ReadOnly);
    assert!(
        error.to_string().contains("writing parts again needs"),
        "{error}"
    );
    store
        .disk
        .set_capacity(store.disk.used_bytes() + ByteCount::MIB.0);
    store.db.clean_tombstones().unwrap();
    let samples = |store: &Store| {
        store
            .db
            .statistics(0)
            .unwrap()
            .parts
            .iter()
            .map(|p| p.samples)
            .sum::<u64>()
    };
    assert_eq!(samples(&store), 7);
    let directories = store
        .disk
        .list(&Path::new(DIRECTORY).join("parts"))
        .unwrap();
    assert_eq!(directories.len(), manifest(&store).parts.len());
}

#[test]
fn nothing_and_an_empty_range_delete_nothing() {
    let store = filled();
    store.db.delete_series(&[], TimeRange::ALL).unwrap();
    store
        .db
        .delete_series(EVERYTHING, range(NOON + 1, NOON))
        .unwrap();
    assert_eq!(store.floats("a").len(), 4);
    assert_eq!(store.db.statistics(0).unwrap().tombstones, 0);
}

#[test]
fn a_deletion_that_was_not_recorded_is_not_sealed_by_halves() {
    let mut failed = 0;
    for failing in 1..6 {
        for later in 0..40 {
            let store = Store::seeded(Seed::new(failing * 100 + later));
            let plan = |first: u64, count: u64| {
                for number in first..first + count {
                    let error = ErrorKind::Other;
                    store.disk.plan(Fault::Change { number, error });
                }
            };
            let samples = [(NOON - 3 * HOUR, 1.0), (NOON, 1.0)];
            // The windows of `b` are sealed, and those of `a` with them.
            store.put("a", &samples);
            store.put("b", &samples);
            plan(store.disk.changes(), failing);
            let deleted = store.db.delete_series(&named("a"), TimeRange::ALL);
            failed += usize::from(deleted.is_err());
            // The disk works again, long enough for a part of what is to be sealed.
            plan(store.disk.changes() + later, 1000);
            let _ = store.db.seal_all();
            let store = store.after_power_loss();
            let found = store.floats("a");
            assert!(
                found.is_empty() || (deleted.is_err() && found == samples),
                "{failing} calls, then {later}: {found:?}"
            );
            assert_eq!(store.floats("b"), samples, "{failing} calls, then {later}");
        }
    }
    assert!(failed > 20, "{failed} deletions failed");
}

/// A manifest that is too large to be read would keep the store from ever opening again.
#[test]
fn deletions_that_wait_fit_the_manifest() {
    let store = filled();
    let mut selectors = named("a");
    let mut refused = 0;
    // Each is needed: the part has samples of `a`, and none covers another.
    selectors.extend(named(&"x".repeat(1_000_000)));
    for at in 0..80 {
        let shifted = range(NOON - 100 + at, NOON + at);
        let deleted = store.db.delete_series(&selectors, shifted);
        if let Err(error) = deleted {
            assert_eq!(error.kind(), StorageErrorKind::Overloaded, "{error}");
            refused += 1;
        }
    }
    store.db.maintain().unwrap();
    let length = manifest(&store).encode().len();
    assert!(refused > 0 && length < 64 << 20, "{refused} {length}");
    store.after_power_loss();
}
