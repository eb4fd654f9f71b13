//! One process: an engine, its part of the shared rows, and what it does when the store does not answer.
//!
//! | is | when | does |
//! |---|---|---|
//! | standby | the lease is free | restores an engine from the rows and leads |
//! | leader | a commit fails | keeps the changes and what should begin, and tries again |
//! | leader | another one leads, or its lease may have passed | restores an engine as standby; what was not durable is gone |
//! | either | the store is away for longer than the grace | decides from what it knows and says so in every notice |
//! | either | the store is back, and another one leads | says what it told meanwhile; who leads takes that up |

use std::collections::BTreeMap;
use std::sync::Arc;

use plimsoll_alerting::rows::{AlertRow, Change, Rows};
use plimsoll_alerting::{
    Attempt, Config, Engine, Event, Fingerprint, Settings, Silence, SilenceId, Step,
};
use plimsoll_types::Timestamp;

use super::store::{Failure, LEASE_MILLIS, Store};

/// How long the store may be away before notices are sent without it.
pub(super) const GRACE_MILLIS: i64 = 30_000;

/// Where the world's time begins, in milliseconds since the epoch.
pub(super) const EPOCH_MILLIS: i64 = 1_760_000_000_000;

pub(super) struct Replica {
    pub(super) number: usize,
    skew: i64,
    config: Arc<Config>,
    /// Absent while the process is down.
    pub(super) engine: Option<Engine>,
    /// Another one after each start: answers to attempts of an earlier one reach nobody.
    pub(super) incarnation: u32,
    pub(super) paused_until: i64,
    fence: Option<u64>,
    /// Until when it may take itself for the leader, by its own monotonic clock.
    lease_until: i64,
    pub(super) is_degraded: bool,
    away_since: Option<i64>,
    pending: Vec<Change>,
    held: Vec<Attempt>,
    known: Known,
    /// Whether it has read what is durable; before, it promises nothing.
    is_ready: bool,
    /// Whether everything is told to whoever watches.
    is_watched: bool,
}

/// What was read or written of the rows that all write.
#[derive(Default)]
struct Known {
    alerts: BTreeMap<Fingerprint, AlertRow>,
    silences: BTreeMap<SilenceId, Arc<Silence>>,
}

impl Replica {
    pub(super) fn new(number: usize, skew: i64, config: Arc<Config>, is_watched: bool) -> Self {
        Self {
            number,
            skew,
            config,
            engine: None,
            incarnation: 0,
            paused_until: 0,
            fence: None,
            lease_until: 0,
            is_degraded: false,
            away_since: None,
            pending: Vec::new(),
            held: Vec::new(),
            known: Known::default(),
            is_ready: false,
            is_watched,
        }
    }

    /// Returns what its clock shows at a time of the world.
    pub(super) fn local(&self, at: i64) -> Timestamp {
        Timestamp::from_millis(EPOCH_MILLIS + at + self.skew)
    }

    /// Returns the time of the world at which its clock shows a time.
    pub(super) fn world(&self, local: Timestamp) -> i64 {
        local.millis() - EPOCH_MILLIS - self.skew
    }

    pub(super) fn is_up(&self, at: i64) -> bool {
        self.engine.is_some() && at >= self.paused_until
    }

    /// Says whether it takes posts: before it has read what is durable it would write over it.
    pub(super) fn is_ready(&self, at: i64) -> bool {
        self.is_up(at) && self.is_ready
    }

    /// Says whether it takes itself for the one who decides.
    pub(super) fn is_leading(&self, at: i64) -> bool {
        self.is_degraded || (self.fence.is_some() && at < self.lease_until)
    }

    pub(super) fn is_settled(&self) -> bool {
        self.pending.is_empty()
    }

    /// Begins to run, knowing nothing until the store has answered.
    pub(super) fn start(&mut self, at: i64) {
        self.incarnation += 1;
        self.fence = None;
        self.is_degraded = false;
        self.away_since = None;
        self.pending.clear();
        self.held.clear();
        self.known = Known::default();
        self.is_ready = false;
        let config = Arc::clone(&self.config);
        self.engine = Some(Engine::new(config, settings(false), self.local(at)));
    }

    pub(super) fn die(&mut self) {
        self.engine = None;
        self.incarnation += 1;
    }

    /// Reads another configuration.
    pub(super) fn reload(
        &mut self,
        config: Arc<Config>,
        store: &mut Store,
        at: i64,
    ) -> Vec<Attempt> {
        self.config = Arc::clone(&config);
        let now = self.local(at);
        let Some(engine) = &mut self.engine else {
            return Vec::new();
        };
        let step = engine.reload(config, now);
        self.carry_out(step, store, at).0
    }

    /// Tells the engine something; returns what begins now, and whether all that followed is durable.
    pub(super) fn tell(
        &mut self,
        event: Event,
        store: &mut Store,
        at: i64,
    ) -> (Vec<Attempt>, Told) {
        let now = self.local(at);
        let Some(engine) = &mut self.engine else {
            return (Vec::new(), Told::default());
        };
        let mut step = engine.step(event, now);
        let silence = step.silence.take().and_then(Result::ok);
        let refused = step.refused.len();
        let (begin, is_durable) = self.carry_out(step, store, at);
        let told = Told {
            is_durable: is_durable && refused == 0,
            silence,
        };
        (begin, told)
    }

    fn carry_out(&mut self, step: Step, store: &mut Store, at: i64) -> (Vec<Attempt>, bool) {
        self.show(&step, at);
        self.pending.extend(step.changes);
        self.held.extend(step.start);
        self.settle(store, at)
    }

    fn show(&self, step: &Step, at: i64) {
        if !self.is_watched || (step.changes.is_empty() && step.start.is_empty()) {
            return;
        }
        let role = if self.is_leading(at) {
            "leads"
        } else {
            "stands by"
        };
        println!("{at} replica {} ({role})", self.number);
        step.changes
            .iter()
            .for_each(|change| println!("    {change:?}"));
        for attempt in &step.start {
            let Attempt {
                delivery, notice, ..
            } = attempt;
            println!(
                "    begins {delivery} {:?} to {}",
                notice.reason, notice.receiver
            );
        }
    }

    /// Makes durable what is not yet; returns what may begin then.
    fn settle(&mut self, store: &mut Store, at: i64) -> (Vec<Attempt>, bool) {
        let is_durable = match self.pending.is_empty() {
            true => true,
            false => self.commit(store, at),
        };
        let may_send = self.is_leading(at) && (is_durable || self.is_degraded);
        if !may_send {
            return (Vec::new(), is_durable);
        }
        let mut begin = std::mem::take(&mut self.held);
        // What was held back until now leaves without the store, too.
        for attempt in &mut begin {
            attempt.notice.is_degraded |= self.is_degraded;
        }
        (begin, is_durable)
    }

    fn commit(&mut self, store: &mut Store, at: i64) -> bool {
        if self.is_degraded && self.fence.is_none() {
            // Who decides only because it is alone writes nothing that belongs to who leads.
            return false;
        }
        match store.commit(self.number, self.fence, &self.pending, at) {
            Ok(()) => {
                for change in std::mem::take(&mut self.pending) {
                    self.known.note(&change);
                }
                self.away_since = None;
                true
            }
            // Whoever does not know how it ended writes the same again.
            Err(Failure::Away | Failure::AnswerLost) => {
                self.away_since.get_or_insert(at);
                false
            }
            Err(Failure::Fenced) => {
                self.step_down(store, at);
                false
            }
        }
    }

    /// Looks who leads, reads what others wrote, and tries again what failed.
    pub(super) fn poll(&mut self, store: &mut Store, at: i64) -> Vec<Attempt> {
        match store.lead(self.number, at) {
            Err(_) => return self.without_store(store, at),
            Ok(Some(fence)) if self.fence == Some(fence) => self.lease_until = at + LEASE_MILLIS,
            Ok(Some(fence)) => self.take_over(fence, store, at),
            Ok(None) if self.fence.is_some() || self.is_degraded || !self.is_ready => {
                self.step_down(store, at);
            }
            // As the shell, which reads all rows again and again: who stands by forgets what the leader deleted. A post that
            // only prolonged it would be written by nobody.
            Ok(None) if self.knows_deleted(store, at) => self.renew_engine(false, store, at),
            Ok(None) => {}
        }
        self.away_since = None;
        let mut begin = self.settle(store, at).0;
        if std::mem::take(&mut self.is_degraded) {
            begin.extend(self.tell(Event::Degraded(false), store, at).0);
        }
        begin.extend(self.read_others(store, at));
        begin.extend(self.take_up_told(store, at));
        begin
    }

    /// Who leads takes up what was told alone; it is gone from the store when what follows is durable.
    fn take_up_told(&mut self, store: &mut Store, at: i64) -> Vec<Attempt> {
        let mut begin = Vec::new();
        if self.fence.is_none() || !self.is_settled() {
            return begin;
        }
        let waiting = store.handed_over().to_vec();
        for (number, alone) in waiting {
            let (begun, told) = self.tell(Event::ToldAlone(Box::new(alone)), store, at);
            begin.extend(begun);
            if told.is_durable {
                store.taken_up(number);
            }
        }
        begin
    }

    /// Says whether an alert that it read or wrote is not durable any more, and it has nothing to write.
    fn knows_deleted(&self, store: &Store, at: i64) -> bool {
        let Ok(rows) = store.read(self.number, at) else {
            return false;
        };
        let is_there = |key: &Fingerprint| rows.alerts.iter().any(|row| row.fingerprint == *key);
        self.pending.is_empty() && !self.known.alerts.keys().all(is_there)
    }

    fn without_store(&mut self, store: &mut Store, at: i64) -> Vec<Attempt> {
        let since = *self.away_since.get_or_insert(at);
        if self.is_degraded || at < since + GRACE_MILLIS {
            return Vec::new();
        }
        self.is_degraded = true;
        let mut begin = self.tell(Event::Degraded(true), store, at).0;
        begin.extend(self.tell(Event::Leading(true), store, at).0);
        begin
    }

    fn take_over(&mut self, fence: u64, store: &mut Store, at: i64) {
        self.fence = Some(fence);
        self.lease_until = at + LEASE_MILLIS;
        self.is_degraded = false;
        self.renew_engine(true, store, at);
    }

    fn step_down(&mut self, store: &mut Store, at: i64) {
        self.fence = None;
        self.is_degraded = false;
        self.renew_engine(false, store, at);
    }

    /// Makes an engine of what is durable.
    fn renew_engine(&mut self, is_leading: bool, store: &mut Store, at: i64) {
        self.pending.clear();
        self.held.clear();
        self.incarnation += 1;
        let Ok(rows) = store.read(self.number, at).cloned() else {
            return;
        };
        let now = self.local(at);
        let before = self.engine.as_mut();
        let before = before.map(|engine| engine.take_told_alone(now));
        if let Some(alone) = before.filter(|alone| !alone.is_empty()) {
            store.hand_over(alone);
        }
        self.known = Known::default();
        rows.alerts.iter().for_each(|row| self.known.alert(row));
        rows.silences.iter().for_each(|row| self.known.silence(row));
        let config = Arc::clone(&self.config);
        let (engine, step) = Engine::restore(config, settings(is_leading), rows, now);
        self.show(&step, at);
        self.pending.extend(step.changes);
        self.held.extend(step.start);
        self.engine = Some(engine);
        self.is_ready = true;
    }

    fn read_others(&mut self, store: &mut Store, at: i64) -> Vec<Attempt> {
        let Ok(rows) = store.read(self.number, at) else {
            return Vec::new();
        };
        let mut news = Rows::default();
        for row in &rows.alerts {
            if self.known.alerts.get(&row.fingerprint) != Some(row) {
                news.alerts.push(row.clone());
                self.known.alert(row);
            }
        }
        for row in &rows.silences {
            if self.known.silences.get(&row.id) != Some(row) {
                news.silences.push(Arc::clone(row));
                self.known.silence(row);
            }
        }
        if news == Rows::default() {
            return Vec::new();
        }
        self.tell(Event::Merged(Box::new(news)), store, at).0
    }
}

fn settings(is_leading: bool) -> Settings {
    Settings {
        is_leading,
        ..Settings::default()
    }
}

/// What became of something that was told.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) is_durable: bool,
    pub(super) silence: Option<SilenceId>,
}

impl Known {
    fn alert(&mut self, row: &AlertRow) {
        self.alerts.insert(row.fingerprint, row.clone());
    }

    fn silence(&mut self, row: &Arc<Silence>) {
        self.silences.insert(row.id, Arc::clone(row));
    }

    fn note(&mut self, change: &Change) {
        match change {
            Change::PutAlert(row) => self.alert(row),
            Change::PutSilence(row) => self.silence(row),
            Change::DeleteAlert(key) => drop(self.alerts.remove(key)),
            Change::DeleteSilence(key) => drop(self.silences.remove(key)),
            _ => {}
        }
    }
}
