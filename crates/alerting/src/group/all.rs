//! All groups, found by route and labels.

use std::collections::HashMap;
use std::sync::Arc;

use plimsoll_types::Labels;

use super::{Group, PolicyIndex};
use crate::book::GroupIndex;

/// All groups. A group keeps its place until it goes; places are used again.
#[derive(Debug, Default)]
pub(crate) struct Groups {
    places: Vec<Option<Group>>,
    free: Vec<GroupIndex>,
    /// But for dissolved ones, which no alert joins.
    by_labels: HashMap<(PolicyIndex, Labels), GroupIndex>,
}

impl Groups {
    pub(crate) fn len(&self) -> usize {
        self.places.len() - self.free.len()
    }

    pub(crate) fn find(&self, policy: PolicyIndex, labels: &Labels) -> Option<GroupIndex> {
        self.by_labels.get(&(policy, labels.clone())).copied()
    }

    pub(crate) fn get(&self, at: GroupIndex) -> Option<&Group> {
        self.places.get(at as usize)?.as_ref()
    }

    pub(crate) fn get_mut(&mut self, at: GroupIndex) -> Option<&mut Group> {
        self.places.get_mut(at as usize)?.as_mut()
    }

    /// Walks the groups in the order of their places.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (GroupIndex, &Group)> {
        let places = (0..).zip(&self.places);
        places.filter_map(|(at, group)| group.as_ref().map(|group| (at, group)))
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (GroupIndex, &mut Group)> {
        let places = (0..).zip(&mut self.places);
        places.filter_map(|(at, group)| group.as_mut().map(|group| (at, group)))
    }

    pub(crate) fn insert(&mut self, group: Group) -> GroupIndex {
        let at = self.free.pop().unwrap_or_else(|| {
            self.places.push(None);
            GroupIndex::try_from(self.places.len() - 1)
                .expect("less than 2^32 groups fit in memory")
        });
        if !group.is_dissolved {
            let key = (group.policy, group.labels.clone());
            self.by_labels.insert(key, at);
        }
        self.places[at as usize] = Some(group);
        at
    }

    /// Takes a group out to work with it; it goes back with [`put_back`](Self::put_back) or away with
    /// [`forget`](Self::forget).
    pub(crate) fn take(&mut self, at: GroupIndex) -> Option<Group> {
        self.places.get_mut(at as usize)?.take()
    }

    pub(crate) fn put_back(&mut self, at: GroupIndex, group: Group) {
        self.places[at as usize] = Some(group);
    }

    /// Forgets a group that was taken out.
    pub(crate) fn forget(&mut self, at: GroupIndex, group: &Group) {
        if !group.is_dissolved {
            self.by_labels.remove(&(group.policy, group.labels.clone()));
        }
        self.free.push(at);
    }

    /// Takes out all groups, in the order of their places.
    pub(crate) fn drain(&mut self) -> Vec<Group> {
        let all = std::mem::take(self);
        all.places.into_iter().flatten().collect()
    }

    /// Returns the group of a name, by walking all: for rows and reloads.
    pub(crate) fn by_name(&self) -> HashMap<Arc<crate::rows::GroupName>, GroupIndex> {
        self.iter()
            .map(|(at, group)| (group.name.clone(), at))
            .collect()
    }
}
