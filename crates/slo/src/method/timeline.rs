//! A history in memory with slices of one length, for replays, forecasts and tests.

use std::time::Duration;

use plimsoll_types::Timestamp;

use crate::{Counts, History};

/// Counts per slice of one length, without a gap, as sums from its begin: any window is a difference of two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timeline {
    begin_millis: i64,
    slice_millis: i64,
    /// The sum of all slices before that of the index, so the first one is zero.
    sums: Vec<Counts>,
}

impl Timeline {
    /// Makes a timeline from counts of slices that follow each other; `begin` moves down to a multiple of `slice`.
    ///
    /// # Panics
    /// When `slice` is shorter than a millisecond.
    pub fn new(
        begin: Timestamp,
        slice: Duration,
        counts: impl IntoIterator<Item = Counts>,
    ) -> Self {
        let mut timeline = Self::empty(begin, slice);
        counts.into_iter().for_each(|counts| timeline.push(counts));
        timeline
    }

    /// Copies the slices of another history that lie in `[from, to)` as a whole; `from` moves down to the edge of a slice.
    /// `slice` is a multiple of the base slice.
    pub fn of(history: &dyn History, from: Timestamp, to: Timestamp, slice: Duration) -> Self {
        let mut timeline = Self::empty(from, slice);
        let to = to.align_down(timeline.slice_millis);
        let begin = timeline.begin();
        history.walk(begin, to, slice, &mut |_, counts| timeline.push(counts));
        timeline
    }

    /// Makes each slice into another: with [`Method::derive`](crate::Method::derive) into what the ledger keeps for a
    /// method, made again.
    #[must_use]
    pub fn map(&self, make: impl Fn(Counts) -> Counts) -> Self {
        let mut made = Self::empty(
            self.begin(),
            Duration::from_millis(self.slice_millis.unsigned_abs()),
        );
        for pair in self.sums.windows(2) {
            made.push(make(pair[1] - pair[0]));
        }
        made
    }

    fn empty(begin: Timestamp, slice: Duration) -> Self {
        let slice_millis = i64::try_from(slice.as_millis()).unwrap_or(i64::MAX);
        assert!(slice_millis > 0, "a slice has a length");
        Self {
            begin_millis: begin.align_down(slice_millis).millis(),
            slice_millis,
            sums: vec![Counts::ZERO],
        }
    }

    /// Appends a slice.
    pub fn push(&mut self, counts: Counts) {
        self.sums.push(self.total() + counts);
    }

    /// Returns the begin of the first slice.
    pub fn begin(&self) -> Timestamp {
        Timestamp::from_millis(self.begin_millis)
    }

    /// Returns the first moment after the last slice.
    pub fn end(&self) -> Timestamp {
        self.at(self.len())
    }

    /// Returns the number of slices.
    pub fn len(&self) -> usize {
        self.sums.len() - 1
    }

    /// Says whether there is no slice.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn total(&self) -> Counts {
        self.sums[self.len()]
    }

    fn at(&self, index: usize) -> Timestamp {
        let passed = self.slice_millis.saturating_mul(index as i64);
        Timestamp::from_millis(self.begin_millis.saturating_add(passed))
    }

    /// Returns the sum of the slices before the one that `at` lies in.
    fn before(&self, at: Timestamp) -> Counts {
        let passed = at.millis().saturating_sub(self.begin_millis);
        let index = usize::try_from(passed.div_euclid(self.slice_millis)).unwrap_or(0);
        self.sums[index.min(self.len())]
    }
}

impl History for Timeline {
    fn between(&self, from: Timestamp, to: Timestamp) -> Counts {
        match from < to {
            true => self.before(to) - self.before(from),
            false => Counts::ZERO,
        }
    }

    fn since(&self) -> Option<Timestamp> {
        let first = self.sums.iter().position(|sum| *sum != Counts::ZERO)?;
        Some(self.at(first - 1))
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

/// Returns the first multiple of `length` that is not before `from`.
pub(crate) fn first_slice(from: Timestamp, length: Duration) -> Timestamp {
    let millis = i64::try_from(length.as_millis()).unwrap_or(i64::MAX).max(1);
    let floor = from.align_down(millis);
    match floor < from {
        true => floor.saturating_add_millis(millis),
        false => floor,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    fn good(good: i64) -> Counts {
        Counts {
            good,
            ..Counts::ZERO
        }
    }

    fn timeline() -> Timeline {
        Timeline::new(at(100), Duration::from_secs(10), [0, 1, 2, 4].map(good))
    }

    #[test]
    fn a_window_is_the_slices_that_begin_in_it() {
        let check = |from, to, expected| {
            let found = timeline().between(at(from), at(to));
            assert_eq!(found, good(expected), "{from} to {to}");
        };
        check(100, 140, 7);
        check(0, 1000, 7);
        check(110, 130, 3);
        check(119, 139, 3);
        check(130, 110, 0);
        check(0, 100, 0);
        check(140, 200, 0);
    }

    #[test]
    fn it_knows_its_ends() {
        let timeline = timeline();
        assert_eq!((timeline.begin(), timeline.end()), (at(100), at(140)));
        assert_eq!(timeline.since(), Some(at(110)));
        assert_eq!(
            Timeline::new(at(5), Duration::from_secs(10), []).since(),
            None
        );
    }

    #[test]
    fn a_walk_visits_slices_that_begin_inside() {
        let mut seen = Vec::new();
        timeline().walk(
            at(101),
            at(141),
            Duration::from_secs(20),
            &mut |begin, counts| {
                seen.push((begin.millis() / 1000, counts.good));
            },
        );
        assert_eq!(seen, [(120, 6), (140, 0)]);
    }

    proptest! {
        #[test]
        fn any_split_of_a_window_gives_the_same_sum(
            counts in prop::collection::vec((-5_i64..50, 0_i64..5), 0..80),
            mut edges in prop::collection::vec(0_i64..1000, 2..8),
        ) {
            let counts = counts.into_iter().map(|(good, bad)| Counts { good, bad, ..Counts::ZERO });
            let timeline = Timeline::new(at(100), Duration::from_secs(10), counts);
            edges.sort_unstable();
            let parts = edges.windows(2).map(|pair| timeline.between(at(pair[0]), at(pair[1])));
            let whole = timeline.between(at(edges[0]), at(*edges.last().unwrap()));
            prop_assert_eq!(parts.sum::<Counts>(), whole);
        }
    }
}
