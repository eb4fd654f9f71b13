//! A block: the counts of 64 consecutive slices, and the sum of all before it.
//!
//! ```text
//! +-------------------------------+---------+---------+--------------+-------------+
//! | total before: 4 zigzag varints | good    | bad     | excluded     | covered     |
//! |                                | column  | column  | column       | column      |
//! +-------------------------------+---------+---------+--------------+-------------+
//! ```

use super::packed;
use super::varint::{Bytes, write_zigzag};
use crate::Counts;

/// How many slices a block holds.
pub(super) const SLICES: usize = 64;

/// Returns the four numbers in the order in which they are written.
pub(super) const fn parts(counts: Counts) -> [i64; 4] {
    [counts.good, counts.bad, counts.excluded, counts.covered]
}

/// Appends a row of counts.
pub(super) fn write_row(counts: Counts, into: &mut Vec<u8>) {
    parts(counts)
        .into_iter()
        .for_each(|part| write_zigzag(into, part));
}

/// Takes a row of counts.
pub(super) fn read_row(bytes: &mut Bytes<'_>) -> Option<Counts> {
    Some(Counts {
        good: bytes.zigzag()?,
        bad: bytes.zigzag()?,
        excluded: bytes.zigzag()?,
        covered: bytes.zigzag()?,
    })
}

/// Appends a block.
pub(super) fn write(before: Counts, slices: &[Counts; SLICES], into: &mut Vec<u8>) {
    write_row(before, into);
    for part in 0..4 {
        packed::write(&slices.map(|counts| parts(counts)[part]), into);
    }
}

/// Takes a block and returns the total up to its slice `slice`, which is not included; `None` when the bytes are none.
pub(super) fn total_before(bytes: &mut Bytes<'_>, slice: usize) -> Option<Counts> {
    let mut total = parts(read_row(bytes)?);
    for part in &mut total {
        packed::read(bytes, SLICES, slice, |_, value| {
            *part = part.wrapping_add(value);
        })?;
    }
    let [good, bad, excluded, covered] = total;
    Some(Counts {
        good,
        bad,
        excluded,
        covered,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_tells_the_total_at_each_of_its_slices() {
        let slice = |index: i64| Counts {
            good: index * 7,
            bad: index % 3,
            excluded: 0,
            covered: 6,
        };
        let slices = std::array::from_fn(|index| slice(index as i64));
        let before = Counts {
            good: 1_000_000,
            bad: -5,
            ..Counts::ZERO
        };
        let mut bytes = Vec::new();
        write(before, &slices, &mut bytes);
        for count in [0, 1, 33, 64] {
            let expected = before + slices[..count].iter().copied().sum();
            assert_eq!(total_before(&mut Bytes(&bytes), count), Some(expected));
        }
    }
}
