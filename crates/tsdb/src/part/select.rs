//! Finds series: matchers against postings, times against hour bitmaps.

use std::collections::BTreeSet;
use std::sync::Arc;

use plimsoll_types::{Language, Matcher, Pattern, TimeRange};
use roaring::RoaringBitmap;

use super::automaton::ValueAutomaton;
use super::error::Error;
use super::reader::Part;
use crate::selector_cache::{self, Scope};

/// When so few series are left, their labels are read instead of searching this many times as many values.
const VALUES_PER_SERIES: u64 = 1024;

impl Part {
    /// Returns the numbers of the series that fulfil all matchers and have a sample or an exemplar in an hour that
    /// `range` touches: ascending, which is the order of their labels. Without matchers all series do.
    ///
    /// # Errors
    /// `Corrupt`, `Io`.
    ///
    /// # Complexity
    /// An expression is tried once per value of its label at most, never once per series; an alternation of texts is a
    /// few lookups.
    pub fn select(&self, matchers: &[Matcher], range: TimeRange) -> Result<Vec<u32>, Error> {
        let own = self.meta().range;
        if !own.overlaps(range) {
            return Ok(Vec::new());
        }
        let is_whole = range.start <= own.start && own.end <= range.end;
        let found = match (matchers, is_whole) {
            ([], true) => return Ok((0..self.meta().series).collect()),
            ([], false) => return Ok(self.postings.active(range)?.iter().collect()),
            _ => self.fulfilling(matchers)?,
        };
        if is_whole || found.is_empty() {
            return Ok(found.iter().collect());
        }
        Ok((&*found & self.postings.active(range)?).iter().collect())
    }

    /// Returns the names of all labels, or of those that the series `among` have: sorted, no name twice.
    ///
    /// # Errors
    /// `Invalid` when one of `among` is not there, `Corrupt`, `Io`.
    pub fn label_names(&self, among: Option<&[u32]>) -> Result<Vec<String>, Error> {
        let symbols: BTreeSet<u32> = match among {
            None => self.postings.names().map(|(name, _)| name).collect(),
            Some(ids) => self.label_symbols(ids, |pair| Some(pair.0))?,
        };
        self.texts(symbols)
    }

    /// Returns the values that a label has in the whole part, or in the series `among`: sorted, none twice.
    ///
    /// # Errors
    /// `Invalid` when one of `among` is not there, `Corrupt`, `Io`.
    pub fn label_values(&self, name: &str, among: Option<&[u32]>) -> Result<Vec<String>, Error> {
        let Some(name) = self.symbols.find(name)? else {
            return Ok(Vec::new());
        };
        if let Some(ids) = among {
            let value = |pair: (u32, u32)| (pair.0 == name).then_some(pair.1);
            return self.texts(self.label_symbols(ids, value)?);
        }
        let mut values = Vec::new();
        for page in self.postings.pages(name) {
            values.extend(page?.into_iter().map(|pair| pair.value));
        }
        self.texts(values)
    }

    fn fulfilling(&self, matchers: &[Matcher]) -> Result<Arc<RoaringBitmap>, Error> {
        let Some(cache) = &self.selectors else {
            return self.find(matchers).map(Arc::new);
        };
        let key = selector_cache::key(matchers);
        cache.series(self.scope(), key, || self.find(matchers))
    }

    fn scope(&self) -> Scope {
        Scope::Part(self.recent.part())
    }

    fn find(&self, matchers: &[Matcher]) -> Result<RoaringBitmap, Error> {
        let mut found = RoaringBitmap::new();
        found.insert_range(0..self.meta().series);
        // What is looked up is cheap and leaves little for the others.
        let mut ordered: Vec<&Matcher> = matchers.iter().collect();
        ordered.sort_by_key(|matcher| (matcher.literals().is_none(), matcher.matches_empty()));
        for matcher in ordered {
            if found.is_empty() {
                break;
            }
            self.apply(matcher, &mut found)?;
        }
        Ok(found)
    }

    fn apply(&self, matcher: &Matcher, found: &mut RoaringBitmap) -> Result<(), Error> {
        let is_optional = matcher.matches_empty();
        let Some(name) = self.symbols.find(matcher.name())? else {
            if !is_optional {
                found.clear();
            }
            return Ok(());
        };
        let choice = Choice {
            name,
            matcher,
            is_inverted: is_optional != matcher.is_negative(),
        };
        if choice.is_lookup() {
            let chosen = self.look_up(&choice)?;
            choice.narrow(found, &chosen);
        } else if found.len() * VALUES_PER_SERIES < self.postings.value_count(name) {
            self.try_each(&choice, found)?;
        } else {
            let chosen = self.search_once(&choice)?;
            choice.narrow(found, &chosen);
        }
        Ok(())
    }

    /// Returns the series that have one of a few values.
    fn look_up(&self, choice: &Choice<'_>) -> Result<RoaringBitmap, Error> {
        self.postings.any_of(choice.name, &self.literals(choice)?)
    }

    /// Returns the symbols of the texts that a matcher compares with, ascending; those that are not there are left out.
    fn literals(&self, choice: &Choice<'_>) -> Result<Vec<u32>, Error> {
        let texts = choice.matcher.literals().unwrap_or_default();
        let symbols = texts.iter().map(|text| self.symbols.find(text));
        symbols.filter_map(Result::transpose).collect()
    }

    /// Keeps the series that fulfil a matcher, by their own labels.
    fn try_each(&self, choice: &Choice<'_>, found: &mut RoaringBitmap) -> Result<(), Error> {
        let mut kept = RoaringBitmap::new();
        let mut texts = self.symbols.walk();
        for id in found.iter() {
            let value = self.with_entry(id, |entry| {
                let labels = &entry.labels;
                let at = labels.binary_search_by_key(&choice.name, |pair| pair.0);
                Ok(at.ok().map(|at| labels[at].1))
            })?;
            let text = value.map_or(Ok(""), |value| texts.text(value))?;
            if choice.matcher.matches(text) {
                kept.insert(id);
            }
        }
        *found = kept;
        Ok(())
    }

    /// Returns the series that have a chosen value; other selectors with the same matcher do not search again.
    fn search_once(&self, choice: &Choice<'_>) -> Result<Arc<RoaringBitmap>, Error> {
        let Some(cache) = &self.selectors else {
            return self.search(choice).map(Arc::new);
        };
        let key = selector_cache::value_key(choice.matcher, choice.is_inverted);
        cache.series(self.scope(), key, || self.search(choice))
    }

    fn search(&self, choice: &Choice<'_>) -> Result<RoaringBitmap, Error> {
        let name = choice.name;
        let inverted = choice.is_inverted;
        match choice.matcher.pattern().map(Pattern::language) {
            Some(Language::Everything | Language::EverythingButEmpty) if inverted => {
                Ok(RoaringBitmap::new())
            }
            Some(Language::Everything | Language::EverythingButEmpty) => {
                self.postings.wanted(name, |_| Ok(true))
            }
            None | Some(Language::Literals(_)) => {
                let texts = self.literals(choice)?;
                let is_text = |value: u32| texts.binary_search(&value).is_ok();
                self.postings
                    .wanted(name, |value| Ok(is_text(value) != inverted))
            }
            Some(Language::Others { .. }) if inverted => self.try_values(choice),
            Some(Language::Others { prefix }) => {
                let automaton = || self.automaton(choice.matcher.pattern()?);
                let accepted = self
                    .postings
                    .accepted(name, &self.recent, automaton, prefix)?;
                match accepted {
                    Some(found) => Ok(found),
                    None => self.try_values(choice),
                }
            }
        }
    }

    /// Tries each value: there are few, or most of them begin in a way that may match, or the expression is too large for
    /// an automaton, or the part is from before there were transducers.
    fn try_values(&self, choice: &Choice<'_>) -> Result<RoaringBitmap, Error> {
        let mut texts = self.symbols.walk();
        let negative = choice.matcher.is_negative();
        self.postings.wanted(choice.name, |value| {
            let is_text = choice.matcher.matches(texts.text(value)?) != negative;
            Ok(is_text != choice.is_inverted)
        })
    }

    fn automaton(&self, pattern: &Pattern) -> Option<Arc<ValueAutomaton>> {
        let build = || ValueAutomaton::new(pattern);
        match &self.selectors {
            Some(cache) => cache.automaton(pattern.anchored(), build),
            None => build().map(Arc::new),
        }
    }

    fn label_symbols(
        &self,
        ids: &[u32],
        choose: impl Fn((u32, u32)) -> Option<u32>,
    ) -> Result<BTreeSet<u32>, Error> {
        let mut symbols = BTreeSet::new();
        for id in ids {
            self.with_entry(*id, |entry| {
                symbols.extend(entry.labels.iter().filter_map(|pair| choose(*pair)));
                Ok(())
            })?;
        }
        Ok(symbols)
    }

    /// Symbols are numbered in their order, so ascending numbers give sorted texts.
    fn texts(&self, symbols: impl IntoIterator<Item = u32>) -> Result<Vec<String>, Error> {
        let mut walk = self.symbols.walk();
        symbols
            .into_iter()
            .map(|symbol| Ok(walk.text(symbol)?.to_owned()))
            .collect()
    }
}

/// Values of a label that decide: those that a matcher's texts name, or all others. The series that have one of them
/// are kept; or, when a series without the label fulfils the matcher, those are removed.
struct Choice<'a> {
    /// The symbol of the label's name.
    name: u32,
    matcher: &'a Matcher,
    /// The chosen values are those that the texts do not name.
    is_inverted: bool,
}

impl Choice<'_> {
    fn is_lookup(&self) -> bool {
        !self.is_inverted && self.matcher.literals().is_some()
    }

    fn narrow(&self, found: &mut RoaringBitmap, chosen: &RoaringBitmap) {
        match self.matcher.matches_empty() {
            true => *found -= chosen,
            false => *found &= chosen,
        }
    }
}
