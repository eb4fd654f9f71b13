//! What metrics and series mean, each text once: a series holds a number.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use plimsoll_types::Metadata;

/// Different answers to "what does this metric mean?" that are kept per metric; the oldest goes.
const MEANINGS_MAX: usize = 16;
/// Metric names whose meaning is kept.
const FAMILIES_MAX: usize = 1_000_000;

/// The number of a meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Meaning(u32);

impl Meaning {
    /// Nobody said what it means.
    pub(super) const NONE: Self = Self(u32::MAX);
}

/// Meanings by number and by metric.
#[derive(Debug, Default)]
pub(super) struct Meanings {
    known: Vec<Option<Known>>,
    free: Vec<u32>,
    numbers: HashMap<Arc<Metadata>, u32>,
    families: BTreeMap<Box<str>, Vec<Arc<Metadata>>>,
}

#[derive(Debug)]
struct Known {
    metadata: Arc<Metadata>,
    /// Series that have its number.
    holders: u64,
}

impl Meanings {
    pub(super) fn get(&self, meaning: Meaning) -> Option<&Arc<Metadata>> {
        let known = self.known.get(meaning.0 as usize)?.as_ref()?;
        Some(&known.metadata)
    }

    /// Returns the number of a meaning for one more series.
    pub(super) fn take(&mut self, metadata: &Metadata) -> Meaning {
        let number = self.number_of(metadata);
        if let Some(known) = &mut self.known[number as usize] {
            known.holders += 1;
        }
        Meaning(number)
    }

    /// Returns the number of a metric's meaning for one more series, if the metric has only one.
    pub(super) fn take_only_one(&mut self, metric: &str) -> Meaning {
        match self.families.get(metric).map(Vec::as_slice) {
            Some([only]) => {
                let only = Arc::clone(only);
                self.take(&only)
            }
            _ => Meaning::NONE,
        }
    }

    /// Takes back what a series had.
    pub(super) fn give_back(&mut self, meaning: Meaning) {
        if let Some(Some(known)) = self.known.get_mut(meaning.0 as usize) {
            known.holders -= 1;
        }
    }

    /// Notes what a metric means.
    pub(super) fn note(&mut self, metric: &str, metadata: &Metadata) {
        let is_full = self.families.len() >= FAMILIES_MAX;
        if is_full && !self.families.contains_key(metric) {
            return;
        }
        let number = self.number_of(metadata) as usize;
        let Some(meaning) = self.known[number]
            .as_ref()
            .map(|known| known.metadata.clone())
        else {
            return;
        };
        let known = match self.families.get_mut(metric) {
            Some(known) => known,
            None => self.families.entry(metric.into()).or_default(),
        };
        if !known.contains(&meaning) {
            known.push(meaning);
            if known.len() > MEANINGS_MAX {
                known.remove(0);
            }
        }
    }

    /// Returns metric names and meanings, sorted.
    pub(super) fn of_metrics(
        &self,
        metric: Option<&str>,
        limit: usize,
    ) -> Vec<(String, Vec<Metadata>)> {
        let plain = |name: &str, meanings: &[Arc<Metadata>]| {
            let mut meanings: Vec<Metadata> = meanings.iter().map(|m| (**m).clone()).collect();
            meanings.sort();
            (name.to_owned(), meanings)
        };
        if let Some(name) = metric {
            let known = self.families.get(name).filter(|_| limit > 0);
            return known
                .map(|meanings| plain(name, meanings))
                .into_iter()
                .collect();
        }
        let families = self.families.iter().take(limit);
        families
            .map(|(name, meanings)| plain(name, meanings))
            .collect()
    }

    /// Forgets the meanings that no series and no metric has any more.
    pub(super) fn forget_unused(&mut self) {
        for (number, place) in (0..).zip(&mut self.known) {
            // This list and the table by text hold one each.
            let is_unused =
                |known: &mut Known| known.holders == 0 && Arc::strong_count(&known.metadata) == 2;
            if let Some(known) = place.take_if(is_unused) {
                self.numbers.remove(&known.metadata);
                self.free.push(number);
            }
        }
    }

    fn number_of(&mut self, metadata: &Metadata) -> u32 {
        if let Some(known) = self.numbers.get(metadata) {
            return *known;
        }
        let metadata = Arc::new(metadata.clone());
        let known = Some(Known {
            metadata: metadata.clone(),
            holders: 0,
        });
        let number = match self.free.pop() {
            Some(number) => {
                self.known[number as usize] = known;
                number
            }
            None => {
                self.known.push(known);
                (self.known.len() - 1) as u32
            }
        };
        self.numbers.insert(metadata, number);
        number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metadata(help: &str) -> Metadata {
        Metadata {
            help: help.into(),
            ..Metadata::default()
        }
    }

    #[test]
    fn goes_with_its_last_holder() {
        let mut meanings = Meanings::default();
        let (first, second) = (meanings.take(&metadata("a")), meanings.take(&metadata("a")));
        assert_eq!(first, second);
        meanings.note("m", &metadata("b"));
        meanings.give_back(first);
        meanings.forget_unused();
        assert_eq!(meanings.get(second).map(|m| &*m.help), Some("a"));
        meanings.give_back(second);
        meanings.forget_unused();
        assert_eq!(meanings.get(second), None);
        // The metric still has its meaning, and the number is used again.
        assert_eq!(meanings.of_metrics(None, 9).len(), 1);
        assert_eq!(meanings.take(&metadata("c")), first);
        assert_eq!(meanings.get(Meaning::NONE), None);
    }

    #[test]
    fn a_metric_keeps_its_newest() {
        let mut meanings = Meanings::default();
        for number in 0..100 {
            meanings.note("m", &metadata(&number.to_string()));
        }
        assert_eq!(meanings.of_metrics(Some("m"), 9)[0].1.len(), MEANINGS_MAX);
        assert_eq!(meanings.take_only_one("m"), Meaning::NONE);
        meanings.forget_unused();
        assert_eq!(meanings.numbers.len(), MEANINGS_MAX);
    }
}
