//! Native histograms that grow, begin anew, change their resolution and end.

use plimsoll_testkit::Seed;
use plimsoll_types::{
    BucketCounts, CUSTOM_BUCKETS_SCHEMA, Counts, Histogram, ResetHint, Sample, Span, Timestamp,
    stale_nan,
};

/// Bounds of custom buckets; a series uses the first few of them.
const BOUNDS: [f64; 5] = [-1.0, 0.0, 0.5, 2.0, 10.0];
/// Buckets on each side of a histogram with exponential buckets.
const BUCKETS: usize = 4;

/// Returns one series of histograms.
pub(super) fn histograms(is_custom: bool, times: Vec<i64>, random: &mut Seed) -> Vec<Sample> {
    let mut current = first(is_custom, random);
    let mut samples = Vec::new();
    for time in times {
        let at = Timestamp::from_millis(time);
        match random.below(100) {
            0..=2 => current = first(is_custom, random),
            3 => {
                samples.push(Sample::float(at, stale_nan()));
                continue;
            }
            4..=6 => continue,
            _ => grow(&mut current, random),
        }
        samples.push(Sample::histogram(at, current.clone().into()));
    }
    samples
}

fn first(is_custom: bool, random: &mut Seed) -> Histogram {
    let span = |offset: i32, length: usize| {
        vec![Span {
            offset,
            length: length as u32,
        }]
    };
    let mut histogram = Histogram::default();
    let mut counts = BucketCounts::<u64>::default();
    if is_custom {
        let bounds = 3 + random.below(3) as usize;
        histogram.schema = CUSTOM_BUCKETS_SCHEMA;
        histogram.custom_bounds = BOUNDS[..bounds].to_vec();
        histogram.positive_spans = span(0, bounds + 1);
        counts.positive = vec![0; bounds + 1];
    } else {
        histogram.schema = random.below(3) as i8 - 1;
        histogram.zero_threshold = [0.0, 0.001, 0.5][random.below(3) as usize];
        histogram.positive_spans = span(random.below(3) as i32, BUCKETS);
        histogram.negative_spans = span(random.below(3) as i32, BUCKETS);
        counts.positive = vec![0; BUCKETS];
        counts.negative = vec![0; BUCKETS];
    }
    histogram.reset_hint = ResetHint::Unknown;
    histogram.counts = Counts::Integer(counts);
    grow(&mut histogram, random);
    histogram
}

fn grow(histogram: &mut Histogram, random: &mut Seed) {
    let is_exponential = !histogram.has_custom_bounds();
    let Counts::Integer(counts) = &mut histogram.counts else {
        unreachable!("it was made of whole numbers")
    };
    let mut added = 0;
    for count in counts.positive.iter_mut().chain(&mut counts.negative) {
        let more = random.below(5);
        *count += more;
        added += more;
    }
    if is_exponential {
        let more = random.below(3);
        counts.zero += more;
        added += more;
    }
    counts.count += added;
    histogram.sum += (random.below(640) as f64 - 64.0) / 64.0;
}

#[cfg(test)]
mod tests {
    use plimsoll_types::Value;

    use super::*;

    #[test]
    fn every_histogram_is_valid() {
        for is_custom in [true, false] {
            let times = (0..1000).map(|index| index * 15_000).collect();
            let samples = histograms(is_custom, times, &mut Seed::new(1));
            assert!(samples.len() > 900);
            for sample in samples {
                if let Value::Histogram(histogram) = &sample.value {
                    histogram.validate().unwrap();
                }
            }
        }
    }
}
