//! Tiers: a preset of routes by urgency, which stand before those of the file.

use std::time::Duration;

use plimsoll_runtime::config::{Findings, Span, Spanned};
use plimsoll_types::{MatchOp, Matcher};

use super::extension::required;
use super::names::Conditions;
use super::raw::plimsoll::{RawTier, RawTiers};
use super::routes::{Known, above_zero, duration, group_by};
use crate::route::Definition;

/// What a tier is unless the file says otherwise.
struct Preset {
    severities: &'static str,
    group_wait: Duration,
    group_interval: Duration,
    repeat_interval: Duration,
}

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;

/// Pages: they are for a person who is woken up, so they neither wait nor rest.
const PAGE: Preset = Preset {
    severities: "P1|critical|page",
    group_wait: Duration::ZERO,
    group_interval: Duration::from_secs(MINUTE),
    repeat_interval: Duration::from_secs(15 * MINUTE),
};

/// Told within 15 minutes: a third of them to gather, the rest for a receiver that is down at first.
const SOON: Preset = Preset {
    severities: "P2|high|error|warning",
    group_wait: Duration::from_secs(5 * MINUTE),
    group_interval: Duration::from_secs(15 * MINUTE),
    repeat_interval: Duration::from_secs(4 * HOUR),
};

/// Told within an hour: half of it to gather.
const LATER: Preset = Preset {
    severities: "P3|low|info|ticket",
    group_wait: Duration::from_secs(30 * MINUTE),
    group_interval: Duration::from_secs(HOUR),
    repeat_interval: Duration::from_secs(24 * HOUR),
};

/// Makes routes of the tiers that are written, the most urgent first.
pub(super) fn routes(
    raw: RawTiers,
    conditions: &Conditions,
    known: &Known<'_>,
    findings: &mut Findings<'_>,
) -> Vec<Definition> {
    let tiers = [(raw.page, PAGE), (raw.soon, SOON), (raw.later, LATER)].into_iter();
    let tiers = tiers.filter_map(|(raw, preset)| Some((raw?, preset)));
    tiers
        .map(|(raw, preset)| route(raw, &preset, conditions, known, findings))
        .collect()
}

fn route(
    raw: Spanned<RawTier>,
    preset: &Preset,
    conditions: &Conditions,
    known: &Known<'_>,
    findings: &mut Findings<'_>,
) -> Definition {
    let (place, name) = (raw.span, raw.key);
    let fields = raw.value.0;
    // A tier that is only a name has no place of its own inside.
    let mut receiver = fields.receiver;
    if receiver.span == Span::default() {
        receiver.span = place;
    }
    required(&receiver, name, "receiver", known, findings);
    let own = conditions.matchers(&fields.matchers, findings);
    let matchers = match fields.matchers.is_empty() {
        true => vec![by_severity(preset.severities)],
        false => own,
    };
    let or = |written: Option<Duration>, preset| Some(written.unwrap_or(preset));
    Definition {
        receiver: Some(receiver.into_inner()),
        group_by: group_by(fields.group_by.as_ref(), conditions, findings),
        group_wait: or(duration(fields.group_wait, findings), preset.group_wait),
        group_interval: or(
            above_zero(fields.group_interval, "group_interval", findings),
            preset.group_interval,
        ),
        repeat_interval: or(
            above_zero(fields.repeat_interval, "repeat_interval", findings),
            preset.repeat_interval,
        ),
        resolve_interval: duration(fields.resolve_interval, findings),
        matchers,
        continues: fields.continues,
        ..Definition::default()
    }
}

fn by_severity(severities: &str) -> Matcher {
    Matcher::new(MatchOp::Regex, "severity", severities).expect("a few words are an expression")
}
