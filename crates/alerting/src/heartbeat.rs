//! Heartbeats in: alerts that must always be there, and an alert of ours that fires when one stays away.

use plimsoll_types::{Labels, Timestamp};

use crate::config::Heartbeat;

/// The heartbeats of the configuration, each with when it was seen last.
#[derive(Debug)]
pub(crate) struct Heartbeats(Vec<Watched>);

#[derive(Debug)]
struct Watched {
    heartbeat: Heartbeat,
    seen_at: Timestamp,
    /// Whether the alert fires that says that it stays away.
    is_missing: bool,
}

impl Heartbeats {
    /// Begins to wait: nobody could be seen while we were away.
    pub(crate) fn new(heartbeats: &[Heartbeat], now: Timestamp) -> Self {
        let watched = heartbeats.iter().map(|heartbeat| Watched {
            heartbeat: heartbeat.clone(),
            seen_at: now,
            is_missing: false,
        });
        Self(watched.collect())
    }

    /// Takes the heartbeats of another configuration; those of the same name go on. Returns the labels of the alerts that
    /// fire and that nobody watches any more.
    pub(crate) fn change(&mut self, heartbeats: &[Heartbeat], now: Timestamp) -> Vec<Labels> {
        let before = std::mem::replace(self, Self::new(heartbeats, now));
        let mut over = Vec::new();
        for old in before.0 {
            let is_same = |new: &&mut Watched| new.heartbeat.labels == old.heartbeat.labels;
            match self.0.iter_mut().find(is_same) {
                Some(new) => (new.seen_at, new.is_missing) = (old.seen_at, old.is_missing),
                None if old.is_missing => over.push(old.heartbeat.labels),
                None => {}
            }
        }
        over
    }

    /// Notes an alert that fires. Returns the labels of the alerts of ours that are over by it.
    pub(crate) fn seen(&mut self, alert: &Labels, now: Timestamp) -> Vec<Labels> {
        let mut over = Vec::new();
        for watched in &mut self.0 {
            if !crate::matchers::all_match(&watched.heartbeat.matchers, alert) {
                continue;
            }
            watched.seen_at = now;
            if std::mem::take(&mut watched.is_missing) {
                over.push(watched.heartbeat.labels.clone());
            }
        }
        over
    }

    /// Notes that an alert of ours fires, as it was read back.
    pub(crate) fn is_known_to_fire(&mut self, labels: &Labels) {
        let watched = self.0.iter_mut();
        let found = watched.filter(|watched| watched.heartbeat.labels == *labels);
        found.for_each(|watched| watched.is_missing = true);
    }

    /// Begins to wait once more: what others saw of them is not known here.
    pub(crate) fn wait_anew(&mut self, now: Timestamp) {
        let waiting = self.0.iter_mut().filter(|watched| !watched.is_missing);
        waiting.for_each(|watched| watched.seen_at = now);
    }

    /// Returns when the next one is missing.
    pub(crate) fn wake_at(&self) -> Option<Timestamp> {
        let waiting = self.0.iter().filter(|watched| !watched.is_missing);
        waiting
            .map(|watched| watched.seen_at + watched.heartbeat.timeout)
            .min()
    }

    /// Returns those that are missing from now on, each with when it was seen last.
    pub(crate) fn due(&mut self, now: Timestamp) -> Vec<(Heartbeat, Timestamp)> {
        let mut missing = Vec::new();
        for watched in &mut self.0 {
            if !watched.is_missing && watched.seen_at + watched.heartbeat.timeout <= now {
                watched.is_missing = true;
                missing.push((watched.heartbeat.clone(), watched.seen_at));
            }
        }
        missing
    }

    /// Walks the heartbeats: each with when it was seen last, and whether it is missing.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Heartbeat, Timestamp, bool)> {
        let all = self.0.iter();
        all.map(|watched| (&watched.heartbeat, watched.seen_at, watched.is_missing))
    }

    /// Takes the clock's being set back.
    pub(crate) fn set_back(&mut self, by: std::time::Duration) {
        self.0
            .iter_mut()
            .for_each(|watched| watched.seen_at = watched.seen_at - by);
    }
}
