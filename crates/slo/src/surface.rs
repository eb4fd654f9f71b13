//! What whoever answers requests may ask of objectives while they are counted: the HTTP API knows this trait and not who
//! runs the engine (`control` does).
//!
//! | call | when it answers |
//! |---|---|
//! | [`list`](Slos::list), [`show`](Slos::show), [`history`](Slos::history), [`events`](Slos::events) | from memory; blocks for milliseconds, so call it where blocking is allowed |
//! | [`corrections`](Slos::corrections) | from memory or the store of state |
//! | [`correct`](Slos::correct), [`revoke`](Slos::revoke) | when it is durable |
//! | [`verify`](Slos::verify), [`replay`](Slos::replay) | when the samples are read, which may take seconds |

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use plimsoll_types::Timestamp;
pub use plimsoll_types::{Refused, RefusedKind};

use crate::view::{Address, HistoryPoint, HistoryQuestion, ReplayQuestion, SloView, Verification};
use crate::{Correction, Timeline};

/// What a call answers, once it does.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, Refused>> + Send + 'a>>;

/// Objectives as they are counted in this process.
///
/// # Cancel safety
/// Of every call that answers later: when the future is dropped, what was asked for may or may not be carried out, whole.
pub trait Slos: Send + Sync {
    /// Returns all SLOs and composites in the order of their ids, their budgets without groups, conditions and forecasts;
    /// with the time that the figures are of.
    fn list(&self) -> (Vec<SloView>, Timestamp);

    /// Returns one with everything, and the time that the figures are of; `None` when there is none of this id.
    fn show(&self, id: &str) -> Option<(SloView, Timestamp)>;

    /// Returns slices of a budget, ascending, at most 11,000.
    ///
    /// # Errors
    /// [`RefusedKind::NotFound`]: there is no such budget. [`RefusedKind::Invalid`]: too many slices.
    fn history(
        &self,
        address: &Address,
        question: &HistoryQuestion,
    ) -> Result<Vec<HistoryPoint>, Refused>;

    /// Copies the events of a budget of an SLO in `[from, to)`, with corrections, in slices of `slice`: at most 50,000.
    ///
    /// # Errors
    /// As for [`history`](Self::history).
    fn events(
        &self,
        address: &Address,
        from: Timestamp,
        to: Timestamp,
        slice: Duration,
    ) -> Result<Timeline, Refused>;

    /// Counts the stored samples of a budget again in slices of [`Span::SLICE`](crate::Span::SLICE), once for each way to
    /// count: events with corrections, as for [`events`](Self::events). All answers begin at the same time, which is later
    /// than the question's when so much cannot be counted; where no samples are kept any more, nothing is counted.
    ///
    /// # Errors
    /// [`RefusedKind::Invalid`]: it is too much, or the group is one of many.
    fn replay(&self, question: ReplayQuestion) -> Answer<'_, Vec<Timeline>>;

    /// Returns the corrections of an SLO, those of its file and those that were taken back among them.
    fn corrections(&self, id: &str) -> Answer<'_, Vec<Correction>>;

    /// Adds a correction, from now on in force. It is durable when this answers.
    fn correct(&self, id: &str, correction: Correction) -> Answer<'_, ()>;

    /// Takes a correction back. One of a file is taken back there.
    fn revoke(&self, id: &str, correction: &str, author: &str) -> Answer<'_, ()>;

    /// Counts the stored samples of `[from, to)` again and compares.
    fn verify(&self, id: &str, from: Timestamp, to: Timestamp) -> Answer<'_, Verification>;
}
