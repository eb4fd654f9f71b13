//! Coarser histograms: two neighbouring buckets of an exponential schema are one of the schema below.

use super::{BucketCounts, Counts, Histogram, Span};

impl Histogram {
    /// Returns the same observations in the buckets of a coarser exponential schema; itself when `schema` is not
    /// coarser, or when its buckets have custom bounds.
    pub fn at_schema(&self, schema: i8) -> Self {
        if self.has_custom_bounds() || schema >= self.schema {
            return self.clone();
        }
        let shift = u32::from((self.schema - schema).unsigned_abs());
        let (positive_spans, negative_spans);
        let counts = match &self.counts {
            Counts::Integer(counts) => {
                let (positive, negative);
                (positive_spans, positive) = merge(&self.positive_spans, &counts.positive, shift);
                (negative_spans, negative) = merge(&self.negative_spans, &counts.negative, shift);
                Counts::Integer(BucketCounts {
                    positive,
                    negative,
                    ..*counts
                })
            }
            Counts::Float(counts) => {
                let (positive, negative);
                (positive_spans, positive) = merge(&self.positive_spans, &counts.positive, shift);
                (negative_spans, negative) = merge(&self.negative_spans, &counts.negative, shift);
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

/// Adds buckets that fall together `shift` schemas below. Bucket `i` ends at base^i, so it falls into bucket
/// ceil(i / 2^shift) there.
fn merge<T: Copy + std::ops::AddAssign>(
    spans: &[Span],
    counts: &[T],
    shift: u32,
) -> (Vec<Span>, Vec<T>) {
    let (mut merged_spans, mut merged): (Vec<Span>, Vec<T>) = (Vec::new(), Vec::new());
    let mut last: Option<i64> = None;
    for (index, count) in super::buckets::indices(spans).zip(counts) {
        let index = ((index - 1) >> shift) + 1;
        match (last, merged.last_mut(), merged_spans.last_mut()) {
            (Some(found), Some(sum), _) if found == index => *sum += *count,
            (Some(found), _, Some(span)) => {
                let gap = i32::try_from(index - found - 1).unwrap_or(i32::MAX);
                if gap == 0 {
                    span.length += 1;
                } else {
                    merged_spans.push(Span {
                        offset: gap,
                        length: 1,
                    });
                }
                merged.push(*count);
            }
            _ => {
                let offset = i32::try_from(index).unwrap_or(i32::MAX);
                merged_spans.push(Span { offset, length: 1 });
                merged.push(*count);
            }
        }
        last = Some(index);
    }
    (merged_spans, merged)
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
