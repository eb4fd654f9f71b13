//! Limits of series and label values that fold what is above them, instead of refusing it.
//!
//! ```text
//! scrape, push -> Limiter (an Appender) -> store
//!                  resolve: known? -> its ref            append: samples of members are added up,
//!                           new?   -> decide: own | fold         one sample per overflow series and time
//! ```
//!
//! A series above a limit becomes a *member* of an *overflow series*: the same labels, with the overflow value in the
//! place of one that is too many. Its samples are added up there (see `sum`), so that `sum(rate(...))` over the metric
//! stays what it would be. What is lost is which member it was.
//!
//! - Series that are active when a limit is reached stay as they are; what is active is asked of the store, so it is the
//!   same after a restart. Only series that are new are looked at: whoever remembers a ref never comes here again.
//! - A member stays one while it comes, until a restart or a change of the limits. After either, sums of counters begin
//!   at zero again, which every query takes for a counter that began anew.
//! - The samples that an overflow series gets carry the times of its members. Of members whose samples of one time come in
//!   several pushes, later ones are added 1 ms after the last.
//! - A classic histogram whose buckets cross a limit of series in the middle keeps some of them as its own and has the
//!   others folded; a limit of values never does that, because all buckets have the same values.

mod adding;
mod admission;
mod batches;
mod decide;
mod folds;
mod metrics;
mod policy;
mod sum;
mod values;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use plimsoll_runtime::clock::{Clock, Monotonic};
use plimsoll_runtime::random::{Random, SeededRandom};
use plimsoll_types::{
    ActiveSeries, Appended, Appender, Durability, Labels, SeriesRef, StorageError, Timestamp,
    WriteBatch,
};

use crate::config::SeriesLimits;
use admission::{Admission, Changed};
use decide::{Cause, Folded, Verdict};
use folds::{Folds, Named};
use metrics::Teller;
use policy::Policy;

pub use metrics::Metrics;

/// How often members that do not come any more are looked for.
const SWEEP_INTERVAL: Duration = Duration::from_mins(1);
/// How often series that nothing had room for may try again.
const LOST_INTERVAL: Duration = Duration::from_hours(1);

/// An appender that keeps to limits. Made once, given to all who write; without limits it passes everything through.
pub struct Limiter {
    store: Arc<dyn Appender>,
    active: Arc<dyn ActiveSeries>,
    clock: Arc<dyn Clock>,
    seed: u64,
    policy: RwLock<Option<Arc<Policy>>>,
    admission: Admission,
    folds: Mutex<Folds>,
    /// Refs of ours were given out, at some time.
    has_members: AtomicBool,
    teller: Teller,
    swept: Mutex<Swept>,
}

/// When it was last tidied up.
#[derive(Clone, Copy, Debug)]
struct Swept {
    members: Monotonic,
    lost: Monotonic,
}

/// Series of one metric that are folded on one label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folding {
    /// The metric.
    pub metric: String,
    /// The label that was folded first.
    pub label: String,
    /// Which limit was reached: `values_per_label`, `series_per_metric`, `series_per_tenant`, or `sent` for series that came
    /// with the overflow value.
    pub limit: &'static str,
    /// Series that are folded.
    pub members: u64,
    /// Series that stand for them.
    pub overflow_series: u64,
    /// Since when.
    pub since: Timestamp,
}

impl Cause {
    fn limit(self) -> &'static str {
        match self {
            Self::Values => "values_per_label",
            Self::Metric => "series_per_metric",
            Self::Tenant => "series_per_tenant",
            Self::Sent => "sent",
        }
    }
}

impl Limiter {
    /// Makes a limiter before `store` without any limit; `active` is the same store.
    pub fn new(
        store: Arc<dyn Appender>,
        active: Arc<dyn ActiveSeries>,
        clock: Arc<dyn Clock>,
        metrics: Metrics,
    ) -> Self {
        let seed = SeededRandom::from_system().next_u64();
        let now = clock.monotonic();
        Self {
            admission: Admission::new(store.clone(), active.clone(), seed),
            store,
            active,
            clock,
            seed,
            policy: RwLock::default(),
            folds: Mutex::default(),
            has_members: AtomicBool::new(false),
            teller: Teller::new(metrics),
            swept: Mutex::new(Swept {
                members: now,
                lost: now,
            }),
        }
    }

    /// Puts limits into force. When they are others than before, all that is folded is decided anew.
    pub fn set_limits(&self, limits: &SeriesLimits) {
        let mut policy = self.policy.write().unwrap_or_else(PoisonError::into_inner);
        let is_same = match &*policy {
            Some(policy) => policy.limits == *limits,
            None => limits.is_off(),
        };
        if is_same {
            return;
        }
        let limits = limits.clone();
        *policy = (!limits.is_off()).then(|| Arc::new(Policy { limits }));
        self.admission.set_policy(policy.clone());
        // Under the lock of the policy: members of the one before come into being before this or not at all.
        let samples = lock(&self.folds).clear();
        self.teller.metrics.members.set(0);
        drop(policy);
        let ends = WriteBatch {
            samples,
            ..WriteBatch::default()
        };
        if !ends.is_empty()
            && let Err(error) = self.store.append(&ends, Durability::Periodic)
        {
            tracing::warn!(%error, "overflow series could not be ended; queries see them for 5 more minutes");
        }
    }

    /// Returns the limits in force.
    pub fn limits(&self) -> SeriesLimits {
        let policy = self.policy.read().unwrap_or_else(PoisonError::into_inner);
        let limits = policy.as_ref().map(|policy| policy.limits.clone());
        limits.unwrap_or_default()
    }

    /// Returns what is folded now, the most members first, at most `limit` entries.
    pub fn folding(&self, limit: usize) -> Vec<Folding> {
        let mut found: BTreeMap<(String, String, &'static str), Folding> = BTreeMap::new();
        for fold in lock(&self.folds).iter() {
            let metric = fold.labels.metric_name().unwrap_or("").to_owned();
            let (label, limit) = (fold.label.clone(), fold.cause.limit());
            let since = Timestamp::from_millis(fold.begin);
            let key = (metric.clone(), label.clone(), limit);
            let entry = found.entry(key).or_insert(Folding {
                metric,
                label,
                limit,
                members: 0,
                overflow_series: 0,
                since,
            });
            entry.members += fold.members.len() as u64;
            entry.overflow_series += 1;
            entry.since = entry.since.min(since);
        }
        let mut all: Vec<Folding> = found.into_values().collect();
        all.sort_by_key(|folding| std::cmp::Reverse(folding.members));
        all.truncate(limit);
        all
    }

    fn policy(&self) -> Option<Arc<Policy>> {
        let policy = self.policy.read().unwrap_or_else(PoisonError::into_inner);
        policy.clone()
    }

    fn resolve_limited(
        &self,
        policy: &Arc<Policy>,
        metric: &str,
        labels: &Labels,
    ) -> Result<Result<SeriesRef, StorageError>, Changed> {
        let is_sent = policy.is_folded(labels);
        if !is_sent && let Some(known) = self.active.find(labels) {
            return Ok(Ok(known));
        }
        self.tidy_up();
        let (hash, now) = (self.hash(labels), self.clock.monotonic());
        if let Some(member) = lock(&self.folds).find(hash, now) {
            return Ok(Ok(member));
        }
        if is_sent && let Some(resolved) = self.admission.admit_folded(policy, labels) {
            let sent = |series| {
                let folded = Folded {
                    labels: labels.clone(),
                    label: policy.first_folded(labels).to_owned(),
                    cause: Cause::Sent,
                };
                self.join(policy, hash, folded, series)
            };
            return Ok(resolved.map(sent));
        }
        let (verdict, series) = match self.admission.admit(policy, metric, labels)? {
            Ok(decided) => decided,
            Err(error) => return Ok(Err(error)),
        };
        Ok(Ok(match (verdict, series) {
            (Verdict::Own, Some(series)) => series,
            (Verdict::Folded(folded), Some(series)) => {
                self.teller.tell(metric, &folded.label, folded.cause, now);
                self.join(policy, hash, folded, series)
            }
            (Verdict::Lost(cause) | Verdict::Folded(Folded { cause, .. }), _) => {
                self.teller.tell(metric, "", cause, now);
                self.lost()
            }
            (Verdict::Own, None) => self.lost(),
        }))
    }

    /// Makes a series a member, while the limits are those that were asked.
    fn join(&self, asked: &Arc<Policy>, hash: u64, into: Folded, series: SeriesRef) -> SeriesRef {
        let at = (self.clock.now(), self.clock.monotonic());
        let policy = self.policy.read().unwrap_or_else(PoisonError::into_inner);
        let mut folds = lock(&self.folds);
        let is_current = policy.as_ref().is_some_and(|own| Arc::ptr_eq(own, asked));
        let joined = match is_current {
            true => folds.add(hash, into, series, at),
            // A ref that is not known any more is resolved anew when its samples come.
            false => return folds.forgotten(),
        };
        self.has_members.store(true, Ordering::Release);
        self.teller.metrics.members.set(folds.member_count() as i64);
        joined.unwrap_or_else(|| folds.lost())
    }

    fn lost(&self) -> SeriesRef {
        self.has_members.store(true, Ordering::Release);
        lock(&self.folds).lost()
    }

    fn hash(&self, labels: &Labels) -> u64 {
        labels.seeded_hash(self.seed)
    }

    /// Forgets what is gone, now and then.
    fn tidy_up(&self) {
        let now = self.clock.monotonic();
        let mut swept = lock(&self.swept);
        if now.since(swept.members) < SWEEP_INTERVAL {
            return;
        }
        swept.members = now;
        let mut folds = lock(&self.folds);
        folds.sweep(now);
        self.teller.metrics.members.set(folds.member_count() as i64);
        if now.since(swept.lost) >= LOST_INTERVAL {
            swept.lost = now;
            folds.forget_lost();
        }
        drop((folds, swept));
        self.admission.prune();
    }
}

impl Appender for Limiter {
    fn resolve(&self, labels: &Labels) -> Result<SeriesRef, StorageError> {
        loop {
            let Some(policy) = self.policy() else {
                return self.store.resolve(labels);
            };
            let metric = labels.metric_name().unwrap_or("");
            if !Policy::covers(metric) {
                return self.store.resolve(labels);
            }
            match self.resolve_limited(&policy, metric, labels) {
                Ok(resolved) => return resolved,
                Err(Changed) => continue,
            }
        }
    }

    fn labels(&self, series: SeriesRef) -> Option<Labels> {
        let folds = lock(&self.folds);
        match folds.named(series) {
            Named::Stored => {
                drop(folds);
                self.store.labels(series)
            }
            Named::Member(member) => Some(folds.labels(folds.fold_of(member)).clone()),
            Named::Lost | Named::Forgotten => None,
        }
    }

    fn append(&self, batch: &WriteBatch, durability: Durability) -> Result<Appended, StorageError> {
        let is_plain = !self.has_members.load(Ordering::Acquire)
            || !(batch
                .samples
                .iter()
                .any(|(series, _)| folds::is_ours(*series))
                || batch
                    .exemplars
                    .iter()
                    .any(|(series, _)| folds::is_ours(*series))
                || batch
                    .metadata
                    .iter()
                    .any(|(series, _)| folds::is_ours(*series)));
        if is_plain {
            return self.store.append(batch, durability);
        }
        self.tidy_up();
        let sorted = self.sort_out(batch);
        match self.store.append(&sorted.batch, durability) {
            Ok(appended) => Ok(self.tell_back(sorted, batch, appended)),
            Err(error) => {
                self.take_back(&sorted);
                Err(error)
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
