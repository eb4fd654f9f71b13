//! What the evaluation of rules costs and how it goes: Prometheus' names where it has one, ours beside them.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use plimsoll_runtime::metrics::Registry;
use plimsoll_types::Timestamp;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Metric, Unit};

use crate::lease::LeaseMetrics;

/// The one label of a group's metrics: `file;name`.
type OfGroup = [(&'static str, String); 1];
type FloatGauge = Gauge<f64, AtomicU64>;

/// The counters of all groups; clones share them.
#[derive(Clone, Debug)]
pub struct Metrics {
    evaluations: Family<OfGroup, Counter>,
    failures: Family<OfGroup, Counter>,
    iterations: Family<OfGroup, Counter>,
    missed: Family<OfGroup, Counter>,
    interval: Family<OfGroup, FloatGauge>,
    last_duration: Family<OfGroup, FloatGauge>,
    last_rule_duration_sum: Family<OfGroup, FloatGauge>,
    last_restore_duration: Family<OfGroup, FloatGauge>,
    last_evaluation: Family<OfGroup, FloatGauge>,
    last_samples: Family<OfGroup, Gauge>,
    rules: Family<OfGroup, Gauge>,
    group_duration: Histogram,
    rule_duration: Histogram,
    pub(crate) alerts: Family<[(&'static str, &'static str); 1], Gauge>,
    pub(crate) slow: Gauge,
    pub(crate) overdue: Gauge,
    pub(crate) running: Gauge,
    pub(crate) samples_refused: Family<[(&'static str, &'static str); 1], Counter>,
    pub(crate) commit_failures: Counter,
    pub(crate) uncommitted: Gauge,
    pub(crate) notices: Counter,
    pub(crate) notices_not_durable: Counter,
    pub(crate) leases: LeaseMetrics,
}

impl Metrics {
    /// Registers them.
    pub fn new(registry: &Registry) -> Self {
        // From 0.1 ms to 100 s.
        let durations = || Histogram::new(exponential_buckets(0.0001, 4.0, 11));
        let metrics = Self {
            evaluations: Family::default(),
            failures: Family::default(),
            iterations: Family::default(),
            missed: Family::default(),
            interval: Family::default(),
            last_duration: Family::default(),
            last_rule_duration_sum: Family::default(),
            last_restore_duration: Family::default(),
            last_evaluation: Family::default(),
            last_samples: Family::default(),
            rules: Family::default(),
            group_duration: durations(),
            rule_duration: durations(),
            alerts: Family::default(),
            slow: Gauge::default(),
            overdue: Gauge::default(),
            running: Gauge::default(),
            samples_refused: Family::default(),
            commit_failures: Counter::default(),
            uncommitted: Gauge::default(),
            notices: Counter::default(),
            notices_not_durable: Counter::default(),
            leases: LeaseMetrics::default(),
        };
        metrics.register_those_of_prometheus(registry);
        metrics.register_own(registry);
        metrics
    }

    fn register_those_of_prometheus(&self, registry: &Registry) {
        let theirs =
            |name, help, unit, metric: &dyn Cloned| metric.register(registry, name, help, unit);
        let seconds = || Some(Unit::Seconds);
        theirs(
            "rule_evaluations",
            "Rules that were evaluated, by group",
            None,
            &self.evaluations,
        );
        theirs(
            "rule_evaluation_failures",
            "Evaluations of rules that failed, by group",
            None,
            &self.failures,
        );
        theirs(
            "rule_group_iterations",
            "Slots at which a group was evaluated or should have been",
            None,
            &self.iterations,
        );
        theirs(
            "rule_group_iterations_missed",
            "Slots that a group left out because the one before took too long",
            None,
            &self.missed,
        );
        theirs(
            "rule_group_interval",
            "Time between two slots of a group",
            seconds(),
            &self.interval,
        );
        theirs(
            "rule_group_last_duration",
            "How long the last evaluation of a group took",
            seconds(),
            &self.last_duration,
        );
        theirs(
            "rule_group_last_rule_duration_sum",
            "How long the rules of a group took together at the last evaluation",
            seconds(),
            &self.last_rule_duration_sum,
        );
        theirs(
            "rule_group_last_restore_duration",
            "How long it took to read the alerts of a group back at the start",
            seconds(),
            &self.last_restore_duration,
        );
        theirs(
            "rule_group_last_evaluation_timestamp",
            "When a group was last evaluated, since the epoch",
            seconds(),
            &self.last_evaluation,
        );
        theirs(
            "rule_group_last_evaluation_samples",
            "Samples that the last evaluation of a group wrote",
            None,
            &self.last_samples,
        );
        theirs("rule_group_rules", "Rules of a group", None, &self.rules);
        theirs(
            "rule_group_duration",
            "How long evaluations of groups took",
            seconds(),
            &self.group_duration,
        );
        theirs(
            "rule_evaluation_duration",
            "How long evaluations of rules took",
            seconds(),
            &self.rule_duration,
        );
    }

    fn register_own(&self, registry: &Registry) {
        let own = |name, help, metric: &Gauge| registry.register(name, help, None, metric.clone());
        own(
            "rules_slow",
            "Rules whose last evaluation took more than a fifth of their interval",
            &self.slow,
        );
        own(
            "rules_threads_overdue",
            "Threads of rule evaluation that did not end in time",
            &self.overdue,
        );
        own(
            "rules_threads_running",
            "Threads that evaluate rules now",
            &self.running,
        );
        own(
            "rules_uncommitted_changes",
            "Changes of alerts that the store of state has not taken yet",
            &self.uncommitted,
        );
        own(
            "rules_groups_held",
            "Groups that this process evaluates",
            &self.leases.held,
        );
        let help = "Alerts, by state";
        registry.register("rules_alerts", help, None, self.alerts.clone());
        let help = "Samples of rules that the store refused, by reason";
        registry.register(
            "rules_samples_refused",
            help,
            None,
            self.samples_refused.clone(),
        );
        let count =
            |name, help, metric: &Counter| registry.register(name, help, None, metric.clone());
        count(
            "rules_commit_failures",
            "Commits of alerts that the store of state did not take",
            &self.commit_failures,
        );
        count(
            "rules_notices",
            "Alerts that were handed on to be sent",
            &self.notices,
        );
        count(
            "rules_notices_not_durable",
            "Those of them that were handed on although their state was not durable",
            &self.notices_not_durable,
        );
        count(
            "rules_leases_lost",
            "Groups that another replica took over while they were evaluated here",
            &self.leases.lost,
        );
    }

    /// Returns the metrics of a group; when the last clone is dropped, they are exposed no more.
    pub(crate) fn of_group(&self, name: &str) -> GroupMetrics {
        GroupMetrics {
            all: self.clone(),
            label: [("rule_group", name.to_owned())],
            evaluations: self
                .evaluations
                .get_or_create_owned(&[("rule_group", name.to_owned())]),
            failures: self
                .failures
                .get_or_create_owned(&[("rule_group", name.to_owned())]),
        }
    }
}

/// The metrics of one group, exposed as long as this lives.
#[derive(Debug)]
pub(crate) struct GroupMetrics {
    all: Metrics,
    label: OfGroup,
    evaluations: Counter,
    failures: Counter,
}

/// What one evaluation of a group was.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Iteration {
    pub(crate) slot: Timestamp,
    pub(crate) duration: Duration,
    pub(crate) rules_duration: Duration,
    pub(crate) samples: usize,
}

impl GroupMetrics {
    /// Tells what the group is.
    pub(crate) fn describe(&self, interval: Duration, rules: usize) {
        let label = &self.label;
        self.all
            .interval
            .get_or_create(label)
            .set(interval.as_secs_f64());
        self.all.rules.get_or_create(label).set(rules as i64);
        // They begin at zero, so that `increase` sees the first one.
        self.all.missed.get_or_create(label).inc_by(0);
        self.all.iterations.get_or_create(label).inc_by(0);
    }

    /// Counts slots that were left out; Prometheus counts them as iterations, too.
    pub(crate) fn missed(&self, count: u64) {
        self.all.missed.get_or_create(&self.label).inc_by(count);
        self.all.iterations.get_or_create(&self.label).inc_by(count);
    }

    /// Counts one evaluation of a rule.
    pub(crate) fn evaluated(&self, duration: Duration, has_failed: bool) {
        self.evaluations.inc();
        if has_failed {
            self.failures.inc();
        }
        self.all.rule_duration.observe(duration.as_secs_f64());
    }

    /// Counts an evaluation of the group.
    pub(crate) fn ended(&self, iteration: Iteration) {
        let (all, label) = (&self.all, &self.label);
        let duration = iteration.duration.as_secs_f64();
        all.iterations.get_or_create(label).inc();
        all.group_duration.observe(duration);
        all.last_duration.get_or_create(label).set(duration);
        all.last_rule_duration_sum
            .get_or_create(label)
            .set(iteration.rules_duration.as_secs_f64());
        all.last_evaluation
            .get_or_create(label)
            .set(iteration.slot.seconds());
        all.last_samples
            .get_or_create(label)
            .set(iteration.samples as i64);
    }

    /// Tells how long the reading back took.
    pub(crate) fn restored(&self, duration: Duration) {
        self.all
            .last_restore_duration
            .get_or_create(&self.label)
            .set(duration.as_secs_f64());
    }
}

impl Drop for GroupMetrics {
    fn drop(&mut self) {
        let (all, label) = (&self.all, &self.label);
        for counter in [
            &all.evaluations,
            &all.failures,
            &all.iterations,
            &all.missed,
        ] {
            counter.remove(label);
        }
        for gauge in [
            &all.interval,
            &all.last_duration,
            &all.last_rule_duration_sum,
            &all.last_restore_duration,
            &all.last_evaluation,
        ] {
            gauge.remove(label);
        }
        all.last_samples.remove(label);
        all.rules.remove(label);
    }
}

/// A metric that a registry can have a clone of; lets metrics of several types stand in one list.
trait Cloned {
    fn register(&self, registry: &Registry, name: &str, help: &str, unit: Option<Unit>);
}

impl<M: Metric + Clone> Cloned for M {
    fn register(&self, registry: &Registry, name: &str, help: &str, unit: Option<Unit>) {
        registry.register_as_prometheus(name, help, unit, self.clone());
    }
}
