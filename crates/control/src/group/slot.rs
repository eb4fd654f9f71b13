//! One slot of a group, from its first query to its last notice.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use plimsoll_rules::{GroupEngine, GroupKey, Turn};

use super::{GroupTask, Halt, Held};
use crate::evaluate::{Timing, Wide, Work};
use crate::lease::Role;
use crate::metrics::{Iteration, Metrics};

/// The part of its group's interval from which on a rule counts as slow.
const SLOW: u32 = 5;

impl GroupTask {
    /// Evaluates the slot that is due.
    pub(super) async fn slot(&mut self, held: Held) -> Result<Held, Halt> {
        let clock = Arc::clone(&self.context.clock);
        self.standing.set_busy(true);
        if !self.standing.is_still_here().await {
            return Err(Halt::Elsewhere);
        }
        // One role for the whole slot: what is written under it is refused once it is somebody else's.
        let role = self.standing.role.borrow().clone();
        if role.term() != self.term {
            return Err(Halt::Elsewhere);
        }
        let (began, start) = (clock.now(), clock.monotonic());
        let turn = held.engine.schedule().turn(held.last, began);
        self.ledger.begin();
        let Held {
            engine,
            settings,
            order,
            costs,
            mut slowness,
            last,
        } = held;
        if turn.missed > 0 {
            self.metrics.missed(turn.missed);
        }
        slowness.note_turn(&self.key, turn);
        if turn.slot <= last {
            tracing::warn!(group = %self.key, %last, slot = %turn.slot, "the clock was set back, and alerts follow it");
        }
        let work = Work::new(engine, self.key.clone(), Arc::clone(&order), turn.slot);
        let mut work = self.work(work, &costs, &role).await?;
        let duration = clock.monotonic().since(start);
        work.engine.group_measured(began, duration, turn.missed);
        let interval = work.engine.schedule().interval();
        let costs = self.account(&work, duration, interval, &mut slowness);
        let held = Held {
            engine: work.engine,
            settings,
            order,
            costs,
            slowness,
            last: turn.slot,
        };
        self.show(&held);
        Ok(held)
    }

    /// Evaluates all rules, and makes durable, stores and tells what they decide.
    async fn work(
        &mut self,
        mut work: Work,
        costs: &Arc<[Duration]>,
        role: &Role,
    ) -> Result<Work, Halt> {
        let interval = work.engine.schedule().interval();
        loop {
            if let Some(batch) = work.wide_batch(costs) {
                work = self.ask_wide(work, batch).await;
            }
            let (tools, taken) = (self.context.tools.clone(), Arc::clone(costs));
            let turn = self.context.lane.turn().await;
            let advanced = self.context.lane.run(turn, "evaluate rules", move || {
                work.advance(&tools, &taken);
                work
            });
            work = advanced.await.map_err(|_| Halt::Broken)?;
            if !work.staged.is_quiet() {
                work = self.settle(work, interval, role).await?;
            }
            if self.context.tools.is_canceled() {
                return Err(Halt::Stop);
            }
            if work.is_finished() {
                break;
            }
        }
        // What the store did not take in earlier slots is tried once in each.
        match self.ledger.commit(role.lease(), interval).await {
            Ok(_) => Ok(work),
            Err(_) => Err(self.fenced(role)),
        }
    }

    /// Asks the queries of a batch on as many threads as are free.
    async fn ask_wide(&self, mut work: Work, batch: Vec<usize>) -> Work {
        let at = work.engine.evaluated_at(work.slot);
        let wide = Wide::new(Arc::clone(work.engine.definition()), batch, at);
        let wide = Arc::new(wide);
        let lane = &self.context.lane;
        let mut turns = vec![lane.turn().await];
        turns.extend(lane.spare(wide.len() - 1));
        let threads = turns.into_iter().map(|turn| {
            let (wide, tools) = (Arc::clone(&wide), self.context.tools.clone());
            lane.run(turn, "query rules", move || wide.answer(&tools))
        });
        for answers in join_all(threads).await.into_iter().flatten() {
            work.take_answers(answers);
        }
        // What a thread did not answer, because it broke or the program stops, is asked again or not at all.
        work.set_asked();
        work
    }

    /// Makes changes durable, then stores samples, then hands notices over.
    async fn settle(
        &mut self,
        mut work: Work,
        interval: Duration,
        role: &Role,
    ) -> Result<Work, Halt> {
        let (changes, decisions) = work.staged.take_changes();
        self.ledger.add(changes, decisions);
        let is_durable = match self.ledger.commit(role.lease(), interval).await {
            Ok(is_durable) => is_durable,
            Err(_) => return Err(self.fenced(role)),
        };
        let notices = work.staged.take_notices();
        let tools = self.context.tools.clone();
        let stored = self
            .context
            .tasks
            .run_blocking("store rule samples", move || {
                work.settled(&tools);
                work
            });
        let work = stored.await.map_err(|_| Halt::Broken);
        // They are durable, so they leave even if the samples do not.
        if !notices.is_empty() {
            let metrics = &self.context.metrics;
            metrics.notices.inc_by(notices.len() as u64);
            if !is_durable {
                metrics.notices_not_durable.inc_by(notices.len() as u64);
            }
            self.context.sink.send(notices);
        }
        work
    }

    fn fenced(&self, role: &Role) -> Halt {
        if let Some(lease) = role.lease() {
            self.standing.lost(lease);
        }
        Halt::Elsewhere
    }

    /// Counts what the slot cost; returns what each rule did.
    fn account(
        &self,
        work: &Work,
        duration: Duration,
        interval: Duration,
        slowness: &mut Slowness,
    ) -> Arc<[Duration]> {
        let mut costs = vec![Duration::ZERO; work.timings.len()];
        for timing in &work.timings {
            self.metrics
                .evaluated(timing.duration, timing.error.is_some());
            costs[timing.rule] = timing.duration;
            slowness.note(&work.engine, timing, interval);
        }
        self.metrics.ended(Iteration {
            slot: work.slot,
            duration,
            rules_duration: costs.iter().sum(),
            samples: work.stored,
        });
        costs.into()
    }
}

/// Which rules of a group are slow or fail and whether slots are left out, so that the log tells when that changes and
/// not at every slot.
pub(super) struct Slowness {
    metrics: Metrics,
    is_slow: Vec<bool>,
    has_failed: Vec<bool>,
    is_late: bool,
}

impl Slowness {
    pub(super) fn new(metrics: Metrics, rules: usize) -> Self {
        Self {
            metrics,
            is_slow: vec![false; rules],
            has_failed: vec![false; rules],
            is_late: false,
        }
    }

    fn note_turn(&mut self, group: &GroupKey, turn: Turn) {
        let is_late = turn.missed > 0;
        match (std::mem::replace(&mut self.is_late, is_late), is_late) {
            (false, true) => {
                tracing::warn!(%group, missed = turn.missed, "slots of the group are left out");
            }
            (true, false) => tracing::info!(%group, "no slots of the group are left out any more"),
            _ => {}
        }
    }

    fn note(&mut self, engine: &GroupEngine, timing: &Timing, interval: Duration) {
        let (group, rule) = (engine.key(), timing.rule);
        let name = &*engine.rule_id(rule).name;
        let is_slow = timing.duration > interval / SLOW;
        let took = timing.duration;
        match (std::mem::replace(&mut self.is_slow[rule], is_slow), is_slow) {
            (false, true) => {
                self.metrics.slow.inc();
                tracing::warn!(%group, name, ?took, ?interval, "a rule is slow");
            }
            (true, false) => {
                self.metrics.slow.dec();
                tracing::info!(%group, name, ?took, "a rule is slow no more");
            }
            _ => {}
        }
        let had_failed = std::mem::replace(&mut self.has_failed[rule], timing.error.is_some());
        match (&timing.error, had_failed) {
            (Some(error), false) => tracing::warn!(%group, name, error, "a rule failed"),
            (None, true) => tracing::info!(%group, name, "a rule is evaluated again"),
            _ => {}
        }
    }
}

impl Drop for Slowness {
    fn drop(&mut self) {
        let slow = self.is_slow.iter().filter(|is_slow| **is_slow).count();
        self.metrics.slow.dec_by(slow as i64);
    }
}
