//! What older parts already hold of a window that is being sealed.
//!
//! Late data often repeats: a client that retries, a range that is imported again. A repeat is not stored again. It has
//! to be compared with the value that counts, so the parts are merged first: a value may equal that of the oldest part
//! and still be news, because a part in between says something else.

use std::sync::Arc;

use plimsoll_types::{Labels, SampleColumns, TimeRange};

use super::view::LivePart;
use crate::merge::merge;

/// Walks older parts beside the window that is being sealed, all in the order of labels.
pub(super) struct KnownSamples {
    /// Oldest first.
    walks: Vec<Walk>,
    range: TimeRange,
    merged: SampleColumns,
    buffer: SampleColumns,
}

struct Walk {
    live: Arc<LivePart>,
    ids: std::ops::Range<u32>,
    next: Option<(Labels, u32)>,
}

impl KnownSamples {
    pub(super) fn new(parts: impl Iterator<Item = Arc<LivePart>>, range: TimeRange) -> Self {
        let walk = |live: Arc<LivePart>| Walk {
            ids: 0..live.part.meta().series,
            live,
            next: None,
        };
        Self {
            walks: parts.map(walk).collect(),
            range,
            merged: SampleColumns::default(),
            buffer: SampleColumns::default(),
        }
    }

    /// Removes the samples that count already with the same value; returns how many count with another one. Label sets
    /// must come in ascending order. Where a part is damaged nothing is removed: a repeat that is stored twice is
    /// still read once.
    pub(super) fn drop_from(&mut self, labels: &Labels, columns: &mut SampleColumns) -> u64 {
        if self.walks.is_empty() || self.read(labels).is_err() || self.merged.is_empty() {
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
            if known.as_ref() == Some(&sample) {
                continue;
            }
            conflicts += u64::from(known.is_some_and(|known| known.value != sample.value));
            kept.push(&sample);
        }
        *columns = kept;
        conflicts
    }

    fn read(&mut self, labels: &Labels) -> Result<(), crate::part::Error> {
        self.merged.clear();
        for walk in &mut self.walks {
            if let Some(id) = walk.find(labels)? {
                self.buffer.clear();
                walk.live.part.read(id, self.range, &mut self.buffer)?;
                merge(&mut self.merged, &self.buffer);
            }
        }
        Ok(())
    }
}

impl Walk {
    fn find(&mut self, labels: &Labels) -> Result<Option<u32>, crate::part::Error> {
        while self.next.as_ref().is_none_or(|(next, _)| next < labels) {
            let Some(id) = self.ids.next() else {
                return Ok(None);
            };
            self.next = Some((self.live.part.labels(id)?, id));
        }
        let found = self.next.as_ref().filter(|(next, _)| next == labels);
        Ok(found.map(|(_, id)| *id))
    }
}
