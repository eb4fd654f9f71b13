//! prometheus.yml, read unchanged: the whole of Prometheus 3.14's syntax, checked as it checks, as typed values.
//!
//! ```text
//! text --(shape: raw.rs)--> raw sections with places --(sense: the other files here)--> Config + warnings
//! ```
//!
//! A file is loaded whole or refused whole, and a refusal lists everything that is wrong after the first error of
//! shape. What is legal but without effect in this version is checked all the same and then reported as a warning:
//! nothing is silently ignored. Kinds of discovery that we do not have are refused by name.
//!
//! Besides Prometheus' sections there is `plimsoll:`, see [`Plimsoll`].

mod alerting;
mod discovery;
mod elsewhere;
mod environment;
mod file;
mod global;
mod names;
mod paths;
mod plimsoll;
mod raw;
mod relabel;
mod scrape;
mod selector;
mod series_limits;
mod shown;
mod slo;
mod state;
mod storage;
mod tiers;

use std::path::{Path, PathBuf};

use plimsoll_runtime::config::{Diagnostic, Diagnostics, Source};
use plimsoll_types::Labels;

pub use alerting::{Alerting, AlertmanagerConfig};
pub use discovery::{
    Discovery, DnsDiscovery, DnsRecord, FileDiscovery, HttpDiscovery, TargetGroup,
};
pub use global::Global;
pub use plimsoll::{HostMetrics, Limits, Plimsoll, WalSync};
pub use scrape::{Escaping, NameValidation, Scheme, ScrapeConfig, ScrapeLimits};
pub use series_limits::{SeriesLimits, ValuesRule};
pub use slo::Slo;
pub use state::State;
pub use storage::{Retention, RetentionRule};
pub use tiers::Tiers;

/// Looks a variable of the environment up, for `${NAME}` in `external_labels`; only the composition root knows it.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// A valid configuration with every default filled in.
#[derive(Clone, Debug)]
pub struct Config {
    /// What applies to all jobs.
    pub global: Global,
    /// The jobs, those of `scrape_config_files` last. No two have the same name.
    pub scrape_configs: Vec<ScrapeConfig>,
    /// The rule files that exist, as named from where we run, in the order of the patterns and none twice.
    pub rule_files: Vec<PathBuf>,
    /// Where alerts go.
    pub alerting: Alerting,
    /// How long samples are kept.
    pub retention: Retention,
    /// What only Plimsoll knows.
    pub plimsoll: Plimsoll,
}

impl Config {
    /// Returns the labels that name us to others.
    pub fn external_labels(&self) -> &Labels {
        &self.global.external_labels
    }
}

/// A configuration and what there is to say about it.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// What was accepted without effect, and the like; never an error.
    pub warnings: Vec<Diagnostic>,
    /// The file as others may see it: defaults filled in, secrets masked. Jobs of `scrape_config_files` are not in it.
    pub yaml: String,
}

/// Reads and checks a file and those that its `scrape_config_files` name.
///
/// # Errors
/// Every finding, when at least one is an error: unreadable, too large, not UTF-8, not YAML, or not a configuration.
pub fn load(path: &Path, environment: Environment<'_>) -> Result<Loaded, Diagnostics> {
    file::load(&Source::read(path)?, environment)
}

/// Checks a text as if it stood in the file `path`, which need not exist. Files that it names are looked for beside it.
///
/// # Errors
/// As for [`load`].
pub fn parse(path: &Path, text: &str, environment: Environment<'_>) -> Result<Loaded, Diagnostics> {
    file::load(&Source::new(path, text)?, environment)
}
