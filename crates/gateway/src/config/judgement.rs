//! `ejection` and `breaker`: which endpoints get a rest.

use plimsoll_runtime::config::Spanned;
use plimsoll_traffic::breaker;
use plimsoll_traffic::health::passive::{self, Latency, SuccessRate};

use super::context::{Context, short};
use super::raw::{RawBreaker, RawEjection, RawLatency, RawSuccessRate, TextOr};

/// Reads `ejection`; `None` is none.
pub(super) fn ejection(
    raw: Option<&Spanned<TextOr<RawEjection>>>,
    ctx: &mut Context<'_>,
) -> Option<passive::Options> {
    let default = passive::Options::default();
    let Some(raw) = raw else {
        return Some(default);
    };
    let section = section(raw, "ejection", ctx)?;
    let interval = ctx.above_zero(&section.interval, "interval");
    let base = ctx.above_zero(&section.base, "base");
    let max = ctx.above_zero(&section.max, "max");
    let max_ejected = ctx.share(&section.max_ejected, "max_ejected", 1.0..=100.0);
    let options = passive::Options {
        consecutive: ctx
            .count_or_none(&section.consecutive, "consecutive")
            .unwrap_or(default.consecutive),
        success_rate: success_rate(section.success_rate.as_ref(), ctx),
        latency: latency(section.latency.as_ref(), ctx),
        interval: interval.unwrap_or(default.interval),
        base: base.unwrap_or(default.base),
        max: max.unwrap_or(default.max.max(base.unwrap_or_default())),
        max_ejected: max_ejected.unwrap_or(default.max_ejected),
    };
    if let Some(max) = section.max.filter(|max| max.value.0 < options.base) {
        let message = format!("`max` is shorter than `base`, {:?}", options.base);
        ctx.error(max.span, message);
    }
    let is_idle = options.consecutive.is_none()
        && options.success_rate.is_none()
        && options.latency.is_none();
    if is_idle {
        let message = "nothing would be ejected";
        ctx.hint(raw.key, message, "write `ejection: none`");
    }
    Some(options)
}

fn success_rate(
    raw: Option<&Spanned<TextOr<RawSuccessRate>>>,
    ctx: &mut Context<'_>,
) -> Option<SuccessRate> {
    let default = SuccessRate::default();
    let Some(raw) = raw else {
        return Some(default);
    };
    let raw = section(raw, "success_rate", ctx)?;
    Some(SuccessRate {
        endpoints_min: ctx
            .number(&raw.endpoints_min, "endpoints_min", 2..=10_000)
            .unwrap_or(default.endpoints_min),
        requests_min: ctx
            .number(&raw.requests_min, "requests_min", 1..=1_000_000_000)
            .unwrap_or(default.requests_min),
        deviations: ctx
            .real(raw.deviations.as_ref(), "deviations", 0.1..=100.0)
            .unwrap_or(default.deviations),
    })
}

fn latency(raw: Option<&Spanned<TextOr<RawLatency>>>, ctx: &mut Context<'_>) -> Option<Latency> {
    let default = Latency::default();
    let Some(raw) = raw else {
        return Some(default);
    };
    let raw = section(raw, "latency", ctx)?;
    Some(Latency {
        factor: ctx
            .real(raw.factor.as_ref(), "factor", 1.1..=1000.0)
            .unwrap_or(default.factor),
        requests_min: ctx
            .number(&raw.requests_min, "requests_min", 1..=1_000_000_000)
            .unwrap_or(default.requests_min),
        at_least: ctx.time(&raw.at_least).unwrap_or(default.at_least),
    })
}

/// Reads `breaker`; `None` is none.
pub(super) fn breaker(
    raw: Option<&Spanned<TextOr<RawBreaker>>>,
    ctx: &mut Context<'_>,
) -> Option<breaker::Options> {
    let default = breaker::Options::default();
    let Some(raw) = raw else {
        return Some(default);
    };
    let section = section(raw, "breaker", ctx)?;
    let window = ctx.above_zero(&section.window, "window");
    let open = ctx.above_zero(&section.open, "open");
    let open_max = ctx.above_zero(&section.open_max, "open_max");
    let is_without_ratio = section
        .ratio
        .as_ref()
        .is_some_and(|raw| raw.value == "none");
    let ratio = match is_without_ratio {
        true => None,
        false => ctx
            .share(&section.ratio, "ratio", 1.0..=100.0)
            .or(default.ratio),
    };
    let options = breaker::Options {
        consecutive: ctx
            .count_or_none(&section.consecutive, "consecutive")
            .unwrap_or(default.consecutive),
        ratio,
        window: window.unwrap_or(default.window),
        volume_min: ctx
            .number(&section.volume_min, "volume_min", 1..=1_000_000_000)
            .unwrap_or(default.volume_min),
        open: open.unwrap_or(default.open),
        open_max: open_max.unwrap_or(default.open_max.max(open.unwrap_or_default())),
        probes: ctx
            .number(&section.probes, "probes", 1..=1000)
            .unwrap_or(default.probes),
    };
    if let Some(open_max) = section.open_max.filter(|max| max.value.0 < options.open) {
        let message = format!("`open_max` is shorter than `open`, {:?}", options.open);
        ctx.error(open_max.span, message);
    }
    if options.consecutive.is_none() && options.ratio.is_none() {
        ctx.hint(
            raw.key,
            "nothing would open this breaker",
            "write `breaker: none`",
        );
    }
    Some(options)
}

/// Returns the section, and reports a word that is not `none`.
fn section<'a, T>(raw: &'a Spanned<TextOr<T>>, name: &str, ctx: &mut Context<'_>) -> Option<&'a T> {
    match &raw.value {
        TextOr::Section(section) => Some(section),
        TextOr::Text(word) => {
            if word != "none" {
                let message = format!("`{name}` is a section or none, found {:?}", short(word));
                ctx.error(raw.span, message);
            }
            None
        }
    }
}
