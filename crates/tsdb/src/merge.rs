//! Merging the samples of one series from several sources: ascending, one sample per time, the newer source wins. A repeat
//! of the same value that does not know its start timestamp says nothing new, as in the head.

use plimsoll_types::SampleColumns;

/// Adds `newer` to `known`; where both have a time, the sample of `newer` counts. Both ascend, and so does the result.
///
/// # Complexity
/// Linear; sources that do not overlap are only copied.
pub(crate) fn merge(known: &mut SampleColumns, newer: &SampleColumns) {
    let Some(first) = newer.timestamps.first() else {
        return;
    };
    if known.timestamps.last().is_none_or(|last| last < first) {
        return append(known, newer, 0..newer.len());
    }
    let older = std::mem::take(known);
    let (mut left, mut right) = (0, 0);
    while left < older.len() && right < newer.len() {
        let (a, b) = (older.timestamps[left], newer.timestamps[right]);
        if a < b {
            append(known, &older, left..left + 1);
            left += 1;
        } else {
            match a == b && is_repeat(&older, left, newer, right) {
                true => append(known, &older, left..left + 1),
                false => append(known, newer, right..right + 1),
            }
            right += 1;
            left += usize::from(a == b);
        }
    }
    append(known, &older, left..older.len());
    append(known, newer, right..newer.len());
}

/// Says whether a newer sample only repeats an older one, which may know its start.
fn is_repeat(older: &SampleColumns, left: usize, newer: &SampleColumns, right: usize) -> bool {
    let knows_start = |columns: &SampleColumns, at: usize| {
        columns.starts.get(at).is_some_and(|start| *start != 0)
    };
    knows_start(older, left)
        && !knows_start(newer, right)
        && older.get(left).value == newer.get(right).value
}

/// Copies samples to the end, and fills the optional columns where only one side has them.
fn append(into: &mut SampleColumns, from: &SampleColumns, range: std::ops::Range<usize>) {
    if range.is_empty() {
        return;
    }
    let before = into.len();
    into.timestamps
        .extend_from_slice(&from.timestamps[range.clone()]);
    into.values.extend_from_slice(&from.values[range.clone()]);
    let after = into.len();
    if !from.histograms.is_empty() {
        into.histograms.resize(before, None);
        into.histograms
            .extend_from_slice(&from.histograms[range.clone()]);
    } else if !into.histograms.is_empty() {
        into.histograms.resize(after, None);
    }
    if !from.starts.is_empty() {
        into.starts.resize(before, 0);
        into.starts.extend_from_slice(&from.starts[range]);
    } else if !into.starts.is_empty() {
        into.starts.resize(after, 0);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use plimsoll_types::{Histogram, Sample, StartTimestamp, Timestamp};
    use proptest::prelude::*;

    use super::*;

    type Source = BTreeMap<i64, Sample>;

    fn source() -> impl Strategy<Value = Source> {
        let sample = (0..4u8, any::<bool>(), prop_oneof![Just(0), Just(5i64)]);
        prop::collection::btree_map(0..60i64, sample, 0..30).prop_map(|samples| {
            let make = |(time, (value, is_histogram, start)): (i64, (u8, bool, i64))| {
                let at = Timestamp::from_millis(time);
                let sample = match is_histogram {
                    true => Sample::histogram(
                        at,
                        Arc::new(Histogram {
                            sum: value.into(),
                            ..Histogram::default()
                        }),
                    ),
                    false => Sample::float(at, value.into()),
                };
                (
                    time,
                    Sample {
                        start: StartTimestamp::from_millis(start),
                        ..sample
                    },
                )
            };
            samples.into_iter().map(make).collect()
        })
    }

    proptest! {
        #[test]
        fn equals_a_map(sources in prop::collection::vec(source(), 0..4)) {
            let (mut merged, mut model) = (SampleColumns::default(), Source::new());
            for source in sources {
                let mut columns = SampleColumns::default();
                source.values().for_each(|sample| columns.push(sample));
                merge(&mut merged, &columns);
                for (time, sample) in source {
                    let says_nothing = |known: &Sample| {
                        sample.start == StartTimestamp::UNKNOWN && known.value == sample.value
                    };
                    if !model.get(&time).is_some_and(says_nothing) {
                        model.insert(time, sample);
                    }
                }
            }
            prop_assert!(merged.histograms.is_empty() || merged.histograms.len() == merged.len());
            prop_assert!(merged.starts.is_empty() || merged.starts.len() == merged.len());
            prop_assert_eq!(merged.iter().collect::<Vec<_>>(), model.into_values().collect::<Vec<_>>());
        }
    }
}
