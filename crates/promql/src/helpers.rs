//! The threads that help queries: so many for one engine, however many queries it evaluates at the same time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Lends threads to queries; clones lend the same ones. Nobody waits: a query that gets none works alone.
#[derive(Clone, Debug)]
pub(crate) struct Helpers(Arc<AtomicUsize>);

/// Threads that a query may start; they go back when this is dropped.
#[derive(Debug)]
pub(crate) struct Lent {
    from: Helpers,
    count: usize,
}

impl Helpers {
    pub(crate) fn new(count: usize) -> Self {
        Self(Arc::new(AtomicUsize::new(count)))
    }

    /// Lends as many as there are, up to `wanted`.
    pub(crate) fn lend(&self, wanted: usize) -> Lent {
        let (set, read) = (Ordering::AcqRel, Ordering::Acquire);
        let taken = |free: usize| Some(free - free.min(wanted));
        let free = self.0.fetch_update(set, read, taken);
        Lent {
            from: self.clone(),
            count: free.unwrap_or(0).min(wanted),
        }
    }
}

impl Lent {
    pub(crate) fn count(&self) -> usize {
        self.count
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        self.from.0.fetch_add(self.count, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_more_are_lent_than_there_are() {
        let helpers = Helpers::new(3);
        let same = helpers.clone();
        let first = helpers.lend(2);
        let second = same.lend(2);
        let third = helpers.lend(2);
        assert_eq!((first.count(), second.count(), third.count()), (2, 1, 0));
        drop(first);
        assert_eq!(helpers.lend(9).count(), 2);
        drop((second, third));
        assert_eq!(helpers.lend(9).count(), 3);
    }
}
