//! The one way to write a histogram: spans that touch are joined, and no empty bucket is kept.

use super::spans::{SpanWriter, indices};
use super::{Counts, Histogram, Span};

impl Histogram {
    /// Returns the same histogram without empty buckets and with as few spans as possible.
    pub fn compacted(&self) -> Self {
        let mut compacted = self.clone();
        compacted.compact();
        compacted
    }

    /// As [`Histogram::compacted`], in place; costs a look at each bucket when there is nothing to do.
    pub(super) fn compact(&mut self) {
        match &mut self.counts {
            Counts::Integer(counts) => {
                compact(&mut self.positive_spans, &mut counts.positive);
                compact(&mut self.negative_spans, &mut counts.negative);
            }
            Counts::Float(counts) => {
                compact(&mut self.positive_spans, &mut counts.positive);
                compact(&mut self.negative_spans, &mut counts.negative);
            }
        }
    }
}

fn compact<T: Copy + Default + PartialEq>(spans: &mut Vec<Span>, counts: &mut Vec<T>) {
    let is_empty = |count: &T| *count == T::default();
    let joined = spans.iter().all(|span| span.length > 0)
        && spans.iter().skip(1).all(|span| span.offset != 0);
    if joined && !counts.iter().any(is_empty) {
        return;
    }
    let mut writer = SpanWriter::default();
    indices(spans)
        .zip(counts.iter())
        .filter(|(_, count)| !is_empty(count))
        .for_each(|(index, _)| writer.push(index));
    *spans = writer.finish();
    counts.retain(|count| !is_empty(count));
}

#[cfg(test)]
mod tests {
    use crate::BucketCounts;

    use super::*;

    #[test]
    fn empty_buckets_and_seams_go() {
        let span = |offset, length| Span { offset, length };
        let histogram = Histogram {
            counts: Counts::Float(BucketCounts {
                count: 6.0,
                zero: 0.0,
                positive: vec![0.0, 1.0, 2.0, 0.0, 3.0],
                negative: vec![0.0],
            }),
            positive_spans: vec![span(-1, 2), span(0, 1), span(3, 2)],
            negative_spans: vec![span(7, 1)],
            ..Histogram::default()
        };
        let compacted = histogram.compacted();
        assert_eq!(compacted.positive_spans, [span(0, 2), span(4, 1)]);
        assert_eq!(compacted.negative_spans, []);
        assert_eq!(
            compacted.counts,
            Counts::Float(BucketCounts {
                count: 6.0,
                zero: 0.0,
                positive: vec![1.0, 2.0, 3.0],
                negative: vec![],
            })
        );
        assert_eq!(compacted.compacted(), compacted);
    }

    #[test]
    fn more_counts_than_spans_name_are_dropped_quietly() {
        let histogram = Histogram {
            counts: Counts::Float(BucketCounts {
                positive: vec![0.0, 1.0],
                ..BucketCounts::default()
            }),
            ..Histogram::default()
        };
        assert!(histogram.validate().is_err());
        assert_eq!(histogram.compacted().positive_spans, []);
    }
}
