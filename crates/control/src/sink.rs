//! Where alerts go when they are to be told.

use plimsoll_types::Alert;

/// Takes the notices of rule groups. Called from many tasks, so it must neither block nor wait: a sink puts them into a
/// bounded queue and says in its own metrics what did not fit.
pub trait AlertSink: Send + Sync {
    /// Takes alerts that fire or ended; every one of them was made durable before, unless the store of state is away.
    fn send(&self, alerts: Vec<Alert>);
}

/// Drops all alerts, for who has nobody to tell.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoSink;

impl AlertSink for NoSink {
    fn send(&self, _alerts: Vec<Alert>) {}
}
