//! What was changed about the server itself: starts, reloads and orders, which marks on charts stand for.
//!
//! Changes that live elsewhere (versions of SLOs, corrections, silences) are read there and are not in it.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};

use plimsoll_types::Timestamp;

/// How many changes are remembered in memory, the newest: some months of orders, less than a megabyte.
const RECENT_MAX: usize = 1_000;

/// A change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// When it was in force.
    pub at: Timestamp,
    /// What kind.
    pub kind: ChangeKind,
    /// What was changed: `configuration`, `route checkout`, `shop/availability`.
    pub subject: String,
    /// The service that it is about; `None` when it is about all or none.
    pub service: Option<String>,
    /// What was done, in a sentence without a stop.
    pub what: String,
    /// Who did it, as far as is known.
    pub by: Option<String>,
    /// Where it came from: a file and line, a path of the API.
    pub origin: Option<String>,
}

/// Kinds of changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChangeKind {
    /// The process began to serve.
    Start,
    /// A configuration came into force, or was refused.
    Reload,
    /// A person ordered something of the gateway.
    Order,
    /// What an SLO counts is another thing than before.
    SloVersion,
    /// Events of a time count differently.
    Correction,
    /// Somebody does not want to be told.
    Silence,
}

impl ChangeKind {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Start,
        Self::Reload,
        Self::Order,
        Self::SloVersion,
        Self::Correction,
        Self::Silence,
    ];

    /// Returns its name in answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Reload => "reload",
            Self::Order => "order",
            Self::SloVersion => "slo_version",
            Self::Correction => "correction",
            Self::Silence => "silence",
        }
    }

    /// Returns the kind of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// The future of [`Journal::read`]. The error is what an operator should know.
pub type ChangesRead<'a> = Pin<Box<dyn Future<Output = Result<Vec<Change>, String>> + Send + 'a>>;

/// Remembers changes.
pub trait Journal: Send + Sync {
    /// Takes a change. Never blocks; what makes it durable works behind it.
    fn note(&self, change: Change);

    /// Reads at most so many of the newest changes, the last one first.
    ///
    /// # Errors
    /// When what is durable cannot be read.
    fn read(&self, count: u32) -> ChangesRead<'_>;

    /// Returns how many changes this process noted: another number says that there is something new to read.
    fn revision(&self) -> u64;
}

/// The newest changes, in memory.
#[derive(Debug, Default)]
pub struct RecentChanges(Mutex<Recent>);

#[derive(Debug, Default)]
struct Recent {
    /// The last one first.
    changes: VecDeque<Change>,
    noted: u64,
}

impl RecentChanges {
    /// Returns at most so many, the last one first.
    pub fn newest(&self, count: usize) -> Vec<Change> {
        let recent = self.inner();
        recent.changes.iter().take(count).cloned().collect()
    }

    fn inner(&self) -> MutexGuard<'_, Recent> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Journal for RecentChanges {
    fn note(&self, change: Change) {
        let mut recent = self.inner();
        recent.changes.push_front(change);
        recent.changes.truncate(RECENT_MAX);
        recent.noted += 1;
    }

    fn read(&self, count: u32) -> ChangesRead<'_> {
        let newest = self.newest(count as usize);
        Box::pin(async move { Ok(newest) })
    }

    fn revision(&self) -> u64 {
        self.inner().noted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_newest_changes_are_remembered() {
        let recent = RecentChanges::default();
        for number in 0..RECENT_MAX + 10 {
            recent.note(Change {
                at: Timestamp::from_millis(number as i64),
                kind: ChangeKind::Order,
                subject: format!("route {number}"),
                service: None,
                what: "drained".into(),
                by: None,
                origin: None,
            });
        }
        assert_eq!(recent.revision(), RECENT_MAX as u64 + 10);
        let all = recent.newest(usize::MAX);
        assert_eq!(all.len(), RECENT_MAX);
        assert_eq!(all[0].subject, format!("route {}", RECENT_MAX + 9));
    }

    #[test]
    fn kinds_are_found_by_their_names() {
        for kind in ChangeKind::ALL {
            assert_eq!(ChangeKind::from_name(kind.as_str()), Some(kind));
        }
        assert_eq!(ChangeKind::from_name("deploy"), None);
    }
}
