//! What waits for one Alertmanager: bounded, the oldest first, the newest word on an alert in place of an older one.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use plimsoll_runtime::clock::Monotonic;
use plimsoll_types::{Alert, Labels};

/// What has waited for longer is of no use: the rule engine says what is true every minute, and says for as long that
/// an alert is resolved.
const AGE_MAX: Duration = Duration::from_mins(15);

/// Alerts that wait.
#[derive(Debug)]
pub(crate) struct Queue {
    entries: VecDeque<Entry>,
    /// The number of the first entry; entries behind it follow one by one.
    first: i64,
    /// The number of the last entry with these labels.
    last_of: HashMap<Labels, i64>,
    capacity: usize,
}

/// One alert that waits or is being sent.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) alert: Arc<Alert>,
    /// How often the Alertmanager saw it and did not take it.
    pub(crate) attempts: u32,
    /// Since when it waits.
    since: Monotonic,
}

impl Entry {
    /// Counts a try that failed.
    pub(crate) fn tried(self) -> Self {
        Self {
            attempts: self.attempts + 1,
            ..self
        }
    }
}

impl Queue {
    /// Makes an empty one for so many alerts, at least one.
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            entries: VecDeque::new(),
            first: 0,
            last_of: HashMap::new(),
            capacity: capacity.max(1),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Adds alerts and returns how many old ones were dropped for them.
    ///
    /// An alert that waits already since the same start is replaced where it stands: an Alertmanager that had been told
    /// both would know the same.
    pub(crate) fn push(&mut self, alerts: &[Arc<Alert>], now: Monotonic) -> usize {
        let mut dropped = 0;
        for alert in alerts {
            let entry = Entry {
                alert: Arc::clone(alert),
                attempts: 0,
                since: now,
            };
            match self.waiting(&alert.labels) {
                Some(older) if older.alert.starts_at == alert.starts_at => *older = entry,
                _ => {
                    if self.entries.len() == self.capacity {
                        self.pop();
                        dropped += 1;
                    }
                    let number = self.first + self.entries.len() as i64;
                    self.last_of.insert(alert.labels.clone(), number);
                    self.entries.push_back(entry);
                }
            }
        }
        dropped
    }

    /// Takes up to `count` of the oldest, and returns how many were too old and were dropped.
    pub(crate) fn take(&mut self, count: usize, now: Monotonic) -> (Vec<Entry>, usize) {
        let (mut batch, mut expired) = (Vec::new(), 0);
        while batch.len() < count {
            let Some(entry) = self.pop() else { break };
            match now.since(entry.since) > AGE_MAX {
                true => expired += 1,
                false => batch.push(entry),
            }
        }
        (batch, expired)
    }

    /// Puts what could not be sent back to the front, and returns how many did not fit and were dropped. What was
    /// replaced by a newer word meanwhile is not put back.
    pub(crate) fn put_back(&mut self, batch: Vec<Entry>) -> usize {
        let mut dropped = 0;
        for entry in batch.into_iter().rev() {
            let newer = self.waiting(&entry.alert.labels);
            let has_newer = newer.is_some();
            if newer.is_some_and(|newer| newer.alert.starts_at == entry.alert.starts_at) {
                continue;
            }
            // These are the oldest of all.
            if self.entries.len() == self.capacity {
                dropped += 1;
                continue;
            }
            self.first -= 1;
            if !has_newer {
                self.last_of.insert(entry.alert.labels.clone(), self.first);
            }
            self.entries.push_front(entry);
        }
        dropped
    }

    /// Empties it and returns how many waited.
    pub(crate) fn clear(&mut self) -> usize {
        let count = self.entries.len();
        self.last_of.clear();
        self.entries.clear();
        count
    }

    fn waiting(&mut self, labels: &Labels) -> Option<&mut Entry> {
        let at = self.last_of.get(labels)? - self.first;
        self.entries.get_mut(usize::try_from(at).ok()?)
    }

    fn pop(&mut self) -> Option<Entry> {
        let entry = self.entries.pop_front()?;
        if self.last_of.get(&entry.alert.labels) == Some(&self.first) {
            self.last_of.remove(&entry.alert.labels);
        }
        self.first += 1;
        Some(entry)
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_types::{Annotations, Timestamp};
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: u64) -> Monotonic {
        Monotonic::from_origin(Duration::from_secs(seconds))
    }

    /// An alert of this name that began at `start`; what is said of it is `word`.
    fn alert(name: u8, start: i64, word: i64) -> Arc<Alert> {
        Arc::new(Alert {
            labels: Labels::from_pairs([("alertname", name.to_string())]),
            annotations: Annotations::default(),
            starts_at: Timestamp::from_millis(start),
            ends_at: Some(Timestamp::from_millis(word)),
            generator_url: String::new(),
        })
    }

    fn shown(entries: &[Entry]) -> Vec<(u8, i64, i64)> {
        let show = |entry: &Entry| {
            let alert = &entry.alert;
            let name = alert.labels.get("alertname").unwrap().parse().unwrap();
            let ends_at = alert.ends_at.unwrap();
            (name, alert.starts_at.millis(), ends_at.millis())
        };
        entries.iter().map(show).collect()
    }

    #[test]
    fn a_full_queue_drops_the_oldest() {
        let mut queue = Queue::new(2);
        assert_eq!(queue.push(&[alert(1, 0, 0), alert(2, 0, 0)], at(0)), 0);
        assert_eq!(queue.push(&[alert(3, 0, 0)], at(0)), 1);
        let all: Vec<_> = (4..9).map(|name| alert(name, 0, 0)).collect();
        assert_eq!(queue.push(&all, at(0)), 5);
        assert_eq!(shown(&queue.take(9, at(0)).0), [(7, 0, 0), (8, 0, 0)]);
    }

    #[test]
    fn the_newest_word_takes_the_place_of_an_older_one() {
        let mut queue = Queue::new(3);
        queue.push(&[alert(1, 0, 5), alert(2, 0, 5)], at(0));
        assert_eq!(queue.push(&[alert(1, 0, 9)], at(1)), 0);
        // It fires anew: both are told.
        queue.push(&[alert(1, 7, 11)], at(2));
        let (batch, _) = queue.take(2, at(2));
        assert_eq!(shown(&batch), [(1, 0, 9), (2, 0, 5)]);
        assert_eq!(queue.put_back(batch), 0);
        assert_eq!(
            shown(&queue.take(9, at(2)).0),
            [(1, 0, 9), (2, 0, 5), (1, 7, 11)]
        );
    }

    #[test]
    fn what_was_said_anew_while_it_was_being_sent_is_not_put_back() {
        let mut queue = Queue::new(2);
        queue.push(&[alert(1, 0, 5), alert(2, 0, 5)], at(0));
        let (batch, _) = queue.take(2, at(0));
        queue.push(&[alert(1, 0, 9)], at(1));
        assert_eq!(queue.put_back(batch), 0);
        assert_eq!(shown(&queue.take(9, at(1)).0), [(2, 0, 5), (1, 0, 9)]);
    }

    #[test]
    fn what_does_not_fit_any_more_is_not_put_back() {
        let mut queue = Queue::new(2);
        queue.push(&[alert(1, 0, 0), alert(2, 0, 0)], at(0));
        let (batch, _) = queue.take(2, at(0));
        queue.push(&[alert(3, 0, 0)], at(0));
        assert_eq!(queue.put_back(batch), 1);
        assert_eq!(shown(&queue.take(9, at(0)).0), [(2, 0, 0), (3, 0, 0)]);
    }

    #[test]
    fn what_waited_too_long_is_dropped() {
        let mut queue = Queue::new(3);
        queue.push(&[alert(1, 0, 0), alert(2, 0, 0)], at(0));
        queue.push(&[alert(1, 0, 1)], at(1));
        let (batch, expired) = queue.take(9, at(901));
        assert_eq!((shown(&batch), expired), (vec![(1, 0, 1)], 1));
    }

    proptest! {
        /// Whatever happens, the newest word on an alert is in the queue, in a batch, sent, or counted as dropped.
        #[test]
        fn nothing_is_lost_uncounted(steps in prop::collection::vec((0..4u8, 0..4u8, 0..2i64), 0..60)) {
            let mut queue = Queue::new(3);
            let (mut flight, mut word) = (Vec::new(), 0);
            let (mut pushed, mut gone) = (0, 0);
            for (step, name, start) in steps {
                match step {
                    0 | 1 => {
                        word += 1;
                        let before = queue.len();
                        let dropped = queue.push(&[alert(name, start, word)], at(0));
                        let replaced = before + 1 - dropped - queue.len();
                        prop_assert!(replaced <= 1);
                        pushed += 1 - replaced;
                        gone += dropped;
                        let newest = shown(&queue.entries.iter().cloned().collect::<Vec<_>>());
                        prop_assert!(newest.contains(&(name, start, word)));
                    }
                    2 if flight.is_empty() => flight = queue.take(2, at(0)).0,
                    _ => {
                        let (before, back) = (queue.len(), flight.len());
                        let dropped = queue.put_back(std::mem::take(&mut flight));
                        let superseded = before + back - dropped - queue.len();
                        gone += dropped + superseded;
                    }
                }
                prop_assert!(queue.len() <= 3);
                prop_assert_eq!(pushed, queue.len() + flight.len() + gone);
                for (labels, number) in &queue.last_of {
                    let at = usize::try_from(number - queue.first).unwrap();
                    prop_assert_eq!(&queue.entries[at].alert.labels, labels);
                    prop_assert!(!queue.entries.iter().skip(at + 1).any(|entry| entry.alert.labels == *labels));
                }
            }
        }
    }
}
