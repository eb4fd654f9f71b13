//! What all groups share.

use std::sync::Arc;
use std::time::Duration;

use plimsoll_runtime::clock::Clock;
use plimsoll_runtime::tasks::Tasks;
use plimsoll_state::Store;
use plimsoll_types::Timestamp;

use crate::evaluate::Tools;
use crate::lane::Lane;
use crate::lease::Keeper;
use crate::metrics::Metrics;
use crate::sink::AlertSink;

/// What all groups share.
pub(crate) struct Context {
    pub(crate) tools: Tools,
    pub(crate) lane: Lane,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) keeper: Keeper,
    pub(crate) sink: Arc<dyn AlertSink>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) tasks: Tasks,
    pub(crate) metrics: Metrics,
    /// How long nobody evaluated rules before the start.
    pub(crate) outage: Outage,
}

/// A time in which nobody evaluated rules.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outage {
    pub(crate) lasted: Duration,
    pub(crate) ended: Timestamp,
    /// After a longer one pending alerts do not go on.
    pub(crate) tolerance: Duration,
}
