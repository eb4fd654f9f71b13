//! Discovery: who is to be scraped, as several sources tell it and change their minds.
//!
//! ```text
//! config::Discovery --(Kind::provider)--> Provider --(refresh, again and again)--> groups
//!                                                                                    |
//! Runner of a job: merges what its providers say, publishes it when it has changed <-+
//! ```
//!
//! A source that fails is reported and what it said last stays in force: a discovery server that is down for an
//! hour must not end the scraping of everything it once listed.

mod dns;
mod file;
mod group;
mod http;
mod runner;
mod static_config;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use plimsoll_runtime::clock::Clock;
use plimsoll_runtime::tasks::Tasks;

use crate::config::Discovery;

pub(crate) use file::single_stars;

pub use dns::{Answer, LookUp, Resolve, SystemResolver};
pub use group::{Groups, TargetGroup};
pub use runner::{Heard, Metrics, Runner};

/// The kinds we have. To add one: one file beside the others, one line here.
pub const ALL: &[&dyn Kind] = &[
    &static_config::StaticConfigs,
    &file::FileSd,
    &http::HttpSd,
    &dns::DnsSd,
];

/// The fields of the kinds that Prometheus 3.14 has and we do not: a configuration with one of them is refused by
/// name. Each can be bridged with a small program that writes a file for `file_sd_configs` or answers
/// `http_sd_configs`.
pub const KNOWN_ELSEWHERE: &[&str] = &[
    "aws_sd_configs",
    "azure_sd_configs",
    "consul_sd_configs",
    "digitalocean_sd_configs",
    "docker_sd_configs",
    "dockerswarm_sd_configs",
    "ec2_sd_configs",
    "eureka_sd_configs",
    "gce_sd_configs",
    "hetzner_sd_configs",
    "ionos_sd_configs",
    "kubernetes_sd_configs",
    "kuma_sd_configs",
    "lightsail_sd_configs",
    "linode_sd_configs",
    "marathon_sd_configs",
    "nerve_sd_configs",
    "nomad_sd_configs",
    "oci_sd_configs",
    "openstack_sd_configs",
    "outscale_sd_configs",
    "ovhcloud_sd_configs",
    "puppetdb_sd_configs",
    "scaleway_sd_configs",
    "serverset_sd_configs",
    "stackit_sd_configs",
    "triton_sd_configs",
    "uyuni_sd_configs",
    "vultr_sd_configs",
];

/// One kind of discovery.
pub trait Kind: Sync {
    /// Returns the field of a job that configures it, such as `file_sd_configs`.
    fn field(&self) -> &'static str;

    /// Returns what it does, as one sentence without its final stop.
    fn summary(&self) -> &'static str;

    /// Returns the `__meta_*` labels that its targets may have.
    fn meta_labels(&self) -> &'static [&'static str];

    /// Makes a provider when `config` is of this kind. `known` is what a provider with the same configuration said last,
    /// for the parts of the source that cannot be asked at first.
    ///
    /// # Errors
    /// What no retry would heal, such as credentials that no header may hold.
    fn provider(
        &self,
        config: &Discovery,
        context: &Context,
        known: &[Arc<TargetGroup>],
    ) -> Result<Option<Box<dyn Provider>>, Problem>;
}

/// One source of targets, asked again and again by a [`Runner`].
pub trait Provider: Send {
    /// Returns all that it knows now. What came before is forgotten when this ends well, and stays otherwise.
    fn refresh(&mut self) -> Refresh<'_>;

    /// Returns the time from the end of one refresh to the next; `None` when nothing can change.
    fn pause(&self) -> Option<Duration>;
}

/// The future of [`Provider::refresh`].
pub type Refresh<'a> = Pin<Box<dyn Future<Output = Result<Refreshed, Problem>> + Send + 'a>>;

/// What a provider knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refreshed {
    /// All groups; those that could not be renewed as they were.
    pub groups: Vec<Arc<TargetGroup>>,
    /// What could not be renewed, and why.
    pub problems: Vec<Problem>,
}

/// Why a source, or a part of it, is not up to date.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {message}")]
pub struct Problem {
    /// The file, URL or name.
    pub place: String,
    /// What was wanted and what was found; a file's is a diagnostic with line, column and caret.
    pub message: String,
}

impl Problem {
    /// Makes a problem.
    pub fn new(place: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            place: place.into(),
            message: message.into(),
        }
    }
}

/// What discovery needs from its surroundings; clones share it.
#[derive(Clone)]
pub struct Context {
    /// Runs the providers.
    pub tasks: Tasks,
    /// Tells when to ask again.
    pub clock: Arc<dyn Clock>,
    /// Asks DNS.
    pub resolver: Arc<dyn Resolve>,
    /// Counts refreshes, failures and targets.
    pub metrics: Metrics,
}

#[cfg(test)]
mod tests;
