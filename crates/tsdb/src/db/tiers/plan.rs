//! Which part of windows is made next: a pure decision.

use plimsoll_types::{Tier, TimeRange, Timestamp};

use super::layout::{Known, first_whole};

pub(super) const DAY_MILLIS: i64 = 24 * 3_600_000;
/// The longest span of one part.
const SPAN_DAYS_MAX: i64 = 31;

/// What the decision is made from.
pub(super) struct Terms<'a> {
    /// All parts of windows.
    pub(super) parts: &'a [Known],
    /// Those in which something deleted is still there.
    pub(super) is_hit: &'a [bool],
    /// The times of the parts of samples.
    pub(super) samples: &'a [TimeRange],
    /// The times of windows in memory: late samples that will be sealed soon.
    pub(super) busy: &'a [TimeRange],
    /// The times of parts of samples in quarantine.
    pub(super) aside: &'a [TimeRange],
    /// All samples before this are sealed, but for late ones.
    pub(super) over: Timestamp,
    /// All samples from here on are kept.
    pub(super) samples_from: Timestamp,
}

/// A part to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) tier: Tier,
    pub(super) span: TimeRange,
    /// Positions of those that it stands in the place of.
    pub(super) old: Vec<usize>,
}

impl Terms<'_> {
    /// Returns the parts that are due of a tier that is kept from `first` on, the most urgent one first.
    pub(super) fn due(&self, tier: Tier, first: Timestamp, kept_days: i64) -> Vec<Wanted> {
        let mut wanted = self.missing(tier, first);
        wanted.extend(self.outdated(tier));
        if wanted.is_empty() {
            wanted.extend(self.mergeable(tier, kept_days));
        }
        wanted.retain(|wanted| !self.busy.iter().any(|busy| busy.overlaps(wanted.span)));
        // Windows that were made of samples which cannot be read at the moment are all that is left of them.
        let is_without = |span| self.aside.iter().any(|aside| aside.overlaps(span));
        wanted.retain(|wanted| wanted.old.is_empty() || !is_without(wanted.span));
        wanted
    }

    /// Days that are over, have samples and no part.
    fn missing(&self, tier: Tier, first: Timestamp) -> Vec<Wanted> {
        let mut days = Vec::new();
        for samples in self.samples {
            let mut day = day_of(samples.start.max(first));
            while day.start <= samples.end && day.end < self.over {
                days.push(day.start);
                day = day_of(day.end.saturating_add_millis(1));
            }
        }
        days.sort_unstable();
        days.dedup();
        let has_part = |day: TimeRange| {
            let mut parts = self.parts.iter();
            parts.any(|part| part.tier == tier && part.span.overlaps(day))
        };
        let missing = days.into_iter().map(day_of).filter(|day| !has_part(*day));
        let wanted = missing.map(|span| Wanted {
            tier,
            span,
            old: Vec::new(),
        });
        wanted.collect()
    }

    /// Parts that can be better than they are.
    fn outdated(&self, tier: Tier) -> Vec<Wanted> {
        let from = first_whole(self.samples_from, tier);
        let is_due = |at: &usize| {
            let part = &self.parts[*at];
            part.tier == tier && (self.is_hit[*at] || (part.is_stale && part.span.end >= from))
        };
        let due = (0..self.parts.len()).filter(is_due);
        let wanted = due.map(|at| Wanted {
            tier,
            span: self.parts[at].span,
            old: vec![at],
        });
        wanted.collect()
    }

    /// Parts of one long span that is over; a long span is at most a tenth of what is kept.
    fn mergeable(&self, tier: Tier, kept_days: i64) -> Option<Wanted> {
        let length = (kept_days / 10).clamp(1, SPAN_DAYS_MAX) * DAY_MILLIS;
        let long = |part: &Known| part.span.start.saturating_add_millis(-1).align_down(length);
        let is_inside = |part: &Known| {
            let end = long(part).saturating_add_millis(length);
            part.tier == tier && part.span.end <= end && end < self.over
        };
        let mut inside: Vec<usize> = (0..self.parts.len())
            .filter(|at| is_inside(&self.parts[*at]))
            .collect();
        inside.sort_by_key(|at| self.parts[*at].span.start);
        let mut groups = inside.chunk_by(|a, b| long(&self.parts[*a]) == long(&self.parts[*b]));
        let group = groups.find(|group| group.len() > 1)?;
        let (first, last) = (&self.parts[group[0]], &self.parts[group[group.len() - 1]]);
        Some(Wanted {
            tier,
            span: TimeRange::new(first.span.start, last.span.end),
            old: group.to_vec(),
        })
    }
}

/// Returns the day, as windows are, that a point in time lies in.
pub(super) fn day_of(point: Timestamp) -> TimeRange {
    let midnight = point.saturating_add_millis(-1).align_down(DAY_MILLIS);
    let first = midnight.saturating_add_millis(1);
    TimeRange::new(first, midnight.saturating_add_millis(DAY_MILLIS))
}

/// Returns the days that windows lie in whose ends are these: the span of their part as far as they tell.
pub(in crate::db) fn span_of(ends: TimeRange) -> TimeRange {
    TimeRange::new(day_of(ends.start).start, day_of(ends.end).end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(from: i64, to: i64) -> TimeRange {
        let at = |day: i64| Timestamp::from_millis(day * DAY_MILLIS);
        TimeRange::new(at(from).saturating_add_millis(1), at(to))
    }

    fn at(day: i64) -> Timestamp {
        Timestamp::from_millis(day * DAY_MILLIS)
    }

    fn part(from: i64, to: i64, is_stale: bool) -> Known {
        Known {
            tier: Tier::Hour,
            span: days(from, to),
            is_stale,
        }
    }

    fn due(
        parts: &[Known],
        is_hit: &[bool],
        samples: &[TimeRange],
        busy: &[TimeRange],
    ) -> Vec<(TimeRange, usize)> {
        due_beside(parts, is_hit, samples, (busy, &[]))
    }

    fn due_beside(
        parts: &[Known],
        is_hit: &[bool],
        samples: &[TimeRange],
        (busy, aside): (&[TimeRange], &[TimeRange]),
    ) -> Vec<(TimeRange, usize)> {
        let terms = Terms {
            parts,
            is_hit,
            samples,
            busy,
            aside,
            over: at(40).saturating_add_millis(5),
            samples_from: at(30),
        };
        let wanted = terms.due(Tier::Hour, at(2), 730);
        wanted
            .into_iter()
            .map(|wanted| (wanted.span, wanted.old.len()))
            .collect()
    }

    #[test]
    fn days_with_samples_and_without_a_part_are_missing() {
        let samples = [TimeRange::new(at(37), at(38)), days(39, 42)];
        // The sample at midnight is one of the day before.
        assert_eq!(
            due(&[], &[], &samples, &[]),
            [(days(36, 37), 0), (days(37, 38), 0), (days(39, 40), 0)]
        );
        let parts = [part(35, 37, false)];
        assert_eq!(
            due(&parts, &[false], &samples, &[days(37, 38)]),
            [(days(39, 40), 0)]
        );
        assert_eq!(
            due(&[], &[], &[TimeRange::ALL], &[]).len(),
            39,
            "from the retention on"
        );
    }

    #[test]
    fn what_is_stale_is_made_again_while_samples_are_there() {
        let parts = [part(20, 25, true), part(25, 31, true), part(31, 32, false)];
        assert_eq!(due(&parts, &[false; 3], &[], &[]), [(days(25, 31), 1)]);
        assert_eq!(
            due(&parts, &[true, false, false], &[], &[]),
            [(days(20, 25), 1), (days(25, 31), 1)]
        );
    }

    #[test]
    fn nothing_is_made_again_without_samples_that_cannot_be_read() {
        let parts = [part(31, 32, true), part(33, 34, true), part(34, 35, true)];
        let found = due_beside(
            &parts,
            &[false; 3],
            &[days(36, 37)],
            (&[], &[at(32)].map(|at| TimeRange::new(at, at))),
        );
        assert_eq!(
            found,
            [(days(36, 37), 0), (days(33, 34), 1), (days(34, 35), 1)]
        );
        let found = due_beside(&[], &[], &[days(36, 37)], (&[], &[days(36, 37)]));
        assert_eq!(found, [(days(36, 37), 0)], "better some than none");
    }

    #[test]
    fn parts_of_a_long_span_become_one() {
        let parts = [
            part(31, 32, false),
            part(0, 1, false),
            part(3, 4, false),
            part(4, 5, false),
        ];
        assert_eq!(due(&parts, &[false; 4], &[], &[]), [(days(0, 5), 3)]);
        assert_eq!(
            due(
                &[part(31, 32, false), part(32, 33, false)],
                &[false; 2],
                &[],
                &[]
            ),
            []
        );
    }
}
