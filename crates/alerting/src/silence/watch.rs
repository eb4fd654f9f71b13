//! Which alerts fire that silences wait for: those that end when all is resolved.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use plimsoll_types::{Labels, Timestamp};

use super::{Silence, SilenceId, SilenceState, Silences};
use crate::fingerprint::Fingerprint;

/// What is known about the alerts of a silence that ends when they are resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Watch {
    grace: Duration,
    /// How many of its alerts fire.
    firing: usize,
    /// Since when none fires, at the earliest its start; without meaning while one does.
    quiet_since: Timestamp,
}

impl Watch {
    /// Returns what is known after a silence was set.
    pub(super) fn after(previous: Option<Self>, silence: &Silence, now: Timestamp) -> Option<Self> {
        let grace = silence.until_resolved?;
        if silence.state(now) == SilenceState::Expired {
            return None;
        }
        let unknown = Self {
            grace,
            firing: 0,
            quiet_since: now,
        };
        let known = previous.unwrap_or(unknown);
        Some(Self {
            grace,
            quiet_since: known.quiet_since.max(silence.starts_at),
            ..known
        })
    }

    /// Returns when the silence ends if nothing fires until then.
    pub(super) fn ends_at(&self) -> Option<Timestamp> {
        (self.firing == 0).then(|| self.quiet_since + self.grace)
    }
}

/// By alert the silences that count it as firing.
#[derive(Debug, Default)]
pub(super) struct Watched {
    by_alert: HashMap<Fingerprint, Vec<SilenceId>>,
    /// How many silences there are that wait.
    waiting: HashSet<SilenceId>,
}

impl Watched {
    pub(super) fn wait(&mut self, id: SilenceId) {
        self.waiting.insert(id);
    }

    /// Returns how often alerts are counted.
    #[cfg(test)]
    pub(super) fn count(&self) -> usize {
        self.by_alert.values().map(Vec::len).sum()
    }

    pub(super) fn forget(&mut self, id: SilenceId) {
        if self.waiting.remove(&id) {
            self.by_alert.retain(|_, ids| {
                ids.retain(|one| *one != id);
                !ids.is_empty()
            });
        }
    }
}

impl Silences {
    /// Says that an alert fires; as often as one likes. It costs nothing as long as no silence waits for its alerts.
    pub fn alert_fires(&mut self, fingerprint: Fingerprint, labels: &Labels) {
        if self.watched.waiting.is_empty() {
            return;
        }
        let mut ids = self.ids_about(labels);
        ids.retain(|id| self.watched.waiting.contains(id));
        if ids.is_empty() {
            return;
        }
        let known = self.watched.by_alert.entry(fingerprint).or_default();
        ids.retain(|id| !known.contains(id));
        known.extend(&ids);
        for id in ids {
            if let Some(watch) = self
                .entries
                .get_mut(&id)
                .and_then(|entry| entry.watch.as_mut())
            {
                watch.firing += 1;
            }
            self.schedule(id);
        }
    }

    /// Says that an alert that fired is resolved, or gone, since `now`.
    pub fn alert_is_over(&mut self, fingerprint: Fingerprint, now: Timestamp) {
        for id in self
            .watched
            .by_alert
            .remove(&fingerprint)
            .unwrap_or_default()
        {
            if let Some(watch) = self
                .entries
                .get_mut(&id)
                .and_then(|entry| entry.watch.as_mut())
            {
                watch.firing = watch.firing.saturating_sub(1);
                watch.quiet_since = watch.quiet_since.max(now);
            }
            self.schedule(id);
        }
    }
}
