//! Label sets as keys: of groups, and of matches.

use plimsoll_types::{Labels, METRIC_NAME};

/// Which labels of a series make its key.
#[derive(Clone, Debug)]
pub(crate) struct LabelSet {
    names: Vec<String>,
    /// Keep the named labels, or all others.
    keeps: bool,
}

impl LabelSet {
    /// Makes the set of `by (...)` and `on (...)` (`keeps`), or of `without (...)` and `ignoring (...)`, which drop
    /// the metric name as well.
    pub(crate) fn new(names: &[String], keeps: bool) -> Self {
        let mut names = names.to_vec();
        names.sort_unstable();
        Self { names, keeps }
    }

    fn contains(&self, name: &str) -> bool {
        self.names
            .binary_search_by(|known| known.as_str().cmp(name))
            .is_ok()
    }

    /// Says whether `without (...)` takes this label away.
    pub(crate) fn drops(&self, name: &str) -> bool {
        !self.keeps && (self.contains(name) || name == METRIC_NAME)
    }

    /// Returns the part of a label set that counts.
    pub(crate) fn key(&self, labels: &Labels) -> Labels {
        labels.filtered(|name| match self.keeps {
            true => self.contains(name),
            false => !self.drops(name),
        })
    }
}
