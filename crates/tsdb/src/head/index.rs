//! The head's inverted index, which is its dictionary of label pairs as well.
//!
//! Every pair that an active series has is known by a number, with its text and the slots of the series that have it. A
//! series is a list of these numbers; the pair goes with the last series that has it.

use std::collections::BTreeMap;
use std::sync::Arc;

use hashbrown::HashTable;
use plimsoll_types::{Labels, Language, MatchOp, Matcher, Pattern};
use roaring::RoaringBitmap;

use super::id_set::IdSet;
use super::pages::Pages;
use crate::selector_cache::{self, SelectorCache};

/// To try an expression on fewer values costs less than to look for what it found before.
const CACHED_VALUES_MIN: u64 = 32;

/// Label pairs of the active series, and who has them.
#[derive(Debug)]
pub(super) struct Index {
    all: RoaringBitmap,
    pairs: Pages<Pair>,
    free: Vec<u32>,
    by_text: HashTable<u32>,
    names: BTreeMap<Box<str>, Name>,
    seed: u64,
    /// Changes whenever any label gains or loses a value.
    generation: u64,
    cache: Option<Arc<SelectorCache>>,
}

/// The values of a label.
#[derive(Debug, Default)]
struct Name {
    /// The numbers of its pairs.
    numbers: IdSet,
    /// The generation of the index in which the label gained or lost a value last: what was found among the values before
    /// counts until then.
    generation: u64,
}

#[derive(Debug, Default)]
struct Pair {
    /// As [`Labels::encoded_pairs`] gives it; empty when the number is free.
    text: Box<str>,
    hash: u32,
    slots: IdSet,
}

impl Index {
    /// Makes an empty index; peers choose the texts, so the seed of their hashes must not be known to them.
    pub(super) fn new(seed: u64) -> Self {
        Self {
            all: RoaringBitmap::new(),
            pairs: Pages::default(),
            free: Vec::new(),
            by_text: HashTable::new(),
            names: BTreeMap::new(),
            seed,
            generation: 0,
            cache: None,
        }
    }

    /// From now on remembers which values expressions match.
    pub(super) fn use_cache(&mut self, cache: Arc<SelectorCache>) {
        self.cache = Some(cache);
    }

    /// Adds a series, and puts the numbers of its pairs into `numbers`.
    pub(super) fn insert(&mut self, slot: u32, labels: &Labels, numbers: &mut Vec<u32>) {
        self.all.insert(slot);
        numbers.clear();
        for text in labels.encoded_pairs() {
            let number = match self.find(text) {
                Some(known) => known,
                None => self.add(text),
            };
            self.pairs[number].slots.insert(slot);
            numbers.push(number);
        }
    }

    /// Removes a series that has these pairs.
    pub(super) fn remove(&mut self, slot: u32, numbers: &[u32]) {
        self.all.remove(slot);
        for number in numbers {
            let pair = &mut self.pairs[*number];
            pair.slots.remove(slot);
            if pair.slots.is_empty() {
                self.forget(*number);
            }
        }
    }

    /// Returns a pair as [`Labels::encoded_pairs`] gives it.
    #[inline(always)]
    pub(super) fn text(&self, number: u32) -> &str {
        &self.pairs[number].text
    }

    fn hash(&self, text: &str) -> u32 {
        xxhash_rust::xxh3::xxh3_64_with_seed(text.as_bytes(), self.seed) as u32
    }

    fn find(&self, text: &str) -> Option<u32> {
        let is_it = |number: &u32| *self.pairs[*number].text == *text;
        self.by_text.find(spread(self.hash(text)), is_it).copied()
    }

    fn add(&mut self, text: &str) -> u32 {
        let hash = self.hash(text);
        let pair = Pair {
            text: text.into(),
            hash,
            slots: IdSet::default(),
        };
        let number = match self.free.pop() {
            Some(number) => {
                self.pairs[number] = pair;
                number
            }
            None => self.pairs.push(pair),
        };
        let pairs = &self.pairs;
        self.by_text
            .insert_unique(spread(hash), number, |other| spread(pairs[*other].hash));
        let (name, _) = Labels::decode_pair(text);
        let name = match self.names.get_mut(name) {
            Some(known) => known,
            None => self.names.entry(name.into()).or_default(),
        };
        self.generation += 1;
        name.generation = self.generation;
        name.numbers.insert(number);
        number
    }

    fn forget(&mut self, number: u32) {
        let pair = std::mem::take(&mut self.pairs[number]);
        if let Ok(entry) = self
            .by_text
            .find_entry(spread(pair.hash), |other| *other == number)
        {
            entry.remove();
        }
        let (name, _) = Labels::decode_pair(&pair.text);
        if let Some(known) = self.names.get_mut(name) {
            self.generation += 1;
            known.generation = self.generation;
            known.numbers.remove(number);
            if known.numbers.is_empty() {
                self.names.remove(name);
            }
        }
        self.free.push(number);
    }

    /// Walks the names of all labels, ascending.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.keys().map(|name| &**name)
    }

    /// Walks the values of a label, in any order.
    pub(super) fn values(&self, name: &str) -> impl Iterator<Item = &str> {
        self.pairs_of(name).map(Pair::value)
    }

    /// Walks the values of a label with how many series have each, from the first of its pairs numbered `from` on, in
    /// the order of numbers; each with its number.
    pub(super) fn counts(&self, name: &str, from: u32) -> impl Iterator<Item = (u32, &str, u64)> {
        let numbers = self.names.get(name).into_iter();
        numbers.flat_map(move |name| {
            name.numbers.iter_from(from).map(|number| {
                let pair = &self.pairs[number];
                (number, pair.value(), pair.slots.len())
            })
        })
    }

    /// Returns how many series have this label pair.
    pub(super) fn count(&self, name: &str, value: &str) -> u64 {
        let number = self.find(&Labels::encode_pair(name, value));
        number.map_or(0, |number| self.pairs[number].slots.len())
    }

    fn pairs_of(&self, name: &str) -> impl Iterator<Item = &Pair> {
        let numbers = self.names.get(name).into_iter();
        numbers.flat_map(|name| name.numbers.iter().map(|number| &self.pairs[number]))
    }

    /// Returns the slots that fulfil all matchers.
    pub(super) fn select(&self, matchers: &[Matcher]) -> RoaringBitmap {
        let is_equality =
            |matcher: &&Matcher| matcher.op() == MatchOp::Equal && !matcher.matches_empty();
        let (equal, others): (Vec<_>, Vec<_>) = matchers.iter().partition(is_equality);
        let mut found = None;
        if !equal.is_empty() {
            match self.select_equal(&equal) {
                Some(fitting) => found = Some(fitting),
                None => return RoaringBitmap::new(),
            }
        }
        // What is looked up is cheap; what a series without the label fulfils leaves most, so it comes last.
        let mut others = others;
        others.sort_by_key(|matcher| (matcher.literals().is_none(), matcher.matches_empty()));
        for matcher in others {
            let narrowed = self.narrow(found, matcher);
            if narrowed.is_empty() {
                return narrowed;
            }
            found = Some(narrowed);
        }
        found.unwrap_or_else(|| self.all.clone())
    }

    /// Returns the slots of the series that have all these pairs; the rarest pair leaves the least for the others.
    fn select_equal(&self, matchers: &[&Matcher]) -> Option<RoaringBitmap> {
        let slots = |matcher: &&Matcher| {
            let text = Labels::encode_pair(matcher.name(), matcher.value());
            Some(&self.pairs[self.find(&text)?].slots)
        };
        let mut sets: Vec<&IdSet> = matchers.iter().map(slots).collect::<Option<_>>()?;
        sets.sort_by_key(|set| set.len());
        let among = |found, set: &&IdSet| Some(set.among(found));
        sets.iter().fold(None, among)
    }

    fn narrow(&self, known: Option<RoaringBitmap>, matcher: &Matcher) -> RoaringBitmap {
        let is_optional = matcher.matches_empty();
        // The values that decide are those that the matcher's texts name, or all others.
        let is_inverted = is_optional != matcher.is_negative();
        let deciding = self.deciding(matcher, is_inverted);
        let sets = deciding.iter().map(|number| &self.pairs[*number].slots);
        if is_optional {
            // A series without the label fulfils it, so those that do not are taken away.
            let mut known = known.unwrap_or_else(|| self.all.clone());
            sets.for_each(|slots| slots.take_from(&mut known));
            return known;
        }
        let mut fitting = RoaringBitmap::new();
        sets.for_each(|slots| slots.add_to(&mut fitting));
        match known {
            Some(known) => known & fitting,
            None => fitting,
        }
    }

    /// Returns the numbers of the pairs whose value the matcher's texts name, or with `is_inverted` of all other pairs of
    /// its label.
    fn deciding(&self, matcher: &Matcher, is_inverted: bool) -> Arc<[u32]> {
        let name = matcher.name();
        let Some(known) = self.names.get(name) else {
            return Arc::default();
        };
        if let (Some(texts), false) = (matcher.literals(), is_inverted) {
            let texts = texts.iter().map(|text| Labels::encode_pair(name, text));
            return texts.filter_map(|text| self.find(&text)).collect();
        }
        let try_all = || {
            let is_text = |value: &str| matcher.matches(value) != matcher.is_negative();
            let decides = |number: &u32| is_text(self.pairs[*number].value()) != is_inverted;
            known.numbers.iter().filter(decides).collect()
        };
        match (&self.cache, matcher.pattern().map(Pattern::language)) {
            (_, Some(Language::Everything | Language::EverythingButEmpty)) if is_inverted => {
                Arc::default()
            }
            (Some(cache), Some(Language::Others { .. }))
                if known.numbers.len() >= CACHED_VALUES_MIN =>
            {
                let key = selector_cache::value_key(matcher, is_inverted);
                cache.values(known.generation, key, try_all)
            }
            _ => try_all(),
        }
    }
}

impl Pair {
    fn value(&self) -> &str {
        Labels::decode_pair(&self.text).1
    }
}

/// Makes the 64 bits that a table wants of 32: it finds the place with the lowest and tells entries apart with the
/// highest ones.
pub(super) fn spread(hash: u32) -> u64 {
    u64::from(hash) << 32 | u64::from(hash)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::bounded::CacheMetrics;

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
            prop_oneof![
                "[xy]{0,2}",
                Just("x.*".into()),
                Just("x|".into()),
                Just(".*".into()),
                Just(".+".into()),
                Just(".*y|".into())
            ],
        )
            .prop_map(|(op, name, value)| Matcher::new(op, &name, &value).unwrap())
    }

    proptest! {
        #[test]
        fn equals_a_scan(series in prop::collection::vec(labels(), 0..20), removed: u32, matchers in prop::collection::vec(matcher(), 0..3)) {
            let mut index = Index::new(7);
            let mut numbers = vec![Vec::new(); series.len()];
            for (slot, labels) in series.iter().enumerate() {
                index.insert(slot as u32, labels, &mut numbers[slot]);
            }
            let is_gone = |slot: usize| removed >> slot & 1 == 1;
            for (slot, numbers) in numbers.iter().enumerate().filter(|(slot, _)| is_gone(*slot)) {
                index.remove(slot as u32, numbers);
            }
            let fits = |labels: &Labels| matchers.iter().all(|m| m.matches(labels.get(m.name()).unwrap_or("")));
            let expected: Vec<_> = series.iter().enumerate().filter(|(slot, labels)| !is_gone(*slot) && fits(labels)).map(|(slot, _)| slot as u32).collect();
            prop_assert_eq!(index.select(&matchers).iter().collect::<Vec<_>>(), expected);
            let left = series.iter().enumerate().filter(|(slot, _)| !is_gone(*slot)).flat_map(|(_, labels)| labels.iter());
            let mut counts = BTreeMap::<(&str, &str), u64>::new();
            left.for_each(|pair| *counts.entry(pair).or_default() += 1);
            let found = index.names().flat_map(|name| index.counts(name, 0).map(move |(_, value, count)| ((name, value), count)));
            prop_assert_eq!(found.collect::<BTreeMap<_, _>>(), counts);
        }
    }

    /// Values come and go between the questions, so what is remembered must go with them.
    #[test]
    fn remembered_values_follow_the_series() {
        let metrics = CacheMetrics::default();
        let mut index = Index::new(7);
        index.use_cache(Arc::new(SelectorCache::new(1 << 20, metrics.clone())));
        let labels = |slot: u32| {
            let job = if slot.is_multiple_of(2) {
                "even"
            } else {
                "odd"
            };
            Labels::from_pairs([
                ("pod", format!("{:02}-{slot}", slot * 37 % 100)),
                ("job", job.into()),
            ])
        };
        let questions: Vec<Matcher> = [".*-.*7", "[0-4].*", "(?i)9.*|.*-1|"]
            .into_iter()
            .flat_map(|text| {
                [MatchOp::Regex, MatchOp::NotRegex].map(|op| Matcher::new(op, "pod", text).unwrap())
            })
            .collect();
        let mut numbers = Vec::new();
        let mut there = BTreeMap::new();
        for step in 0..300u32 {
            let slot = step % 150;
            match there.remove(&slot) {
                Some(numbers) => index.remove(slot, &Vec::<u32>::clone(&numbers)),
                None => {
                    index.insert(slot, &labels(slot), &mut numbers);
                    there.insert(slot, numbers.clone());
                }
            }
            for matcher in &questions {
                let fits = |slot: &&u32| matcher.matches(labels(**slot).get("pod").unwrap_or(""));
                let expected: Vec<u32> = there.keys().filter(fits).copied().collect();
                for matchers in [
                    vec![matcher.clone()],
                    vec![Matcher::equal("job", "odd"), matcher.clone()],
                ] {
                    let found: Vec<u32> = index.select(&matchers).iter().collect();
                    let is_odd = |slot: &&u32| matchers.len() == 1 || **slot % 2 == 1;
                    let expected: Vec<u32> = expected.iter().filter(is_odd).copied().collect();
                    assert_eq!(found, expected, "step {step}: {matchers:?}");
                }
            }
        }
        assert!(metrics.hits.get() > 500, "only {} hits", metrics.hits.get());
    }
}
