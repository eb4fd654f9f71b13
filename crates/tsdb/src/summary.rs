//! Adds up what is known of blocks and what was read of their edges to a [`Summary`].
//!
//! The result must be, bit for bit, what a walk over all samples gives. Smallest, largest, first and last do not depend
//! on grouping. A sum does where it is rounded, so it is given only when it cannot be: all values are whole and their
//! magnitudes add up to less than 2^53. The same holds for the values before drops, save that a single one needs no
//! grouping.

use plimsoll_types::{SampleColumns, Summary, TimeRange, Timestamp, is_stale};

use crate::part::{Aggregates, WHOLE_MAX, is_whole};

/// Up to this the sum of whole numbers is a float; one bit less than floats have, for the rounding of the bound.
const MAGNITUDE_MAX: f64 = 2.0 * WHOLE_MAX;

/// A summary in the making; samples come in ascending order of time.
#[derive(Debug)]
pub(crate) struct SummaryFold {
    summary: Option<Summary>,
    sum: f64,
    /// No less than the sum of all magnitudes.
    magnitude: f64,
    is_whole: bool,
    resets: f64,
    /// How many drops there are; `None` when a block keeps it to itself.
    drops: Option<u32>,
}

/// A sample or block of which a summary cannot tell.
#[derive(Debug)]
pub(crate) struct Untold;

impl Default for SummaryFold {
    fn default() -> Self {
        Self {
            summary: None,
            sum: 0.0,
            magnitude: 0.0,
            is_whole: true,
            resets: 0.0,
            drops: Some(0),
        }
    }
}

impl SummaryFold {
    /// Adds a block of floats as a whole.
    ///
    /// # Errors
    /// [`Untold`] when there is a staleness marker or a NaN.
    pub(crate) fn add_block(&mut self, range: TimeRange, block: &Aggregates) -> Result<(), Untold> {
        let (min, max) = (block.min, block.max);
        // A NaN makes the sum one; so do infinities of both signs, which are rare enough to be read.
        if block.has_stale || block.count == 0 || block.sum.is_nan() {
            return Err(Untold);
        }
        let last = (range.end, block.last);
        self.join(
            (range.start, block.first),
            last,
            (min, max),
            block.count.into(),
        );
        self.sum += block.sum;
        self.magnitude += f64::from(block.count) * min.abs().max(max.abs());
        self.is_whole &= block.is_whole;
        if !block.never_drops {
            // Exact when the values are whole, and else of no use, since the number of drops is not known.
            self.resets += block.increase - (block.last - block.first);
            self.drops = None;
        }
        Ok(())
    }

    /// Adds samples that were read.
    ///
    /// # Errors
    /// [`Untold`] when there is a histogram, a staleness marker or a NaN.
    pub(crate) fn add_samples(&mut self, samples: &SampleColumns) -> Result<(), Untold> {
        if samples.histograms.iter().any(Option::is_some) {
            return Err(Untold);
        }
        for (time, value) in samples.timestamps.iter().zip(&samples.values) {
            if value.is_nan() || is_stale(*value) {
                return Err(Untold);
            }
            let sample = (Timestamp::from_millis(*time), *value);
            self.join(sample, sample, (*value, *value), 1);
            self.sum += value;
            self.magnitude += value.abs();
            self.is_whole &= is_whole(*value);
        }
        Ok(())
    }

    /// Returns the summary; `None` when nothing was added.
    pub(crate) fn finish(self) -> Option<Summary> {
        let is_exact = |magnitude: f64| self.is_whole && magnitude <= MAGNITUDE_MAX;
        let has_few_drops = self.drops.is_some_and(|drops| drops <= 1);
        Some(Summary {
            sum: is_exact(self.magnitude).then_some(self.sum),
            resets: (has_few_drops || is_exact(self.resets.abs())).then_some(self.resets),
            ..self.summary?
        })
    }

    /// Joins what comes next: its ends, its smallest and largest value, and how many samples it has.
    fn join(
        &mut self,
        first: (Timestamp, f64),
        last: (Timestamp, f64),
        (min, max): (f64, f64),
        count: u64,
    ) {
        let Some(known) = &mut self.summary else {
            self.summary = Some(Summary {
                count,
                first,
                last,
                min,
                max,
                sum: None,
                resets: None,
            });
            return;
        };
        if first.1 < known.last.1 {
            self.resets += known.last.1;
            self.drops = self.drops.map(|drops| drops.saturating_add(1));
        }
        known.count += count;
        known.last = last;
        // Of equal ones the first stays.
        if min < known.min {
            known.min = min;
        }
        if max > known.max {
            known.max = max;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn columns(values: &[f64], from: usize) -> SampleColumns {
        SampleColumns {
            timestamps: (from as i64..).take(values.len()).collect(),
            values: values.to_vec(),
            ..SampleColumns::default()
        }
    }

    fn value() -> impl Strategy<Value = f64> {
        prop_oneof![
            6 => (-3..9i32).prop_map(f64::from),
            2 => (0..9i32).prop_map(|value| f64::from(value) / 10.0),
            1 => Just(-0.0),
            1 => prop_oneof![Just(f64::INFINITY), Just(1e300), Just(WHOLE_MAX), Just(-WHOLE_MAX), Just(1e15)],
        ]
    }

    proptest! {
        #[test]
        fn equals_a_walk(pieces in prop::collection::vec((any::<bool>(), prop::collection::vec(value(), 1..9)), 1..6)) {
            let mut fold = SummaryFold::default();
            let all: Vec<f64> = pieces.iter().flat_map(|(_, values)| values.clone()).collect();
            let mut from = 0;
            for (is_block, values) in &pieces {
                let at = |index: usize| Timestamp::from_millis(index as i64);
                let range = TimeRange::new(at(from), at(from + values.len() - 1));
                let told = match is_block {
                    true => fold.add_block(range, &Aggregates::of_floats(values)),
                    false => fold.add_samples(&columns(values, from)),
                };
                if told.is_err() {
                    // Only a NaN or two infinities keep a block from telling.
                    prop_assert!(values.iter().any(|value| value.is_infinite()));
                    return Ok(());
                }
                from += values.len();
            }
            let found = fold.finish().unwrap();
            let bits = |value: f64| value.to_bits();
            prop_assert_eq!(found.count, all.len() as u64);
            prop_assert_eq!((found.first.0.millis(), bits(found.first.1)), (0, bits(all[0])));
            let last = (found.last.0.millis(), bits(found.last.1));
            prop_assert_eq!(last, (all.len() as i64 - 1, bits(all[all.len() - 1])));
            let min = all[1..].iter().fold(all[0], |min, value| if *value < min { *value } else { min });
            let max = all[1..].iter().fold(all[0], |max, value| if *value > max { *value } else { max });
            prop_assert_eq!((bits(found.min), bits(found.max)), (bits(min), bits(max)));
            if let Some(sum) = found.sum {
                prop_assert_eq!(bits(sum), bits(all.iter().fold(0.0, |sum, value| sum + value)));
                let exact: i128 = all.iter().map(|value| *value as i128).sum();
                prop_assert_eq!(sum as i128, exact);
            }
            if let Some(resets) = found.resets {
                let mut walked = found.last.1 - found.first.1;
                for two in all.windows(2).filter(|two| two[1] < two[0]) {
                    walked += two[0];
                }
                let joined = match resets == 0.0 {
                    true => found.last.1 - found.first.1,
                    false => found.last.1 - found.first.1 + resets,
                };
                prop_assert!(bits(joined) == bits(walked) || (joined.is_nan() && walked.is_nan()) || joined == walked, "{} {}", joined, walked);
            }
            let is_simple = all.iter().all(|value| is_whole(*value) && value.abs() < 100.0);
            prop_assert!(!is_simple || (found.sum.is_some() && found.resets.is_some()));
        }
    }
}
