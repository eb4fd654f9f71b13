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
        prop_assert_eq!(lane.has_samples(), !samples.is_empty());
    }
}
