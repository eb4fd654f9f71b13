//! Snapshots while maintenance works, on disks that cannot share files, and of a store that nobody has open.

use std::io::{Error, ErrorKind, Result};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread::ThreadId;
use std::time::Duration;

use plimsoll_runtime::disk::{Disk, DiskFile};
use plimsoll_testkit::{FakeClock, Seed, SimulatedDisk};
use plimsoll_tsdb::{ClosedStore, Config, Db, Metrics, ReadOnlyDb, Settings};
use plimsoll_types::{StoreAdmin, TimeRange, Timestamp};

use crate::support::{DIRECTORY, HOUR, NOON, Store, float, settings, wait, write};

type Hook = Box<dyn FnOnce() + Send>;

/// A disk that calls back before a change of one thread, and may know no hard links.
#[derive(Clone)]
struct Hooked {
    inner: SimulatedDisk,
    plan: Arc<Mutex<Plan>>,
    has_links: bool,
}

struct Plan {
    thread: ThreadId,
    changes: u64,
    hook: Option<(u64, Hook)>,
}

impl Hooked {
    fn new(has_links: bool) -> Self {
        let plan = Plan {
            thread: std::thread::current().id(),
            changes: 0,
            hook: None,
        };
        Self {
            inner: SimulatedDisk::new(Seed::new(1)),
            plan: Arc::new(Mutex::new(plan)),
            has_links,
        }
    }

    /// Counts from 0 and calls `hook` before a change. Returns how many there were since the call before.
    fn before(&self, number: u64, hook: Option<Hook>) -> u64 {
        let mut plan = self.plan.lock().unwrap();
        plan.hook = hook.map(|hook| (number, hook));
        std::mem::take(&mut plan.changes)
    }

    fn changing(&self) {
        let mut plan = self.plan.lock().unwrap();
        if std::thread::current().id() != plan.thread {
            return;
        }
        let number = plan.changes;
        plan.changes += 1;
        let hook = plan.hook.take_if(|(at, _)| *at == number);
        drop(plan);
        if let Some((_, hook)) = hook {
            hook();
        }
    }
}

impl Disk for Hooked {
    fn open(&self, path: &Path) -> Result<Arc<dyn DiskFile>> {
        self.inner.open(path)
    }

    fn open_writable(&self, path: &Path) -> Result<Arc<dyn DiskFile>> {
        self.inner.open_writable(path)
    }

    fn create(&self, path: &Path) -> Result<Arc<dyn DiskFile>> {
        self.changing();
        self.inner.create(path)
    }

    fn create_directory(&self, path: &Path) -> Result<()> {
        self.changing();
        self.inner.create_directory(path)
    }

    fn list(&self, path: &Path) -> Result<Vec<String>> {
        self.inner.list(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<()> {
        self.changing();
        self.inner.rename(from, to)
    }

    fn hard_link(&self, from: &Path, to: &Path) -> Result<()> {
        match self.has_links {
            true => self.inner.hard_link(from, to),
            false => Err(Error::from(ErrorKind::Unsupported)),
        }
    }

    fn remove_file(&self, path: &Path) -> Result<()> {
        self.changing();
        self.inner.remove_file(path)
    }

    fn remove_directory(&self, path: &Path) -> Result<()> {
        self.changing();
        self.inner.remove_directory(path)
    }

    fn sync_directory(&self, path: &Path) -> Result<()> {
        self.changing();
        self.inner.sync_directory(path)
    }

    fn exists(&self, path: &Path) -> bool {
        self.inner.exists(path)
    }

    fn available_bytes(&self, path: &Path) -> Result<u64> {
        self.inner.available_bytes(path)
    }

    fn total_bytes(&self, path: &Path) -> Result<u64> {
        self.inner.total_bytes(path)
    }
}

struct HookedStore {
    disk: Hooked,
    clock: FakeClock,
    db: Arc<Db>,
}

impl HookedStore {
    /// Two days of small parts, deletions among them, and a window that is due.
    fn filled(has_links: bool) -> Self {
        let disk = Hooked::new(has_links);
        let clock = FakeClock::new(Timestamp::from_millis(NOON));
        let config = Config::new(settings()).unwrap();
        let (shared, time) = (Arc::new(disk.clone()), Arc::new(clock.clone()));
        let db = Db::open_on(config, shared, time, Metrics::default()).unwrap();
        let store = Self {
            disk,
            clock,
            db: Arc::new(db),
        };
        for window in 0..14 {
            let at = NOON + window * 2 * HOUR;
            for name in ["a", "b"] {
                store.put(name, at);
            }
            store.clock.advance(Duration::from_hours(2));
            store.db.seal_all().unwrap();
        }
        let end = NOON + 28 * HOUR;
        let range =
            |from, to| TimeRange::new(Timestamp::from_millis(from), Timestamp::from_millis(to));
        store
            .db
            .delete_series(&[vec![]], range(NOON + 5, NOON + 2 * HOUR + 5))
            .unwrap();
        store.put("a", end);
        store.put("late", NOON + HOUR);
        store.clock.advance(Duration::from_hours(3));
        store
            .db
            .delete_series(&[vec![]], range(end + 3, end + 4))
            .unwrap();
        store
    }

    fn put(&self, name: &str, at: i64) {
        let samples: Vec<_> = (0..9)
            .map(|step| float(at + step, (at + step) as f64))
            .collect();
        let appended = write(&self.db, name, &samples, plimsoll_types::Durability::Synced);
        wait(appended.unwrap().commit).unwrap();
    }
}

fn dumped(disk: &dyn Disk, shared: Arc<dyn Disk>, directory: &Path) -> Vec<String> {
    assert!(disk.exists(&directory.join("FORMAT")));
    let config = Config::new(Settings {
        directory: directory.into(),
        ..settings()
    });
    let db = ReadOnlyDb::open_on(&config.unwrap(), shared).unwrap();
    assert!(db.recovery().is_clean(), "{:?}", db.recovery());
    let mut found = Vec::new();
    db.dump(&[], TimeRange::ALL, &mut |labels, columns| {
        for (time, value) in columns.timestamps.iter().zip(&columns.values) {
            found.push(format!("{labels} {time} {value}"));
        }
        std::ops::ControlFlow::Continue(())
    })
    .unwrap();
    found
}

fn snapshot_path(name: &str) -> PathBuf {
    Path::new(DIRECTORY).join("snapshots").join(name)
}

/// Makes a snapshot before every single change that `work` makes, and compares what is in it.
fn check_during(work: fn(&Db)) {
    let mut count = 0;
    for number in 0.. {
        let store = HookedStore::filled(true);
        let shared: Arc<dyn Disk> = Arc::new(store.disk.clone());
        let before = dumped(&store.disk, shared.clone(), Path::new(DIRECTORY));
        let name = Arc::new(Mutex::new(None));
        let (told, db) = (name.clone(), store.db.clone());
        let hook = move || *told.lock().unwrap() = Some(db.snapshot(false).unwrap());
        store.disk.before(number, Some(Box::new(hook)));
        work(&store.db);
        store.disk.before(0, None);
        let Some(name) = name.lock().unwrap().take() else {
            break;
        };
        let found = dumped(&store.disk, shared, &snapshot_path(&name));
        assert_eq!(found, before, "before change {number}");
        count += 1;
    }
    assert!(count > 20, "the script is worth it: {count}");
}

#[test]
fn a_snapshot_during_maintenance_holds_everything() {
    check_during(|db| {
        db.maintain().unwrap();
    });
}

#[test]
fn a_snapshot_during_cleaning_holds_everything() {
    check_during(|db| db.clean_tombstones().unwrap());
}

#[test]
fn a_snapshot_during_sealing_holds_everything() {
    check_during(|db| {
        db.seal_all().unwrap();
    });
}

#[test]
fn files_are_copied_where_they_cannot_be_shared() {
    let store = HookedStore::filled(false);
    let name = store.db.snapshot(false).unwrap();
    let shared: Arc<dyn Disk> = Arc::new(store.disk.clone());
    let expected = dumped(&store.disk, shared.clone(), Path::new(DIRECTORY));
    assert_eq!(dumped(&store.disk, shared, &snapshot_path(&name)), expected);
    // They are durable copies: nothing of them is lost with the power.
    let disk: Arc<dyn Disk> = Arc::new(store.disk.inner.power_loss());
    assert_eq!(
        dumped(&*disk.clone(), disk, &snapshot_path(&name)),
        expected
    );
}

#[test]
fn a_store_that_nobody_has_open_is_copied_as_it_lies_there() {
    let store = Store::new();
    store.put("a", &[(NOON, 1.0)]);
    store.db.seal_all().unwrap();
    store.put("a", &[(NOON + 1, 2.0)]);
    let store_disk = store.disk.kill();
    let clock = store.clock.clone();
    drop(store.db);
    let disk: Arc<dyn Disk> = Arc::new(store_disk.clone());
    let closed = ClosedStore::on(disk.clone(), Path::new(DIRECTORY)).unwrap();
    let name = closed.snapshot(&clock).unwrap();
    let found = dumped(&store_disk, disk.clone(), &snapshot_path(&name));
    assert_eq!(
        found,
        dumped(&store_disk, disk.clone(), Path::new(DIRECTORY))
    );
    assert_eq!(found.len(), 2);
    let error = ClosedStore::on(disk, Path::new("/nothing")).err().unwrap();
    assert_eq!(error.kind(), plimsoll_tsdb::ErrorKind::Config);
}

#[test]
fn a_store_in_use_is_not_taken_for_a_closed_one() {
    let directory = tempfile::tempdir().unwrap();
    let config = Config::new(Settings::new(directory.path())).unwrap();
    let clock = Arc::new(FakeClock::new(Timestamp::from_millis(NOON)));
    let db = Db::open(config, clock, Metrics::default()).unwrap();
    let error = ClosedStore::lock(directory.path()).err().unwrap();
    assert_eq!(error.kind(), plimsoll_tsdb::ErrorKind::InUse);
    drop(db);
    assert!(ClosedStore::lock(directory.path()).is_ok());
    let absent = directory.path().join("absent");
    assert!(ClosedStore::lock(&absent).is_err() && !absent.exists());
}
