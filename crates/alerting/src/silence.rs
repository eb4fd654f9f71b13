//! Silences: what somebody decided not to be told for a while.
//!
//! A silence is data that outlives the process; the store [`Silences`] holds all of them, answers which of them keep an
//! alert back, and says what the passing of time did to them. What it does with an alert:
//!
//! | state | from | until |
//! |---|---|---|
//! | pending | it was posted | `starts_at`, or the next window of a recurring one |
//! | active | its window begins | `ends_at` (exclusive), or the end of the window |
//! | expired | the end of the last window, [`Silences::expire`], or resolved and the grace passed | forever |

mod draft;
mod due;
mod id;
mod index;
mod matcher_sets;
mod policy;
mod query;
mod set;
mod span;
mod store;
mod watch;

use std::time::Duration;

use plimsoll_types::{Annotations, Labels, Timestamp};

/// A stretch of time in which a silence is in force.
pub use plimsoll_recurrence::Occurrence as SilenceWindow;
pub use plimsoll_recurrence::{InvalidRecurrence, Recurrence};

pub use draft::Draft;
pub use due::{SilenceEvent, SilenceEventKind};
pub use id::{InvalidSilenceId, SilenceId};
pub use matcher_sets::{InvalidMatcherSets, MatcherSets};
pub use policy::SilencePolicy;
pub use query::SilenceFilter;
pub use set::{SetError, SetSilence};
pub use span::SilenceState;
pub use store::{Silences, UnknownSilence};

/// A silence as it is stored. Any value is legal; what users post is judged by [`Silences::set`].
#[derive(Clone, Debug, PartialEq)]
pub struct Silence {
    /// Its name for the world.
    pub id: SilenceId,
    /// Which alerts it keeps back: those that one of the sets matches.
    pub matchers: MatcherSets,
    /// From which receivers it keeps them back, by their labels (one of which is `name`); without sets from all.
    pub receivers: MatcherSets,
    /// When it begins; of a recurring one, when the first window could begin: where its rule counts from.
    pub starts_at: Timestamp,
    /// When it ends, itself no longer silenced; of a recurring one, the end of a window that begins at `starts_at`.
    pub ends_at: Timestamp,
    /// When somebody last changed it.
    pub updated_at: Timestamp,
    /// Who posted it, as they said.
    pub created_by: String,
    /// Why, as they said.
    pub comment: String,
    /// More of the kind, by name.
    pub annotations: Annotations,
    /// When it is in force again and again, by which rule.
    pub recurrence: Option<Recurrence>,
    /// When it ends as soon as none of its alerts fired for this long; `ends_at` stays its latest end.
    pub until_resolved: Option<Duration>,
    /// When it was ended before its time.
    pub ended_at: Option<Timestamp>,
    /// For which end somebody was told that it comes near, so that nobody is told twice.
    pub told_end: Option<Timestamp>,
}

impl Silence {
    /// Says whether it is about an alert, whatever the time is. With `receiver`, the labels of a receiver, whether it
    /// keeps the alert back from that one; without, only one that is for all receivers counts.
    pub fn concerns(&self, labels: &Labels, receiver: Option<&Labels>) -> bool {
        self.is_for(receiver) && self.matchers.matches(labels)
    }

    fn is_for(&self, receiver: Option<&Labels>) -> bool {
        self.receivers.is_empty() || receiver.is_some_and(|labels| self.receivers.matches(labels))
    }

    /// Returns what it does at `now`.
    pub fn state(&self, now: Timestamp) -> SilenceState {
        self.span(now).state
    }

    /// Returns the windows that end after `from`, at most `count_max` of them, in the order of their begin.
    pub fn windows(&self, from: Timestamp, count_max: usize) -> Vec<SilenceWindow> {
        let mut windows = Vec::new();
        let mut at = Some(from);
        while let Some(span) = at
            .map(|at| self.span(at))
            .filter(|_| windows.len() < count_max)
        {
            if span.state == SilenceState::Expired {
                break;
            }
            if windows.last() != Some(&span.window) {
                windows.push(span.window);
            }
            at = span.until;
        }
        windows
    }

    /// Returns the window that it is in at `now`, else the next one, else the last: what the API shows as its times.
    pub fn window(&self, now: Timestamp) -> SilenceWindow {
        self.span(now).window
    }
}

#[cfg(test)]
mod tests;
