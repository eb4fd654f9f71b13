//! The memory that queries hold: a limit for each one, and one for all of them together.
//!
//! | limit | whose | when it is reached |
//! |---|---|---|
//! | [`QueryMemory`] | one query, its result included | that query fails |
//! | [`MemoryBudget`] | all running queries and unsent results | the query that asks for more fails |
//!
//! The last eighth of a budget is kept for queries that hold little: what a crowd of heavy queries took to the last
//! byte would otherwise end every dashboard, too.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use plimsoll_types::ByteCount;

use crate::error::{QueryError, QueryErrorKind};

/// What a query takes from the budget at a time, so that threads seldom meet at its counter.
const STEP: usize = 64 << 10;
/// What a query keeps of the budget beyond its need before it gives some back.
const SLACK: usize = 8 * STEP;
/// The part of a budget that only small queries may use.
const RESERVE: usize = 8;
/// A query is small as long as it holds no more than this part of the budget, and no more than [`SMALL_MAX`].
const SMALL: usize = 64;
/// The most bytes of a small query.
const SMALL_MAX: usize = 4 << 20;

/// What all queries together may hold; clones share it.
///
/// ```
/// use plimsoll_promql::MemoryBudget;
/// use plimsoll_types::ByteCount;
///
/// let budget = MemoryBudget::new(ByteCount::MIB.times(8));
/// let query = budget.query(ByteCount::MIB);
/// assert!(query.add(1 << 19).is_ok());
/// assert!(query.add(1 << 20).is_err(), "more than one query may hold");
/// drop(query);
/// assert_eq!(budget.used(), ByteCount(0));
/// ```
#[derive(Clone, Debug)]
pub struct MemoryBudget(Arc<Total>);

#[derive(Debug)]
struct Total {
    limit: usize,
    used: AtomicUsize,
    peak: AtomicUsize,
}

impl MemoryBudget {
    /// Makes a budget; queries take from it in steps of 64 KiB.
    pub fn new(limit: ByteCount) -> Self {
        Self(Arc::new(Total {
            limit: limit.as_usize(),
            used: AtomicUsize::new(0),
            peak: AtomicUsize::new(0),
        }))
    }

    /// Makes a budget that never ends, for programs that ask one question.
    pub fn unlimited() -> Self {
        Self::new(ByteCount(u64::MAX))
    }

    /// Returns the limit.
    pub fn limit(&self) -> ByteCount {
        ByteCount(self.0.limit as u64)
    }

    /// Returns what is taken now.
    pub fn used(&self) -> ByteCount {
        ByteCount(self.0.used.load(Ordering::Relaxed) as u64)
    }

    /// Returns the most that was ever taken at the same time.
    pub fn peak(&self) -> ByteCount {
        ByteCount(self.0.peak.load(Ordering::Relaxed) as u64)
    }

    /// Opens the account of one query that may hold `limit`.
    pub fn query(&self, limit: ByteCount) -> QueryMemory {
        QueryMemory(Arc::new(Account {
            budget: self.clone(),
            limit: limit.as_usize(),
            bytes: AtomicUsize::new(0),
            peak: AtomicUsize::new(0),
            taken: AtomicUsize::new(0),
            change: Mutex::new(()),
        }))
    }

    /// Takes `bytes` for a query that has taken `held` before.
    fn take(&self, bytes: usize, held: usize) -> Result<(), usize> {
        let Total { limit, used, peak } = &*self.0;
        let is_small = held.saturating_add(bytes) <= (limit / SMALL).min(SMALL_MAX);
        let room = match is_small {
            true => *limit,
            false => limit - limit / RESERVE,
        };
        let grown = |used: usize| used.checked_add(bytes).filter(|used| *used <= room);
        let before = used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, grown)?;
        peak.fetch_max(before + bytes, Ordering::Relaxed);
        Ok(())
    }

    fn give_back(&self, bytes: usize) {
        self.0.used.fetch_sub(bytes, Ordering::Relaxed);
    }
}

/// What one query holds; clones share it. Whatever it still holds goes back when the last clone is dropped.
#[derive(Clone, Debug)]
pub struct QueryMemory(Arc<Account>);

#[derive(Debug)]
struct Account {
    budget: MemoryBudget,
    limit: usize,
    bytes: AtomicUsize,
    peak: AtomicUsize,
    /// What was taken from the budget: at least `bytes`, but for the moment in which another thread gives back.
    taken: AtomicUsize,
    /// Held by who changes `taken`.
    change: Mutex<()>,
}

impl QueryMemory {
    /// Returns what the query holds now.
    pub fn bytes(&self) -> usize {
        self.0.bytes.load(Ordering::Relaxed)
    }

    /// Returns the most that the query held at the same time.
    pub fn peak(&self) -> usize {
        self.0.peak.load(Ordering::Relaxed)
    }

    /// Counts bytes that are about to be allocated.
    ///
    /// # Errors
    /// [`QueryErrorKind::MemoryLimit`] when the query may not hold as much, and
    /// [`QueryErrorKind::TotalMemoryLimit`] when all queries together may not; nothing is counted then.
    pub fn add(&self, bytes: usize) -> Result<(), QueryError> {
        let account = &*self.0;
        let grown = |held: usize| {
            let wanted = held.checked_add(bytes);
            wanted.filter(|wanted| *wanted <= account.limit)
        };
        let held = account
            .bytes
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, grown)
            .map_err(|held| self.over_own_limit(held.saturating_add(bytes)))?;
        let now = held + bytes;
        if now > account.taken.load(Ordering::Relaxed) {
            self.cover(now).inspect_err(|_| {
                account.bytes.fetch_sub(bytes, Ordering::Relaxed);
            })?;
        }
        account.peak.fetch_max(now, Ordering::Relaxed);
        Ok(())
    }

    /// Gives bytes back that were added before.
    pub fn release(&self, bytes: usize) {
        let account = &*self.0;
        let before = account.bytes.fetch_sub(bytes, Ordering::Relaxed);
        debug_assert!(before >= bytes, "more is given back than was added");
        let kept = before.saturating_sub(bytes).next_multiple_of(STEP) + SLACK;
        // Small comings and goings stop here.
        if account.taken.load(Ordering::Relaxed) > kept + SLACK {
            let _change = account
                .change
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            let taken = account.taken.load(Ordering::Relaxed);
            if taken > kept {
                account.taken.store(kept, Ordering::Relaxed);
                account.budget.give_back(taken - kept);
            }
        }
    }

    /// Makes sure that the budget knows of `bytes`.
    fn cover(&self, bytes: usize) -> Result<(), QueryError> {
        let account = &*self.0;
        let _change = account
            .change
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let taken = account.taken.load(Ordering::Relaxed);
        if bytes > taken {
            let more = (bytes - taken).checked_next_multiple_of(STEP);
            let more = more.unwrap_or(usize::MAX);
            let refused = |used| self.over_budget(bytes, used);
            account.budget.take(more, taken).map_err(refused)?;
            account.taken.store(taken + more, Ordering::Relaxed);
        }
        Ok(())
    }

    fn over_own_limit(&self, wanted: usize) -> QueryError {
        let limit = ByteCount(self.0.limit as u64).to_string();
        let wanted = match ByteCount(wanted as u64).to_string() {
            // "1 MiB, more than 1 MiB" would puzzle its reader.
            wanted if wanted == limit => "more memory than".to_owned(),
            wanted => format!("{wanted} of memory, more than"),
        };
        let message = format!(
            "the query needs {wanted} the limit of {limit} per query: \
             select fewer series, a shorter range or a longer step, or raise the limit"
        );
        QueryError::new(QueryErrorKind::MemoryLimit, message)
    }

    fn over_budget(&self, wanted: usize, used: usize) -> QueryError {
        let message = format!(
            "the query needs {} of memory, and with it all queries need more than the limit of {} for all together \
             ({} are in use, an eighth is kept for small queries): try again later, select less, or raise the limit",
            ByteCount(wanted as u64),
            self.0.budget.limit(),
            ByteCount(used as u64),
        );
        QueryError::new(QueryErrorKind::TotalMemoryLimit, message)
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        self.budget.give_back(*self.taken.get_mut());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: usize = 1 << 20;

    fn kind(outcome: Result<(), QueryError>) -> Option<QueryErrorKind> {
        outcome.err().map(|error| error.kind())
    }

    #[test]
    fn each_limit_is_named() {
        let budget = MemoryBudget::new(ByteCount::MIB.times(64));
        let first = budget.query(ByteCount::MIB.times(40));
        first.add(40 * MIB).unwrap();
        let error = first.add(1).unwrap_err();
        assert_eq!(error.kind(), QueryErrorKind::MemoryLimit);
        assert!(error.to_string().contains("40 MiB per query"), "{error}");
        assert!(
            error.to_string().contains("needs more memory than"),
            "{error}"
        );
        let error = first.add(MIB).unwrap_err().to_string();
        assert!(
            error.contains("needs 41 MiB of memory, more than"),
            "{error}"
        );
        let second = budget.query(ByteCount::MIB.times(40));
        second.add(16 * MIB).unwrap();
        let error = second.add(MIB).unwrap_err();
        assert_eq!(error.kind(), QueryErrorKind::TotalMemoryLimit);
        assert!(error.to_string().contains("64 MiB for all"), "{error}");
        assert_eq!(second.bytes(), 16 * MIB, "what was refused is not counted");
    }

    #[test]
    fn heavy_queries_leave_room_for_small_ones() {
        let budget = MemoryBudget::new(ByteCount::MIB.times(64));
        let heavy = budget.query(ByteCount::MIB.times(64));
        assert_eq!(kind(heavy.add(56 * MIB)), None);
        assert_eq!(kind(heavy.add(MIB)), Some(QueryErrorKind::TotalMemoryLimit));
        let small = budget.query(ByteCount::MIB.times(64));
        assert_eq!(kind(small.add(MIB)), None);
        assert_eq!(
            kind(small.add(MIB)),
            Some(QueryErrorKind::TotalMemoryLimit),
            "it is small no more"
        );
    }

    #[test]
    fn everything_comes_back() {
        let budget = MemoryBudget::new(ByteCount::MIB.times(64));
        let query = budget.query(ByteCount::MIB.times(64));
        query.add(10 * MIB).unwrap();
        query.release(10 * MIB);
        assert_eq!(query.bytes(), 0);
        assert!(budget.used().as_usize() <= 2 * SLACK, "{}", budget.used());
        query.add(3).unwrap();
        drop(query);
        assert_eq!(budget.used(), ByteCount(0));
        assert!(budget.peak().as_usize() >= 10 * MIB);
    }

    #[test]
    fn absurd_sizes_are_refused() {
        let query = MemoryBudget::unlimited().query(ByteCount(u64::MAX));
        query.add(1).unwrap();
        assert_eq!(
            kind(query.add(usize::MAX)),
            Some(QueryErrorKind::MemoryLimit)
        );
        assert_eq!(query.bytes(), 1);
    }

    #[test]
    fn many_threads_never_hold_more_than_the_budget() {
        let budget = MemoryBudget::new(ByteCount::MIB.times(8));
        std::thread::scope(|scope| {
            for seed in 1..=8usize {
                let budget = &budget;
                scope.spawn(move || {
                    let query = budget.query(ByteCount::MIB.times(8));
                    let mut held = Vec::new();
                    for round in 0..2000 {
                        let bytes = (seed * 7919 * (round + 1)) % (300 << 10);
                        match query.add(bytes) {
                            Ok(()) => held.push(bytes),
                            Err(_) => held.drain(..).for_each(|bytes| query.release(bytes)),
                        }
                    }
                });
            }
        });
        assert!(budget.peak() <= budget.limit());
        assert_eq!(budget.used(), ByteCount(0));
    }
}
