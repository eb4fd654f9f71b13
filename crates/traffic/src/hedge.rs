//! A second attempt before the first one failed, to cut the tail (Dean and Barroso 2013).
//!
//! | state   | event                                          | guard                                          | to      |
//! |---------|------------------------------------------------|------------------------------------------------|---------|
//! | waiting | the [`Delay`] is over, no head of an answer yet | repeatable, body kept, budget pays ([`admits`]) | hedged  |
//! | waiting | as above                                       | else                                           | waiting, for good |
//! | waiting | the first answers or fails                     |                                                | done; a failure is [`retry`](crate::retry)'s |
//! | hedged  | one answers                                    |                                                | done; the other one is cancelled |
//! | hedged  | one fails, the other runs                      |                                                | hedged  |
//!
//! There is one hedge at most. While fewer answers than `answers_min` are known nothing is hedged: an unknown tail is no
//! reason to double the load.

mod delay;
mod histogram;

use std::time::Duration;

use crate::Moment;
use crate::retry::{Budget, Refusal};

pub use delay::Delay;

/// When a hedge is sent. It takes from the retry budget and needs a request that may be repeated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Options {
    /// After a fixed time without an answer's head.
    After(Duration),
    /// After the time within which this share of answers came lately, such as 0.95.
    Percentile {
        /// The share.
        share: f64,
        /// Answers that it takes before anything is hedged.
        answers_min: u32,
    },
}

/// Says whether a hedge may be sent now, and takes it out of the budget. `is_repeatable` and `is_body_replayable` as of
/// [`Attempted`](crate::retry::Attempted).
///
/// # Errors
/// [`Refusal::NotRepeatable`], [`Refusal::BodyGone`] or [`Refusal::BudgetSpent`].
pub fn admits(
    is_repeatable: bool,
    is_body_replayable: bool,
    budget: &Budget,
    now: Moment,
) -> Result<(), Refusal> {
    if !is_repeatable {
        return Err(Refusal::NotRepeatable);
    }
    if !is_body_replayable {
        return Err(Refusal::BodyGone);
    }
    budget
        .withdraw(now)
        .then_some(())
        .ok_or(Refusal::BudgetSpent)
}
