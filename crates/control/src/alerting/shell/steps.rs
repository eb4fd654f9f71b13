//! Steps of the engine, and what follows from them: rows, answers, attempts.

use std::sync::Arc;
use std::time::Duration;

use plimsoll_alerting::surface::Unavailable;
use plimsoll_alerting::{Attempt, Event, SilenceId, Step};
use plimsoll_runtime::random::{Random, SeededRandom};
use plimsoll_runtime::tasks::OnPanic;
use plimsoll_state::{Error, ErrorKind};

use super::super::ask::{Answer, Ask, Reply, SilenceOutcome, SilenceWish, Waiting};
use super::super::inbox::{self, Taken};
use super::super::journal::Landed;
use super::super::{metrics, rows};
use super::posting::Posting;
use super::standby::RETRY;
use super::{Phase, Shell};

/// The longest that a commit is waited for.
const COMMIT_MAX: Duration = Duration::from_secs(5);
/// How much longer it is waited for each change: a store that writes fewer than a thousand rows a second is down, and a
/// commit that is given up too early is larger when it is tried again, so it would never come through.
const PER_CHANGE: Duration = Duration::from_millis(1);

impl Shell {
    /// Steps the engine; what follows is carried out as far as it is this replica's business.
    pub(super) fn step(&mut self, event: Event) {
        let step = self.take_step(event);
        self.follow(step, None);
    }

    pub(super) fn asked(&mut self, ask: Ask) {
        match ask {
            Ask::Post { posts, reply } if posts.is_empty() => drop(reply.send(Ok(Vec::new()))),
            Ask::Post { posts, reply } => {
                self.inner
                    .metrics
                    .named
                    .received(&posts, self.inner.clock.now());
                let record = self.needs_records().then(|| Taken::Posts(posts.clone()));
                if self.phase != Phase::Leading {
                    self.recent.extend(&record);
                }
                self.posting = Some(Posting::new(posts, record, reply));
                self.go_on_posting();
            }
            Ask::Silence { wish, reply } => self.asked_of_silence(wish, reply),
            Ask::Reload { config, reply } => {
                let now = self.inner.clock.now();
                let step = self.inner.engine_mut().reload(config, now);
                self.outbox.tidy();
                self.follow(step, None);
                self.wake_at = self.inner.engine().wake_at();
                // Whoever asked may be gone.
                let _ = reply.send(());
            }
        }
    }

    /// Takes the next piece of what is posted; after the last one it is answered once everything is durable.
    fn go_on_posting(&mut self) {
        let Some(mut posting) = self.posting.take() else {
            return;
        };
        let mut step = self.take_step(Event::Posted(posting.next_piece()));
        posting.refused(std::mem::take(&mut step.refused));
        if posting.has_more() {
            self.posting = Some(posting);
            return self.follow(step, None);
        }
        let waiting = posting.ends(&self.inner.metrics);
        self.follow(step, Some(waiting));
    }

    /// Goes on with what is too much for one step.
    pub(super) fn go_on(&mut self) {
        if self.posting.is_some() {
            return self.go_on_posting();
        }
        let Some(row) = self.to_take_up.pop_front() else {
            return;
        };
        match self.phase {
            Phase::Leading => self.take_up(&row),
            Phase::Alone => {
                if let Some(taken) = inbox::taken(&row) {
                    self.remember(taken);
                }
            }
            Phase::Reading | Phase::Standby => {}
        }
    }

    fn asked_of_silence(&mut self, wish: SilenceWish, reply: Reply<SilenceOutcome>) {
        let is_new = matches!(&wish, SilenceWish::Set(draft) if draft.id.is_none());
        if self.phase == Phase::Reading && !is_new {
            let reason = "silences are not read back from the store of state yet";
            let _ = reply.send(Err(Unavailable(reason.into())));
            return;
        }
        let mut step = self.take_step(match wish {
            SilenceWish::Set(draft) => Event::SetSilence {
                draft,
                fresh: fresh_id(),
            },
            SilenceWish::Expire(id) => Event::ExpireSilence(id),
        });
        let Some(outcome) = step.silence.take() else {
            let reason = "the engine did not answer: an error of the program";
            let _ = reply.send(Err(Unavailable(reason.into())));
            return;
        };
        let is_kept = outcome.is_ok() && self.needs_records();
        let record = is_kept.then(|| Taken::Silences(inbox::changed_silences(&step.changes)));
        if self.phase != Phase::Leading {
            self.recent.extend(&record);
        }
        let is_refused = outcome.is_err();
        let answer = Answer::Silence(reply, outcome);
        let waiting = Waiting { answer, record };
        match is_refused {
            true => waiting.answer(Ok(())),
            false => self.follow(step, Some(waiting)),
        }
    }

    /// Says whether what is accepted may have to go into an inbox.
    fn needs_records(&self) -> bool {
        self.inner.has_replicas() || self.phase != Phase::Leading
    }

    fn take_step(&mut self, event: Event) -> Step {
        let now = self.inner.clock.now();
        let reason = metrics::reason(&event);
        let mut engine = self.inner.engine_mut();
        let step = engine.step(event, now);
        self.wake_at = engine.wake_at();
        drop(engine);
        if self.runs() {
            self.inner.metrics.named.stepped(reason, &step);
        }
        step
    }

    fn follow(&mut self, step: Step, waiting: Option<Waiting>) {
        match self.phase {
            Phase::Reading | Phase::Standby => {
                // Of a replica that does not route only what it accepted counts.
                if let Some(waiting) = waiting {
                    self.accept(waiting);
                }
            }
            Phase::Alone => {
                // Nothing of it can be written: the rows are those of who leads.
                self.begin_attempts(step.start);
                if let Some(waiting) = waiting {
                    self.accept(waiting);
                }
            }
            Phase::Leading => self.follow_durably(step, waiting),
        }
    }

    pub(super) fn follow_durably(&mut self, step: Step, waiting: Option<Waiting>) {
        self.inner.metrics.followed(&step);
        let (notes, changes): (Vec<_>, Vec<_>) = step
            .changes
            .iter()
            .partition(|change| matches!(change, plimsoll_alerting::rows::Change::AddHistory(_)));
        self.journal.add(changes.into_iter().map(rows::change));
        self.journal.note(notes.into_iter().map(rows::change));
        self.journal
            .note(step.decisions.iter().map(crate::rows::decision));
        let is_away = self.inner.health.is_away();
        match is_away && self.is_degraded {
            true => self.begin_attempts(step.start),
            false => self.journal.hold(step.start),
        }
        match waiting {
            Some(waiting) if is_away => self.accept(waiting),
            Some(waiting) if self.journal.is_clean() => waiting.answer(Ok(())),
            Some(waiting) => self.journal.wait(waiting),
            None => {}
        }
    }

    /// Makes what was accepted durable where it is not this replica's to write the rows, or where they cannot be written.
    pub(super) fn accept(&mut self, mut waiting: Waiting) {
        let Some(record) = waiting.record.take() else {
            let reason = self.inner.health.reason().unwrap_or_default();
            return waiting.answer(Err(Unavailable(reason)));
        };
        let inner = Arc::clone(&self.inner);
        let is_long = record.is_long();
        let placed = inner.inbox.place(record);
        let accept = move |_stop| async move {
            let writing = Arc::clone(&inner);
            let write = move || writing.inbox.rows(placed);
            let rows = match is_long {
                true => inner.tasks.run_blocking("write the inbox", write).await,
                false => Ok(write()),
            };
            let accepted = match rows {
                Ok(rows) => inner.inbox.accept(&rows).await,
                Err(panicked) => Err(Unavailable(panicked.to_string())),
            };
            waiting.answer(accepted);
        };
        self.inner
            .tasks
            .spawn("alerting accept", OnPanic::Report, accept);
    }

    /// Begins the next commit, unless one is under way or the store is away and not due to be tried again.
    pub(super) fn begin_commit(&mut self) {
        let is_due = !self.inner.health.is_away() || self.retry_at <= self.inner.clock.monotonic();
        let role = self.role.borrow().clone();
        // Of a role that changed this very moment nothing is written: without its lease nobody would refuse it.
        let is_ours = self.phase == Phase::Leading && role.term() == self.term;
        if !is_ours || self.journal.is_flying() || !self.journal.has_work() || !is_due {
            return;
        }
        self.applied_next = self.inner.inbox.next_number();
        let lease = role.lease().cloned();
        let (store, clock) = (Arc::clone(&self.inner.store), Arc::clone(&self.inner.clock));
        self.journal.fly(lease, |lease, changes| {
            Box::pin(async move {
                if changes.is_empty() {
                    return Ok(());
                }
                let patience = patience(changes.len());
                tokio::select! {
                    committed = store.commit(lease.as_ref(), changes) => committed,
                    () = clock.sleep(patience) => {
                        let text = format!("no answer within {patience:?}");
                        Err(Error::new(ErrorKind::Unavailable, text))
                    }
                }
            })
        });
    }

    pub(super) fn landed(&mut self, landed: Landed) {
        let Landed {
            result,
            is_whole,
            waiting,
            attempts,
        } = landed;
        match result {
            Ok(()) => {
                self.inner.health.works();
                waiting
                    .into_iter()
                    .for_each(|waiting| waiting.answer(Ok(())));
                self.begin_attempts(attempts);
                if is_whole {
                    self.applied.end = self.applied_next;
                    self.set_degraded(false);
                }
                if self.is_inbox_full {
                    self.look_into_inbox();
                }
            }
            Err(error) if error.kind() == ErrorKind::Fenced => {
                // The role says so in a moment, too; until then nothing is written and nothing leaves.
                waiting.into_iter().for_each(|waiting| self.accept(waiting));
                let role = self.role.borrow().clone();
                if let Some(lease) = role.lease().filter(|_| role.term() == self.term) {
                    self.standing.lost(lease);
                }
            }
            Err(error) => {
                let now = self.inner.clock.monotonic();
                self.inner.metrics.commit_failures.inc();
                self.inner.health.fails(&error, now);
                self.retry_at = now.after(RETRY);
                waiting.into_iter().for_each(|waiting| self.accept(waiting));
                self.journal.hold(attempts);
                self.look_at_grace();
            }
        }
    }

    pub(super) fn begin_attempts(&self, attempts: Vec<Attempt>) {
        let sender = Arc::clone(&self.inner.in_force().sender);
        self.outbox.begin(attempts, &sender, self.is_degraded);
    }

    /// Marks notices from now on, or not any more.
    pub(super) fn set_degraded(&mut self, is_degraded: bool) {
        if std::mem::replace(&mut self.is_degraded, is_degraded) != is_degraded {
            self.step(Event::Degraded(is_degraded));
        }
    }
}

/// Returns how long a commit may take.
fn patience(changes: usize) -> Duration {
    let more = PER_CHANGE.saturating_mul(u32::try_from(changes).unwrap_or(u32::MAX));
    COMMIT_MAX + more
}

/// Draws the id of a new silence.
fn fresh_id() -> SilenceId {
    let mut random = SeededRandom::from_system();
    let (high, low) = (random.next_u64(), random.next_u64());
    SilenceId::from_random(u128::from(high) << 64 | u128::from(low))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_of_everything_is_not_given_up_while_it_goes_on() {
        assert_eq!(patience(1), COMMIT_MAX + PER_CHANGE);
        // Every alert of a full book in a group of its own, each with its delivery.
        assert!(patience(600_000) >= Duration::from_mins(10));
    }
}
