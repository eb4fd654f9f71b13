//! Checks the section `plimsoll`: names that exist, bounds that work, defaults.

use std::collections::BTreeSet;
use std::time::Duration;

use plimsoll_runtime::config::{DurationValue, Findings, Span, Spanned};
use plimsoll_types::{ALERT_NAME, Annotations, ByteCount};

use super::{
    DeadLetters, DeadMan, ExpiryNotice, Extension, Fallback, Heartbeat, Limits, RateLimit,
    ReceiverPolicy, SilencePolicy,
};
use crate::config::names::Conditions;
use crate::config::raw::plimsoll::{
    RawDeadLetters, RawDeadMan, RawExtension, RawFallbackAfter, RawHeartbeat, RawLimits,
    RawRateLimit, RawReceiverPolicy, RawSilencePolicy,
};
use crate::config::routes::{Known, above_zero, duration};

const WARM_UP: Duration = Duration::from_secs(75);
const GRACE_WITHOUT_DATABASE: Duration = Duration::from_secs(30);
const FALLBACK_FAILURES: u32 = 5;
const FALLBACK_AGE: Duration = Duration::from_secs(5 * 60);
const RATE_LIMIT_PER: Duration = Duration::from_secs(60);
const DEAD_LETTERS_AFTER: Duration = Duration::from_secs(3600);
const DEAD_MAN_INTERVAL: Duration = Duration::from_secs(60);

/// Checks a section; the tiers were taken out.
pub(in crate::config) fn check(
    raw: RawExtension,
    conditions: &Conditions,
    known: &Known<'_>,
    findings: &mut Findings<'_>,
) -> Extension {
    Extension {
        warm_up: duration(raw.warm_up, findings).unwrap_or(WARM_UP),
        receivers: policies(&raw.receivers, known, findings),
        dead_letters: raw
            .dead_letters
            .map(|raw| dead_letters(raw, known, findings)),
        dead_man: raw.dead_man.map(|raw| dead_man(raw, known, findings)),
        heartbeats: heartbeats(raw.heartbeats, conditions, findings),
        silences: silences(raw.silences, known, findings),
        limits: limits(&raw.limits, findings),
        grace_without_database: duration(raw.grace_without_database, findings)
            .unwrap_or(GRACE_WITHOUT_DATABASE),
    }
}

fn policies(
    raw: &[Spanned<RawReceiverPolicy>],
    known: &Known<'_>,
    findings: &mut Findings<'_>,
) -> Vec<ReceiverPolicy> {
    let mut seen = BTreeSet::new();
    let mut policies = Vec::new();
    for raw in raw {
        required(&raw.name, raw.span, "name", known, findings);
        if !seen.insert(&*raw.name.value) {
            let message = format!("the receiver `{}` is here twice", raw.name.value);
            findings.error(raw.name.span, message);
        }
        let rate_limit = raw.rate_limit.as_ref();
        policies.push(ReceiverPolicy {
            name: raw.name.value.clone(),
            fallback: fallback(raw, known, findings),
            rate_limit: rate_limit.and_then(|raw| check_rate_limit(raw, findings)),
        });
    }
    policies
}

fn fallback(
    raw: &RawReceiverPolicy,
    known: &Known<'_>,
    findings: &mut Findings<'_>,
) -> Option<Fallback> {
    if raw.fallback.is_empty() {
        if let Some(after) = &raw.fallback_after {
            findings.error(after.key, "`fallback_after` needs a `fallback`");
        }
        return None;
    }
    let mut receivers = Vec::new();
    for name in &raw.fallback {
        known.receiver(name, findings);
        if name.value == raw.name.value || receivers.contains(&name.value) {
            let message = format!("`{}` was tried before it would be told instead", name.value);
            findings.error(name.span, message);
        }
        receivers.push(name.value.clone());
    }
    let none = RawFallbackAfter::default();
    let after = raw
        .fallback_after
        .as_ref()
        .map_or(&none, |after| &after.value);
    let failures = at_least_one(after.failures, "failures", findings);
    Some(Fallback {
        receivers,
        failures: failures.unwrap_or(FALLBACK_FAILURES),
        age: above_zero(after.age, "age", findings).unwrap_or(FALLBACK_AGE),
    })
}

fn check_rate_limit(raw: &Spanned<RawRateLimit>, findings: &mut Findings<'_>) -> Option<RateLimit> {
    if raw.notices.is_none() {
        findings.error(raw.key, "a rate limit needs `notices`");
    }
    let per = above_zero(raw.per, "per", findings).unwrap_or(RATE_LIMIT_PER);
    let notices = at_least_one(raw.notices, "notices", findings)?;
    Some(RateLimit { notices, per })
}

fn at_least_one<T: Copy + Default + PartialEq>(
    raw: Option<Spanned<T>>,
    name: &str,
    findings: &mut Findings<'_>,
) -> Option<T> {
    let raw = raw?;
    if raw.value == T::default() {
        findings.error(raw.span, format!("`{name}` must be at least 1"));
    }
    Some(raw.value)
}

fn dead_letters(
    raw: Spanned<RawDeadLetters>,
    known: &Known<'_>,
    findings: &mut Findings<'_>,
) -> DeadLetters {
    required(&raw.receiver, raw.key, "receiver", known, findings);
    let raw = raw.value;
    DeadLetters {
        receiver: raw.receiver.value,
        after: above_zero(raw.after, "after", findings).unwrap_or(DEAD_LETTERS_AFTER),
    }
}

fn dead_man(raw: Spanned<RawDeadMan>, known: &Known<'_>, findings: &mut Findings<'_>) -> DeadMan {
    required(&raw.receiver, raw.key, "receiver", known, findings);
    let raw = raw.value;
    DeadMan {
        receiver: raw.receiver.value,
        interval: above_zero(raw.interval, "interval", findings).unwrap_or(DEAD_MAN_INTERVAL),
    }
}

/// Reports the name of a receiver that is missing or unknown; `section` is the place of what it is missing in.
pub(in crate::config) fn required(
    name: &Spanned<String>,
    section: Span,
    field: &str,
    known: &Known<'_>,
    findings: &mut Findings<'_>,
) {
    match name.is_empty() {
        true => findings.error(section, format!("the field `{field}` is missing")),
        false => known.receiver(name, findings),
    }
}

fn heartbeats(
    raw: Vec<Spanned<RawHeartbeat>>,
    conditions: &Conditions,
    findings: &mut Findings<'_>,
) -> Vec<Heartbeat> {
    let mut seen = BTreeSet::new();
    let mut heartbeats = Vec::new();
    for raw in raw {
        let name = &raw.name;
        if name.is_empty() {
            findings.error(raw.span, "a heartbeat needs a `name`");
        } else if !seen.insert(name.value.clone()) {
            findings.error(
                name.span,
                format!("two heartbeats have the name `{}`", name.value),
            );
        }
        heartbeats.push(heartbeat(&raw, conditions, findings));
    }
    heartbeats
}

fn heartbeat(
    raw: &Spanned<RawHeartbeat>,
    conditions: &Conditions,
    findings: &mut Findings<'_>,
) -> Heartbeat {
    let matchers = conditions.matchers(&raw.matchers, findings);
    if raw.matchers.is_empty() {
        findings.error(
            raw.span,
            "a heartbeat needs `matchers`: any alert would do without",
        );
    }
    if raw.timeout.is_none() {
        findings.error(raw.span, "a heartbeat needs a `timeout`");
    }
    let labels = conditions.labels(&raw.labels, findings);
    if let Some(name) = raw.labels.keys().find(|name| name.text == ALERT_NAME) {
        findings.error(
            name.span,
            "the label `alertname` is the `name` of the heartbeat",
        );
    }
    let mut labels = labels.to_builder();
    labels.set(ALERT_NAME, &raw.name);
    let annotations = raw.annotations.iter();
    Heartbeat {
        name: raw.name.value.clone(),
        matchers,
        timeout: above_zero(raw.timeout, "timeout", findings).unwrap_or_default(),
        labels: labels.build(),
        annotations: Annotations::from_pairs(
            annotations.map(|(name, text)| (&*name.text, &*text.value)),
        ),
    }
}

fn silences(
    raw: RawSilencePolicy,
    known: &Known<'_>,
    findings: &mut Findings<'_>,
) -> SilencePolicy {
    let needs = |what: &str, other: &str| format!("`{what}` needs `{other}`");
    let before = above_zero(raw.notify_before_expiry, "notify_before_expiry", findings);
    let notice = match (raw.receiver, before) {
        (Some(receiver), Some(before)) => {
            known.receiver(&receiver, findings);
            Some(ExpiryNotice {
                receiver: receiver.into_inner(),
                before,
            })
        }
        (Some(receiver), None) => {
            findings.error(receiver.key, needs("receiver", "notify_before_expiry"));
            None
        }
        (None, Some(_)) => {
            let place = raw.notify_before_expiry.map_or(Span::default(), key);
            findings.error(place, needs("notify_before_expiry", "receiver"));
            None
        }
        (None, None) => None,
    };
    SilencePolicy {
        max_duration: above_zero(raw.max_duration, "max_duration", findings),
        notice,
    }
}

fn key(field: Spanned<DurationValue>) -> Span {
    field.key
}

fn limits(raw: &RawLimits, findings: &mut Findings<'_>) -> Limits {
    let default = Limits::default();
    let count = |number: Option<u64>, default| {
        number.map_or(default, |number| {
            usize::try_from(number).unwrap_or(usize::MAX)
        })
    };
    if let Some(bytes) = raw.bytes.filter(|bytes| bytes.0 < ByteCount::MIB) {
        findings.error(bytes.span, "`bytes` must be at least 1MiB");
    }
    Limits {
        alerts: count(at_least_one(raw.alerts, "alerts", findings), default.alerts),
        bytes: raw.bytes.map_or(default.bytes, |bytes| bytes.value.0),
        silences: count(
            at_least_one(raw.silences, "silences", findings),
            default.silences,
        ),
    }
}
