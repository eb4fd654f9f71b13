//! Times whose events count differently: maintenance, failures of a measurement, outages that nobody measured.
//!
//! Corrections stand beside the ledger, never in it. They are applied when counts are read ([`Corrected`]), so one that is
//! written later counts for the past, one that is taken back restores every figure, and both figures, with and without,
//! can be shown at any time.
//!
//! Where two overlap, the one that was written later counts. The edges move down to the edges of slices, as those of all
//! windows do. With a method of slices it is judged slices that are corrected.

mod applied;
mod spans;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use plimsoll_recurrence::{InvalidRecurrence, Occurrence, Recurrence};
use plimsoll_types::{Labels, Timestamp};

use crate::{Correction, CorrectionKind, Counts};

pub use applied::{Corrected, Sum};
pub use spans::{CorrectedSpan, Spans};

/// Corrections of one SLO that are in force, their recurrences read.
#[derive(Clone, Debug, Default)]
pub struct Corrections {
    /// In the order in which they were written: later ones win.
    all: Vec<Entry>,
}

#[derive(Clone, Debug)]
struct Entry {
    correction: Correction,
    repeat: Option<Recurrence>,
}

/// A correction that cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CorrectionError {
    /// It covers no time.
    #[error("correction {id}: a correction covers at least one slice of 10s")]
    Empty {
        /// Its id.
        id: Arc<str>,
    },
    /// Its recurrence is no rule that Plimsoll understands.
    #[error("correction {id}: {error}")]
    Recurrence {
        /// Its id.
        id: Arc<str>,
        /// Why.
        error: InvalidRecurrence,
    },
}

impl Corrections {
    /// Reads corrections; those that were taken back are left out.
    ///
    /// # Errors
    /// The first [`CorrectionError`].
    pub fn new<'a>(all: impl IntoIterator<Item = &'a Correction>) -> Result<Self, CorrectionError> {
        let in_force = all.into_iter().filter(|one| one.revoked.is_none());
        let mut all: Vec<Entry> = in_force.map(Entry::new).collect::<Result<_, _>>()?;
        all.sort_by(|left, right| {
            let key = |entry: &Entry| (entry.correction.created, Arc::clone(&entry.correction.id));
            key(left).cmp(&key(right))
        });
        Ok(Self { all })
    }

    /// Says whether there is none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Says whether some concern only a part of the groups: then the whole is a [`Sum`] of corrected groups, because
    /// nothing smaller tells which of its events they were.
    pub fn is_by_group(&self) -> bool {
        self.all
            .iter()
            .any(|entry| !entry.correction.matchers.is_empty())
    }

    /// Returns the times in `[from, to)` that are corrected for a group, which has the labels of the SLO's dimensions.
    ///
    /// Complexity: n log n for n times. A rule has at most one for each day.
    pub fn spans(&self, group: &Labels, from: Timestamp, to: Timestamp) -> Spans {
        let mut spans = Spans::new(from, to);
        for entry in self.all.iter().filter(|entry| entry.concerns(group)) {
            entry.visit(from, to, &mut |begin, end| {
                spans.cover(begin, end, entry.correction.kind, &entry.correction.id);
            });
        }
        spans
    }
}

impl Entry {
    fn new(correction: &Correction) -> Result<Self, CorrectionError> {
        let id = || Arc::clone(&correction.id);
        if correction.length < crate::Span::SLICE {
            return Err(CorrectionError::Empty { id: id() });
        }
        let read = |(rule, zone): &(Arc<str>, jiff::tz::TimeZone)| {
            Recurrence::in_zone(rule, zone.clone())
                .map_err(|error| CorrectionError::Recurrence { id: id(), error })
        };
        Ok(Self {
            repeat: correction.repeat.as_ref().map(read).transpose()?,
            correction: correction.clone(),
        })
    }

    fn concerns(&self, group: &Labels) -> bool {
        let mut matchers = self.correction.matchers.iter();
        matchers.all(|matcher| matcher.matches(group.get(matcher.name()).unwrap_or_default()))
    }

    fn visit(&self, from: Timestamp, to: Timestamp, visit: &mut dyn FnMut(Timestamp, Timestamp)) {
        let first = Occurrence {
            starts_at: self.correction.from,
            ends_at: self.correction.from + self.correction.length,
        };
        let mut each = |one: Occurrence| visit(one.starts_at, one.ends_at);
        match &self.repeat {
            None => each(first),
            Some(repeat) => repeat.visit(first, (from, to), &mut each),
        }
    }
}

impl CorrectionKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Exclude, Self::Good, Self::Bad];

    /// Returns its name in files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Exclude => "exclude",
            Self::Good => "good",
            Self::Bad => "bad",
        }
    }

    /// Returns the kind of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// Returns counts as they are with the correction. Measured time stays. Sums wrap around, as those of counts do.
    #[must_use]
    pub const fn apply(self, counts: Counts) -> Counts {
        let all = counts.good.wrapping_add(counts.bad);
        let (good, bad, excluded) = match self {
            Self::Exclude => (0, 0, counts.excluded.wrapping_add(all)),
            Self::Good => (all, 0, counts.excluded),
            Self::Bad => (0, all, counts.excluded),
        };
        Counts {
            good,
            bad,
            excluded,
            covered: counts.covered,
        }
    }
}
