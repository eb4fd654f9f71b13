//! Samples of watched series on their way from those who write them to the one who counts them.
//!
//! Writers must not wait for counting, and no sample may be lost to it. So the queue has a bound, and what does not fit is
//! remembered as a time: what was written since then is in the store, and is read from there and counted again. Counting
//! a sample twice is the same as once, so nothing else has to be told apart.

use std::sync::{Mutex, MutexGuard, PoisonError};

use plimsoll_types::{Sample, SeriesRef, Timestamp};

/// How many samples wait at most: 10 MB, and what 100,000 watched samples a second make in two and a half.
pub(crate) const CAPACITY: usize = 1 << 18;

/// A sample that was written.
pub(crate) type Observed = (SeriesRef, Sample);

/// The queue.
#[derive(Debug)]
pub(crate) struct Queue {
    state: Mutex<State>,
    capacity: usize,
}

#[derive(Debug, Default)]
struct State {
    samples: Vec<Observed>,
    lost: Lost,
}

/// What did not fit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lost {
    /// How many samples.
    pub(crate) count: u64,
    /// The earliest time of one of them.
    pub(crate) since: Option<Timestamp>,
}

impl Queue {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            state: Mutex::default(),
            capacity,
        }
    }

    /// Adds samples; never waits.
    pub(crate) fn push(&self, samples: impl Iterator<Item = Observed>) {
        let mut state = self.lock();
        for (series, sample) in samples {
            match state.samples.len() < self.capacity {
                true => state.samples.push((series, sample)),
                false => state.lost.note(sample.timestamp),
            }
        }
    }

    /// Takes all that waits, and what did not fit since the last time; `into` is emptied first and its memory is used
    /// for what comes next.
    pub(crate) fn take(&self, into: &mut Vec<Observed>) -> Lost {
        into.clear();
        let mut state = self.lock();
        std::mem::swap(&mut state.samples, into);
        std::mem::take(&mut state.lost)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lost {
    fn note(&mut self, at: Timestamp) {
        self.count += 1;
        self.since = Some(self.since.map_or(at, |since| since.min(at)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(at: i64) -> Observed {
        (
            SeriesRef(1),
            Sample::float(Timestamp::from_millis(at), at as f64),
        )
    }

    #[test]
    fn what_fits_comes_back_in_order_and_the_rest_is_a_time() {
        let queue = Queue::new(3);
        queue.push([5, 4].into_iter().map(sample));
        queue.push([9, 3, 8, 7].into_iter().map(sample));
        let mut taken = vec![sample(1)];
        let lost = queue.take(&mut taken);
        assert_eq!(taken, [5, 4, 9].map(sample));
        let since = Some(Timestamp::from_millis(3));
        assert_eq!(lost, Lost { count: 3, since });
        assert_eq!(queue.take(&mut taken), Lost::default());
        assert!(taken.is_empty());
    }
}
