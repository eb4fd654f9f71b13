//! What the loop waits for.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use plimsoll_runtime::shutdown::Shutdown;
use plimsoll_state::Error;
use plimsoll_state::rows::alerting::InboxRow;

use super::super::ask::Ask;
use super::super::journal::Landed;
use super::super::outbox::Answered;
use super::{Phase, Restored, Shell, TICK};

/// How many changes may wait for the store before posts wait: then it is slower than those who post.
const CHANGES_MAX: usize = 50_000;

/// What happened.
pub(super) enum Event {
    Stop,
    Role,
    Asked(Ask),
    Answered(Answered),
    /// The engine wants to be woken, or it is time to look around.
    Tick,
    Landed(Landed),
    Read(Result<Restored, Error>),
    Inbox(Result<Vec<InboxRow>, Error>),
    HandedOver(Result<usize, Error>),
    /// Alerts were counted, which took so long.
    Counted(Duration),
    /// Something is too much for one step, and it is its turn again.
    More,
}

/// An answer that comes later, or nothing that is waited for.
pub(super) struct Later<T>(Option<Pin<Box<dyn Future<Output = T> + Send>>>);

impl<T> Default for Later<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Later<T> {
    pub(super) fn set(&mut self, future: impl Future<Output = T> + Send + 'static) {
        self.0 = Some(Box::pin(future));
    }

    pub(super) fn clear(&mut self) {
        self.0 = None;
    }

    pub(super) fn is_set(&self) -> bool {
        self.0.is_some()
    }

    /// Waits for the answer; for ever when none is expected.
    async fn wait(&mut self) -> T {
        let Some(future) = &mut self.0 else {
            return std::future::pending().await;
        };
        let answer = future.as_mut().await;
        self.0 = None;
        answer
    }
}

impl Shell {
    pub(super) async fn next(&mut self, stop: &Shutdown) -> Event {
        let has_room = self.inner.health.is_away() || self.journal.len() < CHANGES_MAX;
        let sleep = self.inner.clock.sleep(self.pause());
        let term = self.term;
        tokio::select! {
            biased;
            () = stop.wait() => Event::Stop,
            Ok(_) = self.role.wait_for(|role| role.term() != term) => Event::Role,
            landed = self.journal.landed() => Event::Landed(landed),
            Some(answered) = self.answered.recv() => Event::Answered(answered),
            rows = self.reading.wait() => Event::Read(rows),
            rows = self.inbox.wait() => Event::Inbox(rows),
            count = self.handing_over.wait() => Event::HandedOver(count),
            took = self.counting.wait() => Event::Counted(took),
            () = sleep => Event::Tick,
            // The last two: under a flood of posts everything else goes on, here and on this thread.
            () = tokio::task::yield_now(), if self.has_more() => Event::More,
            Some(ask) = self.asks.recv(), if has_room && self.posting.is_none() => Event::Asked(ask),
        }
    }

    /// Returns how long nothing has to be looked at.
    fn pause(&self) -> Duration {
        let now = self.inner.clock.monotonic();
        let tick = self.tick_at.since(now);
        let Some(wake_at) = self.wake_at.filter(|_| self.runs()) else {
            return tick;
        };
        let millis = wake_at.millis_since(self.inner.clock.now()).max(0);
        tick.min(Duration::from_millis(millis.unsigned_abs()))
            .min(TICK)
    }

    /// Says whether something waits that is too much for one step.
    fn has_more(&self) -> bool {
        self.posting.is_some() || !self.to_take_up.is_empty()
    }

    /// Says whether timers and notices run here.
    pub(super) fn runs(&self) -> bool {
        matches!(self.phase, Phase::Leading | Phase::Alone)
    }
}
