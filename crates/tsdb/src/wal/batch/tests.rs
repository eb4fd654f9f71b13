use proptest::prelude::*;

use super::*;
use crate::wal::histogram::tests::histograms;

fn labels() -> impl Strategy<Value = Labels> {
    prop::collection::btree_map(".{0,6}", ".{0,70}", 0..5).prop_map(Labels::from_pairs)
}

fn refs() -> impl Strategy<Value = SeriesRef> {
    any::<u64>().prop_map(SeriesRef)
}

fn samples() -> impl Strategy<Value = Sample> {
    let value = prop_oneof![
        3 => any::<u64>().prop_map(|bits| Value::Float(f64::from_bits(bits))),
        1 => histograms().prop_map(|histogram| Value::Histogram(Arc::new(histogram))),
    ];
    let start = prop_oneof![Just(0), any::<i64>()];
    (any::<i64>(), start, value).prop_map(|(timestamp, start, value)| Sample {
        timestamp: Timestamp::from_millis(timestamp),
        start: StartTimestamp::from_millis(start),
        value,
    })
}

fn exemplars() -> impl Strategy<Value = Exemplar> {
    (labels(), any::<f64>(), any::<i64>()).prop_map(|(labels, value, timestamp)| Exemplar {
        labels,
        value,
        timestamp: Timestamp::from_millis(timestamp),
    })
}

fn metadata() -> impl Strategy<Value = Metadata> {
    (0..TYPES.len(), ".{0,8}", ".{0,40}").prop_map(|(kind, unit, help)| Metadata {
        metric_type: TYPES[kind],
        unit,
        help,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn batches_return_whole_and_in_order(
        samples in prop::collection::vec((refs(), samples()), 0..20),
        exemplars in prop::collection::vec((refs(), exemplars()), 0..4),
        metadata in prop::collection::vec((refs(), metadata()), 0..4),
    ) {
        let batch = WriteBatch { samples, exemplars, metadata };
        let bytes = encode_batch(&batch);
        let found = decode_batch(&bytes).unwrap();
        prop_assert_eq!(&found.samples, &batch.samples);
        prop_assert_eq!(&found.exemplars, &batch.exemplars);
        prop_assert_eq!(&found.metadata, &batch.metadata);
        for end in 0..bytes.len() {
            prop_assert!(decode_batch(&bytes[..end]).is_err());
        }
    }

    #[test]
    fn series_return_whole(series in prop::collection::vec((refs(), labels()), 0..8)) {
        prop_assert_eq!(decode_series(&encode_series(&series)).unwrap(), series);
    }

    #[test]
    fn nothing_panics(bytes: Vec<u8>) {
        let _ = decode_batch(&bytes);
        let _ = decode_series(&bytes);
    }
}

#[test]
fn a_claimed_length_costs_no_memory() {
    let mut bytes = Vec::new();
    put_varint(&mut bytes, u64::MAX >> 1);
    assert!(decode_batch(&bytes).is_err());
    assert!(decode_series(&bytes).is_err());
}
