//! `limitk` and `limit_ratio`: some of the series, chosen without looking at their values.
//!
//! Both stream: whether a sample stays is known as soon as its series is read.

use plimsoll_types::Labels;
use xxhash_rust::xxh64::xxh64;

use crate::error::QueryError;

use super::super::{Column, Meta, Operator, Scalars};
use super::Input;

/// `limitk`: at each step the first series of every group that have a sample then.
pub(super) struct FirstSeries<'a> {
    input: Input<'a>,
    limits: Vec<usize>,
    /// How many samples each group has given, by step.
    given: Vec<Vec<usize>>,
    groups: std::vec::IntoIter<usize>,
}

impl<'a> FirstSeries<'a> {
    pub(super) fn new(input: Input<'a>, limits: Vec<usize>) -> Self {
        Self {
            input,
            limits,
            given: Vec::new(),
            groups: Vec::new().into_iter(),
        }
    }
}

impl Operator for FirstSeries<'_> {
    fn series(&mut self) -> Result<Vec<Meta>, QueryError> {
        let groups = self.input.group()?;
        let count = self.input.grid.count;
        let bytes = groups
            .metas
            .len()
            .saturating_mul(count)
            .saturating_mul(size_of::<usize>());
        self.input.context.hold(bytes, 0)?;
        self.given = vec![vec![0; count]; groups.metas.len()];
        self.groups = groups.of_series.into_iter();
        Ok(groups.series)
    }

    fn next(&mut self, into: &mut Column) -> Result<(), QueryError> {
        self.input.source.next(into)?;
        self.input.context.work(into.len())?;
        let group = self.groups.next().expect("next is called once per series");
        let given = self.given[group].iter_mut().zip(&self.limits);
        for (step, (given, limit)) in given.enumerate() {
            if *given == *limit {
                into.remove(step);
            } else if into.is_present(step) {
                *given += 1;
            }
        }
        Ok(())
    }
}

/// `limit_ratio`: the series whose labels hash into a part of all hashes; a negative ratio takes the part that the
/// positive one of the same size (counted from 1) leaves.
pub(super) struct RatioOfSeries<'a> {
    input: Input<'a>,
    ratios: Scalars,
    offsets: std::vec::IntoIter<f64>,
}

impl<'a> RatioOfSeries<'a> {
    pub(super) fn new(input: Input<'a>, ratios: Scalars) -> Self {
        Self {
            input,
            ratios,
            offsets: Vec::new().into_iter(),
        }
    }
}

impl Operator for RatioOfSeries<'_> {
    fn series(&mut self) -> Result<Vec<Meta>, QueryError> {
        let metas = self.input.source.series()?;
        self.input
            .context
            .hold(size_of::<f64>().saturating_mul(metas.len()), 0)?;
        let mut offsets = Vec::with_capacity(metas.len());
        for meta in &metas {
            self.input.context.work(1)?;
            offsets.push(offset(&meta.labels));
        }
        self.offsets = offsets.into_iter();
        Ok(metas)
    }

    fn next(&mut self, into: &mut Column) -> Result<(), QueryError> {
        self.input.source.next(into)?;
        self.input.context.work(into.len())?;
        let offset = self.offsets.next().expect("next is called once per series");
        for step in 0..into.len() {
            if !is_within(self.ratios.at(step), offset) {
                into.remove(step);
            }
        }
        Ok(())
    }
}

fn is_within(ratio: f64, offset: f64) -> bool {
    match ratio >= 0.0 {
        true => offset < ratio,
        false => offset >= 1.0 + ratio,
    }
}

/// Returns where a label set lies between 0 and 1: its hash as a share of the largest one. Prometheus hashes the bytes
/// that it keeps label sets in, so these are written here in the same way, and both choose the same series.
fn offset(labels: &Labels) -> f64 {
    let mut bytes = Vec::new();
    for (name, value) in labels.iter() {
        push(&mut bytes, name);
        push(&mut bytes, value);
    }
    xxh64(&bytes, 0) as f64 / u64::MAX as f64
}

/// Writes the length of a text and the text: one byte for less than 255, otherwise 255 and three bytes, little end first.
fn push(bytes: &mut Vec<u8>, text: &str) {
    match u8::try_from(text.len())
        .ok()
        .filter(|length| *length < u8::MAX)
    {
        Some(length) => bytes.push(length),
        None => {
            bytes.push(u8::MAX);
            bytes.extend(&text.len().to_le_bytes()[..3]);
        }
    }
    bytes.extend(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The thresholds are those that Prometheus 3.13 chooses by.
    #[test]
    fn a_series_lies_where_prometheus_has_it() {
        for (length, expected) in [(1, 0.27495), (254, 0.91676), (255, 0.49825), (700, 0.64204)] {
            let labels = Labels::from_pairs([("__name__", "m"), ("i", &"x".repeat(length))]);
            let found = offset(&labels);
            assert!((found - expected).abs() < 1e-5, "{length}: {found}");
        }
    }

    #[test]
    fn a_negative_ratio_takes_what_is_left() {
        for offset in [0.0, 0.3, 0.7, 1.0] {
            assert_eq!(is_within(0.7, offset), !is_within(-0.3, offset), "{offset}");
        }
        assert!(!is_within(0.0, 0.0));
        assert!(!is_within(-0.0, 0.0));
        assert!(is_within(-1.0, 0.0));
    }
}
