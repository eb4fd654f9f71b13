//! From a sample to the whole number that is counted with.

use plimsoll_types::{Histogram, Sample, Value};

use crate::sli::{Comparison, Reading};

/// Beyond this a float does not hold whole numbers, so differences would be noise.
const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;

/// What counting keeps of a sample.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Kept {
    /// Milliseconds since the epoch.
    pub(crate) time: i64,
    /// Of a counter its value as a whole number; of a gauge 1 when its check holds, else 0.
    pub(crate) value: i64,
    /// Falls only when the counter was reset; the value itself, unless a histogram is counted up to a bound.
    pub(crate) guard: i64,
    /// Since when it was counted, in milliseconds; 0 when not known.
    pub(crate) start: i64,
}

/// Reads a sample; `None` when it is none for this reading: a staleness marker, no number, a histogram where a gauge was
/// wanted.
pub(crate) fn read(reading: &Reading, sample: &Sample) -> Option<Kept> {
    let time = sample.timestamp.millis();
    let (value, guard) = match (reading, &sample.value) {
        (Reading::Counter, Value::Float(value)) => twice(whole(*value)?),
        (Reading::Counter, Value::Histogram(histogram)) => twice(observations(histogram)?),
        (Reading::AtOrBelow(bound), Value::Histogram(histogram)) => {
            let all = observations(histogram)?;
            (whole(at_or_below(histogram, *bound))?.min(all), all)
        }
        (Reading::Check { comparison, bound }, Value::Float(value)) => {
            twice(i64::from(holds(*comparison, number(*value)?, *bound)))
        }
        (Reading::Age(age), Value::Float(value)) => {
            let seconds = time as f64 / 1000.0 - number(*value)?;
            twice(i64::from(seconds <= age.as_secs_f64()))
        }
        (Reading::AtOrBelow(_), Value::Float(_))
        | (Reading::Check { .. } | Reading::Age(_), Value::Histogram(_)) => return None,
    };
    Some(Kept {
        time,
        value,
        guard,
        start: sample.start.millis(),
    })
}

/// Says whether each sample is an event by itself.
pub(crate) const fn is_gauge(reading: &Reading) -> bool {
    matches!(reading, Reading::Check { .. } | Reading::Age(_))
}

fn twice(value: i64) -> (i64, i64) {
    (value, value)
}

/// Rounds to a whole number; `None` for NaN, the staleness marker among them, and for what is too large to be one.
fn whole(value: f64) -> Option<i64> {
    (value.abs() <= WHOLE_MAX).then(|| value.round() as i64)
}

fn number(value: f64) -> Option<f64> {
    (!value.is_nan()).then_some(value)
}

fn observations(histogram: &Histogram) -> Option<i64> {
    match histogram.sum.to_bits() {
        plimsoll_types::STALE_NAN_BITS => None,
        _ => whole(histogram.count()),
    }
}

/// Counts the buckets that lie at or below the bound as a whole: what certainly kept the promise.
fn at_or_below(histogram: &Histogram, bound: f64) -> f64 {
    // An edge of an exponential bucket is a power that a decimal bound meets to some digits only.
    let bound = bound + bound.abs() * 1e-12;
    let buckets = histogram.buckets().into_iter();
    buckets
        .filter(|bucket| bucket.upper <= bound)
        .map(|bucket| bucket.count)
        .sum()
}

fn holds(comparison: Comparison, value: f64, bound: f64) -> bool {
    match comparison {
        Comparison::Equal => value == bound,
        Comparison::NotEqual => value != bound,
        Comparison::Less => value < bound,
        Comparison::LessOrEqual => value <= bound,
        Comparison::Greater => value > bound,
        Comparison::GreaterOrEqual => value >= bound,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use plimsoll_types::{BucketCounts, CUSTOM_BUCKETS_SCHEMA, Counts, Span, Timestamp, stale_nan};

    use super::*;

    fn value(reading: Reading, value: f64) -> Option<i64> {
        let sample = Sample::float(Timestamp::from_millis(100_000), value);
        read(&reading, &sample).map(|kept| kept.value)
    }

    #[test]
    fn a_counter_is_rounded_and_a_marker_is_no_sample() {
        assert_eq!(value(Reading::Counter, 41.999_999), Some(42));
        for nothing in [stale_nan(), f64::NAN, f64::INFINITY, 1e300] {
            assert_eq!(value(Reading::Counter, nothing), None);
        }
    }

    #[test]
    fn gauges_hold_or_not() {
        let check = |comparison, bound| Reading::Check { comparison, bound };
        assert_eq!(value(check(Comparison::Equal, 1.0), 1.0), Some(1));
        assert_eq!(value(check(Comparison::Greater, 1.0), 1.0), Some(0));
        assert_eq!(value(check(Comparison::NotEqual, 1.0), stale_nan()), None);
        let fresh = Reading::Age(Duration::from_secs(30));
        assert_eq!((value(fresh, 70.0), value(fresh, 69.9)), (Some(1), Some(0)));
    }

    #[test]
    fn only_buckets_that_lie_below_the_bound_as_a_whole_are_good() {
        let histogram = Histogram {
            schema: CUSTOM_BUCKETS_SCHEMA,
            custom_bounds: vec![0.1, 0.3, 1.0],
            positive_spans: vec![Span {
                offset: 0,
                length: 4,
            }],
            counts: Counts::Integer(BucketCounts {
                count: 100,
                zero: 0,
                positive: vec![10, 20, 30, 40],
                negative: Vec::new(),
            }),
            ..Histogram::default()
        };
        let sample = Sample::histogram(Timestamp::EPOCH, Arc::new(histogram));
        let read =
            |bound| read(&Reading::AtOrBelow(bound), &sample).map(|kept| (kept.value, kept.guard));
        assert_eq!(read(0.3), Some((30, 100)));
        assert_eq!(read(0.29), Some((10, 100)));
        assert_eq!(read(5.0), Some((60, 100)));
        let stale = Sample::histogram(Timestamp::EPOCH, Arc::new(Histogram::stale()));
        assert_eq!(super::read(&Reading::Counter, &stale), None);
    }
}
