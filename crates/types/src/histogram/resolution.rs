//! Coarser histograms: two neighbouring buckets of an exponential schema are one of the schema below.

use super::spans::{SpanWriter, coarser_index, indices};
use super::{BucketCounts, Counts, Histogram, Span};

impl Histogram {
    /// Returns the same observations in the buckets of a coarser exponential schema; itself when `schema` is not
    /// coarser, or when its buckets have custom bounds.
    pub fn at_schema(&self, schema: i8) -> Self {
        if self.has_custom_bounds() || schema >= self.schema {
            return self.clone();
        }
        let shift = u32::from(self.schema.abs_diff(schema));
        let (positive_spans, negative_spans);
        let counts = match &self.counts {
            Counts::Integer(counts) => {
                let merge = |spans, counts| merge(spans, counts, shift, u64::saturating_add);
                let (positive, negative);
                (positive_spans, positive) = merge(&self.positive_spans, &counts.positive);
                (negative_spans, negative) = merge(&self.negative_spans, &counts.negative);
                Counts::Integer(BucketCounts {
                    positive,
                    negative,
                    ..*counts
                })
            }
            Counts::Float(counts) => {
                let merge = |spans, counts| merge(spans, counts, shift, |a, b| a + b);
                let (positive, negative);
                (positive_spans, positive) = merge(&self.positive_spans, &counts.positive);
                (negative_spans, negative) = merge(&self.negative_spans, &counts.negative);
                Counts::Float(BucketCounts {
                    positive,
                    negative,
                    ..*counts
                })
            }
        };
        Self {
            schema,
            counts,
            positive_spans,
            negative_spans,
            ..self.clone()
        }
    }
}

/// Adds buckets that fall together `shift` schemas below.
fn merge<T: Copy>(
    spans: &[Span],
    counts: &[T],
    shift: u32,
    add: fn(T, T) -> T,
) -> (Vec<Span>, Vec<T>) {
    let (mut writer, mut merged) = (SpanWriter::default(), Vec::new());
    let mut last: Option<i64> = None;
    for (index, count) in indices(spans).zip(counts) {
        let index = coarser_index(index, shift);
        match merged.last_mut() {
            Some(sum) if last == Some(index) => *sum = add(*sum, *count),
            _ => {
                writer.push(index);
                merged.push(*count);
            }
        }
        last = Some(index);
    }
    (writer.finish(), merged)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_become_one() {
        let fine = Histogram {
            schema: 1,
            counts: Counts::Integer(BucketCounts {
                count: 15,
                zero: 0,
                positive: vec![1, 2, 4, 8],
                negative: vec![],
            }),
            positive_spans: vec![
                Span {
                    offset: -1,
                    length: 3,
                },
                Span {
                    offset: 4,
                    length: 1,
                },
            ],
            ..Histogram::default()
        };
        let coarse = fine.at_schema(0);
        // Buckets -1, 0 and 1, then 6: they end in buckets 0, 0 and 1, then 3.
        assert_eq!(
            coarse.positive_spans,
            [
                Span {
                    offset: 0,
                    length: 2
                },
                Span {
                    offset: 1,
                    length: 1
                }
            ]
        );
        let Counts::Integer(counts) = &coarse.counts else {
            unreachable!()
        };
        assert_eq!(counts.positive, [3, 4, 8]);
        assert_eq!(coarse.validate(), Ok(()));
        assert_eq!(fine.at_schema(-4).validate(), Ok(()));
        assert_eq!(fine.at_schema(3), fine);
    }
}
