//! Where the floats of a series fall: looked for once per series, however many windows look at it.

use std::cell::OnceCell;

/// So many neighbours are compared at a time; falls are rare, so most groups are passed over as a whole.
const GROUP: usize = 64;

/// The places where the floats of a series fall, found when they are first asked for.
#[derive(Debug, Default)]
pub(crate) struct KnownFalls(OnceCell<Vec<usize>>);

impl KnownFalls {
    /// Forgets them: the series is another one.
    pub(super) fn clear(&mut self) {
        self.0.take();
    }

    /// Returns the falls among `floats[from..to]`.
    pub(super) fn inside<'a>(&'a self, floats: &'a [f64], from: usize, to: usize) -> Falls<'a> {
        Falls {
            known: self,
            floats,
            from,
            to,
        }
    }

    /// Returns the falls of all of `floats`, for windows that only move forward.
    pub(super) fn run<'a>(&'a self, floats: &'a [f64]) -> FallsRun<'a> {
        FallsRun {
            places: self.0.get_or_init(|| find(floats)),
            floats,
            begin: 0,
            end: 0,
        }
    }
}

/// The falls of a series, for windows that only move forward.
pub(super) struct FallsRun<'a> {
    places: &'a [usize],
    floats: &'a [f64],
    begin: usize,
    end: usize,
}

impl FallsRun<'_> {
    /// Returns the value before each fall among `floats[from..to]`, in the order of time.
    #[inline]
    pub(super) fn heights(&mut self, from: usize, to: usize) -> impl Iterator<Item = f64> {
        let is_before = |at: usize, limit: usize| self.places.get(at).is_some_and(|p| *p < limit);
        while is_before(self.begin, from + 1) {
            self.begin += 1;
        }
        self.end = self.end.max(self.begin);
        while is_before(self.end, to) {
            self.end += 1;
        }
        let inside = &self.places[self.begin..self.end];
        inside.iter().map(|place| self.floats[place - 1])
    }
}

/// The falls inside one window.
#[derive(Clone, Copy)]
pub(crate) struct Falls<'a> {
    known: &'a KnownFalls,
    /// Those of the whole series.
    floats: &'a [f64],
    from: usize,
    to: usize,
}

impl Falls<'_> {
    /// Returns the value before each fall, in the order of time.
    pub(crate) fn heights(&self) -> impl Iterator<Item = f64> {
        let places = self.known.0.get_or_init(|| find(self.floats));
        let begin = places.partition_point(|place| *place <= self.from);
        let end = places.partition_point(|place| *place < self.to);
        let inside = places.get(begin..end).unwrap_or_default();
        inside.iter().map(|place| self.floats[place - 1])
    }
}

/// Returns the positions whose float is lower than the one before.
fn find(floats: &[f64]) -> Vec<usize> {
    let mut places = Vec::new();
    let (before, after) = (floats, floats.get(1..).unwrap_or_default());
    for (group, (before, after)) in before.chunks(GROUP).zip(after.chunks(GROUP)).enumerate() {
        let pairs = || after.iter().zip(before);
        // Without a branch inside, so that many are compared at once.
        if pairs().fold(false, |any, (after, before)| any | (after < before)) {
            let begin = group * GROUP + 1;
            let falls = pairs()
                .enumerate()
                .filter(|(_, (after, before))| after < before);
            places.extend(falls.map(|(index, _)| begin + index));
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn equals_a_walk_over_the_window(
            floats in prop::collection::vec(prop_oneof![Just(f64::NAN), (0..9).prop_map(f64::from)], 0..300),
            ends in (any::<prop::sample::Index>(), any::<prop::sample::Index>()),
        ) {
            let (a, b) = (ends.0.index(floats.len() + 1), ends.1.index(floats.len() + 1));
            let (from, to) = (a.min(b), a.max(b));
            let known = KnownFalls::default();
            let found: Vec<f64> = known.inside(&floats, from, to).heights().collect();
            let walked = floats[from..to].windows(2).filter(|two| two[1] < two[0]).map(|two| two[0]);
            prop_assert_eq!(&found, &walked.collect::<Vec<_>>());
            let mut run = known.run(&floats);
            run.heights(from / 2, to.midpoint(from)).for_each(drop);
            prop_assert_eq!(found, run.heights(from, to).collect::<Vec<_>>());
        }
    }
}
