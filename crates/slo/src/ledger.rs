//! The ledger: what was counted, slice by slice, so that any window is a difference of two sums.
//!
//! A [`Stream`] is the ledger of one budget. Its newest minutes are *fine* slices of 10 s that can still change; what is
//! older than the lateness is sealed and kept three times, at 1 m, 5 m and 1 h, each for its own time. Every tier is a
//! column of increments with the running total at the head of each block, so the sum of any time up to a point costs
//! the decoding of one block.
//!
//! ```text
//! hours    |--------------------------------------------------------------|
//! fives                                          |------------------------|
//! minutes                                                 |---------------|
//! fine                                                                    |-------> now
//! ```
//!
//! The tiers overlap on purpose: each is filled when a slice of its length is complete and cut at its own age, and a
//! question takes the finest that reaches back far enough.

mod block;
mod derived;
mod fine;
mod packed;
mod stream;
mod tier;
mod varint;

pub(crate) use derived::{Derived, Verdict};
pub(crate) use stream::{Measured, Stream};
pub(crate) use tier::Keep;
pub(crate) use varint::{Bytes, write_varint, write_zigzag};

/// Milliseconds of the finest slice.
pub(crate) const SLICE: i64 = crate::Span::SLICE.as_millis() as i64;
/// Milliseconds of the slices that are sealed together.
pub(crate) const MINUTE: i64 = 60_000;

/// Returns the number of the finest slice that a time lies in, counted from the epoch.
pub(crate) const fn slice_of(millis: i64) -> i64 {
    millis.div_euclid(SLICE)
}
