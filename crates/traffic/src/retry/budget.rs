//! The retry budget: requests deposit a share of a retry, each retry takes a whole one.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::BudgetOptions;
use crate::Moment;

/// What a retry takes. A deposit is a share of it: a thousandth is fine enough for any ratio.
const RETRY: i64 = 1000;

const SLOTS: u64 = 10;

/// A budget that all layers and threads of a process share.
///
/// Deposits and withdrawals are gone after `ttl`, to a tenth of it. Within any `ttl` no more is withdrawn than `ratio` of the
/// requests of that time and the one before, and the reserve.
///
/// # Complexity
/// A deposit is one atomic addition, without a lock but ten times per `ttl`. Withdrawals take a lock, so that two threads
/// cannot both take the last retry.
///
/// # Example
/// ```
/// use std::time::Duration;
/// use plimsoll_traffic::Moment;
/// use plimsoll_traffic::retry::{Budget, BudgetOptions};
///
/// let options = BudgetOptions { ratio: 0.2, reserve_per_second: 0, ttl: Duration::from_secs(10) };
/// let now = Moment::ORIGIN;
/// let budget = Budget::new(options, now);
/// for _ in 0..5 {
///     budget.deposit(now);
/// }
/// assert!(budget.withdraw(now));
/// assert!(!budget.withdraw(now), "five requests pay one retry");
/// ```
#[derive(Debug)]
pub struct Budget {
    deposit: AtomicI64,
    reserve: AtomicI64,
    /// Nanoseconds of one slot.
    width: AtomicU64,
    slots: [AtomicI64; SLOTS as usize],
    /// The number of the newest slot, counted from the origin.
    newest: AtomicU64,
    /// Held by who empties slots, withdraws or changes the options.
    turn: Mutex<()>,
}

impl Budget {
    /// Returns one with nothing but its reserve. A ratio below 0 counts as 0.
    pub fn new(options: BudgetOptions, now: Moment) -> Self {
        let width = width(&options);
        Self {
            deposit: AtomicI64::new(deposit(&options)),
            reserve: AtomicI64::new(reserve(&options)),
            width: AtomicU64::new(width),
            slots: Default::default(),
            newest: AtomicU64::new(now.nanos() / width),
            turn: Mutex::new(()),
        }
    }

    /// Takes other options. What was deposited and withdrawn stays, unless `ttl` is another one: then it begins anew.
    pub fn reconfigure(&self, options: BudgetOptions, now: Moment) {
        let _turn = self.turn();
        self.deposit.store(deposit(&options), Ordering::Relaxed);
        self.reserve.store(reserve(&options), Ordering::Relaxed);
        let width = width(&options);
        if self.width.swap(width, Ordering::Relaxed) != width {
            self.slots
                .iter()
                .for_each(|slot| slot.store(0, Ordering::Relaxed));
            self.newest.store(now.nanos() / width, Ordering::Release);
        }
    }

    /// Takes note of a first attempt.
    pub fn deposit(&self, now: Moment) {
        let number = self.number(now);
        if number > self.newest.load(Ordering::Acquire) {
            self.expire(now, &self.turn());
        }
        let deposit = self.deposit.load(Ordering::Relaxed);
        self.slot(number).fetch_add(deposit, Ordering::Relaxed);
    }

    /// Takes a retry or a hedge out of the budget; `false` when it is spent.
    #[must_use = "without a withdrawal there is no retry"]
    pub fn withdraw(&self, now: Moment) -> bool {
        let turn = self.turn();
        self.expire(now, &turn);
        if self.sum() < RETRY {
            return false;
        }
        self.slot(self.number(now))
            .fetch_sub(RETRY, Ordering::Relaxed);
        true
    }

    /// Returns how many retries it holds now, below zero never.
    pub fn balance(&self, now: Moment) -> u64 {
        self.expire(now, &self.turn());
        u64::try_from(self.sum() / RETRY).unwrap_or(0)
    }

    fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sum(&self) -> i64 {
        let slots = self.slots.iter().map(|slot| slot.load(Ordering::Relaxed));
        slots.fold(self.reserve.load(Ordering::Relaxed), i64::saturating_add)
    }

    /// Empties the slots between the newest one and that of now. The number is taken within the turn: one of another width
    /// would put the newest slot far ahead, and nothing would expire until then.
    fn expire(&self, now: Moment, _turn: &MutexGuard<'_, ()>) {
        let number = self.number(now);
        let newest = self.newest.load(Ordering::Relaxed);
        let steps = number.saturating_sub(newest).min(SLOTS);
        for passed in 0..steps {
            self.slot(number - passed).store(0, Ordering::Relaxed);
        }
        // A thread that sees the new number sees the emptied slots, and adds to them.
        self.newest.store(newest.max(number), Ordering::Release);
    }

    fn number(&self, now: Moment) -> u64 {
        now.nanos() / self.width.load(Ordering::Relaxed)
    }

    fn slot(&self, number: u64) -> &AtomicI64 {
        &self.slots[(number % SLOTS) as usize]
    }
}

fn deposit(options: &BudgetOptions) -> i64 {
    (options.ratio.max(0.0) * RETRY as f64).round() as i64
}

fn reserve(options: &BudgetOptions) -> i64 {
    let retries = f64::from(options.reserve_per_second) * options.ttl.as_secs_f64();
    (retries * RETRY as f64) as i64
}

fn width(options: &BudgetOptions) -> u64 {
    (Moment::from_origin(options.ttl).nanos() / SLOTS).max(1)
}

#[cfg(test)]
mod tests;
