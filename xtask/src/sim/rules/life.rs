//! The life of a process: whatever it does to the world goes through here, and after its death nothing does.
//!
//! A process dies inside an effect: before it, or after it without hearing of it. From then on its calls of the store of
//! state never return, its samples are refused and its notices are dropped, as if the machine had ended it there. Or it
//! is stopped there (a frozen machine, SIGSTOP), and later goes on as if no time had passed.

use std::collections::BTreeMap;
use std::future::pending;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use plimsoll_control::AlertSink;
use plimsoll_runtime::clock::Clock;
use plimsoll_state::{
    Answer, Cell, Change, Error, ErrorKind, Holder, Lease, MemoryStore, Query, Store,
};
use plimsoll_testkit::{FakeClock, MemoryStore as SampleStore};
use plimsoll_types::{
    Alert, Appended, Appender, Durability, Labels, SeriesRef, StorageError, StorageErrorKind,
    Timestamp, WriteBatch,
};

use super::clock::ProcessClock;
use super::story::Point;

/// What happens to a process, and where.
#[derive(Clone, Copy, Debug)]
struct Armed {
    point: Point,
    skip: u32,
    fate: Fate,
}

/// What happens to a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Dies,
    Stops,
}

/// What outlives every process: time, rows, samples, and what was told.
#[derive(Clone)]
pub(super) struct World {
    pub(super) clock: FakeClock,
    pub(super) rows: MemoryStore,
    pub(super) samples: SampleStore,
    pub(super) notices: Arc<Mutex<Vec<Notice>>>,
    /// Until when the store of state fails.
    pub(super) away_until: Arc<Mutex<Option<Timestamp>>>,
    /// The store of state says of some commits that they are durable, and they are not: that must be found.
    pub(super) lies: bool,
    /// Who stored which samples of series whose name ends with [`BEAT`].
    pub(super) beats: Arc<Mutex<Vec<Beat>>>,
}

/// One of so many commits is lost by a store that lies.
const LIES: u64 = 5;

/// What a rule's name ends with that has a sample at each slot.
pub(super) const BEAT: &str = ":beat";

/// A sample that shows who evaluated a slot.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Beat {
    pub(super) group: String,
    pub(super) slot: Timestamp,
    pub(super) owner: String,
}

/// An alert that was told.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Notice {
    pub(super) at: Timestamp,
    pub(super) alert: Alert,
}

/// The life of one process; clones share it.
#[derive(Clone)]
pub(super) struct Life {
    world: World,
    clock: ProcessClock,
    owner: String,
    state: Arc<(Mutex<State>, Condvar)>,
}

#[derive(Default)]
struct State {
    is_dead: bool,
    is_stopped: bool,
    armed: Option<Armed>,
    /// How often rows were read back.
    reads: usize,
    /// The groups of series that are beats.
    beats: BTreeMap<SeriesRef, String>,
}

impl Life {
    pub(super) fn new(world: &World, clock: ProcessClock, owner: String) -> Self {
        Self {
            world: world.clone(),
            clock,
            owner,
            state: Arc::default(),
        }
    }

    pub(super) fn is_dead(&self) -> bool {
        self.state().is_dead
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.state().is_stopped
    }

    pub(super) fn end(&self) {
        self.state().is_dead = true;
        self.state.1.notify_all();
    }

    /// Stops the process, or lets it go on.
    pub(super) fn set_stopped(&self, is_stopped: bool) {
        self.state().is_stopped = is_stopped;
        self.clock.set_stopped(is_stopped);
        self.state.1.notify_all();
    }

    /// Lets the process meet its fate at the next such point, after so many that it passes.
    pub(super) fn arm(&self, point: Point, skip: u32, fate: Fate) {
        self.state().armed = Some(Armed { point, skip, fate });
    }

    /// Returns how often rows were read back: once for each group that begins.
    pub(super) fn reads(&self) -> usize {
        self.state().reads
    }

    /// Lets the process live.
    pub(super) fn disarm(&self) {
        self.state().armed = None;
    }

    /// Says whether the process goes on at a point; one that is stopped waits here.
    fn survives(&self, point: Point) -> bool {
        let mut state = self.state();
        match &mut state.armed {
            Some(armed) if armed.point == point && armed.skip == 0 => {
                let fate = armed.fate;
                state.armed = None;
                match fate {
                    Fate::Dies => state.is_dead = true,
                    Fate::Stops => {
                        state.is_stopped = true;
                        self.clock.set_stopped(true);
                    }
                }
            }
            Some(armed) if armed.point == point => armed.skip -= 1,
            _ => {}
        }
        while state.is_stopped && !state.is_dead {
            let waited = self.state.1.wait(state);
            state = waited.unwrap_or_else(PoisonError::into_inner);
        }
        !state.is_dead
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn beat(&self, batch: &WriteBatch) {
        let state = self.state();
        let beats = batch.samples.iter().filter_map(|(series, sample)| {
            let group = state
                .beats
                .get(series)
                .filter(|_| !sample.value.is_stale())?;
            Some(Beat {
                group: group.clone(),
                slot: sample.timestamp,
                owner: self.owner.clone(),
            })
        });
        let mut told = self
            .world
            .beats
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        told.extend(beats);
    }

    /// Fails while the store of state is away; never returns for the dead.
    async fn reach(&self) -> plimsoll_state::Result<()> {
        if self.is_dead() {
            return pending().await;
        }
        let until = *self
            .world
            .away_until
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        match until {
            Some(until) if self.world.clock.now() < until => {
                Err(Error::new(ErrorKind::Unavailable, "the simulation says so"))
            }
            _ => Ok(()),
        }
    }

    async fn carry_out(
        &self,
        lease: Option<Lease>,
        changes: Vec<Change>,
    ) -> plimsoll_state::Result<()> {
        self.reach().await?;
        if !self.survives(Point::BeforeCommit) {
            return pending().await;
        }
        let is_lie = self.world.lies && self.world.rows.commits().is_multiple_of(LIES);
        let changes = if is_lie { Vec::new() } else { changes };
        let done = self.world.rows.commit(lease.as_ref(), changes).await;
        match self.survives(Point::AfterCommit) {
            true => done,
            false => pending().await,
        }
    }
}

impl Store for Life {
    fn commit(&self, lease: Option<&Lease>, changes: Vec<Change>) -> Answer<'_, ()> {
        Box::pin(self.carry_out(lease.cloned(), changes))
    }

    fn read(&self, query: Query) -> Answer<'_, Vec<Vec<Cell>>> {
        Box::pin(async move {
            self.reach().await?;
            let rows = self.world.rows.read(query).await?;
            self.state().reads += 1;
            Ok(rows)
        })
    }

    fn acquire(&self, name: &str, owner: &str, ttl: Duration) -> Answer<'_, Option<Lease>> {
        let (name, owner) = (name.to_owned(), owner.to_owned());
        Box::pin(async move {
            self.reach().await?;
            self.world.rows.acquire(&name, &owner, ttl).await
        })
    }

    fn renew(&self, lease: &Lease, ttl: Duration) -> Answer<'_, Option<Lease>> {
        let lease = lease.clone();
        Box::pin(async move {
            self.reach().await?;
            self.world.rows.renew(&lease, ttl).await
        })
    }

    fn release(&self, lease: &Lease) -> Answer<'_, ()> {
        let lease = lease.clone();
        Box::pin(async move {
            self.reach().await?;
            self.world.rows.release(&lease).await
        })
    }

    fn holders(&self) -> Answer<'_, Vec<Holder>> {
        Box::pin(async move {
            self.reach().await?;
            self.world.rows.holders().await
        })
    }

    fn place(&self) -> String {
        "simulation".into()
    }

    fn close(&self) -> Answer<'_, ()> {
        Box::pin(std::future::ready(Ok(())))
    }
}

impl Appender for Life {
    fn resolve(&self, labels: &Labels) -> Result<SeriesRef, StorageError> {
        let series = self.world.samples.resolve(labels)?;
        if let Some(group) = labels
            .metric_name()
            .and_then(|name| name.strip_suffix(BEAT))
        {
            self.state().beats.insert(series, group.to_owned());
        }
        Ok(series)
    }

    fn append(&self, batch: &WriteBatch, durability: Durability) -> Result<Appended, StorageError> {
        match self.survives(Point::BeforeAppend) {
            true => {
                self.beat(batch);
                self.world.samples.append(batch, durability)
            }
            false => Err(StorageError::new(
                StorageErrorKind::Closed,
                "the process is dead",
            )),
        }
    }
}

impl AlertSink for Life {
    fn send(&self, alerts: Vec<Alert>) {
        if !self.survives(Point::BeforeSend) {
            return;
        }
        let at = self.world.clock.now();
        let mut notices = self
            .world
            .notices
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        notices.extend(alerts.into_iter().map(|alert| Notice { at, alert }));
        drop(notices);
        self.survives(Point::AfterSend);
    }
}
