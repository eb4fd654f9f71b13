//! Questions to the store.

use std::cmp::Reverse;
use std::sync::Arc;

use plimsoll_types::{Labels, Matcher, Timestamp};

use super::{Silence, SilenceId, SilenceState, Silences};

/// Which silences are listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SilenceFilter {
    /// Those that are in force.
    pub active: bool,
    /// Those to come.
    pub pending: bool,
    /// Those that are over.
    pub expired: bool,
    /// Those that have a set in which each of these is written just so.
    pub matchers: Vec<Matcher>,
}

impl Default for SilenceFilter {
    /// All of them, as in Alertmanager.
    fn default() -> Self {
        Self {
            active: true,
            pending: true,
            expired: true,
            matchers: Vec::new(),
        }
    }
}

impl SilenceFilter {
    fn takes(&self, silence: &Silence, state: SilenceState) -> bool {
        let takes_state = match state {
            SilenceState::Active => self.active,
            SilenceState::Pending => self.pending,
            SilenceState::Expired => self.expired,
        };
        let has_all = |set: &[Matcher]| self.matchers.iter().all(|one| set.contains(one));
        takes_state && silence.matchers.iter().any(has_all)
    }
}

impl Silences {
    /// Returns the silences that keep an alert back at `now`, in the order of their ids. With `receiver`, the labels of a
    /// receiver (its `name` among them), those that keep it back from that one; without, those for all receivers.
    pub fn silenced_by(
        &self,
        labels: &Labels,
        receiver: Option<&Labels>,
        now: Timestamp,
    ) -> Vec<&Arc<Silence>> {
        let mut found = Vec::new();
        self.index.candidates(labels, |id| {
            let Some(entry) = self.entries.get(&id) else {
                return;
            };
            if entry.span_at(now).state == SilenceState::Active
                && entry.silence.concerns(labels, receiver)
            {
                found.push(&entry.silence);
            }
        });
        found.sort_unstable_by_key(|silence| silence.id);
        found.dedup_by_key(|silence| silence.id);
        found
    }

    /// Returns the silences that a filter takes, as the API lists them: active ones by their end, pending ones by their
    /// start, expired ones by their end, the last first.
    pub fn find(&self, filter: &SilenceFilter, now: Timestamp) -> Vec<&Arc<Silence>> {
        let spans = self
            .entries
            .values()
            .map(|entry| (entry.span_at(now), &entry.silence));
        let taken = spans.filter(|(span, silence)| filter.takes(silence, span.state));
        let mut found: Vec<_> = taken.collect();
        found.sort_unstable_by_key(|(span, silence)| {
            let (from, to) = (span.window.starts_at.millis(), span.window.ends_at.millis());
            let order = match span.state {
                SilenceState::Active => (to, Reverse(0)),
                SilenceState::Pending => (from, Reverse(0)),
                SilenceState::Expired => (0, Reverse(to)),
            };
            (span.state, order, silence.id)
        });
        found.into_iter().map(|(_, silence)| silence).collect()
    }

    /// Returns how many are active, pending and expired at `now`, for metrics.
    pub fn counts(&self, now: Timestamp) -> [(SilenceState, usize); 3] {
        let mut counts = [
            (SilenceState::Active, 0),
            (SilenceState::Pending, 0),
            (SilenceState::Expired, 0),
        ];
        for entry in self.entries.values() {
            counts[entry.span_at(now).state as usize].1 += 1;
        }
        counts
    }

    /// Returns the ids of all silences that are about an alert, whatever their state and receivers.
    pub(super) fn ids_about(&self, labels: &Labels) -> Vec<SilenceId> {
        let mut ids = Vec::new();
        self.index.candidates(labels, |id| {
            let entry = self.entries.get(&id);
            if entry.is_some_and(|entry| entry.silence.matchers.matches(labels)) {
                ids.push(id);
            }
        });
        ids.sort_unstable();
        ids.dedup();
        ids
    }
}
