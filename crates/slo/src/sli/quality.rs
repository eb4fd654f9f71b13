//! `quality`: results that were checked, as those of a model are, and found good.

use plimsoll_runtime::config::Spanned;

use super::bucket::{Buckets, Side};
use super::watches::{Ratio, RawExclusion, exclude_schema, exclusions};
use super::{Kind, Sli, Source};
use crate::file::{Context, Draft};

pub(super) struct Quality;

/// `sli.quality`: counters of checks, or a histogram of scores.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawQuality {
    checked: Option<Spanned<String>>,
    passed: Option<Spanned<String>>,
    failed: Option<Spanned<String>>,
    scores: Option<Spanned<String>>,
    form: Option<Spanned<String>>,
    above: Option<Spanned<f64>>,
    exclude: Vec<Spanned<RawExclusion>>,
}

impl Kind for Quality {
    type Raw = RawQuality;

    const ABOUT: &'static str = "Results that were checked are good when the check passed, or when their score is above a bound.";
    const SCHEMA: &'static str = concat!(
        r##"{"type": "object", "additionalProperties": false, "properties": {
            "checked": {"$ref": "#/$defs/selector", "description": "Counters of all checks."},
            "passed": {"$ref": "#/$defs/selector", "description": "Counters of checks that passed."},
            "failed": {"$ref": "#/$defs/selector", "description": "Counters of checks that failed."},
            "scores": {"$ref": "#/$defs/selector", "description": "A histogram of scores, without _bucket."},
            "form": {"enum": ["classic", "native"], "default": "classic"},
            "above": {"type": "number", "description": "Scores above this are good."},
            "exclude": "##,
        exclude_schema!(),
        "}}"
    );
    const EXAMPLE: &'static str = r#"
name: answers
objective: 95
sli:
  quality:
    checked: answer_checks_total{model="assistant"}
    failed: answer_checks_total{model="assistant",result="failed"}
"#;

    fn read(raw: &Spanned<RawQuality>, _: &mut Draft, ctx: &mut Context<'_>) -> Option<Sli> {
        let exclude = exclusions(&raw.exclude, ctx);
        let counters = [&raw.checked, &raw.passed, &raw.failed];
        let (watches, caveats) = match &raw.scores {
            Some(scores) => {
                for field in counters.into_iter().flatten() {
                    ctx.error(
                        field.key,
                        "checks are either counters or a histogram of scores",
                    );
                }
                let form = raw.form.as_ref();
                let buckets = Buckets::read(scores, form, raw.key, "scores", ctx);
                let Some(above) = &raw.above else {
                    ctx.error(
                        raw.key,
                        "the field `above` is missing: which scores are good",
                    );
                    return None;
                };
                if !above.is_finite() {
                    ctx.error(above.span, "`above` is a number");
                }
                let buckets = buckets?;
                let all = buckets.all(Side::Above, &exclude);
                let part = buckets.part(above.value, Side::Above, None, &exclude);
                (vec![all, part], vec![buckets.caveat()])
            }
            None => {
                if let Some(above) = &raw.above {
                    ctx.error(above.key, "`above` belongs to `scores`");
                }
                if let Some(form) = &raw.form {
                    ctx.error(form.key, "`form` belongs to `scores`");
                }
                if counters.into_iter().flatten().count() != 2 {
                    let message = "two of `checked`, `passed` and `failed` are needed, or `scores`";
                    ctx.error(raw.key, message);
                    return None;
                }
                let mut read = |text: &Option<Spanned<String>>| match text {
                    Some(text) => Some(Some((ctx.selector(text)?, text.span))),
                    None => Some(None),
                };
                let (valid, good, bad) = (read(&raw.checked), read(&raw.passed), read(&raw.failed));
                let ratio = Ratio {
                    good: good?,
                    bad: bad?,
                    valid: valid?,
                };
                (ratio.watches(raw.key, &exclude, ctx)?, Vec::new())
            }
        };
        Some(Sli {
            kind: "quality",
            source: Source::Watches(watches),
            caveats,
        })
    }
}
