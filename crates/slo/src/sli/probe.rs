//! `probe`: what is looked at from outside: a probe that succeeds, or an alert that does not fire.

use std::sync::Arc;

use plimsoll_promql::quoted;
use plimsoll_runtime::config::Spanned;

use super::gauge::sample;
use super::queries::every;
use super::{Ask, Comparison, Kind, Reading, Sli, Source};
use crate::file::{Context, Draft, RawDuration};

pub(super) struct Probe;

/// `sli.probe`: a metric of success or the name of an alert.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawProbe {
    success: Option<Spanned<String>>,
    alert: Option<Spanned<String>>,
    every: RawDuration,
}

impl Kind for Probe {
    type Raw = RawProbe;

    const ABOUT: &'static str =
        "Each probe is good when it succeeds; or each slice, as long as an alert does not fire.";
    const SCHEMA: &'static str = r##"{"type": "object", "additionalProperties": false, "properties": {
        "success": {"$ref": "#/$defs/selector", "description": "Gauges that are 1 when a probe succeeds, such as probe_success or up."},
        "alert": {"type": "string", "description": "The name of an alert: slices in which it fires are bad."},
        "every": {"$ref": "#/$defs/every"}}}"##;
    const EXAMPLE: &'static str = r#"
name: uptime
objective: 99.5
sli:
  probe:
    success: probe_success{job="blackbox",instance="https://shop.example"}
"#;

    fn read(raw: &Spanned<RawProbe>, _: &mut Draft, ctx: &mut Context<'_>) -> Option<Sli> {
        let (source, caveat) = match (&raw.success, &raw.alert) {
            (Some(success), None) => {
                if let Some(every) = &raw.every {
                    ctx.error(
                        every.key,
                        "`every` belongs to `alert`: probes come by themselves",
                    );
                }
                let reading = Reading::Check {
                    comparison: Comparison::Equal,
                    bound: 1.0,
                };
                let watch = sample(ctx.selector(success)?, reading);
                (
                    Source::Watches(vec![watch]),
                    "each probe is one event: what happens between two of them is not seen",
                )
            }
            (None, Some(alert)) => {
                let name = quoted(alert);
                let query = format!(
                    "1 - max(ALERTS{{alertname={name},alertstate=\"firing\"}} or vector(0))"
                );
                let source = Source::Asks {
                    every: every(&raw.every, ctx)?,
                    ask: Ask::Boolean(Arc::from(query)),
                };
                (
                    source,
                    "a rule that is not evaluated fires no alert, and looks good",
                )
            }
            _ => {
                ctx.error(raw.key, "a probe is either `success` or an `alert`");
                return None;
            }
        };
        Some(Sli {
            kind: "probe",
            source,
            caveats: vec![caveat.to_owned()],
        })
    }
}
