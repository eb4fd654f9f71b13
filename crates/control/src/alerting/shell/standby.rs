//! Roles, what is read from the store, and what is done while it is away.

use std::sync::Arc;
use std::time::Duration;

use plimsoll_alerting::rows::{Change, Rows, ToldAlone};
use plimsoll_alerting::{AlertQuery, Engine, Event, Silence, Step};
use plimsoll_runtime::clock::Monotonic;
use plimsoll_runtime::tasks::{OnPanic, Panicked};
use plimsoll_state::rows::alerting::InboxRow;
use plimsoll_state::{Change as RowChange, Error, ErrorKind};

use super::super::inbox::{self, PAGE, Taken};
use super::super::rows;
use super::{Phase, Restored, Shell, TICK};

/// How long after a failure rows are read again, or written.
pub(super) const RETRY: Duration = Duration::from_secs(2);
/// How old what a standby shows and would page from may be, at least.
const REFRESH_MIN: Duration = Duration::from_secs(5);
/// How old the numbers of alerts by state may be, at least.
const COUNT_MIN: Duration = Duration::from_secs(5);
/// Reading all rows may take this part of a standby's time, and so may counting all alerts.
const REFRESH_SHARE: u32 = 50;

impl Shell {
    /// Looks around: the engine's timers, the inboxes, the store.
    pub(super) fn tick(&mut self) {
        let now = self.inner.clock.monotonic();
        let is_second = self.tick_at <= now;
        let is_due = self.wake_at.is_some_and(|at| at <= self.inner.clock.now());
        // Each second also when nothing is due: only a step notices that the clock was set back.
        if self.runs() && (is_due || is_second) {
            self.step(Event::Due);
        }
        if !is_second {
            return;
        }
        self.tick_at = now.after(TICK);
        let since_read = now.since(self.read_at);
        match self.phase {
            // Also when it is alone: what was accepted while the rows were read may land after the first look.
            Phase::Leading => self.look_into_inbox(),
            Phase::Reading | Phase::Alone if since_read >= RETRY => self.read(),
            Phase::Standby if since_read >= REFRESH_MIN.max(self.read_took * REFRESH_SHARE) => {
                self.read();
            }
            Phase::Reading | Phase::Standby | Phase::Alone => {}
        }
        self.hand_over();
        self.look_at_grace();
        let (numbers, silences) = {
            let engine = self.inner.engine();
            (
                engine.numbers(),
                engine.silences().counts(self.inner.clock.now()),
            )
        };
        self.inner.metrics.numbers(&numbers, &silences);
        self.count_alerts(now);
    }

    /// Begins to count alerts by state, which is a look at every one of them: seldom, and beside the loop.
    fn count_alerts(&mut self, now: Monotonic) {
        let pause = COUNT_MIN.max(self.count_took * REFRESH_SHARE);
        let is_due = self.counted_at.is_none_or(|at| now.since(at) >= pause);
        if !is_due || self.counting.is_set() {
            return;
        }
        self.counted_at = Some(now);
        let inner = Arc::clone(&self.inner);
        self.counting.set(async move {
            let begin = inner.clock.monotonic();
            let counting = Arc::clone(&inner);
            let count = move || {
                let now = counting.clock.now();
                let alerts = counting.engine().alerts(&AlertQuery::default(), now);
                let states = alerts.iter().map(|alert| alert.state);
                counting.metrics.named.alerts(states);
            };
            // A panic has been logged, and the numbers stay as they were.
            let _ = inner.tasks.run_blocking("count alerts", count).await;
            inner.clock.monotonic().since(begin)
        });
    }

    /// Begins to read what is durable and to make an engine of it, unless that is under way.
    pub(super) fn read(&mut self) {
        if self.reading.is_set() {
            return;
        }
        self.read_at = self.inner.clock.monotonic();
        self.recent.turn();
        let inner = Arc::clone(&self.inner);
        let is_leading = self.term.is_some();
        self.reading.set(async move {
            // Before the rows: what is taken up in between is in both and not in neither.
            let waiting = match is_leading {
                true => Vec::new(),
                false => inner.inbox.read().await?,
            };
            let rows = rows::read(inner.store.as_ref()).await?;
            let settings = inner.options.settings(is_leading);
            let (config, now) = (Arc::clone(&inner.in_force().config), inner.clock.now());
            let tasks = inner.tasks.clone();
            let restore = move || {
                let (engine, step) = Engine::restore(config, settings, rows, now);
                Restored {
                    engine: Box::new(engine),
                    step,
                    waiting,
                }
            };
            let restored = tasks.run_blocking("restore alerting", restore).await;
            restored.map_err(broken)
        });
    }

    pub(super) fn engine_read(&mut self, read: Result<Restored, Error>) {
        let restored = match read {
            Ok(restored) => restored,
            Err(error) => {
                let now = self.inner.clock.monotonic();
                self.inner.health.fails(&error, now);
                return self.look_at_grace();
            }
        };
        self.read_took = self.inner.clock.monotonic().since(self.read_at);
        self.inner.health.works();
        // Not what the role is by now: another role begins with rows that are read in it.
        let is_here = self.term.is_some();
        if self.phase == Phase::Leading {
            // It was asked for before this replica got to lead, and what it leads with is newer.
            return;
        }
        self.is_degraded = false;
        let reloaded = self.adopt(*restored.engine);
        self.phase = if is_here {
            Phase::Leading
        } else {
            Phase::Standby
        };
        if is_here {
            let next = self.inner.inbox.next_number();
            self.applied = next..next;
            self.follow_durably(restored.step, None);
            self.follow_durably(reloaded, None);
            self.step(Event::Leading(true));
            self.recent.clear();
            self.look_into_inbox();
        } else {
            let waiting = restored.waiting.iter().filter_map(inbox::taken);
            let accepted = waiting.chain(self.recent.all());
            accepted.for_each(|taken| self.remember(taken));
        }
    }

    /// Steps the engine with what was accepted and waits in some inbox.
    pub(super) fn remember(&mut self, taken: Taken) {
        self.step(match taken {
            Taken::Posts(posts) => Event::Posted(posts),
            Taken::Told(alone) => Event::ToldAlone(alone),
            Taken::Silences(silences) => Event::Merged(Box::new(Rows {
                silences,
                ..Rows::default()
            })),
        });
    }

    /// Goes on with another engine; returns what follows from a reload that came while it was made.
    fn adopt(&mut self, mut engine: Engine) -> Step {
        let config = Arc::clone(&self.inner.in_force().config);
        let step = match Arc::ptr_eq(engine.config(), &config) {
            true => Step::default(),
            false => engine.reload(config, self.inner.clock.now()),
        };
        self.wake_at = engine.wake_at();
        let mut before = std::mem::replace(&mut *self.inner.engine_mut(), engine);
        self.report_told(before.take_told_alone(self.inner.clock.now()));
        self.to_take_up.clear();
        self.restart_posting();
        step
    }

    /// Says to who leads from now on, this replica or another, what was told here while nobody could write it.
    fn report_told(&self, alone: ToldAlone) {
        if alone.is_empty() {
            return;
        }
        let inner = Arc::clone(&self.inner);
        let placed = inner.inbox.place(Taken::Told(Box::new(alone)));
        let report = move |_stop| async move {
            let rows = inner.inbox.rows(placed);
            if let Err(error) = inner.inbox.accept(&rows).await {
                let error = error.to_string();
                tracing::error!(
                    error,
                    "who leads does not hear what was told without the database"
                );
            }
        };
        self.inner
            .tasks
            .spawn("alerting report", OnPanic::Report, report);
    }

    /// Begins to read the inbox, unless what was taken out of it is still on its way out.
    pub(super) fn look_into_inbox(&mut self) {
        let is_away = self.inner.health.is_away() && self.journal.has_work();
        let is_under_way = self.inbox.is_set() || !self.to_take_up.is_empty();
        if is_under_way || self.journal.has_inbox() || is_away {
            return;
        }
        let inner = Arc::clone(&self.inner);
        self.inbox.set(async move { inner.inbox.read().await });
    }

    pub(super) fn inbox_read(&mut self, read: Result<Vec<InboxRow>, Error>) {
        match self.phase {
            Phase::Leading => self.shared_inbox_read(read),
            // It was asked for when this replica was left alone with what waits here.
            Phase::Alone => {
                let rows = read.unwrap_or_else(|error| {
                    let error = error.chain();
                    tracing::error!(
                        error,
                        "what was accepted without the database is not read back"
                    );
                    Vec::new()
                });
                self.to_take_up.extend(rows);
            }
            Phase::Reading | Phase::Standby => {}
        }
    }

    fn shared_inbox_read(&mut self, read: Result<Vec<InboxRow>, Error>) {
        let rows = match read {
            Ok(rows) => rows,
            Err(error) => {
                let now = self.inner.clock.monotonic();
                self.inner.health.fails(&error, now);
                return self.look_at_grace();
            }
        };
        if !self.journal.has_work() {
            self.inner.health.works();
            self.set_degraded(false);
        }
        self.is_inbox_full = rows.len() >= PAGE as usize;
        self.to_take_up.extend(rows);
    }

    /// Takes a row of the shared inbox up: it goes together with what follows from it.
    pub(super) fn take_up(&mut self, row: &InboxRow) {
        if let Some(taken) = inbox::taken(row) {
            let silences = match &taken {
                Taken::Silences(silences) => silences.clone(),
                Taken::Posts(_) | Taken::Told(_) => Vec::new(),
            };
            self.remember(taken);
            self.own_silences(&silences);
        }
        self.journal.take_up(vec![RowChange::delete(row)]);
    }

    /// Makes silences of others rows of this replica, those that are newer than what was known.
    fn own_silences(&mut self, silences: &[Arc<Silence>]) {
        let engine = self.inner.engine();
        let is_known = |silence: &&Arc<Silence>| {
            let known = engine.silences().get(silence.id);
            known.is_some_and(|known| known.updated_at == silence.updated_at)
        };
        let taken = silences.iter().filter(is_known);
        let changes = taken.map(|silence| rows::change(&Change::PutSilence(Arc::clone(silence))));
        self.journal.add(changes);
    }

    /// Begins to bring what waits here into the shared store, once that answers.
    fn hand_over(&mut self) {
        if self.handing_over.is_set() || self.inner.health.is_away() {
            return;
        }
        let (inner, applied) = (Arc::clone(&self.inner), self.applied.clone());
        self.handing_over
            .set(async move { inner.inbox.hand_over(applied).await });
    }

    pub(super) fn handed_over(&mut self, count: Result<usize, Error>) {
        match count {
            Ok(0) => {}
            Ok(count) => {
                tracing::info!(count, "what was accepted without the database is in it now");
                self.hand_over();
            }
            Err(error) => {
                let error = error.chain();
                tracing::warn!(error, "what was accepted without the database waits on");
            }
        }
    }

    /// Pages without the store when it has been away for long enough: of one replica at once, of several after the grace,
    /// in which another one may have an answer.
    pub(super) fn look_at_grace(&mut self) {
        let Some(away) = self.inner.health.away_for(self.inner.clock.monotonic()) else {
            return;
        };
        let grace = match self.inner.has_replicas() {
            true => self.inner.in_force().config.plimsoll.grace_without_database,
            false => Duration::ZERO,
        };
        if self.is_degraded {
            // The store answered in between and took nothing: what waited for it leaves as well.
            let held = self.journal.held();
            return self.begin_attempts(held);
        }
        if away < grace {
            return;
        }
        tracing::warn!("the store of state is away: notices leave without it, marked as degraded");
        if self.phase != Phase::Leading {
            self.phase = Phase::Alone;
            let inner = Arc::clone(&self.inner);
            self.inbox
                .set(async move { inner.inbox.read_local().await });
        }
        self.set_degraded(true);
        self.step(Event::Leading(true));
        let held = self.journal.held();
        self.begin_attempts(held);
    }
}

fn broken(panicked: Panicked) -> Error {
    Error::new(
        ErrorKind::Internal,
        "the engine could not be made of its rows",
    )
    .because(panicked)
}
