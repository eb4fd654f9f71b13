use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::{BucketCounts, Counts, Histogram, ResetHint, Sample, stale_nan};

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

/// A histogram that counts `value` observations.
fn histogram(value: u64, reset_hint: ResetHint) -> Arc<Histogram> {
    let counts = BucketCounts {
        count: value,
        zero: value,
        ..BucketCounts::default()
    };
    Arc::new(Histogram {
        sum: value as f64,
        reset_hint,
        zero_threshold: 0.5,
        counts: Counts::Integer(counts),
        ..Histogram::default()
    })
}

fn value() -> impl Strategy<Value = f64> {
    prop_oneof![
        8 => (0..50u32).prop_map(f64::from),
        2 => (0..9u32).prop_map(|value| f64::from(value) / 10.0),
        1 => prop_oneof![Just(f64::NAN), Just(stale_nan()), Just(-0.0), Just(1e300), Just(-7.0)],
    ]
}

#[derive(Clone, Debug)]
enum Kind {
    Float(f64),
    Histogram(u64, bool),
}

fn samples() -> impl Strategy<Value = SampleColumns> {
    let kind = prop_oneof![
        6 => value().prop_map(Kind::Float),
        1 => (0..9u64, any::<bool>()).prop_map(|(count, is_gauge)| Kind::Histogram(count, is_gauge)),
    ];
    prop::collection::btree_map(-200..200i64, kind, 0..120).prop_map(|samples| {
        let mut columns = SampleColumns::default();
        for (time, kind) in samples {
            columns.push(&match kind {
                Kind::Float(value) => Sample::float(at(time), value),
                Kind::Histogram(count, false) => {
                    Sample::histogram(at(time), histogram(count, ResetHint::Unknown))
                }
                Kind::Histogram(count, true) => {
                    Sample::histogram(at(time), histogram(count, ResetHint::Gauge))
                }
            });
        }
        columns
    })
}

/// The floats in `(after, until]` that are no staleness markers.
fn floats(samples: &SampleColumns, (after, until): (i64, i64)) -> Vec<(i64, f64)> {
    let inside = samples.iter().filter(|sample| {
        let time = sample.timestamp.millis();
        after < time && time <= until
    });
    let float = |sample: Sample| match sample.value {
        crate::Value::Float(value) if !is_stale(value) => Some((sample.timestamp.millis(), value)),
        _ => None,
    };
    inside.filter_map(float).collect()
}

fn close(a: f64, b: f64) -> bool {
    a.to_bits() == b.to_bits()
        || (a.is_nan() && b.is_nan())
        || (a - b).abs() <= 1e-12 * a.abs().max(1.0)
}

proptest! {
    #[test]
    fn a_run_of_windows_tells_what_its_samples_do(
        samples in samples(), from in -8..8i64, count in 1..9i64, length in prop_oneof![Just(10i64), Just(30)],
    ) {
        let mut windows = Vec::new();
        TierWindow::roll(&samples, length, &mut windows);
        let (after, until) = (from * length, (from + count) * length);
        let mut joined = Joined::default();
        let inside = |w: &&TierWindow| after < w.end.millis() && w.end.millis() <= until;
        windows.iter().filter(inside).for_each(|window| joined.add(window));
        let expected = floats(&samples, (after, until));
        let found = joined.floats();
        prop_assert_eq!(found.is_some(), !expected.is_empty());
        let Some(found) = found else { return Ok(()); };
        let values: Vec<f64> = expected.iter().map(|(_, value)| *value).collect();
        prop_assert_eq!(found.count, values.len() as u64);
        prop_assert_eq!(found.first.0.millis(), expected[0].0);
        prop_assert_eq!(found.last.0.millis(), expected[expected.len() - 1].0);
        prop_assert_eq!(found.first.1.to_bits(), values[0].to_bits());
        let numbers = || values.iter().copied().filter(|value| !value.is_nan());
        let (min, max) = (numbers().reduce(f64::min), numbers().reduce(f64::max));
        prop_assert!(min.map_or(found.min.is_nan(), |min| min == found.min));
        prop_assert!(max.map_or(found.max.is_nan(), |max| max == found.max));
        let drops: Vec<f64> = values.windows(2).filter(|two| two[1] < two[0]).map(|two| two[0]).collect();
        prop_assert_eq!(found.drops as usize, drops.len());
        prop_assert!(close(found.resets, drops.iter().sum()), "{} of {:?}", found.resets, drops);
        // Beside a huge value only the compensation keeps the small ones.
        let exact = match values.contains(&1e300) {
            true => return Ok(()),
            false => values.iter().sum::<f64>(),
        };
        prop_assert!(close(found.sum, exact), "{} {}", found.sum, exact);
        let summary = found.exact_summary();
        if let Some(sum) = summary.sum {
            prop_assert_eq!(sum, exact);
        }
        let is_simple = values.iter().all(|value| value.trunc() == *value);
        prop_assert!(!is_simple || (summary.sum.is_some() && summary.resets.is_some()));
    }

    #[test]
    fn the_increase_over_whole_windows_is_that_of_the_samples(
        values in prop::collection::vec(0..1000u32, 2..200), every in 1..40i64,
    ) {
        let mut samples = SampleColumns::default();
        for (index, value) in values.iter().enumerate() {
            samples.push(&Sample::float(at(index as i64 * every), f64::from(*value)));
        }
        let mut windows = Vec::new();
        // In two pieces, as in two parts.
        TierWindow::roll(&samples, 60, &mut windows);
        let mut joined = Joined::default();
        windows.iter().for_each(|window| joined.add(window));
        let found = joined.floats().unwrap();
        let increase = found.last.1 - found.first.1 + found.resets;
        let walked: u32 = values.windows(2).map(|two| if two[1] < two[0] { two[1] } else { two[1] - two[0] }).sum();
        prop_assert_eq!(increase, f64::from(walked));
    }

    #[test]
    fn coarse_windows_are_the_same_from_fine_ones(samples in samples()) {
        let (mut fine, mut coarse, mut direct) = (Vec::new(), Vec::new(), Vec::new());
        TierWindow::roll(&samples, 10, &mut fine);
        TierWindow::coarsen(&fine, 60, &mut coarse);
        TierWindow::roll(&samples, 60, &mut direct);
        prop_assert_eq!(coarse.len(), direct.len());
        for (coarse, direct) in coarse.iter().zip(&direct) {
            prop_assert_eq!((coarse.end, coarse.is_ended), (direct.end, direct.is_ended));
            prop_assert_eq!(&coarse.histograms.as_ref().map(|h| (h.count, h.kept.clone())),
                &direct.histograms.as_ref().map(|h| (h.count, h.kept.clone())));
            prop_assert_eq!(coarse.floats.is_some(), direct.floats.is_some());
            if let (Some(coarse), Some(direct)) = (coarse.floats, direct.floats) {
                prop_assert!(close(coarse.sum, direct.sum));
                prop_assert_eq!((coarse.count, coarse.drops, coarse.is_whole), (direct.count, direct.drops, direct.is_whole));
                prop_assert!(close(coarse.resets, direct.resets));
            }
        }
    }

    #[test]
    fn of_histograms_stays_what_their_increase_needs(counts in prop::collection::vec((0..9u64, 0..3u8), 1..40), cut in 0..40usize) {
        let hint = |number| match number {
            0 => ResetHint::Unknown,
            1 => ResetHint::NotReset,
            _ => ResetHint::Reset,
        };
        let all: Vec<(Timestamp, Arc<Histogram>)> = counts.iter().enumerate()
            .map(|(index, (count, number))| (at(index as i64), histogram(*count, hint(*number)))).collect();
        let cut = cut.min(all.len());
        let mut parts = [all[..cut].to_vec(), all[cut..].to_vec()].into_iter().filter_map(HistogramRollup::of);
        let mut rollup = parts.next().unwrap();
        parts.for_each(|next| rollup.join(&next));
        let increase = |samples: &[(Timestamp, Arc<Histogram>)]| {
            let mut total = 0.0;
            for two in samples.windows(2) {
                let is_reset = two[1].1.reset_hint == ResetHint::Reset || two[1].1.fell_after(&two[0].1);
                total += two[1].1.count() - if is_reset { 0.0 } else { two[0].1.count() };
            }
            total
        };
        prop_assert_eq!(rollup.count, all.len() as u64);
        prop_assert_eq!(increase(&rollup.kept), increase(&all));
        prop_assert_eq!(rollup.kept.first().map(|(time, _)| *time), Some(at(0)));
        prop_assert_eq!(rollup.kept.last(), all.last());
    }
}

#[test]
fn a_window_is_open_on_the_left() {
    for (point, end) in [(-10, -10), (-9, 0), (0, 0), (1, 10), (10, 10), (11, 20)] {
        assert_eq!(window_end(at(point), 10), at(end), "{point}");
    }
    assert_eq!(window_end(Timestamp::MAX, 10), Timestamp::MAX);
}

#[test]
fn a_series_that_ended_says_so_in_its_last_window_only() {
    let mut samples = SampleColumns::default();
    for (time, value) in [
        (1, 1.0),
        (5, stale_nan()),
        (6, 2.0),
        (12, stale_nan()),
        (25, 3.0),
    ] {
        samples.push(&Sample::float(at(time), value));
    }
    let mut windows = Vec::new();
    TierWindow::roll(&samples, 10, &mut windows);
    let ended: Vec<bool> = windows.iter().map(|window| window.is_ended).collect();
    assert_eq!(ended, [false, true, false]);
    assert_eq!(windows[1].floats, None);
}

#[test]
fn gauges_are_added_and_counters_are_not() {
    let rollup = |hint| {
        let samples = [3, 4, 5].map(|count| (at(count), histogram(count as u64, hint)));
        HistogramRollup::of(samples.to_vec()).unwrap()
    };
    let mut gauge = rollup(ResetHint::Gauge);
    gauge.join(&rollup(ResetHint::Gauge));
    assert_eq!(gauge.sum.unwrap().count(), 24.0);
    assert_eq!(rollup(ResetHint::Unknown).sum, None);
}
