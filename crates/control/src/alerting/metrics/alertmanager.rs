//! What Alertmanager counts, under its names: its dashboards and alerts go on working. What it counts of its cluster is not
//! here, since there is none.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use plimsoll_alerting::config::Config;
use plimsoll_alerting::rows::{Change, Outcome};
use plimsoll_alerting::{AlertState, Event, Post, SilenceState, Step};
use plimsoll_notify::Verdict;
use plimsoll_runtime::metrics::Registry;
use plimsoll_types::Timestamp;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::{Family, MetricConstructor};
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Unit;
use xxhash_rust::xxh3::xxh3_64;

type OfState = Family<[(&'static str, &'static str); 1], Gauge>;
type OfVersion = Family<[(&'static str, &'static str); 1], Counter>;
type Words = [(&'static str, &'static str); 2];
/// An integration of a receiver: Alertmanager's labels with its feature `receiver-name-in-metrics`.
type Told = [(&'static str, String); 2];
type Failed = [(&'static str, String); 3];

/// The only version of the API whose posts are taken.
const VERSION: (&str, &str) = ("version", "v2");
/// Bounds of the time of an attempt in seconds; the first are ours, since most attempts end before the second.
const BUCKETS: [f64; 7] = [0.1, 0.5, 1.0, 5.0, 10.0, 15.0, 20.0];
/// Alertmanager's words for why a notice failed: the receiver refused it, or something else.
const REASONS: [&str; 2] = [REFUSED, OTHER];
const REFUSED: &str = "clientError";
const OTHER: &str = "other";

#[derive(Clone, Debug)]
struct Bounds;

impl MetricConstructor<Histogram> for Bounds {
    fn new_metric(&self) -> Histogram {
        Histogram::new(BUCKETS)
    }
}

/// The counters under Alertmanager's names; clones share them.
#[derive(Clone, Debug)]
pub(in crate::alerting) struct Named {
    alerts: OfState,
    silences: OfState,
    pub(super) groups: Gauge,
    received: Family<Words, Counter>,
    invalid: OfVersion,
    notifications: Family<Told, Counter>,
    failed: Family<Failed, Counter>,
    requests: Family<Told, Counter>,
    requests_failed: Family<Told, Counter>,
    latency: Family<Told, Histogram, Bounds>,
    is_reload_successful: Gauge,
    reloaded_at: Gauge<f64, AtomicU64>,
    config_hash: Gauge<f64, AtomicU64>,
}

impl Default for Named {
    fn default() -> Self {
        Self {
            alerts: Family::default(),
            silences: Family::default(),
            groups: Gauge::default(),
            received: Family::default(),
            invalid: Family::default(),
            notifications: Family::default(),
            failed: Family::default(),
            requests: Family::default(),
            requests_failed: Family::default(),
            latency: Family::new_with_constructor(Bounds),
            is_reload_successful: Gauge::default(),
            reloaded_at: Gauge::default(),
            config_hash: Gauge::default(),
        }
    }
}

impl Named {
    pub(super) fn register(&self, registry: &Registry) {
        self.register_alerts(registry);
        self.register_notices(registry);
        self.register_config(registry);
    }

    fn register_alerts(&self, registry: &Registry) {
        let help = "Alerts that fire, by state; a look at every one of them, so some seconds old";
        registry.register_as_alertmanager("alerts", help, None, self.alerts.clone());
        let help = "Silences, by state";
        registry.register_as_alertmanager("silences", help, None, self.silences.clone());
        let name = "dispatcher_aggregation_groups";
        let help = "Groups of alerts";
        registry.register_as_alertmanager(name, help, None, self.groups.clone());
        let help = "Alerts that were posted and are none by themselves wrong, by whether they fire";
        registry.register_as_alertmanager("alerts_received", help, None, self.received.clone());
        let help = "Alerts that were posted and are wrong by themselves";
        registry.register_as_alertmanager("alerts_invalid", help, None, self.invalid.clone());
        drop(self.invalid.get_or_create(&[VERSION]));
    }

    fn register_notices(&self, registry: &Registry) {
        let help = "Notices that receivers were to be told";
        registry.register_as_alertmanager("notifications", help, None, self.notifications.clone());
        let name = "notifications_failed";
        let help = "Notices that their receiver did not take for good, by reason: clientError when it refused, other";
        registry.register_as_alertmanager(name, help, None, self.failed.clone());
        let name = "notification_requests";
        let help = "Attempts to tell a notice";
        registry.register_as_alertmanager(name, help, None, self.requests.clone());
        let name = "notification_requests_failed";
        let help = "Attempts to tell a notice that failed";
        registry.register_as_alertmanager(name, help, None, self.requests_failed.clone());
        let name = "notification_latency";
        let help = "Time of an attempt to tell a notice";
        let unit = Some(Unit::Seconds);
        registry.register_as_alertmanager(name, help, unit, self.latency.clone());
    }

    fn register_config(&self, registry: &Registry) {
        let name = "config_last_reload_successful";
        let help = "Whether the last attempt to read alertmanager.yml was successful";
        registry.register_as_alertmanager(name, help, None, self.is_reload_successful.clone());
        let name = "config_last_reload_success_timestamp";
        let help = "When alertmanager.yml came into force, since the epoch";
        let unit = Some(Unit::Seconds);
        registry.register_as_alertmanager(name, help, unit, self.reloaded_at.clone());
        let help =
            "The same for the same alertmanager.yml, whatever its secrets: replicas should agree";
        registry.register_as_alertmanager("config_hash", help, None, self.config_hash.clone());
    }

    /// Shows how many alerts are in which state.
    pub(in crate::alerting) fn alerts(&self, states: impl Iterator<Item = AlertState>) {
        let all = [
            AlertState::Active,
            AlertState::Suppressed,
            AlertState::Unprocessed,
        ];
        let mut counts = [0; 3];
        for state in states {
            if let Some(place) = all.iter().position(|one| *one == state) {
                counts[place] += 1;
            }
        }
        for (state, count) in all.into_iter().zip(counts) {
            let labels = [("state", state.as_str())];
            self.alerts.get_or_create(&labels).set(count);
        }
    }

    pub(super) fn silences(&self, silences: &[(SilenceState, usize)]) {
        for (state, count) in silences {
            let labels = [("state", state.as_str())];
            self.silences.get_or_create(&labels).set(*count as i64);
        }
    }

    /// Counts alerts that were posted.
    pub(in crate::alerting) fn received(&self, posts: &[Post], now: Timestamp) {
        let resolved = posts.iter().filter(|post| post.alert.is_resolved_at(now));
        let resolved = resolved.count() as u64;
        let firing = posts.len() as u64 - resolved;
        for (status, count) in [("firing", firing), ("resolved", resolved)] {
            let labels = [("status", status), VERSION];
            self.received.get_or_create(&labels).inc_by(count);
        }
    }

    /// Counts alerts that were posted and are wrong by themselves.
    pub(in crate::alerting) fn invalid(&self, count: u64) {
        self.invalid.get_or_create(&[VERSION]).inc_by(count);
    }

    /// Counts an attempt that ended.
    pub(super) fn attempted(&self, told: &Told, earlier: u32, verdict: &Verdict, took: Duration) {
        if earlier == 0 {
            self.notifications.get_or_create(told).inc();
        }
        self.requests.get_or_create(told).inc();
        if !verdict.is_sent() {
            self.requests_failed.get_or_create(told).inc();
        }
        let latency = self.latency.get_or_create(told);
        latency.observe(took.as_secs_f64());
    }

    /// Counts the notices that nobody is told any more after a step.
    pub(in crate::alerting) fn stepped(&self, reason: &'static str, step: &Step) {
        for change in &step.changes {
            let Change::AddHistory(row) = change else {
                continue;
            };
            if let Outcome::FailedOver { .. } | Outcome::Dead = row.outcome {
                let told = told(&row.channel.kind, &row.channel.receiver);
                self.failed.get_or_create(&failed(told, reason)).inc();
            }
        }
    }

    /// Notes that a configuration is in force. What can be told under it is there from the begin, so that the first failure
    /// is a rise.
    pub(in crate::alerting) fn in_force(&self, config: &Config, at: Timestamp) {
        self.reloaded(Some(at));
        // As many bits as a float holds.
        let hash = xxh3_64(config.original.as_bytes()) >> 16;
        self.config_hash.set(hash as f64);
        for receiver in &config.receivers {
            for integration in &receiver.integrations {
                let told = told(integration.kind, &receiver.name);
                drop(self.notifications.get_or_create(&told));
                drop(self.requests.get_or_create(&told));
                drop(self.requests_failed.get_or_create(&told));
                for reason in REASONS {
                    drop(self.failed.get_or_create(&failed(told.clone(), reason)));
                }
            }
        }
    }

    /// Notes how an attempt to read the configuration went; the time is that of a good one.
    pub(super) fn reloaded(&self, at: Option<Timestamp>) {
        self.is_reload_successful.set(i64::from(at.is_some()));
        if let Some(at) = at {
            self.reloaded_at.set(at.seconds());
        }
    }
}

/// Returns Alertmanager's word for why notices fail for good in the step of an event.
pub(in crate::alerting) fn reason(event: &Event) -> &'static str {
    match event {
        Event::Answered {
            verdict: Verdict::Refused { .. },
            ..
        } => REFUSED,
        _ => OTHER,
    }
}

/// Returns the labels of an integration of a receiver.
pub(super) fn told(kind: &str, receiver: &str) -> Told {
    [
        ("integration", kind.to_owned()),
        ("receiver_name", receiver.to_owned()),
    ]
}

fn failed([integration, receiver]: Told, reason: &str) -> Failed {
    [integration, receiver, ("reason", reason.to_owned())]
}
