//! Many parts and few open files: what is opened is bounded, too many open files are no damage, and parts stay few
//! however they are made.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use plimsoll_runtime::disk::Disk;
use plimsoll_runtime::metrics::Registry;
use plimsoll_testkit::{FakeClock, Fault, Seed, SimulatedDisk};
use plimsoll_tsdb::{Db, ErrorKind, Settings, verify};
use plimsoll_types::{
    Appender, Durability, Exemplar, Histogram, Labels, Matcher, Queryable, Sample, SampleColumns,
    StartTimestamp, StorageErrorKind, StoreAdmin, TimeRange, Timestamp, WriteBatch,
};

use crate::support::{
    DIRECTORY, HOUR, NOON, float, floats, labels, open_with, read, settings, wait,
};

const DAY: i64 = 24 * HOUR;
const TODAY: i64 = NOON / DAY * DAY;
/// So many days there are in the crowded store, and so many parts of each.
const DAYS: i64 = 70;
const PARTS_OF_A_DAY: i64 = 30;

fn few_files() -> Settings {
    Settings {
        retention: Duration::from_hours(24 * 365),
        window: Duration::from_mins(30),
        part_files_max: 16,
        ..settings()
    }
}

fn new(settings: Settings) -> (SimulatedDisk, FakeClock, Db) {
    let disk = SimulatedDisk::new(Seed::new(1));
    let clock = FakeClock::new(Timestamp::from_millis(NOON));
    let db = open_with(&disk, &clock, settings).unwrap();
    (disk, clock, db)
}

/// Writes one sample at each of these times.
fn scatter(db: &Db, name: &str, times: impl Iterator<Item = i64>) {
    let id = db.resolve(&labels(name)).unwrap();
    let samples = times.map(|time| (id, float(time, 1.0)));
    let batch = WriteBatch {
        samples: samples.collect(),
        ..WriteBatch::default()
    };
    let appended = db.append(&batch, Durability::Synced).unwrap();
    assert_eq!(appended.rejected.len(), 0);
    wait(appended.commit).unwrap();
}

fn parts(db: &Db) -> usize {
    db.statistics(0).unwrap().parts.len()
}

/// The number of parts of the day that has the most.
fn most_of_a_day(db: &Db) -> usize {
    let parts = db.statistics(0).unwrap().parts;
    let mut days: Vec<i64> = parts.iter().map(|p| p.range.start.millis() / DAY).collect();
    days.sort_unstable();
    let days = days.chunk_by(|a, b| a == b).map(<[i64]>::len);
    days.max().unwrap_or(0)
}

/// The number of parts that were ever sealed.
fn sealed(db: &Db) -> u64 {
    let registry = Registry::new();
    db.metrics().register(&registry);
    let text = registry.render();
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("plimsoll_tsdb_parts_sealed_total "));
    line.unwrap().parse().unwrap()
}

/// A store of 2,100 parts, each of two series, closed.
fn crowd() -> (SimulatedDisk, FakeClock) {
    let (disk, clock, db) = new(few_files());
    for round in 0..PARTS_OF_A_DAY {
        let times = (1..=DAYS).map(|day| TODAY - day * DAY + round * HOUR / 2);
        scatter(&db, "a", times.clone());
        scatter(&db, "b", times.map(|time| time + round));
        db.seal_all().unwrap();
    }
    assert_eq!(parts(&db) as i64, DAYS * PARTS_OF_A_DAY);
    drop(db);
    (disk.kill(), clock)
}

#[test]
fn a_store_of_many_parts_needs_few_open_files() {
    let (disk, clock) = crowd();
    // Of the parts' files; a part that is written, the WAL and what is read beside need some more.
    disk.set_open_files_limit(32);
    let db = open_with(&disk, &clock, few_files()).unwrap();
    assert!(db.recovery().is_clean());
    let samples = (DAYS * PARTS_OF_A_DAY) as usize;
    let expected = floats(&db, "a");
    assert_eq!(expected.len(), samples);
    let both = read(&db, &[], TimeRange::ALL);
    assert_eq!(both.len(), 2);
    assert_eq!(both[1].1.len(), samples);
    let limit = usize::MAX;
    let values = db.label_values("__name__", &[], TimeRange::ALL, limit);
    assert_eq!(values.unwrap(), ["a", "b"]);
    let name = db.snapshot(false).unwrap();
    let snapshot = Path::new(DIRECTORY).join("snapshots").join(name);
    let shared: Arc<dyn Disk> = Arc::new(disk.clone());
    for directory in [Path::new(DIRECTORY), &snapshot] {
        let found = verify(&shared, directory, &mut |_| {}).unwrap();
        assert_eq!((found.parts as usize, found.damaged.len()), (samples, 0));
    }
    clock.advance(Duration::from_hours(24 * 7));
    db.scrub().unwrap();
    db.maintain().unwrap();
    assert!(parts(&db) <= DAYS as usize, "{}", parts(&db));
    assert_eq!(floats(&db, "a"), expected);
    assert!(disk.most_open_files() <= 32);
    drop(db);
    let disk = disk.power_loss();
    let db = open_with(&disk, &clock, few_files()).unwrap();
    assert_eq!(floats(&db, "a"), expected);
}

#[test]
fn a_query_goes_on_reading_parts_that_were_merged_meanwhile() {
    let (disk, clock, db) = new(few_files());
    for round in 0..8 {
        scatter(
            &db,
            "a",
            (0..8).map(|hour| TODAY - DAY + (round * 8 + hour) * HOUR / 3),
        );
        db.seal_all().unwrap();
    }
    let expected = floats(&db, "a");
    assert_eq!(expected.len(), 64);
    let mut selection = db.select(&[], TimeRange::ALL).unwrap();
    clock.advance(Duration::from_hours(24));
    assert_eq!(db.merge().unwrap(), 8);
    // Of the old parts few files are open by now.
    let others = (0..8).map(|day| TODAY - (2 + day) * DAY);
    scatter(&db, "b", others);
    db.seal_all().unwrap();
    assert_eq!(
        read(&db, &[Matcher::equal("__name__", "b")], TimeRange::ALL).len(),
        1
    );
    assert!(disk.open_files() < 20);
    let mut columns = SampleColumns::default();
    selection.source.read(0, &mut columns).unwrap();
    assert_eq!(columns.len(), 64);
    drop(selection);
    db.maintain().unwrap();
    let left = disk.list(&Path::new(DIRECTORY).join("parts")).unwrap();
    assert_eq!(left.len(), 1 + 8, "{left:?}");
    assert_eq!(floats(&db, "a"), expected);
}

#[test]
fn a_backfill_makes_a_part_a_day() {
    let (_disk, clock, db) = new(Settings {
        window: Duration::from_mins(30),
        ..settings()
    });
    let windows = 14 * 48;
    let times = (0..windows).map(|window| NOON - 14 * DAY + window * HOUR / 2);
    let expected: Vec<_> = times.clone().map(|time| (time, 1.0)).collect();
    scatter(&db, "a", times.clone());
    assert_eq!(db.seal_all().unwrap().windows_sealed as i64, windows);
    // The last two windows before now are those of the running time.
    assert_eq!(parts(&db), 15 + 1);
    assert_eq!(floats(&db, "a"), expected);
    // The same without a flush, and more of it all the time.
    let before = sealed(&db);
    for round in 1..=12 {
        scatter(&db, "b", times.clone().map(|time| time + round));
        clock.advance(Duration::from_secs(30));
        db.maintain().unwrap();
        assert!(sealed(&db) <= before + 16 * round as u64, "round {round}");
        assert!(most_of_a_day(&db) <= 4, "round {round}");
    }
    assert_eq!(floats(&db, "b").len() as i64, windows * 12);
}

/// Everything that a window may hold, in ten late windows of one day; of some times there are older values in a part.
fn fill(db: &Db, value: f64) -> WriteBatch {
    let floats = db.resolve(&labels("a")).unwrap();
    let histograms = db.resolve(&labels("h")).unwrap();
    let mut batch = WriteBatch::default();
    for step in 0..14i64 {
        let time = TODAY - DAY + step * 3 * HOUR / 2;
        let first = float(time, value + (step % 3) as f64);
        let time = first.timestamp;
        batch.samples.push((floats, first));
        let histogram = Arc::new(Histogram {
            sum: value,
            ..Histogram::default()
        });
        let mut sample = Sample::histogram(time, histogram);
        if step % 2 == 0 {
            sample.start = StartTimestamp::from_millis(time.millis() - 5);
        }
        batch.samples.push((histograms, sample));
        let exemplar = Exemplar {
            labels: Labels::from_pairs([("trace", step.to_string())]),
            value,
            timestamp: time,
        };
        batch.exemplars.push((floats, exemplar));
    }
    wait(db.append(&batch, Durability::Synced).unwrap().commit).unwrap();
    batch
}

#[test]
fn a_failure_at_any_call_of_sealing_many_windows_loses_nothing() {
    let (mut call, mut failed) = (0, 0);
    loop {
        let disk = SimulatedDisk::new(Seed::new(call));
        let clock = FakeClock::new(Timestamp::from_millis(NOON));
        let db = open_with(&disk, &clock, settings()).unwrap();
        fill(&db, 1.0);
        assert_eq!(db.seal_all().unwrap().windows_sealed, 10);
        assert_eq!(parts(&db), 1);
        let newest = fill(&db, 2.0);
        let number = disk.changes() + call;
        let error = std::io::ErrorKind::Other;
        disk.plan(Fault::Change { number, error });
        let outcome = db.seal_all();
        let check = |db: &Db| {
            let found = read(db, &[], TimeRange::ALL);
            for (index, (_, columns)) in found.iter().enumerate() {
                let expected = newest.samples.iter().skip(index).step_by(2);
                let expected: Vec<_> = expected.map(|(_, sample)| sample.clone()).collect();
                assert_eq!(columns.iter().collect::<Vec<_>>(), expected, "{call}");
            }
            let exemplars = db.exemplars(&[vec![]], TimeRange::ALL).unwrap();
            let values = exemplars[0].1.iter().map(|exemplar| exemplar.value);
            assert_eq!(values.filter(|value| *value == 2.0).count(), 14, "{call}");
        };
        check(&db);
        failed += usize::from(outcome.is_err());
        let is_over = disk.changes() < number;
        let disk = match call % 2 {
            0 => disk.kill(),
            _ => {
                db.seal_all().unwrap();
                assert_eq!(parts(&db), 2, "{call}");
                disk.power_loss()
            }
        };
        drop(db);
        let db = open_with(&disk, &clock, settings()).unwrap();
        check(&db);
        db.seal_all().unwrap();
        check(&db);
        if is_over {
            break;
        }
        call += 1;
    }
    assert!(failed > 20, "{failed} of {call}");
}

#[test]
fn parts_stay_few_however_often_somebody_flushes() {
    let (disk, clock, db) = new(few_files());
    let mut most = 0;
    for round in 0..200 {
        let times = (0..3).map(|day| TODAY - (1 + day) * DAY + (round * 7 % 48) * HOUR / 2);
        scatter(&db, "a", times.map(|time| time + round));
        db.seal_all().unwrap();
        most = most.max(most_of_a_day(&db));
    }
    assert!((20..=33).contains(&most), "{most}");
    let expected = floats(&db, "a");
    assert_eq!(expected.len(), 600);
    drop(db);
    let db = open_with(&disk.power_loss(), &clock, few_files()).unwrap();
    assert_eq!(floats(&db, "a"), expected);
}

/// What fails because too many files are open is tried again; nothing is lost, and nothing taken for damage.
#[test]
fn too_many_open_files_at_any_open_lose_nothing() {
    let (mut opens, mut failed) = (1, [false; 4]);
    let mut number = 0;
    while number < opens {
        let disk = SimulatedDisk::new(Seed::new(number));
        let clock = FakeClock::new(Timestamp::from_millis(NOON));
        disk.plan(Fault::Open { number });
        let open = |disk: &SimulatedDisk| match open_with(disk, &clock, few_files()) {
            Ok(db) => (db, false),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Io, "{}", error.chain());
                (open_with(disk, &clock, few_files()).unwrap(), true)
            }
        };
        let (db, at_once) = open(&disk);
        failed[0] |= at_once;
        let mut expected = Vec::new();
        for round in 0..6 {
            let time = TODAY - DAY + round * HOUR;
            let id = db.resolve(&labels("a")).unwrap();
            let batch = crate::support::batch(id, &[float(time, round as f64)]);
            let appended = db.append(&batch, Durability::Synced).unwrap();
            match wait(appended.commit) {
                Ok(()) => expected.push((time, round as f64)),
                Err(error) => panic!("{number}: {error}"),
            }
            failed[1] |= db.seal_all().is_err();
        }
        clock.advance(Duration::from_hours(24));
        failed[2] |= db.maintain().is_err();
        let first = db.select(&[], TimeRange::ALL);
        failed[3] |= first.is_err_and(|error| error.kind() == StorageErrorKind::Io);
        db.maintain().unwrap();
        assert_eq!(floats(&db, "a"), expected, "{number}");
        drop(db);
        let disk = disk.power_loss();
        let (db, _) = open(&disk);
        assert!(db.recovery().quarantined.is_empty(), "{number}");
        assert_eq!(floats(&db, "a"), expected, "{number}");
        opens = disk.opens();
        number += 1;
    }
    assert!(number > 100, "{number}");
    assert_eq!(failed, [true, true, true, false], "of {number} opens");
}

#[test]
fn a_start_with_too_few_files_changes_nothing() {
    let (disk, clock, db) = new(few_files());
    for round in 0..4 {
        scatter(&db, "a", [TODAY - DAY + round * HOUR].into_iter());
        db.seal_all().unwrap();
    }
    drop(db);
    let disk = disk.kill();
    for limit in 0..12 {
        let before = (disk.files(), disk.changes());
        disk.set_open_files_limit(limit);
        match open_with(&disk, &clock, few_files()) {
            Ok(db) => {
                assert!(limit > 0);
                assert_eq!(floats(&db, "a").len(), 4);
            }
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Io, "{limit}");
                assert_eq!((disk.files(), disk.changes()), before, "{limit}");
            }
        }
        disk.heal();
        let db = open_with(&disk, &clock, few_files()).unwrap();
        assert!(db.recovery().quarantined.is_empty(), "{limit}");
        assert_eq!(floats(&db, "a").len(), 4, "{limit}");
    }
}

#[test]
fn a_file_that_somebody_removed_is_damage_when_it_is_read() {
    let (disk, clock, db) = new(few_files());
    for round in 0..8 {
        scatter(
            &db,
            "a",
            (0..40).map(|minute| TODAY - (1 + round) * DAY + minute * minute * 1000),
        );
        db.seal_all().unwrap();
    }
    assert_eq!(floats(&db, "a").len(), 320);
    let parts = Path::new(DIRECTORY).join("parts");
    for name in disk.list(&parts).unwrap().iter().take(2) {
        disk.remove_directory(&parts.join(name)).unwrap();
    }
    clock.advance(Duration::from_hours(24 * 7));
    db.scrub().unwrap();
    assert_eq!(db.select(&[], TimeRange::ALL).unwrap().warnings.len(), 2);
    assert_eq!(floats(&db, "a").len(), 240);
}

#[test]
fn lives_that_end_in_the_middle_of_a_merge_leave_few_parts() {
    let (mut disk, clock, db) = new(few_files());
    drop(db);
    let mut seed = Seed::new(7);
    let (mut most, mut broken_off) = (0, 0);
    for life in 0..150 {
        disk = disk.kill();
        let db = open_with(&disk, &clock, few_files()).unwrap();
        most = most.max(most_of_a_day(&db));
        let times = (0..3).map(|day| TODAY - (1 + day) * DAY + (life * 7 % 48) * HOUR / 2);
        scatter(&db, "a", times.map(|time| time + life));
        db.seal_all().unwrap();
        // Merging gets no further than this, in most lives.
        let number = disk.changes() + seed.below(40);
        for number in number..number + 1000 {
            let error = std::io::ErrorKind::Other;
            disk.plan(Fault::Change { number, error });
        }
        broken_off += usize::from(db.merge().is_err());
    }
    assert!(broken_off > 20, "{broken_off}");
    assert!(most <= 33, "{most}");
    disk = disk.kill();
    let db = open_with(&disk, &clock, few_files()).unwrap();
    assert_eq!(floats(&db, "a").len(), 450);
}
