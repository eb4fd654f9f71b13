//! One alert of the book.

use std::sync::Arc;
use std::time::Duration;

use plimsoll_types::{Alert, Annotations, Labels, Timestamp};

use crate::Fingerprint;
use crate::engine::Post;
use crate::rows::{AlertRow, Origin};

/// The place of a group among all groups.
pub(crate) type GroupIndex = u32;

/// One alert. There may be 100,000 of them: texts are shared, and nothing is in it that can be computed.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) labels: Labels,
    pub(crate) annotations: Annotations,
    pub(crate) generator_url: Arc<str>,
    pub(crate) starts_at: Timestamp,
    pub(crate) ends_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    /// How long a post prolongs it, as its row says.
    pub(crate) lease: Duration,
    /// The time of the valid element in the queue of ends.
    pub(super) looked_at: Option<Timestamp>,
    /// The groups that it is a member of, in the order of their routes.
    pub(crate) groups: Box<[GroupIndex]>,
    pub(crate) origin: Origin,
    pub(crate) is_timeout: bool,
    pub(crate) is_resolved: bool,
    /// Whether a flush has looked at it since it fires.
    pub(crate) is_processed: bool,
}

impl Entry {
    pub(super) fn new(post: Post, origin: Origin, now: Timestamp) -> Self {
        let Post { alert, is_timeout } = post;
        let ends_at = alert.ends_at.unwrap_or(Timestamp::MAX);
        Self {
            labels: alert.labels,
            annotations: alert.annotations,
            generator_url: alert.generator_url.into(),
            starts_at: alert.starts_at,
            ends_at,
            updated_at: now,
            lease: Duration::ZERO,
            looked_at: None,
            groups: Box::default(),
            origin,
            is_timeout,
            is_resolved: ends_at <= now,
            is_processed: false,
        }
    }

    /// A firing alert lives at least one lease from now on: nobody could prolong it while we were away.
    pub(super) fn restored(row: &AlertRow, now: Timestamp) -> Self {
        let lives_until = match row.is_resolved {
            true => row.ends_at,
            false => row.ends_at.max(now + row.lease),
        };
        Self {
            labels: row.labels.clone(),
            annotations: row.annotations.clone(),
            generator_url: row.generator_url.clone(),
            starts_at: row.starts_at,
            ends_at: lives_until,
            updated_at: row.updated_at,
            lease: row.lease,
            looked_at: None,
            groups: Box::default(),
            origin: row.origin,
            is_timeout: row.is_timeout,
            is_resolved: row.is_resolved || lives_until <= now,
            is_processed: false,
        }
    }

    /// Returns how long it lives from `now` on.
    pub(crate) fn lease_at(&self, now: Timestamp) -> Duration {
        match self.is_resolved {
            true => Duration::ZERO,
            false => {
                Duration::from_millis(u64::try_from(self.ends_at.millis_since(now)).unwrap_or(0))
            }
        }
    }

    pub(super) fn row(&self, fingerprint: Fingerprint) -> AlertRow {
        AlertRow {
            fingerprint,
            labels: self.labels.clone(),
            annotations: self.annotations.clone(),
            generator_url: self.generator_url.clone(),
            starts_at: self.starts_at,
            ends_at: self.ends_at,
            updated_at: self.updated_at,
            lease: self.lease,
            origin: self.origin,
            is_timeout: self.is_timeout,
            is_resolved: self.is_resolved,
        }
    }

    /// Returns the alert with other times, as a notice tells it.
    pub(crate) fn alert(&self, starts_at: Timestamp, ends_at: Option<Timestamp>) -> Alert {
        Alert {
            labels: self.labels.clone(),
            annotations: self.annotations.clone(),
            starts_at,
            ends_at,
            generator_url: String::from(&*self.generator_url),
        }
    }

    /// Returns the bytes of its texts, for the bound on them.
    pub(super) fn byte_count(&self) -> u64 {
        let texts = annotation_bytes(&self.annotations) + self.generator_url.len();
        (self.labels.byte_count() + texts) as u64
    }

    /// Returns the bytes that it would have with the texts of a post.
    pub(super) fn bytes_with(&self, alert: &Alert) -> u64 {
        let texts = annotation_bytes(&alert.annotations) + alert.generator_url.len();
        (self.labels.byte_count() + texts) as u64
    }

    /// An end that was made up was counted from our clock, and so was what a restart added; what senders said was not.
    pub(super) fn set_back(&mut self, by: Duration) {
        self.updated_at = self.updated_at - by;
        if self.is_timeout && !self.is_resolved {
            self.ends_at = (self.ends_at - by).max(self.starts_at);
        }
    }
}

fn annotation_bytes(annotations: &Annotations) -> usize {
    annotations
        .iter()
        .map(|(name, text)| name.len() + text.len())
        .sum()
}
