//! A directory that is only read: what is found is what the store shows, and nothing is changed.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use plimsoll_runtime::disk::Disk;
use plimsoll_tsdb::{Config, ErrorKind, ReadOnlyDb};
use plimsoll_types::{
    Labels, Matcher, NamedCount, SampleColumns, StoreAdmin, TimeRange, Timestamp,
};

use crate::support::{DIRECTORY, NOON, Store, settings, wal_files};

fn read_only(store: &Store) -> ReadOnlyDb {
    let config = Config::new(settings()).unwrap();
    ReadOnlyDb::open_on(&config, Arc::new(store.disk.clone())).unwrap()
}

fn range(start: i64, end: i64) -> TimeRange {
    TimeRange::new(Timestamp::from_millis(start), Timestamp::from_millis(end))
}

/// `a` in two parts and the WAL, `b` in the WAL; one sample of `a` is deleted.
fn filled() -> Store {
    let store = Store::new();
    for step in 0..2 {
        store.put("a", &[(NOON + 10 * step, 1.0), (NOON + 10 * step + 1, 2.0)]);
        store.db.seal_all().unwrap();
    }
    store.put("a", &[(NOON + 20, 3.0)]);
    store.put("b", &[(NOON + 15, 4.0), (NOON + 20, 5.0)]);
    store
        .db
        .delete_series(&[vec![]], range(NOON + 1, NOON + 1))
        .unwrap();
    store
}

type Dumped = Vec<(String, Vec<(i64, f64)>)>;

fn dump(db: &ReadOnlyDb, selectors: &[Vec<Matcher>], range: TimeRange) -> Dumped {
    let mut found = Vec::new();
    let mut visit = |labels: &Labels, columns: &SampleColumns| {
        let times = columns.timestamps.iter().copied();
        let samples = times.zip(columns.values.iter().copied()).collect();
        found.push((labels.metric_name().unwrap().to_owned(), samples));
        ControlFlow::Continue(())
    };
    db.dump(selectors, range, &mut visit).unwrap();
    found
}

#[test]
fn shows_what_the_store_shows_while_it_is_in_use() {
    let store = filled();
    let (files, changes) = (store.disk.files(), store.disk.changes());
    let db = read_only(&store);
    assert_eq!((store.disk.files(), store.disk.changes()), (files, changes));
    let a = vec![
        (NOON, 1.0),
        (NOON + 10, 1.0),
        (NOON + 11, 2.0),
        (NOON + 20, 3.0),
    ];
    let b = vec![(NOON + 15, 4.0), (NOON + 20, 5.0)];
    let both = [("a".to_owned(), a.clone()), ("b".to_owned(), b)];
    assert_eq!(dump(&db, &[], TimeRange::ALL), both);
    // Two selectors that find the same series show it once.
    let selectors = [
        vec![Matcher::equal("__name__", "a")],
        vec![Matcher::equal("job", "test")],
    ];
    assert_eq!(dump(&db, &selectors, TimeRange::ALL), both);
    assert_eq!(
        dump(&db, &selectors[..1], range(NOON, NOON + 10)),
        [("a".to_owned(), a[..2].to_vec())]
    );
    assert_eq!(dump(&db, &selectors, range(NOON + 2, NOON + 9)), []);
    let parts = db.parts();
    assert_eq!(parts.len(), 2);
    assert_eq!(parts, store.db.statistics(0).unwrap().parts);
    assert_eq!((parts[0].series, parts[0].samples), (1, 2));
    assert_eq!(db.statistics(9).head.samples, 3);
    assert_eq!(db.recovery().wal.deletions, 1);
}

#[test]
fn a_walk_ends_when_its_visitor_wants() {
    let db = read_only(&filled());
    let mut seen = 0;
    let mut visit = |_: &Labels, _: &SampleColumns| {
        seen += 1;
        ControlFlow::Break(())
    };
    db.dump(&[], TimeRange::ALL, &mut visit).unwrap();
    assert_eq!(seen, 1);
}

#[test]
fn counts_labels_and_churn() {
    let store = filled();
    let db = read_only(&store);
    let count = |name: &str, count| NamedCount {
        name: name.into(),
        count,
    };
    let all = db.analyze(None, 2).unwrap();
    assert_eq!(all.range, Some(range(NOON, NOON + 20)));
    assert_eq!((all.series, all.samples), (2, 7));
    assert_eq!(
        (all.label_names, all.label_pairs, all.label_entries),
        (2, 3, 4)
    );
    assert_eq!(all.metrics_by_series, [count("a", 1), count("b", 1)]);
    assert_eq!(
        all.common_pairs,
        [count("job=test", 2), count("__name__=a", 1)]
    );
    assert_eq!(all.names_by_values, [count("__name__", 2), count("job", 1)]);
    assert_eq!(all.longest_names, [count("job", 4), count("__name__", 2)]);
    // `b` lives a quarter of the range: less than one whole length is not covered.
    assert_eq!(all.churning_names, [count("__name__", 0), count("job", 0)]);
    let part = &db.parts()[1];
    let one = db.analyze(Some(&part.name), 9).unwrap();
    assert_eq!((one.series, one.samples), (1, 2));
    assert_eq!(one.range, Some(part.range));
    let error = db.analyze(Some("0123"), 9).unwrap_err();
    assert!(error.to_string().contains("there is no part"), "{error}");
}

#[test]
fn series_that_come_and_go_are_churn() {
    let store = Store::new();
    for step in 0..10 {
        store.put(&format!("m{step}"), &[(NOON + 1000 * step, 1.0)]);
    }
    store.put("m9", &[(NOON + 10_000, 1.0)]);
    let all = read_only(&store).analyze(None, 1).unwrap();
    assert_eq!(all.churning_pairs[0].name, "job=test");
    assert_eq!(all.churning_pairs[0].count, 9);
}

#[test]
fn damage_is_named_and_not_repaired() {
    let store = filled();
    let path = wal_files(&store.disk).pop().unwrap();
    let length = store.disk.open(&path).unwrap().length().unwrap();
    store
        .disk
        .open_writable(&path)
        .unwrap()
        .set_length(length - 1)
        .unwrap();
    let changes = store.disk.changes();
    let db = read_only(&store);
    assert_eq!(db.recovery().wal.cut.len(), 1);
    assert_eq!(store.disk.changes(), changes);
    let part = Path::new(DIRECTORY).join("parts/0000000000000000/values.bin");
    store.disk.flip(&part, 0, 1);
    let db = read_only(&store);
    assert_eq!(db.recovery().quarantined.len(), 1);
    assert_eq!(db.parts().len(), 1);
}

#[test]
fn a_directory_that_is_no_store_is_refused() {
    let config = Config::new(settings()).unwrap();
    let disk = plimsoll_testkit::SimulatedDisk::new(plimsoll_testkit::Seed::new(1));
    let error = ReadOnlyDb::open_on(&config, Arc::new(disk)).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Config);
}
