//! `throughput`: slices are good that had enough events, most of them fast enough.

use plimsoll_runtime::config::{Span, Spanned};

use super::bucket::{Buckets, Side};
use super::latency::{scale, thresholds};
use super::watches::counter;
use super::{Kind, Sli, Source};
use crate::file::{Context, Draft};

pub(super) struct Throughput;

/// `sli.throughput`: a `histogram` with a threshold, or a counter of `events`.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawThroughput {
    histogram: Option<Spanned<String>>,
    form: Option<Spanned<String>>,
    unit: Option<Spanned<String>>,
    below: Option<Spanned<String>>,
    events: Option<Spanned<String>>,
    at_least: Spanned<String>,
}

impl Kind for Throughput {
    type Raw = RawThroughput;

    const ABOUT: &'static str =
        "Slices of time are good that had enough events per second, most of them fast enough.";
    const SCHEMA: &'static str = r##"{"type": "object", "additionalProperties": false, "required": ["at_least"], "properties": {
        "histogram": {"$ref": "#/$defs/selector", "description": "A histogram, without _bucket; needs a threshold."},
        "form": {"enum": ["classic", "native"], "default": "classic"},
        "unit": {"enum": ["seconds", "milliseconds"], "default": "seconds", "description": "The metric's unit."},
        "below": {"$ref": "#/$defs/threshold", "description": "The threshold, where the SLO has one objective."},
        "events": {"$ref": "#/$defs/selector", "description": "Counters of events, where how long they take does not matter."},
        "at_least": {"type": ["string", "number"], "description": "Events per second: 100, 100/s, 6000/m."}}}"##;
    const EXAMPLE: &'static str = r#"
name: capacity
objective: 99
method: {timeslices: {length: 1m, objective: 95}}
sli:
  throughput:
    histogram: http_request_duration_seconds{job="checkout"}
    below: 300ms
    at_least: 100/s
"#;

    fn read(raw: &Spanned<RawThroughput>, draft: &mut Draft, ctx: &mut Context<'_>) -> Option<Sli> {
        if let Some(rate) = rate(&raw.at_least, raw.key, ctx) {
            draft.method.require_rate(rate, ctx);
        }
        let (watches, caveats) = match (&raw.histogram, &raw.events) {
            (Some(histogram), None) => {
                let form = raw.form.as_ref();
                let buckets = Buckets::read(histogram, form, raw.key, "histogram", ctx);
                let scale = scale(raw.unit.as_ref(), ctx);
                if !thresholds(raw.below.as_ref(), raw.key, draft, ctx) {
                    return None;
                }
                let (buckets, scale) = (buckets?, scale?);
                let mut watches = vec![buckets.all(Side::AtOrBelow, &[])];
                let single = draft.objectives.len() == 1;
                for (index, one) in draft.objectives.iter().enumerate() {
                    let bound = one.objective.threshold? * scale;
                    let objective = (!single).then_some(index);
                    watches.push(buckets.part(bound, Side::AtOrBelow, objective, &[]));
                }
                (watches, vec![buckets.caveat()])
            }
            (None, Some(events)) => {
                let matchers = ctx.selector(events)?;
                for field in [&raw.form, &raw.unit, &raw.below].into_iter().flatten() {
                    ctx.error(field.key, "this belongs to a `histogram`");
                }
                (vec![counter(matchers, 1, 0, &[])], Vec::new())
            }
            _ => {
                ctx.error(raw.key, "a throughput is of a `histogram` or of `events`");
                return None;
            }
        };
        Some(Sli {
            kind: "throughput",
            source: Source::Watches(watches),
            caveats,
        })
    }
}

fn rate(raw: &Spanned<String>, section: Span, ctx: &mut Context<'_>) -> Option<f64> {
    if raw.is_empty() {
        ctx.error(section, "the field `at_least` is missing");
        return None;
    }
    let (number, unit) = raw.split_once('/').unwrap_or((raw, "s"));
    let seconds = match unit.trim() {
        "s" => Some(1.0),
        "m" => Some(60.0),
        "h" => Some(3600.0),
        _ => None,
    };
    let number = number.trim().parse::<f64>().ok();
    let number = number.filter(|number| number.is_finite() && *number > 0.0);
    let rate = number
        .zip(seconds)
        .map(|(number, seconds)| number / seconds);
    if rate.is_none() {
        ctx.error(raw.span, "expected events per time above 0, such as 100/s");
    }
    rate
}
