//! Objectives that wait for a bucket: a threshold that is the edge of none never has data.

use plimsoll_types::{BUCKET_LABEL, Matcher};

use super::Engine;
use super::slot::Slot;
use crate::Slo;
use crate::sli::Source;
use crate::view::MissingBucket;

impl Engine {
    /// Returns the buckets that no series was seen of.
    pub(super) fn missing_buckets(&self, slot: &Slot, slo: &Slo) -> Vec<MissingBucket> {
        let Source::Watches(watches) = &slo.sli.source else {
            return Vec::new();
        };
        let mut missing = Vec::new();
        for (index, objective) in slo.objectives.iter().enumerate() {
            let whole = (objective.name.clone(), None);
            let whole = slot.budgets.get(&whole);
            let budget = whole.and_then(|stream| self.streams.get(*stream));
            // Its gate is open from the first series of its bucket on.
            if budget.is_some_and(|budget| budget.gate < i64::MAX) {
                continue;
            }
            let is_edge = |matcher: &Matcher| matcher.name() == BUCKET_LABEL;
            let mut watches = watches
                .iter()
                .filter(|watch| watch.needed && watch.objective.is_none_or(|only| only == index));
            let found = watches.find(|watch| watch.matchers.iter().any(is_edge));
            missing.extend(found.map(|watch| {
                MissingBucket {
                    objective: objective.name.clone(),
                    threshold: objective.threshold,
                    buckets: watch
                        .matchers
                        .iter()
                        .filter(|one| !is_edge(one))
                        .cloned()
                        .collect(),
                    edges: Vec::new(),
                }
            }));
        }
        missing
    }
}
