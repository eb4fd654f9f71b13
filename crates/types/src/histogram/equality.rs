//! When two histograms are the same to a query.

use super::spans::indices;
use super::{Counts, Histogram, Span};

impl Histogram {
    /// Says whether two histograms hold the same observations: same resolution, bounds, sum and counts. Reset hints,
    /// empty buckets and the kind of counts (integer or float) make no difference; NaN equals NaN.
    pub fn equal_values(&self, other: &Self) -> bool {
        self.schema == other.schema
            && same(self.count(), other.count())
            && same(self.sum, other.sum)
            && same_bounds(&[self.zero_threshold], &[other.zero_threshold])
            && same(self.zero_count(), other.zero_count())
            && same_bounds(&self.custom_bounds, &other.custom_bounds)
            && self.populated(true).eq(other.populated(true))
            && self.populated(false).eq(other.populated(false))
    }

    /// Returns the buckets of one side that hold something, in a form that can be compared.
    fn populated(&self, positive: bool) -> impl Iterator<Item = (i64, u64)> + '_ {
        self.side(positive)
            .filter(|(_, count)| *count != 0.0)
            .map(|(index, count)| (index, canonical(count)))
    }

    /// Returns (index, count) of each bucket of one side.
    pub(super) fn side(&self, positive: bool) -> impl Iterator<Item = (i64, f64)> + '_ {
        let spans: &[Span] = match positive {
            true => &self.positive_spans,
            false => &self.negative_spans,
        };
        let (mut integers, mut floats) = (None, None);
        match (&self.counts, positive) {
            (Counts::Integer(counts), true) => integers = Some(&counts.positive),
            (Counts::Integer(counts), false) => integers = Some(&counts.negative),
            (Counts::Float(counts), true) => floats = Some(&counts.positive),
            (Counts::Float(counts), false) => floats = Some(&counts.negative),
        }
        let integers = integers
            .into_iter()
            .flatten()
            .map(|count: &u64| *count as f64);
        indices(spans).zip(integers.chain(floats.into_iter().flatten().copied()))
    }
}

fn same_bounds(a: &[f64], b: &[f64]) -> bool {
    let same = |(a, b): (&f64, &f64)| a == b || (a.is_nan() && b.is_nan());
    a.len() == b.len() && a.iter().zip(b).all(same)
}

fn same(a: f64, b: f64) -> bool {
    canonical(a) == canonical(b)
}

/// Returns bits that are equal for what counts as the same value.
fn canonical(value: f64) -> u64 {
    match value.is_nan() {
        true => f64::NAN.to_bits(),
        false => value.to_bits(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::valid;
    use super::*;
    use crate::ResetHint;

    #[test]
    fn form_makes_no_difference_and_content_does() {
        let histogram = valid();
        let mut float = histogram.with_float_counts();
        float.reset_hint = ResetHint::Gauge;
        float.negative_spans[0].length += 1;
        let Counts::Float(counts) = &mut float.counts else {
            unreachable!()
        };
        counts.negative.push(0.0);
        assert!(histogram.equal_values(&float));
        assert!(!histogram.equal_values(&histogram.scaled(2.0)));
        let mut moved = valid();
        moved.positive_spans[1].offset += 1;
        assert!(!histogram.equal_values(&moved));
        let mut broken = valid();
        broken.sum = f64::NAN;
        assert!(broken.equal_values(&broken) && !broken.equal_values(&histogram));
    }
}
