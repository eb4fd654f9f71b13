//! What happens next.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use plimsoll_traffic::Moment;

/// Events in the order of their time; those of one moment in the order in which they were entered.
pub(super) struct Agenda<E> {
    now: Moment,
    entered: u64,
    entries: BinaryHeap<Reverse<Entry<E>>>,
}

struct Entry<E> {
    at: Moment,
    number: u64,
    event: E,
}

impl<E> Agenda<E> {
    /// Begins at the origin with nothing.
    pub(super) fn new() -> Self {
        Self {
            now: Moment::ORIGIN,
            entered: 0,
            entries: BinaryHeap::new(),
        }
    }

    /// Returns the time of the event that came last.
    pub(super) const fn now(&self) -> Moment {
        self.now
    }

    /// Enters an event; what is past happens next.
    pub(super) fn at(&mut self, at: Moment, event: E) {
        let number = self.entered;
        self.entered += 1;
        let at = at.max(self.now);
        self.entries.push(Reverse(Entry { at, number, event }));
    }

    /// Enters an event that happens after some time.
    pub(super) fn after(&mut self, wait: Duration, event: E) {
        self.at(self.now.after(wait), event);
    }

    /// Takes the next event and goes to its time.
    pub(super) fn next(&mut self) -> Option<E> {
        let Reverse(entry) = self.entries.pop()?;
        self.now = entry.at;
        Some(entry.event)
    }
}

impl<E> PartialEq for Entry<E> {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.number) == (other.at, other.number)
    }
}

impl<E> Eq for Entry<E> {}

impl<E> PartialOrd for Entry<E> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<E> Ord for Entry<E> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}
