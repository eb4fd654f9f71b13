use plimsoll_types::{BucketCounts, Counts, ResetHint, Sample, SampleColumns, stale_nan};
use proptest::prelude::*;

use super::*;

fn histogram(value: u64, reset_hint: ResetHint) -> Arc<Histogram> {
    let counts = BucketCounts {
        count: value,
        zero: value,
        ..BucketCounts::default()
    };
    Arc::new(Histogram {
        sum: value as f64,
        reset_hint,
        counts: Counts::Integer(counts),
        ..Histogram::default()
    })
}

fn sample() -> impl Strategy<Value = (u8, f64)> {
    let value = prop_oneof![
        6 => (0..40u32).prop_map(f64::from),
        2 => any::<f64>(),
        1 => prop_oneof![Just(stale_nan()), Just(f64::NAN), Just(-0.0)],
    ];
    (0..8u8, value)
}

fn windows() -> impl Strategy<Value = Vec<TierWindow>> {
    let samples = prop::collection::btree_map(-500..500i64, sample(), 0..200);
    (samples, any::<bool>()).prop_map(|(samples, has_histograms)| {
        let mut columns = SampleColumns::default();
        for (time, (kind, value)) in samples {
            let at = Timestamp::from_millis(time);
            columns.push(&match kind {
                0 if has_histograms => Sample::histogram(at, histogram(3, ResetHint::Gauge)),
                1 if has_histograms => {
                    Sample::histogram(at, histogram(time.unsigned_abs(), ResetHint::Unknown))
                }
                _ => Sample::float(at, value),
            });
        }
        let mut windows = Vec::new();
        TierWindow::roll(&columns, 30, &mut windows);
        windows
    })
}

/// As text, so that NaN equals itself.
fn text(windows: &[TierWindow]) -> String {
    format!("{windows:?}")
}

fn encoded(windows: &[TierWindow]) -> (Vec<i64>, Vec<i64>, Vec<u8>) {
    let ends = windows.iter().map(|window| window.end.millis()).collect();
    let mut bytes = Vec::new();
    encode(windows, 4, &mut bytes);
    (ends, shape(windows), bytes)
}

proptest! {
    #[test]
    fn returns_what_was_put_in(windows in windows()) {
        let (ends, shape, bytes) = encoded(&windows);
        let found = decode(&ends, &shape, &bytes).unwrap();
        prop_assert_eq!(text(&found), text(&windows));
    }

    #[test]
    fn hostile_bytes_are_refused_or_read(
        windows in windows(), flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        shaken in prop::collection::vec((any::<prop::sample::Index>(), any::<i64>()), 0..3), cut: prop::sample::Index,
    ) {
        let (ends, mut shape, mut bytes) = encoded(&windows);
        for (at, value) in flips {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        let count = shape.len().max(1);
        for (at, value) in shaken {
            if let Some(number) = shape.get_mut(at.index(count)) {
                *number = value;
            }
        }
        let _ = decode(&ends, &shape, &bytes);
        let _ = decode(&ends, &shape, &bytes[..cut.index(bytes.len())]);
    }
}

#[test]
fn what_does_not_change_costs_nothing_but_its_value() {
    let mut columns = SampleColumns::default();
    for index in 0..2880 {
        columns.push(&Sample::float(
            Timestamp::from_millis(index * 15_000 + 7),
            42.5,
        ));
    }
    let mut windows = Vec::new();
    TierWindow::roll(&columns, 300_000, &mut windows);
    let (_, shape, bytes) = encoded(&windows);
    assert!(bytes.len() <= 16, "{}", bytes.len());
    assert_eq!(shape.len(), SHAPE_WIDTH * windows.len());
    let other = windows.iter().cloned().map(|mut window| {
        window.floats.as_mut().unwrap().first.1 = 7.0;
        window
    });
    assert_eq!(super::shape(&other.collect::<Vec<_>>()), shape);
}
