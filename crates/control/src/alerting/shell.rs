//! The loop: everything that happens to alerting comes by here, one thing after the other.
//!
//! | phase | who is here | posts and silences | timers and notices |
//! |---|---|---|---|
//! | `Reading` | nobody has read the rows yet | remembered, and into the inbox | rest |
//! | `Standby` | another replica routes | remembered for who looks, and into the inbox | rest |
//! | `Leading` | this one routes | a step, and its rows | run |
//! | `Alone` | another one may route, but the store was away for the grace | remembered, and into the local inbox | run, marked as degraded |
//!
//! ```text
//!            role: elsewhere, rows read
//! Reading ------------------------------> Standby --- store away for the grace ---> Alone
//!    |   ^                                   |  ^                                     |
//!    |   +-- role: here ---------------------+  +--- the store answers: read anew ----+
//!    +------ role: here, rows read ---> Leading
//! ```

mod events;
mod posting;
mod recent;
mod standby;
mod steps;

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use plimsoll_alerting::{Engine, Step};
use plimsoll_runtime::clock::Monotonic;
use plimsoll_runtime::shutdown::Shutdown;
use plimsoll_state::Error;
use plimsoll_state::rows::alerting::InboxRow;
use plimsoll_types::Timestamp;
use tokio::sync::{mpsc, watch};

use super::Inner;
use super::ask::Ask;
use super::journal::Journal;
use super::outbox::{Answered, Outbox};
use crate::lease::{Role, Standing};

use self::events::{Event, Later};
use self::posting::Posting;
use self::recent::Recent;

/// How often the loop looks around when nothing happens.
const TICK: Duration = Duration::from_secs(1);
/// How long the last verdicts and their rows may take when the program ends.
const LAST_WORDS: Duration = Duration::from_secs(4);

/// Where the loop stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Reading,
    Standby,
    Leading,
    Alone,
}

/// An engine that was made of rows, and what follows from that.
struct Restored {
    engine: Box<Engine>,
    step: Step,
    /// What waits in the inbox, for who does not route: nobody may take it up before this replica pages from it.
    waiting: Vec<InboxRow>,
}

/// What the loop works with.
pub(super) struct Shell {
    inner: Arc<Inner>,
    asks: mpsc::Receiver<Ask>,
    answered: mpsc::Receiver<Answered>,
    outbox: Outbox,
    standing: Arc<Standing>,
    role: watch::Receiver<Role>,
    /// The [term](Role::term) of which everything is known.
    term: Option<i64>,
    phase: Phase,
    journal: Journal,
    /// When the engine wants to be woken.
    wake_at: Option<Timestamp>,
    tick_at: Monotonic,
    /// An engine that is being made of the rows in the store.
    reading: Later<Result<Restored, Error>>,
    /// A count of alerts by state, and how long it took; when it was begun and how long it took the last time.
    counting: Later<Duration>,
    counted_at: Option<Monotonic>,
    count_took: Duration,
    /// When rows were asked for the last time, and how long the answer took.
    read_at: Monotonic,
    read_took: Duration,
    /// What was accepted here lately and may not be among the rows that are being read.
    recent: Recent,
    /// A post that is taken in pieces.
    posting: Option<Posting>,
    /// Rows of the inbox that are taken one by one.
    to_take_up: VecDeque<InboxRow>,
    /// The inbox on its way from the store.
    inbox: Later<Result<Vec<InboxRow>, Error>>,
    /// What waits here on its way into the store.
    handing_over: Later<Result<usize, Error>>,
    /// Whether more waits in the inbox than was read.
    is_inbox_full: bool,
    /// The numbers of what was accepted into the inbox and went through the engine that leads, as far as what followed is
    /// durable.
    applied: Range<u64>,
    /// The end of those numbers once the commit lands that is under way.
    applied_next: u64,
    /// When the store is tried again after a commit that failed.
    retry_at: Monotonic,
    is_degraded: bool,
}

impl Shell {
    pub(super) fn new(
        inner: Arc<Inner>,
        asks: mpsc::Receiver<Ask>,
        standing: Arc<Standing>,
        stop: Shutdown,
    ) -> Self {
        let (outbox, answered) = Outbox::new(
            inner.tasks.clone(),
            Arc::clone(&inner.clock),
            Arc::clone(&standing),
            inner.metrics.clone(),
            stop,
        );
        let now = inner.clock.monotonic();
        Self {
            role: standing.role.clone(),
            standing,
            term: None,
            phase: Phase::Reading,
            journal: Journal::default(),
            wake_at: None,
            tick_at: now,
            reading: Later::default(),
            counting: Later::default(),
            counted_at: None,
            count_took: Duration::ZERO,
            read_at: now,
            read_took: Duration::ZERO,
            recent: Recent::default(),
            posting: None,
            to_take_up: VecDeque::new(),
            inbox: Later::default(),
            handing_over: Later::default(),
            is_inbox_full: false,
            applied: 0..0,
            applied_next: 0,
            retry_at: now,
            is_degraded: false,
            outbox,
            answered,
            asks,
            inner,
        }
    }

    /// Runs until `stop`.
    pub(super) async fn run(mut self, stop: Shutdown) {
        self.change_role();
        while !stop.is_triggered() {
            let event = self.next(&stop).await;
            self.handle(event);
            self.begin_commit();
            self.show();
        }
        self.finish().await;
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Stop => {}
            Event::Role => self.change_role(),
            Event::Asked(ask) => self.asked(ask),
            Event::Answered((delivery, verdict)) => {
                self.step(plimsoll_alerting::Event::Answered { delivery, verdict });
            }
            Event::Tick => self.tick(),
            Event::Landed(landed) => self.landed(landed),
            Event::Read(engine) => self.engine_read(engine),
            Event::Inbox(rows) => self.inbox_read(rows),
            Event::HandedOver(count) => self.handed_over(count),
            Event::More => self.go_on(),
            Event::Counted(took) => self.count_took = took,
        }
    }

    fn show(&self) {
        self.inner.shown.set(self.phase, self.is_degraded);
        let metrics = &self.inner.metrics;
        metrics.uncommitted.set(self.journal.len() as i64);
        metrics.is_leading.set(i64::from(self.runs()));
        metrics.is_degraded.set(i64::from(self.is_degraded));
    }

    /// Takes the role that the lease gives: everything that was known in another one is old.
    fn change_role(&mut self) {
        let role = self.role.borrow_and_update().clone();
        self.term = role.term();
        for waiting in self.journal.forget() {
            self.accept(waiting);
        }
        self.is_degraded = false;
        self.inbox.clear();
        self.to_take_up.clear();
        self.reading.clear();
        self.restart_posting();
        self.applied = 0..0;
        self.phase = match (role.is_here(), self.phase) {
            (false, Phase::Standby | Phase::Leading | Phase::Alone) => Phase::Standby,
            _ => Phase::Reading,
        };
        self.read();
    }

    /// Takes a post that is half taken from its begin.
    fn restart_posting(&mut self) {
        if let Some(posting) = &mut self.posting {
            posting.restart();
        }
    }

    /// Makes the last verdicts durable, as far as they come, and gives the lease back.
    async fn finish(&mut self) {
        self.asks.close();
        let end = self.inner.clock.monotonic().after(LAST_WORDS);
        let mut out_of_time = self.inner.clock.sleep_until(end);
        while self.owes() {
            let event = tokio::select! {
                biased;
                () = &mut out_of_time => break,
                Some(answered) = self.answered.recv() => Event::Answered(answered),
                () = std::future::ready(()), if self.posting.is_some() => Event::More,
                Some(ask) = self.asks.recv() => Event::Asked(ask),
                landed = self.journal.landed() => Event::Landed(landed),
            };
            self.handle(event);
            self.begin_commit();
            if self.inner.health.is_away() && self.posting.is_none() {
                break;
            }
        }
        while let Ok(ask) = self.asks.try_recv() {
            drop(ask);
        }
        self.standing.release().await;
    }

    /// Says whether somebody waits for an answer, or something for being durable.
    fn owes(&self) -> bool {
        let is_open = self.outbox.sending() > 0 || !self.journal.is_clean();
        self.posting.is_some() || (self.phase == Phase::Leading && is_open)
    }
}
