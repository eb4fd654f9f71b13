//! What changed, until somebody takes it.

use std::collections::VecDeque;

use super::Event;
use crate::EndpointId;
use crate::{EventKind, Moment};

/// Events that are kept: an upstream of a hundred endpoints that all flap fills it in minutes, and it is emptied every
/// second or so.
const EVENTS_MAX: usize = 1024;

/// Events, the oldest first.
#[derive(Debug, Default)]
pub(super) struct Journal {
    events: VecDeque<Event>,
    lost: u64,
}

impl Journal {
    /// Adds one; the oldest goes when there are too many.
    pub(super) fn add(
        &mut self,
        at: Moment,
        endpoint: EndpointId,
        kind: EventKind,
        reason: impl Into<String>,
    ) {
        if self.events.len() == EVENTS_MAX {
            self.events.pop_front();
            self.lost += 1;
        }
        self.events.push_back(Event {
            at,
            endpoint,
            kind,
            reason: reason.into(),
        });
    }

    /// Takes all.
    pub(super) fn take(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events).into()
    }

    /// Returns how many went untaken.
    pub(super) const fn lost(&self) -> u64 {
        self.lost
    }
}
