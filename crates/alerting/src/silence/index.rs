//! Finds the silences that may be about an alert without trying all of them.
//!
//! Each set of matchers is entered under one of its conditions, one that an alert without the label cannot fulfil: under
//! the values it names (`=`, `a|b`), or under what the label's value begins with (the expression's prefix, which may be
//! empty). Of several such conditions the one is taken under which the fewest are entered, so that thousands of silences of
//! one alert name are told apart by their instances. A set of `!=` and `!~` alone may be about anything and is tried always.

use std::collections::{BTreeMap, HashMap};

use plimsoll_types::{Labels, Matcher};

use super::{MatcherSets, SilenceId};

/// A condition that names more values than this is looked for by something else, if there is anything.
const VALUES_MAX: usize = 256;

/// Where the sets of all silences are entered.
#[derive(Debug, Default)]
pub(super) struct Index {
    names: HashMap<Box<str>, Name>,
    anything: Vec<SilenceId>,
    keys: HashMap<SilenceId, Vec<Key>>,
}

/// The entries under a label's name.
#[derive(Debug, Default)]
struct Name {
    values: HashMap<Box<str>, Vec<SilenceId>>,
    prefixes: HashMap<Box<str>, Vec<SilenceId>>,
    /// How many prefixes there are of each length in bytes.
    lengths: BTreeMap<usize, usize>,
}

/// Where one set is entered.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Key {
    Values(Box<str>, Vec<Box<str>>),
    Prefix(Box<str>, Box<str>),
    Anything,
}

impl Index {
    pub(super) fn insert(&mut self, id: SilenceId, sets: &MatcherSets) {
        for set in sets.iter() {
            let key = self.best_key(set);
            self.enter(id, &key);
            self.keys.entry(id).or_default().push(key);
        }
    }

    pub(super) fn remove(&mut self, id: SilenceId) {
        for key in self.keys.remove(&id).unwrap_or_default() {
            self.leave(id, &key);
        }
    }

    /// Names the silences that may be about an alert, perhaps one of them more than once.
    pub(super) fn candidates(&self, labels: &Labels, mut found: impl FnMut(SilenceId)) {
        let mut all = |ids: Option<&Vec<SilenceId>>| {
            ids.into_iter().flatten().for_each(|id| found(*id));
        };
        all(Some(&self.anything));
        if self.names.is_empty() {
            return;
        }
        for (name, value) in labels.iter() {
            let Some(name) = self.names.get(name) else {
                continue;
            };
            all(name.values.get(value));
            for (length, _) in name.lengths.range(..=value.len()) {
                all(value
                    .get(..*length)
                    .and_then(|prefix| name.prefixes.get(prefix)));
            }
        }
    }

    /// Says whether a silence is entered.
    #[cfg(test)]
    pub(super) fn is_about(&self, id: SilenceId) -> bool {
        self.keys.contains_key(&id)
    }

    /// Says whether the lengths of prefixes are those of the prefixes that are entered.
    #[cfg(test)]
    pub(super) fn is_consistent(&self) -> bool {
        self.names.values().all(|name| {
            let mut lengths = BTreeMap::<usize, usize>::new();
            for prefix in name.prefixes.keys() {
                *lengths.entry(prefix.len()).or_default() += 1;
            }
            lengths == name.lengths
        })
    }

    /// Says whether nothing is entered.
    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.names.is_empty() && self.anything.is_empty() && self.keys.is_empty()
    }

    fn best_key(&self, set: &[Matcher]) -> Key {
        let keys = set.iter().filter_map(key);
        let best = keys.min_by_key(|key| self.crowd(key));
        best.unwrap_or(Key::Anything)
    }

    /// Returns how many are entered in the most crowded place of a key, and how good the key is otherwise.
    fn crowd(&self, key: &Key) -> (usize, usize, usize) {
        let count = |ids: Option<&Vec<SilenceId>>| ids.map_or(0, Vec::len);
        match key {
            Key::Values(name, values) => {
                let name = self.names.get(name);
                let counts = values
                    .iter()
                    .map(|value| count(name.and_then(|n| n.values.get(value))));
                (counts.max().unwrap_or(0), 0, values.len())
            }
            Key::Prefix(name, prefix) => {
                let found = self
                    .names
                    .get(name)
                    .and_then(|name| name.prefixes.get(prefix));
                (count(found), 1, usize::MAX - prefix.len())
            }
            Key::Anything => (self.anything.len(), 2, 0),
        }
    }

    fn enter(&mut self, id: SilenceId, key: &Key) {
        match key {
            Key::Values(name, values) => {
                let name = self.names.entry(name.clone()).or_default();
                for value in values {
                    name.values.entry(value.clone()).or_default().push(id);
                }
            }
            Key::Prefix(name, prefix) => {
                let name = self.names.entry(name.clone()).or_default();
                let ids = name.prefixes.entry(prefix.clone()).or_default();
                if ids.is_empty() {
                    *name.lengths.entry(prefix.len()).or_default() += 1;
                }
                ids.push(id);
            }
            Key::Anything => self.anything.push(id),
        }
    }

    fn leave(&mut self, id: SilenceId, key: &Key) {
        let (name, values) = match key {
            Key::Anything => {
                take(&mut self.anything, id);
                return;
            }
            Key::Values(name, values) => (name, Some(values)),
            Key::Prefix(name, _) => (name, None),
        };
        let Some(entered) = self.names.get_mut(name) else {
            return;
        };
        for value in values.into_iter().flatten() {
            leave_list(&mut entered.values, value, id);
        }
        if let Key::Prefix(_, prefix) = key {
            entered.leave_prefix(prefix, id);
        }
        if entered.values.is_empty() && entered.prefixes.is_empty() {
            self.names.remove(name);
        }
    }
}

impl Name {
    fn leave_prefix(&mut self, prefix: &str, id: SilenceId) {
        if !leave_list(&mut self.prefixes, prefix, id) {
            return;
        }
        if let Some(count) = self.lengths.get_mut(&prefix.len()) {
            *count -= 1;
            if *count == 0 {
                self.lengths.remove(&prefix.len());
            }
        }
    }
}

/// Takes an id out of a list; says whether the list is gone.
fn leave_list(lists: &mut HashMap<Box<str>, Vec<SilenceId>>, key: &str, id: SilenceId) -> bool {
    let is_empty = lists.get_mut(key).is_some_and(|ids| take(ids, id));
    if is_empty {
        lists.remove(key);
    }
    is_empty
}

/// Takes one occurrence of an id out; says whether nothing is left.
fn take(ids: &mut Vec<SilenceId>, id: SilenceId) -> bool {
    if let Some(at) = ids.iter().position(|one| *one == id) {
        ids.swap_remove(at);
    }
    ids.is_empty()
}

/// Returns how a condition narrows the search; `None` when an alert without the label fulfils it.
fn key(matcher: &Matcher) -> Option<Key> {
    if matcher.matches_empty() {
        return None;
    }
    let name: Box<str> = matcher.name().into();
    if matcher.is_negative() {
        return Some(Key::Prefix(name, "".into()));
    }
    match matcher.literals() {
        Some(values) if values.len() <= VALUES_MAX => Some(Key::Values(name, values.to_vec())),
        _ => Some(Key::Prefix(name, matcher.prefix().into())),
    }
}
