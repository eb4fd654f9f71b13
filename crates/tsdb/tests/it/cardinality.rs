//! What makes a store large, what comes and goes, and what nobody asks for.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use plimsoll_runtime::disk::Disk;
use plimsoll_testkit::SimulatedDisk;
use plimsoll_tsdb::{Config, ReadOnlyDb};
use plimsoll_types::{
    ActiveSeries, Appender, Cardinality, CardinalityQuery, Durability, Labels, Matcher, Queryable,
    StoreAdmin, TimeRange, Timestamp, WriteBatch,
};

use crate::support::{DIRECTORY, HOUR, NOON, Store, float, labels, settings, wait};

const QUERY: CardinalityQuery = CardinalityQuery {
    limit: 9,
    unused_after: Duration::from_hours(1),
    churn_window: None,
};

fn count(store: &Store) -> Cardinality {
    store.db.cardinality(&QUERY).unwrap()
}

/// Series created and ended; of each metric the same, and all that were seen.
type Counted = (u64, u64, Vec<(String, u64, u64, u64)>);

fn churn(store: &Store, window: Duration) -> Counted {
    let query = CardinalityQuery {
        churn_window: Some(window),
        ..QUERY
    };
    let churn = store.db.cardinality(&query).unwrap().churn.unwrap();
    let metrics = churn.by_metric.into_iter();
    let metrics = metrics.map(|one| (one.name, one.created, one.ended, one.series));
    (churn.created, churn.ended, metrics.collect())
}

fn ask(store: &Store, matchers: &[Matcher]) {
    store.db.select(matchers, TimeRange::ALL).unwrap();
}

fn last(found: &Cardinality, name: &str) -> Option<i64> {
    let metric = found.by_metric.iter().find(|metric| metric.name == name);
    let metric = metric.unwrap_or_else(|| panic!("no {name} in {found:?}"));
    metric.last_queried.map(Timestamp::millis)
}

/// Three series of `a`, two of `b`, one of `c`.
fn filled() -> Store {
    let store = Store::new();
    for (metric, series) in [("a", 3), ("b", 2), ("c", 1)] {
        for number in 0..series {
            let labels = Labels::from_pairs([("__name__", metric), ("n", &number.to_string())]);
            put(&store, &labels, NOON);
        }
    }
    store
}

fn put(store: &Store, labels: &Labels, time: i64) {
    let series = store.db.resolve(labels).unwrap();
    let batch = WriteBatch {
        samples: vec![(series, float(time, 1.0))],
        ..WriteBatch::default()
    };
    let appended = store.db.append(&batch, Durability::Synced).unwrap();
    assert!(appended.rejected.is_empty(), "{:?}", appended.rejected);
    wait(appended.commit).unwrap();
}

#[test]
fn metrics_nobody_asks_for_are_found_with_their_series() {
    let store = filled();
    let found = count(&store);
    assert_eq!((found.series, found.metrics, found.label_pairs), (6, 3, 6));
    assert_eq!(
        (found.unused.metrics, found.unused.series),
        (3, 6),
        "nobody asked yet"
    );
    ask(&store, &[Matcher::equal("__name__", "a")]);
    ask(&store, &[Matcher::equal("__name__", "nothing")]);
    store.clock.advance(Duration::from_mins(61));
    ask(&store, &[Matcher::equal("n", "1")]);
    let found = count(&store);
    let asked = NOON + 61 * 60_000;
    assert_eq!(
        (last(&found, "a"), last(&found, "b"), last(&found, "c")),
        (Some(asked), Some(asked), None)
    );
    assert_eq!((found.unused.metrics, found.unused.series), (1, 1));
    assert_eq!(found.unused.by_metric[0].name, "c");
    assert_eq!(found.unused.recorded_since.millis(), NOON);
    store.clock.advance(Duration::from_mins(61));
    assert_eq!(count(&store).unused.metrics, 3, "too long ago");
}

#[test]
fn names_of_series_are_no_questions_for_samples() {
    let store = filled();
    store.db.series(&[], TimeRange::ALL, 9).unwrap();
    store
        .db
        .label_values("__name__", &[], TimeRange::ALL, 9)
        .unwrap();
    assert_eq!(count(&store).unused.metrics, 3);
}

#[test]
fn a_restart_does_not_forget_who_was_asked() {
    let store = filled();
    ask(&store, &[Matcher::equal("__name__", "a")]);
    store.db.maintain().unwrap();
    store.clock.advance(Duration::from_mins(1));
    ask(&store, &[Matcher::equal("__name__", "b")]);
    store.db.maintain().unwrap();
    let store = store.after_power_loss();
    let found = count(&store);
    assert_eq!(
        (last(&found, "a"), last(&found, "b")),
        (Some(NOON), None),
        "written every 5 min"
    );
    assert_eq!(found.unused.recorded_since.millis(), NOON);
    ask(&store, &[Matcher::equal("__name__", "b")]);
    store.db.close();
    let store = store.killed();
    assert_eq!(
        last(&count(&store), "b"),
        Some(NOON + 60_000),
        "written at the end"
    );
    let config = Config::new(settings()).unwrap();
    let read = ReadOnlyDb::open_on(&config, Arc::new(store.disk)).unwrap();
    let found = read
        .analyze_use(None, 9, Timestamp::from_millis(NOON + 1))
        .unwrap();
    let unused = found.unused.unwrap();
    assert_eq!((found.metrics, unused.metrics, unused.series), (3, 2, 4));
}

#[test]
fn a_file_that_is_damaged_begins_anew() {
    let store = filled();
    ask(&store, &[Matcher::equal("__name__", "a")]);
    store.db.maintain().unwrap();
    let path = Path::new(DIRECTORY).join("QUERIED");
    let damage = |disk: &SimulatedDisk| {
        let mut bytes = disk.read(&path, 1 << 20).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        disk.replace(&path, &bytes).unwrap();
    };
    damage(&store.disk);
    store.clock.advance(Duration::from_mins(1));
    let store = store.after_power_loss();
    let found = count(&store);
    assert_eq!(last(&found, "a"), None);
    assert_eq!(found.unused.recorded_since.millis(), NOON + 60_000);
    store.db.maintain().unwrap();
    let store = store.after_power_loss();
    assert_eq!(count(&store).unused.recorded_since.millis(), NOON + 60_000);
}

#[test]
fn series_that_come_and_go_are_counted_over_windows_and_parts() {
    let store = Store::new();
    let series = |metric: &str, number: i64| {
        Labels::from_pairs([("__name__", metric), ("n", &number.to_string())])
    };
    // One series of `stays` all the time, and each half hour another of `pods`.
    for step in 0..12 {
        let time = NOON + step * HOUR / 2;
        store.clock.jump_to(Timestamp::from_millis(time));
        for minute in 0..6 {
            put(&store, &series("stays", 0), time + minute);
            put(&store, &series("pods", step), time + minute);
        }
    }
    store.clock.advance(Duration::from_mins(15));
    let in_head = churn(&store, Duration::from_mins(30));
    assert_eq!(in_head, (1, 1, vec![("pods".to_owned(), 1, 1, 2)]));
    store.db.seal_all().unwrap();
    assert_eq!(
        churn(&store, Duration::from_mins(30)),
        in_head,
        "a part tells the same"
    );
    assert_eq!(
        churn(&store, Duration::from_hours(2)),
        (4, 4, vec![("pods".to_owned(), 4, 4, 8)])
    );
    put(&store, &series("pods", 99), NOON + 11 * HOUR / 2);
    assert_eq!(
        churn(&store, Duration::from_mins(30)),
        (2, 1, vec![("pods".to_owned(), 2, 1, 3)])
    );
    store.clock.advance(Duration::from_hours(3));
    assert_eq!(churn(&store, Duration::from_mins(30)), (0, 0, vec![]));
}

#[test]
fn limits_see_the_active_series_and_those_after_a_restart() {
    let store = filled();
    let check = |store: &Store| {
        let db = &store.db;
        assert_eq!(
            (
                db.count(),
                db.count_with("__name__", "a"),
                db.count_with("n", "0")
            ),
            (6, 3, 3)
        );
        assert_eq!((db.count_with("n", "7"), db.count_with("x", "0")), (0, 0));
        let mut seen = BTreeSet::new();
        db.visit_with("__name__", "b", &mut |labels| {
            assert!(seen.insert(labels.clone()))
        });
        assert_eq!(seen.len(), 2);
        for labels in seen {
            assert_eq!(db.find(&labels), Some(db.resolve(&labels).unwrap()));
        }
        assert_eq!(db.find(&labels("a")), None, "asking makes none");
        assert_eq!(db.count(), 6);
    };
    check(&store);
    store.db.sync().unwrap();
    let store = store.killed();
    check(&store);
    let before = store.db.removals();
    store.db.seal_all().unwrap();
    // A sweep looks away once, and then takes what is idle.
    let everything = TimeRange::new(Timestamp::MIN, Timestamp::MAX);
    for _ in 0..3 {
        store
            .db
            .delete_series(&[vec![Matcher::equal("n", "nothing")]], everything)
            .unwrap();
        store.db.maintain().unwrap();
    }
    let removed = store.db.removals() - before;
    assert_eq!(removed, 6 - store.db.count());
}
