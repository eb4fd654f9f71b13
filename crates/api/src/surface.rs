//! What the endpoints beside queries and pushes need: the state of the server, its targets, its store as a whole.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use plimsoll_alerting::surface::Alerting;
use plimsoll_ingest::limits::Folding;
use plimsoll_ingest::scrape::Overview;
use plimsoll_promql::Features;
use plimsoll_rules::view::{GroupView, RuleViews};
use plimsoll_runtime::shutdown::Shutdown;
use plimsoll_slo::surface::Slos;
use plimsoll_traffic::surface::Gateway;
use plimsoll_types::{Decision, Labels, Pattern, ReplayStatistics, StoreAdmin, Timestamp};

use crate::ui::UiParts;
use crate::v1::Subscribers;

/// What the composition root hands over beside the parts of queries and pushes.
pub struct Surface {
    /// What the server is and what is in force.
    pub status: Arc<ServerStatus>,
    /// What is scraped.
    pub scrapes: Overview,
    /// The rule groups that run.
    pub rules: Arc<dyn RuleViews>,
    /// Who routes alerts and keeps silences; `None` when this server does not.
    pub alerting: Option<Arc<dyn Alerting>>,
    /// Who counts service level objectives; `None` when this server does not.
    pub slos: Option<Arc<dyn Slos>>,
    /// Who takes requests in for services; `None` when this server does not.
    pub gateway: Option<Arc<dyn Gateway>>,
    /// Tells who alerts are sent to at the moment.
    pub alertmanagers: Box<dyn Fn() -> Alertmanagers + Send + Sync>,
    /// Reads what was decided.
    pub decisions: ReadDecisions,
    /// The store as a whole: statistics, deletion, snapshots.
    pub store: Arc<dyn StoreAdmin>,
    /// Tells what limits fold at the moment, the most first, at most so many entries.
    pub folding: Box<dyn Fn(usize) -> Vec<Folding> + Send + Sync>,
    /// Whether deletion and snapshots are answered (`--web.enable-admin-api`); statistics always are.
    pub is_admin_enabled: bool,
    /// What `/-/quit` triggers; `None` unless `--web.enable-lifecycle` was said.
    pub quit: Option<Shutdown>,
    /// Which pages of other sites may read answers (`--web.cors.origin`); the whole origin must match.
    pub cors_origin: Pattern,
    /// Which parts of the language queries may use (`--enable-feature`).
    pub features: Features,
    /// Bounds of remote read.
    pub read_limits: ReadLimits,
    /// Who listens to notifications.
    pub subscribers: Subscribers,
    /// What screens need beside the above.
    pub ui: UiParts,
}

/// Reads at most so many of the newest decisions about one subject or about all, the last one first. The error is what
/// an operator should know.
pub type ReadDecisions = Box<dyn Fn(Option<String>, u32) -> DecisionsRead + Send + Sync>;

/// The future of [`ReadDecisions`].
pub type DecisionsRead = Pin<Box<dyn Future<Output = Result<Vec<Decision>, String>> + Send>>;

/// Who alerts are sent to, as URLs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Alertmanagers {
    /// Those that are told.
    pub active: Vec<String>,
    /// Those that discovery found and relabelling dropped.
    pub dropped: Vec<String>,
}

/// No rule groups at all.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoRules;

impl RuleViews for NoRules {
    fn groups(&self) -> Vec<Arc<GroupView>> {
        Vec::new()
    }
}

/// Bounds of remote read, as Prometheus has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadLimits {
    /// Samples of one answer that is not streamed, 0 for no limit. Default 50,000,000.
    pub samples_max: u64,
    /// Bytes of one frame of a streamed answer. Default 1 MiB.
    pub frame_bytes_max: usize,
}

impl Default for ReadLimits {
    fn default() -> Self {
        Self {
            samples_max: 50_000_000,
            frame_bytes_max: 1 << 20,
        }
    }
}

/// What the server is, and which configuration is in force.
#[derive(Debug)]
pub struct ServerStatus {
    /// When the process began to serve.
    pub started: Timestamp,
    /// Its working directory.
    pub working_directory: String,
    /// The name of the machine.
    pub host_name: String,
    /// The command line as Prometheus names flags, defaults filled in.
    pub flags: BTreeMap<String, String>,
    /// What the opening of the store read back.
    pub replay: ReplayStatistics,
    in_force: Mutex<InForce>,
}

/// What a reload changes.
#[derive(Clone, Debug)]
pub struct InForce {
    /// The configuration as YAML, without secrets.
    pub yaml: Arc<str>,
    /// When it came into force.
    pub since: Timestamp,
    /// Whether the last attempt to read the configuration was successful.
    pub is_last_reload_successful: bool,
    /// The labels that name this server to others.
    pub external_labels: Labels,
    /// How long samples are kept, as Prometheus writes it: `15d`.
    pub retention: String,
}

impl ServerStatus {
    /// Makes it.
    pub fn new(
        started: Timestamp,
        working_directory: String,
        host_name: String,
        flags: BTreeMap<String, String>,
        replay: ReplayStatistics,
        in_force: InForce,
    ) -> Self {
        Self {
            started,
            working_directory,
            host_name,
            flags,
            replay,
            in_force: Mutex::new(in_force),
        }
    }

    /// Returns what is in force.
    pub fn in_force(&self) -> InForce {
        self.inner().clone()
    }

    /// Tells that another configuration came into force.
    pub fn replace(&self, in_force: InForce) {
        *self.inner() = in_force;
    }

    /// Tells that a configuration was refused; the one before stays in force.
    pub fn note_failed_reload(&self) {
        self.inner().is_last_reload_successful = false;
    }

    fn inner(&self) -> MutexGuard<'_, InForce> {
        self.in_force.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
