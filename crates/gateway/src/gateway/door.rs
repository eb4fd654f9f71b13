//! The door of a backend: who is let in at once, who waits, and who is sent away.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use plimsoll_runtime::clock::Clock;
use plimsoll_traffic::limit::admission::{Admission, Ask, Entry, Moved, Refused, View};
use plimsoll_traffic::limit::concurrency::Meaning;
use plimsoll_traffic::limit::queue::Ticket;
use plimsoll_traffic::{Moment, Outcome};
use tokio::sync::oneshot;

use super::moment;
use crate::model::Concurrency;

/// Told to who waited: how long, or why it must go.
type Verdict = Result<Duration, Refused>;

/// The door of a backend.
pub struct Door {
    admission: Mutex<Admission<oneshot::Sender<Verdict>>>,
    clock: Arc<dyn Clock>,
}

/// A request that was let in. The place is free again when this is dropped.
pub struct Entered {
    door: Arc<Door>,
    at: Moment,
    /// How long it waited.
    pub waited: Duration,
    /// What the limit learns: how long the answer's head took, and what it means.
    learned: (Option<Duration>, Meaning),
}

impl Door {
    pub(super) fn build(
        model: &Concurrency,
        before: Option<&Arc<Self>>,
        clock: &Arc<dyn Clock>,
        seed: u64,
    ) -> Arc<Self> {
        let now = moment(&**clock);
        if let Some(before) = before {
            let moved = before.lock().reconfigure(model.limit, model.queue, now);
            before.tell(moved);
            return Arc::clone(before);
        }
        Arc::new(Self {
            admission: Mutex::new(Admission::new(model.limit, model.queue, seed, now)),
            clock: Arc::clone(clock),
        })
    }

    /// Waits for a place.
    ///
    /// # Errors
    /// Why there is none.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the queue.
    pub async fn enter(self: &Arc<Self>, ask: Ask) -> Result<Entered, Refused> {
        let mut told = None;
        let token = || {
            let (tx, rx) = oneshot::channel();
            told = Some(rx);
            tx
        };
        let now = self.now();
        let entry = self.lock().enter(ask, token, now);
        match (entry, told) {
            (Entry::Entered, _) => Ok(self.entered(Duration::ZERO, now)),
            (Entry::Refused(refused), _) => Err(refused),
            (
                Entry::Waiting {
                    ticket,
                    until,
                    displaced,
                },
                Some(told),
            ) => {
                if let Some((tx, refused)) = displaced {
                    // Who left meanwhile need not be told.
                    let _ = tx.send(Err(refused));
                }
                let mut waiting = Waiting {
                    door: self,
                    ticket,
                    told,
                };
                waiting.verdict(until).await
            }
            (Entry::Waiting { .. }, None) => {
                unreachable!("who waits has a token, and making it made its other end")
            }
        }
    }

    /// Returns how it is.
    pub fn view(&self) -> View {
        self.lock().view(self.now())
    }

    fn entered(self: &Arc<Self>, waited: Duration, at: Moment) -> Entered {
        Entered {
            door: Arc::clone(self),
            at,
            waited,
            learned: (None, Meaning::Nothing),
        }
    }

    fn left(&self, latency: Duration, meaning: Meaning) {
        let now = self.now();
        let moved = self.lock().left(latency, meaning, now);
        self.tell(moved);
    }

    /// Tells those whose wait ended. Who is gone by now gives its place to the next one.
    fn tell(&self, mut moved: Moved<oneshot::Sender<Verdict>>) {
        loop {
            let mut gone = 0;
            for (tx, refused) in moved.refused {
                let _ = tx.send(Err(refused));
            }
            for left in moved.entered {
                if left.token.send(Ok(left.waited)).is_err() {
                    gone += 1;
                }
            }
            if gone == 0 {
                return;
            }
            let now = self.now();
            let mut admission = self.lock();
            moved = admission.left(Duration::ZERO, Meaning::Nothing, now);
            for _ in 1..gone {
                let more = admission.left(Duration::ZERO, Meaning::Nothing, now);
                moved.entered.extend(more.entered);
                moved.refused.extend(more.refused);
            }
        }
    }

    fn now(&self) -> Moment {
        moment(&*self.clock)
    }

    fn lock(&self) -> MutexGuard<'_, Admission<oneshot::Sender<Verdict>>> {
        self.admission
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request in the queue.
struct Waiting<'d> {
    door: &'d Arc<Door>,
    ticket: Ticket,
    told: oneshot::Receiver<Verdict>,
}

impl Waiting<'_> {
    async fn verdict(&mut self, mut until: Moment) -> Result<Entered, Refused> {
        let verdict = loop {
            let wait = until.since(self.door.now());
            if let Ok(verdict) = tokio::time::timeout(wait, &mut self.told).await {
                break verdict;
            }
            // The timer may be early by less than the clock tells; who expires is told here, us among them.
            let now = self.door.now().max(until);
            let moved = self.door.lock().advance(now);
            self.door.tell(moved);
            // Whoever is not told yet waits on: a reload allowed a longer wait than there was at first.
            let next = self.door.lock().next_expiry();
            match next {
                Some(next) => until = next,
                None => break (&mut self.told).await,
            }
        };
        match verdict {
            Ok(Ok(waited)) => Ok(self.door.entered(waited, self.door.now())),
            Ok(Err(refused)) => Err(refused),
            Err(_) => unreachable!("the queue tells everybody before it forgets them"),
        }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.told.close();
        // Told, but not heard: the place is given back. Who was told and heard it has nothing left to hear.
        if let Ok(Ok(_)) = self.told.try_recv() {
            self.door.left(Duration::ZERO, Meaning::Nothing);
            return;
        }
        let now = self.door.now();
        drop(self.door.lock().cancel(self.ticket, now));
    }
}

impl Entered {
    /// Takes note of the answer's head, or of the last failure: what the limit learns from.
    pub fn answered(&mut self, outcome: &Outcome, now: Moment) {
        self.learned = (Some(now.since(self.at)), Meaning::from(outcome));
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        let (latency, meaning) = self.learned;
        self.door.left(latency.unwrap_or_default(), meaning);
    }
}
