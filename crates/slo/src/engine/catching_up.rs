//! Samples that are in the store and were not observed, after a start or after a queue ran over, are counted in
//! pieces of time, so that each of them comes within the lateness.

use std::time::Duration;

use plimsoll_types::{TimeRange, Timestamp};

use super::Engine;

/// The longest piece; it is held in fine slices.
const PIECE_MAX: Duration = Duration::from_secs(3600);
/// How many budgets may have a longer piece in fine slices.
const BUDGETS_FEW: usize = 2000;

impl Engine {
    /// Returns the next range of samples to read from the store and to observe, up to `now`; `None` when there is none left.
    ///
    /// The last one ends at `now`: keep what arrives from before that call on, and observe it afterwards. Samples that were
    /// observed twice are counted once.
    pub fn catch_up(&mut self, now: Timestamp) -> Option<TimeRange> {
        let from = self.lost?;
        if from >= now.millis() {
            self.lost = None;
            return None;
        }
        let lateness = self.options.lateness.as_millis() as i64;
        let piece = match self.streams.len() <= BUDGETS_FEW {
            true => lateness.max(PIECE_MAX.as_millis() as i64),
            false => lateness,
        };
        let to = from.saturating_add(piece.max(1)).min(now.millis());
        self.reach(to, from);
        self.lost = Some(to);
        Some(TimeRange::new(
            Timestamp::from_millis(from),
            Timestamp::from_millis(to),
        ))
    }

    /// Says whether samples are missing, so that [`tick`](Self::tick) judges nothing.
    pub fn is_catching_up(&self) -> bool {
        self.lost.is_some()
    }

    /// Returns from when on samples are missing.
    pub fn missing_from(&self) -> Option<Timestamp> {
        self.lost.map(Timestamp::from_millis)
    }

    /// Hears that samples from `from` on were stored and not observed: [`catch_up`](Self::catch_up) brings them.
    ///
    /// Returns `false` when some of them are settled already: these stay uncounted, unless a snapshot is restored.
    pub fn lose(&mut self, from: Timestamp) -> bool {
        let from = from.millis();
        let first = from.max(self.horizon);
        self.lost = Some(self.lost.map_or(first, |lost| lost.min(first)));
        from >= self.horizon
    }
}
