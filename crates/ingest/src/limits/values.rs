//! The distinct values that the labels of one metric have.
//!
//! A value is kept as its hash, 8 bytes and the place in a table: two values of one hash count as one, which with a
//! secret seed nobody can bring about.

use std::collections::{HashMap, HashSet};
use std::hash::BuildHasherDefault;

use plimsoll_types::Labels;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::policy::{Policy, Scope};
use crate::by_hash::Identity;

/// Values by label, and by who counts them: nearly always one.
#[derive(Clone, Debug, Default)]
pub(super) struct Values {
    by_label: HashMap<Box<str>, Vec<(Scope, Hashes)>>,
}

type Hashes = HashSet<u64, BuildHasherDefault<Identity>>;

impl Values {
    /// Counts the values of a series.
    pub(super) fn add(&mut self, policy: &Policy, seed: u64, labels: &Labels) {
        for (name, value) in labels.iter() {
            if let Some((scope, _)) = policy.scope(labels, name)
                && value != policy.limits.overflow_value
            {
                self.of_mut(scope, name).insert(hash(value, seed));
            }
        }
    }

    /// Takes the values of another one in.
    pub(super) fn unite(&mut self, other: Self) {
        for (name, scopes) in other.by_label {
            for (scope, values) in scopes {
                self.of_mut(scope, &name).extend(values);
            }
        }
    }

    /// Says whether a label has this value somewhere.
    pub(super) fn knows(&self, scope: Scope, name: &str, value: &str, seed: u64) -> bool {
        self.of(scope, name)
            .is_some_and(|values| values.contains(&hash(value, seed)))
    }

    /// Returns how many values a label has.
    pub(super) fn count(&self, scope: Scope, name: &str) -> u64 {
        self.of(scope, name).map_or(0, |values| values.len() as u64)
    }

    fn of(&self, scope: Scope, name: &str) -> Option<&Hashes> {
        let mut scopes = self.by_label.get(name)?.iter();
        scopes
            .find(|(one, _)| *one == scope)
            .map(|(_, values)| values)
    }

    fn of_mut(&mut self, scope: Scope, name: &str) -> &mut Hashes {
        if !self.by_label.contains_key(name) {
            self.by_label.insert(name.into(), Vec::new());
        }
        let scopes = self.by_label.get_mut(name).expect("it was added above");
        let at = match scopes.iter().position(|(one, _)| *one == scope) {
            Some(at) => at,
            None => {
                scopes.push((scope, Hashes::default()));
                scopes.len() - 1
            }
        };
        &mut scopes[at].1
    }
}

fn hash(value: &str, seed: u64) -> u64 {
    xxh3_64_with_seed(value.as_bytes(), seed)
}
