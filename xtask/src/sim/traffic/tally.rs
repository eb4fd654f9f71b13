//! What happened, counted by name.

use std::fmt;

/// Counts by name, in the order in which they were named first.
#[derive(Default)]
pub(super) struct Tally {
    counts: Vec<(&'static str, u64)>,
}

impl Tally {
    /// Adds to a count. With 0 it is named: it must happen in some world.
    pub(super) fn count(&mut self, name: &'static str, more: u64) {
        match self.counts.iter_mut().find(|(known, _)| *known == name) {
            Some((_, count)) => *count += more,
            None => self.counts.push((name, more)),
        }
    }

    /// Returns a count.
    pub(super) fn get(&self, name: &str) -> u64 {
        let known = self.counts.iter().find(|(known, _)| *known == name);
        known.map_or(0, |(_, count)| *count)
    }

    /// Adds all of another one's.
    pub(super) fn add(&mut self, other: &Self) {
        for (name, count) in &other.counts {
            self.count(name, *count);
        }
    }

    /// Returns what never happened.
    pub(super) fn missing(&self) -> Vec<&'static str> {
        let never = self.counts.iter().filter(|(_, count)| *count == 0);
        never.map(|(name, _)| *name).collect()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, (name, count)) in self.counts.iter().enumerate() {
            let comma = if place == 0 { "" } else { ", " };
            write!(f, "{comma}{count} {name}")?;
        }
        Ok(())
    }
}
