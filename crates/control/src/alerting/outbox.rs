//! Carries out attempts: a few at a time for each integration, so that a receiver that is slow or silent holds up no other.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use plimsoll_alerting::{Attempt, DeliveryId};
use plimsoll_notify::{Sender, Verdict};
use plimsoll_runtime::clock::Clock;
use plimsoll_runtime::shutdown::Shutdown;
use plimsoll_runtime::tasks::{OnPanic, Tasks};
use tokio::sync::{Semaphore, mpsc};

use super::metrics::Metrics;
use crate::lease::Standing;

/// How many attempts for one integration are under way at the same time.
const LANES: usize = 8;
/// The longest that one attempt may take. One that fails is repeated, so a receiver that takes longer for a moment loses
/// nothing, and one that is silent holds its lanes no longer.
const DEADLINE: Duration = Duration::from_secs(30);
/// How many verdicts wait for the loop before those who bring more wait themselves.
const VERDICTS: usize = 1_024;

/// An attempt that ended.
pub(super) type Answered = (DeliveryId, Verdict);

/// Sends what the engine decided.
pub(super) struct Outbox {
    tasks: Tasks,
    clock: Arc<dyn Clock>,
    standing: Arc<Standing>,
    metrics: Metrics,
    lanes: Mutex<HashMap<Lane, Arc<Semaphore>>>,
    verdicts: mpsc::Sender<Answered>,
    /// From then on nothing is begun.
    stop: Shutdown,
}

/// An integration of a receiver.
#[derive(PartialEq, Eq, Hash)]
struct Lane {
    receiver: String,
    kind: &'static str,
    index: usize,
}

impl Outbox {
    /// Makes it, and where verdicts arrive.
    pub(super) fn new(
        tasks: Tasks,
        clock: Arc<dyn Clock>,
        standing: Arc<Standing>,
        metrics: Metrics,
        stop: Shutdown,
    ) -> (Self, mpsc::Receiver<Answered>) {
        let (verdicts, arrive) = mpsc::channel(VERDICTS);
        let outbox = Self {
            tasks,
            clock,
            standing,
            metrics,
            lanes: Mutex::default(),
            verdicts,
            stop,
        };
        (outbox, arrive)
    }

    /// Begins attempts. While notices may be repeated by others, they say so.
    pub(super) fn begin(&self, attempts: Vec<Attempt>, sender: &Arc<Sender>, is_degraded: bool) {
        for mut attempt in attempts {
            attempt.notice.is_degraded |= is_degraded;
            self.spawn(attempt, Arc::clone(sender), is_degraded);
        }
    }

    fn spawn(&self, attempt: Attempt, sender: Arc<Sender>, is_degraded: bool) {
        let lane = self.lane(&attempt);
        let standing = Arc::clone(&self.standing);
        let verdicts = self.verdicts.clone();
        let (metrics, stop) = (self.metrics.clone(), self.stop.clone());
        let clock = Arc::clone(&self.clock);
        self.tasks
            .spawn("alerting attempt", OnPanic::Report, |_| async move {
                let slot = tokio::select! {
                    biased;
                    // It is durable and begins anew after the next start.
                    () = stop.wait() => return,
                    slot = lane.acquire_owned() => slot,
                };
                // Without the database nobody can say who sends; that is what the mark is for.
                if !is_degraded && !standing.is_still_here().await {
                    return;
                }
                let mut owed = Owed::new(attempt.delivery, verdicts, metrics.clone());
                let integration = &attempt.integration;
                let notice = Arc::new(attempt.notice.clone());
                let begin = clock.monotonic();
                let verdict = sender.send(integration, notice, DEADLINE).await;
                metrics.attempted(&attempt, &verdict, clock.monotonic().since(begin));
                drop(slot);
                owed.pay(verdict).await;
            });
    }

    fn lane(&self, attempt: &Attempt) -> Arc<Semaphore> {
        let lane = Lane {
            receiver: attempt.notice.receiver.clone(),
            kind: attempt.integration.kind,
            index: attempt.integration.index,
        };
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        let made = || Arc::new(Semaphore::new(LANES));
        Arc::clone(lanes.entry(lane).or_insert_with(made))
    }

    /// Forgets integrations that nothing is sent to: after a reload they may be gone.
    pub(super) fn tidy(&self) {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        lanes.retain(|_, lane| Arc::strong_count(lane) > 1);
    }

    /// Says how many attempts are under way.
    pub(super) fn sending(&self) -> i64 {
        self.metrics.sending.get()
    }
}

/// The verdict that the engine waits for: whatever becomes of an attempt, there is one.
struct Owed {
    delivery: Option<DeliveryId>,
    verdicts: mpsc::Sender<Answered>,
    metrics: Metrics,
}

impl Owed {
    fn new(delivery: DeliveryId, verdicts: mpsc::Sender<Answered>, metrics: Metrics) -> Self {
        metrics.sending.inc();
        Self {
            delivery: Some(delivery),
            verdicts,
            metrics,
        }
    }

    async fn pay(&mut self, verdict: Verdict) {
        if let Some(delivery) = self.delivery.take() {
            // The loop is gone only when the program ends; then the attempt is repeated under the same key.
            let _ = self.verdicts.send((delivery, verdict)).await;
        }
    }
}

impl Drop for Owed {
    fn drop(&mut self) {
        self.metrics.sending.dec();
        if let Some(delivery) = self.delivery.take() {
            let broke =
                Verdict::unknown("the attempt broke off: an error of the program, see its log");
            if self.verdicts.try_send((delivery, broke)).is_err() {
                tracing::error!(%delivery, "nobody hears that an attempt broke off; it begins anew after the next start");
            }
        }
    }
}
