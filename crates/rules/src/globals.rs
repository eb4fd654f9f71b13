//! What holds for all groups: a part of the configuration that rule files do not say.

use std::sync::Arc;
use std::time::Duration;

use plimsoll_types::Labels;

/// How long a resolved alert is kept and sent again, so that a receiver that was away learns of it: Prometheus' value.
pub const RESOLVED_RETENTION: Duration = Duration::from_secs(15 * 60);

/// Settings of all groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Globals {
    /// How often groups are evaluated that do not say it: `evaluation_interval`, default 1 m.
    pub interval: Duration,
    /// How far in the past groups are evaluated that do not say it: `rule_query_offset`, default 0.
    pub query_offset: Duration,
    /// What templates see as `$externalLabels`. Alerts and series get them where they leave, not here.
    pub external_labels: Labels,
    /// Under which URL the server is reached, without a slash at its end: templates and generator URLs have it.
    pub external_url: Arc<str>,
    /// How long until an alert that fires on is sent again: `--rules.alert.resend-delay`, default 1 m.
    pub resend_delay: Duration,
}

impl Default for Globals {
    fn default() -> Self {
        Self {
            interval: Duration::from_secs(60),
            query_offset: Duration::ZERO,
            external_labels: Labels::empty(),
            external_url: Arc::from(""),
            resend_delay: Duration::from_secs(60),
        }
    }
}
