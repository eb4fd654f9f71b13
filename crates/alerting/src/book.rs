//! The book of alerts: what is known of each, and how posts of the same alert become one.
//!
//! | is | post | becomes | written |
//! |---|---|---|---|
//! | unknown | firing | firing | yes |
//! | unknown | resolved | unknown: nobody ever heard of it | no |
//! | firing | firing, nothing new but its end | firing | when it lives much longer by it |
//! | firing | firing, other start or texts | firing | yes |
//! | firing | resolved | resolved | yes |
//! | firing | resolved before it began | firing: the post is about an earlier time | no |
//! | firing | none, its end passed | resolved | yes |
//! | resolved | resolved | resolved | no |
//! | resolved | firing | firing | yes |
//!
//! When the times of both overlap, the earliest start counts, and an end that somebody said counts over one that was made
//! up; else the younger post replaces the older. That is how Alertmanager merges the posts of a pair of Prometheus.

mod entry;
mod merge;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::Arc;
use std::time::Duration;

use plimsoll_types::Timestamp;

pub(crate) use entry::{Entry, GroupIndex};

use crate::Fingerprint;
use crate::engine::{Post, RefusalReason};
use crate::rows::{AlertRow, Origin};

/// All alerts that fire, and those that are resolved and that somebody still has to hear of.
#[derive(Debug, Default)]
pub(crate) struct Book {
    entries: BTreeMap<Fingerprint, Entry>,
    /// For each firing alert one valid element, not later than its end: [`Entry::looked_at`] says which it is.
    ends: BinaryHeap<Reverse<(Timestamp, Fingerprint)>>,
    bytes: u64,
    firing: u64,
}

/// Bounds for the book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bounds {
    pub(crate) alerts: u64,
    pub(crate) bytes: u64,
}

/// What a post did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Nothing that anybody should hear of.
    None,
    /// An alert fires that did not.
    Fires,
    /// An alert goes on firing and says something else.
    Changed,
    /// An alert is over.
    Resolved,
}

/// What a post did, and whether its row is to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Posted {
    pub(crate) effect: Effect,
    pub(crate) is_to_be_written: bool,
}

impl Book {
    pub(crate) fn get(&self, fingerprint: Fingerprint) -> Option<&Entry> {
        self.entries.get(&fingerprint)
    }

    pub(crate) fn get_mut(&mut self, fingerprint: Fingerprint) -> Option<&mut Entry> {
        self.entries.get_mut(&fingerprint)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (Fingerprint, &Entry)> {
        self.entries.iter().map(|(key, entry)| (*key, entry))
    }

    /// Returns how many alerts there are, how many of them fire, and how many bytes their texts take.
    pub(crate) fn counts(&self) -> (u64, u64, u64) {
        (self.entries.len() as u64, self.firing, self.bytes)
    }

    /// Takes a post.
    pub(crate) fn post(
        &mut self,
        fingerprint: Fingerprint,
        post: Post,
        origin: Origin,
        bounds: Bounds,
        now: Timestamp,
    ) -> Result<Posted, RefusalReason> {
        let Some(entry) = self.entries.get_mut(&fingerprint) else {
            return self.post_unknown(fingerprint, post, origin, bounds, now);
        };
        if entry.labels != post.alert.labels || entry.origin != origin {
            return Err(RefusalReason::FingerprintTaken);
        }
        let before = (entry.byte_count(), entry.is_resolved);
        let rest = self.bytes - before.0;
        let post =
            match origin == Origin::Posted && rest + entry.bytes_with(&post.alert) > bounds.bytes {
                true => with_texts_of(entry, post),
                false => post,
            };
        let posted = merge::merge(entry, post, now);
        self.bytes = self.bytes + entry.byte_count() - before.0;
        match (before.1, entry.is_resolved) {
            (true, false) => self.firing += 1,
            (false, true) => self.firing -= 1,
            _ => {}
        }
        self.watch(fingerprint);
        Ok(posted)
    }

    fn post_unknown(
        &mut self,
        fingerprint: Fingerprint,
        post: Post,
        origin: Origin,
        bounds: Bounds,
        now: Timestamp,
    ) -> Result<Posted, RefusalReason> {
        let entry = Entry::new(post, origin, now);
        if entry.is_resolved {
            return Ok(Posted {
                effect: Effect::None,
                is_to_be_written: false,
            });
        }
        let bytes = self.bytes + entry.byte_count();
        if origin == Origin::Posted && self.entries.len() as u64 >= bounds.alerts {
            return Err(RefusalReason::TooManyAlerts(bounds.alerts));
        }
        if origin == Origin::Posted && bytes > bounds.bytes {
            return Err(RefusalReason::TooManyBytes(bounds.bytes));
        }
        self.insert(fingerprint, entry);
        Ok(Posted {
            effect: Effect::Fires,
            is_to_be_written: true,
        })
    }

    fn insert(&mut self, fingerprint: Fingerprint, entry: Entry) {
        self.bytes += entry.byte_count();
        self.firing += u64::from(!entry.is_resolved);
        self.entries.insert(fingerprint, entry);
        self.watch(fingerprint);
    }

    /// Takes an alert out.
    pub(crate) fn remove(&mut self, fingerprint: Fingerprint) -> Option<Entry> {
        let entry = self.entries.remove(&fingerprint)?;
        self.bytes -= entry.byte_count();
        self.firing -= u64::from(!entry.is_resolved);
        Some(entry)
    }

    /// Returns when the next alert may end.
    pub(crate) fn next_end(&self) -> Option<Timestamp> {
        self.ends.peek().map(|Reverse((at, _))| *at)
    }

    /// Resolves an alert whose end has passed and returns it; `None` when there is no more such alert.
    pub(crate) fn take_ended(&mut self, now: Timestamp) -> Option<Fingerprint> {
        while self.next_end().is_some_and(|at| at <= now) {
            let Reverse((at, fingerprint)) = self.ends.pop()?;
            let Some(entry) = self.entries.get_mut(&fingerprint) else {
                continue;
            };
            if entry.looked_at != Some(at) {
                continue;
            }
            entry.looked_at = None;
            if entry.is_resolved {
                continue;
            }
            if entry.ends_at <= now {
                entry.is_resolved = true;
                self.firing -= 1;
                return Some(fingerprint);
            }
            self.watch(fingerprint);
        }
        None
    }

    /// Sees to it that the end of a firing alert is noticed.
    fn watch(&mut self, fingerprint: Fingerprint) {
        let Some(entry) = self.entries.get_mut(&fingerprint) else {
            return;
        };
        let is_watched = entry.looked_at.is_some_and(|at| at <= entry.ends_at);
        if !entry.is_resolved && !is_watched {
            entry.looked_at = Some(entry.ends_at);
            self.ends.push(Reverse((entry.ends_at, fingerprint)));
        }
    }

    /// Takes the clock's being set back: ends that were counted from it move with it.
    pub(crate) fn set_back(&mut self, by: Duration) {
        self.ends.clear();
        for (fingerprint, entry) in &mut self.entries {
            entry.set_back(by);
            entry.looked_at = (!entry.is_resolved).then_some(entry.ends_at);
            self.ends
                .extend(entry.looked_at.map(|at| Reverse((at, *fingerprint))));
        }
    }

    /// Returns the row of an alert, and remembers what it says.
    pub(crate) fn row(&mut self, fingerprint: Fingerprint, now: Timestamp) -> Option<AlertRow> {
        let entry = self.entries.get_mut(&fingerprint)?;
        entry.lease = entry.lease_at(now);
        Some(entry.row(fingerprint))
    }

    /// Takes a row that was read back, of an alert that is not known.
    pub(crate) fn restore(&mut self, row: AlertRow, now: Timestamp) {
        let entry = Entry::restored(&row, now);
        self.insert(row.fingerprint, entry);
    }

    /// Takes a row that another replica wrote; says what it did.
    pub(crate) fn merge(&mut self, row: &AlertRow, now: Timestamp) -> Effect {
        let Some(entry) = self.entries.get_mut(&row.fingerprint) else {
            // A replica whose clock is behind takes an end that was posted to it for one that is near. By ours it has passed.
            if row.is_resolved || row.ends_at <= now {
                return Effect::None;
            }
            self.restore(row.clone(), now);
            return Effect::Fires;
        };
        // An end is news whatever the clock of who wrote it says.
        let is_end = row.is_resolved && !entry.is_resolved;
        if entry.labels != row.labels || (row.updated_at <= entry.updated_at && !is_end) {
            return Effect::None;
        }
        let bounds = Bounds {
            alerts: u64::MAX,
            bytes: u64::MAX,
        };
        let mut alert = row.to_alert();
        if is_end {
            alert.ends_at = Some(row.ends_at.min(now));
        }
        let post = Post {
            alert,
            is_timeout: row.is_timeout,
        };
        let posted = self.post(row.fingerprint, post, row.origin, bounds, now);
        posted.map_or(Effect::None, |posted| posted.effect)
    }
}

/// An alert that is known goes on and ends when all bytes are taken, too, but its texts stay as they are.
fn with_texts_of(entry: &Entry, mut post: Post) -> Post {
    if entry.bytes_with(&post.alert) > entry.byte_count() {
        post.alert.annotations = entry.annotations.clone();
        post.alert.generator_url = String::from(&*entry.generator_url);
    }
    post
}

/// Returns the text of an address, shared with the one before when it is the same.
fn shared(text: String, before: &Arc<str>) -> Arc<str> {
    match **before == *text {
        true => before.clone(),
        false => text.into(),
    }
}

#[cfg(test)]
mod tests;
