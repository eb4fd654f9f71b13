//! Why an alert began, changed, ended or did not come, in words and numbers.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use plimsoll_types::{Decision, Timestamp, format_duration};

use super::Subject;
use super::condition::{Condition, Verdict};
use super::state::Told;
use super::texts::{Cause, forecast_sentence, number, optional, window};
use crate::{Basis, BurnRule, Severity};

/// The alert begins.
pub(super) fn fired(subject: &Subject<'_>, cause: Cause<'_>, told: &Told) -> Decision {
    let severity = told.severity;
    let outcome = format!("the alert fires, its severity is {severity}");
    decision(subject, "burn.firing", cause, told.since, outcome)
}

/// The alert has another tier.
pub(super) fn changed(
    subject: &Subject<'_>,
    cause: Cause<'_>,
    before: Severity,
    told: &Told,
    now: Timestamp,
) -> Decision {
    let outcome = format!(
        "the alert that fires since {} was a {before} and is a {} now",
        time(told.since),
        told.severity
    );
    decision(subject, "burn.tier", cause, now, outcome)
}

/// The alert is over.
pub(super) fn resolved(
    subject: &Subject<'_>,
    cause: Cause<'_>,
    told: &Told,
    now: Timestamp,
) -> Decision {
    let lasted = now.millis_since(told.since).max(0) as u64;
    let outcome = format!(
        "the alert is resolved after {}",
        format_duration(Duration::from_millis(lasted))
    );
    let mut decision = decision(subject, "burn.resolved", cause, now, outcome);
    let hysteresis = subject.policy.hysteresis;
    decision.counterfactual = format!(
        "burning at {} of the rule's factor or above within the last {} would have kept it",
        number(hysteresis.off),
        format_duration(hysteresis.keep)
    );
    decision
}

/// A rule holds, but not for long enough.
pub(super) fn pending(
    subject: &Subject<'_>,
    rule: &BurnRule,
    found: &Condition,
    now: Timestamp,
) -> Decision {
    let hold = format_duration(rule.hold);
    let outcome = format!("the alert waits until the rule has held for {hold}");
    let mut decision = decision(
        subject,
        "burn.pending",
        Cause::Rule(rule, found),
        now,
        outcome,
    );
    decision.counterfactual = format!("without a `for` of {hold} it would fire now");
    decision
}

/// Both windows burn, but too few events say so.
pub(super) fn withheld(
    subject: &Subject<'_>,
    rule: &BurnRule,
    found: &Condition,
    now: Timestamp,
) -> Decision {
    let outcome = "no alert: it burns fast enough, but chance could have made so few bad events";
    let cause = Cause::Rule(rule, found);
    let mut decision = decision(subject, "burn.withheld", cause, now, outcome.into());
    decision.counterfactual = format!(
        "{} bad events or more whose chance is below {} would have fired it, \
         or a lower `bad_min`, or a higher `chance` under `evidence`",
        subject.policy.bad_min, subject.policy.chance_max
    );
    decision
}

fn decision(
    subject: &Subject<'_>,
    kind: &'static str,
    cause: Cause<'_>,
    at: Timestamp,
    outcome: String,
) -> Decision {
    let mut inputs = Vec::new();
    let mut put = |name: &'static str, value: String| inputs.push((Cow::Borrowed(name), value));
    put("slo", subject.id.to_owned());
    put("target", subject.target.to_string());
    put("windows_end", time(at));
    let counterfactual = match cause {
        Cause::Rule(rule, found) => {
            rule_inputs(subject, rule, found, &mut put);
            lacking(subject, rule, found)
        }
        Cause::Forecast(forecast) => {
            put("forecast", forecast_sentence(forecast));
            let limit = subject.policy.exhaustion.unwrap_or_default();
            format!(
                "a forecast (p50) beyond {} would have made none",
                format_duration(limit)
            )
        }
        Cause::Unknown => String::new(),
    };
    Decision {
        at,
        kind: Cow::Borrowed(kind),
        subject: format!("{}{}", subject.id, group(subject)),
        rule: Arc::from(subject.origin),
        inputs,
        outcome,
        counterfactual,
    }
}

fn group(subject: &Subject<'_>) -> String {
    let mut text = String::new();
    if !subject.objective.is_empty() {
        text = format!(" {}", subject.objective);
    }
    if !subject.group.is_empty() {
        text.push_str(&format!(" {}", subject.group));
    }
    text
}

fn rule_inputs(
    subject: &Subject<'_>,
    rule: &BurnRule,
    found: &Condition,
    put: &mut dyn FnMut(&'static str, String),
) {
    put("rule", rule_words(rule));
    put("long", window(rule.long, found.long));
    if found.told > 0 {
        put("told_before", format!("{} bad events", found.told));
    }
    put("long_burn", optional(found.long_burn));
    if let Some((length, counts)) = rule.short.zip(found.short) {
        put("short", window(length, counts));
        put("short_burn", optional(found.short_burn));
    }
    put("bad_at_factor", number(found.expected));
    if matches!(found.verdict, Verdict::Holds | Verdict::ThinEvidence) {
        put("chance", format!("{:.4}", found.chance));
        put("chance_max", number(subject.policy.chance_max));
    }
    if let Some((burning, all)) = found.pieces {
        put("pieces_burning", format!("{burning} of {all}"));
    }
}

/// A rule in words, such as `page: 14.4 times over 1h and 5m`.
fn rule_words(rule: &BurnRule) -> String {
    let short = rule.short.map_or_else(String::new, |short| {
        format!(" and {}", format_duration(short))
    });
    let sustained = match rule.sustained {
        share if share > 0.0 => format!(", in {} % of its pieces", number(share * 100.0)),
        _ => String::new(),
    };
    let basis = match rule.basis {
        Basis::Traffic => "",
        Basis::Budget => " of the mean traffic",
    };
    format!(
        "{}: {} times{basis} over {}{short}{sustained}",
        rule.severity,
        number(rule.factor),
        format_duration(rule.long)
    )
}

/// What would have changed whether the rule holds.
fn lacking(subject: &Subject<'_>, rule: &BurnRule, found: &Condition) -> String {
    let factor = number(rule.factor);
    match found.verdict {
        Verdict::Holds => format!(
            "fewer than {} bad events in {} would have made none, or a factor above {}",
            number(found.expected.ceil()),
            format_duration(rule.long),
            optional(found.long_burn),
        ),
        Verdict::NoData => "something measured would have decided".into(),
        Verdict::LongBelow => format!(
            "{} bad events in {} would have been {factor} times",
            number(found.expected.ceil()),
            format_duration(rule.long)
        ),
        Verdict::ShortBelow => format!("a short window that burns {factor} times would have held"),
        Verdict::Over => "bad events in the last minutes would have held".into(),
        Verdict::NotSustained => format!(
            "{} % of the pieces burning would have held",
            number(rule.sustained * 100.0)
        ),
        Verdict::ThinEvidence => format!(
            "a chance below {} would have held",
            number(subject.policy.chance_max)
        ),
    }
}

/// Writes a point in time as RFC 3339; one that no calendar has as milliseconds since the epoch.
fn time(at: Timestamp) -> String {
    match jiff::Timestamp::from_millisecond(at.millis()) {
        Ok(time) => time.to_string(),
        Err(_) => format!("{at} ms"),
    }
}
