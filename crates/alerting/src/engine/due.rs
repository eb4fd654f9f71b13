//! What the passing of time does.

use plimsoll_types::Timestamp;

use super::{Engine, Step, Timer, silence_policy};
use crate::rows::Change;

/// How many flushes and attempts one step carries out at most: a storm of groups does not keep others waiting. The rest is
/// due at once, and so [`Engine::wake_at`] says.
const TIMERS_PER_STEP: usize = 1000;

impl Engine {
    /// Does all that was due before `now`: an event that comes at just the time of a flush is known to it.
    pub(super) fn catch_up(&mut self, now: Timestamp, step: &mut Step) {
        self.advance_to(now.saturating_add_millis(-1), now, step);
    }

    /// Does all that is due by `now`.
    pub(super) fn advance(&mut self, now: Timestamp, step: &mut Step) {
        self.advance_to(now, now, step);
    }

    fn advance_to(&mut self, due: Timestamp, now: Timestamp, step: &mut Step) {
        while let Some(fingerprint) = self.book.take_ended(now) {
            if self.is_leading {
                self.write_alert(fingerprint, now, step);
            }
            self.is_over(fingerprint, now, step);
        }
        self.silences_are_due(now, step);
        if !self.is_leading {
            return;
        }
        self.own_alerts_are_due(now, step);
        self.heartbeats_are_due(now, step);
        for _ in 0..TIMERS_PER_STEP {
            let first = self.timers.first().copied();
            let Some((at, timer)) = first.filter(|(at, _)| *at <= due) else {
                break;
            };
            self.timers.remove(&(at, timer));
            match timer {
                Timer::Group(group) => self.flush(group, now, step),
                Timer::Delivery(_, delivery) => self.attempt(delivery, now, step),
            }
        }
        self.forget_old_numbers(now, step);
    }

    /// From now on notices are marked, or not any more: then what was told is durable as any other.
    pub(super) fn degrade(&mut self, is_degraded: bool) {
        self.is_degraded = is_degraded;
        if !is_degraded {
            self.alone.clear();
        }
    }

    /// From now on this replica decides, or not any more.
    pub(super) fn lead(&mut self, is_leading: bool, now: Timestamp, step: &mut Step) {
        if self.is_leading == is_leading {
            return;
        }
        self.is_leading = is_leading;
        self.silences
            .set_policy(silence_policy(&self.config, is_leading));
        if !is_leading {
            return;
        }
        self.heartbeats.wait_anew(now);
        self.outbox.forget_answers(now);
        let ids: Vec<_> = self.outbox.iter().map(|delivery| delivery.id).collect();
        for id in ids {
            let timer = self.outbox.get(id).map(|delivery| delivery.timer());
            self.timers.extend(timer);
        }
        let groups: Vec<_> = self.groups.iter().map(|(at, _)| at).collect();
        groups.into_iter().for_each(|at| self.write_group(at, step));
        self.advance(now, step);
    }

    /// Forgets the numbers of channels whose groups are long gone.
    fn forget_old_numbers(&mut self, now: Timestamp, step: &mut Step) {
        while let Some((at, key)) = self.forget_at.first().filter(|(at, _)| *at <= now).cloned() {
            self.sequences.remove(&key);
            self.forget_at.remove(&(at, key.clone()));
            step.changes.push(Change::DeleteTold(key));
        }
    }
}
