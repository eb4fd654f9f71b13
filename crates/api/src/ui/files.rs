//! The files that are in force, as the server read them, and how its last reloads went.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use plimsoll_types::Timestamp;

/// How many reloads are remembered, the newest.
const RELOADS_MAX: usize = 50;

/// A file that is in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileInForce {
    /// The path as it was named.
    pub path: String,
    /// What it is for: `prometheus`, `rules`, `alertmanager`, `templates`, `slo`, `gateway`, `file`.
    pub role: &'static str,
    /// When what is shown was read.
    pub loaded: Timestamp,
    /// How long the whole file is, in bytes.
    pub bytes: u64,
    /// What it defines, in its order.
    pub objects: Vec<ConfiguredObject>,
    /// Its text without secrets.
    pub text: String,
    /// Whether the text is only the begin of the file.
    pub is_cut: bool,
}

/// Something that a file defines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfiguredObject {
    /// What it is: `job`, `group`, `rule`, `route`, `receiver`, `slo`.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// Where it is, from 1.
    pub line: usize,
}

/// How a reload went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReloadOutcome {
    /// When it was over.
    pub at: Timestamp,
    /// Whether what was read is in force.
    pub is_ok: bool,
    /// What there is to know: why it was refused, what waits for a restart; often empty.
    pub message: String,
}

/// What is in force.
#[derive(Debug, Default)]
pub struct FilesInForce(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    files: Arc<[FileInForce]>,
    /// The last one first.
    reloads: VecDeque<ReloadOutcome>,
}

impl FilesInForce {
    /// Tells that these files are in force from now on.
    pub fn replace(&self, files: Vec<FileInForce>) {
        self.inner().files = files.into();
    }

    /// Tells how a reload went.
    pub fn note(&self, outcome: ReloadOutcome) {
        let mut inner = self.inner();
        inner.reloads.push_front(outcome);
        inner.reloads.truncate(RELOADS_MAX);
    }

    /// Returns the files, in the order in which they were read.
    pub fn files(&self) -> Arc<[FileInForce]> {
        self.inner().files.clone()
    }

    /// Returns how the last reloads went, the last one first.
    pub fn reloads(&self) -> Vec<ReloadOutcome> {
        self.inner().reloads.iter().cloned().collect()
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
