//! What becomes of a channel when its group is flushed: a new notice, none, or another in the place of one that waits.
//!
//! | on its way | nothing fires now | something fires now |
//! |---|---|---|
//! | nothing | told as firing before: all resolved | by the table of `dedup` |
//! | alerts that were never told, now resolved | it stays as it was decided; after it the resolution is told | they are told as resolved in the newer notice |
//! | alerts that were told before | told as firing before: all resolved takes its place | the newer notice takes its place |
//! | a resolution, and the alert fires again | - | it is withdrawn, or when it may have arrived, told that it fires |

use std::time::Duration;

use plimsoll_notify::Reason;
use plimsoll_types::Timestamp;

use crate::dedup::{self, Last, Visible, has};

/// What is known when a channel is decided.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Given<'a> {
    pub(crate) last: Option<Last<'a>>,
    /// The notice that waits; one whose attempt is under way cannot be changed.
    pub(crate) open: Option<Open<'a>>,
    pub(crate) visible: Visible<'a>,
    pub(crate) sends_resolved: bool,
    pub(crate) repeat_interval: Duration,
    pub(crate) now: Timestamp,
}

/// A notice that waits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Open<'a> {
    pub(crate) firing: &'a [u64],
    pub(crate) resolved: &'a [u64],
    /// Whether an attempt was started: then the receiver may have it, whatever was answered.
    pub(crate) was_attempted: bool,
}

/// What becomes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Plan {
    /// Nothing is to be told; what waits goes on waiting.
    Keep,
    /// What waits is not true any more, and nobody heard of it.
    Withdraw,
    /// All is resolved, and that is not wanted: it is noted as if it had been told.
    Forget,
    /// This is to be told, in the place of what waits.
    Tell(Content),
}

/// What is to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Content {
    pub(crate) reason: Reason,
    /// Told as firing, ascending.
    pub(crate) firing: Vec<u64>,
    /// Told as resolved, ascending.
    pub(crate) resolved: Vec<u64>,
}

/// Decides.
pub(crate) fn plan(given: Given<'_>) -> Plan {
    let Visible { firing, resolved } = given.visible;
    if firing.is_empty() && resolved.is_empty() {
        return Plan::Keep;
    }
    let needed = dedup::reason(
        given.last,
        given.visible,
        given.sends_resolved,
        given.repeat_interval,
        given.now,
    );
    match (given.open, firing.is_empty()) {
        (None, _) => plan_fresh(given, needed),
        (Some(open), true) => plan_resolution(given, open, needed),
        (Some(open), false) => plan_update(given, open, needed),
    }
}

fn plan_fresh(given: Given<'_>, needed: Option<Reason>) -> Plan {
    match needed {
        None => Plan::Keep,
        Some(Reason::AllResolved) if !given.sends_resolved => Plan::Forget,
        Some(reason) => Plan::Tell(content(given, reason, &[])),
    }
}

/// Something waits, and nothing fires any more.
fn plan_resolution(given: Given<'_>, open: Open<'_>, needed: Option<Reason>) -> Plan {
    if !owed(given, open).is_empty() {
        return Plan::Keep;
    }
    match needed {
        Some(reason) if given.sends_resolved => tell(open, content(given, reason, &[])),
        Some(_) => Plan::Forget,
        None if open.was_attempted => Plan::Keep,
        None => Plan::Withdraw,
    }
}

/// Something waits, and something fires.
fn plan_update(given: Given<'_>, open: Open<'_>, needed: Option<Reason>) -> Plan {
    let owed = owed(given, open);
    let firing = given.visible.firing;
    // Who may have heard that it is over has to hear that it is not.
    let may_believe_it_over =
        open.was_attempted && open.resolved.iter().any(|one| has(firing, *one));
    let reason = match needed {
        Some(reason) => reason,
        None if may_believe_it_over => Reason::NewAlerts,
        None if !owed.is_empty() && given.sends_resolved => Reason::SomeResolved,
        None if !owed.is_empty() => Reason::NewAlerts,
        None => return Plan::Withdraw,
    };
    let as_firing = if given.sends_resolved { &[][..] } else { &owed };
    tell(open, content(given, reason, as_firing))
}

/// Returns what waits to be told as firing, was never told, and is over now: it has to be told all the same.
fn owed(given: Given<'_>, open: Open<'_>) -> Vec<u64> {
    let is_told = |one: u64| given.last.is_some_and(|last| last.surely_firing(one));
    let is_owed = |one: &u64| !is_told(*one) && has(given.visible.resolved, *one);
    open.firing.iter().copied().filter(is_owed).collect()
}

fn content(given: Given<'_>, reason: Reason, owed: &[u64]) -> Content {
    let mut firing = [given.visible.firing, owed].concat();
    firing.sort_unstable();
    let resolved = match given.sends_resolved {
        true => given.visible.resolved.to_vec(),
        false => Vec::new(),
    };
    Content {
        reason,
        firing,
        resolved,
    }
}

/// What waits stays when it says the same, so that it keeps its turn and its key.
fn tell(open: Open<'_>, content: Content) -> Plan {
    match *open.firing == *content.firing && *open.resolved == *content.resolved {
        true => Plan::Keep,
        false => Plan::Tell(content),
    }
}
