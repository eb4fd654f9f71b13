//! Whether there is another attempt: the [`Gate`] asks the conditions, the backoff and the budget, in this order.
//!
//! | after an attempt                                   | guard                                            | then                                     |
//! |----------------------------------------------------|--------------------------------------------------|------------------------------------------|
//! | that succeeded, broke off late, or was cancelled   |                                                  | [`Refusal::NotRetried`]                  |
//! | whose failure is in no condition                   | something may have been processed                | [`Refusal::NotRetried`]                  |
//! | that failed                                        | `retries_max` are used up                        | [`Refusal::Exhausted`]                   |
//! | that failed                                        | something may have been processed, and it may not be repeated | [`Refusal::NotRepeatable`]  |
//! | that failed                                        | its body is gone                                 | [`Refusal::BodyGone`]                    |
//! | that failed                                        | Retry-After is longer than `retry_after_max`     | [`Refusal::RetryAfterTooLong`]           |
//! | that failed                                        | the wait would outlast what is left              | [`Refusal::NoTime`]                      |
//! | that failed                                        | the budget is spent                              | [`Refusal::BudgetSpent`]                 |
//! | that failed                                        |                                                  | [`Again::After`] the backoff             |
//!
//! The wait is Envoy's: full jitter from zero to `(2^n - 1) * backoff`, no more than `backoff_max`, no less than Retry-After.
//! The first retry after no connection came about goes at once: it goes to another endpoint, and nothing was loaded.
//! The budget is Finagle's, and must be one for all layers of a process, or retries of retries multiply.

mod budget;
mod gate;
mod method;
mod retry_after;

use std::time::Duration;

pub use budget::Budget;
pub use gate::{Again, Attempted, Gate, Refusal};
pub use method::is_idempotent;
pub use retry_after::parse_retry_after;

/// The budget that all layers share (Finagle): what a request deposits and a retry or a hedge takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BudgetOptions {
    /// Retries per request, such as 0.2.
    pub ratio: f64,
    /// Retries per second besides, so that few requests can be retried at all. Finagle: 10.
    pub reserve_per_second: u32,
    /// After this time a deposit is gone. Finagle: 10 s.
    pub ttl: Duration,
}

impl Default for BudgetOptions {
    fn default() -> Self {
        Self {
            ratio: 0.2,
            reserve_per_second: 10,
            ttl: Duration::from_secs(10),
        }
    }
}

/// What is tried again.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Attempts besides the first; 0 tries nothing again.
    pub retries_max: u32,
    /// For the head of one answer; `None` is the whole request's.
    pub try_timeout: Option<Duration>,
    /// Which failures are tried again when the request may be repeated.
    pub on: Conditions,
    /// The first wait is chosen from zero to this, the nth from zero to 2^n - 1 times it. Envoy: 25 ms.
    pub backoff: Duration,
    /// No wait is chosen from more than this. Envoy: 250 ms.
    pub backoff_max: Duration,
    /// A Retry-After up to this is waited for; with a longer one nothing is tried again.
    pub retry_after_max: Duration,
    /// Bytes of a request's body that are kept for another attempt.
    pub body_max: u64,
}

/// Failures that are tried again, besides those where nothing was processed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conditions {
    /// Statuses of answers.
    pub statuses: Vec<u16>,
    /// No head of an answer in the time of one try.
    pub try_timeout: bool,
    /// The connection ended, or what came was no HTTP, before the answer's head.
    pub broken: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            retries_max: 1,
            try_timeout: None,
            on: Conditions {
                statuses: vec![502, 503, 504],
                try_timeout: true,
                broken: true,
            },
            backoff: Duration::from_millis(25),
            backoff_max: Duration::from_millis(250),
            retry_after_max: Duration::from_secs(1),
            body_max: 64 * 1024,
        }
    }
}
