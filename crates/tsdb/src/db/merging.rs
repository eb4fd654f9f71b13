//! Merging: many small parts become few large ones, because every part costs a query a look into its index, memory for
//! its directory, and open files, and because long blocks are smaller and faster to decode than short ones.
//!
//! ```text
//! 2 h windows          | | | | | | | | | | | |  ->  one part per day        when the day is over
//! days                 |  day |  day |  day |   ->  one part per long span  when the span is over
//! ```
//!
//! Days and spans are aligned to the epoch. A long span is at most 31 days and at most a tenth of the retention, but a day
//! at least, so that what is too old never holds much more disk than it must. Samples are written three times in their life.
//!
//! Late data makes small parts beside a large one. They are merged among themselves, and with the large one only when they
//! hold a quarter of its bytes together: so a byte is written again a few times only, whatever comes late, and the parts of
//! a span stay as few as their sizes have digits.

use std::sync::Arc;
use std::time::Duration;

use plimsoll_types::{TimeRange, Timestamp};

use super::hidden::{LiveTombstone, VisiblePart};
use super::seal::Maintenance;
use super::view::LivePart;
use super::{Db, Keeping, lock};
use crate::Result;
use crate::manifest::QuarantinedPart;

const DAY_MILLIS: i64 = 24 * 3_600_000;
const SPAN_DAYS_MAX: i64 = 31;
/// Parts are merged when all but the largest hold this part of its bytes together.
const SMALL_ONE_IN: u64 = 4;
/// More bytes are not written again in one go: sealing waits meanwhile.
const BYTES_MAX: u64 = 4 << 30;
/// After this time the rest is left to the next maintenance.
const TIME_MAX: Duration = Duration::from_secs(10);

impl Db {
    /// Merges what is due, one day or span after the other. What fails keeps nothing else from being merged.
    pub(super) fn merge_due(&self, keeping: &mut Keeping, done: &mut Maintenance) -> Result<()> {
        let begin = self.clock.monotonic();
        let (mut outcome, mut failed) = (Ok(()), Vec::new());
        while self.clock.monotonic().since(begin) < TIME_MAX {
            let (parts, tombstones) = self.deleted_from();
            let Some(group) = self.mergeable(&parts, &keeping.manifest.quarantined, &failed) else {
                break;
            };
            if let Err(error) = self.merge_group(keeping, &group, &tombstones) {
                tracing::error!(error = %error.chain(), parts = group.len(), "merging failed");
                failed.extend(group.iter().map(|live| live.id()));
                outcome = outcome.and(Err(error));
                continue;
            }
            self.metrics.parts_merged.inc_by(group.len() as u64);
            done.parts_merged += group.len();
        }
        outcome
    }

    fn merge_group(
        &self,
        keeping: &mut Keeping,
        group: &[Arc<LivePart>],
        tombstones: &[Arc<LiveTombstone>],
    ) -> Result<()> {
        let visible = group
            .iter()
            .map(|live| Ok(VisiblePart::new(live.clone(), tombstones)?))
            .collect::<Result<Vec<_>>>()?;
        let newest = tombstones.last().map_or(0, |t| t.tombstone.sequence);
        self.rewrite(keeping, &visible, newest)
    }

    /// Returns parts of the oldest day or span in which some are due, in the order of their age, and none of `failed`.
    fn mergeable(
        &self,
        parts: &[Arc<LivePart>],
        quarantined: &[QuarantinedPart],
        failed: &[u64],
    ) -> Option<Vec<Arc<LivePart>>> {
        let over = self.over_until();
        let days = self.config.retention_millis() / 10 / DAY_MILLIS;
        let spans = [DAY_MILLIS, days.clamp(1, SPAN_DAYS_MAX) * DAY_MILLIS];
        spans.into_iter().find_map(|length| {
            let mut starts: Vec<Timestamp> = parts
                .iter()
                .map(|live| live.range().start.align_down(length))
                .collect();
            starts.sort_unstable();
            starts.dedup();
            starts.into_iter().find_map(|start| {
                let end = start.saturating_add_millis(length - 1);
                let all = (end < over).then(|| within(parts, TimeRange::new(start, end)))??;
                // The oldest ones may stay as they are: all others are newer.
                let group = (0..all.len()).map(|first| &all[first..]);
                let mut worth = group.filter(|group| {
                    is_worth_it(group)
                        && !quarantined.iter().any(|part| lies_between(part, group))
                        && !group.iter().any(|live| failed.contains(&live.id()))
                });
                worth.next().map(<[_]>::to_vec)
            })
        })
    }

    /// Returns the time before which all windows are sealed that are not late, by a clock that can be believed.
    fn over_until(&self) -> Timestamp {
        let (now, monotonic) = (self.clock.now(), self.clock.monotonic());
        let mut timekeeper = lock(&self.timekeeper);
        timekeeper.trusted(now, monotonic);
        if !timekeeper.is_steady() {
            return Timestamp::MIN;
        }
        let late = self.config.window_millis() + 2 * self.config.seal_grace_millis();
        now.saturating_add_millis(-late)
    }
}

/// Returns the parts that lie within a range; nothing when one reaches over its end, for then the order of age would be
/// lost by merging.
fn within(parts: &[Arc<LivePart>], range: TimeRange) -> Option<Vec<Arc<LivePart>>> {
    let overlapping = parts.iter().filter(|live| live.range().overlaps(range));
    let group: Vec<_> = overlapping.cloned().collect();
    let is_inside =
        |live: &Arc<LivePart>| range.start <= live.range().start && live.range().end <= range.end;
    group.iter().all(is_inside).then_some(group)
}

/// Says whether a part in quarantine has its place in the order of age among those of a group: if it is read again one
/// day, what is newer must still be newer.
fn lies_between(aside: &QuarantinedPart, group: &[Arc<LivePart>]) -> bool {
    let age = |live: &Arc<LivePart>| (live.entry.sequence, live.id());
    let own = (aside.sequence, aside.id);
    group.iter().any(|live| live.range().overlaps(aside.range))
        && group.first().is_some_and(|oldest| age(oldest) < own)
        && group.last().is_some_and(|newest| own < age(newest))
}

fn is_worth_it(group: &[Arc<LivePart>]) -> bool {
    let bytes = || group.iter().map(|live| live.part.meta().bytes);
    let (all, largest) = (bytes().sum::<u64>(), bytes().max().unwrap_or(0));
    group.len() > 1 && all <= BYTES_MAX && (all - largest) * SMALL_ONE_IN >= largest
}
