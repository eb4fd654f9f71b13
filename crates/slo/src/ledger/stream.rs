//! The ledger of one budget: fine slices, and three tiers of sealed ones.

use std::time::Duration;

use plimsoll_types::Timestamp;

use super::block::{read_row, write_row};
use super::derived::Derived;
use super::fine::{Fine, Slice};
use super::tier::{Keep, Tier};
use super::varint::{Bytes, write_varint, write_zigzag};
use super::{MINUTE, SLICE};
use crate::{Counts, History};

const FIVE: i64 = 5 * MINUTE;
const HOUR: i64 = 60 * MINUTE;

/// What one sample, or one answer, adds to a stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Measured {
    /// The slice that the events are counted in.
    pub(crate) slice: i64,
    pub(crate) good: i64,
    pub(crate) bad: i64,
    pub(crate) excluded: i64,
    /// The slices that it measured: from here up to `slice`. None when it is after `slice`.
    pub(crate) covered_from: i64,
}

/// The bytes are no stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the bytes are no stream of counts")]
pub(crate) struct StreamError;

/// Sums of everything before the fine slices, at three resolutions.
#[derive(Clone, Debug, Default)]
pub(super) struct Tiers {
    minutes: Tier,
    fives: Tier,
    hours: Tier,
}

/// Counts over time.
#[derive(Clone, Debug)]
pub(crate) struct Stream {
    /// Milliseconds; where the fine slices begin, a whole minute.
    begin: i64,
    fine: Fine,
    tiers: Tiers,
    /// The total before `begin`.
    sealed: Counts,
    /// The first slice with something in it; [`i64::MAX`] when there is none.
    first: i64,
    derived: Option<Box<Derived>>,
}

impl Stream {
    /// Makes an empty stream whose fine slices begin at `begin`, a whole minute.
    pub(crate) fn new(begin: i64) -> Self {
        debug_assert_eq!(
            begin.rem_euclid(MINUTE),
            0,
            "streams are sealed by the minute"
        );
        Self {
            begin,
            fine: Fine::default(),
            tiers: Tiers::default(),
            sealed: Counts::ZERO,
            first: i64::MAX,
            derived: None,
        }
    }

    /// Judges slices from now on; `None` counts events only.
    pub(crate) fn derive(&mut self, derived: Option<Derived>) {
        self.derived = derived.map(Box::new);
    }

    /// Returns the stream of judged slices.
    pub(crate) fn derived(&self) -> Option<&Derived> {
        self.derived.as_deref()
    }

    /// Returns the stream of judged slices for a change.
    pub(crate) fn derived_mut(&mut self) -> Option<&mut Derived> {
        self.derived.as_deref_mut()
    }

    /// Counts something.
    pub(crate) fn add(&mut self, measured: Measured) {
        self.change(measured, 1);
    }

    /// Takes back what [`add`](Self::add) counted.
    pub(crate) fn take_back(&mut self, measured: Measured) {
        self.change(measured, -1);
    }

    fn change(&mut self, measured: Measured, sign: i64) {
        let begin = self.begin / SLICE;
        let index = |slice: i64| usize::try_from(slice - begin).unwrap_or(0);
        if measured.covered_from <= measured.slice {
            // Slices that are sealed stay as they are.
            for covered in index(measured.covered_from.max(begin))..=index(measured.slice) {
                self.fine.change(covered, |slice| {
                    slice.measured_by = slice.measured_by.wrapping_add(sign);
                });
            }
            self.first = self.first.min(measured.covered_from.max(begin));
        }
        if (measured.good, measured.bad, measured.excluded) != (0, 0, 0) {
            let plus = |part: &mut i64, events: i64| {
                *part = part.wrapping_add(sign.wrapping_mul(events));
            };
            self.fine.change(index(measured.slice), |slice| {
                plus(&mut slice.good, measured.good);
                plus(&mut slice.bad, measured.bad);
                plus(&mut slice.excluded, measured.excluded);
            });
            self.first = self.first.min(measured.slice.max(begin));
        }
    }

    /// Seals all slices before `to`, a whole minute, and forgets what is older than `keep` says.
    pub(crate) fn seal(&mut self, to: i64, keep: &Keep) {
        self.skip_empty_time(to, keep);
        while self.begin < to {
            self.judge_until(self.begin + MINUTE);
            let counts = self.fine.take((MINUTE / SLICE) as usize);
            self.sealed += counts;
            self.begin += MINUTE;
            self.tiers.push(self.begin, self.sealed);
            if let Some(derived) = &mut self.derived {
                derived.seal(self.begin);
            }
        }
        self.tiers.cut(self.begin, keep);
        if let Some(derived) = &mut self.derived {
            derived.cut(self.begin, keep);
        }
    }

    /// After an absence that is longer than anything is kept there is nothing to seal minute by minute.
    fn skip_empty_time(&mut self, to: i64, keep: &Keep) {
        let far = to.saturating_sub(self.begin) > keep.hours.saturating_add(2 * HOUR);
        if !far {
            return;
        }
        self.sealed += self.fine.take(usize::MAX);
        self.begin = to;
        self.tiers = Tiers::default();
        self.tiers.set_total(self.sealed);
        if let Some(derived) = &mut self.derived {
            derived.skip_to(to);
        }
    }

    fn judge_until(&mut self, end: i64) {
        let Some(mut derived) = self.derived.take() else {
            return;
        };
        derived.judge(end, |from, to| self.counts(from, to));
        self.derived = Some(derived);
    }

    /// Returns where the fine slices begin, in milliseconds.
    pub(crate) fn begin(&self) -> i64 {
        self.begin
    }

    /// Returns from when on there are slices of a minute, and of 5 minutes, in milliseconds.
    pub(crate) fn finer_from(&self) -> [i64; 2] {
        let begin =
            |tier: &Tier, length: i64| tier.first().map_or(self.begin, |first| first * length);
        [
            begin(&self.tiers.minutes, MINUTE),
            begin(&self.tiers.fives, FIVE),
        ]
    }

    /// Returns the counts of `[from, to)` in milliseconds.
    pub(crate) fn counts(&self, from: i64, to: i64) -> Counts {
        match from < to {
            true => self.total_before(to) - self.total_before(from),
            false => Counts::ZERO,
        }
    }

    /// Returns the total of all slices that begin before `at`, moved down to the edge of one.
    pub(crate) fn total_before(&self, at: i64) -> Counts {
        if at < self.begin {
            return self.tiers.total_before(at);
        }
        let count = usize::try_from((at - self.begin) / SLICE).unwrap_or(usize::MAX);
        self.sealed + self.fine.total(count)
    }

    /// Returns the begin of the first slice with something in it that is still kept, in milliseconds.
    pub(crate) fn since(&self) -> Option<i64> {
        let kept = self.tiers.begin().unwrap_or(self.begin);
        (self.first != i64::MAX).then(|| (self.first * SLICE).max(kept))
    }

    /// Returns the bytes that the stream holds.
    pub(crate) fn byte_count(&self) -> usize {
        let derived = self.derived.as_ref();
        size_of::<Self>()
            + self.fine.byte_count()
            + self.tiers.byte_count()
            + derived.map_or(0, |derived| derived.byte_count())
    }

    /// Appends the stream as it is without anything in or after slice `end`, and without one measurement of the slices
    /// from each of `ahead` on: that came with samples after `end`.
    pub(crate) fn write(&self, end: i64, ahead: &[i64], into: &mut Vec<u8>) {
        write_zigzag(into, self.begin / MINUTE);
        write_zigzag(into, self.first);
        write_row(self.sealed, into);
        self.tiers.write(into);
        let count = usize::try_from(end - self.begin / SLICE).unwrap_or(0);
        let count = count.min(self.fine.iter().len());
        write_varint(into, count as u64);
        for (index, slice) in self.fine.iter().take(count).enumerate() {
            let number = self.begin / SLICE + index as i64;
            let later = ahead.iter().filter(|from| **from <= number).count() as i64;
            let measured_by = slice.measured_by.saturating_sub(later).max(0);
            for part in [slice.good, slice.bad, slice.excluded, measured_by] {
                write_zigzag(into, part);
            }
        }
        into.push(u8::from(self.derived.is_some()));
        if let Some(derived) = &self.derived {
            derived.write(into);
        }
    }

    /// Takes a stream that [`write`](Self::write) wrote.
    ///
    /// # Errors
    /// [`StreamError`] for any other bytes.
    pub(crate) fn read(bytes: &mut Bytes<'_>) -> Result<Self, StreamError> {
        Self::read_parts(bytes).ok_or(StreamError)
    }

    fn read_parts(bytes: &mut Bytes<'_>) -> Option<Self> {
        let minute = bytes.zigzag()?;
        if minute.unsigned_abs() > 1 << 40 {
            return None;
        }
        let begin = minute * MINUTE;
        let first = bytes.zigzag()?;
        let sealed = read_row(bytes)?;
        let tiers = Tiers::read(bytes, begin, sealed)?;
        let mut fine = Fine::default();
        for index in 0..bytes.count(4)? {
            let read = Slice {
                good: bytes.zigzag()?,
                bad: bytes.zigzag()?,
                excluded: bytes.zigzag()?,
                measured_by: bytes.zigzag()?,
            };
            fine.change(index, |slice| *slice = read);
        }
        let derived = match bytes.byte()? {
            0 => None,
            1 => Some(Box::new(Derived::read(bytes, begin)?)),
            _ => return None,
        };
        let is_sane = first == i64::MAX || first.unsigned_abs() < 1 << 48;
        is_sane.then_some(Self {
            begin,
            fine,
            tiers,
            sealed,
            first,
            derived,
        })
    }

    /// Says whether nothing was ever counted that is still kept.
    pub(crate) fn is_empty(&self) -> bool {
        let kept = self.tiers.begin().unwrap_or(self.begin);
        self.fine.first().is_none() && self.sealed == self.tiers.total_before(kept)
    }
}

impl History for Stream {
    fn between(&self, from: Timestamp, to: Timestamp) -> Counts {
        self.counts(from.millis(), to.millis())
    }

    fn since(&self) -> Option<Timestamp> {
        Self::since(self).map(Timestamp::from_millis)
    }

    fn walk(
        &self,
        from: Timestamp,
        to: Timestamp,
        length: Duration,
        visit: &mut dyn FnMut(Timestamp, Counts),
    ) {
        walk(|at| self.total_before(at), from, to, length, visit);
    }
}

/// Calls `visit` for slices of `length` that begin in `[from, to)`, from what the total was at any time.
pub(super) fn walk(
    total_before: impl Fn(i64) -> Counts,
    from: Timestamp,
    to: Timestamp,
    length: Duration,
    visit: &mut dyn FnMut(Timestamp, Counts),
) {
    let length = i64::try_from(length.as_millis())
        .unwrap_or(i64::MAX)
        .max(SLICE);
    let floor = from.align_down(length).millis();
    let mut begin = match floor < from.millis() {
        true => floor.saturating_add(length),
        false => floor,
    };
    let mut before = total_before(begin);
    while begin < to.millis() {
        let end = begin.saturating_add(length);
        let total = total_before(end);
        visit(Timestamp::from_millis(begin), total - before);
        (begin, before) = (end, total);
    }
}

impl Tiers {
    /// Takes the total at `end`, a whole minute, into the tiers whose slice is complete.
    pub(super) fn push(&mut self, end: i64, total: Counts) {
        for (tier, length) in self.each() {
            if end.rem_euclid(length) == 0 {
                tier.push(end / length - 1, total - tier.total());
            }
        }
    }

    /// Starts anew with a total that nothing is known about.
    pub(super) fn set_total(&mut self, total: Counts) {
        for (tier, _) in self.each() {
            tier.start_at(total);
        }
    }

    /// Forgets what is older than `keep` says at `now`.
    pub(super) fn cut(&mut self, now: i64, keep: &Keep) {
        for ((tier, length), keep) in
            self.each()
                .into_iter()
                .zip([keep.minutes, keep.fives, keep.hours])
        {
            tier.cut(now.saturating_sub(keep).div_euclid(length));
        }
    }

    /// Returns the total of everything before `at`, which lies before the end of the minutes; moved down to the edge of a
    /// slice of the finest tier that reaches back to it.
    pub(super) fn total_before(&self, at: i64) -> Counts {
        let tiers = [
            (&self.minutes, MINUTE),
            (&self.fives, FIVE),
            (&self.hours, HOUR),
        ];
        for (tier, length) in tiers {
            let slice = at.div_euclid(length);
            if tier.first().is_some_and(|first| first <= slice) {
                return tier.total_before(slice);
            }
        }
        // Before everything that is kept.
        let coarsest = tiers
            .iter()
            .rev()
            .find_map(|(tier, _)| tier.first().map(|first| tier.total_before(first)));
        coarsest.unwrap_or(self.minutes.total())
    }

    /// Returns where the first slice that is kept begins, in milliseconds.
    pub(super) fn begin(&self) -> Option<i64> {
        let begins = [
            (&self.minutes, MINUTE),
            (&self.fives, FIVE),
            (&self.hours, HOUR),
        ]
        .map(|(tier, length)| tier.first().map(|first| first * length));
        begins.into_iter().flatten().min()
    }

    pub(super) fn byte_count(&self) -> usize {
        [&self.minutes, &self.fives, &self.hours]
            .map(Tier::byte_count)
            .iter()
            .sum()
    }

    pub(super) fn write(&self, into: &mut Vec<u8>) {
        for tier in [&self.minutes, &self.fives, &self.hours] {
            tier.write(into);
        }
    }

    /// Takes tiers that end before `end`, where the total is `total`.
    pub(super) fn read(bytes: &mut Bytes<'_>, end: i64, total: Counts) -> Option<Self> {
        let mut tiers = Self {
            minutes: Tier::read(bytes)?,
            fives: Tier::read(bytes)?,
            hours: Tier::read(bytes)?,
        };
        let fits = tiers.each().into_iter().all(|(tier, length)| {
            let ends = tier.end().unwrap_or(end.div_euclid(length));
            ends == end.div_euclid(length)
        });
        (fits && tiers.minutes.total() == total).then_some(tiers)
    }

    fn each(&mut self) -> [(&mut Tier, i64); 3] {
        [
            (&mut self.minutes, MINUTE),
            (&mut self.fives, FIVE),
            (&mut self.hours, HOUR),
        ]
    }
}
