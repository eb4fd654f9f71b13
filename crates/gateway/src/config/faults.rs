//! `mirror`, `faults` and `maintenance`: what is done to a route on purpose.

use http::StatusCode;
use plimsoll_runtime::config::Spanned;
use plimsoll_types::Timestamp;

use super::context::{Context, key, short};
use super::known::Known;
use super::matches;
use super::raw::{RawFault, RawMaintenance, RawMirror};
use crate::model::{Effect, Fault, Mirror};

/// Reads `mirror`.
pub(super) fn mirror(
    raw: Option<&Spanned<RawMirror>>,
    known: &mut Known,
    ctx: &mut Context<'_>,
) -> Option<Mirror> {
    let raw = raw?;
    if raw.backend.is_empty() {
        ctx.error(raw.key, "`mirror` needs a `backend`");
        return None;
    }
    known.http_backend(&raw.backend, ctx);
    let share = ctx.share(&raw.share, "share", 0.0..=100.0);
    Some(Mirror {
        backend: raw.backend.value.clone(),
        share: share.unwrap_or(1.0),
        compares: raw.compare.is_some_and(|raw| raw.value),
    })
}

/// Reads `faults`.
pub(super) fn faults(raw: &[Spanned<RawFault>], ctx: &mut Context<'_>) -> Vec<Fault> {
    let mut faults = Vec::new();
    for raw in raw {
        let header = raw.header.as_ref();
        let header = header.map(|raw| matches::header(raw, ctx));
        let share = ctx.share(&raw.share, "share", 0.0..=100.0);
        let effect = effect(raw, ctx);
        let until = raw.until.as_ref().and_then(|raw| time(raw, ctx));
        if let Some(effect) = effect {
            faults.push(Fault {
                share: share.unwrap_or(1.0),
                header: header.flatten(),
                effect,
                until,
            });
        }
    }
    faults
}

fn effect(raw: &Spanned<RawFault>, ctx: &mut Context<'_>) -> Option<Effect> {
    let keys = [
        ("delay", key(&raw.delay)),
        ("abort", key(&raw.abort)),
        ("reset", key(&raw.reset)),
    ];
    ctx.exactly_one(raw.span, "a fault", &keys);
    if raw.delay.is_some() {
        return ctx.above_zero(&raw.delay, "delay").map(Effect::Delay);
    }
    if raw.abort.is_some() {
        return ctx
            .status(&raw.abort, "abort", 400..=599)
            .map(Effect::Abort);
    }
    let reset = raw.reset?;
    if !reset.value {
        ctx.hint(
            reset.span,
            "`reset: false` does nothing",
            "leave the fault out",
        );
    }
    Some(Effect::Reset)
}

fn time(raw: &Spanned<String>, ctx: &mut Context<'_>) -> Option<Timestamp> {
    let time: Option<jiff::Timestamp> = raw.parse().ok();
    if time.is_none() {
        let message = format!("{:?} is no time", short(raw));
        ctx.hint(
            raw.span,
            message,
            "expected one such as 2026-12-01T00:00:00Z",
        );
    }
    time.map(|time| Timestamp::from_millis(time.as_millisecond()))
}

/// Reads `maintenance`.
pub(super) fn maintenance(
    raw: Option<&Spanned<RawMaintenance>>,
    ctx: &mut Context<'_>,
) -> Option<(StatusCode, String)> {
    let raw = raw?;
    let status = ctx.status(&raw.status, "status", 200..=599);
    let body = raw.body.as_ref();
    Some((
        status.unwrap_or(StatusCode::SERVICE_UNAVAILABLE),
        body.map_or("in maintenance".to_owned(), |body| body.value.clone()),
    ))
}
