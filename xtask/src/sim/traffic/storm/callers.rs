//! The ways to call A.

use std::time::Duration;

use plimsoll_traffic::retry;

use super::setup::{PATIENCE, Setup};

/// How A is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Callers {
    /// Again at once, whatever happens.
    Naive,
    /// Each through a budget and with a deadline, without a breaker.
    Budget,
    /// Each through a budget and a breaker, with a deadline.
    Library,
    /// As the naive ones, through one gateway.
    Gateway,
}

impl Callers {
    /// Returns how often the caller itself tries, the first time included.
    pub(super) fn tries(self, setup: &Setup) -> u32 {
        match self {
            Self::Naive | Self::Gateway => 1 + setup.retries,
            Self::Budget | Self::Library => 1,
        }
    }

    /// Returns how long one such try may take. The gateway answers a little before its callers go.
    pub(super) fn timeout(self) -> Duration {
        match self {
            Self::Naive => PATIENCE,
            Self::Budget | Self::Library => PATIENCE * 2,
            Self::Gateway => PATIENCE * 9 / 10,
        }
    }

    /// Returns how many guards there are.
    pub(super) fn guards(self, setup: &Setup) -> usize {
        match self {
            Self::Naive => 0,
            Self::Budget | Self::Library => setup.callers,
            Self::Gateway => 1,
        }
    }

    /// Says whether guards have a breaker.
    pub(super) fn have_breakers(self) -> bool {
        matches!(self, Self::Library | Self::Gateway)
    }

    /// Returns what guards try again.
    pub(super) fn retry(self) -> retry::Options {
        let try_timeout = match self {
            Self::Naive => None,
            Self::Budget | Self::Library => Some(PATIENCE),
            // A try that ends before slow answers come makes a storm of its own: this is far above what A takes when well.
            Self::Gateway => Some(PATIENCE * 6 / 10),
        };
        retry::Options {
            retries_max: 2,
            try_timeout,
            ..retry::Options::default()
        }
    }
}
