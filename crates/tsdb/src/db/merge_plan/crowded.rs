//! Days of which there are too many parts: what makes them fewer at the least cost comes before all other merging.
//!
//! Parts pile up when many are made in little time: late data for many days, somebody who flushes again and again, a
//! process that is killed before a large merge is done. Here the groups are small ones, so that each is done soon, and
//! what a kill breaks off is little.

use std::collections::BTreeMap;

use super::{Candidate, DAY_MILLIS, Group, Plan, SMALL_BYTES, Terms};

/// More parts of a day are too many. A day without late data has about ten while it goes on.
const PARTS_MAX: usize = 32;
/// So many parts are merged in one go at most.
const GROUP_PARTS_MAX: usize = 16;
/// They have so many bytes together at most: on an idle machine less than a second's work.
const GROUP_BYTES_MAX: u64 = 16 << 20;

/// Returns a group of each day that has too many parts, the day with the most of them first. `parts` come in the order
/// of their age.
pub(in crate::db) fn crowded(parts: &[Candidate], terms: &Terms<'_>) -> Vec<Group> {
    let mut plan = Plan::new(parts, terms);
    let mut days: BTreeMap<i64, Vec<usize>> = BTreeMap::new();
    for (at, part) in parts.iter().enumerate() {
        let day = |time: plimsoll_types::Timestamp| time.align_down(DAY_MILLIS).millis();
        if day(part.range.start) == day(part.range.end) {
            days.entry(day(part.range.start)).or_default().push(at);
        }
    }
    let mut days: Vec<_> = days.into_values().collect();
    days.retain(|day| day.len() > PARTS_MAX);
    days.sort_by_key(|day| std::cmp::Reverse(day.len()));
    for day in days {
        let group = cheapest(&plan, &day);
        plan.take(group);
    }
    plan.groups
}

/// Returns neighbours in age that cost the least for each part that there is less.
fn cheapest(plan: &Plan<'_>, day: &[usize]) -> Option<Group> {
    let bytes_of = |at: &usize| plan.parts[*at].bytes.max(SMALL_BYTES);
    let mut runs = Vec::new();
    for first in 0..day.len() {
        let mut bytes = 0;
        let fitting = day[first..].iter().take(GROUP_PARTS_MAX);
        let fitting = fitting.take_while(|at| {
            bytes += bytes_of(at);
            bytes <= GROUP_BYTES_MAX
        });
        let length = fitting.count();
        if length > 1 {
            let run = &day[first..first + length];
            let bytes: u64 = run.iter().map(bytes_of).sum();
            runs.push((bytes / (length as u64 - 1), run));
        }
    }
    runs.sort_by_key(|(cost, _)| *cost);
    let mut runs = runs.into_iter().map(|(_, run)| run);
    runs.find(|run| plan.may_be_one(run)).map(<[_]>::to_vec)
}
