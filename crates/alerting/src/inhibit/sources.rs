//! The sources of one rule, by the values of the labels that have to be the same.

use std::collections::{BTreeSet, HashMap};

use plimsoll_types::Labels;

use crate::fingerprint::Fingerprint;

/// The sources of a rule. A key is there as long as it has a source, so nothing is left behind by alerts that went.
#[derive(Debug, Default)]
pub(super) struct Sources {
    by_key: HashMap<Labels, Group>,
}

/// Sources with the same values.
#[derive(Debug, Default)]
struct Group {
    /// Sources alone: they inhibit whatever is a target.
    plain: BTreeSet<Fingerprint>,
    /// Sources that match the target side too: they inhibit what is a target alone.
    two_sided: BTreeSet<Fingerprint>,
}

impl Sources {
    pub(super) fn insert(&mut self, key: Labels, source: Fingerprint, is_target_too: bool) {
        let group = self.by_key.entry(key).or_default();
        group.side(is_target_too).insert(source);
    }

    pub(super) fn remove(&mut self, key: &Labels, source: Fingerprint, is_target_too: bool) {
        let Some(group) = self.by_key.get_mut(key) else {
            return;
        };
        group.side(is_target_too).remove(&source);
        if group.plain.is_empty() && group.two_sided.is_empty() {
            self.by_key.remove(key);
        }
    }

    /// Returns the sources that inhibit a target, in ascending order of the plain ones, then of the others.
    pub(super) fn of(
        &self,
        key: &Labels,
        is_source_too: bool,
    ) -> impl Iterator<Item = Fingerprint> + use<'_> {
        let group = self.by_key.get(key);
        let plain = group.into_iter().flat_map(|group| &group.plain);
        let others = group.filter(|_| !is_source_too);
        let others = others.into_iter().flat_map(|group| &group.two_sided);
        plain.chain(others).copied()
    }

    /// Returns how many different keys there are.
    #[cfg(test)]
    pub(super) fn key_count(&self) -> usize {
        self.by_key.len()
    }
}

impl Group {
    fn side(&mut self, is_target_too: bool) -> &mut BTreeSet<Fingerprint> {
        match is_target_too {
            true => &mut self.two_sided,
            false => &mut self.plain,
        }
    }
}
