//! `events`: good and bad events as counters tell them.

use plimsoll_runtime::config::Spanned;

use super::watches::{Ratio, RawExclusion, exclude_schema, exclusions};
use super::{Kind, Sli, Source};
use crate::file::{Context, Draft};

pub(super) struct Events;

/// `sli.events`: two of `good`, `bad` and `valid`.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawEvents {
    good: Option<Spanned<String>>,
    bad: Option<Spanned<String>>,
    valid: Option<Spanned<String>>,
    total: Option<Spanned<String>>,
    exclude: Vec<Spanned<RawExclusion>>,
}

impl Kind for Events {
    type Raw = RawEvents;

    const ABOUT: &'static str =
        "Good and bad events as counters tell them; two of good, bad and valid give the third.";
    const SCHEMA: &'static str = concat!(
        r##"{"type": "object", "additionalProperties": false, "properties": {
            "good": {"$ref": "#/$defs/selector", "description": "Counters of good events."},
            "bad": {"$ref": "#/$defs/selector", "description": "Counters of bad events."},
            "valid": {"$ref": "#/$defs/selector", "description": "Counters of all events that count."},
            "total": {"$ref": "#/$defs/selector", "description": "Another word for valid."},
            "exclude": "##,
        exclude_schema!(),
        "}}"
    );
    const EXAMPLE: &'static str = r#"
name: availability
objective: 99.9
sli:
  events:
    valid: http_requests_total{job="checkout"}
    bad: http_requests_total{job="checkout",code=~"5.."}
    exclude:
      - match: code=~"429|401|400"
        reason: the client's fault
"#;

    fn read(raw: &Spanned<RawEvents>, _: &mut Draft, ctx: &mut Context<'_>) -> Option<Sli> {
        let valid = match (&raw.valid, &raw.total) {
            (Some(_), Some(total)) => {
                ctx.error(
                    total.key,
                    "`total` is another word for `valid`, write one of them",
                );
                None
            }
            (valid, total) => valid.as_ref().or(total.as_ref()),
        };
        let exclude = exclusions(&raw.exclude, ctx);
        let mut read = |text: Option<&Spanned<String>>| match text {
            Some(text) => Some(Some((ctx.selector(text)?, text.span))),
            None => Some(None),
        };
        let (good, bad, valid) = (read(raw.good.as_ref()), read(raw.bad.as_ref()), read(valid));
        let ratio = Ratio {
            good: good?,
            bad: bad?,
            valid: valid?,
        };
        Some(Sli {
            kind: "events",
            source: Source::Watches(ratio.watches(raw.key, &exclude, ctx)?),
            caveats: Vec::new(),
        })
    }
}
