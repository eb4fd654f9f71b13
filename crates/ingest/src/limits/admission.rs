//! Deciding about new series, one at a time: what the store counts, and the values of metrics that are near a limit.
//!
//! The values of a metric are looked up in the store when they are needed for the first time, and again when something is
//! to be folded though series have gone since. That takes as long as looking at all series of the metric, and new series
//! of other metrics do not wait for it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use plimsoll_types::{ActiveSeries, Appender, Labels, METRIC_NAME, SeriesRef, StorageError};

use super::decide::{Active, Counts, Verdict, decide, full, smallest_limit};
use super::lock;
use super::policy::{Place, Policy, Tenant};
use super::values::Values;

/// Where series come into being.
pub(super) struct Admission {
    store: Arc<dyn Appender>,
    active: Arc<dyn ActiveSeries>,
    seed: u64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Under which limits the values were counted.
    policy: Option<Arc<Policy>>,
    metrics: HashMap<Box<str>, Metric>,
    /// When metrics that are gone were last looked for.
    pruned: u64,
}

/// A metric whose values matter.
#[derive(Default)]
struct Metric {
    values: Values,
    /// What the store had removed when the values were counted; `None` when they are not.
    counted: Option<u64>,
    /// The series that came while they are being counted anew.
    since: Option<Values>,
    /// Held by the one who counts.
    counting: Arc<Mutex<()>>,
}

/// The limits changed while it was decided.
pub(super) struct Changed;

impl Admission {
    pub(super) fn new(store: Arc<dyn Appender>, active: Arc<dyn ActiveSeries>, seed: u64) -> Self {
        Self {
            store,
            active,
            seed,
            state: Mutex::default(),
        }
    }

    /// Forgets what was counted under other limits.
    pub(super) fn set_policy(&self, policy: Option<Arc<Policy>>) {
        *lock(&self.state) = State {
            policy,
            ..State::default()
        };
    }

    /// Decides about a series that is not active, and makes what was decided active.
    pub(super) fn admit(
        &self,
        policy: &Arc<Policy>,
        metric: &str,
        labels: &Labels,
    ) -> Result<Result<(Verdict, Option<SeriesRef>), StorageError>, Changed> {
        let mut is_recounted = false;
        loop {
            let mut state = lock(&self.state);
            if !state
                .policy
                .as_ref()
                .is_some_and(|own| Arc::ptr_eq(own, policy))
            {
                return Err(Changed);
            }
            // Somebody else may have been faster.
            if self.active.find(labels).is_some() {
                return Ok(self.make(&mut state, policy, (metric, labels), Verdict::Own));
            }
            let known = state.metrics.get(metric);
            let is_counted = known.is_some_and(|known| known.counted.is_some());
            if !is_counted && self.needs_values(policy, labels) {
                drop(state);
                self.count(metric, policy);
                continue;
            }
            let none = Values::default();
            let values = known.map_or(&none, |known| &known.values);
            let verdict = decide(policy, self.seed, labels, values, self);
            let is_old = known.is_some_and(|known| known.counted != Some(self.active.removals()));
            if verdict != Verdict::Own && is_old && !is_recounted {
                drop(state);
                self.count(metric, policy);
                is_recounted = true;
                continue;
            }
            return Ok(self.make(&mut state, policy, (metric, labels), verdict));
        }
    }

    /// Makes a series active that came with the overflow value, while there is room.
    pub(super) fn admit_folded(
        &self,
        policy: &Arc<Policy>,
        labels: &Labels,
    ) -> Option<Result<SeriesRef, StorageError>> {
        let _state = lock(&self.state);
        let fits = self.active.find(labels).is_some()
            || full(policy, self.counts(policy, labels), Place::Folded).is_none();
        fits.then(|| self.store.resolve(labels))
    }

    fn needs_values(&self, policy: &Policy, labels: &Labels) -> bool {
        let counts = self.counts(policy, labels);
        smallest_limit(policy, labels).is_some_and(|limit| counts.metric >= limit)
            || full(policy, counts, Place::Own).is_some()
    }

    fn make(
        &self,
        state: &mut State,
        policy: &Policy,
        (metric, labels): (&str, &Labels),
        verdict: Verdict,
    ) -> Result<(Verdict, Option<SeriesRef>), StorageError> {
        let series = match &verdict {
            Verdict::Own => Some(self.store.resolve(labels)?),
            Verdict::Folded(folded) => Some(self.store.resolve(&folded.labels)?),
            Verdict::Lost(_) => None,
        };
        let made = match &verdict {
            Verdict::Own => Some(labels),
            Verdict::Folded(folded) => Some(&folded.labels),
            Verdict::Lost(_) => None,
        };
        if let (Some(known), Some(made)) = (state.metrics.get_mut(metric), made) {
            known.values.add(policy, self.seed, made);
            if let Some(since) = &mut known.since {
                since.add(policy, self.seed, made);
            }
        }
        Ok((verdict, series))
    }

    /// Counts the values of a metric, unless somebody else did while we waited for him.
    fn count(&self, metric: &str, policy: &Arc<Policy>) {
        let counting = {
            let mut state = lock(&self.state);
            let known = state.metrics.entry(metric.into()).or_default();
            Arc::clone(&known.counting)
        };
        let _only_one = lock(&counting);
        let removals = self.active.removals();
        {
            let mut state = lock(&self.state);
            let Some(known) = state.metrics.get_mut(metric) else {
                return;
            };
            if known.counted == Some(removals) {
                return;
            }
            // From here on what is made active is noted, and what was before is found.
            known.since = Some(Values::default());
        }
        let mut values = Values::default();
        let mut count = |labels: &Labels| values.add(policy, self.seed, labels);
        self.active.visit_with(METRIC_NAME, metric, &mut count);
        let mut state = lock(&self.state);
        if !state
            .policy
            .as_ref()
            .is_some_and(|own| Arc::ptr_eq(own, policy))
        {
            return;
        }
        if let Some(known) = state.metrics.get_mut(metric) {
            values.unite(known.since.take().unwrap_or_default());
            known.values = values;
            known.counted = Some(removals);
        }
    }

    /// Forgets the values of metrics that have no series any more.
    pub(super) fn prune(&self) {
        let removals = self.active.removals();
        let mut state = lock(&self.state);
        if std::mem::replace(&mut state.pruned, removals) != removals {
            state.metrics.retain(|metric, known| {
                known.since.is_some() || self.active.count_with(METRIC_NAME, metric) > 0
            });
        }
    }
}

impl Active for Admission {
    fn is_active(&self, labels: &Labels) -> bool {
        self.active.find(labels).is_some()
    }

    fn counts(&self, policy: &Policy, labels: &Labels) -> Counts {
        let metric = labels.metric_name().unwrap_or("");
        let tenant = match policy.tenant(labels) {
            Tenant::Everybody => self.active.count(),
            Tenant::Of(name, value) => self.active.count_with(name, value),
            Tenant::Nobody => 0,
        };
        Counts {
            metric: self.active.count_with(METRIC_NAME, metric),
            tenant,
        }
    }
}
