//! Where the rule engine's notices go when they are routed here: a bounded queue of what is true now, and from there the
//! way of every other post.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use plimsoll_alerting::Post;
use plimsoll_alerting::surface::Alerting as _;
use plimsoll_runtime::clock::Clock;
use plimsoll_runtime::shutdown::Shutdown;
use plimsoll_types::Alert;
use tokio::sync::Notify;

use super::Inner;
use super::metrics::Metrics;
use crate::sender::Queue;
use crate::sink::AlertSink;

/// How many alerts wait at most; the rule engine says all of them again every minute.
const CAPACITY: usize = 100_000;
/// How many are posted at a time.
const BATCH: usize = 1_000;
/// The longest that a post is waited for once the program ends.
const LAST_WORDS: Duration = Duration::from_millis(1_500);
/// The pause after a post that was not taken.
const PAUSE: Duration = Duration::from_secs(1);

/// Takes the notices of rule groups.
pub(super) struct RuleSink {
    queue: Mutex<Queue>,
    filled: Notify,
    clock: Arc<dyn Clock>,
    metrics: Metrics,
}

impl RuleSink {
    pub(super) fn new(clock: Arc<dyn Clock>, metrics: Metrics) -> Self {
        Self {
            queue: Mutex::new(Queue::new(CAPACITY)),
            filled: Notify::new(),
            clock,
            metrics,
        }
    }

    /// Posts what comes until `stop`, and then what is left, as long as it is taken.
    pub(super) async fn run(self: Arc<Self>, inner: Weak<Inner>, stop: Shutdown) {
        loop {
            let filled = self.filled.notified();
            if self.lock().len() == 0 {
                if stop.is_triggered() {
                    return;
                }
                tokio::select! {
                    () = filled => {}
                    () = stop.wait() => {}
                }
            }
            let Some(inner) = inner.upgrade() else { return };
            let alerting = super::Alerting(inner);
            let is_taken = tokio::select! {
                is_taken = self.post(&alerting) => is_taken,
                () = self.gives_up(&stop) => false,
            };
            if is_taken {
                continue;
            }
            if stop.is_triggered() {
                let left = self.lock().len();
                tracing::warn!(left, "alerts of rules are said again after the next start");
                return;
            }
            tokio::select! {
                () = self.clock.sleep(PAUSE) => {}
                () = stop.wait() => {}
            }
        }
    }

    /// Waits until the end has come and a post takes too long for it.
    async fn gives_up(&self, stop: &Shutdown) {
        stop.wait().await;
        self.clock.sleep(LAST_WORDS).await;
    }

    /// Posts a batch; says whether it was taken.
    async fn post(&self, alerting: &super::Alerting) -> bool {
        let (batch, expired) = self.lock().take(BATCH, self.clock.monotonic());
        self.metrics.rule_notices_dropped.inc_by(expired as u64);
        let post = |entry: &crate::sender::Entry| Post {
            alert: Alert::clone(&entry.alert),
            is_timeout: entry.alert.ends_at.is_none(),
        };
        let posts = batch.iter().map(post).collect();
        let Err(error) = alerting.post(posts).await else {
            // Those beyond the limits are counted where they were refused.
            return true;
        };
        tracing::debug!(%error, "alerts of rules wait");
        let batch = batch.into_iter().map(crate::sender::Entry::tried).collect();
        let dropped = self.lock().put_back(batch);
        self.metrics.rule_notices_dropped.inc_by(dropped as u64);
        false
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AlertSink for RuleSink {
    fn send(&self, alerts: Vec<Alert>) {
        let alerts: Vec<Arc<Alert>> = alerts.into_iter().map(Arc::new).collect();
        let dropped = self.lock().push(&alerts, self.clock.monotonic());
        self.metrics.rule_notices_dropped.inc_by(dropped as u64);
        self.filled.notify_one();
    }
}
