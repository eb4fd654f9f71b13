//! A past of which the older part is known more coarsely.

use std::time::Duration;

use plimsoll_types::Timestamp;

use crate::method::first_slice;
use crate::{Counts, History, Timeline};

/// Two timelines, one after the other. Between them there may be a time that none of them knows, less than a slice.
#[derive(Debug)]
pub(super) struct Joined {
    coarse: Option<Timeline>,
    fine: Timeline,
}

impl Joined {
    /// Makes one of a past that is known equally well.
    pub(super) const fn exact(fine: Timeline) -> Self {
        Self { coarse: None, fine }
    }

    /// Appends `fine` to `coarse`. What both know is taken from `fine`.
    pub(super) fn new(coarse: Timeline, fine: Timeline) -> Self {
        let coarse = Some(coarse).filter(|coarse| !coarse.is_empty());
        Self { coarse, fine }
    }

    /// Returns the younger part.
    pub(super) const fn fine(&self) -> &Timeline {
        &self.fine
    }
}

impl History for Joined {
    fn between(&self, from: Timestamp, to: Timestamp) -> Counts {
        let fine = self.fine.between(from, to);
        let before = self.coarse.as_ref();
        fine + before.map_or(Counts::ZERO, |coarse| {
            coarse.between(from, to.min(self.fine.begin()))
        })
    }

    fn since(&self) -> Option<Timestamp> {
        let before = self.coarse.as_ref().and_then(Timeline::since);
        before.or_else(|| self.fine.since())
    }

    fn walk(
        &self,
        from: Timestamp,
        to: Timestamp,
        length: Duration,
        visit: &mut dyn FnMut(Timestamp, Counts),
    ) {
        let mut begin = first_slice(from, length);
        while begin < to {
            let end = begin + length;
            visit(begin, self.between(begin, end));
            begin = end;
        }
    }
}
