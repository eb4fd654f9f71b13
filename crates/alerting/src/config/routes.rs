//! The routing tree as it is written: names that exist, durations that work, conditions that can be read.

use std::collections::BTreeSet;
use std::time::Duration;

use plimsoll_runtime::config::{DurationValue, Findings, Span, Spanned};

use super::names::Conditions;
use super::raw::RawRoute;
use crate::matchers::{self, Mode};
use crate::route::{Definition, GroupBy};

/// What routes may refer to.
pub(super) struct Known<'a> {
    pub(super) receivers: &'a BTreeSet<String>,
    pub(super) intervals: &'a BTreeSet<String>,
}

impl Known<'_> {
    /// Reports a receiver that does not exist.
    pub(super) fn receiver(&self, name: &Spanned<String>, findings: &mut Findings<'_>) {
        if !self.receivers.contains(&name.value) {
            unknown("receiver", name, self.receivers, findings);
        }
    }

    fn interval(&self, name: &Spanned<String>, findings: &mut Findings<'_>) {
        if !self.intervals.contains(&name.value) {
            unknown("time interval", name, self.intervals, findings);
        }
    }
}

/// Says what is not there, and what is as long as that is little.
fn unknown(
    what: &str,
    name: &Spanned<String>,
    known: &BTreeSet<String>,
    findings: &mut Findings<'_>,
) {
    const SHOWN_MAX: usize = 12;
    let message = format!("there is no {what} `{}`", name.value);
    if known.is_empty() || known.len() > SHOWN_MAX {
        return findings.error(name.span, message);
    }
    let names: Vec<&str> = known.iter().map(String::as_str).collect();
    findings.error_with_hint(
        name.span,
        message,
        format!("there are {}", names.join(", ")),
    );
}

/// Checks the root and all below it.
pub(super) fn check_root(
    raw: Option<Spanned<RawRoute>>,
    conditions: &Conditions,
    known: &Known<'_>,
    findings: &mut Findings<'_>,
) -> Definition {
    let Some(raw) = raw else {
        findings.error(
            Span::default(),
            "there is no `route`: alerts would go nowhere",
        );
        return Definition::default();
    };
    if raw
        .receiver
        .as_ref()
        .is_none_or(|receiver| receiver.is_empty())
    {
        let place = raw
            .receiver
            .as_ref()
            .map_or(raw.key, |receiver| receiver.span);
        findings.error(place, "the root of the routes needs a `receiver`");
    }
    for (is_there, place, what) in [
        (
            raw.continues.value,
            raw.continues.span,
            "cannot `continue`: it has no siblings",
        ),
        (
            !raw.mute_time_intervals.is_empty(),
            first(&raw.mute_time_intervals),
            "cannot have `mute_time_intervals`",
        ),
        (
            !raw.active_time_intervals.is_empty(),
            first(&raw.active_time_intervals),
            "cannot have `active_time_intervals`",
        ),
    ] {
        if is_there {
            findings.error(place, format!("the root of the routes {what}"));
        }
    }
    if let Some(place) = matcher_place(&raw, conditions.mode) {
        findings.error_with_hint(
            place,
            "the root of the routes cannot have matchers: every alert takes it that no other route wants",
            "put them into a route of `routes`",
        );
    }
    check(raw.value, conditions, known, findings)
}

fn first(names: &[Spanned<String>]) -> Span {
    names.first().map_or(Span::default(), |name| name.span)
}

/// Returns where the first condition stands; a line without any, such as `{}`, is none.
fn matcher_place(raw: &RawRoute, mode: Mode) -> Option<Span> {
    let is_condition = |line: &&Spanned<String>| {
        let parsed = matchers::parse(line, mode);
        !parsed.is_ok_and(|parsed| parsed.matchers.is_empty())
    };
    let equal = raw.equal.keys().map(|name| name.span);
    let regex = raw.match_re.keys().map(|name| name.span);
    let matchers = raw.matchers.iter().filter(is_condition);
    let matchers = matchers.map(|line| line.span);
    equal.chain(regex).chain(matchers).next()
}

fn check(
    raw: RawRoute,
    conditions: &Conditions,
    known: &Known<'_>,
    findings: &mut Findings<'_>,
) -> Definition {
    // An empty name is an absent one, as everywhere in Alertmanager.
    let receiver = raw.receiver.filter(|receiver| !receiver.is_empty());
    if let Some(receiver) = &receiver {
        known.receiver(receiver, findings);
    }
    let intervals = raw
        .mute_time_intervals
        .iter()
        .chain(&raw.active_time_intervals);
    intervals.for_each(|name| known.interval(name, findings));
    let matchers = conditions.all(&raw.matchers, &raw.equal, &raw.match_re, findings);
    let names = |names: Vec<Spanned<String>>| names.into_iter().map(Spanned::into_inner).collect();
    Definition {
        receiver: receiver.map(Spanned::into_inner),
        group_by: group_by(raw.group_by.as_ref(), conditions, findings),
        group_wait: duration(raw.group_wait, findings),
        group_interval: above_zero(raw.group_interval, "group_interval", findings),
        repeat_interval: above_zero(raw.repeat_interval, "repeat_interval", findings),
        resolve_interval: None,
        mute_time_intervals: names(raw.mute_time_intervals),
        active_time_intervals: names(raw.active_time_intervals),
        labels: conditions.labels(&raw.labels, findings),
        matchers,
        continues: raw.continues.value,
        children: {
            let children = raw.routes.into_iter();
            let children = children.map(|child| check(child.value, conditions, known, findings));
            children.collect()
        },
    }
}

/// Reads the list `group_by`; `None` when it is absent.
pub(super) fn group_by(
    raw: Option<&Spanned<Vec<Spanned<String>>>>,
    conditions: &Conditions,
    findings: &mut Findings<'_>,
) -> Option<GroupBy> {
    let names = &raw?.value;
    let mut seen = BTreeSet::new();
    let (mut is_all, mut has_others) = (None, false);
    for name in names {
        if **name == "..." {
            is_all = Some(name.span);
            continue;
        }
        has_others = true;
        conditions.label_name(name, name.span, findings);
        if !seen.insert(name.value.clone()) {
            findings.error(
                name.span,
                format!("the label `{}` is here twice", name.value),
            );
        }
    }
    match is_all {
        Some(place) if has_others => {
            findings.error(place, "`...` stands for all labels, so it stands alone");
            None
        }
        Some(_) => Some(GroupBy::All),
        None => Some(GroupBy::Labels(seen.into_iter().collect())),
    }
}

/// The longest duration of Go: 2^63 - 1 nanoseconds.
const DURATION_MAX: Duration = Duration::from_nanos(i64::MAX as u64);

/// Reads a duration that may be zero.
pub(super) fn duration(
    raw: Option<Spanned<DurationValue>>,
    findings: &mut Findings<'_>,
) -> Option<Duration> {
    let raw = raw?;
    if raw.0 > DURATION_MAX {
        findings.error(raw.span, "the duration is longer than 292 years");
    }
    Some(raw.0)
}

/// Reads a duration above zero.
pub(super) fn above_zero(
    raw: Option<Spanned<DurationValue>>,
    name: &str,
    findings: &mut Findings<'_>,
) -> Option<Duration> {
    if let Some(zero) = raw.filter(|duration| duration.0.is_zero()) {
        findings.error(zero.span, format!("`{name}` must be above zero"));
    }
    duration(raw, findings)
}
