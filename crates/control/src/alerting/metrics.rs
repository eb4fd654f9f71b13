//! What alerting costs and how it goes: Alertmanager's names where it has one, ours beside them.

mod alertmanager;

use std::time::Duration;

use plimsoll_alerting::rows::Change;
use plimsoll_alerting::{Attempt, Numbers, SilenceState, Step};
use plimsoll_notify::Verdict;
use plimsoll_runtime::metrics::Registry;
use plimsoll_types::Timestamp;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Unit;

pub(super) use self::alertmanager::{Named, reason};
use crate::lease::LeaseMetrics;

type OfState = Family<[(&'static str, &'static str); 1], Gauge>;

/// The counters of alerting; clones share them.
#[derive(Clone, Debug, Default)]
pub struct Metrics {
    pub(super) named: Named,
    alerts: OfState,
    bytes: Gauge,
    deliveries: OfState,
    history: Family<[(&'static str, &'static str); 1], Counter>,
    pub(super) refused: Counter,
    pub(super) rule_notices_dropped: Counter,
    pub(super) sending: Gauge,
    pub(super) commit_failures: Counter,
    pub(super) uncommitted: Gauge,
    pub(super) is_leading: Gauge,
    pub(super) is_degraded: Gauge,
    pub(super) leases: LeaseMetrics,
}

impl Metrics {
    /// Registers them.
    pub fn new(registry: &Registry) -> Self {
        let metrics = Self::default();
        metrics.named.register(registry);
        metrics.register_own(registry);
        metrics
    }

    fn register_own(&self, registry: &Registry) {
        let counter = |name: &str, help: &str, counter: &Counter| {
            registry.register(name, help, None, counter.clone());
        };
        let gauge = |name: &str, help: &str, gauge: &Gauge| {
            registry.register(name, help, None, gauge.clone());
        };
        let help = "Alerts that are kept: those that fire, and those that are resolved and somebody still has to hear of";
        registry.register("alerting_alerts", help, None, self.alerts.clone());
        let help = "What the texts of all alerts take";
        let unit = Some(Unit::Bytes);
        registry.register("alerting_alerts", help, unit, self.bytes.clone());
        let help = "Notices on their way, by phase";
        registry.register("alerting_deliveries", help, None, self.deliveries.clone());
        let help = "What became of notices and of attempts to tell them, by outcome";
        registry.register("alerting_notices", help, None, self.history.clone());
        counter(
            "alerting_alerts_refused",
            "Posted alerts that were refused because of a limit",
            &self.refused,
        );
        counter(
            "alerting_rule_notices_dropped",
            "Alerts of the rules of this process that waited too long or were too many",
            &self.rule_notices_dropped,
        );
        counter(
            "alerting_commit_failures",
            "Commits of what alerting remembers that failed",
            &self.commit_failures,
        );
        counter(
            "alerting_leases_lost",
            "How often another replica took the routing of alerts over",
            &self.leases.lost,
        );
        gauge(
            "alerting_attempts_running",
            "Attempts to tell a notice that are under way",
            &self.sending,
        );
        gauge(
            "alerting_changes_uncommitted",
            "Changes of what alerting remembers that are not durable yet",
            &self.uncommitted,
        );
        gauge(
            "alerting_leading",
            "Whether this process routes alerts and tells receivers",
            &self.is_leading,
        );
        gauge(
            "alerting_degraded",
            "Whether notices leave without the database and say so",
            &self.is_degraded,
        );
    }

    /// Shows how many there are of what.
    pub(super) fn numbers(&self, numbers: &Numbers, silences: &[(SilenceState, usize)]) {
        let resolved = numbers.alerts - numbers.firing.min(numbers.alerts);
        for (state, count) in [("firing", numbers.firing), ("resolved", resolved)] {
            self.alerts
                .get_or_create(&[("state", state)])
                .set(count as i64);
        }
        self.bytes.set(numbers.bytes as i64);
        self.named.groups.set(numbers.groups as i64);
        let phases = [
            ("queued", numbers.queued),
            ("leased", numbers.leased),
            ("retry_at", numbers.retrying),
        ];
        for (phase, count) in phases {
            self.deliveries
                .get_or_create(&[("phase", phase)])
                .set(count as i64);
        }
        self.named.silences(silences);
    }

    /// Counts an attempt that ended.
    pub(super) fn attempted(&self, attempt: &Attempt, verdict: &Verdict, took: Duration) {
        let receiver = &attempt.notice.receiver;
        let told = alertmanager::told(attempt.integration.kind, receiver);
        self.named.attempted(&told, attempt.earlier, verdict, took);
    }

    /// Counts what followed from a step.
    pub(super) fn followed(&self, step: &Step) {
        for change in &step.changes {
            let Change::AddHistory(row) = change else {
                continue;
            };
            let labels = [("outcome", row.outcome.as_str())];
            self.history.get_or_create(&labels).inc();
        }
    }

    /// Notes how an attempt to read the configuration went; the time is that of a good one.
    pub fn reloaded(&self, at: Option<Timestamp>) {
        self.named.reloaded(at);
    }
}
