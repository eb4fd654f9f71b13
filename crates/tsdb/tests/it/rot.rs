//! Every file of a store, damaged in every way: the store opens, answers, loses what lay there at most, and names it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use plimsoll_runtime::disk::Disk;
use plimsoll_testkit::{FakeClock, SimulatedDisk};
use plimsoll_tsdb::Db;
use plimsoll_types::{
    Appender, Durability, Exemplar, Histogram, Labels, Queryable, Sample, SampleColumns,
    StoreAdmin, TimeRange, Timestamp, WriteBatch,
};

use crate::support::{DIRECTORY, HOUR, NOON, Store, labels, open, wait};

/// Times by series.
type Contents = BTreeSet<(String, i64)>;

/// Two days apart, so that they are not merged.
const PARTS: [i64; 2] = [NOON, NOON + 48 * HOUR];
const LATE: i64 = NOON + 96 * HOUR;

/// Two parts with a file of each kind in use, a head in the WAL, and a deletion.
fn filled() -> (SimulatedDisk, FakeClock) {
    let store = Store::new();
    for begin in PARTS {
        fill(&store, begin);
        store.clock.advance(Duration::from_hours(48));
        store.db.seal_all().unwrap();
    }
    let gone = Timestamp::from_millis(NOON + 8);
    let range = TimeRange::new(gone, gone);
    store.db.delete_series(&[vec![]], range).unwrap();
    store.db.maintain().unwrap();
    for step in 0..5 {
        store.put("late", &[(LATE + step, 1.0)]);
    }
    let Store { disk, clock, db } = store;
    drop(db);
    (disk.kill(), clock)
}

/// Uneven times and noise, so that nothing is so regular that it lies in the index.
fn fill(store: &Store, begin: i64) {
    let mut batch = WriteBatch::default();
    let plain = store.db.resolve(&labels("noise")).unwrap();
    let histogram = store.db.resolve(&labels("histogram")).unwrap();
    for step in 0..300i64 {
        let time = Timestamp::from_millis(begin + step * step + 7 * (step % 2));
        let value = (step as f64).sin();
        batch.samples.push((plain, Sample::float(time, value)));
        let value = Histogram {
            sum: step as f64,
            ..Histogram::default()
        };
        batch
            .samples
            .push((histogram, Sample::histogram(time, value.into())));
        let exemplar = Exemplar {
            labels: Labels::from_pairs([("trace", step.to_string())]),
            value: 1.0,
            timestamp: time,
        };
        batch
            .exemplars
            .extend((step < 5).then_some((plain, exemplar)));
    }
    wait(store.db.append(&batch, Durability::Synced).unwrap().commit).unwrap();
}

/// What the store answers, after maintenance when it met damage.
fn contents(db: &Db) -> Contents {
    for _ in 0..3 {
        if let Some(found) = try_contents(db) {
            return found;
        }
        db.maintain().unwrap();
    }
    panic!("the store does not answer");
}

fn try_contents(db: &Db) -> Option<Contents> {
    let mut selection = db.select(&[], TimeRange::ALL).ok()?;
    let mut columns = SampleColumns::default();
    let mut found = Contents::new();
    for (index, labels) in selection.labels.iter().enumerate() {
        selection.source.read(index, &mut columns).ok()?;
        let name = labels.metric_name().unwrap_or_default();
        found.extend(columns.timestamps.iter().map(|time| (name.into(), *time)));
    }
    db.exemplars(&[vec![]], TimeRange::ALL).ok()?;
    Some(found)
}

/// The part that a file belongs to, by its first time.
fn part_of(path: &Path) -> Option<i64> {
    let names: Vec<_> = path.iter().map(|name| name.to_string_lossy()).collect();
    let at = names.iter().position(|name| name == "parts")?;
    let id = u64::from_str_radix(&names[at + 1], 16).unwrap();
    PARTS.get(usize::try_from(id).unwrap()).copied()
}

/// Harms one file, and checks what the next life and the one after it know.
fn check(path: &Path, what: &str, whole: &Contents, harm: &dyn Fn(&SimulatedDisk)) {
    let (disk, clock) = filled();
    harm(&disk);
    let when = format!("{} {what}", path.display());
    let db = open(&disk, &clock).unwrap_or_else(|error| panic!("{when}: {}", error.chain()));
    let found = contents(&db);
    let made_up: Vec<_> = found.difference(whole).collect();
    assert!(made_up.is_empty(), "{when}: {made_up:?}");
    let lost: Vec<_> = whole.difference(&found).collect();
    match part_of(path) {
        Some(begin) => {
            let end = begin + 2 * HOUR;
            let is_inside = |(_, time): &&&(String, i64)| (begin..end).contains(time);
            assert_eq!(lost.iter().filter(is_inside).count(), lost.len(), "{when}");
            let is_named = !db.select(&[], TimeRange::ALL).unwrap().warnings.is_empty();
            assert!(lost.is_empty() || is_named, "{when}: not named");
        }
        None if path.starts_with(Path::new(DIRECTORY).join("wal")) => {
            let is_late = |(name, _): &&&(String, i64)| name == "late";
            assert_eq!(lost.iter().filter(is_late).count(), lost.len(), "{when}");
        }
        None => assert!(lost.is_empty(), "{when}: {lost:?}"),
    }
    // It goes on working, and what is left stays.
    let id = db.resolve(&labels("late")).unwrap();
    let sample = Sample::float(Timestamp::from_millis(LATE + 99), 1.0);
    let batch = crate::support::batch(id, &[sample]);
    wait(db.append(&batch, Durability::Synced).unwrap().commit).unwrap();
    db.seal_all().unwrap();
    drop(db);
    let db = open(&disk.power_loss(), &clock).unwrap();
    let mut expected = found;
    expected.insert(("late".into(), LATE + 99));
    assert_eq!(contents(&db), expected, "{when}, afterwards");
}

fn files() -> Vec<PathBuf> {
    let (disk, _) = filled();
    let kinds: BTreeSet<_> = disk.files().into_iter().collect();
    let names: BTreeSet<_> = kinds.iter().filter_map(|path| path.file_name()).collect();
    // Seven files of a part and its meta, the manifest and its copy, the version, the clock, segments.
    assert!(names.len() >= 13, "{names:?}");
    kinds.into_iter().collect()
}

fn whole() -> Contents {
    let (disk, clock) = filled();
    let found = contents(&open(&disk, &clock).unwrap());
    assert!(found.len() > 1000, "{}", found.len());
    found
}

fn length(path: &Path) -> u64 {
    let (disk, _) = filled();
    disk.open(path).unwrap().length().unwrap()
}

#[test]
fn a_flipped_byte_of_any_file_costs_what_lay_there() {
    let whole = whole();
    for path in files() {
        let length = length(&path);
        let places = 12.min(length);
        for place in 0..places {
            let offset = (length - 1) * place / places.max(2).saturating_sub(1);
            let offset = offset.min(length - 1);
            let what = format!("flipped at {offset} of {length}");
            check(&path, &what, &whole, &|disk| {
                disk.flip(&path, offset, 1 << (offset % 8));
            });
        }
    }
}

#[test]
fn a_missing_file_costs_what_lay_there() {
    let whole = whole();
    for path in files() {
        check(&path, "removed", &whole, &|disk| {
            disk.remove_file(&path).unwrap();
            disk.sync_directory(path.parent().unwrap()).unwrap();
        });
    }
}

#[test]
fn an_empty_or_torn_file_costs_what_lay_there() {
    let whole = whole();
    for path in files() {
        let length = length(&path);
        for end in [0, length / 2, length.saturating_sub(1)] {
            check(
                &path,
                &format!("cut at {end} of {length}"),
                &whole,
                &|disk| {
                    let file = disk.open_writable(&path).unwrap();
                    file.set_length(end).unwrap();
                    file.sync_data().unwrap();
                },
            );
        }
    }
}

#[test]
fn a_missing_directory_costs_what_lay_there() {
    let (disk, clock) = filled();
    let parts = Path::new(DIRECTORY).join("parts");
    disk.remove_directory(&parts).unwrap();
    let db = open(&disk, &clock).unwrap();
    assert_eq!(db.recovery().quarantined.len(), 2);
    assert_eq!(contents(&db).len(), 5, "what the WAL holds");
    db.seal_all().unwrap();
    drop(db);
    let db = open(&disk.power_loss(), &clock).unwrap();
    assert_eq!(contents(&db).len(), 5);
}
