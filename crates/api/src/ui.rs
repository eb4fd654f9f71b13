//! What is for people in front of a browser: what their screens ask beside the API that programs know.

mod bundle;
mod desk;
mod file;
mod files;
mod front;
mod journal;
mod minimal;

use std::sync::Arc;

use plimsoll_types::Timestamp;

pub use bundle::Bundle;
pub(crate) use desk::Desk;
pub use files::{ConfiguredObject, FileInForce, FilesInForce, ReloadOutcome};
pub(crate) use front::before_the_api;
pub use journal::{Change, ChangeKind, ChangesRead, Journal, RecentChanges};

/// What the composition root hands over for screens.
#[derive(Clone)]
pub struct UiParts {
    /// When the process began to serve.
    pub started: Timestamp,
    /// Where people reach this server, without a slash at the end.
    pub external_url: Arc<str>,
    /// The files that are in force.
    pub files: Arc<FilesInForce>,
    /// Who remembers what was changed.
    pub journal: Arc<dyn Journal>,
    /// The files of the user interface.
    pub bundle: Bundle,
}

impl UiParts {
    /// Makes parts that remember in memory only and have pages without scripts, for a server at `external_url`.
    pub fn in_memory(started: Timestamp, external_url: &str) -> Self {
        Self {
            started,
            external_url: external_url.into(),
            files: Arc::default(),
            journal: Arc::new(RecentChanges::default()),
            bundle: Bundle::default(),
        }
    }
}
