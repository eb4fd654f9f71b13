//! `concurrency`: how many requests a backend has at a time, and who waits.

use std::time::Duration;

use plimsoll_runtime::config::Spanned;
use plimsoll_traffic::limit::concurrency::{Bounds, Options};
use plimsoll_traffic::limit::queue;

use super::context::{Context, key, short};
use super::raw::{RawBounds, RawConcurrency, RawQueue, RawWeights, TextOr};
use crate::model::Concurrency;

/// Above this an answer counts as a drop. Netflix: 5 s.
const LATENCY_MAX: Duration = Duration::from_secs(5);
const LIMIT_MAX: u64 = 1_000_000;

/// Reads `concurrency`; `None` is no limit.
pub(super) fn concurrency(
    raw: &Spanned<TextOr<RawConcurrency>>,
    ctx: &mut Context<'_>,
) -> Option<Concurrency> {
    let section = match &raw.value {
        TextOr::Section(section) => section,
        TextOr::Text(word) => {
            if word != "none" {
                let message = format!(
                    "`concurrency` is a section or none, found {:?}",
                    short(word)
                );
                ctx.hint(raw.span, message, "a fixed limit is {limit: 100}");
            }
            return None;
        }
    };
    let keys = [
        ("limit", key(&section.limit)),
        ("gradient2", key(&section.gradient2)),
        ("vegas", key(&section.vegas)),
        ("aimd", key(&section.aimd)),
    ];
    ctx.exactly_one(raw.key, "`concurrency`", &keys);
    let limit = if let Some(raw) = &section.gradient2 {
        Options::Gradient2(bounds(raw, ctx))
    } else if let Some(raw) = &section.vegas {
        Options::Vegas(bounds(raw, ctx))
    } else if let Some(raw) = &section.aimd {
        let latency_max = ctx.above_zero(&raw.latency_max, "latency_max");
        let own = Spanned {
            span: raw.span,
            key: raw.key,
            value: RawBounds {
                initial: raw.initial,
                min: raw.min,
                max: raw.max,
            },
        };
        Options::Aimd {
            bounds: bounds(&own, ctx),
            latency_max: latency_max.unwrap_or(LATENCY_MAX),
        }
    } else {
        Options::Fixed(ctx.number(&section.limit, "limit", 1..=LIMIT_MAX)?)
    };
    let queue = queue(section.queue.as_ref(), ctx);
    Some(Concurrency { limit, queue })
}

/// Returns how long requests may wait, when it is written.
pub(super) fn wait_max(raw: &Spanned<TextOr<RawConcurrency>>) -> Option<Duration> {
    match &raw.value {
        TextOr::Section(section) => Some(section.queue.as_ref()?.wait_max.as_ref()?.value.0),
        TextOr::Text(_) => None,
    }
}

fn bounds(raw: &Spanned<RawBounds>, ctx: &mut Context<'_>) -> Bounds {
    let default = Bounds::default();
    let min: Option<u32> = ctx.number(&raw.min, "min", 1..=LIMIT_MAX);
    let max: Option<u32> = ctx.number(&raw.max, "max", 1..=LIMIT_MAX);
    let initial: Option<u32> = ctx.number(&raw.initial, "initial", 1..=LIMIT_MAX);
    // What is not written follows what is.
    let most = max.or(initial).unwrap_or(u32::MAX);
    let min = min.unwrap_or(default.min.min(most));
    let max = max.unwrap_or(default.max.max(min).max(initial.unwrap_or(0)));
    let bounds = Bounds {
        initial: initial.unwrap_or(default.initial.clamp(min, max.max(min))),
        min,
        max,
    };
    if bounds.min > bounds.initial || bounds.initial > bounds.max {
        let Bounds { initial, min, max } = bounds;
        let message = format!("wanted `min` <= `initial` <= `max`, found {min}, {initial}, {max}");
        ctx.error(raw.key, message);
    }
    bounds
}

fn queue(raw: Option<&Spanned<RawQueue>>, ctx: &mut Context<'_>) -> queue::Options {
    let default = queue::Options::default();
    let Some(raw) = raw else {
        return default;
    };
    let wait_max = ctx.above_zero(&raw.wait_max, "wait_max");
    let wait_max = wait_max.unwrap_or(default.wait_max);
    let wait_target = ctx.above_zero(&raw.wait_target, "wait_target");
    let window = ctx.above_zero(&raw.window, "window");
    if let Some(target) = raw.wait_target.filter(|raw| raw.value.0 > wait_max) {
        let message = format!("`wait_target` is longer than `wait_max`, {wait_max:?}");
        ctx.error(target.span, message);
    }
    queue::Options {
        length_max: ctx
            .number(&raw.length_max, "length_max", 0..=1_000_000)
            .unwrap_or(default.length_max),
        wait_max,
        weights: weights(raw.weights.as_ref(), ctx).unwrap_or(default.weights),
        wait_target: wait_target.unwrap_or(default.wait_target.min(wait_max)),
        window: window.unwrap_or(default.window),
    }
}

fn weights(raw: Option<&Spanned<RawWeights>>, ctx: &mut Context<'_>) -> Option<[f64; 4]> {
    let raw = raw?;
    let all = [&raw.p0, &raw.p1, &raw.p2, &raw.p3];
    if all.iter().any(|weight| weight.is_none()) {
        ctx.error(raw.key, "`weights` needs all of P0, P1, P2, P3");
        return None;
    }
    // Nobody starves: the least has a share that it can see.
    let mut read =
        |weight: &Option<Spanned<f64>>| ctx.real(weight.as_ref(), "weight", 0.001..=1000.0);
    let weights = [read(all[0])?, read(all[1])?, read(all[2])?, read(all[3])?];
    if !weights.is_sorted_by(|more, less| more >= less) {
        let message = "a class weighs less than one that matters less";
        ctx.warning(raw.key, message);
    }
    Some(weights)
}
