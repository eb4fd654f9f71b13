//! Time as a dependency: the wall clock in production, a clock that tests move by hand elsewhere.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use plimsoll_types::Timestamp;

/// A point on a clock that never goes back; only differences mean something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Monotonic(Duration);

impl Monotonic {
    /// Wraps the time since the clock's own origin.
    pub const fn from_origin(elapsed: Duration) -> Self {
        Self(elapsed)
    }

    /// Returns the time since the clock's own origin.
    pub const fn since_origin(self) -> Duration {
        self.0
    }

    /// Returns the time from `earlier` to `self`, zero if `self` lies before it.
    pub fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }

    /// Returns the point `duration` later.
    pub fn after(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(duration))
    }
}

/// A future that ends at a point in time.
pub type Sleep = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Tells and waits for time.
///
/// Wall time ([`now`](Self::now)) stamps samples and may jump; anything that measures or waits uses
/// [`monotonic`](Self::monotonic).
pub trait Clock: Send + Sync {
    /// Returns the wall time; it may go back when the machine's clock is set.
    fn now(&self) -> Timestamp;

    /// Returns the monotonic time.
    fn monotonic(&self) -> Monotonic;

    /// Waits until `deadline`; ready at once when it has passed.
    ///
    /// # Cancel safety
    /// Dropping the future has no effect.
    fn sleep_until(&self, deadline: Monotonic) -> Sleep;

    /// Waits for `duration`.
    fn sleep(&self, duration: Duration) -> Sleep {
        self.sleep_until(self.monotonic().after(duration))
    }
}

/// The machine's clocks.
#[derive(Debug)]
pub struct SystemClock {
    origin: std::time::Instant,
}

impl SystemClock {
    /// Starts a monotonic clock at zero.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that asks the machine"
    )]
    pub fn new() -> Self {
        Self {
            origin: std::time::Instant::now(),
        }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that asks the machine"
    )]
    fn now(&self) -> Timestamp {
        let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        match since_epoch {
            Ok(after) => Timestamp::EPOCH + after,
            Err(before) => Timestamp::EPOCH - before.duration(),
        }
    }

    fn monotonic(&self) -> Monotonic {
        Monotonic(self.origin.elapsed())
    }

    fn sleep_until(&self, deadline: Monotonic) -> Sleep {
        let deadline = tokio::time::Instant::from_std(self.origin + deadline.0);
        Box::pin(tokio::time::sleep_until(deadline))
    }
}
