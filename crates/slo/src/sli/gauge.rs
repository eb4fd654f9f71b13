//! `gauge`: each sample of a gauge is an event, good when a comparison holds.

use std::sync::Arc;

use plimsoll_runtime::config::Spanned;

use super::queries::every;
use super::{Ask, Comparison, Kind, Reading, Sli, Source, Watch, Weight};
use crate::file::{Context, Draft, RawDuration};

pub(super) struct Gauge;

/// `sli.gauge`: a `metric` or a `query`, and which values are good.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawGauge {
    metric: Option<Spanned<String>>,
    query: Option<Spanned<String>>,
    good: Spanned<String>,
    every: RawDuration,
}

impl Kind for Gauge {
    type Raw = RawGauge;

    const ABOUT: &'static str = "Each sample of a gauge, or each element that PromQL answers, is good when a comparison holds.";
    const SCHEMA: &'static str = r##"{"type": "object", "additionalProperties": false, "required": ["good"], "properties": {
        "metric": {"$ref": "#/$defs/selector", "description": "Gauges; each sample is one event."},
        "query": {"$ref": "#/$defs/promql", "description": "PromQL; each element of an answer is one event."},
        "good": {"type": "string", "pattern": "^ *(==|!=|<=|>=|<|>) *[^ ]+ *$", "description": "Which values are good, such as >= 1."},
        "every": {"$ref": "#/$defs/every"}}}"##;
    const EXAMPLE: &'static str = r#"
name: replication
objective: 99
sli:
  gauge:
    metric: database_replication_lag_seconds{job="database"}
    good: "<= 5"
"#;

    fn read(raw: &Spanned<RawGauge>, _: &mut Draft, ctx: &mut Context<'_>) -> Option<Sli> {
        let good = comparison(&raw.good, raw.key, ctx);
        let source = match (&raw.metric, &raw.query) {
            (Some(metric), None) => {
                if let Some(every) = &raw.every {
                    ctx.error(
                        every.key,
                        "`every` belongs to `query`: samples come by themselves",
                    );
                }
                let matchers = ctx.selector(metric)?;
                let (comparison, bound) = good?;
                let reading = Reading::Check { comparison, bound };
                Source::Watches(vec![sample(matchers, reading)])
            }
            (None, Some(query)) => {
                let (every, expr) = (every(&raw.every, ctx), ctx.query(query));
                let ((comparison, bound), _) = (good?, expr?);
                let text = format!("({}) {} bool {bound}", query.value, comparison.as_str());
                Source::Asks {
                    every: every?,
                    ask: Ask::Boolean(Arc::from(text)),
                }
            }
            _ => {
                ctx.error(raw.key, "a gauge is either a `metric` or a `query`");
                return None;
            }
        };
        Some(Sli {
            kind: "gauge",
            source,
            caveats: vec![
                "each sample is one event: what happens between two of them is not seen".to_owned(),
            ],
        })
    }
}

/// Makes a watch of gauges whose samples are events, good when the reading says so.
pub(super) fn sample(matchers: Vec<plimsoll_types::Matcher>, reading: Reading) -> Watch {
    Watch {
        matchers,
        reading,
        weight: Weight { good: 1, bad: 0 },
        exclude: Vec::new(),
        objective: None,
        needed: false,
    }
}

impl Comparison {
    /// All of them; those that others begin with come last.
    pub const ALL: [Self; 6] = [
        Self::Equal,
        Self::NotEqual,
        Self::LessOrEqual,
        Self::GreaterOrEqual,
        Self::Less,
        Self::Greater,
    ];

    /// Returns the operator as it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }
}

fn comparison(
    raw: &Spanned<String>,
    section: plimsoll_runtime::config::Span,
    ctx: &mut Context<'_>,
) -> Option<(Comparison, f64)> {
    if raw.is_empty() {
        ctx.error(
            section,
            "the field `good` is missing: which values are good",
        );
        return None;
    }
    let text = raw.trim();
    let mut all = Comparison::ALL.into_iter();
    let found = all.find_map(|comparison| {
        let number = text.strip_prefix(comparison.as_str())?.trim();
        let bound = number.parse::<f64>().ok().filter(|bound| !bound.is_nan())?;
        Some((comparison, bound))
    });
    if found.is_none() {
        let message = "expected a comparison with a number, such as \">= 1\"";
        ctx.error(raw.span, message);
    }
    found
}
