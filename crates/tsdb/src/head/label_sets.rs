//! Label sets as short lists of numbers of label pairs.
//!
//! Ten labels are ten numbers of one to three bytes. Lists of one size (in steps of 4 bytes) lie side by side in pages,
//! so that none has an allocation, or a pointer, of its own.

use super::pages::Pages;

/// Sizes are multiples of this many bytes.
const STEP: usize = 4;
/// Longer lists have an allocation each: more than 80 labels are rare.
const SIZES: usize = 63;
/// The low bits of a handle are the place among lists of its size.
const PLACE_BITS: u32 = 26;
/// Lists in a page.
const PAGE: usize = 1024;

/// Where a list is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Handle(u32);

impl Handle {
    /// No list.
    pub(super) const NONE: Self = Self(u32::MAX);
}

/// Lists of numbers.
#[derive(Debug, Default)]
pub(super) struct LabelSets {
    /// By size; of size 0 there are none.
    sizes: Vec<Lists>,
    long: Pages<Box<[u8]>>,
    long_free: Vec<u32>,
    scratch: Vec<u8>,
}

/// Lists of one size.
#[derive(Debug, Default)]
struct Lists {
    pages: Vec<Box<[u8]>>,
    /// Places that were used so far.
    used: u32,
    free: Vec<u32>,
}

impl LabelSets {
    pub(super) fn insert(&mut self, numbers: &[u32]) -> Handle {
        let mut bytes = std::mem::take(&mut self.scratch);
        bytes.clear();
        put(&mut bytes, numbers.len() as u32);
        numbers.iter().for_each(|number| put(&mut bytes, *number));
        let handle = self.insert_bytes(&bytes);
        self.scratch = bytes;
        handle
    }

    fn insert_bytes(&mut self, bytes: &[u8]) -> Handle {
        let size = bytes.len().div_ceil(STEP);
        if size < SIZES {
            self.sizes.resize_with(SIZES, Lists::default);
            if let Some(place) = self.sizes[size].insert(bytes, size * STEP) {
                return Handle((size as u32) << PLACE_BITS | place);
            }
        }
        // As many would take 17 GB.
        assert!(
            self.long.len() >> PLACE_BITS == 0,
            "a handle can name every list"
        );
        match self.long_free.pop() {
            Some(place) => {
                self.long[place] = bytes.into();
                Handle(place)
            }
            None => Handle(self.long.push(bytes.into())),
        }
    }

    pub(super) fn remove(&mut self, handle: Handle) {
        let (size, place) = handle.parts();
        match size {
            0 => {
                self.long[place] = Box::default();
                self.long_free.push(place);
            }
            _ => self.sizes[size].free.push(place),
        }
    }

    /// Walks the numbers of a list.
    pub(super) fn get(&self, handle: Handle) -> impl Iterator<Item = u32> + Clone + '_ {
        let (size, place) = handle.parts();
        let mut bytes = match size {
            0 => &self.long[place],
            _ => self.sizes[size].get(place, size * STEP),
        };
        let count = take(&mut bytes);
        (0..count).scan(bytes, |bytes, _| Some(take(bytes)))
    }
}

impl Handle {
    fn parts(self) -> (usize, u32) {
        let place = self.0 & ((1 << PLACE_BITS) - 1);
        ((self.0 >> PLACE_BITS) as usize, place)
    }
}

impl Lists {
    /// Returns `None` when no place is left that a handle could name.
    fn insert(&mut self, bytes: &[u8], size: usize) -> Option<u32> {
        let place = match self.free.pop() {
            Some(place) => place,
            None if self.used >> PLACE_BITS != 0 => return None,
            None => {
                if self.used as usize == self.pages.len() * PAGE {
                    self.pages.push(vec![0; size * PAGE].into());
                }
                self.used += 1;
                self.used - 1
            }
        };
        let (page, at) = (place as usize / PAGE, place as usize % PAGE * size);
        self.pages[page][at..at + bytes.len()].copy_from_slice(bytes);
        Some(place)
    }

    fn get(&self, place: u32, size: usize) -> &[u8] {
        let (page, at) = (place as usize / PAGE, place as usize % PAGE * size);
        &self.pages[page][at..at + size]
    }
}

/// LEB128, without a check: nothing else writes these bytes.
fn put(into: &mut Vec<u8>, mut number: u32) {
    while number >= 0x80 {
        into.push(number as u8 | 0x80);
        number >>= 7;
    }
    into.push(number as u8);
}

#[inline(always)]
fn take(from: &mut &[u8]) -> u32 {
    let (mut number, mut shift) = (0, 0);
    while let [byte, rest @ ..] = from {
        *from = rest;
        number |= u32::from(byte & 0x7f) << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            break;
        }
    }
    number
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn lists_survive_each_other(steps in prop::collection::vec((prop::collection::vec(any::<u32>(), 0..20), any::<bool>()), 0..100)) {
            let mut sets = LabelSets::default();
            let mut model: Vec<(Handle, Vec<u32>)> = Vec::new();
            for (list, removes) in steps {
                if removes && let Some((handle, _)) = model.pop() {
                    sets.remove(handle);
                }
                model.push((sets.insert(&list), list));
                for (handle, list) in &model {
                    prop_assert!(sets.get(*handle).eq(list.iter().copied()));
                }
            }
        }
    }

    #[test]
    fn long_lists_are_kept_as_well() {
        let mut sets = LabelSets::default();
        let list: Vec<u32> = (0..1000).map(|number| number * 1_000_003).collect();
        let handles: Vec<_> = (0..10).map(|from| sets.insert(&list[from..])).collect();
        for (from, handle) in handles.iter().enumerate() {
            assert!(sets.get(*handle).eq(list[from..].iter().copied()));
        }
        sets.remove(handles[3]);
        let again = sets.insert(&list);
        assert_eq!(again, handles[3]);
        assert!(sets.get(again).eq(list.iter().copied()));
    }
}
