//! The times that are corrected, none of them twice.

use std::collections::BTreeMap;
use std::sync::Arc;

use plimsoll_types::Timestamp;

use crate::CorrectionKind;

/// A stretch of time that is counted differently.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CorrectedSpan {
    /// Its first moment.
    pub from: Timestamp,
    /// The first moment after it.
    pub to: Timestamp,
    /// How it is counted.
    pub kind: CorrectionKind,
    /// The correction that counts here.
    pub id: Arc<str>,
}

/// Stretches of time that do not overlap, within limits outside of which nothing is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spans {
    from: Timestamp,
    to: Timestamp,
    by_begin: BTreeMap<Timestamp, CorrectedSpan>,
}

impl Spans {
    /// Makes an empty set for `[from, to)`.
    pub fn new(from: Timestamp, to: Timestamp) -> Self {
        Self {
            from,
            to,
            by_begin: BTreeMap::new(),
        }
    }

    /// Says whether it knows what is corrected in all of `[from, to)`.
    pub fn knows(&self, from: Timestamp, to: Timestamp) -> bool {
        self.from <= from && to <= self.to
    }

    /// Says whether nothing is corrected.
    pub fn is_empty(&self) -> bool {
        self.by_begin.is_empty()
    }

    /// Walks the stretches, ascending.
    pub fn iter(&self) -> impl Iterator<Item = &CorrectedSpan> {
        self.by_begin.values()
    }

    /// Walks the parts of stretches that lie in `[from, to)`, ascending.
    pub fn within(
        &self,
        from: Timestamp,
        to: Timestamp,
    ) -> impl Iterator<Item = (Timestamp, Timestamp, CorrectionKind)> {
        let begun = self.by_begin.range(..from).next_back();
        let first = begun.map_or(from, |(begin, _)| *begin);
        // An empty range must not reach the map, which panics when its end lies before its begin.
        let inside = self.by_begin.range(first..to.max(first));
        inside
            .map(move |(_, span)| (span.from.max(from), span.to.min(to), span.kind))
            .filter(|(from, to, _)| from < to)
    }

    /// Adds a stretch over those that are there.
    pub(super) fn cover(
        &mut self,
        from: Timestamp,
        to: Timestamp,
        kind: CorrectionKind,
        id: &Arc<str>,
    ) {
        let (from, to) = (from.max(self.from), to.min(self.to));
        if from >= to {
            return;
        }
        self.cut_at(from);
        self.cut_at(to);
        // One by one: to cut the map apart and join it again would walk all of it for each stretch.
        while let Some((&hidden, _)) = self.by_begin.range(from..to).next() {
            self.by_begin.remove(&hidden);
        }
        let id = Arc::clone(id);
        let span = CorrectedSpan { from, to, kind, id };
        self.by_begin.insert(from, span);
    }

    /// Cuts the stretch that `at` lies inside of in two.
    fn cut_at(&mut self, at: Timestamp) {
        let Some((_, span)) = self.by_begin.range_mut(..at).next_back() else {
            return;
        };
        if span.to > at {
            let second = CorrectedSpan {
                from: at,
                ..span.clone()
            };
            span.to = at;
            self.by_begin.insert(at, second);
        }
    }
}
