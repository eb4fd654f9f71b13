//! Whether a budget burns as fast as a rule asks, with the numbers that say so.

use std::time::Duration;

use super::poisson::{at_least, at_most};
use super::windows::{Windows, is_measured};
use crate::{BurnRule, Counts, NoData};

/// The shortest window that can end an alert before its short window is clean.
const RECENT: Duration = Duration::from_secs(60);
/// After so many short windows an alert ends though the traffic is too low to prove that it may. More of them keep alerts
/// of quiet services for days, fewer let them come and go during one incident.
const PATIENCE: u32 = 4;
/// No long window is cut into more pieces; they are longer than the short window instead.
const PIECES_MAX: u32 = 120;

/// What a rule saw at one time.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// Counts of the long window.
    pub long: Counts,
    /// How many bad events of the long window an earlier alert told of: they start no second one.
    pub told: i64,
    /// Counts of the short window, if the rule has one.
    pub short: Option<Counts>,
    /// How many times as fast as the budget allows the long window burned, without what was told; `None` when it had no
    /// events.
    pub long_burn: Option<f64>,
    /// The same of the short window.
    pub short_burn: Option<f64>,
    /// How many bad events the long window has when it burns exactly at the rule's factor.
    pub expected: f64,
    /// The chance that a service burning exactly at the factor shows so many bad events, from 0 to 1.
    pub chance: f64,
    /// Of a rule that asks for it: how many pieces of the long window burned as fast, of how many.
    pub pieces: Option<(u32, u32)>,
    /// Whether the rule holds, and otherwise the first thing that it lacks.
    pub verdict: Verdict,
    /// Whether an alert of this rule may end: it burns below the share `off` of the factor.
    pub is_quiet: bool,
}

/// Whether a rule holds, and otherwise the first thing that it lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Everything it asks for.
    Holds,
    /// Nothing was measured, or there were no events: neither good nor bad.
    NoData,
    /// The long window burns too slowly.
    LongBelow,
    /// The short window burns too slowly.
    ShortBelow,
    /// The short window burns fast enough, but its last part does not: it is over.
    Over,
    /// Too few pieces of the long window burn: it was a blip.
    NotSustained,
    /// Too few bad events, or chance could have made them.
    ThinEvidence,
}

/// Says whether a rule could hold, from its short window alone: what nearly all rules are asked nearly always.
pub(super) fn may_hold(rule: &BurnRule, windows: &mut Windows<'_>) -> bool {
    let length = rule.short.unwrap_or(rule.long);
    let counts = windows.last(length);
    // Most have no bad event at all, and then nothing else is read.
    counts.bad > 0 && {
        let allowed = windows.allowed_in(rule.basis, length, counts);
        burn(counts, counts.bad, allowed).is_some_and(|burn| burn >= rule.factor)
    }
}

/// Measures a rule.
pub(super) fn measure(rule: &BurnRule, windows: &mut Windows<'_>) -> Condition {
    let long = windows.last(rule.long);
    let short = rule.short.map(|length| windows.last(length));
    let long_allowed = windows.allowed_in(rule.basis, rule.long, long);
    let expected = rule.factor * long_allowed;
    let short_burn = rule.short.zip(short).and_then(|(length, counts)| {
        let allowed = windows.allowed_in(rule.basis, length, counts);
        burn(counts, counts.bad, allowed)
    });
    let told = windows.told(rule.long);
    let untold = long.bad.saturating_sub(told);
    let mut condition = Condition {
        long,
        told,
        short,
        long_burn: burn(long, untold, long_allowed),
        short_burn,
        expected,
        chance: 1.0,
        pieces: None,
        verdict: Verdict::NoData,
        is_quiet: is_quiet(rule, windows),
    };
    condition.verdict = judge(rule, windows, &mut condition);
    condition
}

fn judge(rule: &BurnRule, windows: &Windows<'_>, condition: &mut Condition) -> Verdict {
    let is_fast = |burn: Option<f64>| burn.is_some_and(|burn| burn >= rule.factor);
    if condition.long_burn.is_none() {
        return Verdict::NoData;
    }
    if !is_fast(condition.long_burn) {
        return Verdict::LongBelow;
    }
    match condition.short {
        Some(short) if !is_measured(short) => return Verdict::NoData,
        Some(_) if !is_fast(condition.short_burn) => return Verdict::ShortBelow,
        _ if condition.is_quiet => return Verdict::Over,
        _ => (),
    }
    let bad = u64::try_from(condition.long.bad.saturating_sub(condition.told)).unwrap_or(0);
    condition.chance = at_least(bad, condition.expected);
    let is_thin = windows.chance_max > 0.0 && condition.chance >= windows.chance_max;
    if bad < windows.bad_min || is_thin {
        return Verdict::ThinEvidence;
    }
    if rule.sustained > 0.0 {
        let (burning, all) = pieces(rule, windows);
        condition.pieces = Some((burning, all));
        if f64::from(burning) < (rule.sustained * f64::from(all)).ceil() {
            return Verdict::NotSustained;
        }
    }
    Verdict::Holds
}

/// Returns how many pieces of the long window burn at the factor, and how many there are.
fn pieces(rule: &BurnRule, windows: &Windows<'_>) -> (u32, u32) {
    let Some(short) = rule.short.filter(|short| !short.is_zero()) else {
        return (0, 0);
    };
    let length = short.max(rule.long / PIECES_MAX);
    let all = (rule.long.as_secs_f64() / length.as_secs_f64()) as u32;
    let burns = |index: &u32| {
        let counts = windows.piece(length, *index);
        let allowed = windows.allowed_in(rule.basis, length, counts);
        counts.bad > 0 && counts.bad as f64 >= rule.factor * allowed
    };
    ((0..all).filter(burns).count() as u32, all)
}

/// Says whether the burning is over: a window that ends now burns below the share `off` of the factor, and had the
/// service burned at the factor it would have shown. With much traffic a minute says so, long before the short window has
/// forgotten an outage; with little it takes up to [`PATIENCE`] short windows. Without a gate the short one decides.
fn is_quiet(rule: &BurnRule, windows: &mut Windows<'_>) -> bool {
    let last = rule.short.unwrap_or(rule.long);
    if !is_measured(windows.last(last)) {
        // Unknown is not good. Without a policy for it, the alert ends when the long window has forgotten all.
        return windows.no_data != NoData::Freeze && !is_measured(windows.last(rule.long));
    }
    if windows.chance_max <= 0.0 {
        return is_below(rule, windows, last);
    }
    let mut recent = RECENT;
    let longest = rule.long.min(last * PATIENCE);
    while recent < longest {
        if is_below(rule, windows, recent) && is_evident(rule, windows, recent) {
            return true;
        }
        recent *= 2;
    }
    is_below(rule, windows, longest)
}

/// Says whether burning at the factor would hardly show as little as this window does.
fn is_evident(rule: &BurnRule, windows: &mut Windows<'_>, length: Duration) -> bool {
    let counts = windows.last(length);
    let expected = rule.factor * windows.allowed_in(rule.basis, length, counts);
    let bad = u64::try_from(counts.bad).unwrap_or(0);
    is_measured(counts) && at_most(bad, expected) < windows.chance_max
}

fn is_below(rule: &BurnRule, windows: &mut Windows<'_>, length: Duration) -> bool {
    let counts = windows.last(length);
    let allowed = windows.allowed_in(rule.basis, length, counts);
    counts.bad <= 0 || (counts.bad as f64) < windows.off * rule.factor * allowed
}

fn burn(counts: Counts, bad: i64, allowed: f64) -> Option<f64> {
    (counts.valid() > 0 && allowed > 0.0).then(|| bad.max(0) as f64 / allowed)
}
