//! The decision about another attempt.

use std::time::Duration;

use super::{Budget, Options};
use crate::health::told::retry_after;
use crate::{FailureKind, Moment, Outcome};

/// What became of the attempts so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempted {
    /// Whether the request may be repeated: its method [is idempotent](super::is_idempotent), or it has an Idempotency-Key.
    pub is_repeatable: bool,
    /// Whether its body can be sent again: there is none, none of it was sent, or all that was sent is kept.
    pub is_body_replayable: bool,
    /// Attempts besides the first that were made, hedges included.
    pub retries: u32,
    /// How the last one ended.
    pub outcome: Outcome,
    /// What is left of the request's time.
    pub left: Duration,
}

/// Whether there is another attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// There is, after this wait; the budget has paid for it.
    After(Duration),
    /// There is none: what the last one brought is the answer.
    No(Refusal),
}

/// Why there is no other attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Refusal {
    /// It did not fail, or in a way that is not tried again.
    #[error("its outcome is not tried again")]
    NotRetried,
    /// As many as may be were made.
    #[error("no retries are left for it")]
    Exhausted,
    /// It may have been acted on, and its method is not idempotent.
    #[error("it may have been processed, and must not be repeated")]
    NotRepeatable,
    /// What was sent of its body is not kept.
    #[error("its body is too large to be kept")]
    BodyGone,
    /// The endpoint wants to be left alone for longer than is waited.
    #[error("the endpoint asked to wait for longer than the limit")]
    RetryAfterTooLong,
    /// It would come too late.
    #[error("its deadline is too near")]
    NoTime,
    /// Too much is tried again already.
    #[error("the retry budget is spent")]
    BudgetSpent,
}

impl Refusal {
    /// All, in the order of their declaration.
    pub const ALL: [Self; 7] = [
        Self::NotRetried,
        Self::Exhausted,
        Self::NotRepeatable,
        Self::BodyGone,
        Self::RetryAfterTooLong,
        Self::NoTime,
        Self::BudgetSpent,
    ];

    /// Returns it as it is written in labels and logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotRetried => "not_retried",
            Self::Exhausted => "exhausted",
            Self::NotRepeatable => "not_repeatable",
            Self::BodyGone => "body_gone",
            Self::RetryAfterTooLong => "retry_after_too_long",
            Self::NoTime => "no_time",
            Self::BudgetSpent => "budget_spent",
        }
    }
}

/// Decides about another attempt.
#[derive(Clone, Debug)]
pub struct Gate {
    options: Options,
}

impl Gate {
    /// Wraps options.
    pub const fn new(options: Options) -> Self {
        Self { options }
    }

    /// Returns the options.
    pub const fn options(&self) -> &Options {
        &self.options
    }

    /// Decides. `chance`, from 0 up to but not including 1, chooses the wait.
    pub fn again(&self, attempted: &Attempted, budget: &Budget, now: Moment, chance: f64) -> Again {
        match self.wait(attempted, chance) {
            Err(refusal) => Again::No(refusal),
            Ok(wait) if wait >= attempted.left => Again::No(Refusal::NoTime),
            // The last question, so that nothing is taken for an attempt that is not made.
            Ok(_) if !budget.withdraw(now) => Again::No(Refusal::BudgetSpent),
            Ok(wait) => Again::After(wait),
        }
    }

    fn wait(&self, attempted: &Attempted, chance: f64) -> Result<Duration, Refusal> {
        let outcome = attempted.outcome;
        let is_unprocessed = is_unprocessed(outcome);
        if !is_unprocessed && !self.is_condition(outcome) {
            return Err(Refusal::NotRetried);
        }
        if attempted.retries >= self.options.retries_max {
            return Err(Refusal::Exhausted);
        }
        if !is_unprocessed && !attempted.is_repeatable {
            return Err(Refusal::NotRepeatable);
        }
        if !attempted.is_body_replayable {
            return Err(Refusal::BodyGone);
        }
        let asked = retry_after(outcome).unwrap_or_default();
        if asked > self.options.retry_after_max {
            return Err(Refusal::RetryAfterTooLong);
        }
        let is_first = attempted.retries == 0;
        if is_first && is_unconnected(outcome) {
            return Ok(Duration::ZERO);
        }
        Ok(self.backoff(attempted.retries, chance).max(asked))
    }

    fn is_condition(&self, outcome: Outcome) -> bool {
        let on = &self.options.on;
        match outcome {
            Outcome::Throttled { .. } => on.statuses.contains(&429),
            Outcome::ServerError { status, .. } => on.statuses.contains(&status),
            Outcome::Failed(FailureKind::TryTimeout) => on.try_timeout,
            Outcome::Failed(FailureKind::Closed | FailureKind::Malformed) => on.broken,
            // The client has seen the beginning of the answer.
            Outcome::Failed(FailureKind::Truncated) => false,
            Outcome::Failed(_) | Outcome::Success | Outcome::Cancelled => false,
        }
    }

    /// Chooses from zero to `(2^n - 1) * backoff`, where n counts this retry, but no more than `backoff_max`.
    fn backoff(&self, retries: u32, chance: f64) -> Duration {
        // 2^31 times any backoff is past any limit that makes sense.
        let steps = (1_u32 << retries.saturating_add(1).min(31)) - 1;
        let most = self.options.backoff.saturating_mul(steps);
        let most = most.min(self.options.backoff_max);
        // A chance below 1 keeps the product within what a duration holds.
        most.mul_f64(chance.clamp(0.0, 1.0))
    }
}

fn is_unprocessed(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Failed(kind) if kind.is_before_processing())
}

/// Says whether not even a connection came about; NotProcessed came over one, from an endpoint that has too much to do.
fn is_unconnected(outcome: Outcome) -> bool {
    is_unprocessed(outcome) && outcome != Outcome::Failed(FailureKind::NotProcessed)
}

#[cfg(test)]
mod tests;
