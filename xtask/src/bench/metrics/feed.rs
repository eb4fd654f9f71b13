//! Writes the fleet to all three programs: the same bytes to each, one after the other.

use std::ops::Range;
use std::thread::sleep;
use std::time::Duration;

use plimsoll_e2e::now_millis;

use super::super::connection::Connection;
use super::fleet::{TARGET_SERIES, Target};
use super::request::{HEADERS, Request, SAMPLES};
use crate::bench::contender::Contender;
use crate::bench::spending::cpu_time;

/// Where a store of ours ends one part and begins the next, on the wall clock.
const WINDOW: i64 = 2 * 3_600_000;
/// How long after its end a window takes samples without being sealed.
const GRACE: i64 = 5 * 60_000;
/// How far ahead of the clock samples may be, with a reserve.
const AHEAD: i64 = 8 * 60_000;
/// What a run needs before the window may be sealed under it.
const RUN: i64 = 10 * 60_000;
const SPACING: i64 = 15_000;
const SPACING_MIN: i64 = 1_000;

/// The times of the rounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Timeline {
    begin: i64,
    spacing: i64,
}

impl Timeline {
    /// Lays `rounds` into the window that is open now, so that all samples lie in the head of every program, as many as
    /// a head ever holds: 15 s apart, or closer when the window is young. Waits when the window is about to end.
    pub(super) fn in_open_window(rounds: u64) -> Self {
        let wait = wait_for_window(now_millis());
        if wait > 0 {
            eprintln!("waiting {} s for the next window", wait / 1000);
            sleep(Duration::from_millis(wait.unsigned_abs()));
        }
        Self::at(now_millis(), rounds)
    }

    /// Lays `rounds` 15 s apart, the last one now: what a program has that ran for so long.
    pub(super) fn up_to_now(rounds: u64) -> Self {
        Self {
            begin: now_millis() - SPACING * rounds.cast_signed(),
            spacing: SPACING,
        }
    }

    fn at(now: i64, rounds: u64) -> Self {
        let window = now.div_euclid(WINDOW) * WINDOW;
        let last = (now + AHEAD).min(window + WINDOW - 1);
        let spacing = (last - window) / rounds.max(1).cast_signed();
        let spacing = spacing.clamp(SPACING_MIN, SPACING);
        Self {
            begin: last - spacing * rounds.cast_signed() + 1,
            spacing,
        }
    }

    pub(super) fn time(&self, round: u64) -> i64 {
        self.begin + self.spacing * round.cast_signed()
    }

    pub(super) fn spacing(&self) -> Duration {
        Duration::from_millis(self.spacing.unsigned_abs())
    }
}

/// Returns how long to wait so that the open window stays open for a whole run.
fn wait_for_window(now: i64) -> i64 {
    let left = WINDOW - now.rem_euclid(WINDOW);
    match left + GRACE < RUN {
        true => left + 1,
        false => 0,
    }
}

/// The series that are written, and which pods are replaced when.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fleet {
    /// Active series.
    pub(super) series: u64,
    /// A tenth of the pods is replaced every so many rounds; never when absent.
    pub(super) replaced_every: Option<u64>,
}

impl Fleet {
    pub(super) fn steady(series: u64) -> Self {
        Self {
            series,
            replaced_every: None,
        }
    }

    /// Returns how often a pod was replaced before a round.
    fn generation(&self, target: u64, round: u64) -> u64 {
        match self.replaced_every {
            Some(rounds) => (round / rounds + 9 - target % 10) / 10,
            None => 0,
        }
    }

    fn targets(&self, round: u64) -> impl Iterator<Item = Target> {
        let targets = 0..self.series / TARGET_SERIES;
        targets.map(move |number| Target::new(number, self.generation(number, round)))
    }
}

/// Connections to all programs.
pub(super) struct Feed {
    connections: Vec<Connection>,
}

impl Feed {
    pub(super) fn to(contenders: &[Contender]) -> Self {
        let addresses = contenders.iter().map(|contender| contender.api.address);
        Self {
            connections: addresses.map(Connection::new).collect(),
        }
    }

    /// Writes the samples of some rounds, those of a series together; returns how many.
    pub(super) fn rounds(
        &mut self,
        fleet: &Fleet,
        timeline: &Timeline,
        rounds: Range<u64>,
    ) -> anyhow::Result<u64> {
        let (mut request, mut samples) = (Request::default(), Vec::new());
        let mut written = 0;
        for target in fleet.targets(rounds.start) {
            for within in 0..TARGET_SERIES {
                let sample = |round| (timeline.time(round), target.value(within, round));
                samples.clear();
                samples.extend(rounds.clone().map(sample));
                written += samples.len() as u64;
                target.labels(within, |labels| request.add(labels, &samples));
                self.push_full(&mut request)?;
            }
        }
        self.push_rest(&mut request)?;
        Ok(written)
    }

    /// Sends the request when it is full.
    pub(super) fn push_full(&mut self, request: &mut Request) -> anyhow::Result<()> {
        match request.samples() >= SAMPLES {
            true => self.push_rest(request),
            false => Ok(()),
        }
    }

    /// Sends the request when there is anything in it.
    pub(super) fn push_rest(&mut self, request: &mut Request) -> anyhow::Result<()> {
        if request.samples() == 0 {
            return Ok(());
        }
        let body = request.take();
        let mut connections = self.connections.iter_mut();
        connections.try_for_each(|connection| connection.push("/api/v1/write", &HEADERS, &body))
    }
}

/// Returns the CPU time of all programs up to now, in nanoseconds.
pub(super) fn spent(contenders: &[Contender]) -> anyhow::Result<[f64; 3]> {
    let mut spent = [0.0; 3];
    for (spent, contender) in spent.iter_mut().zip(contenders) {
        *spent = cpu_time(contender.program.id())?.as_secs_f64() * 1e9;
    }
    Ok(spent)
}

/// Returns what each spent between two readings, per unit.
pub(super) fn per_unit(before: [f64; 3], after: [f64; 3], units: u64) -> [f64; 3] {
    std::array::from_fn(|index| (after[index] - before[index]) / units as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_rounds_lie_in_the_open_window_and_not_too_far_ahead() {
        for minutes in [0, 1, 30, 119] {
            let now = 1_000 * WINDOW + minutes * 60_000;
            for rounds in [1, 20, 480] {
                let timeline = Timeline::at(now, rounds);
                let (first, last) = (timeline.time(0), timeline.time(rounds - 1));
                assert!(first >= 1_000 * WINDOW, "{minutes} {rounds}: {first}");
                assert!(
                    last < 1_001 * WINDOW && last <= now + AHEAD,
                    "{minutes} {rounds}"
                );
            }
        }
        assert_eq!(
            Timeline::at(1_000 * WINDOW + 7_000_000, 20).spacing,
            SPACING
        );
    }

    #[test]
    fn waits_only_for_a_window_that_would_end_within_a_run() {
        assert_eq!(wait_for_window(5 * WINDOW), 0);
        assert_eq!(wait_for_window(6 * WINDOW - 6 * 60_000), 0);
        assert_eq!(wait_for_window(6 * WINDOW - 60_000), 60_001);
    }

    #[test]
    fn a_tenth_of_the_pods_is_replaced_each_time() {
        let fleet = Fleet {
            series: 100_000,
            replaced_every: Some(4),
        };
        assert!((0..200).all(|target| fleet.generation(target, 3) == 0));
        for round in [4, 8, 40, 116] {
            let is_replaced = |target: &u64| {
                fleet.generation(*target, round) == fleet.generation(*target, round - 1) + 1
            };
            assert_eq!((0..200).filter(is_replaced).count(), 20, "{round}");
        }
        assert!((0..200).all(|t| fleet.generation(t, 7) == fleet.generation(t, 4)));
    }
}
