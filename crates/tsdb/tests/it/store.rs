//! What was written is read: at once, after a restart, after sealing.

use std::sync::Arc;
use std::time::Duration;

use plimsoll_testkit::{FakeClock, Seed, SimulatedDisk};
use plimsoll_tsdb::{Settings, SyncMode};
use plimsoll_types::{
    Appender, BucketCounts, ByteCount, Counts, Durability, Exemplar, Histogram, Labels, MatchOp,
    Matcher, Metadata, MetricType, Queryable, RejectedReason, Sample, Span, StartTimestamp,
    StorageErrorKind, TimeRange, Timestamp, Value, WriteBatch,
};

use crate::support::{
    HOUR, NOON, Store, batch, float, floats, labels, open_with, read, wait, write,
};

fn histogram(count: u64) -> Arc<Histogram> {
    Arc::new(Histogram {
        sum: 1.5,
        counts: Counts::Integer(BucketCounts {
            count,
            zero: 0,
            positive: vec![count],
            negative: vec![],
        }),
        positive_spans: vec![Span {
            offset: -3,
            length: 1,
        }],
        ..Histogram::default()
    })
}

#[test]
fn is_queryable_before_it_is_durable() {
    let store = Store::new();
    let appended = store.write("up", &[(NOON, 1.0)]);
    assert_eq!(store.floats("up"), [(NOON, 1.0)]);
    wait(appended.commit).unwrap();
}

#[test]
fn everything_of_a_series_survives_restart_and_sealing() {
    let mut store = Store::new();
    let id = store.db.resolve(&labels("all")).unwrap();
    let stale = f64::from_bits(plimsoll_types::STALE_NAN_BITS);
    let samples = vec![
        float(NOON - 9 * HOUR, -0.0),
        float(NOON - 1000, f64::from_bits(0x7ff8_0000_dead_beef)),
        Sample {
            start: StartTimestamp::from_millis(NOON - HOUR),
            ..float(NOON, 2.0)
        },
        Sample::histogram(Timestamp::from_millis(NOON + 1), histogram(3)),
        float(NOON + 2, stale),
    ];
    let exemplar = Exemplar {
        labels: Labels::from_pairs([("trace_id", "abc")]),
        value: 0.5,
        timestamp: Timestamp::from_millis(NOON + 1),
    };
    let metadata = Metadata {
        metric_type: MetricType::Histogram,
        unit: "seconds".into(),
        help: "How long.".into(),
    };
    let mut out_of_order = samples.clone();
    out_of_order.reverse();
    let whole = WriteBatch {
        samples: out_of_order
            .iter()
            .map(|sample| (id, sample.clone()))
            .collect(),
        exemplars: vec![(id, exemplar.clone()), (id, exemplar.clone())],
        metadata: vec![(id, metadata.clone())],
    };
    let appended = store.db.append(&whole, Durability::Synced).unwrap();
    assert_eq!(
        (
            appended.written.floats,
            appended.written.histograms,
            appended.written.exemplars
        ),
        (4, 1, 2)
    );
    wait(appended.commit).unwrap();

    let check = |store: &Store, step: &str| {
        let found = read(
            &store.db,
            &[Matcher::equal("__name__", "all")],
            TimeRange::ALL,
        );
        assert_eq!(found.len(), 1, "{step}");
        assert_eq!(found[0].1.iter().collect::<Vec<_>>(), samples, "{step}");
        let exemplars = store.db.exemplars(&[], TimeRange::ALL).unwrap();
        assert_eq!(
            exemplars,
            [(labels("all"), vec![exemplar.clone()])],
            "{step}"
        );
        assert_eq!(
            store.db.metadata(None, 10).unwrap(),
            [("all".into(), vec![metadata.clone()])],
            "{step}"
        );
    };
    check(&store, "fresh");
    store = store.killed();
    check(&store, "replayed");
    assert_eq!(store.db.seal_all().unwrap().windows_sealed, 3);
    check(&store, "sealed");
    store = store.killed();
    assert_eq!(store.db.recovery().parts, 3);
    assert_eq!(store.db.recovery().wal.samples, 0);
    check(&store, "opened");
}

#[test]
fn a_repeat_is_stored_once_and_another_value_wins() {
    let mut store = Store::new();
    store.put("a", &[(NOON, 1.0), (NOON + 1, 2.0)]);
    let again = store.write("a", &[(NOON, 1.0), (NOON + 1, 2.0)]);
    assert_eq!(again.written.floats, 2);
    wait(again.commit).unwrap();
    assert_eq!(store.floats("a"), [(NOON, 1.0), (NOON + 1, 2.0)]);
    store.put("a", &[(NOON, 5.0)]);
    let expected = [(NOON, 5.0), (NOON + 1, 2.0)];
    assert_eq!(store.floats("a"), expected);
    store = store.killed();
    assert_eq!(store.floats("a"), expected);
    store.db.seal_all().unwrap();
    // A late value for a sealed window, first repeated, then another.
    store.put("a", &[(NOON, 5.0)]);
    assert_eq!(store.floats("a"), expected);
    let sealed = store.db.seal_all().unwrap();
    assert_eq!(sealed.windows_sealed, 1);
    store = store.killed();
    assert_eq!(
        store.db.recovery().parts,
        1,
        "a window of repeats makes no part"
    );
    store.put("a", &[(NOON, 6.0)]);
    let expected = [(NOON, 6.0), (NOON + 1, 2.0)];
    assert_eq!(store.floats("a"), expected);
    store = store.killed();
    assert_eq!(store.floats("a"), expected);
    store.db.seal_all().unwrap();
    assert_eq!(store.floats("a"), expected);
    store = store.killed();
    assert_eq!(store.floats("a"), expected);
}

#[test]
fn one_bad_sample_does_not_stop_the_others() {
    let store = Store::new();
    let id = store.db.resolve(&labels("a")).unwrap();
    let mut bad = (*histogram(3)).clone();
    bad.schema = 99;
    let unknown = plimsoll_types::SeriesRef(77);
    let mut samples = batch(
        id,
        &[
            float(NOON - 16 * 24 * HOUR, 1.0),
            float(NOON, 2.0),
            float(NOON + HOUR, 3.0),
            Sample::histogram(Timestamp::from_millis(NOON), Arc::new(bad)),
        ],
    );
    samples.samples.push((unknown, float(NOON, 4.0)));
    let appended = store.db.append(&samples, Durability::Periodic).unwrap();
    assert_eq!(appended.written.floats, 1);
    let reasons: Vec<_> = appended
        .rejected
        .iter()
        .map(|rejected| (rejected.index, &rejected.reason))
        .collect();
    let limit = Timestamp::from_millis(NOON - 15 * 24 * HOUR);
    assert_eq!(reasons[0], (0, &RejectedReason::TooOld { limit }));
    let limit = Timestamp::from_millis(NOON + 600_000);
    assert_eq!(reasons[1], (2, &RejectedReason::TooFarInFuture { limit }));
    assert!(matches!(
        reasons[2],
        (3, RejectedReason::InvalidHistogram(_))
    ));
    assert_eq!(reasons[3], (4, &RejectedReason::UnknownSeries));
    assert_eq!(store.floats("a"), [(NOON, 2.0)]);
}

#[test]
fn selectors_labels_and_limits() {
    let store = Store::new();
    for (name, job) in [("up", "a"), ("up", "b"), ("down", "a")] {
        let id = store
            .db
            .resolve(&Labels::from_pairs([("__name__", name), ("job", job)]))
            .unwrap();
        store
            .db
            .append(
                &batch(id, &[float(NOON - 3 * HOUR, 1.0), float(NOON, 1.0)]),
                Durability::Periodic,
            )
            .unwrap();
    }
    let regex = |name, value| Matcher::new(MatchOp::Regex, name, value).unwrap();
    let check = |step: &str| {
        let (db, all) = (&store.db, TimeRange::ALL);
        let found = |matchers: &[Matcher]| {
            db.select(matchers, all)
                .unwrap()
                .labels
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            found(&[]),
            [r#"down{job="a"}"#, r#"up{job="a"}"#, r#"up{job="b"}"#],
            "{step}"
        );
        assert_eq!(
            found(&[Matcher::equal("job", "b")]),
            [r#"up{job="b"}"#],
            "{step}"
        );
        assert_eq!(
            found(&[regex("__name__", "u.*"), regex("job", "a|c")]),
            [r#"up{job="a"}"#],
            "{step}"
        );
        assert_eq!(
            db.label_names(&[], all, 9).unwrap(),
            ["__name__", "job"],
            "{step}"
        );
        assert_eq!(
            db.label_values("job", &[], all, 9).unwrap(),
            ["a", "b"],
            "{step}"
        );
        assert_eq!(
            db.label_values("job", &[], all, 1).unwrap(),
            ["a"],
            "{step}"
        );
        let selectors = [
            vec![Matcher::equal("__name__", "down")],
            vec![Matcher::equal("job", "b")],
        ];
        assert_eq!(db.series(&selectors, all, 9).unwrap().len(), 2, "{step}");
        let before = TimeRange::new(Timestamp::MIN, Timestamp::from_millis(NOON - 5 * HOUR));
        assert!(db.series(&[], before, 9).unwrap().is_empty(), "{step}");
    };
    check("head");
    store.db.seal_all().unwrap();
    check("parts");
}

#[test]
fn a_selection_outlives_sealing_and_retention() {
    let store = Store::new();
    store.put("a", &[(NOON, 1.0)]);
    let mut from_head = store.db.select(&[], TimeRange::ALL).unwrap();
    store.db.seal_all().unwrap();
    let mut from_part = store.db.select(&[], TimeRange::ALL).unwrap();
    for _ in 0..17 * 24 {
        store.clock.advance(Duration::from_hours(1));
        store.db.maintain().unwrap();
    }
    assert!(
        store
            .db
            .select(&[], TimeRange::ALL)
            .unwrap()
            .labels
            .is_empty()
    );
    for selection in [&mut from_head, &mut from_part] {
        let mut columns = Default::default();
        selection.source.read(0, &mut columns).unwrap();
        assert_eq!(columns.timestamps, [NOON]);
    }
    let has_part = || {
        store
            .disk
            .files()
            .iter()
            .any(|path| path.to_string_lossy().contains("/parts/"))
    };
    assert!(has_part(), "a reader keeps the directory");
    drop((from_head, from_part));
    store.db.maintain().unwrap();
    assert!(!has_part());
}

#[test]
fn the_series_limit_holds_and_idle_series_make_room() {
    let (disk, clock) = (
        SimulatedDisk::new(Seed::new(1)),
        FakeClock::new(Timestamp::from_millis(NOON)),
    );
    let settings = Settings {
        series_limit: 1,
        ..crate::support::settings()
    };
    let db = open_with(&disk, &clock, settings).unwrap();
    let first = db.resolve(&labels("a")).unwrap();
    db.append(&batch(first, &[float(NOON, 1.0)]), Durability::Periodic)
        .unwrap();
    let error = db.resolve(&labels("b")).unwrap_err();
    assert_eq!(error.kind(), StorageErrorKind::SeriesLimit);
    db.seal_all().unwrap();
    db.maintain().unwrap();
    db.maintain().unwrap();
    let second = db.resolve(&labels("b")).unwrap();
    assert_ne!(first, second);
    let gone = db
        .append(&batch(first, &[float(NOON, 1.0)]), Durability::Periodic)
        .unwrap();
    assert_eq!(gone.rejected[0].reason, RejectedReason::UnknownSeries);
}

#[test]
fn a_large_batch_is_split_and_returns_whole() {
    let mut store = Store::new();
    let id = store.db.resolve(&labels("big")).unwrap();
    let mut state = 1u64;
    let samples: Vec<_> = (0..200_000)
        .map(|i| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            float(NOON - 200_000 + i, f64::from_bits(state >> 12))
        })
        .collect();
    let appended = store
        .db
        .append(&batch(id, &samples), Durability::Synced)
        .unwrap();
    wait(appended.commit).unwrap();
    assert!(crate::support::wal_files(&store.disk).len() > 1);
    store = store.killed();
    let found = read(&store.db, &[], TimeRange::ALL);
    assert!(found[0].1.iter().eq(samples));
    assert!(matches!(found[0].1.get(0).value, Value::Float(_)));
}

#[test]
fn every_sync_mode_survives_a_kill_and_all_but_os_a_power_loss() {
    for mode in [SyncMode::Always, SyncMode::Group, SyncMode::Os] {
        let disk = SimulatedDisk::new(Seed::new(1));
        let clock = FakeClock::new(Timestamp::from_millis(NOON));
        let settings = Settings {
            sync_mode: mode,
            ..crate::support::settings()
        };
        let db = open_with(&disk, &clock, settings.clone()).unwrap();
        for step in 0..5 {
            let samples = [float(NOON + step, 1.0)];
            let appended = write(&db, "a", &samples, Durability::Synced).unwrap();
            wait(appended.commit).unwrap();
        }
        let disk = disk.kill();
        drop(db);
        assert_eq!(
            floats(&open_with(&disk, &clock, settings.clone()).unwrap(), "a").len(),
            5,
            "{mode:?}"
        );
        let disk = disk.power_loss();
        let left = floats(&open_with(&disk, &clock, settings).unwrap(), "a").len();
        assert!(left == 5 || mode == SyncMode::Os, "{mode:?}: {left}");
    }
}

#[test]
fn back_pressure_refuses_instead_of_growing() {
    let disk = SimulatedDisk::new(Seed::new(1));
    let clock = FakeClock::new(Timestamp::from_millis(NOON));
    let settings = Settings {
        queue_bytes: ByteCount::KIB.times(64),
        ..crate::support::settings()
    };
    let db = open_with(&disk, &clock, settings).unwrap();
    let id = db.resolve(&labels("a")).unwrap();
    let samples: Vec<_> = (0..10_000)
        .map(|step| float(NOON - step, step as f64))
        .collect();
    // Nothing asks for a sync, so everything stays in memory until one comes.
    let refused = (0..10).find_map(|_| db.append(&batch(id, &samples), Durability::Periodic).err());
    assert_eq!(refused.unwrap().kind(), StorageErrorKind::Overloaded);
    db.sync().unwrap();
    db.append(&batch(id, &samples), Durability::Periodic)
        .unwrap();
}

#[test]
fn replay_takes_more_series_than_the_limit() {
    let (disk, clock) = (
        SimulatedDisk::new(Seed::new(1)),
        FakeClock::new(Timestamp::from_millis(NOON)),
    );
    let db = open_with(&disk, &clock, crate::support::settings()).unwrap();
    for name in ["a", "b", "c"] {
        let appended = write(&db, name, &[float(NOON, 1.0)], Durability::Synced).unwrap();
        wait(appended.commit).unwrap();
    }
    drop(db);
    let settings = Settings {
        series_limit: 1,
        ..crate::support::settings()
    };
    let db = open_with(&disk.kill(), &clock, settings).unwrap();
    for name in ["a", "b", "c"] {
        assert_eq!(floats(&db, name), [(NOON, 1.0)], "acknowledged is kept");
    }
    let error = db.resolve(&labels("d")).unwrap_err();
    assert_eq!(error.kind(), StorageErrorKind::SeriesLimit);
}

#[test]
fn a_histogram_that_no_part_can_hold_is_refused() {
    let mut store = Store::new();
    let buckets = (1 << 20) + 1;
    let huge = |sum| Histogram {
        sum,
        counts: Counts::Integer(BucketCounts {
            count: 0,
            zero: 0,
            positive: vec![0; buckets],
            negative: vec![],
        }),
        positive_spans: vec![Span {
            offset: 0,
            length: buckets as u32,
        }],
        ..Histogram::default()
    };
    let id = store.db.resolve(&labels("huge")).unwrap();
    for sum in [0.0, plimsoll_types::stale_nan()] {
        let sample = Sample::histogram(Timestamp::from_millis(NOON), Arc::new(huge(sum)));
        let appended = store
            .db
            .append(&batch(id, &[sample]), Durability::Periodic)
            .unwrap();
        assert!(matches!(
            appended.rejected[..],
            [plimsoll_types::Rejected {
                index: 0,
                reason: RejectedReason::InvalidHistogram(_)
            }]
        ));
    }
    store.put("a", &[(NOON, 1.0)]);
    assert_eq!(store.db.seal_all().unwrap().windows_sealed, 1);
    store = store.killed();
    assert_eq!(store.floats("a"), [(NOON, 1.0)]);
}

#[test]
fn long_label_sets_are_logged_in_records_of_bounded_size() {
    const LONG: usize = 400 << 10;
    let store = Store::new();
    let mut whole = WriteBatch::default();
    for number in 0..8 {
        let name = format!("m{number}");
        let labels = Labels::from_pairs([("__name__", name), ("long", "x".repeat(LONG))]);
        let id = store.db.resolve(&labels).unwrap();
        whole.samples.push((id, float(NOON, 1.0)));
    }
    let appended = store.db.append(&whole, Durability::Synced).unwrap();
    wait(appended.commit).unwrap();
    let mut series = 0;
    for path in crate::support::wal_files(&store.disk) {
        let name = path.file_name().unwrap().to_str().unwrap();
        let salt = plimsoll_tsdb::wal::SegmentId::parse(name).unwrap().salt;
        let bytes = plimsoll_runtime::disk::Disk::read(&store.disk, &path, 1 << 30).unwrap();
        for record in plimsoll_tsdb::wal::scan(&bytes, 36, salt) {
            let (_, record) = record.unwrap();
            assert!(record.payload.len() < (1 << 20) + LONG + 100);
            series += usize::from(record.kind == plimsoll_tsdb::wal::RecordKind::Series);
        }
    }
    assert!(series > 1);
    assert_eq!(read(&store.killed().db, &[], TimeRange::ALL).len(), 8);
}

#[test]
fn exemplars_that_are_not_kept_are_counted() {
    let store = Store::new();
    let id = store.db.resolve(&labels("a")).unwrap();
    let exemplar = |time| Exemplar {
        labels: Labels::from_pairs([("trace_id", "abc")]),
        value: 0.5,
        timestamp: Timestamp::from_millis(time),
    };
    let mut whole = WriteBatch::default();
    // Two are refused, and of the others a series keeps 512 in a window.
    whole.exemplars.push((id, exemplar(NOON + HOUR)));
    whole
        .exemplars
        .push((plimsoll_types::SeriesRef(77), exemplar(NOON)));
    let fitting = (0..515).map(|step| (id, exemplar(NOON + step)));
    whole.exemplars.extend(fitting);
    let appended = store.db.append(&whole, Durability::Periodic).unwrap();
    assert_eq!(appended.written.exemplars, 515);
    let registry = plimsoll_runtime::metrics::Registry::new();
    store.db.metrics().register(&registry);
    let text = registry.render();
    let line = "plimsoll_tsdb_exemplars_dropped_total 5";
    assert!(text.contains(line), "{text}");
}

#[test]
fn labels_are_the_same_with_and_without_a_walk() {
    let store = Store::new();
    for step in 0..4 {
        for job in ["a", "b"] {
            let labels = Labels::from_pairs([
                ("__name__", format!("m{step}")),
                ("job", format!("{job}{step}")),
            ]);
            let id = store.db.resolve(&labels).unwrap();
            let sample = float(NOON + step, 1.0);
            store
                .db
                .append(&batch(id, &[sample]), Durability::Periodic)
                .unwrap();
        }
        if step < 2 {
            store.db.seal_all().unwrap();
        }
    }
    let (db, all) = (&store.db, TimeRange::ALL);
    let walk = [vec![
        Matcher::new(MatchOp::Regex, "__name__", ".+").unwrap(),
    ]];
    for limit in [0, 1, 3, 100] {
        for name in ["job", "__name__", "none"] {
            assert_eq!(
                db.label_values(name, &[], all, limit).unwrap(),
                db.label_values(name, &walk, all, limit).unwrap(),
            );
        }
        assert_eq!(
            db.label_names(&[], all, limit).unwrap(),
            db.label_names(&walk, all, limit).unwrap(),
        );
        let series = db.series(&[], all, limit).unwrap();
        assert_eq!(series, db.series(&walk, all, 100).unwrap()[..limit.min(8)]);
    }
}

#[test]
fn a_repeat_without_a_start_timestamp_keeps_the_one_that_is_known() {
    let mut store = Store::new();
    let started = Sample {
        start: StartTimestamp::from_millis(NOON - HOUR),
        ..float(NOON, 2.0)
    };
    let check = |store: &Store, step: &str| {
        let found = read(&store.db, &[], TimeRange::ALL);
        let found: Vec<_> = found[0].1.iter().collect();
        assert_eq!(found, std::slice::from_ref(&started), "{step}");
    };
    let appended = write(
        &store.db,
        "a",
        std::slice::from_ref(&started),
        Durability::Synced,
    );
    wait(appended.unwrap().commit).unwrap();
    store.put("a", &[(NOON, 2.0)]);
    check(&store, "in one window");
    store.db.seal_all().unwrap();
    store.put("a", &[(NOON, 2.0)]);
    check(&store, "in a part and a window");
    store.db.seal_all().unwrap();
    store = store.killed();
    assert_eq!(store.db.recovery().parts, 1);
    check(&store, "in a part");
}
