//! Statistics of one native histogram.

use plimsoll_types::{BucketNumber, Histogram};

use crate::evaluate::Sum;

pub(crate) fn count(histogram: &Histogram) -> f64 {
    histogram.count()
}

pub(crate) fn sum(histogram: &Histogram) -> f64 {
    histogram.sum
}

pub(crate) fn avg(histogram: &Histogram) -> f64 {
    histogram.sum / histogram.count()
}

pub(crate) fn stddev(histogram: &Histogram) -> f64 {
    stdvar(histogram).sqrt()
}

/// Returns the variance with every observation in the middle of its bucket: the arithmetic one for custom buckets, the
/// geometric one for exponential ones, 0 around zero.
pub(crate) fn stdvar(histogram: &Histogram) -> f64 {
    let mean = avg(histogram);
    let mut squares = Sum::default();
    for (number, count) in histogram.bucket_counts() {
        if count == 0.0 {
            continue;
        }
        let bucket = histogram.bucket(number, count);
        let middle = match number {
            _ if histogram.has_custom_bounds() => (bucket.lower + bucket.upper) / 2.0,
            _ if bucket.lower <= 0.0 && bucket.upper >= 0.0 => 0.0,
            BucketNumber::Negative(_) => -(bucket.lower * bucket.upper).sqrt(),
            _ => (bucket.lower * bucket.upper).sqrt(),
        };
        squares.add(count * (middle - mean) * (middle - mean));
    }
    squares.value() / histogram.count()
}
