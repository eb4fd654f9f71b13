//! Ranks and values in a native histogram: which value a share of the observations lies below, and which share a value.

use plimsoll_types::{BucketNumber, Histogram};

/// What observations of NaN do to a result. They are counted, but lie in no bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Nan {
    /// There are none.
    Absent,
    /// The quantile lies among them, so it is NaN itself.
    Hit,
    /// The result is that of the other observations as a share of all.
    Counted,
}

/// Where a quantile or a bound lies.
#[derive(Clone, Copy, Debug)]
struct Range {
    lower: f64,
    upper: f64,
    /// Around zero and in custom buckets observations are taken to lie evenly, else on a logarithmic scale.
    is_linear: bool,
}

impl Range {
    fn new(histogram: &Histogram, number: BucketNumber, clips: bool) -> Self {
        let bucket = histogram.bucket(number, 0.0);
        let (mut lower, mut upper) = (bucket.lower, bucket.upper);
        let around_zero = lower <= 0.0 && upper >= 0.0;
        if around_zero && clips {
            // With buckets on one side only, what was counted around zero is taken to lie on that side.
            let positive = !histogram.positive_spans.is_empty();
            let negative = !histogram.negative_spans.is_empty();
            lower = if positive && !negative { 0.0 } else { lower };
            upper = if negative && !positive { 0.0 } else { upper };
        }
        Self {
            lower,
            upper,
            is_linear: around_zero || histogram.has_custom_bounds(),
        }
    }

    /// Returns the value below which `share` of the bucket lies.
    fn value(self, share: f64) -> f64 {
        let Self { lower, upper, .. } = self;
        if self.is_linear {
            return lower + (upper - lower) * share;
        }
        let (low, high) = (lower.abs().log2(), upper.abs().log2());
        match lower > 0.0 {
            true => (low + (high - low) * share).exp2(),
            false => -(high + (low - high) * (1.0 - share)).exp2(),
        }
    }

    /// Returns the share of the bucket that lies below a finite value inside of it.
    fn share(self, value: f64) -> f64 {
        let Self { lower, upper, .. } = self;
        if lower.is_infinite() {
            return 1.0;
        }
        if self.is_linear {
            return (value - lower) / (upper - lower);
        }
        let (low, high) = (lower.abs().log2(), upper.abs().log2());
        let at = value.abs().log2();
        match value > 0.0 {
            true => (at - low) / (high - low),
            false => 1.0 - (at - high) / (low - high),
        }
    }
}

/// The bucket that holds a rank.
#[derive(Clone, Copy, Debug)]
struct Found {
    number: BucketNumber,
    count: f64,
    /// Observations up to its far end, never more than there are.
    seen: f64,
}

/// Finds the bucket in which so many observations are reached, counted from above or below; the last one when they
/// never are.
fn find(histogram: &Histogram, rank: f64, from_above: bool) -> Option<Found> {
    let mut buckets = histogram.bucket_counts();
    if from_above {
        buckets.reverse();
    }
    let mut found: Option<Found> = None;
    for (number, count) in buckets.into_iter().filter(|(_, count)| *count != 0.0) {
        let seen = found.map_or(0.0, |found| found.seen) + count;
        found = Some(Found {
            number,
            count,
            seen,
        });
        if seen >= rank {
            break;
        }
    }
    found.map(|found| Found {
        seen: f64::min(found.seen, histogram.count()),
        ..found
    })
}

/// Returns the quantile (0 to 1).
///
/// Observations of NaN count as the highest. (Prometheus 3.13 looks for the bucket as this does, but when there are such
/// observations it interpolates inside of the last one; that is not followed.)
pub(super) fn quantile(quantile: f64, histogram: &Histogram) -> (f64, Nan) {
    let total = histogram.count();
    if total == 0.0 {
        return (f64::NAN, Nan::Absent);
    }
    let has_nan = histogram.sum.is_nan();
    // From the nearer end, so that rounding does not add up.
    let from_above = !has_nan && quantile >= 0.5;
    let rank = total * if from_above { 1.0 - quantile } else { quantile };
    let Some(found) = find(histogram, rank, from_above) else {
        // Without buckets there is one place left, zero.
        return match has_nan {
            true => (f64::NAN, Nan::Hit),
            false if rank <= 0.0 => (f64::NAN, Nan::Absent),
            false => (0.0, Nan::Absent),
        };
    };
    let nan = match has_nan && found.seen < rank {
        true => Nan::Hit,
        false => counted_nan(histogram),
    };
    let mut range = Range::new(histogram, found.number, !histogram.has_custom_bounds());
    if histogram.has_custom_bounds() {
        if range.lower == f64::NEG_INFINITY {
            if range.upper <= 0.0 {
                return (range.upper, nan);
            }
            range.lower = 0.0;
        } else if range.upper == f64::INFINITY {
            return (range.lower, nan);
        }
    }
    if found.seen < rank {
        let value = if has_nan { f64::NAN } else { range.upper };
        return (value, nan);
    }
    let inside = match from_above {
        true => found.seen - rank,
        false => rank - (found.seen - found.count),
    };
    (range.value(inside / found.count), nan)
}

/// Returns the share of observations above `low` and at most `high`.
pub(super) fn fraction(low: f64, high: f64, histogram: &Histogram) -> (f64, Nan) {
    let total = histogram.count();
    if total == 0.0 || low.is_nan() || high.is_nan() {
        return (f64::NAN, Nan::Absent);
    }
    if low >= high {
        return (0.0, Nan::Absent);
    }
    let buckets = histogram.bucket_counts();
    let observed = match histogram.sum.is_nan() {
        true => observed(histogram),
        false => total,
    };
    let (mut ranks, mut seen) = ([None; 2], 0.0);
    for (number, count) in buckets {
        let range = Range::new(histogram, number, true);
        for (rank, value) in ranks.iter_mut().zip([low, high]) {
            if rank.is_none() && range.lower >= value {
                *rank = Some(seen);
            } else if rank.is_none() && range.upper > value {
                *rank = Some(seen + count * range.share(value));
            }
        }
        if ranks.iter().all(Option::is_some) {
            break;
        }
        seen += count;
    }
    let [low, high] = ranks.map(|rank| match rank {
        Some(rank) if rank > observed => observed,
        Some(rank) => rank,
        None => observed,
    });
    ((high - low) / total, counted_nan(histogram))
}

/// Returns how many observations lie in buckets.
fn observed(histogram: &Histogram) -> f64 {
    let buckets = histogram.bucket_counts();
    buckets.iter().map(|(_, count)| count).sum()
}

/// A sum of NaN may as well come from infinities of both signs; only more observations than buckets hold tell of NaN.
fn counted_nan(histogram: &Histogram) -> Nan {
    match histogram.sum.is_nan() && observed(histogram) < histogram.count() {
        true => Nan::Counted,
        false => Nan::Absent,
    }
}

#[cfg(test)]
mod tests;
