//! Who makes pulses: one task, while there are readers.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use plimsoll_runtime::shutdown::Shutdown;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use super::pulse::Pulse;
use super::state;
use crate::ui::Desk;

/// Readers at the same time: each holds a connection.
pub(super) const READERS_MAX: usize = 64;
/// Between two pulses.
const PAUSE_MIN: Duration = Duration::from_secs(2);
/// Between two pulses lies so many times what it took to look: where there is much to look at, pulses are rarer, and a
/// processor does little else but them nowhere.
const PAUSE_FACTOR: u32 = 20;

/// The pulses of a server.
pub(crate) struct Live {
    places: Arc<Semaphore>,
    /// `None` while nobody makes pulses.
    pulses: watch::Sender<Option<Arc<Pulse>>>,
    /// Readers who follow what has to be looked for in the store.
    of_signals: Arc<AtomicUsize>,
    /// Whether somebody makes pulses; held to begin and to end it, so that no reader waits for nobody.
    is_made: Mutex<bool>,
}

impl Default for Live {
    fn default() -> Self {
        Self {
            places: Arc::new(Semaphore::new(READERS_MAX)),
            pulses: watch::Sender::new(None),
            of_signals: Arc::default(),
            is_made: Mutex::default(),
        }
    }
}

impl Live {
    /// Takes a place among the readers; `None` when there is none.
    pub(super) fn place(&self) -> Option<OwnedSemaphorePermit> {
        self.places.clone().try_acquire_owned().ok()
    }

    /// Follows pulses from now on, the newest one first.
    pub(super) fn subscribe(&self, desk: &Arc<Desk>, follows_signals: bool) -> Subscription {
        let of_signals = follows_signals.then(|| Counted::among(&self.of_signals));
        let mut is_made = self.is_made();
        let mut pulses = self.pulses.subscribe();
        pulses.mark_changed();
        if !std::mem::replace(&mut *is_made, true) {
            let maker = desk.clone();
            desk.tasks
                .spawn_loop("live", move |stop| produce(maker.clone(), stop));
        }
        Subscription {
            pulses,
            _of_signals: of_signals,
        }
    }

    fn is_made(&self) -> MutexGuard<'_, bool> {
        self.is_made.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the making of pulses, unless somebody reads them; says whether it has ended.
    fn end_when_alone(&self) -> bool {
        let mut is_made = self.is_made();
        let is_alone = self.pulses.receiver_count() == 0;
        if is_alone {
            *is_made = false;
            // The next reader must not be told what was true a while ago.
            self.pulses.send_replace(None);
        }
        is_alone
    }
}

/// The pulses as one reader sees them.
pub(super) struct Subscription {
    pulses: watch::Receiver<Option<Arc<Pulse>>>,
    _of_signals: Option<Counted>,
}

impl Subscription {
    /// Waits for a pulse that was not returned yet; `None` when there will be none.
    pub(super) async fn next(&mut self) -> Option<Arc<Pulse>> {
        loop {
            self.pulses.changed().await.ok()?;
            let seen = self.pulses.borrow_and_update().clone();
            if seen.is_some() {
                return seen;
            }
        }
    }
}

/// Counts a reader for as long as it is there.
struct Counted(Arc<AtomicUsize>);

impl Counted {
    fn among(readers: &Arc<AtomicUsize>) -> Self {
        readers.fetch_add(1, Ordering::Relaxed);
        Self(readers.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Makes pulses until nobody reads them.
async fn produce(desk: Arc<Desk>, stop: Shutdown) {
    loop {
        let begin = desk.clock.monotonic();
        pulse(&desk).await;
        let took = desk.clock.monotonic().since(begin);
        tokio::select! {
            () = desk.clock.sleep(PAUSE_MIN.max(took * PAUSE_FACTOR)) => {}
            () = stop.wait() => return,
        }
        if desk.live.end_when_alone() {
            return;
        }
    }
}

async fn pulse(desk: &Arc<Desk>) {
    let looking = desk.clone();
    let looks_for_signals = desk.live.of_signals.load(Ordering::Relaxed) > 0;
    let look = move || state::now(&looking, looks_for_signals);
    // A panic was logged; readers go on with what they have.
    if let Ok(pulse) = desk.tasks.run_blocking("live", look).await {
        desk.live.pulses.send_replace(Some(Arc::new(pulse)));
    }
}
