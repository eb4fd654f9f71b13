//! Whether the store of state answers, and since when it does not.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use plimsoll_runtime::clock::Monotonic;
use plimsoll_state::Error;

/// What is known of the store.
#[derive(Debug, Default)]
pub(super) struct Health(Mutex<Option<Outage>>);

#[derive(Clone, Debug)]
struct Outage {
    since: Monotonic,
    reason: String,
}

impl Health {
    /// Hears that the store did what it was asked.
    pub(super) fn works(&self) {
        if self.lock().take().is_some() {
            tracing::info!("what alerting remembers is durable again");
        }
    }

    /// Hears that it did not.
    pub(super) fn fails(&self, error: &Error, now: Monotonic) {
        let mut outage = self.lock();
        if outage.is_none() {
            let reason = error.chain();
            // Once per outage: everything that follows would say the same.
            tracing::error!(
                error = reason,
                "what alerting remembers cannot be made durable"
            );
            let since = now;
            *outage = Some(Outage { since, reason });
        }
    }

    /// Says for how long it has been away; `None` while it works.
    pub(super) fn away_for(&self, now: Monotonic) -> Option<Duration> {
        self.lock().as_ref().map(|outage| now.since(outage.since))
    }

    pub(super) fn is_away(&self) -> bool {
        self.lock().is_some()
    }

    /// Says why it is away.
    pub(super) fn reason(&self) -> Option<String> {
        self.lock().as_ref().map(|outage| outage.reason.clone())
    }

    fn lock(&self) -> MutexGuard<'_, Option<Outage>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
