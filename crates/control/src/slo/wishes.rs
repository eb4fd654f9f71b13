//! What the engine of objectives wants to see of what is written.

use std::sync::Arc;

use plimsoll_slo::engine::Interest;
use plimsoll_types::{Labels, MatchOp, Matcher};

use super::tap::Wishes;

/// Wants what an engine is interested in.
pub(super) struct Wanted(pub(super) Arc<Interest>);

impl Wishes for Wanted {
    fn wants(&self, labels: &Labels) -> bool {
        self.0.wants(labels)
    }

    fn pairs(&self) -> Vec<(String, String)> {
        let selectors = self.0.selectors();
        let pairs = selectors.iter().filter_map(|selector| pair(selector));
        pairs
            .map(|matcher| (matcher.name().into(), matcher.value().into()))
            .collect()
    }
}

/// Returns the selectors whose series no label pair leads to.
pub(super) fn without_pair(interest: &Interest) -> Vec<Vec<Matcher>> {
    let mut selectors = interest.selectors();
    selectors.retain(|selector| pair(selector).is_none());
    selectors
}

/// Returns a label pair that all series of a selector have.
fn pair(selector: &[Matcher]) -> Option<&Matcher> {
    let is_pair =
        |matcher: &&Matcher| matcher.op() == MatchOp::Equal && !matcher.value().is_empty();
    selector.iter().find(is_pair)
}
