//! What the API counts about queries.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use plimsoll_promql::MemoryBudget;
use plimsoll_runtime::metrics::Registry;
use plimsoll_types::ByteCount;
use prometheus_client::encoding::{EncodeMetric, MetricEncoder};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Unit;

use crate::admission::Lane;

type Label = [(&'static str, &'static str); 1];
type By<T> = Family<Label, T>;
type Durations = Family<Label, Histogram, fn() -> Histogram>;

/// The counters of queries; clones share them.
#[derive(Clone, Debug)]
pub struct QueryMetrics {
    running: By<Gauge>,
    waiting: By<Gauge>,
    ended: By<Counter>,
    requeued: Counter,
    seconds: Durations,
    samples: Counter,
    log_failures: Counter,
    memory: Memory,
}

/// How a query ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Answered,
    Failed,
    TimedOut,
    Canceled,
    Killed,
    /// Too many were waiting.
    Refused,
    /// Over a limit of memory or samples.
    OverLimit,
}

impl Ending {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Failed => "failed",
            Self::TimedOut => "timed_out",
            Self::Canceled => "canceled",
            Self::Killed => "killed",
            Self::Refused => "refused",
            Self::OverLimit => "over_limit",
        }
    }
}

impl Default for QueryMetrics {
    fn default() -> Self {
        // From a millisecond to 4 minutes: beyond the default timeout.
        let buckets = || Histogram::new(exponential_buckets(0.001, 4.0, 10));
        Self {
            running: By::default(),
            waiting: By::default(),
            ended: By::default(),
            requeued: Counter::default(),
            seconds: Family::new_with_constructor(buckets),
            samples: Counter::default(),
            log_failures: Counter::default(),
            memory: Memory::default(),
        }
    }
}

impl QueryMetrics {
    /// Adds them to a registry as `plimsoll_query_*`.
    ///
    /// # Panics
    /// When they are there already.
    pub fn register(&self, registry: &Registry) {
        registry.register(
            "query_running",
            "Queries that run now, by lane",
            None,
            self.running.clone(),
        );
        registry.register(
            "query_waiting",
            "Queries that wait for their turn, by lane",
            None,
            self.waiting.clone(),
        );
        registry.register(
            "query_ended",
            "Queries that ended, by outcome",
            None,
            self.ended.clone(),
        );
        registry.register(
            "query_requeued",
            "Queries that turned out to be heavy and began anew among the heavy ones",
            None,
            self.requeued.clone(),
        );
        registry.register(
            "query_duration",
            "How long queries waited and ran, by phase",
            Some(Unit::Seconds),
            self.seconds.clone(),
        );
        registry.register(
            "query_samples",
            "Samples that queries read from the store",
            None,
            self.samples.clone(),
        );
        registry.register(
            "query_log_failures",
            "Lines that could not be written to the query log",
            None,
            self.log_failures.clone(),
        );
        let memory = |part| Observed {
            memory: self.memory.clone(),
            part,
        };
        registry.register(
            "query_memory",
            "Memory that queries and unsent results hold",
            Some(Unit::Bytes),
            memory(MemoryBudget::used),
        );
        registry.register(
            "query_memory_peak",
            "The most memory that queries and unsent results held at the same time",
            Some(Unit::Bytes),
            memory(MemoryBudget::peak),
        );
        registry.register(
            "query_memory_limit",
            "The memory that queries and unsent results may hold",
            Some(Unit::Bytes),
            memory(MemoryBudget::limit),
        );
    }

    pub(crate) fn watch(&self, memory: &MemoryBudget) {
        // A second app over the same metrics, as tests make it, is not watched.
        let _ = self.memory.0.set(memory.clone());
    }

    pub(crate) fn running(&self, lane: Lane) -> Gauge {
        self.running
            .get_or_create(&[("lane", lane.as_str())])
            .clone()
    }

    pub(crate) fn waiting(&self, lane: Lane) -> Gauge {
        self.waiting
            .get_or_create(&[("lane", lane.as_str())])
            .clone()
    }

    pub(crate) fn count_requeued(&self) {
        self.requeued.inc();
    }

    pub(crate) fn count_log_failure(&self) {
        self.log_failures.inc();
    }

    pub(crate) fn count(&self, ending: Ending, waited: Duration, ran: Duration, samples: u64) {
        self.ended
            .get_or_create(&[("outcome", ending.as_str())])
            .inc();
        for (phase, time) in [("waiting", waited), ("running", ran)] {
            self.seconds
                .get_or_create(&[("phase", phase)])
                .observe(time.as_secs_f64());
        }
        self.samples.inc_by(samples);
    }
}

/// The budget, once there is one.
#[derive(Clone, Debug, Default)]
struct Memory(Arc<OnceLock<MemoryBudget>>);

/// A gauge that is read when it is rendered.
#[derive(Debug)]
struct Observed {
    memory: Memory,
    part: fn(&MemoryBudget) -> ByteCount,
}

impl EncodeMetric for Observed {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> Result<(), std::fmt::Error> {
        let bytes = self
            .memory
            .0
            .get()
            .map_or(0, |memory| (self.part)(memory).0);
        encoder.encode_gauge(&i64::try_from(bytes).unwrap_or(i64::MAX))
    }

    fn metric_type(&self) -> MetricType {
        MetricType::Gauge
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_budget_is_read_when_it_is_rendered() {
        let (metrics, registry) = (QueryMetrics::default(), Registry::new());
        metrics.register(&registry);
        assert!(
            registry
                .render()
                .contains("plimsoll_query_memory_bytes 0\n")
        );
        let budget = MemoryBudget::new(ByteCount::MIB.times(8));
        metrics.watch(&budget);
        let query = budget.query(ByteCount::MIB);
        query.add(1).unwrap();
        metrics.count(Ending::Answered, Duration::ZERO, Duration::from_secs(1), 7);
        let text = registry.render();
        for line in [
            "plimsoll_query_memory_bytes 65536\n",
            "plimsoll_query_memory_limit_bytes 8388608\n",
            "plimsoll_query_ended_total{outcome=\"answered\"} 1\n",
            "plimsoll_query_duration_seconds_count{phase=\"running\"} 1\n",
            "plimsoll_query_samples_total 7\n",
        ] {
            assert!(text.contains(line), "{line} is not in {text}");
        }
    }
}
