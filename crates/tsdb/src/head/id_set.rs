//! Sets of numbers, most of which are tiny: a label like `pod` has tens of thousands of values with few series each.

use roaring::RoaringBitmap;

/// A bitmap with one short container takes more than so many numbers in a list.
const LISTED_MAX: usize = 32;

/// A set of numbers: one in place, some in a list, many in a bitmap.
#[derive(Debug)]
pub(super) enum IdSet {
    One(u32),
    /// Ascending. The empty set is an empty list.
    Some(Vec<u32>),
    Many(Box<RoaringBitmap>),
}

impl Default for IdSet {
    fn default() -> Self {
        Self::Some(Vec::new())
    }
}

impl IdSet {
    pub(super) fn insert(&mut self, id: u32) {
        match self {
            Self::One(known) if *known == id => {}
            Self::One(known) => *self = Self::Some(vec![id.min(*known), id.max(*known)]),
            Self::Some(ids) if ids.is_empty() => *self = Self::One(id),
            Self::Some(ids) => {
                let Err(at) = ids.binary_search(&id) else {
                    return;
                };
                if ids.len() < LISTED_MAX {
                    return ids.insert(at, id);
                }
                let mut many: RoaringBitmap = ids.iter().copied().collect();
                many.insert(id);
                *self = Self::Many(Box::new(many));
            }
            Self::Many(ids) => {
                ids.insert(id);
            }
        }
    }

    pub(super) fn remove(&mut self, id: u32) {
        match self {
            Self::One(known) if *known == id => *self = Self::default(),
            Self::One(_) => {}
            Self::Some(ids) => {
                if let Ok(at) = ids.binary_search(&id) {
                    ids.remove(at);
                }
            }
            Self::Many(ids) => {
                ids.remove(id);
                if ids.is_empty() {
                    *self = Self::default();
                }
            }
        }
    }

    pub(super) fn len(&self) -> u64 {
        match self {
            Self::One(_) => 1,
            Self::Some(ids) => ids.len() as u64,
            Self::Many(ids) => ids.len(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        matches!(self, Self::Some(ids) if ids.is_empty())
    }

    /// Walks the numbers, ascending.
    pub(super) fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.iter_from(0)
    }

    /// Walks the numbers that are not below `from`, ascending.
    pub(super) fn iter_from(&self, from: u32) -> impl Iterator<Item = u32> + '_ {
        let (listed, many) = match self {
            Self::One(id) => (std::slice::from_ref(id), None),
            Self::Some(ids) => (&ids[..], None),
            Self::Many(ids) => (&[][..], Some(ids.range(from..))),
        };
        let begin = listed.partition_point(|id| *id < from);
        let listed = listed[begin..].iter().copied();
        listed.chain(many.into_iter().flatten())
    }

    /// Adds all numbers to a bitmap.
    pub(super) fn add_to(&self, bitmap: &mut RoaringBitmap) {
        match self {
            Self::Many(ids) => *bitmap |= &**ids,
            listed => bitmap.extend(listed.iter()),
        }
    }

    /// Takes all numbers out of a bitmap.
    pub(super) fn take_from(&self, bitmap: &mut RoaringBitmap) {
        match self {
            Self::Many(ids) => *bitmap -= &**ids,
            listed => listed.iter().for_each(|id| {
                bitmap.remove(id);
            }),
        }
    }

    /// Returns those numbers that are in `among` as well; all of them without `among`.
    pub(super) fn among(&self, among: Option<RoaringBitmap>) -> RoaringBitmap {
        match (self, among) {
            (Self::Many(ids), Some(among)) => among & &**ids,
            (Self::Many(ids), None) => (**ids).clone(),
            (listed, Some(among)) => listed.iter().filter(|id| among.contains(*id)).collect(),
            (listed, None) => listed.iter().collect(),
        }
    }
}

const _: () = assert!(size_of::<IdSet>() == 24, "a set takes no more than a list");

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn equals_a_set(steps in prop::collection::vec((0..60u32, 0..4u8), 0..300), other in prop::collection::btree_set(0..60u32, 0..60)) {
            let (mut set, mut model) = (IdSet::default(), BTreeSet::new());
            for (id, step) in steps {
                match step {
                    0 => { set.remove(id); model.remove(&id); }
                    _ => { set.insert(id); model.insert(id); }
                }
                prop_assert!(set.iter().eq(model.iter().copied()));
                prop_assert_eq!((set.len(), set.is_empty()), (model.len() as u64, model.is_empty()));
            }
            let bitmap: RoaringBitmap = other.iter().copied().collect();
            let (mut added, mut taken) = (bitmap.clone(), bitmap.clone());
            set.add_to(&mut added);
            set.take_from(&mut taken);
            prop_assert!(added.iter().eq(other.union(&model).copied()));
            prop_assert!(taken.iter().eq(other.difference(&model).copied()));
            prop_assert!(set.among(Some(bitmap)).iter().eq(other.intersection(&model).copied()));
            prop_assert!(set.among(None).iter().eq(model.iter().copied()));
        }
    }
}
