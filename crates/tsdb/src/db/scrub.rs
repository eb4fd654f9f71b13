//! Scrubbing: reads every part once in a while and checks it, so that damage is known while there is still a backup, and
//! not on the day when somebody asks.
//!
//! A pass over all parts takes a week by default. It goes on evenly: as large a share of the bytes as of the time. What
//! was checked is known in memory only; a process that is restarted often begins each time at another part, so that
//! every part has its turn.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use plimsoll_runtime::clock::Monotonic;

use super::delete::suspect;
use super::pace::Pace;
use super::seal::Maintenance;
use super::view::LivePart;
use super::{Db, lock};
use crate::manifest::part_name;
use crate::{Error, ErrorKind, Result};

/// A pass over the parts.
#[derive(Debug, Default)]
pub(super) struct Scrub {
    began: Option<Monotonic>,
    /// Parts with a lower number than this come last.
    first: u64,
    checked: HashSet<u64>,
}

/// What is next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// This part.
    Check(u64),
    /// Nothing for now.
    Wait,
}

impl Scrub {
    /// Decides over the parts that there are, by number and size. `spin` decides where a first pass begins.
    fn next(
        &mut self,
        parts: &[(u64, u64)],
        now: Monotonic,
        interval: Duration,
        spin: u64,
    ) -> Next {
        let began = match self.began {
            Some(began) if now.since(began) < interval || !self.is_whole(parts) => began,
            known => {
                let first = match known {
                    Some(_) => 0,
                    None => random_part(parts, spin),
                };
                *self = Self {
                    began: Some(now),
                    first,
                    ..Self::default()
                };
                now
            }
        };
        let (done, left): (Vec<_>, Vec<_>) = parts
            .iter()
            .partition(|part| self.checked.contains(&part.0));
        let sum = |parts: &[(u64, u64)]| parts.iter().map(|(_, bytes)| bytes).sum::<u64>() as f64;
        let share = now.since(began).as_secs_f64() / interval.as_secs_f64().max(1e-3);
        let is_ahead = sum(&done) > sum(parts) * share;
        let left = left.into_iter().map(|(id, _)| id);
        match left.min_by_key(|id| (*id < self.first, *id)) {
            Some(id) if !is_ahead => Next::Check(id),
            _ => Next::Wait,
        }
    }

    fn is_whole(&self, parts: &[(u64, u64)]) -> bool {
        parts.iter().all(|(id, _)| self.checked.contains(id))
    }

    /// Takes a part as checked, and says whether it was the last one of the pass.
    fn note(&mut self, id: u64, parts: &[(u64, u64)]) -> bool {
        self.checked.insert(id);
        self.is_whole(parts)
    }
}

fn random_part(parts: &[(u64, u64)], spin: u64) -> u64 {
    let count = parts.len() as u64;
    let at = spin.checked_rem(count).unwrap_or(0);
    parts.get(at as usize).map_or(0, |(id, _)| *id)
}

impl Db {
    /// Reads the parts whose turn it is and puts those that are damaged into quarantine; returns how many were read. At
    /// full speed; the threads of [`Background`](super::Background) do the same slowly. Blocks on the disk.
    ///
    /// # Errors
    /// `Io`, also for the manifest: the first failure, and every part whose turn it is was tried. What failed is read
    /// again by the next call.
    pub fn scrub(&self) -> Result<usize> {
        self.scrub_due(&mut Pace::full(self))
    }

    pub(super) fn scrub_due(&self, pace: &mut Pace<'_>) -> Result<usize> {
        let (mut read, mut outcome, mut failed) = (0, Ok(()), HashSet::new());
        let interval = self.config.settings().scrub_interval;
        while !interval.is_zero() && !pace.is_over() {
            let parts: Vec<_> = self.view_mut().all_parts().cloned().collect();
            let sizes = parts.iter().map(|live| (live.id(), live.part.meta().bytes));
            let sizes: Vec<_> = sizes.collect();
            let spin = self.clock.now().millis().unsigned_abs();
            let now = self.clock.monotonic();
            let mut left = sizes.clone();
            left.retain(|(id, _)| !failed.contains(id));
            let next = lock(&self.upkeep.scrub).next(&left, now, interval, spin);
            let Next::Check(id) = next else {
                break;
            };
            let live = parts.iter().find(|live| live.id() == id);
            let live = live.expect("it is one of those that were asked about");
            match self.scrub_part(live, pace) {
                Ok(ControlFlow::Continue(())) => read += 1,
                Ok(ControlFlow::Break(())) => break,
                Err(error) => {
                    // One that cannot be read must not keep the others from their turn.
                    failed.insert(id);
                    outcome = outcome.and(Err(error));
                    continue;
                }
            }
            if lock(&self.upkeep.scrub).note(id, &sizes) {
                self.metrics.scrub_passed(self.clock.now());
            }
        }
        outcome.map(|()| read)
    }

    fn scrub_part(&self, live: &Arc<LivePart>, pace: &mut Pace<'_>) -> Result<ControlFlow<()>> {
        let scrubbed = &self.metrics.scrub_bytes;
        let mut spend = |bytes: u64| {
            scrubbed.inc_by(bytes);
            pace.spend(bytes)
        };
        let outcome = live.part.verify_slowly(&mut spend).map_err(Error::from);
        match outcome {
            Ok(ControlFlow::Break(())) => return Ok(ControlFlow::Break(())),
            Ok(ControlFlow::Continue(())) => {}
            Err(error) if error.kind() == ErrorKind::Corrupt => {
                self.metrics.scrub_damaged.inc();
                let mut keeping = lock(&self.keeping);
                if let Err(error) =
                    self.quarantine(&mut keeping, live, &error, &mut Maintenance::default())
                {
                    suspect(live);
                    return Err(error);
                }
            }
            Err(error) => {
                tracing::warn!(part = part_name(live.id()), error = %error.chain(), "a part could not be checked");
                return Err(error);
            }
        }
        Ok(ControlFlow::Continue(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_hours(24);

    fn at(hours: u64) -> Monotonic {
        Monotonic::from_origin(Duration::from_hours(hours))
    }

    /// Asks until there is nothing to do, and returns what was checked, and whether a pass ended by it.
    fn check_all(scrub: &mut Scrub, parts: &[(u64, u64)], now: Monotonic) -> (Vec<u64>, bool) {
        let (mut checked, mut has_passed) = (Vec::new(), false);
        while let Next::Check(id) = scrub.next(parts, now, 7 * DAY, 0) {
            checked.push(id);
            has_passed |= scrub.note(id, parts);
        }
        (checked, has_passed)
    }

    #[test]
    fn a_pass_goes_on_evenly_and_then_begins_anew() {
        let parts: Vec<_> = (0..7).map(|id| (id, 100)).collect();
        let mut scrub = Scrub::default();
        for day in 0..7 {
            let found = check_all(&mut scrub, &parts, at(day * 24));
            assert_eq!(found, (vec![day], day == 6), "one a day");
        }
        assert_eq!(
            check_all(&mut scrub, &parts, at(7 * 24 - 1)),
            (vec![], false)
        );
        assert_eq!(check_all(&mut scrub, &parts, at(7 * 24)), (vec![0], false));
    }

    #[test]
    fn new_parts_have_their_turn_and_lost_ones_hold_nothing_up() {
        let mut scrub = Scrub::default();
        assert_eq!(check_all(&mut scrub, &[(1, 10)], at(0)), (vec![1], true));
        let parts = [(1, 10), (2, 10)];
        assert_eq!(check_all(&mut scrub, &parts, at(24)), (vec![], false));
        assert_eq!(check_all(&mut scrub, &parts, at(4 * 24)), (vec![2], true));
        assert_eq!(check_all(&mut scrub, &[], at(5 * 24)), (vec![], false));
        // A pass that took too long is finished, and then the next one begins.
        let mut late = Scrub::default();
        assert_eq!(check_all(&mut late, &parts, at(0)), (vec![1], false));
        assert_eq!(check_all(&mut late, &parts, at(9 * 24)), (vec![2, 1], true));
    }

    #[test]
    fn a_first_pass_begins_anywhere() {
        let parts = [(3, 1), (5, 1), (9, 1)];
        for (spin, expected) in [(0, 3), (1, 5), (5, 9)] {
            let next = Scrub::default().next(&parts, at(0), DAY, spin);
            assert_eq!(next, Next::Check(expected));
        }
    }
}
