//! Priorities and panic, as in Envoy: which level gets how much, and when health is ignored.
//!
//! A level's availability is `overprovisioning` times its share of usable endpoints, at most 1. The first level gets as much
//! as it has available, the next ones what is left; when all have less than 1 together, each gets its part of the sum.
//!
//! A level panics when its healthy share is below `panic_below` and all levels together cannot carry everything: then its
//! endpoints that are down or ejected are used like the others, because the few healthy ones would go down as well. Those
//! that were never checked are not, and open breakers stay open.

use super::member::{Fitness, Member, Stance};
use super::{Ask, Options};
use crate::balance::chance::{Chance, fraction_of, mix};
use crate::balance::field::Candidate;
use crate::balance::{Chooser, Policy};
use crate::breaker::Admission;

/// Keeps the choice of a level apart from that of an endpoint within it, both by the same key. Any number would do.
const LEVEL_SALT: u64 = 0x6c65_7665_6c21;

/// The endpoints of one priority.
#[derive(Debug)]
pub(super) struct Level {
    pub(super) priority: u8,
    /// The part of requests that goes here, 0 to 1.
    pub(super) share: f64,
    /// Whether health is ignored, and that makes a difference.
    pub(super) is_panicking: bool,
    /// Who may be used.
    pub(super) candidates: Vec<Candidate>,
    pub(super) chooser: Box<dyn Chooser>,
    /// What counts for shares.
    census: Census,
}

/// How many endpoints of a level are how.
#[derive(Clone, Copy, Debug, Default)]
struct Census {
    /// Those that orders and weights leave, without those that were not checked yet: nothing is known of them, so they
    /// are no sign that things are bad.
    open: u32,
    /// Those of them that checks and requests have nothing against.
    healthy: u32,
    /// Those of them whose breaker lets requests through.
    usable: u32,
}

impl Census {
    /// Returns how much of all requests the level could carry, 0 to 1.
    fn availability(&self, count: u32, overprovisioning: f64) -> f64 {
        if self.open == 0 {
            return 0.0;
        }
        (overprovisioning * f64::from(count) / f64::from(self.open)).min(1.0)
    }

    fn is_below(&self, threshold: f64) -> bool {
        self.open > 0 && f64::from(self.healthy) < threshold * f64::from(self.open)
    }
}

/// Returns the levels in order, each with the endpoints that may be used now; those that `before` had keep what their
/// choosers remember. Appends endpoints whose breaker waits for a probe to `due`.
pub(super) fn arrange(
    options: &Options,
    members: &[Member],
    stances: &[Stance],
    mut before: Vec<Level>,
    due: &mut Vec<usize>,
    chance: &mut Chance,
) -> Vec<Level> {
    let mut priorities: Vec<u8> = members.iter().map(|member| member.spec.priority).collect();
    priorities.sort_unstable();
    priorities.dedup();
    let mut levels: Vec<Level> = priorities
        .into_iter()
        .map(|priority| {
            let place = before.iter().position(|level| level.priority == priority);
            let mut level = match place {
                Some(place) => before.swap_remove(place),
                None => Level::new(priority, options),
            };
            level.count(members, stances);
            level
        })
        .collect();
    judge_panic(options, &mut levels);
    let mut open = levels.iter().filter(|level| level.census.open > 0);
    let is_panic_total = open.all(|level| level.is_panicking);
    for level in &mut levels {
        level.fill(members, stances, due, chance);
    }
    share_out(options, &mut levels, is_panic_total);
    levels
}

/// Returns the place of the level whose turn it is; 0 when none has requests. With a policy that hashes the same key goes
/// to the same level.
pub(super) fn turn(levels: &[Level], policy: &Policy, ask: &Ask<'_>, chance: &mut Chance) -> usize {
    let is_sole = |level: &Level| level.share >= 1.0 - f64::EPSILON;
    if let Some(place) = levels.iter().position(is_sole) {
        return place;
    }
    let key = ask.key.filter(|_| policy.kind().is_hash());
    let mut left = match key {
        Some(key) => fraction_of(mix(key ^ LEVEL_SALT)),
        None => chance.fraction(),
    };
    let mut last = 0;
    for (place, level) in levels.iter().enumerate() {
        if level.share > 0.0 {
            last = place;
            left -= level.share;
            if left < 0.0 {
                break;
            }
        }
    }
    last
}

impl Level {
    fn new(priority: u8, options: &Options) -> Self {
        Self {
            priority,
            share: 0.0,
            is_panicking: false,
            candidates: Vec::new(),
            chooser: options.policy.chooser(),
            census: Census::default(),
        }
    }

    fn count(&mut self, members: &[Member], stances: &[Stance]) {
        self.census = Census::default();
        for (member, stance) in members.iter().zip(stances) {
            let is_known = stance.fitness != Fitness::Unchecked;
            if member.spec.priority != self.priority || !stance.is_open || !is_known {
                continue;
            }
            self.census.open += 1;
            self.census.healthy += u32::from(stance.is_healthy());
            let is_usable = stance.is_healthy() && stance.admission == Admission::Yes;
            self.census.usable += u32::from(is_usable);
        }
    }

    /// Finds who may be used, and tells the chooser if that changed.
    fn fill(
        &mut self,
        members: &[Member],
        stances: &[Stance],
        due: &mut Vec<usize>,
        chance: &mut Chance,
    ) {
        let mut candidates = Vec::with_capacity(members.len());
        let mut is_widened = false;
        for (index, (member, stance)) in members.iter().zip(stances).enumerate() {
            let is_mine = member.spec.priority == self.priority && stance.is_open;
            if !is_mine || !stance.is_fit(self.is_panicking) {
                continue;
            }
            is_widened |= !stance.is_healthy();
            match stance.admission {
                Admission::Yes => candidates.push(member.candidate(index)),
                Admission::Probe => due.push(index),
                Admission::No { .. } => {}
            }
        }
        self.is_panicking = is_widened;
        if candidates == self.candidates {
            return;
        }
        self.candidates = candidates;
        if !self.candidates.is_empty() {
            self.chooser.rebuild(&self.candidates, chance);
        }
    }
}

/// Decides which levels ignore health: none while all together can carry everything.
fn judge_panic(options: &Options, levels: &mut [Level]) {
    let available: f64 = levels
        .iter()
        .map(|level| {
            let census = level.census;
            census.availability(census.healthy, options.overprovisioning)
        })
        .sum();
    for level in levels {
        level.is_panicking = available < 1.0 && level.census.is_below(options.panic_below);
    }
}

/// Gives each level its part of the requests: by what is usable, or by candidates when health is ignored everywhere.
fn share_out(options: &Options, levels: &mut [Level], is_panic_total: bool) {
    let part = |level: &Level| match is_panic_total {
        true => level.candidates.len() as f64,
        false => {
            let census = level.census;
            census.availability(census.usable, options.overprovisioning)
        }
    };
    let sum: f64 = levels.iter().map(part).sum();
    let total = if is_panic_total { sum } else { sum.min(1.0) };
    let mut left = 1.0;
    for level in levels.iter_mut() {
        let wanted = if total > 0.0 {
            part(level) / total
        } else {
            0.0
        };
        level.share = wanted.min(left);
        left -= level.share;
    }
}
