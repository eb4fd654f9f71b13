//! Which parts are merged: a pure decision over what is known of them.
//!
//! ```text
//! windows of 30 min    | | | | | | | | | | | |  ->  ||||  one part          when four of a similar size gathered
//! parts of a day       |    |    |    |         ->  one part per day        when the day is over
//! days                 |  day |  day |  day |   ->  one part per long span  when the span is over
//! ```
//!
//! Days and spans are aligned to the epoch. A long span is at most 31 days and at most a tenth of the retention, but a
//! day at least, so that what is too old never holds much more disk than it must. A sample is written five times in its
//! life: sealed, and merged four times.
//!
//! Late data makes small parts beside a large one. They are merged among themselves, and with the large one only when they
//! hold a quarter of its bytes together: so a byte is written again a few times only, whatever comes late, and the parts of
//! a span stay as few as their sizes have digits.
//!
//! When there are too many parts of a day all the same, small groups of them come first, see [`crowded()`].
//!
//! Parts keep their *order of age*, because of two values for one (series, time) the younger part's counts. The merged
//! part stands in the place of the youngest of its group, so an older member passes every part in between; none of those
//! may touch its time.

mod crowded;

use std::collections::HashSet;

use plimsoll_types::{TimeRange, Timestamp};

pub(super) use crowded::crowded;

pub(super) const DAY_MILLIS: i64 = 24 * 3_600_000;
const SPAN_DAYS_MAX: i64 = 31;
/// A finished day or span is merged when all but the largest part hold this part of its bytes together.
const SMALL_ONE_IN: u64 = 4;
/// So many parts of a similar size of a day that is not over are merged.
const SIMILAR: usize = 4;
/// Parts are similar when none is more than so many times as large as another.
const SIMILAR_FACTOR: u64 = 2;
/// Below this size every part is as good as any other: what costs is that it is one.
const SMALL_BYTES: u64 = 64 << 10;
/// More bytes are not written again in one go: it would need as much free space.
const BYTES_MAX: u64 = 16 << 30;

/// What is known of a part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    pub(super) id: u64,
    pub(super) range: TimeRange,
    pub(super) bytes: u64,
    /// The WAL sequence up to which it was sealed.
    pub(super) sequence: u64,
}

/// What the decision depends on besides the parts.
#[derive(Clone, Debug)]
pub(super) struct Terms<'a> {
    /// Days and spans that end before this are over.
    pub(super) over: Timestamp,
    /// How long a long span is, in milliseconds: whole days.
    pub(super) span_millis: i64,
    /// Parts in quarantine: if one is read again one day, what is newer must still be newer.
    pub(super) aside: &'a [Candidate],
    /// Parts that are left alone.
    pub(super) failed: &'a HashSet<u64>,
}

/// Positions of parts that are merged into one, in the order of their age.
pub(super) type Group = Vec<usize>;

/// Returns how long the long spans are that fit a retention.
pub(super) fn span_millis(retention_millis: i64) -> i64 {
    let days = retention_millis / 10 / DAY_MILLIS;
    days.clamp(1, SPAN_DAYS_MAX) * DAY_MILLIS
}

/// Returns what is due, days before long spans and old ones before young ones; no part is in two groups. `parts` come in
/// the order of their age.
pub(super) fn due(parts: &[Candidate], terms: &Terms<'_>) -> Vec<Group> {
    let mut plan = Plan::new(parts, terms);
    for length in lengths(terms) {
        for start in plan.starts(length) {
            let range = TimeRange::new(start, start.saturating_add_millis(length - 1));
            let Some(all) = plan.within(range) else {
                continue;
            };
            let group = match range.end < terms.over {
                true => plan.small_beside_large(&all),
                false if length == DAY_MILLIS => plan.similar(&all),
                false => None,
            };
            plan.take(group);
        }
    }
    plan.groups
}

/// Returns what is merged when a person wants as few parts as may be: all parts of each span that touches `range`, over
/// or not, and where that cannot be, those of each day.
pub(super) fn forced(parts: &[Candidate], terms: &Terms<'_>, range: TimeRange) -> Vec<Group> {
    let mut plan = Plan::new(parts, terms);
    for length in lengths(terms).into_iter().rev() {
        for start in plan.starts(length) {
            let span = TimeRange::new(start, start.saturating_add_millis(length - 1));
            if span.overlaps(range) {
                let all = plan.within(span).unwrap_or_default();
                // The oldest ones may have to stay as they are: all others are younger.
                let mut groups = (0..all.len()).map(|first| &all[first..]);
                let found = groups.find(|group| plan.may_be_one(group));
                let found = found.map(<[_]>::to_vec);
                plan.take(found);
            }
        }
    }
    plan.groups
}

fn lengths(terms: &Terms<'_>) -> Vec<i64> {
    let mut lengths = vec![DAY_MILLIS, terms.span_millis];
    lengths.dedup();
    lengths
}

struct Plan<'a> {
    parts: &'a [Candidate],
    terms: &'a Terms<'a>,
    groups: Vec<Group>,
    taken: HashSet<usize>,
}

impl<'a> Plan<'a> {
    fn new(parts: &'a [Candidate], terms: &'a Terms<'a>) -> Self {
        Self {
            parts,
            terms,
            groups: Vec::new(),
            taken: HashSet::new(),
        }
    }

    fn take(&mut self, group: Option<Group>) {
        let is_free = |group: &Group| !group.iter().any(|at| self.taken.contains(at));
        if let Some(group) = group.filter(is_free) {
            self.taken.extend(&group);
            self.groups.push(group);
        }
    }

    /// Returns where the spans of a length begin in which parts do.
    fn starts(&self, length: i64) -> Vec<Timestamp> {
        let starts = self.parts.iter();
        let mut starts: Vec<_> = starts.map(|p| p.range.start.align_down(length)).collect();
        starts.sort_unstable();
        starts.dedup();
        starts
    }

    /// Returns the parts that lie within a range; nothing when one reaches over its end, for then the order of age would
    /// be lost by merging.
    fn within(&self, range: TimeRange) -> Option<Group> {
        let overlapping = |at: &usize| self.parts[*at].range.overlaps(range);
        let group: Group = (0..self.parts.len()).filter(overlapping).collect();
        let is_inside = |at: &usize| {
            let own = self.parts[*at].range;
            range.start <= own.start && own.end <= range.end
        };
        group.iter().all(is_inside).then_some(group)
    }

    /// Returns the largest set of the youngest of `all` that is worth it. The oldest ones may stay as they are: all others
    /// are younger.
    fn small_beside_large(&self, all: &[usize]) -> Option<Group> {
        let is_worth_it = |group: &&[usize]| {
            let bytes = || group.iter().map(|at| self.parts[*at].bytes);
            let (sum, largest) = (bytes().sum::<u64>(), bytes().max().unwrap_or(0));
            (sum - largest) * SMALL_ONE_IN >= largest && self.may_be_one(group)
        };
        let mut groups = (0..all.len()).map(|first| &all[first..]);
        groups.find(is_worth_it).map(<[_]>::to_vec)
    }

    /// Returns parts of a similar size, small ones first, if enough of them gathered.
    fn similar(&self, all: &[usize]) -> Option<Group> {
        let size = |at: usize| self.parts[at].bytes.max(SMALL_BYTES);
        let mut sizes: Vec<u64> = all.iter().map(|at| size(*at)).collect();
        sizes.sort_unstable();
        sizes.dedup();
        sizes.into_iter().find_map(|least| {
            let most = least.saturating_mul(SIMILAR_FACTOR);
            let is_similar = |at: &&usize| (least..=most).contains(&size(**at));
            let similar: Group = all.iter().filter(is_similar).copied().collect();
            // What came between two of them may forbid it for the older ones only, or for the younger ones.
            let ends = (SIMILAR..=similar.len()).rev();
            let mut runs = ends.flat_map(|end| (0..=end - SIMILAR).map(move |first| (first, end)));
            let group = runs.find(|(first, end)| self.may_be_one(&similar[*first..*end]));
            group.map(|(first, end)| similar[first..end].to_vec())
        })
    }

    /// Says whether merging a group changes no answer, now or when a part in quarantine is read again, and takes no more
    /// space than we allow ourselves.
    fn may_be_one(&self, group: &[usize]) -> bool {
        let bytes: u64 = group.iter().map(|at| self.parts[*at].bytes).sum();
        let (Some(first), Some(last)) = (group.first(), group.last()) else {
            return false;
        };
        // Parts of one sequence are not passed either: the merged part has that of its youngest member, and a part in
        // quarantine finds its place by it.
        let age = self.parts[*last].sequence;
        let between = (*first..self.parts.len())
            .take_while(|at| self.parts[*at].sequence <= age)
            .filter(|at| group.binary_search(at).is_err());
        group.len() > 1
            && bytes <= BYTES_MAX
            && !group.iter().any(|at| self.is_failed(*at))
            && !between.into_iter().any(|at| self.is_passed(at, group))
            && !self
                .terms
                .aside
                .iter()
                .any(|part| self.lies_between(part, group))
    }

    fn is_failed(&self, at: usize) -> bool {
        self.terms.failed.contains(&self.parts[at].id)
    }

    /// Says whether an older part of the group that touches the time of the part `at` would become younger than it.
    fn is_passed(&self, at: usize, group: &[usize]) -> bool {
        let range = self.parts[at].range;
        let mut older = group.iter().take_while(|member| **member < at);
        older.any(|member| self.parts[*member].range.overlaps(range))
    }

    fn lies_between(&self, aside: &Candidate, group: &[usize]) -> bool {
        let age = |part: &Candidate| (part.sequence, part.id);
        let mut members = group.iter().map(|at| &self.parts[*at]);
        let overlaps = members.clone().any(|part| part.range.overlaps(aside.range));
        let is_older = members
            .next()
            .is_some_and(|oldest| age(oldest) < age(aside));
        let is_younger = members
            .next_back()
            .is_some_and(|youngest| aside.sequence <= youngest.sequence);
        overlaps && is_older && is_younger
    }
}

#[cfg(test)]
mod tests;
