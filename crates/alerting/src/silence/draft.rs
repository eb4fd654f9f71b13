//! A silence as somebody posts it, before it is judged.

use std::time::Duration;

use plimsoll_types::{Annotations, Timestamp};

use super::{MatcherSets, Recurrence, Silence, SilenceId};

/// What somebody wants: a new silence, or a change of one that is there.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// The silence to change; `None` for a new one.
    pub id: Option<SilenceId>,
    /// See [`Silence::matchers`].
    pub matchers: MatcherSets,
    /// See [`Silence::receivers`].
    pub receivers: MatcherSets,
    /// See [`Silence::starts_at`]; `None` is now.
    pub starts_at: Option<Timestamp>,
    /// See [`Silence::ends_at`].
    pub ends_at: Timestamp,
    /// See [`Silence::created_by`].
    pub created_by: String,
    /// See [`Silence::comment`].
    pub comment: String,
    /// See [`Silence::annotations`].
    pub annotations: Annotations,
    /// See [`Silence::recurrence`].
    pub recurrence: Option<Recurrence>,
    /// See [`Silence::until_resolved`].
    pub until_resolved: Option<Duration>,
}

impl Draft {
    /// Returns the bytes of its texts, for the bound on them.
    pub(super) fn byte_count(&self) -> usize {
        let sets = self.matchers.iter().chain(self.receivers.iter());
        let matchers = sets
            .flatten()
            .map(|one| one.name().len() + one.value().len());
        let annotations = self
            .annotations
            .iter()
            .map(|(name, text)| name.len() + text.len());
        let texts = [self.created_by.len(), self.comment.len()].into_iter();
        matchers.chain(annotations).chain(texts).sum()
    }

    pub(super) fn into_silence(self, id: SilenceId, now: Timestamp) -> Silence {
        Silence {
            id,
            matchers: self.matchers,
            receivers: self.receivers,
            starts_at: self.starts_at.unwrap_or(now),
            ends_at: self.ends_at,
            updated_at: now,
            created_by: self.created_by,
            comment: self.comment,
            annotations: self.annotations,
            recurrence: self.recurrence,
            until_resolved: self.until_resolved,
            ended_at: None,
            told_end: None,
        }
    }
}
