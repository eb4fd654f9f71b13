//! Judged slices: for methods that count slices of time, the same history once more, in their units.
//!
//! A slice is judged for good when the ledger seals its last minute; until then it is judged whenever somebody asks,
//! from counts that may still change. A judgement is counted at the end of its slice. What was judged stays judged: a new
//! target counts from the next slice on.

use std::time::Duration;

use plimsoll_types::Timestamp;

use super::block::{read_row, write_row};
use super::stream::{Stream, Tiers, walk};
use super::tier::Keep;
use super::varint::{Bytes, write_zigzag};
use super::{MINUTE, SLICE};
use crate::{Counts, History, Method, NoData, Target};

/// How a slice is judged.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Verdict {
    pub(crate) method: Method,
    pub(crate) target: Target,
    pub(crate) no_data: NoData,
}

impl Verdict {
    /// Milliseconds of the slices that are judged; `None` when none are.
    pub(crate) fn length(&self) -> Option<i64> {
        let length = i64::try_from(self.method.slice_length()?.as_millis()).ok()?;
        Some((length / SLICE).max(1) * SLICE)
    }

    fn judge(&self, counts: Counts) -> Counts {
        self.method.derive(self.target, self.no_data, counts)
    }

    /// Judges a slice that may still get samples: that nothing was measured in it is no failure yet.
    fn judge_unfinished(&self, counts: Counts) -> Counts {
        self.method.derive(self.target, NoData::Ignore, counts)
    }
}

/// The judged slices of a stream.
#[derive(Clone, Debug)]
pub(crate) struct Derived {
    verdict: Verdict,
    /// Milliseconds of a slice.
    length: i64,
    /// Where the first slice begins that is not judged for good.
    next: i64,
    /// The total of all that are.
    total: Counts,
    tiers: Tiers,
}

impl Derived {
    /// Judges slices from the first that begins at or after `from`, in milliseconds; `None` when the method judges none.
    pub(crate) fn new(verdict: Verdict, from: i64) -> Option<Self> {
        let length = verdict.length()?;
        Some(Self {
            verdict,
            length,
            next: next_multiple(from, length),
            total: Counts::ZERO,
            tiers: Tiers::default(),
        })
    }

    /// Judges differently from the next slice on; `false` when slices have another length, so that it cannot go on.
    pub(crate) fn set(&mut self, verdict: Verdict) -> bool {
        let goes_on = verdict.length() == Some(self.length);
        if goes_on {
            self.verdict = verdict;
        }
        goes_on
    }

    /// Judges slices that end at or before `end`.
    pub(super) fn judge(&mut self, end: i64, counts: impl Fn(i64, i64) -> Counts) {
        while self.next + self.length <= end {
            self.total += self
                .verdict
                .judge(counts(self.next, self.next + self.length));
            self.next += self.length;
        }
    }

    /// Takes the minute that ends at `end` into the tiers.
    pub(super) fn seal(&mut self, end: i64) {
        self.tiers.push(end, self.total);
    }

    pub(super) fn cut(&mut self, now: i64, keep: &Keep) {
        self.tiers.cut(now, keep);
    }

    pub(super) fn skip_to(&mut self, to: i64) {
        self.next = next_multiple(to, self.length);
        self.tiers = Tiers::default();
        self.tiers.set_total(self.total);
    }

    /// Returns the history in units of the method; `settled` is the time from which on samples may still arrive.
    pub(crate) fn history<'a>(&'a self, stream: &'a Stream, settled: i64) -> DerivedHistory<'a> {
        DerivedHistory {
            derived: self,
            stream,
            settled,
        }
    }

    pub(super) fn byte_count(&self) -> usize {
        size_of::<Self>() + self.tiers.byte_count()
    }

    pub(super) fn write(&self, into: &mut Vec<u8>) {
        write_zigzag(into, self.length / SLICE);
        write_zigzag(into, self.next / SLICE);
        write_row(self.total, into);
        self.tiers.write(into);
    }

    /// Takes what [`write`](Self::write) wrote. How slices are judged is not in it: whoever restores it
    /// [sets](Self::set) it.
    pub(super) fn read(bytes: &mut Bytes<'_>, begin: i64) -> Option<Self> {
        let slices = bytes
            .zigzag()
            .filter(|slices| (1..1 << 32).contains(slices))?;
        let length = slices * SLICE;
        let next = bytes.zigzag()?.checked_mul(SLICE)?;
        // The next slice ends after the last minute that was sealed, and begins no later than the next one can.
        let is_next = next.rem_euclid(length) == 0
            && next.checked_add(length)? > begin
            && next <= begin.checked_add(length)?;
        let total = read_row(bytes)?;
        let tiers = Tiers::read(bytes, begin, total)?;
        let method = Method::RatioTimeslices {
            length: Duration::from_millis(length.unsigned_abs()),
        };
        let target = Target::from_allowed_billionths(1).expect("a billionth may be allowed");
        is_next.then_some(Self {
            verdict: Verdict {
                method,
                target,
                no_data: NoData::Ignore,
            },
            length,
            next,
            total,
            tiers,
        })
    }
}

/// The history of a stream in units of its method.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DerivedHistory<'a> {
    derived: &'a Derived,
    stream: &'a Stream,
    settled: i64,
}

impl DerivedHistory<'_> {
    fn total_before(&self, at: i64) -> Counts {
        let derived = self.derived;
        if at < self.stream.begin() {
            return derived.tiers.total_before(at);
        }
        let (mut total, mut begin) = (derived.total, derived.next);
        while begin + derived.length <= at {
            let end = begin + derived.length;
            let counts = self.stream.counts(begin, end);
            total += match end <= self.settled {
                true => derived.verdict.judge(counts),
                false => derived.verdict.judge_unfinished(counts),
            };
            begin = end;
        }
        total
    }
}

impl History for DerivedHistory<'_> {
    fn between(&self, from: Timestamp, to: Timestamp) -> Counts {
        match from < to {
            true => self.total_before(to.millis()) - self.total_before(from.millis()),
            false => Counts::ZERO,
        }
    }

    fn since(&self) -> Option<Timestamp> {
        History::since(self.stream)
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

const fn next_multiple(from: i64, length: i64) -> i64 {
    match from.rem_euclid(length) {
        0 => from,
        rest => from + (length - rest),
    }
}

const _: () = assert!(MINUTE % SLICE == 0, "a minute is sealed slice by slice");
