//! The task of one group: restores it, evaluates it at its slots, changes it on a reload, and ends it.
//!
//! ```text
//!              role: here            rows read             slot due
//!  Elsewhere ------------> Restoring ---------> Waiting ------------> Evaluating
//!      ^                       |                  | ^                      |
//!      |   role: elsewhere     |                  | +----------------------+
//!      +-----------------------+------------------+  removed by a reload, and two intervals are over: Ended
//! ```

mod restore;
mod slot;

use std::sync::Arc;
use std::time::Duration;

use plimsoll_rules::{GroupEngine, GroupKey};
use plimsoll_runtime::shutdown::Shutdown;
use plimsoll_types::Timestamp;
use tokio::sync::watch;

use self::slot::Slowness;
use crate::context::Context;
use crate::evaluate::Order;
use crate::lease::{Role, Standing};
use crate::ledger::Ledger;
use crate::metrics::GroupMetrics;
use crate::settings::{Settings, Wanted};
use crate::shown::Shown;

/// After so many intervals the series of a group that was removed are ended, as in Prometheus: by then it would have
/// appeared elsewhere.
const INTERVALS_BEFORE_END: u32 = 2;
/// How long a group rests whose evaluation broke.
const PAUSE_AFTER_PANIC: Duration = Duration::from_secs(1);

/// What a group's task works with.
pub(crate) struct GroupTask {
    context: Arc<Context>,
    key: GroupKey,
    wanted: watch::Receiver<Wanted>,
    standing: Standing,
    shown: Arc<Shown>,
    ledger: Ledger,
    metrics: GroupMetrics,
    /// Slots up to here are not evaluated: the group was not there.
    since: Timestamp,
    /// The [term](Role::term) in which the group is evaluated here, of which everything known is; another one begins with
    /// reading the rows back, even if nobody saw the end of this one.
    term: Option<i64>,
}

/// A group that is evaluated here.
struct Held {
    engine: GroupEngine,
    settings: Arc<Settings>,
    order: Arc<Order>,
    /// How long each rule took the last time.
    costs: Arc<[Duration]>,
    slowness: Slowness,
    /// The last slot that was evaluated, or before the first the one that was left to whoever was there before.
    last: Timestamp,
}

/// Why a group is not evaluated any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Halt {
    /// The program stops.
    Stop,
    /// It was removed, and its end is written.
    Ended,
    /// Another replica evaluates it, or nobody.
    Elsewhere,
    /// Its engine was lost in a panic; it begins anew from its rows.
    Broken,
}

/// What a waiting group wakes for.
enum Event {
    Slot,
    Changed,
    Halt(Halt),
}

impl GroupTask {
    pub(crate) fn new(
        context: Arc<Context>,
        key: GroupKey,
        wanted: watch::Receiver<Wanted>,
        shown: Arc<Shown>,
        since: Timestamp,
    ) -> Self {
        let name = key.to_string();
        Self {
            standing: context.keeper.want(&name),
            ledger: Ledger::new(
                Arc::clone(&context.store),
                Arc::clone(&context.clock),
                context.metrics.clone(),
                key.clone(),
            ),
            metrics: context.metrics.of_group(&name),
            context,
            key,
            wanted,
            shown,
            since,
            term: None,
        }
    }

    /// Runs until `stop`, or until the group is removed and `retire` agrees that it is gone.
    pub(crate) async fn run(mut self, retire: impl Fn() -> bool, stop: Shutdown) {
        loop {
            let halt = self.stand_by(&stop).await;
            let halt = match halt {
                Some(halt) => halt,
                None => self.hold(&stop).await,
            };
            self.standing.set_busy(false);
            match halt {
                Halt::Stop => {
                    self.commit_last().await;
                    break;
                }
                Halt::Ended if retire() => break,
                // It would most likely break again at once.
                Halt::Broken => self.context.clock.sleep(PAUSE_AFTER_PANIC).await,
                Halt::Ended | Halt::Elsewhere => {}
            }
            self.since = self.context.clock.now();
            if halt == Halt::Elsewhere {
                self.ledger.forget();
                self.show_idle();
            }
        }
        self.standing.release().await;
    }

    /// Makes durable what a store that was away did not take before, or what a reload changed a moment ago.
    async fn commit_last(&mut self) {
        let role = self.standing.role.borrow().clone();
        if role.is_here() && role.term() == self.term {
            self.ledger.begin();
            // Whoever has the lease now knows better.
            let _ = self.ledger.commit(role.lease(), Duration::ZERO).await;
        }
    }

    /// Waits until the group is to be evaluated here.
    async fn stand_by(&mut self, stop: &Shutdown) -> Option<Halt> {
        let has_to_wait = !self.standing.role.borrow().is_here();
        let halt = self.wait_for_role(stop).await;
        if has_to_wait {
            // The slots before it were somebody else's.
            self.since = self.context.clock.now();
        }
        halt
    }

    async fn wait_for_role(&mut self, stop: &Shutdown) -> Option<Halt> {
        loop {
            let settings = self.wanted.borrow_and_update().settings().cloned();
            if settings.is_none() && !self.standing.role.borrow().is_here() {
                return Some(Halt::Ended);
            }
            tokio::select! {
                biased;
                () = stop.wait() => return Some(Halt::Stop),
                told = self.standing.role.wait_for(Role::is_here) => {
                    let Ok(role) = told else {
                        return Some(Halt::Stop);
                    };
                    self.term = role.term();
                    return None;
                }
                changed = self.wanted.changed() => if changed.is_err() {
                    return Some(Halt::Stop);
                }
            }
            self.show_idle();
        }
    }

    /// Evaluates the group as long as it is to be evaluated here.
    async fn hold(&mut self, stop: &Shutdown) -> Halt {
        let Some(settings) = self.wanted.borrow_and_update().settings().cloned() else {
            // Removed before it began; there is nothing of this process to end.
            return Halt::Ended;
        };
        self.standing.set_busy(true);
        let mut held = match self.restore(settings, stop).await {
            Ok(held) => held,
            Err(halt) => return halt,
        };
        loop {
            self.standing.set_busy(false);
            let event = self.wait(held.due(), held.interval(), stop).await;
            let next = match event {
                Event::Halt(halt) => Err(halt),
                Event::Slot => self.slot(held).await,
                Event::Changed => self.change(held, stop).await,
            };
            held = match next {
                Ok(held) => held,
                Err(halt) => return halt,
            };
        }
    }

    /// Waits for a slot, at most for one interval: who waits longer would sleep through a clock that was set back.
    async fn wait(&mut self, due: Timestamp, interval: Duration, stop: &Shutdown) -> Event {
        let clock = Arc::clone(&self.context.clock);
        loop {
            // This clock first: whatever time passes between the two, the slot is not slept through.
            let start = clock.monotonic();
            let millis = due.millis_since(clock.now()).max(0);
            let wait = Duration::from_millis(millis as u64).min(interval);
            tokio::select! {
                biased;
                () = stop.wait() => return Event::Halt(Halt::Stop),
                _ = self.standing.role.wait_for(|role| role.term() != self.term) => {
                    return Event::Halt(Halt::Elsewhere);
                }
                changed = self.wanted.changed() => {
                    return match changed {
                        Ok(()) => Event::Changed,
                        Err(_) => Event::Halt(Halt::Stop),
                    };
                }
                () = clock.sleep_until(start.after(wait)) => {}
            }
            let left = due.millis_since(clock.now());
            let is_early = left > 0 && u128::from(left.unsigned_abs()) <= interval.as_millis();
            if !is_early {
                return Event::Slot;
            }
        }
    }

    /// Takes what a reload wants.
    async fn change(&mut self, held: Held, stop: &Shutdown) -> Result<Held, Halt> {
        let wanted = self.wanted.borrow_and_update().clone();
        match wanted {
            Wanted::End { since } => self.end(held, since, stop).await,
            Wanted::Run(settings) if Arc::ptr_eq(&settings, &held.settings) => Ok(held),
            Wanted::Run(settings) => self.adopt(held, settings).await,
        }
    }

    /// Goes on with another definition.
    async fn adopt(&mut self, held: Held, settings: Arc<Settings>) -> Result<Held, Halt> {
        let key = self.key.clone();
        let (old, taken) = (held.engine, Arc::clone(&settings));
        let adopted = self
            .context
            .tasks
            .run_blocking("change rule group", move || {
                let mut engine = taken.engine(&key);
                let changes = engine.adopt(old);
                (engine, changes)
            });
        let (engine, changes) = adopted.await.map_err(|_| Halt::Broken)?;
        self.ledger.add(changes, Vec::new());
        let now = self.context.clock.now();
        let last = engine.last_slot();
        let held = self.begin(engine, settings, last.unwrap_or(now));
        self.show(&held);
        Ok(held)
    }

    /// Makes what is evaluated of an engine whose slots up to `since` are over.
    fn begin(&self, engine: GroupEngine, settings: Arc<Settings>, since: Timestamp) -> Held {
        let schedule = engine.schedule();
        let rules = settings.definition.rules.len();
        self.metrics.describe(schedule.interval(), rules);
        Held {
            order: Arc::new(Order::new(engine.batches())),
            costs: vec![Duration::ZERO; rules].into(),
            slowness: Slowness::new(self.context.metrics.clone(), rules),
            last: schedule.slot_at(since),
            engine,
            settings,
        }
    }

    /// Waits until the series of a removed group may be ended, and ends them; a reload may bring the group back first.
    async fn end(&mut self, held: Held, removed: Timestamp, stop: &Shutdown) -> Result<Held, Halt> {
        let wait = held.interval() * INTERVALS_BEFORE_END;
        let role = self.standing.role.borrow().clone();
        let back = tokio::select! {
            biased;
            () = stop.wait() => Err(Halt::Stop),
            _ = self.standing.role.wait_for(|role| role.term() != self.term) => Err(Halt::Elsewhere),
            back = self.wanted.wait_for(|wanted| wanted.settings().is_some()) => {
                // What is waited for has settings, and nobody to tell them means that the program ends.
                back.ok().and_then(|wanted| wanted.settings().cloned()).ok_or(Halt::Stop)
            }
            () = self.context.clock.sleep(wait) => Err(Halt::Ended),
        };
        match back {
            Ok(settings) => self.adopt(held, settings).await,
            Err(Halt::Ended) => {
                self.standing.set_busy(true);
                Err(self.write_end(held, removed, &role).await)
            }
            Err(halt) => Err(halt),
        }
    }

    async fn write_end(&mut self, held: Held, removed: Timestamp, role: &Role) -> Halt {
        let interval = held.interval();
        let ending = held.engine.end(removed);
        self.ledger.add(ending.changes, Vec::new());
        self.ledger.begin();
        if self.ledger.commit(role.lease(), interval).await.is_err() {
            return Halt::Elsewhere;
        }
        let (samples, key) = (self.context.tools.samples.clone(), self.key.clone());
        let append = move || drop(samples.append(&key, ending.samples));
        // What panics is logged; the group is at its end either way.
        let _ = self
            .context
            .tasks
            .run_blocking("end rule group", append)
            .await;
        Halt::Ended
    }

    fn show(&self, held: &Held) {
        self.shown.set(Some(held.engine.view()));
    }

    /// Shows the group as one of which nothing is known here.
    fn show_idle(&self) {
        let settings = self.wanted.borrow().settings().cloned();
        self.shown
            .set(settings.map(|settings| settings.engine(&self.key).view()));
    }
}

impl Held {
    fn interval(&self) -> Duration {
        self.engine.schedule().interval()
    }

    fn due(&self) -> Timestamp {
        self.engine.schedule().due(self.last)
    }
}
