//! Which parts are worth writing again because much in them is older than its retention.
//!
//! Queries never see what is expired, so this is about disk space only. Whole parts go when their last sample expires;
//! a part that is long, or that holds series of several rules, is written again when a quarter of it is expired. It is
//! counted in days: a part of a day is not written again every hour because its first hours expire.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use plimsoll_types::{Tier, TimeRange, Timestamp};

use super::cutoffs::Cutoffs;
use super::delete::suspect;
use super::merge_plan::DAY_MILLIS;
use super::view::LivePart;
use super::{Db, lock};
use crate::config::Retention;
use crate::part::Error;

/// A part is written again when one sample in so many is expired.
const EXPIRED_ONE_IN: u64 = 4;

/// How old the samples of a part are, by how long they are kept.
pub(super) struct Ages {
    /// The rules that this was counted by.
    retention: Arc<Retention>,
    /// Samples by the last millisecond of their day, by retention.
    classes: HashMap<Duration, Vec<(Timestamp, u64)>>,
}

/// The ages of the parts that were looked at, by part.
#[derive(Default)]
pub(super) struct KnownAges(HashMap<u64, Arc<Ages>>);

impl Db {
    /// Returns the oldest part that is worth writing again, and none of `failed`.
    pub(super) fn first_expired(
        &self,
        parts: &[Arc<LivePart>],
        failed: &HashSet<u64>,
    ) -> Option<Arc<LivePart>> {
        let cutoffs = self.cutoffs();
        lock(&self.upkeep.ages).retain(parts);
        let is_worth_it = |live: &&Arc<LivePart>| {
            let (expired, all) = self.expired_of(live, &cutoffs);
            expired > 0 && expired.saturating_mul(EXPIRED_ONE_IN) >= all
        };
        let hold = self.held_for_windows();
        let is_free =
            |live: &&Arc<LivePart>| !failed.contains(&live.id()) && !hold.holds(live.range());
        let mut wanted = parts.iter().filter(is_free);
        wanted.find(is_worth_it).cloned()
    }

    /// Estimates how much of a part is expired, and how much there is.
    fn expired_of(&self, live: &Arc<LivePart>, cutoffs: &Cutoffs) -> (u64, u64) {
        let range = live.range();
        if range.is_empty() || cutoffs.all_from(Tier::Raw) <= range.start {
            return (0, 1);
        }
        if cutoffs.is_uniform(range) {
            return expired_days(range, cutoffs.first(Tier::Raw));
        }
        match self.ages_of(live) {
            Ok(ages) => ages.expired(cutoffs),
            Err(_) => {
                suspect(live);
                (0, 1)
            }
        }
    }

    fn ages_of(&self, live: &LivePart) -> Result<Arc<Ages>, Error> {
        let retention = self.upkeep.retention();
        if let Some(known) = lock(&self.upkeep.ages).0.get(&live.id())
            && Arc::ptr_eq(&known.retention, &retention)
        {
            return Ok(known.clone());
        }
        let counted = Arc::new(Ages::count(live, retention)?);
        lock(&self.upkeep.ages).0.insert(live.id(), counted.clone());
        Ok(counted)
    }
}

impl KnownAges {
    fn retain(&mut self, parts: &[Arc<LivePart>]) {
        let there: HashSet<u64> = parts.iter().map(|live| live.id()).collect();
        self.0.retain(|id, _| there.contains(id));
    }
}

impl Ages {
    /// Walks the index of a part.
    fn count(live: &LivePart, retention: Arc<Retention>) -> Result<Self, Error> {
        let mut classes: HashMap<Duration, HashMap<Timestamp, u64>> = HashMap::new();
        let whole = live.range();
        for id in 0..live.part.meta().series {
            let labels = live.part.labels(id)?;
            let kept = retention.rules.retention_of(&labels, Tier::Raw);
            let days = classes.entry(kept).or_default();
            for block in live.part.block_aggregates(id)? {
                for (end, samples) in by_day(block.range, block.samples.into()) {
                    *days.entry(end.min(whole.end)).or_default() += samples;
                }
            }
        }
        let listed = classes
            .into_iter()
            .map(|(kept, days)| (kept, days.into_iter().collect()));
        Ok(Self {
            classes: listed.collect(),
            retention,
        })
    }

    fn expired(&self, cutoffs: &Cutoffs) -> (u64, u64) {
        let (mut expired, mut all) = (0, 0);
        for (kept, days) in &self.classes {
            let cutoff = cutoffs.before(*kept);
            for (end, samples) in days {
                all += samples;
                expired += if *end < cutoff { *samples } else { 0 };
            }
        }
        (expired, all)
    }
}

/// Spreads the samples of a block evenly over its days, each by its last millisecond.
fn by_day(range: TimeRange, samples: u64) -> Vec<(Timestamp, u64)> {
    let end_of = |time: Timestamp| {
        let begin = time.align_down(DAY_MILLIS);
        begin.saturating_add_millis(DAY_MILLIS - 1)
    };
    let (first, last) = (end_of(range.start), end_of(range.end));
    let days = last.millis_since(first) / DAY_MILLIS + 1;
    // A block over more days than it has samples, or than anybody keeps, counts as one of its end.
    let Ok(count) = u64::try_from(days).map(|days| days.min(samples)) else {
        return vec![(last, samples)];
    };
    if count <= 1 {
        return vec![(last, samples)];
    }
    let step = days / count.cast_signed();
    let each = samples / count;
    let mut found: Vec<_> = (1..count)
        .map(|index| {
            let back = (count - index).cast_signed() * step * DAY_MILLIS;
            (last.saturating_add_millis(-back), each)
        })
        .collect();
    found.push((last, samples - each * (count - 1)));
    found
}

/// Estimates how many of the days of a part are expired when all series are kept equally long; nothing of a part that is
/// not longer than a day, which goes as a whole soon enough.
fn expired_days(range: TimeRange, cutoff: Timestamp) -> (u64, u64) {
    let all = range.end.millis_since(range.start) / DAY_MILLIS;
    let expired = cutoff.millis_since(range.start) / DAY_MILLIS;
    match all {
        0 => (0, 1),
        _ => (expired.clamp(0, all).unsigned_abs(), all.unsigned_abs()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000;

    fn range(start_hours: i64, end_hours: i64) -> TimeRange {
        let at = |hours: i64| Timestamp::from_millis(hours * HOUR);
        TimeRange::new(at(start_hours), at(end_hours))
    }

    #[test]
    fn blocks_are_spread_over_their_days() {
        let check = |hours: (i64, i64), samples, expected: &[(i64, u64)]| {
            let found = by_day(range(hours.0, hours.1), samples);
            let days = found
                .iter()
                .map(|(end, samples)| ((end.millis() + 1) / DAY_MILLIS, *samples));
            assert_eq!(days.collect::<Vec<_>>(), expected, "{hours:?}");
        };
        check((1, 23), 100, &[(1, 100)]);
        check((1, 25), 101, &[(1, 50), (2, 51)]);
        check((0, 24 * 9), 2, &[(5, 1), (10, 1)]);
        check((30, 31), 0, &[(2, 0)]);
        let all = by_day(TimeRange::ALL, 7);
        assert_eq!(all.iter().map(|(_, samples)| samples).sum::<u64>(), 7);
    }

    #[test]
    fn equal_retention_counts_whole_days_of_long_parts() {
        let days = |days: i64| Timestamp::from_millis(days * DAY_MILLIS);
        assert_eq!(expired_days(range(0, 23), days(1)), (0, 1));
        assert_eq!(expired_days(range(0, 240), days(2)), (2, 10));
        assert_eq!(expired_days(range(0, 240), days(-2)), (0, 10));
        assert_eq!(expired_days(range(0, 240), days(99)), (10, 10));
    }
}
