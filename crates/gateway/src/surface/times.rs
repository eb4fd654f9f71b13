//! Moments of the gateway's clock as times of day.

use plimsoll_runtime::clock::Clock;
use plimsoll_traffic::Moment;
use plimsoll_types::Timestamp;

use crate::gateway::moment;

/// The same moment on both clocks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    wall: Timestamp,
    now: Moment,
}

impl Times {
    pub(super) fn new(clock: &dyn Clock) -> Self {
        Self {
            wall: clock.now(),
            now: moment(clock),
        }
    }

    /// Returns when a moment is, if the wall's clock does not jump until then.
    pub(super) fn at(self, moment: Moment) -> Timestamp {
        match moment >= self.now {
            true => self.wall + moment.since(self.now),
            false => self.wall - self.now.since(moment),
        }
    }
}
