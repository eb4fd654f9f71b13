//! What the gateway is told, by a file or by flags: text in, a valid [`Config`] or diagnostics with a caret out.
//!
//! ```text
//! text --(shape: raw.rs)--> raw sections with places --(sense: the other files here)--> Config + warnings
//! ```
//!
//! A file is good as a whole or refused as a whole, and a refusal lists everything that is wrong after the first error of
//! shape. What is legal and surely not meant is a warning.

mod actions;
mod address;
mod affinity;
mod backends;
mod balance;
mod certificates;
mod checks;
mod concurrency;
mod context;
mod diff;
mod faults;
mod file;
mod flags;
mod judgement;
mod known;
mod ladder;
mod limits;
mod listeners;
mod matches;
mod paths;
mod raw;
mod retries;
mod rewrites;
mod routes;
mod schema;
mod shadowed;
#[cfg(test)]
mod tests;
mod watch;

use std::path::{Path, PathBuf};

use plimsoll_runtime::config::{Diagnostic, Diagnostics, Source};

pub(crate) use affinity::SECRET_BYTES_MIN;
pub use diff::{Change, ChangeKind, diff};
pub use flags::{FlagError, from_flags};
pub use schema::schema;
pub use watch::Watch;

use crate::model::Config;
use watch::Stamp;

/// The version that a file of ours names.
pub const VERSION: &str = "plimsoll/v1";

/// A configuration and what there is to say about it.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// What is legal, but may not be meant.
    pub warnings: Vec<Diagnostic>,
    /// What it was read from: the file itself and those that it names and that were read, for certificates and secrets.
    pub files: Vec<PathBuf>,
    /// What was in them.
    stamps: Vec<(PathBuf, Stamp)>,
}

impl From<Config> for Loaded {
    /// Takes a configuration that was read from no file.
    fn from(config: Config) -> Self {
        Self {
            config,
            warnings: Vec::new(),
            files: Vec::new(),
            stamps: Vec::new(),
        }
    }
}

impl Loaded {
    /// Returns what tells when one of the files is another one than was read.
    pub fn watch(&self) -> Watch {
        Watch::new(self.stamps.clone())
    }
}

/// Reads and checks a file, and those that it names. Blocks.
///
/// # Errors
/// Every finding, when at least one is an error: unreadable, too large, not UTF-8, not YAML, or no configuration.
pub fn load(path: &Path) -> Result<Loaded, Diagnostics> {
    file::check(&Source::read(path)?)
}

/// Checks a text as if it stood in the file `path`, which need not exist. Files that it names are looked for beside it.
///
/// # Errors
/// As for [`load`].
pub fn parse(path: &Path, text: &str) -> Result<Loaded, Diagnostics> {
    file::check(&Source::new(path, text)?)
}
