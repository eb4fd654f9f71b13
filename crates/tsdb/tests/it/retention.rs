//! Who is kept how long: rules by selector, to the millisecond; limits of size; what leaves the disk.

use std::collections::BTreeMap;
use std::time::Duration;

use plimsoll_testkit::{FakeClock, Seed, SimulatedDisk, for_each_seed};
use plimsoll_tsdb::{Config, RetentionRule, Settings};
use plimsoll_types::{
    Appender, ByteCount, Durability, Exemplar, Labels, MatchOp, Matcher, Queryable, StoreAdmin,
    TimeRange, Timestamp, WriteBatch,
};

use crate::support::{HOUR, NOON, Store, float, labels, open_with, read, settings, wait};

const DAY: i64 = 24 * HOUR;

fn days(count: u64) -> Duration {
    Duration::from_hours(24 * count)
}

fn rule(name: &str, kept: Duration) -> RetentionRule {
    let matcher = Matcher::new(MatchOp::Regex, "__name__", name).unwrap();
    RetentionRule {
        matchers: vec![matcher],
        raw: kept,
        five_minutes: kept,
        hour: kept,
    }
}

/// `dev*` for a day, `long` for 40 days, all others for ten.
fn ruled() -> Settings {
    Settings {
        retention: days(10),
        retention_rules: vec![
            rule("dev.*", days(1)),
            rule("long|dev_long", days(40)),
            rule("dev1", days(90)),
        ],
        ..settings()
    }
}

fn kept_of(name: &str) -> i64 {
    match name {
        name if name.starts_with("dev") => DAY,
        "long" => 40 * DAY,
        _ => 10 * DAY,
    }
}

fn store(settings: Settings) -> Store {
    let disk = SimulatedDisk::new(Seed::new(1));
    let clock = FakeClock::new(Timestamp::from_millis(NOON));
    let db = open_with(&disk, &clock, settings).unwrap();
    Store { disk, clock, db }
}

fn samples_on_disk(store: &Store) -> u64 {
    let parts = store.db.statistics(0).unwrap().parts;
    parts.iter().map(|part| part.samples).sum()
}

#[test]
fn rules_hide_to_the_millisecond_whatever_is_sealed_and_merged() {
    const NAMES: [&str; 4] = ["dev1", "dev2", "long", "other"];
    for_each_seed(700, 12, |mut seed| {
        let mut store = store(ruled());
        let mut written: BTreeMap<(&str, i64), f64> = BTreeMap::new();
        for step in 0..80 {
            let name = NAMES[seed.below(4) as usize];
            let age = match seed.below(3) {
                0 => seed.below(40 * DAY as u64),
                1 => seed.below(2 * DAY as u64),
                _ => seed.below(HOUR as u64),
            };
            let time = store.now() - age as i64;
            store.put(name, &[(time, f64::from(step))]);
            written.insert((name, time), f64::from(step));
            match seed.below(12) {
                0 => drop(store.db.seal_all().unwrap()),
                1 => drop(store.db.force_merge(TimeRange::ALL).unwrap()),
                2 => drop(store.db.clean_tombstones()),
                3 => {
                    let disk = store.disk.power_loss();
                    let Store { clock, db, .. } = store;
                    drop(db);
                    let db = open_with(&disk, &clock, ruled()).unwrap();
                    store = Store { disk, clock, db };
                }
                4..8 => {
                    store
                        .clock
                        .advance(Duration::from_millis(seed.below(20 * HOUR as u64)));
                    store.db.maintain().unwrap();
                }
                _ => {}
            }
            let now = store.now();
            let kept = |name: &str| now - kept_of(name);
            for name in NAMES {
                let expected = written.range((name, kept(name))..=(name, i64::MAX));
                let expected: Vec<_> = expected.map(|((_, time), value)| (*time, *value)).collect();
                assert_eq!(store.floats(name), expected, "{name} at step {step}");
            }
            let shown = store.db.series(&[], TimeRange::ALL, 99).unwrap();
            let has_any =
                |name: &&&str| written.keys().any(|(n, t)| n == *name && *t >= kept(name));
            let expected: Vec<_> = NAMES
                .iter()
                .filter(has_any)
                .map(|name| labels(name))
                .collect();
            assert_eq!(shown, expected, "at step {step}");
        }
    });
}

#[test]
fn the_last_millisecond_of_a_rule_counts() {
    let store = store(ruled());
    store.put("dev", &[(NOON, 1.0), (NOON + 1, 2.0)]);
    store.put("other", &[(NOON, 1.0)]);
    for is_sealed in [false, true] {
        if is_sealed {
            store.db.seal_all().unwrap();
        }
        let moment = NOON + DAY + i64::from(is_sealed);
        store
            .clock
            .advance(Duration::from_millis((moment - store.now()) as u64));
        let expected = [(NOON, 1.0), (NOON + 1, 2.0)];
        assert_eq!(store.floats("dev"), expected[usize::from(is_sealed)..]);
    }
    store.clock.advance(Duration::from_millis(1));
    assert!(store.floats("dev").is_empty());
    assert_eq!(store.floats("other").len(), 1);
    // A limit counts what is left, and a summary does not reach behind it either.
    let first = store.db.series(&[], TimeRange::ALL, 1).unwrap();
    assert_eq!(first, [labels("other")]);
    let mut selection = store.db.select(&[], TimeRange::ALL).unwrap();
    let at = selection
        .labels
        .iter()
        .position(|found| *found == labels("dev"));
    if let Some(at) = at {
        let summary = selection.source.summary(at, TimeRange::ALL).unwrap();
        assert!(summary.is_none_or(|summary| summary.count == 0));
    }
}

#[test]
fn exemplars_follow_the_rules() {
    let store = store(ruled());
    for name in ["dev", "other"] {
        let id = store.db.resolve(&labels(name)).unwrap();
        let exemplar = Exemplar {
            labels: Labels::from_pairs([("trace", "x")]),
            value: 1.0,
            timestamp: Timestamp::from_millis(NOON),
        };
        let batch = WriteBatch {
            samples: vec![(id, float(NOON, 1.0))],
            exemplars: vec![(id, exemplar)],
            ..WriteBatch::default()
        };
        wait(store.db.append(&batch, Durability::Synced).unwrap().commit).unwrap();
    }
    let names = |store: &Store| {
        let found = store.db.exemplars(&[], TimeRange::ALL).unwrap();
        found
            .into_iter()
            .map(|(labels, _)| labels)
            .collect::<Vec<_>>()
    };
    assert_eq!(names(&store), [labels("dev"), labels("other")]);
    store.clock.advance(days(1) + Duration::from_millis(1));
    assert_eq!(names(&store), [labels("other")]);
}

#[test]
fn expired_samples_leave_the_disk_when_they_are_a_quarter() {
    let store = store(ruled());
    for hour in 0..24 {
        let time = NOON - NOON % DAY + hour * HOUR;
        let many = |value: f64| (0..50).map(move |index| (time + index * 1000, value));
        store.clock.advance(Duration::from_millis(
            (time + 60_000 - store.now()).max(0) as u64
        ));
        store.put("dev", &many(1.0).collect::<Vec<_>>());
        store.put("other", &many(2.0).collect::<Vec<_>>());
        store.db.maintain().unwrap();
    }
    for _ in 0..2 * 24 + 6 {
        store.clock.advance(Duration::from_hours(1));
        store.db.maintain().unwrap();
    }
    assert_eq!(samples_on_disk(&store), 24 * 50, "those of dev are gone");
    assert_eq!(store.floats("other").len(), 24 * 50);
    // A part is not written again when nothing in it expires.
    let before = store.db.statistics(0).unwrap().parts;
    for _ in 0..24 {
        store.clock.advance(Duration::from_hours(1));
        store.db.maintain().unwrap();
    }
    assert_eq!(store.db.statistics(0).unwrap().parts, before);
    store.clock.advance(days(9));
    for _ in 0..26 {
        store.clock.advance(Duration::from_hours(1));
        store.db.maintain().unwrap();
    }
    assert_eq!(samples_on_disk(&store), 0);
}

#[test]
fn a_long_part_does_not_stay_until_its_last_sample_expires() {
    let month = Settings {
        retention: days(310),
        ..settings()
    };
    let store = store(month);
    // A part of 31 days is made of days by force, and then its time comes.
    let begin = NOON - NOON % (31 * DAY) - 31 * DAY;
    for day in 0..31 {
        store.put("a", &[(begin + day * DAY, 1.0)]);
    }
    store.db.force_merge(TimeRange::ALL).unwrap();
    assert_eq!(store.db.statistics(0).unwrap().parts.len(), 1);
    let mut most = 0;
    let mut advance_to = |time: i64| {
        while store.now() < time {
            store.clock.advance(Duration::from_hours(12));
            store.db.maintain().unwrap();
            let hidden = samples_on_disk(&store) - store.floats("a").len() as u64;
            most = most.max(hidden);
        }
    };
    advance_to(begin + 310 * DAY + 31 * DAY + DAY);
    assert_eq!(samples_on_disk(&store), 0);
    assert!(
        (1..9).contains(&most),
        "{most} days were on disk for nothing"
    );
}

#[test]
fn another_retention_counts_at_once() {
    let store = store(ruled());
    store.put("dev", &[(NOON, 1.0)]);
    store.put("other", &[(NOON - 5 * DAY, 1.0)]);
    store.clock.advance(days(2));
    assert!(store.floats("dev").is_empty());
    let other = |settings: Settings| store.db.set_retention(&Config::new(settings).unwrap());
    other(settings());
    assert_eq!(store.floats("dev").len(), 1);
    assert_eq!(store.floats("other").len(), 1);
    other(Settings {
        retention: days(3),
        ..settings()
    });
    assert!(store.floats("other").is_empty());
    assert_eq!(store.db.horizon().millis(), store.now() - 3 * DAY);
}

/// Fills ten days, a part each of about the same size, and returns the size of all.
fn ten_days(store: &Store) -> u64 {
    for day in 0..10 {
        let begin = NOON - NOON % DAY - (11 - day) * DAY;
        let noise = |index: i64| (begin + index * 1000, (index as f64 * 0.37).sin());
        store.put("a", &(0..1700).map(noise).collect::<Vec<_>>());
        store.db.seal_all().unwrap();
    }
    let parts = store.db.statistics(0).unwrap().parts;
    assert_eq!(parts.len(), 10);
    parts.iter().map(|part| part.bytes).sum()
}

fn first_day(store: &Store) -> i64 {
    let all = read(&store.db, &[], TimeRange::ALL);
    let first = all
        .first()
        .map_or(NOON, |(_, columns)| columns.timestamps[0]);
    11 - (first - (NOON - NOON % DAY - 11 * DAY)) / DAY
}

#[test]
fn above_a_size_the_oldest_parts_go() {
    let size = ten_days(&store(settings()));
    for (percent, expected) in [(200, 11), (96, 10), (51, 6), (1, 0)] {
        let limited = Settings {
            retention_bytes: Some(ByteCount(size * percent / 100)),
            ..settings()
        };
        let store = store(limited);
        assert_eq!(ten_days(&store), size);
        store.db.maintain().unwrap();
        let left: u64 = store
            .db
            .statistics(0)
            .unwrap()
            .parts
            .iter()
            .map(|p| p.bytes)
            .sum();
        assert!(
            left <= size * percent / 100,
            "{left} of {size} at {percent} %"
        );
        assert_eq!(first_day(&store), expected, "{percent} %");
    }
}

#[test]
fn the_share_of_the_disk_and_the_size_hold_both() {
    let size = ten_days(&store(settings()));
    let check = |bytes: Option<u64>, capacity: u64, share: f64, expected: i64| {
        let limited = Settings {
            retention_bytes: bytes.map(ByteCount),
            retention_disk_share: Some(share),
            ..settings()
        };
        let store = store(limited);
        ten_days(&store);
        store.disk.set_capacity(capacity);
        store.db.maintain().unwrap();
        assert_eq!(first_day(&store), expected, "{bytes:?} {capacity} {share}");
    };
    check(None, size * 4, 0.5, 11);
    check(None, size * 4, 0.24, 10);
    check(None, size * 4, 0.13, 6);
    check(Some(size * 96 / 100), size * 4, 0.13, 6);
    check(Some(size * 51 / 100), size * 4, 0.24, 6);
}
