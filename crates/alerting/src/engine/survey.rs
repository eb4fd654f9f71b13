//! What of a group may be told now, and what keeps the rest back.

use plimsoll_types::{Labels, Timestamp};

use super::Engine;
use crate::Fingerprint;
use crate::book::Entry;
use crate::dedup::{Visible, has};
use crate::group::{Group, Policy};

/// What a flush found. Lists of fingerprints ascend.
#[derive(Debug, Default)]
pub(super) struct Survey {
    /// What fires and may be told.
    pub(super) firing: Vec<u64>,
    /// What is over and may be told.
    pub(super) resolved: Vec<u64>,
    /// What is over and is kept back.
    pub(super) resolved_quietly: Vec<u64>,
    pub(super) silenced: u64,
    pub(super) inhibited: u64,
    pub(super) muted: u64,
    /// How many wait for the end of the warm-up, and until when.
    pub(super) held: u64,
    pub(super) held_until: Option<Timestamp>,
    /// What mutes the route; empty when it is outside of its active intervals.
    pub(super) muted_by: Option<Vec<String>>,
}

/// What keeps an alert back, whatever its route says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keeper {
    Silence,
    Source,
}

impl Survey {
    pub(super) fn visible(&self) -> Visible<'_> {
        Visible {
            firing: &self.firing,
            resolved: &self.resolved,
        }
    }

    /// Says whether nothing can be told before the warm-up is over, and something then.
    pub(super) fn is_only_held(&self) -> bool {
        self.held > 0 && self.firing.is_empty() && self.resolved.is_empty()
    }
}

impl Engine {
    /// Looks at all members of a group.
    pub(super) fn survey(&mut self, group: &Group, policy: &Policy, now: Timestamp) -> Survey {
        let mut survey = Survey {
            muted_by: self.muted_by(policy, now),
            ..Survey::default()
        };
        let receiver = self.receiver_labels(&policy.receiver);
        for fingerprint in &group.members {
            let Some(entry) = self.book.get_mut(*fingerprint) else {
                continue;
            };
            entry.is_processed = true;
            let Some(entry) = self.book.get(*fingerprint) else {
                continue;
            };
            self.survey_one(&mut survey, *fingerprint, entry, group, &receiver, now);
        }
        survey
    }

    fn survey_one(
        &self,
        survey: &mut Survey,
        fingerprint: Fingerprint,
        entry: &Entry,
        group: &Group,
        receiver: &Labels,
        now: Timestamp,
    ) {
        let number = fingerprint.as_u64();
        let keeper = self.kept_back(entry, receiver, now);
        let is_kept_back = survey.muted_by.is_some() || keeper.is_some();
        survey.muted += u64::from(survey.muted_by.is_some());
        match keeper {
            Some(Keeper::Silence) => survey.silenced += 1,
            Some(Keeper::Source) => survey.inhibited += 1,
            None => {}
        }
        match (entry.is_resolved, is_kept_back) {
            (true, true) => survey.resolved_quietly.push(number),
            (true, false) => survey.resolved.push(number),
            (false, true) => {}
            (false, false) => match self.held_until(entry, number, group, now) {
                Some(until) => {
                    survey.held += 1;
                    survey.held_until = Some(until);
                }
                None => survey.firing.push(number),
            },
        }
    }

    /// Returns what mutes a route; empty when it is outside of its active intervals, `None` when nothing does.
    pub(crate) fn muted_by(&self, policy: &Policy, now: Timestamp) -> Option<Vec<String>> {
        let intervals = &self.config.intervals;
        if !intervals.is_active(&policy.route.active_time_intervals, now) {
            return Some(Vec::new());
        }
        let by = intervals.muting(&policy.route.mute_time_intervals, now);
        let by: Vec<String> = by.into_iter().map(String::from).collect();
        (!by.is_empty()).then_some(by)
    }

    /// Returns what keeps an alert back from a receiver. Nothing keeps back the alerts of our own that say that we work or
    /// what we could not tell.
    pub(super) fn kept_back(
        &self,
        entry: &Entry,
        receiver: &Labels,
        now: Timestamp,
    ) -> Option<Keeper> {
        if !entry.origin.is_routed() {
            return None;
        }
        if self.inhibitor.is_inhibited(&entry.labels) {
            return Some(Keeper::Source);
        }
        let is_silenced = !self.silences.is_empty()
            && !self
                .silences
                .silenced_by(&entry.labels, Some(receiver), now)
                .is_empty();
        is_silenced.then_some(Keeper::Silence)
    }

    /// Returns the labels by which silences know a receiver.
    pub(crate) fn receiver_labels(&self, name: &str) -> Labels {
        match self.policies.target(name) {
            Some(target) => target.labels.clone(),
            None => Labels::from_pairs([("name", name)]),
        }
    }

    /// Returns until when an alert waits for what may inhibit it.
    pub(crate) fn held_until(
        &self,
        entry: &Entry,
        number: u64,
        group: &Group,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let mut channels = group.channels.iter();
        if !entry.origin.is_routed() || channels.any(|channel| has(channel.told_firing(), number)) {
            return None;
        }
        self.barrier.holds_until(entry.starts_at, now, || {
            self.inhibitor
                .could_be_inhibited_by(&entry.labels)
                .next()
                .is_some()
        })
    }
}
