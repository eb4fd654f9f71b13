//! The row of an alert.

use std::sync::Arc;
use std::time::Duration;

use plimsoll_types::{Alert, Annotations, Labels, Timestamp};

use crate::Fingerprint;

/// An alert as it is kept. A post that does nothing but prolong a firing alert is not written: the row says how long a
/// post prolongs it, and after a restart a firing alert lives at least that long again, since nobody could tell us more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertRow {
    /// Alertmanager's fingerprint of the labels.
    pub fingerprint: Fingerprint,
    /// Its identity.
    pub labels: Labels,
    /// Texts for the reader.
    pub annotations: Annotations,
    /// Where a reader sees what caused it; empty when there is no such page.
    pub generator_url: Arc<str>,
    /// Since when it fires.
    pub starts_at: Timestamp,
    /// When it ended or will end if nobody prolongs it, at the time of writing.
    pub ends_at: Timestamp,
    /// When it was posted last, at the time of writing.
    pub updated_at: Timestamp,
    /// How long a post prolongs it: `ends_at` minus the time of the post, zero when it is resolved.
    pub lease: Duration,
    /// Who said that it fires.
    pub origin: Origin,
    /// Whether the end was made up from `resolve_timeout` because nobody said one.
    pub is_timeout: bool,
    /// Whether it was resolved when it was written.
    pub is_resolved: bool,
}

/// Who said that an alert fires.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Origin {
    /// Somebody posted it.
    #[default]
    Posted,
    /// We did: a heartbeat stayed away. It is routed as any other.
    Heartbeat,
    /// We did: as long as we work, the dead man's receiver is told so.
    DeadMan,
    /// We did: a notice could not be told. It goes to the dead letter receiver.
    DeadLetter,
    /// We did: a silence ends soon. It goes to the receiver of the silence policy.
    SilenceEnds,
}

impl Origin {
    /// All origins.
    pub const ALL: [Self; 5] = [
        Self::Posted,
        Self::Heartbeat,
        Self::DeadMan,
        Self::DeadLetter,
        Self::SilenceEnds,
    ];

    /// Returns a stable word: `posted`, `heartbeat`, `dead_man`, `dead_letter` or `silence_ends`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Posted => "posted",
            Self::Heartbeat => "heartbeat",
            Self::DeadMan => "dead_man",
            Self::DeadLetter => "dead_letter",
            Self::SilenceEnds => "silence_ends",
        }
    }

    /// Says whether it goes through the routes of the file, as opposed to straight to a receiver of ours.
    pub(crate) fn is_routed(self) -> bool {
        matches!(self, Self::Posted | Self::Heartbeat)
    }
}

impl AlertRow {
    /// Returns the alert, with the end that it had at the time of writing.
    pub fn to_alert(&self) -> Alert {
        Alert {
            labels: self.labels.clone(),
            annotations: self.annotations.clone(),
            starts_at: self.starts_at,
            ends_at: Some(self.ends_at),
            generator_url: String::from(&*self.generator_url),
        }
    }
}
