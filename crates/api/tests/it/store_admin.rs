//! A store that notes what it was told to do as a whole.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use plimsoll_types::{
    ByteCount, Cardinality, CardinalityQuery, DurabilityStatus, HeadStatistics, HeadStatus,
    LogDamage, Matcher, NamedCount, PartStatistics, RecoveryStatus, ReplayStatistics,
    RetentionRuleStatus, RetentionStatus, StorageError, StorageErrorKind, StoreAdmin,
    StoreStatistics, StoreStatus, SyncPolicy, Tier, TierStatus, TimeRange, Timestamp,
};

use crate::cardinality;

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

    fn status(&self) -> StoreStatus {
        let at = Timestamp::from_millis;
        StoreStatus {
            durability: DurabilityStatus {
                policy: SyncPolicy::Group,
                group_delay: Duration::from_millis(5),
                group_bytes: ByteCount::MIB,
                periodic_interval: Duration::from_secs(1),
                free_bytes_reserve: ByteCount::MIB.times(64),
                retry_interval: Duration::from_secs(1),
            },
            recovery: RecoveryStatus {
                duration: Duration::from_millis(250),
                segments: 2,
                samples: 40,
                cut: vec![LogDamage {
                    segment: "00000001-00000002.wal".into(),
                    offset: 36,
                    bytes: 7,
                }],
                ..RecoveryStatus::default()
            },
            retention: RetentionStatus {
                rules: vec![RetentionRuleStatus {
                    selector: "{}".into(),
                    raw: Duration::from_hours(15 * 24),
                    five_minutes: Duration::from_hours(90 * 24),
                    hour: Duration::from_hours(730 * 24),
                }],
                bytes: None,
                disk_share: Some(0.5),
                horizon: at(5),
            },
            head: HeadStatus {
                series: 3,
                ..HeadStatus::default()
            },
            tiers: vec![TierStatus {
                tier: Tier::FiveMinutes,
                parts: 1,
                samples: 20,
                bytes: ByteCount(512),
                range: TimeRange::new(at(0), at(999)),
            }],
            quarantined: Vec::new(),
            refusal: (*self.is_full.lock().unwrap()).then(|| "no space is left".into()),
            free_bytes: None,
        }
    }

    fn flush(&self) -> Result<(), StorageError> {
        self.note("flush".into())
    }

    fn merge(&self, range: TimeRange) -> Result<(), StorageError> {
        let (start, end) = (range.start.millis(), range.end.millis());
        self.note(format!("merge {start}..={end}"))
    }

    fn cardinality(&self, query: &CardinalityQuery) -> Result<Cardinality, StorageError> {
        self.note(format!("cardinality {query:?}"))?;
        Ok(cardinality::of_four_series(query.limit, query.churn_window))
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
