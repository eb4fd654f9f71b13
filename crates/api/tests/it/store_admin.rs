//! A store that notes what it was told to do as a whole.

use std::sync::{Arc, Mutex};

use plimsoll_types::{
    HeadStatistics, Matcher, NamedCount, PartStatistics, ReplayStatistics, StorageError,
    StorageErrorKind, StoreAdmin, StoreStatistics, TimeRange, Timestamp,
};

/// Notes each call.
#[derive(Clone, Default)]
pub(crate) struct RecordingAdmin {
    calls: Arc<Mutex<Vec<String>>>,
    is_full: Arc<Mutex<bool>>,
}

impl RecordingAdmin {
    /// Returns what was asked for.
    pub(crate) fn calls(&self) -> Vec<String> {
        self.calls.lock().unwrap().clone()
    }

    /// Lets everything after this fail for want of space.
    pub(crate) fn fill_disk(&self) {
        *self.is_full.lock().unwrap() = true;
    }

    fn note(&self, call: String) -> Result<(), StorageError> {
        self.calls.lock().unwrap().push(call);
        match *self.is_full.lock().unwrap() {
            true => Err(StorageError::new(
                StorageErrorKind::ReadOnly,
                "no space is left",
            )),
            false => Ok(()),
        }
    }
}

impl StoreAdmin for RecordingAdmin {
    fn delete_series(
        &self,
        selectors: &[Vec<Matcher>],
        range: TimeRange,
    ) -> Result<(), StorageError> {
        let (start, end) = (range.start.millis(), range.end.millis());
        let shown: Vec<String> = selectors
            .iter()
            .map(|matchers| {
                matchers
                    .iter()
                    .map(Matcher::to_string)
                    .collect::<Vec<_>>()
                    .join(",")
            })
            .collect();
        self.note(format!("delete {{{}}} {start}..={end}", shown.join("} {")))
    }

    fn clean_tombstones(&self) -> Result<(), StorageError> {
        self.note("clean".into())
    }

    fn snapshot(&self, skip_head: bool) -> Result<String, StorageError> {
        self.note(format!("snapshot skip_head={skip_head}"))?;
        Ok("20260102T150405Z-0123456789abcdef".into())
    }

    fn statistics(&self, limit: usize) -> Result<StoreStatistics, StorageError> {
        let counts = |name: &str| {
            let entry = |count: u64| NamedCount {
                name: format!("{name}{count}"),
                count,
            };
            (0..3u64).rev().map(entry).take(limit).collect()
        };
        let at = Timestamp::from_millis;
        Ok(StoreStatistics {
            head: HeadStatistics {
                series: 3,
                label_pairs: 5,
                chunks: 4,
                samples: 40,
                range: Some(TimeRange::new(at(1000), at(2000))),
            },
            series_by_metric: counts("metric"),
            values_by_label: counts("label"),
            bytes_by_label: counts("label"),
            series_by_pair: counts("a=b"),
            parts: vec![PartStatistics {
                name: "00000000000000aa".into(),
                range: TimeRange::new(at(0), at(999)),
                series: 2,
                samples: 20,
                exemplars: 1,
                bytes: 512,
            }],
            replay: ReplayStatistics {
                segments: 2,
                ..ReplayStatistics::default()
            },
            tombstones: 0,
        })
    }
}
