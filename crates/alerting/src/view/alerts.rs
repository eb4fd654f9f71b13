//! Alerts, as the API shows them.

use std::sync::Arc;

use plimsoll_types::{Labels, Timestamp};

use super::{AlertQuery, AlertState, AlertView};
use crate::book::Entry;
use crate::engine::Engine;
use crate::{Fingerprint, SilenceId};

impl Engine {
    /// Returns the alerts that a query takes, by fingerprint. Those of our own that go straight to a receiver are not among
    /// them. Costs a look at every alert.
    pub fn alerts(&self, query: &AlertQuery<'_>, now: Timestamp) -> Vec<AlertView> {
        let all = self.book().iter();
        let shown = all.filter(|(_, entry)| query.wants(entry, now));
        let views = shown.map(|(fingerprint, entry)| self.alert_view(fingerprint, entry, now));
        views.filter(|view| query.takes(view)).collect()
    }

    /// Returns an alert by its fingerprint, when it is not resolved.
    pub fn alert(&self, fingerprint: Fingerprint, now: Timestamp) -> Option<AlertView> {
        let entry = self.book().get(fingerprint)?;
        entry
            .is_shown(now)
            .then(|| self.alert_view(fingerprint, entry, now))
    }

    /// Returns which alerts that fire a silence with these matchers would keep back, and how many it would be at most
    /// `count` of which are returned.
    pub fn silence_preview(
        &self,
        matches: impl Fn(&Labels) -> bool,
        count: usize,
        now: Timestamp,
    ) -> (usize, Vec<AlertView>) {
        let all = self.book().iter();
        let found = all.filter(|(_, entry)| entry.is_shown(now) && matches(&entry.labels));
        let found: Vec<_> = found.collect();
        let shown = found.iter().take(count);
        let views = shown.map(|(fingerprint, entry)| self.alert_view(*fingerprint, entry, now));
        (found.len(), views.collect())
    }

    pub(crate) fn alert_view(
        &self,
        fingerprint: Fingerprint,
        entry: &Entry,
        now: Timestamp,
    ) -> AlertView {
        let silenced_by = self.silences().silenced_by(&entry.labels, None, now);
        let silenced_by: Vec<SilenceId> = silenced_by.iter().map(|silence| silence.id).collect();
        let inhibitions = self.inhibitor().inhibited_by(&entry.labels);
        let mut inhibited_by: Vec<Fingerprint> = inhibitions
            .take(INHIBITORS_SHOWN)
            .map(|one| one.source)
            .collect();
        inhibited_by.sort_unstable();
        inhibited_by.dedup();
        let groups = entry
            .groups
            .iter()
            .filter_map(|at| self.groups_known().get(*at))
            .filter(|group| !group.is_dissolved);
        let mut muted_by = Vec::new();
        let mut receivers: Vec<Arc<str>> = Vec::new();
        for group in groups {
            let policy = self.policies().get(group.policy);
            muted_by.extend(self.muted_by(policy, now).into_iter().flatten());
            if !receivers.contains(&policy.receiver) {
                receivers.push(policy.receiver.clone());
            }
        }
        let is_kept_back = !silenced_by.is_empty() || !inhibited_by.is_empty();
        AlertView {
            fingerprint,
            labels: entry.labels.clone(),
            annotations: entry.annotations.clone(),
            generator_url: entry.generator_url.clone(),
            starts_at: entry.starts_at,
            ends_at: entry.ends_at,
            updated_at: entry.updated_at,
            state: match (is_kept_back, entry.is_processed) {
                (true, _) => AlertState::Suppressed,
                (false, true) => AlertState::Active,
                (false, false) => AlertState::Unprocessed,
            },
            silenced_by,
            inhibited_by,
            muted_by,
            receivers,
        }
    }
}

/// An alert can be inhibited by all others; nobody reads a longer list.
const INHIBITORS_SHOWN: usize = 20;

impl Entry {
    fn is_shown(&self, now: Timestamp) -> bool {
        self.origin.is_routed() && !self.is_resolved && self.ends_at > now
    }
}

impl AlertQuery<'_> {
    /// Says whether it may take an alert, by what costs little.
    pub(super) fn wants(&self, entry: &Entry, now: Timestamp) -> bool {
        entry.is_shown(now) && crate::matchers::all_match(self.matchers, &entry.labels)
    }

    /// Says whether it takes an alert.
    pub(super) fn takes(&self, view: &AlertView) -> bool {
        let is_silenced = !view.silenced_by.is_empty();
        let is_inhibited = !view.inhibited_by.is_empty();
        let has_receiver =
            |is_wanted: &dyn Fn(&str) -> bool| view.receivers.iter().any(|name| is_wanted(name));
        (self.active || view.state != AlertState::Active)
            && (self.unprocessed || view.state != AlertState::Unprocessed)
            && (self.silenced || !is_silenced)
            && (self.inhibited || !is_inhibited)
            && (self.muted || view.muted_by.is_empty())
            && self
                .receiver
                .is_none_or(|is_wanted| has_receiver(is_wanted))
    }
}
