//! Merging: many small parts become few large ones, because every part costs a query a look into its index, memory for
//! its directory, and open files, and because long blocks are smaller and faster to decode than short ones.
//!
//! ```text
//! 2 h windows          | | | | | | | | | | | |  ->  one part per day        when the day is over
//! days                 |  day |  day |  day |   ->  one part per long span  when the span is over
//! ```
//!
//! Days and spans are aligned to the epoch. A long span is at most 31 days and at most a tenth of the retention, so that
//! what is too old never holds much more disk than it must. Samples are written three times in their life.
//!
//! Late data makes small parts beside a large one. They wait until they are worth writing the large one again.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use plimsoll_types::{TimeRange, Timestamp};

use super::hidden::{LiveTombstone, VisiblePart};
use super::seal::Maintenance;
use super::view::LivePart;
use super::{Db, Keeping, lock};
use crate::Result;

const DAY_MILLIS: i64 = 24 * 3_600_000;
const SPAN_DAYS_MAX: i64 = 31;
/// So many parts of one day or span are merged whatever their sizes are.
const PARTS_MANY: usize = 6;
/// Fewer are merged when all but the largest hold this part of its bytes together.
const SMALL_ONE_IN: u64 = 4;
/// More bytes are not written again in one go: sealing waits meanwhile.
const BYTES_MAX: u64 = 4 << 30;
/// After this time the rest is left to the next maintenance.
const TIME_MAX: Duration = Duration::from_secs(10);

impl Db {
    /// Merges what is due, one day or span after the other.
    pub(super) fn merge_due(&self, keeping: &mut Keeping, done: &mut Maintenance) -> Result<()> {
        let begin = self.clock.monotonic();
        while self.clock.monotonic().since(begin) < TIME_MAX {
            let (parts, tombstones) = self.deleted_from();
            let Some(group) = self.mergeable(&parts) else {
                return Ok(());
            };
            self.merge_group(keeping, &group, &tombstones)?;
            self.metrics.parts_merged.inc_by(group.len() as u64);
            done.parts_merged += group.len();
        }
        Ok(())
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

    /// Returns the parts of the oldest day or span that is due, in the order of their age.
    fn mergeable(&self, parts: &[Arc<LivePart>]) -> Option<Vec<Arc<LivePart>>> {
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
                let group = (end < over).then(|| within(parts, TimeRange::new(start, end)))??;
                is_worth_it(&group).then_some(group)
            })
        })
    }

    /// Returns the time before which all windows are sealed, by a clock that can be believed.
    fn over_until(&self) -> Timestamp {
        let (now, monotonic) = (self.clock.now(), self.clock.monotonic());
        let mut timekeeper = lock(&self.timekeeper);
        timekeeper.trusted(now, monotonic);
        if !timekeeper.is_steady() {
            return Timestamp::MIN;
        }
        let late = self.config.window_millis() + 2 * self.config.seal_grace_millis();
        let over = now.saturating_add_millis(-late);
        let view = self.view.read().unwrap_or_else(PoisonError::into_inner);
        let open = view
            .windows()
            .map(|window| Timestamp::from_millis(window.start()));
        open.min().map_or(over, |open| open.min(over))
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

fn is_worth_it(group: &[Arc<LivePart>]) -> bool {
    let bytes = || group.iter().map(|live| live.part.meta().bytes);
    let (all, largest) = (bytes().sum::<u64>(), bytes().max().unwrap_or(0));
    group.len() > 1
        && all <= BYTES_MAX
        && (group.len() >= PARTS_MANY || (all - largest) * SMALL_ONE_IN >= largest)
}
