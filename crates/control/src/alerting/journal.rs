//! What follows from steps, on its way into the store: the changes, who waits for them to be durable, and the notices that
//! may leave once they are.
//!
//! ```text
//! steps -> pending -(one commit at a time)-> flying -> durable: answers, attempts
//!            ^                                  |
//!            +------------ failed --------------+
//! ```
//!
//! While a commit is under way steps go on and gather the next one, so a slow disk makes commits larger and nobody slower
//! than two of them. Changes wait by row, of each the last one, so a long outage takes memory for each row that changed
//! and not for each change.
//!
//! A commit is whole unless an outage has left very many changes: then alerts go first, in parts, because each stands for
//! itself, and the rest follows as one. A crash in between loses nothing: what is told is noted with the rest.

use std::collections::{HashMap, VecDeque};
use std::future::Future;
use std::pin::Pin;

use plimsoll_alerting::Attempt;
use plimsoll_state::rows::alerting::ReceivedRow;
use plimsoll_state::{Change, Error, Lease, Row};

use super::ask::Waiting;

/// How many rows one transaction has, unless all but alerts are more: what the slowest store that is of use takes in a
/// few seconds.
const PART_MAX: usize = 5_000;
/// How many decisions and lines of history wait while the store is away, the newest.
const NOTES_MAX: usize = 20_000;

/// How a commit ended.
type Commit = Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>;

/// A row: its table and key.
type Key = (&'static str, Vec<plimsoll_state::Cell>);

/// What is on its way into the store.
#[derive(Default)]
pub(super) struct Journal {
    rows: HashMap<Key, Change>,
    /// Rows that are only added: decisions and history.
    notes: VecDeque<Change>,
    waiting: Vec<Waiting>,
    attempts: Vec<Attempt>,
    /// Whether rows of the inbox are among those that go.
    has_inbox: bool,
    flying: Option<Flying>,
}

/// A commit that is under way.
struct Flying {
    commit: Commit,
    is_whole: bool,
    rows: Vec<Change>,
    notes: Vec<Change>,
    waiting: Vec<Waiting>,
    attempts: Vec<Attempt>,
    has_inbox: bool,
}

/// What a commit leaves behind.
pub(super) struct Landed {
    pub(super) result: Result<(), Error>,
    /// Whether it held everything that was there when it began.
    pub(super) is_whole: bool,
    pub(super) waiting: Vec<Waiting>,
    pub(super) attempts: Vec<Attempt>,
}

impl Journal {
    /// Takes changes of rows; a later one of the same row counts.
    pub(super) fn add(&mut self, changes: impl IntoIterator<Item = Change>) {
        for change in changes {
            match change.row() {
                Some((table, key)) => {
                    let key = (table, key.to_vec());
                    self.rows.insert(key, change);
                }
                None => debug_assert!(false, "alerting changes single rows only"),
            }
        }
    }

    /// Takes rows that are only added.
    pub(super) fn note(&mut self, notes: impl IntoIterator<Item = Change>) {
        self.notes.extend(notes);
    }

    /// Takes rows of the inbox that were taken up: they go together with what followed from them.
    pub(super) fn take_up(&mut self, changes: Vec<Change>) {
        self.has_inbox |= !changes.is_empty();
        self.add(changes);
    }

    /// Takes who waits until everything that was added up to now is durable.
    pub(super) fn wait(&mut self, waiting: Waiting) {
        self.waiting.push(waiting);
    }

    /// Takes what may leave once everything that was added up to now is durable.
    pub(super) fn hold(&mut self, attempts: Vec<Attempt>) {
        self.attempts.extend(attempts);
    }

    /// Takes back what waits for a commit.
    pub(super) fn held(&mut self) -> Vec<Attempt> {
        std::mem::take(&mut self.attempts)
    }

    /// Says whether nothing is to be written and nothing is being written.
    pub(super) fn is_clean(&self) -> bool {
        !self.has_work() && self.flying.is_none()
    }

    /// Says whether something is to be written, or somebody waits for what is.
    pub(super) fn has_work(&self) -> bool {
        let has_rows = !self.rows.is_empty() || !self.notes.is_empty();
        has_rows || !self.waiting.is_empty() || !self.attempts.is_empty()
    }

    /// Says whether a commit is under way.
    pub(super) fn is_flying(&self) -> bool {
        self.flying.is_some()
    }

    /// Returns how many changes are not durable.
    pub(super) fn len(&self) -> usize {
        let flying = self.flying.as_ref();
        let flying = flying.map_or(0, |flying| flying.rows.len() + flying.notes.len());
        self.rows.len() + self.notes.len() + flying
    }

    /// Says whether rows of the inbox were taken up and are still there.
    pub(super) fn has_inbox(&self) -> bool {
        self.has_inbox || self.flying.as_ref().is_some_and(|flying| flying.has_inbox)
    }

    /// Begins a commit of what there is, or of a part of it; `begin` makes the future.
    pub(super) fn fly(
        &mut self,
        lease: Option<Lease>,
        begin: impl FnOnce(Option<Lease>, Vec<Change>) -> Commit,
    ) {
        debug_assert!(self.flying.is_none(), "one commit at a time");
        let is_whole = self.rows.len() + self.notes.len() <= PART_MAX;
        let part = match is_whole {
            true => None,
            false => self.alerts(),
        };
        let is_rest = part.is_none();
        let mut rows =
            part.unwrap_or_else(|| self.rows.drain().map(|(_, change)| change).collect());
        // Rows of one table share statements.
        rows.sort_by_key(|change| (change.is_deletion(), change.row().map(|(table, _)| table)));
        let mut flying = Flying {
            commit: Box::pin(std::future::ready(Ok(()))),
            is_whole: is_rest,
            rows,
            notes: Vec::new(),
            waiting: Vec::new(),
            attempts: Vec::new(),
            has_inbox: false,
        };
        if is_rest {
            flying.notes = self.notes.drain(..).collect();
            flying.waiting = std::mem::take(&mut self.waiting);
            flying.attempts = std::mem::take(&mut self.attempts);
            flying.has_inbox = std::mem::take(&mut self.has_inbox);
        }
        let changes = flying.rows.iter().chain(&flying.notes).cloned().collect();
        flying.commit = begin(lease, changes);
        self.flying = Some(flying);
    }

    /// Takes some alerts, if there are more than belong into one commit with all else.
    fn alerts(&mut self) -> Option<Vec<Change>> {
        let is_alert =
            |key: &Key, change: &Change| key.0 == ReceivedRow::TABLE.name && !change.is_deletion();
        let keys = self
            .rows
            .iter()
            .filter(|(key, change)| is_alert(key, change));
        let keys: Vec<Key> = keys.map(|(key, _)| key.clone()).take(PART_MAX).collect();
        let taken = keys
            .iter()
            .filter_map(|key| self.rows.remove(key))
            .collect();
        (!keys.is_empty()).then_some(taken)
    }

    /// Waits for the commit that is under way; for ever when there is none.
    ///
    /// # Cancel safety
    /// Nothing is lost.
    pub(super) async fn landed(&mut self) -> Landed {
        let Some(flying) = &mut self.flying else {
            return std::future::pending().await;
        };
        let result = flying.commit.as_mut().await;
        let Some(flying) = self.flying.take() else {
            return std::future::pending().await;
        };
        if result.is_err() {
            self.put_back(flying.rows, flying.notes, flying.has_inbox);
        }
        Landed {
            result,
            is_whole: flying.is_whole,
            waiting: flying.waiting,
            attempts: flying.attempts,
        }
    }

    /// Puts back what was not written, under what came since.
    fn put_back(&mut self, rows: Vec<Change>, notes: Vec<Change>, has_inbox: bool) {
        self.has_inbox |= has_inbox;
        for change in rows {
            if let Some((table, key)) = change.row() {
                let key = (table, key.to_vec());
                self.rows.entry(key).or_insert(change);
            }
        }
        for note in notes.into_iter().rev() {
            self.notes.push_front(note);
        }
        let excess = self.notes.len().saturating_sub(NOTES_MAX);
        self.notes.drain(..excess);
    }

    /// Forgets everything: somebody else routes. Returns who waits.
    pub(super) fn forget(&mut self) -> Vec<Waiting> {
        let mut forgotten = std::mem::take(self);
        if let Some(flying) = forgotten.flying.take() {
            forgotten.waiting.extend(flying.waiting);
        }
        forgotten.waiting
    }
}
