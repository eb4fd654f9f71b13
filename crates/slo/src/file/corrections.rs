//! `corrections`: times whose events count differently.

use std::sync::Arc;
use std::time::Duration;

use plimsoll_runtime::config::Spanned;
use plimsoll_types::{Timestamp, format_duration};

use super::context::{Context, short};
use super::raw::RawCorrection;
use crate::correction::{CorrectionError, Corrections};
use crate::{Correction, CorrectionKind};

/// A correction longer than this would be an SLO of its own.
const LENGTH_MAX: Duration = Duration::from_secs(400 * 86_400);

pub(super) fn corrections(
    raw: Vec<Spanned<RawCorrection>>,
    ctx: &mut Context<'_>,
) -> Vec<Correction> {
    let mut found: Vec<Correction> = Vec::new();
    for raw in raw {
        let has_id = is_named(&raw, ctx);
        if has_id && found.iter().any(|other| *other.id == *raw.id.value) {
            let message = format!("the correction `{}` is here twice", raw.id.value);
            ctx.error(raw.id.span, message);
        }
        found.extend(correction(&raw, ctx));
    }
    found
}

fn is_named(raw: &Spanned<RawCorrection>, ctx: &mut Context<'_>) -> bool {
    if raw.id.is_empty() {
        ctx.error(raw.span, "a correction needs an `id`");
        return false;
    }
    ctx.name(&raw.id, raw.span, "a correction")
}

fn correction(raw: &Spanned<RawCorrection>, ctx: &mut Context<'_>) -> Option<Correction> {
    for (field, text) in [("a `reason`", &raw.reason), ("an `author`", &raw.author)] {
        if text.is_empty() {
            let message = format!("a correction needs {field}: it changes what is reported");
            ctx.error(raw.span, message);
        }
    }
    let kind = ctx.word(
        &raw.kind,
        "kind of a correction",
        &CorrectionKind::ALL,
        CorrectionKind::as_str,
    );
    let from = time(&raw.from, "from", raw, ctx);
    let length = length(raw, from, ctx);
    let repeat = repeat(raw, ctx)?;
    let matchers = match &raw.condition {
        Some(condition) => ctx.conditions(condition)?,
        None => Vec::new(),
    };
    let from = from?;
    let correction = Correction {
        id: Arc::from(&*raw.id.value),
        kind: kind?,
        from,
        length: length?,
        repeat,
        matchers,
        reason: raw.reason.value.clone(),
        author: raw.author.value.clone(),
        created: from,
        revoked: None,
    };
    match Corrections::new([&correction]) {
        Ok(_) => Some(correction),
        Err(CorrectionError::Recurrence { error, .. }) => {
            let span = raw.repeat.as_ref().map_or(raw.span, |repeat| repeat.span);
            ctx.error(span, error.to_string());
            None
        }
        Err(error @ CorrectionError::Empty { .. }) => {
            ctx.error(raw.span, error.to_string());
            None
        }
    }
}

fn time(
    raw: &Spanned<String>,
    field: &str,
    section: &Spanned<RawCorrection>,
    ctx: &mut Context<'_>,
) -> Option<Timestamp> {
    if raw.is_empty() {
        ctx.error(section.span, format!("the field `{field}` is missing"));
        return None;
    }
    let found: Option<jiff::Timestamp> = raw.parse().ok();
    if found.is_none() {
        let message = format!(
            "expected a time such as 2026-01-31T22:00:00Z, found {:?}",
            short(raw)
        );
        ctx.error(raw.span, message);
    }
    found.map(|time| Timestamp::from_millis(time.as_millisecond()))
}

fn length(
    raw: &Spanned<RawCorrection>,
    from: Option<Timestamp>,
    ctx: &mut Context<'_>,
) -> Option<Duration> {
    let length = match (&raw.to, &raw.length) {
        (None, length @ Some(_)) => ctx.above_zero(length, "for")?,
        (Some(to), None) => {
            let end = time(to, "to", raw, ctx)?;
            let millis = u64::try_from(end.millis_since(from?)).unwrap_or(0);
            if millis == 0 {
                ctx.error(to.span, "`to` is not after `from`");
                return None;
            }
            Duration::from_millis(millis)
        }
        (Some(to), Some(_)) => {
            ctx.error(to.key, "`for` and `to` exclude each other");
            return None;
        }
        (None, None) => {
            ctx.error(raw.span, "a correction needs `for` or `to`");
            return None;
        }
    };
    if length > LENGTH_MAX {
        let message = format!(
            "a correction covers at most {}",
            format_duration(LENGTH_MAX)
        );
        ctx.error(raw.span, message);
    }
    Some(length)
}

type Repeat = Option<(Arc<str>, jiff::tz::TimeZone)>;

/// Returns how it repeats; `None` when that is wrong.
fn repeat(raw: &Spanned<RawCorrection>, ctx: &mut Context<'_>) -> Option<Repeat> {
    let Some(rule) = &raw.repeat else {
        if let Some(zone) = &raw.zone {
            ctx.error(zone.key, "`zone` belongs to `repeat`");
        }
        return Some(None);
    };
    let zone = ctx.zone(raw.zone.as_ref())?;
    Some(Some((Arc::from(&*rule.value), zone)))
}
