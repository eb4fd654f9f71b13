//! `ratio`: a share of bad or good events that something else has worked out.

use std::sync::Arc;

use plimsoll_runtime::config::Spanned;

use super::queries::every;
use super::{Ask, Kind, Sli, Source};
use crate::file::{Context, Draft, RawDuration};

pub(super) struct ErrorRatio;

/// `sli.ratio`: one of `good` and `bad`.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawRatio {
    good: Option<Spanned<String>>,
    bad: Option<Spanned<String>>,
    every: RawDuration,
}

impl Kind for ErrorRatio {
    type Raw = RawRatio;

    const ABOUT: &'static str = "A share from 0 to 1 that PromQL gives; every slice weighs the same, because a share tells no volume.";
    const SCHEMA: &'static str = r##"{"type": "object", "additionalProperties": false, "properties": {
        "good": {"$ref": "#/$defs/promql", "description": "The share of good events, from 0 to 1."},
        "bad": {"$ref": "#/$defs/promql", "description": "The share of bad events, from 0 to 1."},
        "every": {"$ref": "#/$defs/every"}}}"##;
    const EXAMPLE: &'static str = r#"
name: error-share
objective: 99.5
sli:
  ratio:
    bad: job:request_errors:ratio_rate1m{job="checkout"}
    every: 1m
"#;

    fn read(raw: &Spanned<RawRatio>, _: &mut Draft, ctx: &mut Context<'_>) -> Option<Sli> {
        let every = every(&raw.every, ctx);
        let query = match (&raw.good, &raw.bad) {
            (None, Some(bad)) => ctx.query(bad).map(|_| Arc::from(&*bad.value)),
            (Some(good), None) => ctx
                .query(good)
                .map(|_| Arc::from(format!("1 - ({})", good.value))),
            _ => {
                ctx.error(raw.key, "a ratio is either `good` or `bad`");
                None
            }
        };
        Some(Sli {
            kind: "ratio",
            source: Source::Asks {
                every: every?,
                ask: Ask::ErrorRatio(query?),
            },
            caveats: vec![
                "a share tells no volume: a busy minute and a quiet one count the same".to_owned(),
            ],
        })
    }
}
