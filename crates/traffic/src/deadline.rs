//! How long a request may still take, from hop to hop.
//!
//! What is left travels as a relative time, so that clocks need not agree, and shrinks at each hop by a margin for the way
//! back: who waits longest is the one that asked first.
//!
//! | state | event                                            | to   | action                                  |
//! |-------|--------------------------------------------------|------|-----------------------------------------|
//! | open  | now before the deadline                          | open | the next hop gets [`for_next_hop`]      |
//! | open  | less left than the least that an answer takes    | over | refused at once, 504                    |
//! | open  | now at or after the deadline                     | over | what runs is given up, 504              |
//! | over  | anything                                         | over | nothing is tried again                  |

mod header;
mod ladder;

use std::time::Duration;

use crate::Moment;

pub use header::{
    ENVOY_EXPECTED_HEADER, ENVOY_HEADER, GRPC_HEADER, HEADER, Text, TimeoutError, format_grpc,
    format_millis, parse_grpc, parse_millis,
};
pub use ladder::{LadderError, Rung, check_ladder};

/// When a request must be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline(Moment);

impl Deadline {
    /// Returns that of a request that began at `began` and may take `timeout`.
    pub fn new(began: Moment, timeout: Duration) -> Self {
        Self(began.after(timeout))
    }

    /// Returns the sooner one of this and what a trusted caller asked for: a header shortens a deadline, never lengthens it.
    #[must_use]
    pub fn within(self, began: Moment, asked: Option<Duration>) -> Self {
        asked.map_or(self, |timeout| self.min(Self::new(began, timeout)))
    }

    /// Returns the moment.
    pub const fn at(self) -> Moment {
        self.0
    }

    /// Returns what is left, zero when it is over.
    pub const fn left(self, now: Moment) -> Duration {
        self.0.since(now)
    }

    /// Says whether it is over.
    pub fn is_over(self, now: Moment) -> bool {
        now >= self.0
    }

    /// Says whether it is worth beginning: more is left than `least`, what fast answers take (the gateway: p10 of the route;
    /// zero when that is unknown).
    pub fn allows(self, least: Duration, now: Moment) -> bool {
        self.left(now) > least
    }
}

/// Returns what is left for the next hop: `left` without a margin of 5 %, at least 10 ms, for the way back.
pub fn for_next_hop(left: Duration) -> Duration {
    left.saturating_sub((left / 20).max(Duration::from_millis(10)))
}

#[cfg(test)]
mod tests;
