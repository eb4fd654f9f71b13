//! Which budgets a series counts for: one for the whole, and one for its group.

use std::sync::Arc;

use plimsoll_types::Labels;

use super::Engine;
use super::interest::is_match;
use super::rows::{BudgetKey, Judged};
use super::streams::{Budget, Group};
use crate::count::Link;
use crate::ledger::{Derived, Stream, Verdict};
use crate::sli::{Reading, Source, Watch};
use crate::{Dimensions, Slo, Target};

/// The value of each dimension in the group of those beyond the limit.
pub const OTHER: &str = "__other__";
/// The value of the first dimension where a series has none of them.
pub const NONE: &str = "__none__";

impl Engine {
    /// Returns what a series counts for, with how it is read. `is_wanted` says for which slots.
    pub(super) fn links(
        &mut self,
        labels: &Labels,
        is_wanted: impl Fn(u32) -> bool,
    ) -> Vec<(Reading, Link)> {
        let interest = self.interest.clone();
        let mut links: Vec<(Reading, Link)> = Vec::new();
        for (slo, watch) in interest.matching(labels) {
            let slot = self.slots.of_catalog[slo];
            if !is_wanted(slot) {
                continue;
            }
            let since = self.slots.all[slot as usize].since();
            for stream in self.streams_of(slot, watch, labels) {
                let link = link(watch, labels, stream, since);
                merge(&mut links, watch.reading, link);
            }
        }
        links
    }

    fn streams_of(&mut self, slot: u32, watch: &Watch, labels: &Labels) -> Vec<u32> {
        let Some(slo) = self.slots.all[slot as usize].slo.clone() else {
            return Vec::new();
        };
        let objectives = slo.objectives.iter().enumerate();
        let objectives =
            objectives.filter(|(at, _)| watch.objective.is_none_or(|only| only == *at));
        let group = slo
            .dimensions
            .as_ref()
            .map(|dimensions| self.group(slot, dimensions, labels));
        let mut streams = Vec::new();
        for (_, objective) in objectives {
            streams.push(self.stream(slot, &objective.name, None));
            if let Some(group) = &group {
                streams.push(self.stream(slot, &objective.name, Some(group.clone())));
            }
        }
        streams
    }

    /// Returns the group of a series: its own, or that of all others when there are too many.
    pub(super) fn group(&mut self, slot: u32, dimensions: &Dimensions, labels: &Labels) -> Labels {
        let group = own_group(dimensions, labels);
        let budgets = &self.slots.all[slot as usize].budgets;
        let is_known = budgets
            .keys()
            .any(|(_, known)| known.as_ref() == Some(&group));
        if is_known || group_count(budgets.keys().map(|(_, group)| group)) < dimensions.limit {
            return group;
        }
        self.tallies.groups_refused += 1;
        Labels::from_pairs(dimensions.labels.iter().map(|label| (&**label, OTHER)))
    }

    /// Returns the budget of an objective and a group, made when it is new.
    pub(super) fn stream(&mut self, slot: u32, objective: &Arc<str>, group: Group) -> u32 {
        let key = (objective.clone(), group);
        let found = &self.slots.all[slot as usize];
        if let Some(stream) = found.budgets.get(&key) {
            return *stream;
        }
        let (slo, since) = (found.slo.clone(), found.since());
        let mut ledger = Stream::new(self.begin);
        let mut gate = i64::MIN;
        if let Some(slo) = &slo {
            let verdict = verdict(slo, objective, key.1.as_ref());
            ledger.derive(verdict.and_then(|verdict| Derived::new(verdict, self.begin)));
            gate = closed_gate(slo, objective);
        }
        let judged = self.waiting_for(slot, &key);
        let stream = self.streams.insert(Budget {
            slot,
            objective: key.0.clone(),
            group: key.1.clone(),
            ledger,
            gate,
            gate_since: since,
            spans: None,
            judged,
        });
        self.slots.all[slot as usize].budgets.insert(key, stream);
        stream
    }
}

impl Engine {
    /// Returns what is known from before a restart of a budget that comes back.
    fn waiting_for(&mut self, slot: u32, (objective, group): &(Arc<str>, Group)) -> Judged {
        let key = BudgetKey {
            slo: self.slots.all[slot as usize].id.clone(),
            objective: objective.clone(),
            group: group.clone(),
        };
        let (burn, standing) = self.waiting.remove(&key).unwrap_or_default();
        Judged {
            burn,
            standing,
            ..Judged::default()
        }
    }
}

/// Returns the group that the values of a series' labels are.
pub(super) fn own_group(dimensions: &Dimensions, labels: &Labels) -> Labels {
    let group = labels.filtered(|name| dimensions.labels.iter().any(|label| **label == *name));
    match group.is_empty() {
        true => Labels::from_pairs(dimensions.labels.first().map(|label| (&**label, NONE))),
        false => group,
    }
}

/// Returns the target of an objective for a group.
pub(super) fn target(slo: &Slo, objective: &str, group: Option<&Labels>) -> Option<Target> {
    let at = slo
        .objectives
        .iter()
        .position(|found| *found.name == *objective)?;
    let special = slo
        .dimensions
        .as_ref()
        .zip(group)
        .and_then(|(dimensions, group)| {
            let mut targets = dimensions.targets.iter();
            let special = targets.find(|special| is_match(&special.matchers, group))?;
            special.targets.get(at).copied()
        });
    Some(special.unwrap_or(slo.objectives[at].target))
}

/// Returns how slices of a budget are judged.
pub(super) fn verdict(slo: &Slo, objective: &str, group: Option<&Labels>) -> Option<Verdict> {
    Some(Verdict {
        method: slo.method.clone(),
        target: target(slo, objective, group)?,
        no_data: slo.no_data,
    })
}

/// Returns the gate of a new stream: closed when the objective waits for a series.
pub(super) fn closed_gate(slo: &Slo, objective: &str) -> i64 {
    let at = slo
        .objectives
        .iter()
        .position(|found| *found.name == *objective);
    let is_for = |watch: &Watch| watch.objective.is_none() || watch.objective == at;
    let waits = match &slo.sli.source {
        Source::Watches(watches) => watches.iter().any(|watch| watch.needed && is_for(watch)),
        Source::Asks { .. } => false,
    };
    if waits { i64::MAX } else { i64::MIN }
}

fn group_count<'a>(groups: impl Iterator<Item = &'a Group>) -> usize {
    let mut groups: Vec<&Labels> = groups.flatten().collect();
    groups.sort_unstable();
    groups.dedup();
    groups.len()
}

fn link(watch: &Watch, labels: &Labels, stream: u32, since: i64) -> Link {
    let is_excluded = watch
        .exclude
        .iter()
        .any(|exclusion| is_match(&exclusion.matchers, labels));
    let (weight, other) = (watch.weight, watch.weight.flipped());
    let kept = i8::from(!is_excluded);
    Link {
        stream,
        good: weight.good * kept,
        bad: weight.bad * kept,
        excluded: (weight.good + weight.bad) * i8::from(is_excluded),
        good_otherwise: other.good * kept,
        bad_otherwise: other.bad * kept,
        is_needed: watch.needed,
        since,
        until: i64::MAX,
    }
}

/// Adds a link, or its weights to one that goes to the same budget: one event, one place.
fn merge(links: &mut Vec<(Reading, Link)>, reading: Reading, link: Link) {
    let same = links
        .iter_mut()
        .find(|(known, found)| *known == reading && found.stream == link.stream);
    let Some((_, found)) = same else {
        links.push((reading, link));
        return;
    };
    found.good += link.good;
    found.bad += link.bad;
    found.excluded += link.excluded;
    found.good_otherwise += link.good_otherwise;
    found.bad_otherwise += link.bad_otherwise;
    found.is_needed |= link.is_needed;
}
