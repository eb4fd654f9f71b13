//! Whether a counter began anew between two histograms.

use super::exponential::exponential_bound;
use super::spans::coarser_index;
use super::{Histogram, ResetHint, bounds};

impl Histogram {
    /// Says whether the counter began anew after `previous`: its hint says so, or something fell that only grows.
    ///
    /// A gauge is looked at like a counter, for queries that treat it as one.
    pub fn detects_reset_after(&self, previous: &Self) -> bool {
        match self.reset_hint {
            ResetHint::Reset => true,
            ResetHint::NotReset => false,
            ResetHint::Unknown | ResetHint::Gauge => self.fell_after(previous),
        }
    }

    /// Says whether something fell after `previous` that only grows, whatever the hint says.
    pub fn fell_after(&self, previous: &Self) -> bool {
        if self.count() < previous.count() {
            return true;
        }
        match (self.has_custom_bounds(), previous.has_custom_bounds()) {
            (true, true) => self.custom_buckets_fell(previous),
            (false, false) => self.exponential_buckets_fell(previous),
            _ => true,
        }
    }

    fn custom_buckets_fell(&self, previous: &Self) -> bool {
        if self.custom_bounds == previous.custom_bounds {
            return fell(self.side(true), previous.side(true));
        }
        let common = bounds::common(&self.custom_bounds, &previous.custom_bounds);
        let now = bounds::counts_between(self, &common);
        let before = bounds::counts_between(previous, &common);
        now.iter().zip(&before).any(|(now, before)| now < before)
    }

    fn exponential_buckets_fell(&self, previous: &Self) -> bool {
        // A running counter only ever gets coarser, in its schema as around zero.
        if self.schema > previous.schema || self.zero_threshold < previous.zero_threshold {
            return true;
        }
        let (zero, threshold) = match self.zero_threshold == previous.zero_threshold {
            true => (previous.zero_count(), previous.zero_threshold),
            false => {
                let (zero, threshold) = previous.zero_widened(self.zero_threshold);
                (zero.value(), threshold)
            }
        };
        // The zero bucket of a running counter takes in whole buckets.
        if threshold != self.zero_threshold || self.zero_count() < zero {
            return true;
        }
        [true, false].into_iter().any(|positive| {
            fell(
                self.away_from_zero(self, positive),
                self.away_from_zero(previous, positive),
            )
        })
    }

    /// Returns the buckets of `other` outside of the own zero bucket, at the own schema.
    fn away_from_zero<'a>(
        &self,
        other: &'a Self,
        positive: bool,
    ) -> impl Iterator<Item = (i64, f64)> + use<'a> {
        let (schema, threshold) = (self.schema, self.zero_threshold);
        let shift = u32::from(other.schema.abs_diff(schema));
        // At the finer schema, so that a coarse bucket that the zero bucket cuts is compared with what is left of it.
        let is_inside =
            move |index| threshold > 0.0 && exponential_bound(other.schema, index) <= threshold;
        let fine = other
            .side(positive)
            .skip_while(move |(index, _)| is_inside(*index));
        let mut fine = fine.peekable();
        std::iter::from_fn(move || {
            let (index, mut count) = fine.next()?;
            let index = coarser_index(index, shift);
            while let Some((_, more)) =
                fine.next_if(|(next, _)| coarser_index(*next, shift) == index)
            {
                count += more;
            }
            Some((index, count))
        })
    }
}

/// Says whether a bucket counts less than before; a missing one counts nothing.
fn fell(now: impl Iterator<Item = (i64, f64)>, before: impl Iterator<Item = (i64, f64)>) -> bool {
    let mut now = now.peekable();
    for (index, before) in before {
        while now.next_if(|(now, _)| *now < index).is_some() {}
        let has_fallen = match now.peek() {
            Some((found, now)) if *found == index => *now < before,
            _ => before != 0.0,
        };
        if has_fallen {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::super::tests::valid;
    use super::*;
    use crate::{BucketCounts, CUSTOM_BUCKETS_SCHEMA, Counts, Span};

    fn changed(change: impl Fn(&mut Histogram, &mut BucketCounts<f64>)) -> Histogram {
        let mut histogram = valid();
        let mut counts = histogram.float_counts();
        change(&mut histogram, &mut counts);
        histogram.counts = Counts::Float(counts);
        histogram
    }

    #[test]
    fn a_hint_is_believed() {
        let fallen = changed(|h, counts| {
            h.reset_hint = ResetHint::NotReset;
            counts.count = 0.0;
        });
        assert!(!fallen.detects_reset_after(&valid()));
        assert!(fallen.fell_after(&valid()));
        let same = changed(|h, _| h.reset_hint = ResetHint::Reset);
        assert!(same.detects_reset_after(&valid()));
        assert!(!same.fell_after(&valid()));
    }

    #[test]
    fn whatever_falls_is_a_reset() {
        let check = |change: fn(&mut Histogram, &mut BucketCounts<f64>), expected: bool| {
            assert_eq!(changed(change).detects_reset_after(&valid()), expected);
        };
        check(|_, _| {}, false);
        check(|_, counts| counts.count -= 1.0, true);
        check(|_, counts| counts.zero = 0.0, true);
        check(|_, counts| counts.negative[0] = 0.5, true);
        check(|_, counts| counts.positive[1] += 3.0, false);
        check(|h, _| h.positive_spans[1].offset += 1, true);
        check(|h, _| h.schema += 1, true);
        check(|h, _| h.schema = CUSTOM_BUCKETS_SCHEMA, true);
        check(
            |h, counts| {
                h.reset_hint = ResetHint::Gauge;
                counts.count -= 1.0;
            },
            true,
        );
    }

    #[test]
    fn getting_coarser_is_no_reset() {
        // The buckets of `valid` end at 0.25 and 4 above zero, at 1 below.
        assert!(!valid().at_schema(-1).detects_reset_after(&valid()));
        let wider = changed(|h, counts| {
            h.zero_threshold = 0.25;
            counts.zero += counts.positive[0];
            counts.positive[0] = 0.0;
        });
        assert!(!wider.detects_reset_after(&valid()));
        assert!(valid().detects_reset_after(&wider));
        let cuts_a_bucket = changed(|h, counts| {
            h.zero_threshold = 0.2;
            counts.zero += counts.positive[0];
            counts.positive[0] = 0.0;
        });
        assert!(cuts_a_bucket.detects_reset_after(&valid()));
    }

    #[test]
    fn custom_bounds_are_compared_where_they_agree() {
        let custom = |bounds: &[f64], counts: &[f64]| Histogram {
            schema: CUSTOM_BUCKETS_SCHEMA,
            custom_bounds: bounds.to_vec(),
            counts: Counts::Float(BucketCounts {
                count: 100.0,
                positive: counts.to_vec(),
                ..BucketCounts::default()
            }),
            positive_spans: vec![Span {
                offset: 0,
                length: u32::try_from(counts.len()).unwrap(),
            }],
            ..Histogram::default()
        };
        let before = custom(&[2.0, 4.0, 6.0], &[1.0, 2.0, 5.0, 7.0]);
        let more = custom(&[2.0, 3.0, 4.0, 6.0], &[1.0, 1.0, 1.0, 5.0, 8.0]);
        let less = custom(&[2.0, 3.0, 4.0, 6.0], &[1.0, 0.0, 1.0, 5.0, 8.0]);
        assert!(!more.detects_reset_after(&before));
        assert!(less.detects_reset_after(&before));
        assert!(!custom(&[9.0], &[15.0]).detects_reset_after(&before));
    }
}
