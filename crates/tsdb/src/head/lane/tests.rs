use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::wal::histogram_strategy;

fn sample() -> impl Strategy<Value = Sample> {
    let value = prop_oneof![
        8 => (0..4u32).prop_map(|value| Value::Float(value.into())),
        1 => Just(Value::Float(plimsoll_types::stale_nan())),
        1 => histogram_strategy().prop_map(|histogram| Value::Histogram(Arc::new(histogram))),
    ];
    let start = prop_oneof![4 => Just(0), 1 => Just(7), 1 => Just(9)];
    (start, value).prop_map(|(start, value)| Sample {
        timestamp: Timestamp::EPOCH,
        start: StartTimestamp::from_millis(start),
        value,
    })
}

/// Mostly in order, with steps back.
fn samples() -> impl Strategy<Value = Vec<Sample>> {
    let step = prop_oneof![8 => 1..3i64, 1 => -40..0i64, 1 => Just(0i64)];
    prop::collection::vec((step, sample()), 0..500).prop_map(|steps| {
        let mut time = 0;
        steps
            .into_iter()
            .map(|(step, sample)| {
                time += step;
                Sample {
                    timestamp: Timestamp::from_millis(time),
                    ..sample
                }
            })
            .collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn equals_a_map(samples in samples(), start in -10..600i64, length in 0..300i64) {
        let (mut lane, mut model) = (Lane::default(), BTreeMap::<i64, Sample>::new());
        for sample in &samples {
            let known = model.get(&sample.timestamp.millis());
            let expected = match known {
                None => Inserted::New,
                Some(known) if known.value == sample.value => Inserted::Duplicate,
                Some(_) => Inserted::Conflict,
            };
            let keeps = known.is_some_and(|known| known.value == sample.value)
                && sample.start == StartTimestamp::UNKNOWN;
            if !keeps {
                model.insert(sample.timestamp.millis(), sample.clone());
            }
            prop_assert_eq!(lane.insert(sample), expected);
        }
        for (start, end) in [(i64::MIN, i64::MAX), (start, start + length)] {
            let mut found = SampleColumns::default();
            lane.read(TimeRange::new(Timestamp::from_millis(start), Timestamp::from_millis(end)), &mut found);
            let expected: Vec<_> = model.range(start..=end).map(|(_, sample)| sample.clone()).collect();
            prop_assert_eq!(found.iter().collect::<Vec<_>>(), expected);
        }
        let ends = model.keys().next().copied().zip(model.keys().next_back().copied());
        prop_assert_eq!(lane.extent(), ends);
        let reaches = ends.is_some_and(|(first, last)| first <= start + length && start <= last);
        prop_assert_eq!(lane.reaches_into((start, start + length)), reaches);
        prop_assert_eq!(lane.has_samples(), !samples.is_empty());
    }
}

/// Long enough for many places where a walk may begin.
#[test]
fn a_long_lane_is_found_anywhere() {
    let noise = |at: i64| f64::from_bits(0x3ff0_0000_0000_0000 | (at as u64 * 0x9_e377_9b97));
    let sample = |at: i64| Sample {
        // Every thousand samples the start changes.
        start: StartTimestamp::from_millis(1 + at / 1000),
        ..Sample::float(Timestamp::from_millis(at * 10), noise(at))
    };
    let mut lane = Lane::default();
    (0..9999).for_each(|at| assert_eq!(lane.insert(&sample(at)), Inserted::New));
    assert!(lane.landmarks().len() > 10);
    assert_eq!(
        (lane.sample_count(), lane.extent()),
        (9999, Some((0, 99_980)))
    );
    assert_eq!(lane.closed_chunks(), 9999 / 120);
    for at in (0..9999).step_by(7) {
        assert_eq!(lane.insert(&sample(at)), Inserted::Duplicate);
        let mut found = SampleColumns::default();
        let around = |millis| Timestamp::from_millis(at * 10 + millis);
        lane.read(TimeRange::new(around(-5), around(15)), &mut found);
        let expected: Vec<_> = (at..=at + 1).filter(|at| *at < 9999).map(sample).collect();
        assert_eq!(found.iter().collect::<Vec<_>>(), expected);
    }
    let late = Sample::float(Timestamp::from_millis(55_555), 1.0);
    assert_eq!(lane.insert(&late), Inserted::New);
    assert_eq!(lane.insert(&late), Inserted::Duplicate);
    let half = TimeRange::new(Timestamp::from_millis(50_000), Timestamp::MAX);
    assert_eq!(lane.delete(half), 5000);
    assert_eq!(
        (lane.sample_count(), lane.extent()),
        (5000, Some((0, 49_990)))
    );
}
