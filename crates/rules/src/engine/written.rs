//! Which series a rule wrote last, so that those that it writes no more are ended with a staleness marker.

use std::collections::HashSet;

use plimsoll_types::{Labels, Sample, Timestamp, stale_nan};

/// The series of the last good evaluation, and those of the one that runs.
#[derive(Clone, Debug, Default)]
pub(super) struct Written {
    before: HashSet<Labels>,
    now: HashSet<Labels>,
}

impl Written {
    /// Notes a series; says whether it is the first time in this evaluation.
    pub(super) fn put(&mut self, labels: &Labels) -> bool {
        self.now.insert(labels.clone())
    }

    /// Forgets what this evaluation noted: it failed, so the last good one is still the last good one.
    pub(super) fn discard(&mut self) {
        self.now.clear();
    }

    /// Ends an evaluation that succeeded; returns the series that it did not write again, sorted.
    pub(super) fn turn(&mut self) -> Vec<Labels> {
        let mut vanished: Vec<Labels> = match self.before.is_empty() {
            true => Vec::new(),
            false => self.before.difference(&self.now).cloned().collect(),
        };
        vanished.sort_unstable();
        std::mem::swap(&mut self.before, &mut self.now);
        self.now.clear();
        vanished
    }

    /// Takes a series as one of the last evaluation: the marker that ends it could not be stored, or it was written
    /// before a restart.
    pub(super) fn inherit(&mut self, labels: Labels) {
        self.before.insert(labels);
    }

    /// Takes all series of the last evaluation out, sorted.
    pub(super) fn take(&mut self) -> Vec<Labels> {
        let mut all: Vec<Labels> = self.before.drain().collect();
        all.sort_unstable();
        all
    }

    /// Says whether the last evaluation wrote a series.
    pub(super) fn contains(&self, labels: &Labels) -> bool {
        self.before.contains(labels)
    }
}

/// Makes the marker that ends a series.
pub(super) fn marker(labels: Labels, at: Timestamp) -> (Labels, Sample) {
    (labels, Sample::float(at, stale_nan()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_written_again_vanishes_once() {
        let labels = |name: &str| Labels::from_pairs([("__name__", name)]);
        let mut written = Written::default();
        assert!(written.put(&labels("a")) && !written.put(&labels("a")));
        written.put(&labels("b"));
        assert!(written.turn().is_empty());
        written.put(&labels("c"));
        written.discard();
        written.put(&labels("b"));
        assert_eq!(written.turn(), [labels("a")]);
        written.inherit(labels("z"));
        assert_eq!(written.turn(), [labels("b"), labels("z")]);
        assert!(written.turn().is_empty() && !written.contains(&labels("b")));
    }
}
