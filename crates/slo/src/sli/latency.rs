//! `latency`: events of a histogram at or below a threshold are good, one threshold for each objective.

use plimsoll_runtime::config::Spanned;

use super::bucket::{Buckets, Side};
use super::watches::{RawExclusion, exclude_schema, exclusions};
use super::{Kind, Sli, Source, Watch};
use crate::file::{Context, Draft, threshold};

pub(super) struct Latency;

/// `sli.latency`.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawLatency {
    histogram: Spanned<String>,
    form: Option<Spanned<String>>,
    unit: Option<Spanned<String>>,
    below: Option<Spanned<String>>,
    exclude: Vec<Spanned<RawExclusion>>,
}

impl Kind for Latency {
    type Raw = RawLatency;

    const ABOUT: &'static str =
        "Observations of a histogram at or below a threshold are good, the others bad.";
    const SCHEMA: &'static str = concat!(
        r##"{"type": "object", "additionalProperties": false, "required": ["histogram"], "properties": {
            "histogram": {"$ref": "#/$defs/selector", "description": "A histogram, without _bucket."},
            "form": {"enum": ["classic", "native"], "default": "classic"},
            "unit": {"enum": ["seconds", "milliseconds"], "default": "seconds", "description": "The metric's unit."},
            "below": {"$ref": "#/$defs/threshold", "description": "The threshold, where the SLO has one objective."},
            "exclude": "##,
        exclude_schema!(),
        "}}"
    );
    const EXAMPLE: &'static str = r#"
name: latency
objectives:
  - {name: p95, objective: 95, below: 300ms}
  - {name: p99, objective: 99, below: 1s}
sli:
  latency:
    histogram: http_request_duration_seconds{job="checkout"}
"#;

    fn read(raw: &Spanned<RawLatency>, draft: &mut Draft, ctx: &mut Context<'_>) -> Option<Sli> {
        let form = raw.form.as_ref();
        let buckets = Buckets::read(&raw.histogram, form, raw.key, "histogram", ctx);
        let exclude = exclusions(&raw.exclude, ctx);
        let scale = scale(raw.unit.as_ref(), ctx);
        let is_complete = thresholds(raw.below.as_ref(), raw.key, draft, ctx);
        let (buckets, scale) = (buckets?, scale?);
        if !is_complete {
            return None;
        }
        let mut watches: Vec<Watch> = vec![buckets.all(Side::AtOrBelow, &exclude)];
        let single = draft.objectives.len() == 1;
        for (index, one) in draft.objectives.iter().enumerate() {
            let bound = one.objective.threshold? * scale;
            let objective = (!single).then_some(index);
            watches.push(buckets.part(bound, Side::AtOrBelow, objective, &exclude));
        }
        Some(Sli {
            kind: "latency",
            source: Source::Watches(watches),
            caveats: vec![buckets.caveat()],
        })
    }
}

/// Returns how many of the metric's units a second has.
pub(super) fn scale(raw: Option<&Spanned<String>>, ctx: &mut Context<'_>) -> Option<f64> {
    match raw.map(|raw| (raw, raw.as_str())) {
        None | Some((_, "seconds")) => Some(1.0),
        Some((_, "milliseconds")) => Some(1000.0),
        Some((word, _)) => {
            ctx.findings
                .unknown_word(word, "unit", &["seconds", "milliseconds"]);
            None
        }
    }
}

/// Gives each objective its threshold; says whether all have one.
pub(super) fn thresholds(
    one: Option<&Spanned<String>>,
    section: plimsoll_runtime::config::Span,
    draft: &mut Draft,
    ctx: &mut Context<'_>,
) -> bool {
    let mut is_complete = true;
    for draft in &mut draft.objectives {
        let below = match (&draft.below, one) {
            (Some(own), Some(one)) => {
                let message = "the objectives have thresholds of their own";
                ctx.error(one.key, message);
                own
            }
            (Some(below), None) => below,
            (None, Some(below)) => below,
            (None, None) => {
                let place = match draft.objective.name.is_empty() {
                    true => section,
                    false => draft.section,
                };
                ctx.error(place, "the field `below` is missing: what is fast enough");
                is_complete = false;
                continue;
            }
        };
        draft.objective.threshold = threshold(below, ctx);
        is_complete &= draft.objective.threshold.is_some();
    }
    is_complete
}
