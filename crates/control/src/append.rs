//! Puts the samples of rules into the store, and tells what it refused.

use std::collections::BTreeMap;
use std::sync::Arc;

use plimsoll_rules::GroupKey;
use plimsoll_types::{
    Appender, Durability, Labels, RejectedReason, Sample, StorageError, WriteBatch,
};

use crate::metrics::Metrics;

/// Writes samples of rules. Like scrapes, they are synced once a second: nobody was promised more, and what they are made
/// from is not safer.
#[derive(Clone)]
pub(crate) struct Samples {
    appender: Arc<dyn Appender>,
    metrics: Metrics,
}

/// What the store did not take.
#[derive(Debug, Default)]
pub(crate) struct NotTaken {
    pub(crate) samples: Vec<(Labels, Sample)>,
    /// What it said of the first of them.
    pub(crate) reason: Option<String>,
}

/// What was refused, by reason.
#[derive(Default)]
struct Refused(BTreeMap<&'static str, (u64, String)>);

impl Samples {
    pub(crate) fn new(appender: Arc<dyn Appender>, metrics: Metrics) -> Self {
        Self { appender, metrics }
    }

    /// Writes samples; returns what the store did not take. Blocks on memory locks and, under back pressure, on the
    /// write-ahead log.
    pub(crate) fn append(&self, group: &GroupKey, samples: Vec<(Labels, Sample)>) -> NotTaken {
        let mut refused = Refused::default();
        let left = self.attempt(samples, &mut refused);
        // The store may forget a series between the two steps of writing; then its name is asked for anew.
        let (forgotten, mut left): (Vec<_>, Vec<_>) = left
            .into_iter()
            .partition(|(_, is_forgotten)| *is_forgotten);
        if !forgotten.is_empty() {
            let again = forgotten.into_iter().map(|(sample, _)| sample).collect();
            left.extend(self.attempt(again, &mut refused));
        }
        self.tell(group, &refused);
        NotTaken {
            samples: left.into_iter().map(|(sample, _)| sample).collect(),
            reason: refused.0.into_values().map(|(_, first)| first).next(),
        }
    }

    /// Writes what can be written; returns the rest, each with whether its series was forgotten meanwhile.
    fn attempt(
        &self,
        samples: Vec<(Labels, Sample)>,
        refused: &mut Refused,
    ) -> Vec<((Labels, Sample), bool)> {
        let (mut batch, mut written, mut left) = (WriteBatch::default(), Vec::new(), Vec::new());
        for (labels, sample) in samples {
            match self.appender.resolve(&labels) {
                Ok(series) => {
                    batch.samples.push((series, sample));
                    written.push(labels);
                }
                Err(error) => {
                    refused.storage(&error, 1);
                    left.push(((labels, sample), false));
                }
            }
        }
        if batch.is_empty() {
            return left;
        }
        let rejected = match self.appender.append(&batch, Durability::Periodic) {
            Ok(appended) => appended.rejected,
            Err(error) => {
                refused.storage(&error, batch.samples.len() as u64);
                let samples = batch.samples.into_iter().map(|(_, sample)| sample);
                left.extend(
                    written
                        .into_iter()
                        .zip(samples)
                        .map(|sample| (sample, false)),
                );
                return left;
            }
        };
        for rejected in rejected {
            let is_forgotten = rejected.reason == RejectedReason::UnknownSeries;
            if !is_forgotten {
                refused.note(name(&rejected.reason), 1, &rejected.reason);
            }
            let labels = written[rejected.index].clone();
            let (_, sample) = batch.samples[rejected.index].clone();
            left.push(((labels, sample), is_forgotten));
        }
        left
    }

    fn tell(&self, group: &GroupKey, refused: &Refused) {
        for (reason, (count, first)) in &refused.0 {
            let label = [("reason", *reason)];
            self.metrics
                .samples_refused
                .get_or_create(&label)
                .inc_by(*count);
            tracing::warn!(%group, count, first, "the store did not take samples of rules");
        }
    }
}

impl Refused {
    fn note(&mut self, reason: &'static str, count: u64, first: &dyn std::fmt::Display) {
        let entry = self.0.entry(reason);
        entry.or_insert_with(|| (0, first.to_string())).0 += count;
    }

    fn storage(&mut self, error: &StorageError, count: u64) {
        use plimsoll_types::StorageErrorKind::{
            Closed, Corrupt, Io, Overloaded, ReadOnly, SeriesLimit,
        };
        let reason = match error.kind() {
            Io => "io",
            Corrupt => "corrupt",
            ReadOnly => "read_only",
            Overloaded => "overloaded",
            SeriesLimit => "series_limit",
            Closed => "closed",
        };
        self.note(reason, count, error);
    }
}

fn name(reason: &RejectedReason) -> &'static str {
    match reason {
        RejectedReason::TooOld { .. } => "too_old",
        RejectedReason::TooFarInFuture { .. } => "too_far_in_future",
        RejectedReason::UnknownSeries => "unknown_series",
        RejectedReason::InvalidHistogram(_) => "invalid_histogram",
        RejectedReason::SeriesLimit { .. } => "series_limit",
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_runtime::metrics::Registry;
    use plimsoll_testkit::MemoryStore;
    use plimsoll_types::{StorageErrorKind, Timestamp};

    use super::*;

    fn sample(name: &str) -> (Labels, Sample) {
        let at = Timestamp::from_millis(1000);
        (
            Labels::from_pairs([("__name__", name)]),
            Sample::float(at, 1.0),
        )
    }

    fn samples(store: &MemoryStore) -> (Samples, Registry) {
        let registry = Registry::new();
        let metrics = Metrics::new(&registry);
        (Samples::new(Arc::new(store.clone()), metrics), registry)
    }

    #[test]
    fn what_the_store_refuses_comes_back_and_is_counted() {
        let store = MemoryStore::new();
        let (samples, registry) = samples(&store);
        let group = GroupKey::new("f", "g");
        store.set_series_limit(1);
        let left = samples.append(&group, vec![sample("a"), sample("b")]);
        assert_eq!(left.samples, [sample("b")]);
        assert_eq!(store.dump().len(), 1);
        store.set_failure(Some(StorageErrorKind::Overloaded));
        let left = samples.append(&group, vec![sample("a")]);
        assert_eq!(left.samples, [sample("a")]);
        let text = registry.render();
        for reason in ["series_limit", "overloaded"] {
            let line = format!("plimsoll_rules_samples_refused_total{{reason=\"{reason}\"}} 1");
            assert!(text.contains(&line), "{text}");
        }
    }
}
