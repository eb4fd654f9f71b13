//! What the passing of time does to silences.

use std::sync::Arc;
use std::time::Duration;

use plimsoll_types::Timestamp;

use super::store::Entry;
use super::{Silence, SilenceId, SilenceState, Silences};

/// Something that time did to a silence.
#[derive(Clone, Debug, PartialEq)]
pub struct SilenceEvent {
    /// What happened.
    pub kind: SilenceEventKind,
    /// The silence after it.
    pub silence: Arc<Silence>,
}

/// What can happen to a silence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SilenceEventKind {
    /// It, or a window of a recurring one, began.
    Started,
    /// A window of a recurring one ended; there will be another.
    Paused,
    /// Its end comes near and somebody should be told. The row has changed ([`Silence::told_end`]).
    EndsSoon,
    /// It is over.
    Ended,
    /// It is over because its alerts are resolved and stayed so. The row has changed.
    Resolved,
}

impl SilenceEventKind {
    /// Says whether the silence's row has to be stored anew.
    pub fn changes_row(self) -> bool {
        matches!(self, Self::EndsSoon | Self::Resolved)
    }
}

impl Silences {
    /// Does what is due at `now` and says what it was, in the order of when it was due.
    ///
    /// Questions ([`silenced_by`](Self::silenced_by) and the like) are right without it; it is for what has to be stored,
    /// told or written down.
    pub fn expire_due(&mut self, now: Timestamp) -> Vec<SilenceEvent> {
        let mut events = Vec::new();
        let mut ids = Vec::new();
        while let Some((at, id)) = self.due.first().copied().filter(|(at, _)| *at <= now) {
            self.due.remove(&(at, id));
            ids.push(id);
        }
        for id in ids {
            self.advance(id, now, &mut events);
        }
        events
    }

    /// Returns when [`expire_due`](Self::expire_due) has something to do.
    pub fn wake_at(&self) -> Option<Timestamp> {
        self.due.first().map(|(at, _)| *at)
    }

    fn advance(&mut self, id: SilenceId, now: Timestamp, events: &mut Vec<SilenceEvent>) {
        let notice = self.policy().notify_before_expiry;
        let Some(entry) = self.entries.get_mut(&id) else {
            return;
        };
        entry.due = None;
        entry.span = entry.silence.span(now);
        let mut tell = |kind, silence: &Arc<Silence>| {
            let silence = Arc::clone(silence);
            events.push(SilenceEvent { kind, silence });
        };
        if let Some(kind) = transition(entry) {
            tell(kind, &entry.silence);
        }
        if entry.span.state == SilenceState::Expired && entry.watch.take().is_some() {
            self.watched.forget(id);
        }
        if entry.is_resolved(now) {
            let mut silence = Silence::clone(&entry.silence);
            silence.end(now);
            let silence = self.replace(silence, now);
            return tell(SilenceEventKind::Resolved, &silence);
        }
        if entry.notice_at(notice).is_some_and(|at| at <= now) {
            let mut silence = Silence::clone(&entry.silence);
            silence.told_end = Some(entry.span.window.ends_at);
            entry.silence = Arc::new(silence);
            tell(SilenceEventKind::EndsSoon, &entry.silence);
        }
        self.schedule(id);
    }

    /// Notes when something is next to be done about a silence.
    pub(super) fn schedule(&mut self, id: SilenceId) {
        let notice = self.policy().notify_before_expiry;
        let Some(entry) = self.entries.get_mut(&id) else {
            return;
        };
        let unreported = (entry.reported != entry.span.state).then_some(entry.span.from);
        let due = [
            unreported,
            entry.span.until,
            entry.notice_at(notice),
            entry.resolution_at(),
        ];
        let due = due.into_iter().flatten().min();
        if let Some(before) = std::mem::replace(&mut entry.due, due) {
            self.due.remove(&(before, id));
        }
        self.due.extend(due.map(|at| (at, id)));
        let is_over = entry.span.state == SilenceState::Expired;
        let end = is_over.then_some(entry.span.from);
        if let Some(before) = std::mem::replace(&mut entry.last_end, end) {
            self.last_ends.remove(&(before, id));
        }
        self.last_ends.extend(end.map(|at| (at, id)));
    }
}

impl Entry {
    fn resolution_at(&self) -> Option<Timestamp> {
        let watch = self
            .watch
            .filter(|_| self.span.state == SilenceState::Active)?;
        watch.ends_at()
    }

    fn is_resolved(&self, now: Timestamp) -> bool {
        self.resolution_at().is_some_and(|at| at <= now)
    }

    /// Returns when somebody is to be told that this end comes; `None` when nobody is, or was already.
    fn notice_at(&self, before: Option<Duration>) -> Option<Timestamp> {
        let window = self.span.window;
        let before = before.filter(|_| self.span.state == SilenceState::Active)?;
        let at = window.ends_at - before;
        let is_told = self.silence.told_end == Some(window.ends_at);
        let is_wanted = at > window.starts_at && !is_told && self.is_last_window();
        is_wanted.then_some(at)
    }

    /// Says whether this is the end of the whole silence; between the windows of a recurring one nobody is told.
    fn is_last_window(&self) -> bool {
        let end = self.span.window.ends_at;
        self.silence.recurrence.is_none() || self.silence.state(end) == SilenceState::Expired
    }
}

/// Returns the change of state that was not reported yet, and takes it as reported.
fn transition(entry: &mut Entry) -> Option<SilenceEventKind> {
    let state = entry.span.state;
    let before = std::mem::replace(&mut entry.reported, state);
    match (before, state) {
        (SilenceState::Pending, SilenceState::Active) => Some(SilenceEventKind::Started),
        (SilenceState::Active, SilenceState::Pending) => Some(SilenceEventKind::Paused),
        (SilenceState::Active | SilenceState::Pending, SilenceState::Expired) => {
            Some(SilenceEventKind::Ended)
        }
        // A clock that was set back makes silences live again.
        (SilenceState::Expired, SilenceState::Active) => Some(SilenceEventKind::Started),
        _ => None,
    }
}
