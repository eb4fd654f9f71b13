//! `retry` and `hedge`: second attempts.

use plimsoll_runtime::config::Spanned;
use plimsoll_traffic::hedge;
use plimsoll_traffic::retry::{Conditions, Options};
use plimsoll_types::ByteCount;

use super::context::{Context, key, short};
use super::raw::{RawHedge, RawRetry, TextOr};

const ANSWERS_MIN: u32 = 100;

/// Reads `retry`.
pub(super) fn retry(raw: Option<&Spanned<TextOr<RawRetry>>>, ctx: &mut Context<'_>) -> Options {
    let default = Options::default();
    let Some(raw) = raw else {
        return default;
    };
    let section = match &raw.value {
        TextOr::Section(section) => section,
        TextOr::Text(word) => {
            if word != "none" {
                let message = format!("`retry` is a section or none, found {:?}", short(word));
                ctx.error(raw.span, message);
            }
            return Options {
                retries_max: 0,
                ..default
            };
        }
    };
    let backoff = ctx.above_zero(&section.backoff, "backoff");
    let backoff = backoff.unwrap_or(default.backoff);
    let backoff_max = ctx.above_zero(&section.backoff_max, "backoff_max");
    if let Some(most) = section.backoff_max.filter(|most| most.value.0 < backoff) {
        let message = format!("`backoff_max` is shorter than `backoff`, {backoff:?}");
        ctx.error(most.span, message);
    }
    let bodies = ByteCount(0)..=ByteCount::MIB.times(64);
    Options {
        retries_max: ctx
            .number(&section.retries, "retries", 0..=10)
            .unwrap_or(default.retries_max),
        try_timeout: ctx.above_zero(&section.try_timeout, "try_timeout"),
        on: conditions(section, default.on, ctx),
        backoff,
        backoff_max: backoff_max.unwrap_or(default.backoff_max.max(backoff)),
        retry_after_max: ctx
            .time(&section.retry_after_max)
            .unwrap_or(default.retry_after_max),
        body_max: ctx
            .size(&section.body_max, "body_max", bodies)
            .unwrap_or(default.body_max),
    }
}

fn conditions(raw: &RawRetry, default: Conditions, ctx: &mut Context<'_>) -> Conditions {
    let mut conditions = default;
    if let Some(raw) = &raw.statuses {
        conditions.statuses = Vec::new();
        for raw in raw.iter() {
            let status = u16::try_from(raw.value).ok();
            match status.filter(|status| (400..=599).contains(status)) {
                Some(status) => conditions.statuses.push(status),
                None => {
                    let message = format!("`statuses` are from 400 to 599, found {}", raw.value);
                    ctx.error(raw.span, message);
                }
            }
        }
    }
    if let Some(raw) = &raw.on {
        (conditions.try_timeout, conditions.broken) = (false, false);
        for raw in raw.iter() {
            match &*raw.value {
                "timeout" => conditions.try_timeout = true,
                "broken" => conditions.broken = true,
                _ => ctx
                    .findings
                    .unknown_word(raw, "condition", &["timeout", "broken"]),
            }
        }
    }
    conditions
}

/// Reads `hedge`; `None` is none.
pub(super) fn hedge(
    raw: Option<&Spanned<TextOr<RawHedge>>>,
    ctx: &mut Context<'_>,
) -> Option<hedge::Options> {
    let raw = raw?;
    let section = match &raw.value {
        TextOr::Section(section) => section,
        TextOr::Text(word) => {
            if word != "none" {
                let message = format!("`hedge` is a section or none, found {:?}", short(word));
                ctx.hint(
                    raw.span,
                    message,
                    "expected {after: 50ms} or {percentile: p95}",
                );
            }
            return None;
        }
    };
    let keys = [
        ("after", key(&section.after)),
        ("percentile", key(&section.percentile)),
    ];
    ctx.exactly_one(raw.key, "`hedge`", &keys);
    if section.after.is_some() {
        if let Some(place) = key(&section.answers_min) {
            ctx.error(place, "`answers_min` needs a `percentile`");
        }
        let after = ctx.above_zero(&section.after, "after")?;
        return Some(hedge::Options::After(after));
    }
    let percentile = section.percentile.as_ref()?;
    let Some(share) = share_of(percentile) else {
        let message = format!("{:?} is no percentile", short(percentile));
        ctx.hint(percentile.span, message, "expected one from p50 to p99.9");
        return None;
    };
    let answers = ctx.number(&section.answers_min, "answers_min", 1..=1_000_000);
    Some(hedge::Options::Percentile {
        share,
        answers_min: answers.unwrap_or(ANSWERS_MIN),
    })
}

/// Reads `p95` or `p99.9`: below the half, hedges would double what is sent.
fn share_of(text: &str) -> Option<f64> {
    let number = text.strip_prefix('p')?;
    let is_plain = |byte: u8| byte.is_ascii_digit() || byte == b'.';
    let number: f64 = number
        .parse()
        .ok()
        .filter(|_| number.bytes().all(is_plain))?;
    // Rounded, so that p99.9 is 0.999.
    let share = (number * 1e4).round() / 1e6;
    (50.0..=99.9).contains(&number).then_some(share)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles() {
        assert_eq!(share_of("p95"), Some(0.95));
        assert_eq!(share_of("p50"), Some(0.5));
        assert_eq!(share_of("p99.9"), Some(0.999));
        for text in ["95", "p", "p0", "p100", "p49.9", "pNaN", "p1e2", "p+95"] {
            assert_eq!(share_of(text), None, "{text}");
        }
    }
}
