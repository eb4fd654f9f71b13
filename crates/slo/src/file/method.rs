//! `method`: how counts become a budget.

use std::time::Duration;

use plimsoll_runtime::config::{Span, Spanned};
use plimsoll_types::format_duration;

use super::context::{Context, short};
use super::raw::{RawMethod, RawTimeslices, TextOr};
use crate::Method;
use crate::sli::{Sli, Source};

/// A minute, as most agreements count.
const LENGTH: Duration = Duration::from_secs(60);
/// A slice longer than a day would judge a window of a month by less than thirty of them.
const LENGTH_MAX: Duration = Duration::from_secs(86_400);

/// The method of the file, or that of the kind of SLI when the file has none.
pub(crate) struct RawOrDefault {
    method: Option<Method>,
    span: Span,
}

impl RawOrDefault {
    /// Makes the method count slices, each with at least `rate_min` valid events per second.
    pub(crate) fn require_rate(&mut self, rate_min: f64, ctx: &mut Context<'_>) {
        let method = self.method.get_or_insert(Method::Timeslices {
            length: LENGTH,
            target: None,
            rate_min: None,
        });
        match method {
            Method::Timeslices { rate_min: rate, .. } => *rate = Some(rate_min),
            _ => ctx.error(self.span, "a throughput needs `method: timeslices`"),
        }
    }

    pub(super) fn into_method(self) -> Method {
        self.method.unwrap_or(Method::Occurrences)
    }
}

pub(super) fn method(
    raw: Option<Spanned<TextOr<RawMethod>>>,
    ctx: &mut Context<'_>,
) -> RawOrDefault {
    let Some(raw) = raw else {
        return RawOrDefault {
            method: None,
            span: Span::default(),
        };
    };
    let span = raw.span;
    let method = match raw.value {
        TextOr::Text(word) => by_word(&word, span, ctx),
        TextOr::Section(section) => by_section(&section, span, ctx),
    };
    RawOrDefault { method, span }
}

fn by_word(word: &str, span: Span, ctx: &mut Context<'_>) -> Option<Method> {
    match word {
        "occurrences" => Some(Method::Occurrences),
        "timeslices" => timeslices(&RawTimeslices::default(), ctx),
        "ratio_timeslices" => Some(Method::RatioTimeslices { length: LENGTH }),
        _ => {
            let message = format!("unknown method `{}`", short(word));
            let hint = "expected one of occurrences, timeslices, ratio_timeslices";
            ctx.findings.error_with_hint(span, message, hint);
            None
        }
    }
}

fn by_section(raw: &RawMethod, span: Span, ctx: &mut Context<'_>) -> Option<Method> {
    match (&raw.timeslices, &raw.ratio_timeslices) {
        (Some(raw), None) => timeslices(raw, ctx),
        (None, Some(raw)) => {
            let length = length(&raw.length, ctx);
            Some(Method::RatioTimeslices { length })
        }
        (Some(_), Some(_)) => {
            ctx.error(span, "an SLO has one method, found two");
            None
        }
        (None, None) => {
            let message = "expected `timeslices` or `ratio_timeslices`";
            ctx.error(span, message);
            None
        }
    }
}

fn timeslices(raw: &RawTimeslices, ctx: &mut Context<'_>) -> Option<Method> {
    let target = match &raw.objective {
        Some(raw) => Some(ctx.target(raw)?),
        None => None,
    };
    Some(Method::Timeslices {
        length: length(&raw.length, ctx),
        target,
        rate_min: None,
    })
}

fn length(raw: &super::RawDuration, ctx: &mut Context<'_>) -> Duration {
    let Some(length) = ctx.slices(raw, "length") else {
        return LENGTH;
    };
    if length > LENGTH_MAX
        && let Some(raw) = raw
    {
        let message = format!("a slice is at most {} long", format_duration(LENGTH_MAX));
        ctx.error(raw.span, message);
    }
    if !is_sealed_whole(length)
        && let Some(raw) = raw
    {
        let message = format!(
            "slices of {} cannot be judged exactly",
            format_duration(length)
        );
        let hint =
            "choose a length that divides a minute, such as 10s, 20s or 30s, or whole minutes";
        ctx.findings.error_with_hint(raw.span, message, hint);
        return LENGTH;
    }
    length
}

/// Says whether a minute has either whole slices of this length or is a part of one: what is older is kept by the minute.
fn is_sealed_whole(length: Duration) -> bool {
    let (length, minute) = (length.as_millis(), LENGTH.as_millis());
    length.is_multiple_of(minute) || (length > 0 && minute.is_multiple_of(length))
}

/// Reports slices that are shorter than what is asked at once.
pub(super) fn fits(method: &Method, sli: &Sli, section: Span, ctx: &mut Context<'_>) {
    let (Method::Timeslices { length, .. } | Method::RatioTimeslices { length }) = method else {
        return;
    };
    if let Source::Asks { every, .. } = &sli.source
        && !length.as_millis().is_multiple_of(every.as_millis())
    {
        let message = format!(
            "slices of {} cannot be told from answers every {}",
            format_duration(*length),
            format_duration(*every)
        );
        let hint = "make the length of slices a multiple of `every`";
        ctx.findings.error_with_hint(section, message, hint);
    }
}
