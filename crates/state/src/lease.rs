//! A lease: the right to write for a name, until it expires or somebody else has it.

use std::fmt;
use std::time::Duration;

use plimsoll_runtime::clock::Monotonic;
use plimsoll_types::Timestamp;

/// The right of one owner to write for a name.
///
/// Whoever holds it may act until [`held_until`](Self::held_until) by his own clock. Safety does not depend on that
/// clock: a commit under a lease is refused once somebody else has got it, however late the old holder wakes.
#[derive(Clone, PartialEq, Eq)]
pub struct Lease {
    /// For what.
    pub name: String,
    /// Who holds it. Must differ between two starts of the same program.
    pub owner: String,
    /// Grows with each time that any lease is acquired; the higher one is the later.
    pub fence: i64,
    /// When it ends, by the database's clock.
    pub expires: Timestamp,
    /// How long it lasts from the moment at which it was asked for.
    pub ttl: Duration,
    /// When it ends at the earliest, by the holder's own clock: counted from before the database was asked.
    pub held_until: Monotonic,
}

impl Lease {
    /// Says whether the lease has certainly not expired at `now`.
    pub fn is_held(&self, now: Monotonic) -> bool {
        now < self.held_until
    }
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "lease {:?} of {:?}, fence {}, until {}",
            self.name, self.owner, self.fence, self.expires
        )
    }
}

/// Who holds a name, as a report shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// For what.
    pub name: String,
    /// Who; empty when it was a process that had the file of SQLite open before, and is dead.
    pub owner: String,
    /// The number of the lease.
    pub fence: i64,
    /// When it ends, by the database's clock.
    pub expires: Timestamp,
    /// Whether it can be had: it has ended by the database's clock, or its owner is dead.
    pub is_expired: bool,
}
