//! The head's inverted index: label pair to the series that have it.

use std::collections::{BTreeMap, HashMap};

use plimsoll_types::{Labels, MatchOp, Matcher};
use roaring::RoaringBitmap;

/// Postings of the active series, by slot.
#[derive(Debug, Default)]
pub(super) struct Index {
    all: RoaringBitmap,
    names: BTreeMap<Box<str>, Postings>,
}

#[derive(Debug, Default)]
struct Postings {
    values: HashMap<Box<str>, RoaringBitmap>,
}

impl Index {
    pub(super) fn insert(&mut self, slot: u32, labels: &Labels) {
        self.all.insert(slot);
        for (name, value) in labels.iter() {
            let postings = match self.names.get_mut(name) {
                Some(postings) => postings,
                None => self.names.entry(name.into()).or_default(),
            };
            match postings.values.get_mut(value) {
                Some(slots) => slots.insert(slot),
                None => postings
                    .values
                    .entry(value.into())
                    .or_default()
                    .insert(slot),
            };
        }
    }

    pub(super) fn remove(&mut self, slot: u32, labels: &Labels) {
        self.all.remove(slot);
        for (name, value) in labels.iter() {
            let Some(postings) = self.names.get_mut(name) else {
                continue;
            };
            if let Some(slots) = postings.values.get_mut(value) {
                slots.remove(slot);
                if slots.is_empty() {
                    postings.values.remove(value);
                }
            }
            if postings.values.is_empty() {
                self.names.remove(name);
            }
        }
    }

    /// Walks the names of all labels, ascending.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.keys().map(|name| &**name)
    }

    /// Walks the values of a label, in any order.
    pub(super) fn values(&self, name: &str) -> impl Iterator<Item = &str> {
        let postings = self.names.get(name);
        postings
            .into_iter()
            .flat_map(|postings| postings.values.keys().map(|value| &**value))
    }

    /// Walks the values of a label with how many series have each, in any order.
    pub(super) fn counts(&self, name: &str) -> impl Iterator<Item = (&str, u64)> {
        let postings = self.names.get(name).into_iter();
        postings.flat_map(|postings| {
            postings
                .values
                .iter()
                .map(|(value, slots)| (&**value, slots.len()))
        })
    }

    /// Returns the slots that fulfil all matchers.
    pub(super) fn select(&self, matchers: &[Matcher]) -> RoaringBitmap {
        let mut found: Option<RoaringBitmap> = None;
        // Equality first: it leaves the least for the others.
        let mut ordered: Vec<&Matcher> = matchers.iter().collect();
        ordered.sort_by_key(|matcher| (matcher.op() != MatchOp::Equal, matcher.matches_empty()));
        for matcher in ordered {
            let known = found.unwrap_or_else(|| self.all.clone());
            let narrowed = self.narrow(known, matcher);
            if narrowed.is_empty() {
                return narrowed;
            }
            found = Some(narrowed);
        }
        found.unwrap_or_else(|| self.all.clone())
    }

    fn narrow(&self, mut known: RoaringBitmap, matcher: &Matcher) -> RoaringBitmap {
        let Some(postings) = self.names.get(matcher.name()) else {
            return if matcher.matches_empty() {
                known
            } else {
                RoaringBitmap::new()
            };
        };
        if matcher.op() == MatchOp::Equal && !matcher.matches_empty() {
            return match postings.values.get(matcher.value()) {
                Some(slots) => known & slots,
                None => RoaringBitmap::new(),
            };
        }
        if matcher.matches_empty() {
            // A series without the label fulfils it, so those that do not are taken away.
            for (value, slots) in &postings.values {
                if !matcher.matches(value) {
                    known -= slots;
                }
            }
            return known;
        }
        let mut fitting = RoaringBitmap::new();
        for (value, slots) in &postings.values {
            if matcher.matches(value) {
                fitting |= slots;
            }
        }
        known & fitting
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn labels() -> impl Strategy<Value = Labels> {
        prop::collection::btree_map("[ab]", "[xy]{0,2}", 0..3).prop_map(Labels::from_pairs)
    }

    fn matcher() -> impl Strategy<Value = Matcher> {
        let op = prop_oneof![
            Just(MatchOp::Equal),
            Just(MatchOp::NotEqual),
            Just(MatchOp::Regex),
            Just(MatchOp::NotRegex)
        ];
        (
            op,
            "[abc]",
            prop_oneof!["[xy]{0,2}", Just("x.*".into()), Just("x|".into())],
        )
            .prop_map(|(op, name, value)| Matcher::new(op, &name, &value).unwrap())
    }

    proptest! {
        #[test]
        fn equals_a_scan(series in prop::collection::vec(labels(), 0..20), removed: u32, matchers in prop::collection::vec(matcher(), 0..3)) {
            let mut index = Index::default();
            for (slot, labels) in series.iter().enumerate() {
                index.insert(slot as u32, labels);
            }
            let is_gone = |slot: usize| removed >> slot & 1 == 1;
            for (slot, labels) in series.iter().enumerate().filter(|(slot, _)| is_gone(*slot)) {
                index.remove(slot as u32, labels);
            }
            let fits = |labels: &Labels| matchers.iter().all(|m| m.matches(labels.get(m.name()).unwrap_or("")));
            let expected: Vec<_> = series.iter().enumerate().filter(|(slot, labels)| !is_gone(*slot) && fits(labels)).map(|(slot, _)| slot as u32).collect();
            prop_assert_eq!(index.select(&matchers).iter().collect::<Vec<_>>(), expected);
        }
    }
}
