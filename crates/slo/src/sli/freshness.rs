//! `freshness`: data is good as long as it is not older than promised.

use plimsoll_runtime::config::Spanned;

use super::gauge::sample;
use super::{Kind, Reading, Sli, Source};
use crate::file::{Context, Draft, RawDuration};

pub(super) struct Freshness;

/// `sli.freshness`.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawFreshness {
    timestamp: Spanned<String>,
    within: RawDuration,
}

impl Kind for Freshness {
    type Raw = RawFreshness;

    const ABOUT: &'static str = "Each sample of a gauge that holds a time is good as long as that time is not too long ago.";
    const SCHEMA: &'static str = r##"{"type": "object", "additionalProperties": false, "required": ["timestamp", "within"], "properties": {
        "timestamp": {"$ref": "#/$defs/selector", "description": "Gauges that hold a time, in seconds since 1970."},
        "within": {"$ref": "#/$defs/duration", "description": "How old it may be."}}}"##;
    const EXAMPLE: &'static str = r#"
name: feed
objective: 99
sli:
  freshness:
    timestamp: feed_last_import_timestamp_seconds{feed="prices"}
    within: 15m
"#;

    fn read(raw: &Spanned<RawFreshness>, _: &mut Draft, ctx: &mut Context<'_>) -> Option<Sli> {
        if raw.timestamp.is_empty() || raw.within.is_none() {
            ctx.error(
                raw.key,
                "freshness needs a `timestamp`, and `within` how long it is fresh",
            );
        }
        let within = ctx.above_zero(&raw.within, "within");
        let matchers = match raw.timestamp.is_empty() {
            true => None,
            false => ctx.selector(&raw.timestamp),
        };
        let watch = sample(matchers?, Reading::Age(within?));
        Some(Sli {
            kind: "freshness",
            source: Source::Watches(vec![watch]),
            caveats: vec![
                "each sample is one event: while none arrives, nothing is known".to_owned(),
            ],
        })
    }
}
