//! Translates the refs of the run whose segments are being read.

use std::collections::HashMap;

use plimsoll_types::SeriesRef;

/// How far a slot may lie beyond twice the slots that are known before it counts as hostile.
const SLACK: usize = 1 << 16;

/// From the refs of one run to those of this one.
///
/// A ref's low 32 bits are a slot, and slots are dense: a table by slot takes half of the memory of a map, and is walked in
/// the order in which a batch names its series. What does not fit, which no store writes, is in a map.
#[derive(Default)]
pub(super) struct Refs {
    run: Option<u64>,
    by_slot: Vec<Option<(SeriesRef, SeriesRef)>>,
    others: HashMap<SeriesRef, SeriesRef>,
}

impl Refs {
    /// Begins a segment. One whose header is unreadable may be of any run, so nothing is carried over to it.
    pub(super) fn enter(&mut self, run: Option<u64>) {
        if run.is_none() || run != self.run {
            self.by_slot.clear();
            self.others.clear();
        }
        self.run = run;
    }

    /// Notes what a ref of the run means.
    pub(super) fn insert(&mut self, id: SeriesRef, known: SeriesRef) {
        let slot = slot_of(id);
        if slot >= self.by_slot.len() {
            if slot > 2 * self.by_slot.len() + SLACK {
                self.others.insert(id, known);
                return;
            }
            self.by_slot.resize(slot + 1, None);
        }
        // A slot may be used again while batches of the series before it are still to come.
        match &mut self.by_slot[slot] {
            Some((found, _)) if *found != id => drop(self.others.insert(id, known)),
            place => *place = Some((id, known)),
        }
    }

    /// Returns what a ref of the run means.
    pub(super) fn get(&self, id: SeriesRef) -> Option<SeriesRef> {
        match self.by_slot.get(slot_of(id)) {
            Some(Some((found, known))) if *found == id => Some(*known),
            _ => self.others.get(&id).copied(),
        }
    }
}

fn slot_of(id: SeriesRef) -> usize {
    id.0 as u32 as usize
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_ref() -> impl Strategy<Value = SeriesRef> {
        let slot = prop_oneof![0..20u64, 0..300_000u64, Just(u64::from(u32::MAX))];
        (slot, 0..3u64).prop_map(|(slot, generation)| SeriesRef(generation << 32 | slot))
    }

    proptest! {
        #[test]
        fn equals_a_map(steps in prop::collection::vec((any_ref(), 0..9u64), 0..60), asked in any_ref()) {
            let (mut refs, mut model) = (Refs::default(), HashMap::new());
            refs.enter(Some(1));
            for (id, known) in steps {
                refs.insert(id, SeriesRef(known));
                model.insert(id, SeriesRef(known));
                prop_assert_eq!(refs.get(id), Some(SeriesRef(known)));
            }
            for (id, known) in &model {
                prop_assert_eq!(refs.get(*id), Some(*known));
            }
            prop_assert_eq!(refs.get(asked), model.get(&asked).copied());
            refs.enter(Some(2));
            prop_assert_eq!(refs.get(asked), None);
        }
    }
}
