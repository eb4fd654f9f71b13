//! What a store promises and how it is.

use std::path::Path;
use std::sync::PoisonError;

use plimsoll_runtime::disk::Disk;
use plimsoll_types::{
    ByteCount, DurabilityStatus, HeadStatus, LogDamage, QuarantineStatus, RecoveryStatus,
    RetentionRuleStatus, RetentionStatus, StoreStatus, SyncPolicy, Tier, TierStatus, TimeRange,
};

use super::background::SYNC_INTERVAL;
use super::open::WAL;
use super::recovery::Recovery;
use super::view::View;
use super::{Db, ReadOnlyDb};
use crate::config::Retention;
use crate::manifest::{QuarantinedPart, part_name};
use crate::retention_rules::RetentionRule;
use crate::wal::SegmentId;
use crate::{Config, SyncMode};

impl Db {
    pub(super) fn describe(&self) -> StoreStatus {
        let directory = self.config.directory();
        let retention = self.upkeep.retention();
        let view = self.view.read().unwrap_or_else(PoisonError::into_inner);
        let (head, tiers) = (head(&view), tiers(&view));
        let quarantined = view.quarantined.iter().map(quarantine).collect();
        drop(view);
        let (log_segments, log_bytes) = log_size(&*self.disk, directory);
        let free = self.disk.available_bytes(directory);
        StoreStatus {
            durability: durability(&self.config),
            recovery: recovery(&self.recovery),
            retention: RetentionStatus {
                horizon: self.horizon(),
                ..retention_status(&retention)
            },
            head: HeadStatus {
                series: self.series.count() as u64,
                log_segments,
                log_bytes,
                ..head
            },
            tiers,
            quarantined,
            refusal: self.refusal().map(|error| error.to_string()),
            free_bytes: free.ok().map(ByteCount),
        }
    }
}

impl ReadOnlyDb {
    /// Returns what the reading found, as the status of a store that was opened.
    pub fn recovery_status(&self) -> RecoveryStatus {
        recovery(self.recovery())
    }

    /// Returns what is in the parts, by resolution.
    pub fn tiers(&self) -> Vec<TierStatus> {
        tiers(&self.view())
    }
}

fn durability(config: &Config) -> DurabilityStatus {
    let settings = config.settings();
    DurabilityStatus {
        policy: match settings.sync_mode {
            SyncMode::Always => SyncPolicy::Always,
            SyncMode::Group => SyncPolicy::Group,
            SyncMode::Os => SyncPolicy::Os,
        },
        group_delay: settings.group_delay,
        group_bytes: settings.group_bytes,
        periodic_interval: SYNC_INTERVAL,
        free_bytes_reserve: settings.free_bytes_reserve,
        retry_interval: settings.retry_interval,
    }
}

fn recovery(recovery: &Recovery) -> RecoveryStatus {
    let wal = &recovery.wal;
    let damage = |segment: &String, offset, bytes| LogDamage {
        segment: segment.clone(),
        offset,
        bytes,
    };
    let cut = wal
        .cut
        .iter()
        .map(|cut| damage(&cut.segment, cut.offset, cut.bytes));
    let skipped = wal
        .skipped
        .iter()
        .map(|skipped| damage(&skipped.segment, skipped.offset, skipped.bytes));
    let missing = wal.missing.iter().map(|gap| {
        let (first, last, segment) = (gap.first, gap.last, &gap.segment);
        format!(
            "records {first} to {last} of the WAL are missing behind {segment}: a segment was lost"
        )
    });
    RecoveryStatus {
        duration: recovery.duration,
        segments: wal.segments,
        bytes: wal.bytes,
        records: wal.records,
        samples: wal.samples,
        deletions: wal.deletions,
        samples_in_parts: recovery.samples_in_parts,
        repeated: wal.repeated,
        without_series: wal.without_series,
        undecodable: wal.undecodable,
        cut: cut.collect(),
        skipped: skipped.collect(),
        parts: recovery.parts,
        quarantined: recovery.quarantined.iter().map(quarantine).collect(),
        stale_parts: recovery.stale_parts.clone(),
        repaired: recovery.repaired.iter().cloned().chain(missing).collect(),
    }
}

fn quarantine(part: &QuarantinedPart) -> QuarantineStatus {
    QuarantineStatus {
        name: part_name(part.id),
        range: part.range,
        reason: part.reason.clone(),
    }
}

/// The horizon is the caller's.
fn retention_status(retention: &Retention) -> RetentionStatus {
    let rule = |rule: &RetentionRule| {
        let matchers = rule.matchers.iter().map(ToString::to_string);
        RetentionRuleStatus {
            selector: format!("{{{}}}", matchers.collect::<Vec<_>>().join(",")),
            raw: rule.raw,
            five_minutes: rule.five_minutes,
            hour: rule.hour,
        }
    };
    RetentionStatus {
        rules: retention.rules.iter().map(rule).collect(),
        bytes: retention.bytes,
        disk_share: retention.disk_share,
        horizon: plimsoll_types::Timestamp::MIN,
    }
}

fn head(view: &View) -> HeadStatus {
    let mut head = HeadStatus::default();
    for window in view.windows() {
        let facts = window.facts();
        head.samples += facts.samples;
        if facts.samples > 0 {
            join(&mut head.range, facts.range);
        }
    }
    head
}

fn tiers(view: &View) -> Vec<TierStatus> {
    let tier = |tier: Tier| {
        let (mut parts, mut samples, mut bytes, mut range) = (0, 0, 0, None);
        for live in view.all_parts().filter(|live| live.entry.tier == tier) {
            let meta = live.part.meta();
            parts += 1;
            samples += meta.samples;
            bytes += meta.bytes;
            join(&mut range, live.range());
        }
        Some(TierStatus {
            tier,
            parts,
            samples,
            bytes: ByteCount(bytes),
            range: range?,
        })
    };
    Tier::ALL.into_iter().filter_map(tier).collect()
}

fn join(range: &mut Option<TimeRange>, other: TimeRange) {
    let wide = range.get_or_insert(other);
    wide.start = wide.start.min(other.start);
    wide.end = wide.end.max(other.end);
}

/// Counts the log's files and their bytes. A file that goes meanwhile does not count.
fn log_size(disk: &dyn Disk, directory: &Path) -> (u64, ByteCount) {
    let wal = directory.join(WAL);
    let names = disk.list(&wal).unwrap_or_default();
    let segments = names.iter().filter(|name| SegmentId::parse(name).is_some());
    let lengths = segments.filter_map(|name| disk.open(&wal.join(name)).ok()?.length().ok());
    let (count, bytes) = lengths.fold((0, 0), |(count, bytes), length| (count + 1, bytes + length));
    (count, ByteCount(bytes))
}
