//! Finds series: matchers against postings, times against hour bitmaps.

use std::collections::BTreeSet;

use plimsoll_types::{MatchOp, Matcher, TimeRange};
use roaring::RoaringBitmap;

use super::error::Error;
use super::reader::Part;

impl Part {
    /// Returns the numbers of the series that fulfil all matchers and have a sample or an exemplar in an hour that
    /// `range` touches: ascending, which is the order of their labels. Without matchers all series do.
    ///
    /// # Errors
    /// `Corrupt`, `Io`.
    pub fn select(&self, matchers: &[Matcher], range: TimeRange) -> Result<Vec<u32>, Error> {
        if !self.meta().range.overlaps(range) {
            return Ok(Vec::new());
        }
        let mut found = self.active(range)?;
        // What names one value is cheap and leaves little for the others.
        let (cheap, others): (Vec<_>, Vec<_>) = matchers.iter().partition(|m| names_one_value(m));
        for matcher in cheap.into_iter().chain(others) {
            if found.is_empty() {
                break;
            }
            self.apply(matcher, &mut found)?;
        }
        Ok(found.iter().collect())
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

    fn active(&self, range: TimeRange) -> Result<RoaringBitmap, Error> {
        let own = self.meta().range;
        if range.start <= own.start && own.end <= range.end {
            let mut all = RoaringBitmap::new();
            all.insert_range(0..self.meta().series);
            return Ok(all);
        }
        self.postings.active(range)
    }

    fn apply(&self, matcher: &Matcher, found: &mut RoaringBitmap) -> Result<(), Error> {
        let Some(name) = self.symbols.find(matcher.name())? else {
            if !matcher.matches_empty() {
                found.clear();
            }
            return Ok(());
        };
        if names_one_value(matcher) {
            match self.symbols.find(matcher.value())? {
                Some(value) => *found &= self.postings.pair(name, value)?,
                None => found.clear(),
            }
        } else if matcher.matches_empty() {
            // A series without the label fulfils it, so only those with a wrong value go.
            *found -= self.with_values(name, |value| !matcher.matches(value))?;
        } else {
            *found &= self.with_values(name, |value| matcher.matches(value))?;
        }
        Ok(())
    }

    /// Returns the series whose label `name` has a value that `wanted` accepts.
    fn with_values(
        &self,
        name: u32,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<RoaringBitmap, Error> {
        let mut series = RoaringBitmap::new();
        for page in self.postings.pages(name) {
            for pair in page? {
                if wanted(&self.value(pair.value)?) {
                    series |= self.postings.bitmap(&pair)?;
                }
            }
        }
        Ok(series)
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
        symbols
            .into_iter()
            .map(|symbol| Ok(self.value(symbol)?.as_ref().to_owned()))
            .collect()
    }

    fn value(&self, symbol: u32) -> Result<std::sync::Arc<str>, Error> {
        self.symbols.get(symbol)
    }
}

fn names_one_value(matcher: &Matcher) -> bool {
    matcher.op() == MatchOp::Equal && !matcher.value().is_empty()
}
