//! `queries`: numbers of events that PromQL gives.

use std::sync::Arc;
use std::time::Duration;

use plimsoll_promql::{Expr, ExprKind};
use plimsoll_runtime::config::Spanned;
use plimsoll_types::format_duration;

use super::{Ask, Kind, Sli, Source};
use crate::file::{Context, Draft, RawDuration};

/// How often PromQL is asked unless the file says otherwise.
const EVERY: Duration = Duration::from_secs(60);
/// Rarer answers would be stale data to alerts.
const EVERY_MAX: Duration = Duration::from_secs(3600);

pub(super) struct Queries;

/// `sli.queries`: two of `good`, `bad` and `valid`.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawQueries {
    good: Option<Spanned<String>>,
    bad: Option<Spanned<String>>,
    valid: Option<Spanned<String>>,
    total: Option<Spanned<String>>,
    counting: Option<Spanned<String>>,
    every: RawDuration,
}

impl Kind for Queries {
    type Raw = RawQueries;

    const ABOUT: &'static str =
        "Numbers of events, or of events per second, that PromQL gives for each slice.";
    const SCHEMA: &'static str = r##"{"type": "object", "additionalProperties": false, "properties": {
        "good": {"$ref": "#/$defs/promql", "description": "Good events in the slice; $window is its length."},
        "bad": {"$ref": "#/$defs/promql", "description": "Bad events in the slice."},
        "valid": {"$ref": "#/$defs/promql", "description": "All events that count in the slice."},
        "total": {"$ref": "#/$defs/promql", "description": "Another word for valid."},
        "counting": {"enum": ["events", "rates"], "default": "events", "description": "Whether answers are events or events per second."},
        "every": {"$ref": "#/$defs/every"}}}"##;
    const EXAMPLE: &'static str = r#"
name: orders
objective: 99.9
sli:
  queries:
    valid: sum(increase(orders_total[$window]))
    bad: sum(increase(orders_total{state="failed"}[$window])) or vector(0)
    every: 1m
"#;

    fn read(raw: &Spanned<RawQueries>, _: &mut Draft, ctx: &mut Context<'_>) -> Option<Sli> {
        let every = every(&raw.every, ctx);
        if let (Some(_), Some(total)) = (&raw.valid, &raw.total) {
            let message = "`total` is another word for `valid`, write one of them";
            ctx.error(total.key, message);
        }
        let valid = raw.valid.as_ref().or(raw.total.as_ref());
        let given = [raw.good.as_ref(), raw.bad.as_ref(), valid];
        if given.iter().flatten().count() != 2 {
            let message =
                "two of `good`, `bad` and `valid` are needed, the third is what they leave";
            ctx.error(raw.key, message);
        }
        let is_rate = match raw.counting.as_ref().map(|word| (word, word.as_str())) {
            None | Some((_, "events")) => false,
            Some((_, "rates")) => true,
            Some((word, _)) => {
                ctx.findings
                    .unknown_word(word, "value", &["events", "rates"]);
                false
            }
        };
        let mut caveats = vec![match is_rate {
            true => "rates are averages: numbers of events are what they come to".to_owned(),
            false => {
                "numbers of events are what PromQL answers; `increase` extrapolates".to_owned()
            }
        }];
        let mut is_good = given.iter().flatten().count() == 2;
        for text in given.into_iter().flatten() {
            match ctx.query(text) {
                Some(expr) if !is_rate => {
                    caveats.extend(overlap(&expr, text, every.unwrap_or(EVERY), ctx));
                }
                Some(_) => {}
                None => is_good = false,
            }
        }
        let text = |text: Option<&Spanned<String>>| text.map(|text| Arc::from(&*text.value));
        let (good, bad, valid) = (text(raw.good.as_ref()), text(raw.bad.as_ref()), text(valid));
        let every = every.filter(|_| is_good)?;
        Some(Sli {
            kind: "queries",
            source: Source::Asks {
                every,
                ask: match is_rate {
                    true => Ask::Rates { good, bad, valid },
                    false => Ask::Events { good, bad, valid },
                },
            },
            caveats,
        })
    }
}

/// Reads how often PromQL is asked; `None` when that is wrong, which is reported.
pub(super) fn every(raw: &RawDuration, ctx: &mut Context<'_>) -> Option<Duration> {
    let Some(written) = raw else {
        return Some(EVERY);
    };
    let every = ctx.slices(raw, "every")?;
    if every > EVERY_MAX {
        let message = format!("`every` is at most {}", format_duration(EVERY_MAX));
        ctx.error(written.span, message);
        return None;
    }
    Some(every)
}

/// Finds an `increase` over another length of time than that of the slice: its events would count several times.
fn overlap(
    expr: &Expr,
    text: &Spanned<String>,
    every: Duration,
    ctx: &mut Context<'_>,
) -> Option<String> {
    if text.contains("$window") {
        return None;
    }
    let range = increase_range(expr)?;
    let range = Duration::from_millis(u64::try_from(range).ok()?);
    if range == every {
        return None;
    }
    let message = format!(
        "this asks for {} at the end of every {}: events count more or less than once; `$window` is the slice's length",
        format_duration(range),
        format_duration(every)
    );
    ctx.findings.warning(text.span, message.as_str());
    Some(message)
}

/// Returns the range of the first `increase` of a selector, in milliseconds.
fn increase_range(expr: &Expr) -> Option<i64> {
    let mut open = vec![expr];
    while let Some(expr) = open.pop() {
        if let ExprKind::Call(call) = &expr.kind
            && call.function.name == "increase"
            && let Some(argument) = call.args.first()
            && let ExprKind::Matrix(_, length) = &argument.unwrapped().kind
        {
            return length.known();
        }
        open.extend(expr.children());
    }
    None
}
