//! Sends alerts to external Alertmanagers, as the notifier of Prometheus does, and keeps what none of them took.
//!
//! ```text
//! send -> external labels, alert_relabel_configs -> each set: its alert_relabel_configs -> each Alertmanager: its queue
//!                                                                                              |
//!                           what discovery found, relabelled: who is in a set                  v
//!                                                                      batches, one request at a time
//! ```
//!
//! Each Alertmanager has a queue of its own: one that is slow or silent delays no other. A full queue drops its oldest
//! alerts and counts them.
//!
//! | an Alertmanager | then |
//! |---|---|
//! | answers 2xx | the batch is sent |
//! | cannot be reached, breaks off, is too slow, answers 429 or 5xx | the batch waits and is sent again after 0.5 s, 1 s, ... 5 s, or as `Retry-After` says |
//! | answers anything else | the batch is dropped and counted: it would be refused again |
//!
//! Prometheus drops a batch at the first failure. To send it again is safe, because an Alertmanager merges what it is
//! told twice; and the newest word on an alert takes the place of an older one that still waits, so an outage fills the
//! queue with what is true now and not with what was true at each evaluation. What has waited for 15 minutes is dropped:
//! until then the rule engine has said it again.
//!
//! A set without any Alertmanager keeps alerts likewise and gives them to the first that discovery finds.

mod endpoint;
mod metrics;
mod peer;
mod queue;
mod relabel;
mod set;

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use plimsoll_ingest::config::{AlertmanagerConfig, Config};
use plimsoll_ingest::discovery;
use plimsoll_ingest::relabel::RelabelConfig;
use plimsoll_runtime::shutdown::Shutdown;
use plimsoll_types::{Alert, Labels};

pub use metrics::Metrics;
pub(crate) use queue::{Entry, Queue};

use self::set::{Plan, Set};
use crate::sink::AlertSink;

/// How alerts wait and are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Alerts that wait for one Alertmanager, above 0; default 10,000.
    pub queue_capacity: usize,
    /// Alerts of one request, above 0; default 256.
    pub batch_size: usize,
    /// Whether what waits is sent before the program ends; default: yes.
    pub drains_on_shutdown: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            queue_capacity: 10_000,
            batch_size: 256,
            drains_on_shutdown: true,
        }
    }
}

/// A configuration that cannot be put into force; the one before stays.
#[derive(Debug, thiserror::Error)]
#[error("alerting.alertmanagers[{index}]: {reason}")]
pub struct ApplyError {
    /// Which set, from 0.
    pub index: usize,
    /// Why.
    pub reason: String,
}

/// A configuration that can be put into force.
pub struct Prepared {
    external_labels: Labels,
    relabel: Arc<[RelabelConfig]>,
    /// For each set the running one that it continues, and what changes about it.
    changes: Vec<(Option<Arc<Set>>, Option<Plan>)>,
}

/// The Alertmanagers of all sets, as URLs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Alertmanagers {
    /// Those that alerts go to.
    pub active: Vec<String>,
    /// Those that relabelling dropped.
    pub dropped: Vec<String>,
}

/// What all sets and all Alertmanagers of them need.
#[derive(Clone)]
struct Around {
    options: Options,
    discovery: discovery::Context,
    metrics: Metrics,
    /// Triggered when nobody sends any more.
    closed: Shutdown,
}

/// Sends alerts to external Alertmanagers.
pub struct Sender {
    around: Around,
    routes: Mutex<Routes>,
    /// Who routes alerts in this process.
    own: OnceLock<Arc<dyn AlertSink>>,
}

/// What is in force.
#[derive(Default)]
struct Routes {
    external_labels: Labels,
    relabel: Arc<[RelabelConfig]>,
    sets: Vec<Arc<Set>>,
}

impl Sender {
    /// Makes one with nobody to send to. `context` is what its discoveries run on.
    pub fn new(options: Options, context: discovery::Context, metrics: Metrics) -> Self {
        metrics.set_capacity(options.queue_capacity);
        Self {
            around: Around {
                options,
                discovery: context,
                metrics,
                closed: Shutdown::new(),
            },
            routes: Mutex::default(),
            own: OnceLock::new(),
        }
    }

    /// Tells this sink everything as well, as if it were one more Alertmanager: alerts are routed in this process. Once is
    /// enough; a second call changes nothing.
    pub fn tell_own(&self, sink: Arc<dyn AlertSink>) {
        let _ = self.own.set(sink);
    }

    /// Puts the section `alerting` and the external labels into force: [`prepare`](Self::prepare) and
    /// [`commit`](Self::commit) in one.
    ///
    /// # Errors
    /// As for [`prepare`](Self::prepare); nothing is changed then.
    pub fn apply(&self, config: &Config) -> Result<(), ApplyError> {
        self.prepare(config).map(|prepared| self.commit(prepared))
    }

    /// Makes all that a configuration needs and changes nothing yet. New discoveries begin to ask; they end when the
    /// result is dropped.
    ///
    /// # Errors
    /// [`ApplyError`] when a client or a discovery cannot be made.
    pub fn prepare(&self, config: &Config) -> Result<Prepared, ApplyError> {
        let alerting = &config.alerting;
        let running = self.routes().sets.clone();
        let pairs = paired(&alerting.alertmanagers, &running);
        let mut changes = Vec::new();
        for (index, (wanted, before)) in pairs.into_iter().enumerate() {
            let plan = match &before {
                Some(set) if *set.config() == *wanted => None,
                _ => {
                    let made = Plan::new(index, wanted, before.as_deref(), &self.around);
                    Some(made.map_err(|reason| ApplyError { index, reason })?)
                }
            };
            changes.push((before, plan));
        }
        Ok(Prepared {
            external_labels: config.external_labels().clone(),
            relabel: alerting.alert_relabel_configs.clone().into(),
            changes,
        })
    }

    /// Puts into force what was prepared last. A set whose configuration is as it was does not notice; in one that
    /// changed, an Alertmanager that stays keeps its queue.
    pub fn commit(&self, prepared: Prepared) {
        let changes = prepared.changes.into_iter();
        let sets = changes.filter_map(|change| match change {
            (Some(set), Some(plan)) => {
                set.replace(plan);
                Some(set)
            }
            (None, Some(plan)) => Some(Arc::new(Set::start(plan, &self.around))),
            (kept, None) => kept,
        });
        let routes = Routes {
            external_labels: prepared.external_labels,
            relabel: prepared.relabel,
            sets: sets.collect(),
        };
        let before = std::mem::replace(&mut *self.routes(), routes);
        let kept = self.routes().sets.clone();
        for gone in &before.sets {
            if !kept.iter().any(|kept| Arc::ptr_eq(kept, gone)) {
                gone.stop();
            }
        }
    }

    /// Returns who alerts go to at the moment.
    pub fn alertmanagers(&self) -> Alertmanagers {
        let sets = self.routes().sets.clone();
        let mut all = Alertmanagers::default();
        for set in sets {
            set.list(&mut all);
        }
        all
    }

    /// Tells that nobody sends any more, so that the queues can end once they are empty. Call it at shutdown, when the
    /// rule groups have ended: their last notices leave, too. Without it the queues wait for some seconds for more.
    pub fn close(&self) {
        self.around.closed.trigger();
    }

    fn routes(&self) -> MutexGuard<'_, Routes> {
        self.routes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AlertSink for Sender {
    fn send(&self, alerts: Vec<Alert>) {
        if alerts.is_empty() {
            return;
        }
        let (external_labels, relabel, sets) = {
            let routes = self.routes();
            (
                routes.external_labels.clone(),
                routes.relabel.clone(),
                routes.sets.clone(),
            )
        };
        let own = self.own.get();
        if sets.is_empty() && own.is_none() {
            return;
        }
        let alerts = relabel::for_all(alerts, &external_labels, &relabel);
        if let Some(own) = own {
            own.send(alerts.iter().map(|alert| Alert::clone(alert)).collect());
        }
        for set in &sets {
            set.send(&alerts);
        }
    }
}

/// Finds for each wanted set the running one that it continues: one with the same configuration, otherwise the one that
/// stood in its place and is continued by no other.
fn paired<'a>(
    wanted: &'a [AlertmanagerConfig],
    running: &[Arc<Set>],
) -> Vec<(&'a AlertmanagerConfig, Option<Arc<Set>>)> {
    let mut free: Vec<Option<Arc<Set>>> = running.iter().cloned().map(Some).collect();
    let mut pairs: Vec<_> = wanted
        .iter()
        .map(|config| {
            let is_it = |set: &&mut Option<Arc<Set>>| {
                set.as_ref().is_some_and(|set| *set.config() == *config)
            };
            let same = free.iter_mut().find(is_it).and_then(Option::take);
            (config, same)
        })
        .collect();
    for (pair, place) in pairs.iter_mut().zip(&mut free) {
        if pair.1.is_none() {
            pair.1 = place.take();
        }
    }
    pairs
}

#[cfg(test)]
mod tests;
