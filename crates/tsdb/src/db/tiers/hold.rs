//! Which samples must stay on the disk because windows are to be made of them.
//!
//! With the usual retention windows are made weeks before samples expire. It matters where samples are kept for less than
//! a day and a half: nobody sees them any more, but their day is not over.

use std::sync::PoisonError;

use plimsoll_types::{Tier, TimeRange, Timestamp};

use super::plan::{DAY_MILLIS, day_of};
use crate::db::Db;

/// So long after their day samples are held at most: whatever keeps windows from being made must not fill the disk.
const HELD_DAYS: i64 = 2;

/// The days that have their windows.
pub(in crate::db) struct Hold {
    /// `None`: no windows are made.
    spans: Option<Vec<TimeRange>>,
    /// What is older is not held.
    from: Timestamp,
}

impl Db {
    /// Returns what is held at the moment.
    pub(in crate::db) fn held_for_windows(&self) -> Hold {
        let rules = self.upkeep.retention();
        let kept = |tier: &Tier| !rules.rules.longest(*tier).is_zero();
        let finest = Tier::WINDOWS.into_iter().find(kept);
        let spans = finest.map(|tier| {
            let view = self.view.read().unwrap_or_else(PoisonError::into_inner);
            let parts = view.tiers.iter().filter(|live| live.entry.tier == tier);
            parts.map(|live| live.entry.range).collect()
        });
        let longest = finest.map_or(Timestamp::MAX, |tier| self.cutoffs().first(tier));
        let recent = self
            .trusted_now()
            .saturating_add_millis(-(1 + HELD_DAYS) * DAY_MILLIS);
        Hold {
            spans,
            from: longest.max(recent),
        }
    }
}

impl Hold {
    /// Says whether windows are still to be made of samples of this time.
    pub(in crate::db) fn holds(&self, samples: TimeRange) -> bool {
        let Some(spans) = &self.spans else {
            return false;
        };
        let mut day = day_of(samples.start.max(self.from));
        while day.start <= samples.end {
            if !spans.iter().any(|span| span.overlaps(day)) {
                return true;
            }
            day = day_of(day.end.saturating_add_millis(1));
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_without_windows_are_held_for_a_while() {
        let days = |from: i64, to: i64| {
            let at = |day: i64| Timestamp::from_millis(day * DAY_MILLIS);
            TimeRange::new(at(from).saturating_add_millis(1), at(to))
        };
        let hold = Hold {
            spans: Some(vec![days(3, 5), days(6, 7)]),
            from: days(2, 3).start,
        };
        for (samples, expected) in [
            (days(0, 2), false),
            (days(2, 3), true),
            (days(3, 5), false),
            (days(4, 6), true),
            (days(3, 4), false),
            (days(7, 8), true),
            (TimeRange::ALL, true),
        ] {
            assert_eq!(hold.holds(samples), expected, "{samples:?}");
        }
        let none = Hold {
            spans: None,
            ..hold
        };
        assert!(!none.holds(days(7, 8)));
    }
}
