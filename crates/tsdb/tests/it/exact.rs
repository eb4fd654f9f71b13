//! Every bit survives WAL, head, replay, seal, part and cleaning: start timestamps of floats and histograms, reset hints,
//! custom bounds, stale histograms.

use std::sync::Arc;

use plimsoll_types::{
    Appender, BucketCounts, CUSTOM_BUCKETS_SCHEMA, Counts, Durability, Histogram, ResetHint,
    STALE_NAN_BITS, Sample, Span, StartTimestamp, StoreAdmin, TimeRange, Timestamp, Value,
    WriteBatch, stale_nan,
};
use proptest::prelude::*;

use crate::support::{HOUR, NOON, Store, labels, read, wait};

fn float_bits() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => (0..9u32).prop_map(f64::from),
        1 => Just(f64::from_bits(STALE_NAN_BITS)),
        1 => any::<u64>().prop_map(f64::from_bits),
    ]
}

fn hint() -> impl Strategy<Value = ResetHint> {
    prop_oneof![
        Just(ResetHint::Unknown),
        Just(ResetHint::Reset),
        Just(ResetHint::NotReset),
        Just(ResetHint::Gauge),
    ]
}

fn histogram() -> impl Strategy<Value = Histogram> {
    let buckets = prop::collection::vec(0..5u64, 0..4);
    let bounds = prop::collection::btree_set(-9..9i32, 3..6);
    let shape = (any::<bool>(), any::<bool>(), -4..=8i8, -3..3i32);
    (hint(), buckets, 0..3u64, 0..99u32, bounds, shape).prop_map(
        |(reset_hint, buckets, zero, sum, bounds, (is_custom, is_float, schema, offset))| {
            let zero = if is_custom { 0 } else { zero };
            let span = Span {
                offset: if is_custom { 0 } else { offset },
                length: buckets.len() as u32,
            };
            let spans: Vec<Span> = (span.length > 0).then_some(span).into_iter().collect();
            let count = zero + buckets.iter().sum::<u64>();
            let counts = match is_float {
                false => Counts::Integer(BucketCounts {
                    count,
                    zero,
                    positive: buckets,
                    negative: Vec::new(),
                }),
                true => Counts::Float(BucketCounts {
                    count: count as f64 / 2.0,
                    zero: zero as f64 / 2.0,
                    positive: buckets.iter().map(|n| *n as f64 / 2.0).collect(),
                    negative: Vec::new(),
                }),
            };
            Histogram {
                schema: if is_custom {
                    CUSTOM_BUCKETS_SCHEMA
                } else {
                    schema
                },
                zero_threshold: if is_custom { 0.0 } else { 0.001 },
                sum: f64::from(sum) / 3.0,
                reset_hint,
                counts,
                positive_spans: spans,
                negative_spans: Vec::new(),
                custom_bounds: match is_custom {
                    true => bounds.into_iter().map(f64::from).collect(),
                    false => Vec::new(),
                },
            }
        },
    )
}

fn stale_histogram() -> impl Strategy<Value = Histogram> {
    hint().prop_map(|reset_hint| Histogram {
        sum: stale_nan(),
        reset_hint,
        ..Histogram::default()
    })
}

fn samples() -> impl Strategy<Value = Vec<Sample>> {
    let value = prop_oneof![
        4 => float_bits().prop_map(Value::Float),
        3 => histogram().prop_map(|histogram| Value::Histogram(Arc::new(histogram))),
        1 => stale_histogram().prop_map(|histogram| Value::Histogram(Arc::new(histogram))),
    ];
    let start = prop_oneof![
        3 => Just(0),
        3 => Just(NOON - 5),
        1 => NOON - 99..NOON + 99,
    ];
    // Two windows, so that a part is made of each.
    let time = prop_oneof![0..200i64, 2 * HOUR..2 * HOUR + 50];
    let samples = prop::collection::btree_map(time, (start, value), 1..60);
    let shuffled = samples.prop_map(|samples| samples.into_iter().collect::<Vec<_>>());
    shuffled.prop_shuffle().prop_map(|samples| {
        let sample = |(time, (start, value)): (i64, (i64, Value))| Sample {
            timestamp: Timestamp::from_millis(NOON - 4 * HOUR + time),
            start: StartTimestamp::from_millis(start),
            value,
        };
        samples.into_iter().map(sample).collect()
    })
}

fn check(store: &Store, expected: &[Sample], when: &str) {
    let found = read(&store.db, &[], TimeRange::ALL);
    let found: Vec<Sample> = found
        .iter()
        .flat_map(|(_, columns)| columns.iter())
        .collect();
    assert_eq!(found, expected, "{when}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn every_bit_survives_every_step(samples in samples()) {
        let mut store = Store::new();
        let id = store.db.resolve(&labels("a")).unwrap();
        for few in samples.chunks(7) {
            let batch = WriteBatch {
                samples: few.iter().map(|sample| (id, sample.clone())).collect(),
                ..WriteBatch::default()
            };
            let appended = store.db.append(&batch, Durability::Synced).unwrap();
            prop_assert_eq!(appended.rejected, []);
            wait(appended.commit).unwrap();
        }
        let mut expected = samples;
        expected.sort_by_key(|sample| sample.timestamp);
        check(&store, &expected, "head");
        store = store.after_power_loss();
        check(&store, &expected, "replay");
        // One sample in the middle goes: its lane is built anew.
        let gone = expected.remove(expected.len() / 2).timestamp;
        store.db.delete_series(&[vec![]], TimeRange::new(gone, gone)).unwrap();
        check(&store, &expected, "deletion");
        store.db.seal_all().unwrap();
        check(&store, &expected, "part");
        store = store.after_power_loss();
        check(&store, &expected, "opened part");
        if expected.is_empty() {
            return Ok(());
        }
        let gone = expected.remove(expected.len() / 2).timestamp;
        store.db.delete_series(&[vec![]], TimeRange::new(gone, gone)).unwrap();
        check(&store, &expected, "tombstone");
        store.db.clean_tombstones().unwrap();
        check(&store, &expected, "cleaned part");
    }
}
