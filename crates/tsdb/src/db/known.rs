//! What older parts already hold of a window that is being sealed.
//!
//! Late data often repeats: a client that retries, a range that is imported again. A repeat is not stored again. It has
//! to be compared with the value that counts, so the parts are merged first: a value may equal that of the oldest part
//! and still be news, because a part in between says something else.

use std::cmp::Ordering;

use plimsoll_types::{Labels, Sample, SampleColumns, StartTimestamp, TimeRange, Timestamp};

use super::hidden::VisiblePart;
use crate::merge::merge;

/// Walks older parts beside the window that is being sealed, all in the order of labels.
pub(super) struct KnownSamples {
    /// Oldest first.
    walks: Vec<Walk>,
    merged: SampleColumns,
    buffer: SampleColumns,
}

struct Walk {
    visible: VisiblePart,
    /// The first series that may still be asked for.
    at: u32,
}

impl KnownSamples {
    pub(super) fn new(parts: impl Iterator<Item = VisiblePart>) -> Self {
        let walk = |visible| Walk { visible, at: 0 };
        Self {
            walks: parts.map(walk).collect(),
            merged: SampleColumns::default(),
            buffer: SampleColumns::default(),
        }
    }

    /// Removes the samples that count already with the same value; returns how many count with another one. Label sets
    /// must come in ascending order. Where a part is damaged nothing is removed: a repeat that is stored twice is
    /// still read once.
    pub(super) fn drop_from(&mut self, labels: &Labels, columns: &mut SampleColumns) -> u64 {
        let times = &columns.timestamps;
        let (Some(first), Some(last)) = (times.first(), times.last()) else {
            return 0;
        };
        let range = TimeRange::new(
            Timestamp::from_millis(*first),
            Timestamp::from_millis(*last),
        );
        if self.walks.is_empty() || self.read(labels, range).is_err() || self.merged.is_empty() {
            return 0;
        }
        let mut conflicts = 0;
        let mut kept = SampleColumns::default();
        let mut at = 0;
        for sample in columns.iter() {
            let time = sample.timestamp.millis();
            at += self.merged.timestamps[at..].partition_point(|known| *known < time);
            let has_time = self.merged.timestamps.get(at) == Some(&time);
            let known = has_time.then(|| self.merged.get(at));
            let says_nothing = |known: &Sample| {
                let adds_no_start =
                    sample.start == known.start || sample.start == StartTimestamp::UNKNOWN;
                adds_no_start && known.value == sample.value
            };
            if known.as_ref().is_some_and(says_nothing) {
                continue;
            }
            conflicts += u64::from(known.is_some_and(|known| known.value != sample.value));
            kept.push(&sample);
        }
        *columns = kept;
        conflicts
    }

    fn read(&mut self, labels: &Labels, range: TimeRange) -> Result<(), crate::part::Error> {
        self.merged.clear();
        for walk in &mut self.walks {
            if let Some(id) = walk.find(labels)? {
                self.buffer.clear();
                walk.visible.read(id, range, &mut self.buffer)?;
                merge(&mut self.merged, &self.buffer);
            }
        }
        Ok(())
    }
}

impl Walk {
    /// Goes on to a series. A few late samples must not cost a walk over a million series, and a whole window must not
    /// cost a search for each, so it strides ahead, twice as far each time, and then searches in the last stride.
    fn find(&mut self, labels: &Labels) -> Result<Option<u32>, crate::part::Error> {
        let part = &self.visible.live.part;
        let (mut low, mut stride) = (self.at, 1);
        let mut high = loop {
            let next = low.saturating_add(stride);
            if next >= part.meta().series {
                break part.meta().series;
            }
            if part.labels(next)? > *labels {
                break next;
            }
            (low, stride) = (next, stride.saturating_mul(2));
        };
        // Every series from `high` on comes after the labels; those before `low` come before them.
        self.at = low;
        while low < high {
            let middle = low + (high - low) / 2;
            match part.labels(middle)?.cmp(labels) {
                Ordering::Less => low = middle + 1,
                Ordering::Equal => {
                    self.at = middle + 1;
                    return Ok(Some(middle));
                }
                Ordering::Greater => high = middle,
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_runtime::disk::SystemDisk;
    use plimsoll_types::Sample;
    use proptest::prelude::*;

    use std::sync::Arc;

    use super::*;
    use crate::db::view::LivePart;
    use crate::manifest::PartEntry;
    use crate::part::{Part, PartWriter, WriteOptions};

    fn labels(number: u32) -> Labels {
        Labels::from_pairs([("number", format!("{number:04}"))])
    }

    fn part(numbers: &std::collections::BTreeSet<u32>) -> VisiblePart {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("part");
        let disk = Arc::new(SystemDisk);
        let mut writer = PartWriter::create(disk.clone(), &path, WriteOptions::default()).unwrap();
        let mut columns = SampleColumns::default();
        columns.push(&Sample::float(Timestamp::EPOCH, 1.0));
        for number in numbers {
            writer
                .add_series(&labels(*number), &columns, None, &[])
                .unwrap();
        }
        writer.finish().unwrap();
        // The files stay open, so the directory may go.
        let entry = PartEntry::of_samples(0, TimeRange::ALL, 0, 0);
        let live = LivePart::new(entry, Part::open(disk, &path).unwrap());
        VisiblePart::new(live, &[]).unwrap()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn finds_what_is_there(
            numbers in prop::collection::btree_set(0..300u32, 0..200),
            asked in prop::collection::btree_set(0..300u32, 0..100),
        ) {
            let mut walk = Walk { visible: part(&numbers), at: 0 };
            for number in asked {
                let found = walk.find(&labels(number)).unwrap();
                let expected = numbers.iter().position(|known| *known == number);
                prop_assert_eq!(found, expected.map(|id| id as u32), "{}", number);
            }
        }
    }
}
