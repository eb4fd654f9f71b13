//! The clock by which leases expire where no server has one: wall time as it was at the opening, moved on by the
//! monotonic clock, so that a jump of the machine's clock neither ends a lease nor makes it last.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use plimsoll_runtime::clock::{Clock, Monotonic};
use plimsoll_types::Timestamp;

use crate::lease::Lease;

pub(crate) struct LeaseClock {
    clock: Arc<dyn Clock>,
    wall: Timestamp,
    monotonic: Monotonic,
}

impl LeaseClock {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            wall: clock.now(),
            monotonic: clock.monotonic(),
            clock,
        }
    }

    /// Returns the time that leases are compared with.
    pub(crate) fn now(&self) -> Timestamp {
        self.wall + self.clock.monotonic().since(self.monotonic)
    }
}

impl fmt::Debug for LeaseClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LeaseClock").field(&self.now()).finish()
    }
}

/// Who asks for a lease, and since when: what a lease is made of once the database has answered.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) name: String,
    pub(crate) owner: String,
    pub(crate) ttl: Duration,
    pub(crate) at: Monotonic,
}

impl Asked {
    pub(crate) fn granted(&self, fence: i64, expires: Timestamp) -> Lease {
        Lease {
            name: self.name.clone(),
            owner: self.owner.clone(),
            fence,
            expires,
            ttl: self.ttl,
            held_until: self.at.after(self.ttl),
        }
    }
}
