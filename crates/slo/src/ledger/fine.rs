//! The newest slices, which late samples still change.
//!
//! There are a hundred of them in every ledger, so each part of a slice (good, bad, excluded, how many measured it) takes
//! no more bytes than the largest number needs that is in the ledger now, and none while it is zero everywhere:
//!
//! ```text
//!              +---------+--------+-------------+    +---------+--------+-------------+
//! widths 2101  | good    | bad    | measured by |    | good    | bad    | measured by |  ...
//!              | 2 bytes | 1 byte | 1 byte      |    | 2 bytes | 1 byte | 1 byte      |
//!              +---------+--------+-------------+    +---------+--------+-------------+
//!                         slice 0                               slice 1
//! ```
//!
//! A larger number widens its part in all slices; once as many have left as are there, all are made as narrow as can be.

use std::ops::Range;

use crate::Counts;

/// Room for how many more slices is made at once: in small steps, because every stream has these.
const ROOM: usize = 8;

/// One slice of 10 s.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Slice {
    pub(super) good: i64,
    pub(super) bad: i64,
    pub(super) excluded: i64,
    /// How many series (or answers) measured it: coverage that can be taken back.
    pub(super) measured_by: i64,
}

impl Slice {
    pub(super) const fn counts(&self) -> Counts {
        Counts {
            good: self.good,
            bad: self.bad,
            excluded: self.excluded,
            covered: (self.measured_by > 0) as i64,
        }
    }

    pub(super) const fn parts(&self) -> [i64; 4] {
        [self.good, self.bad, self.excluded, self.measured_by]
    }

    const fn of_parts([good, bad, excluded, measured_by]: [i64; 4]) -> Self {
        Self {
            good,
            bad,
            excluded,
            measured_by,
        }
    }
}

/// How many bytes a number takes: 0, 1, 2, 4 or 8.
type Width = u8;

/// Consecutive slices from a first one on; beyond the last all are empty.
#[derive(Clone, Debug, Default)]
pub(super) struct Fine {
    /// The slices one after the other, their parts as wide as `widths` says: signed, the lowest byte first.
    bytes: Vec<u8>,
    widths: [Width; 4],
    count: u32,
    /// How many have left since it was last seen whether narrower ones do.
    left: u32,
    /// Of all slices, because nearly every question is about a time up to the newest.
    total: Counts,
}

impl Fine {
    /// Changes the slice with this index.
    pub(super) fn change(&mut self, index: usize, change: impl FnOnce(&mut Slice)) {
        let before = self.get(index);
        let mut slice = before;
        change(&mut slice);
        if slice != before {
            self.set(index, slice);
            self.total += slice.counts() - before.counts();
        }
    }

    /// Returns the total of the first `count` slices.
    pub(super) fn total(&self, count: usize) -> Counts {
        let (count, all) = (count.min(self.len()), self.len());
        match count > all / 2 {
            true => self.total - self.sum(count..all),
            false => self.sum(0..count),
        }
    }

    /// Removes the first `count` slices and returns their total.
    pub(super) fn take(&mut self, count: usize) -> Counts {
        let count = count.min(self.len());
        let taken = self.sum(0..count);
        self.bytes.drain(..count * self.stride());
        self.count -= count as u32;
        self.total -= taken;
        self.left += count as u32;
        if self.left >= self.count {
            self.narrow();
        }
        taken
    }

    /// Returns the index of the first slice with something in it.
    pub(super) fn first(&self) -> Option<usize> {
        self.iter().position(|slice| slice != Slice::default())
    }

    /// Walks the slices.
    pub(super) fn iter(&self) -> impl ExactSizeIterator<Item = Slice> + '_ {
        (0..self.len()).map(|index| self.get(index))
    }

    pub(super) fn byte_count(&self) -> usize {
        self.bytes.capacity()
    }

    fn len(&self) -> usize {
        self.count as usize
    }

    fn stride(&self) -> usize {
        self.widths.iter().copied().map(usize::from).sum()
    }

    fn get(&self, index: usize) -> Slice {
        let stride = self.stride();
        if index >= self.len() || stride == 0 {
            return Slice::default();
        }
        let mut rest = &self.bytes[index * stride..];
        Slice::of_parts(self.widths.map(|width| {
            let (part, after) = rest.split_at(width.into());
            rest = after;
            number(part)
        }))
    }

    /// Puts a slice in its place, which is made when it is beyond the last.
    fn set(&mut self, index: usize, slice: Slice) {
        let widths = widest(self.widths, slice);
        if widths != self.widths {
            self.write_again(widths);
        }
        let stride = self.stride();
        if index >= self.len() {
            let length = (index + 1) * stride;
            if length > self.bytes.capacity() {
                let room = length + ROOM * stride - self.bytes.len();
                self.bytes.reserve_exact(room);
            }
            self.bytes.resize(length, 0);
            self.count = index as u32 + 1;
        }
        let mut rest = &mut self.bytes[index * stride..];
        for (part, width) in slice.parts().into_iter().zip(self.widths) {
            let (place, after) = rest.split_at_mut(width.into());
            place.copy_from_slice(&part.to_le_bytes()[..place.len()]);
            rest = after;
        }
    }

    /// Gives back what slices took that have left; it looks at all that are there.
    fn narrow(&mut self) {
        self.left = 0;
        let widths = self.iter().fold([0; 4], widest);
        let room = (self.len() + ROOM) * self.stride();
        if widths != self.widths {
            self.write_again(widths);
        } else if self.bytes.capacity() > 2 * room {
            self.bytes.shrink_to(room);
        }
    }

    fn write_again(&mut self, widths: [Width; 4]) {
        let mut bytes = Vec::new();
        let stride: usize = widths.iter().copied().map(usize::from).sum();
        bytes.reserve_exact((self.len() + ROOM) * stride);
        for slice in self.iter() {
            for (part, width) in slice.parts().into_iter().zip(widths) {
                bytes.extend_from_slice(&part.to_le_bytes()[..width.into()]);
            }
        }
        (self.bytes, self.widths) = (bytes, widths);
    }

    fn sum(&self, slices: Range<usize>) -> Counts {
        let stride = self.stride();
        if stride == 0 || slices.is_empty() {
            return Counts::ZERO;
        }
        let rows = &self.bytes[slices.start * stride..slices.end * stride];
        let mut begin = 0;
        let columns = self.widths.map(|width| {
            let end = begin + usize::from(width);
            let column = rows.chunks_exact(stride).map(move |row| &row[begin..end]);
            begin = end;
            (width, column)
        });
        let [good, bad, excluded, measured] = columns;
        let add = |sum: i64, part: i64| sum.wrapping_add(part);
        Counts {
            good: fold(good, add),
            bad: fold(bad, add),
            excluded: fold(excluded, add),
            covered: fold(measured, |sum, part| sum + i64::from(part > 0)),
        }
    }
}

/// Folds a column; how wide it is is asked once and not for every number.
fn fold<'a>(
    (width, column): (Width, impl Iterator<Item = &'a [u8]>),
    with: impl Fn(i64, i64) -> i64,
) -> i64 {
    match width {
        0 => 0,
        1 => column.fold(0, |sum, part| with(sum, i64::from(part[0] as i8))),
        _ => column.fold(0, |sum, part| with(sum, number(part))),
    }
}

/// Returns a signed number, the lowest byte first.
fn number(bytes: &[u8]) -> i64 {
    match *bytes {
        [] => 0,
        [a] => i64::from(a as i8),
        [a, b] => i64::from(i16::from_le_bytes([a, b])),
        [a, b, c, d] => i64::from(i32::from_le_bytes([a, b, c, d])),
        [a, b, c, d, e, f, g, h] => i64::from_le_bytes([a, b, c, d, e, f, g, h]),
        _ => unreachable!("numbers are 0, 1, 2, 4 or 8 bytes wide"),
    }
}

const fn width(part: i64) -> Width {
    match part {
        0 => 0,
        _ if part as i8 as i64 == part => 1,
        _ if part as i16 as i64 == part => 2,
        _ if part as i32 as i64 == part => 4,
        _ => 8,
    }
}

/// Returns widths that hold what these do, and a slice.
fn widest(mut widths: [Width; 4], slice: Slice) -> [Width; 4] {
    for (known, part) in widths.iter_mut().zip(slice.parts()) {
        *known = width(part).max(*known);
    }
    widths
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What happens to slices.
    #[derive(Clone, Debug)]
    enum Event {
        Add(usize, Slice),
        Take(usize),
    }

    fn any_part() -> impl Strategy<Value = i64> {
        prop_oneof![
            4 => Just(0),
            4 => -2..5_i64,
            2 => -200..900_i64,
            1 => -70_000..70_000_i64,
            1 => any::<i64>(),
        ]
    }

    fn any_event() -> impl Strategy<Value = Event> {
        let slice = (any_part(), any_part(), any_part(), any_part());
        let add = (0..40_usize, slice).prop_map(|(index, (good, bad, excluded, measured_by))| {
            Event::Add(index, Slice::of_parts([good, bad, excluded, measured_by]))
        });
        prop_oneof![6 => add, 1 => (0..9_usize).prop_map(Event::Take)]
    }

    proptest! {
        #[test]
        fn slices_are_those_of_a_plain_list(events in prop::collection::vec(any_event(), 1..80)) {
            let (mut fine, mut plain) = (Fine::default(), Vec::<Slice>::new());
            for event in events {
                match event {
                    Event::Add(index, slice) => {
                        let added = |to: &mut Slice| {
                            let parts: [i64; 4] = std::array::from_fn(|part| {
                                to.parts()[part].wrapping_add(slice.parts()[part])
                            });
                            *to = Slice::of_parts(parts);
                        };
                        fine.change(index, added);
                        plain.resize(plain.len().max(index + 1), Slice::default());
                        added(&mut plain[index]);
                    }
                    Event::Take(count) => {
                        let taken = plain.drain(..count.min(plain.len()));
                        let expected: Counts = taken.map(|slice| slice.counts()).sum();
                        prop_assert_eq!(fine.take(count), expected);
                    }
                }
                for count in 0..=plain.len() {
                    let expected: Counts = plain[..count].iter().map(Slice::counts).sum();
                    prop_assert_eq!(fine.total(count), expected);
                }
                let mut found: Vec<Slice> = fine.iter().collect();
                found.resize(plain.len(), Slice::default());
                prop_assert_eq!(&found, &plain);
                prop_assert_eq!(fine.first(), plain.iter().position(|slice| *slice != Slice::default()));
            }
        }
    }

    #[test]
    fn slices_take_what_their_numbers_need() {
        let mut fine = Fine::default();
        let slice = |good, bad| Slice {
            good,
            bad,
            excluded: 0,
            measured_by: 2,
        };
        for index in 0..100 {
            fine.change(index, |found| *found = slice(300, i64::from(index == 0)));
        }
        assert!(
            fine.byte_count() <= (100 + ROOM) * 4,
            "{}",
            fine.byte_count()
        );
        fine.change(50, |found| found.good = 1 << 40);
        assert_eq!(fine.widths, [8, 1, 0, 1]);
        assert_eq!(fine.take(60).bad, 1);
        assert_eq!(fine.widths, [2, 0, 0, 1], "what was large has left");
        assert!(
            fine.byte_count() <= (40 + ROOM) * 3,
            "{}",
            fine.byte_count()
        );
        fine.take(36);
        assert!(fine.byte_count() <= (4 + ROOM) * 3, "{}", fine.byte_count());
        fine.take(9);
        assert_eq!((fine.byte_count(), fine.total(9)), (0, Counts::ZERO));
    }
}
