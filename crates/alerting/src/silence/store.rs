//! All silences, found by id and by what they are about.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use plimsoll_types::Timestamp;

use super::index::Index;
use super::span::Span;
use super::watch::{Watch, Watched};
use super::{Silence, SilenceId, SilencePolicy, SilenceState};

/// Every silence that is known, expired ones too until [`gc`](Self::gc).
///
/// Finding the silences of an alert costs a look-up per label, and trying those silences that share a label's value (or
/// what it begins with) with the alert; never all silences. The rows are the truth: whoever starts puts all of them
/// back with [`put`](Self::put).
#[derive(Debug, Default)]
pub struct Silences {
    policy: SilencePolicy,
    pub(super) entries: HashMap<SilenceId, Entry>,
    pub(super) index: Index,
    /// When the passing of time next does something to a silence.
    pub(super) due: BTreeSet<(Timestamp, SilenceId)>,
    /// Expired silences by when they ended, for [`gc`](Self::gc).
    pub(super) last_ends: BTreeSet<(Timestamp, SilenceId)>,
    pub(super) watched: Watched,
}

/// A silence and what follows from it.
#[derive(Debug)]
pub(super) struct Entry {
    pub silence: Arc<Silence>,
    /// What was computed last; right as long as the time lies in it.
    pub span: Span,
    /// The state that was last reported as an event.
    pub reported: SilenceState,
    pub watch: Option<Watch>,
    /// Its place in [`Silences::due`].
    pub due: Option<Timestamp>,
    /// Its place in [`Silences::last_ends`].
    pub last_end: Option<Timestamp>,
}

/// A silence that is not there, or no longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("silence not found")]
pub struct UnknownSilence;

impl Entry {
    pub(super) fn span_at(&self, now: Timestamp) -> Span {
        if self.span.contains(now) {
            return self.span;
        }
        self.silence.span(now)
    }
}

impl Silences {
    /// Makes an empty store.
    pub fn new(policy: SilencePolicy) -> Self {
        Self {
            policy,
            ..Self::default()
        }
    }

    /// Returns what silences may be.
    pub fn policy(&self) -> &SilencePolicy {
        &self.policy
    }

    /// Changes what silences may be; those that are there stay, and may be announced at other times.
    pub fn set_policy(&mut self, policy: SilencePolicy) {
        self.policy = policy;
        let ids: Vec<SilenceId> = self.entries.keys().copied().collect();
        for id in ids {
            self.schedule(id);
        }
    }

    /// Returns how many there are, expired ones too.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Says whether there is none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Returns a silence.
    pub fn get(&self, id: SilenceId) -> Option<&Arc<Silence>> {
        self.entries.get(&id).map(|entry| &entry.silence)
    }

    /// Takes a row as it was stored, at a start or from another replica. Says whether it was news: of two with one id the
    /// one that was changed later counts, and of two that are otherwise the same the one that says it was announced.
    pub fn put(&mut self, silence: Silence, now: Timestamp) -> bool {
        let age = |one: &Silence| (one.updated_at, one.told_end);
        if self
            .get(silence.id)
            .is_some_and(|known| age(known) >= age(&silence))
        {
            return false;
        }
        self.replace(silence, now);
        true
    }

    /// Removes a silence whose row is gone.
    pub fn remove(&mut self, id: SilenceId) -> Option<Arc<Silence>> {
        let entry = self.entries.remove(&id)?;
        if let Some(due) = entry.due {
            self.due.remove(&(due, id));
        }
        if let Some(end) = entry.last_end {
            self.last_ends.remove(&(end, id));
        }
        self.index.remove(id);
        self.watched.forget(id);
        Some(entry.silence)
    }

    /// Ends a silence now. Returns it as it is to be stored; `None` when it was over anyway.
    ///
    /// # Errors
    /// [`UnknownSilence`] when there is none of this id.
    pub fn expire(
        &mut self,
        id: SilenceId,
        now: Timestamp,
    ) -> Result<Option<Arc<Silence>>, UnknownSilence> {
        let known = self.get(id).ok_or(UnknownSilence)?;
        if known.state(now) == SilenceState::Expired {
            return Ok(None);
        }
        let mut silence = Silence::clone(known);
        silence.end(now);
        let silence = self.replace(silence, now);
        if let Some(entry) = self.entries.get_mut(&id) {
            // Whoever ended it knows that it ended.
            entry.reported = SilenceState::Expired;
        }
        self.schedule(id);
        Ok(Some(silence))
    }

    /// Forgets silences that have been expired for longer than `retention`, and returns their ids for the rows. To be
    /// called after [`expire_due`](Self::expire_due), which notices what is over. Costs only those that are forgotten.
    pub fn gc(&mut self, now: Timestamp, retention: Duration) -> Vec<SilenceId> {
        let mut ids = Vec::new();
        while let Some((at, id)) = self.last_ends.first().copied() {
            if now < at + retention {
                break;
            }
            self.last_ends.remove(&(at, id));
            let Some(entry) = self.entries.get_mut(&id) else {
                continue;
            };
            entry.last_end = None;
            // The clock may have been set back since the end.
            if entry.silence.state(now) == SilenceState::Expired {
                self.remove(id);
                ids.push(id);
            }
        }
        ids.sort_unstable();
        ids
    }

    /// Returns when [`gc`](Self::gc) has something to do.
    pub fn gc_at(&self, retention: Duration) -> Option<Timestamp> {
        self.last_ends.first().map(|(at, _)| *at + retention)
    }

    /// Forgets expired silences when there are too many of them, those that ended first.
    pub(crate) fn forget_surplus(&mut self, now: Timestamp) -> Vec<SilenceId> {
        let limit = self.policy.silences_max;
        match self.len() >= limit.saturating_mul(2) {
            true => self.forget_oldest(limit / 2, now),
            false => Vec::new(),
        }
    }

    /// Forgets expired silences but for the `keep` that ended last.
    fn forget_oldest(&mut self, keep: usize, now: Timestamp) -> Vec<SilenceId> {
        let spans = self
            .entries
            .iter()
            .map(|(id, entry)| (entry.span_at(now), *id));
        let expired = spans.filter(|(span, _)| span.state == SilenceState::Expired);
        let mut ids: Vec<_> = expired.map(|(span, id)| (span.from, id)).collect();
        ids.sort_unstable();
        ids.truncate(ids.len().saturating_sub(keep));
        let ids: Vec<SilenceId> = ids.into_iter().map(|(_, id)| id).collect();
        ids.iter().for_each(|id| drop(self.remove(*id)));
        ids
    }

    /// Puts a silence in the place of the one with its id.
    pub(super) fn replace(&mut self, silence: Silence, now: Timestamp) -> Arc<Silence> {
        let (id, silence) = (silence.id, Arc::new(silence));
        let span = silence.span(now);
        let previous = self.entries.get(&id);
        // Who sets or puts back a silence knows its state; what time did to it before and will do to it is an event.
        let unreported = previous.filter(|one| one.reported != one.silence.state(now));
        let entry = Entry {
            silence: Arc::clone(&silence),
            span,
            reported: unreported.map_or(span.state, |one| one.reported),
            watch: Watch::after(previous.and_then(|one| one.watch), &silence, now),
            due: previous.and_then(|one| one.due),
            last_end: previous.and_then(|one| one.last_end),
        };
        if previous.is_none_or(|one| one.silence.matchers != silence.matchers) {
            self.index.remove(id);
            self.index.insert(id, &silence.matchers);
        }
        match entry.watch {
            Some(_) => self.watched.wait(id),
            None => self.watched.forget(id),
        }
        self.entries.insert(id, entry);
        self.schedule(id);
        silence
    }
}

impl Silence {
    /// Ends it, which it is known to be possible.
    pub(super) fn end(&mut self, now: Timestamp) {
        self.updated_at = now;
        self.ended_at = Some(now);
        if self.recurrence.is_none() {
            self.starts_at = self.starts_at.min(now);
            self.ends_at = now;
        }
    }
}
