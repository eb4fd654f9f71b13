//! Time as the layers know it.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use crate::Moment;

/// Tells the time that has passed since some origin; it must never go back.
#[derive(Clone)]
pub struct Time(Arc<dyn Fn() -> Duration + Send + Sync>);

impl Time {
    /// Wraps a clock. All layers of a process must get clones of one, or the same origin.
    pub fn new(since_origin: impl Fn() -> Duration + Send + Sync + 'static) -> Self {
        Self(Arc::new(since_origin))
    }

    /// Returns the moment that it is.
    pub fn now(&self) -> Moment {
        Moment::from_origin((self.0)())
    }

    /// Waits for a future, but no longer than this. `None` is without an end.
    pub(super) async fn within<F: Future>(limit: Option<Duration>, future: F) -> Option<F::Output> {
        match limit {
            None => Some(future.await),
            Some(limit) => tokio::time::timeout(limit, future).await.ok(),
        }
    }

    /// Waits.
    pub(super) async fn pause(wait: Duration) {
        // Not even a turn of the timer for nothing: most first retries go at once.
        if !wait.is_zero() {
            Self::within(Some(wait), std::future::pending::<()>()).await;
        }
    }
}

impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Time").field(&self.now()).finish()
    }
}
