//! alertmanager.yml, read unchanged: the whole of Alertmanager 0.34's syntax, checked as it checks, as typed values.
//!
//! ```text
//! text --(shape: raw.rs)--> raw sections with places --(sense: the other files here)--> Config + warnings
//! ```
//!
//! A file is loaded whole or refused whole, and a refusal lists everything that is wrong after the first error of shape.
//! What is legal but without effect is checked all the same and then reported as a warning: nothing is silently ignored.
//!
//! Besides Alertmanager's sections there is `plimsoll:`, see [`Extension`].

mod extension;
mod file;
mod inhibit;
mod intervals;
mod names;
mod raw;
mod receivers;
mod routes;
mod shown;
mod tiers;

use std::path::{Path, PathBuf};

use plimsoll_runtime::config::{Diagnostic, Diagnostics, Source};

pub use extension::{
    DeadLetters, DeadMan, ExpiryNotice, Extension, Fallback, Heartbeat, Limits, RateLimit,
    ReceiverPolicy, SilencePolicy,
};
pub use inhibit::InhibitRule;
pub use plimsoll_notify::config::{Globals, ReceiverConfig};

use crate::interval::Intervals;
use crate::matchers::Mode;
use crate::route::RouteTree;

/// How a file is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Which syntax matchers and names of labels have; default both, as in Alertmanager.
    pub matchers: Mode,
}

/// A valid configuration with every default filled in.
#[derive(Clone, Debug)]
pub struct Config {
    /// What applies to all receivers that do not say otherwise.
    pub global: Globals,
    /// The files with templates, as seen from where we run; a `*` may stand in each of them.
    pub templates: Vec<PathBuf>,
    /// The routes, those of tiers among them.
    pub route: RouteTree,
    /// The receivers in the order of the file. No two have the same name, and every name that a route uses is there.
    pub receivers: Vec<ReceiverConfig>,
    /// Which alerts keep which others back, in the order of the file.
    pub inhibit_rules: Vec<InhibitRule>,
    /// The time intervals, `mute_time_intervals` among them; every name that a route uses is there.
    pub intervals: Intervals,
    /// What only Plimsoll knows.
    pub plimsoll: Extension,
    /// The file as others may see it: secrets masked, without the section `plimsoll`, with the routes of its tiers.
    pub original: String,
}

impl Config {
    /// Returns a receiver by its name.
    pub fn receiver(&self, name: &str) -> Option<&ReceiverConfig> {
        self.receivers.iter().find(|receiver| receiver.name == name)
    }
}

/// A configuration and what there is to say about it.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// What was accepted without effect, and the like; never an error.
    pub warnings: Vec<Diagnostic>,
}

/// Reads and checks a file.
///
/// # Errors
/// Every finding, when at least one is an error: unreadable, too large, not UTF-8, not YAML, or not a configuration.
pub fn load(path: &Path, options: &Options) -> Result<Loaded, Diagnostics> {
    file::load(&Source::read(path)?, options)
}

/// Checks a text as if it stood in the file `path`, which need not exist. Files that it names are looked for beside it.
///
/// # Errors
/// As for [`load`].
pub fn parse(path: &Path, text: &str, options: &Options) -> Result<Loaded, Diagnostics> {
    file::load(&Source::new(path, text)?, options)
}
