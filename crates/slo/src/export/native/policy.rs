//! Policies as sections; what a file gets that says nothing is not written.

use plimsoll_runtime::config::Tree;
use plimsoll_types::Annotations;

use super::catalog::{conditions, pairs};
use super::{duration, list, map, number, optional, section};
use crate::export::text;
use crate::{
    AlertPolicy, Basis, BudgetPolicy, BudgetState, BurnRule, Correction, Hysteresis, Severity,
};

/// As `file/alerts.rs` fills in.
const BAD_MIN: u64 = 2;
const CHANCE_MAX: f64 = 0.05;

pub(super) fn alerts(policy: &AlertPolicy) -> Tree {
    let Some(name) = &policy.name else {
        return text("none");
    };
    let labels = |labels| match map(&pairs(labels)) {
        Tree::Null => Tree::Null,
        labels => section([("labels", labels)]),
    };
    let exhausts_severity = match policy.exhaustion_severity {
        Severity::Ticket => Tree::Null,
        Severity::Page => text("page"),
    };
    section([
        ("name", text(name)),
        ("labels", map(&pairs(&policy.labels))),
        ("annotations", annotations(&policy.annotations)),
        ("page", labels(&policy.page_labels)),
        ("ticket", labels(&policy.ticket_labels)),
        ("windows", list(policy.rules.iter().map(rule).collect())),
        (
            "exhausts_in",
            policy.exhaustion.map_or(Tree::Null, duration),
        ),
        ("exhausts_severity", exhausts_severity),
        ("hysteresis", hysteresis(policy.hysteresis)),
        ("evidence", evidence(policy)),
    ])
}

fn annotations(all: &Annotations) -> Tree {
    let pairs = all.iter();
    map(&pairs
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect())
}

fn rule(rule: &BurnRule) -> Tree {
    let hold = match rule.hold.is_zero() {
        true => Tree::Null,
        false => duration(rule.hold),
    };
    let of = match rule.basis {
        Basis::Traffic => Tree::Null,
        Basis::Budget => text("budget"),
    };
    let sustained = match rule.sustained > 0.0 {
        true => share(rule.sustained),
        false => Tree::Null,
    };
    section([
        ("severity", text(&rule.severity.to_string())),
        ("factor", number(rule.factor)),
        ("long", duration(rule.long)),
        ("short", rule.short.map_or(Tree::Null, duration)),
        ("for", hold),
        ("of", of),
        ("sustained", sustained),
    ])
}

/// Writes a share as a percentage; sums of floats are not what was written.
fn share(share: f64) -> Tree {
    let percent = (share * 100.0 * 1e9).round() / 1e9;
    text(&format!("{percent}%"))
}

fn hysteresis(hysteresis: Hysteresis) -> Tree {
    match hysteresis == Hysteresis::default() {
        true => Tree::Null,
        false => section([
            ("off", number(hysteresis.off)),
            ("keep", duration(hysteresis.keep)),
        ]),
    }
}

fn evidence(policy: &AlertPolicy) -> Tree {
    match (policy.bad_min, policy.chance_max) == (BAD_MIN, CHANCE_MAX) {
        true => Tree::Null,
        false => section([
            ("bad_min", Tree::Plain(policy.bad_min.to_string())),
            ("chance", number(policy.chance_max)),
        ]),
    }
}

pub(super) fn budget(policy: &BudgetPolicy) -> Tree {
    if *policy == BudgetPolicy::default() {
        return Tree::Null;
    }
    let states = policy.states.iter();
    let states = states.filter(|rule| rule.state != BudgetState::Healthy);
    let states = states.map(|rule| {
        let state = section([
            ("below", share(rule.below)),
            ("dwell", duration(rule.dwell)),
        ]);
        (rule.state.as_str().to_owned(), state)
    });
    // Nobody gets better than healthy, but a file sets its dwell with those of the others.
    let dwell = policy
        .states
        .first()
        .map_or(Tree::Null, |rule| duration(rule.dwell));
    section([
        ("states", Tree::Map(states.collect())),
        ("leave_by", share(policy.leave_by / 100.0)),
        ("dwell", dwell),
    ])
}

/// Writes a correction that is in force.
pub(super) fn correction(correction: &Correction) -> Option<Tree> {
    if correction.revoked.is_some() {
        return None;
    }
    let from = jiff::Timestamp::from_millisecond(correction.from.millis()).ok()?;
    let (repeat, zone) = match &correction.repeat {
        Some((rule, zone)) => (text(rule), optional(zone.iana_name().unwrap_or("UTC"))),
        None => (Tree::Null, Tree::Null),
    };
    Some(section([
        ("id", text(&correction.id)),
        ("kind", text(correction.kind.as_str())),
        ("from", text(&from.to_string())),
        ("for", duration(correction.length)),
        ("repeat", repeat),
        ("zone", zone),
        ("match", optional(&conditions(&correction.matchers))),
        ("reason", text(&correction.reason)),
        ("author", text(&correction.author)),
    ]))
}
