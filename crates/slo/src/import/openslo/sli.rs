//! OpenSLO's indicators: ratios of counters, thresholds, ratios that something else has worked out.

use plimsoll_runtime::config::{Span, Spanned};

use super::{Library, raw};
use crate::export::native::section;
use crate::export::text;
use crate::import::convert::{Draft, of_part};
use crate::import::query::{Shares, selector, shares, sum};

pub(super) fn sli(
    slo: &raw::Slo,
    objective: &raw::Objective,
    library: &Library,
    span: Span,
    draft: &mut Draft<'_>,
) {
    if let Some(own) = &objective.indicator {
        let message =
            "objectives with an indicator of their own, as composites have them, are not imported";
        return draft.refused(own.span, message);
    }
    let named = match objective.indicator_ref.is_empty() {
        true => &slo.indicator_ref,
        false => &objective.indicator_ref,
    };
    let indicator = match (&slo.indicator, named.is_empty()) {
        (Some(inline), true) => &inline.spec,
        (None, false) => match library.indicators.get(&named.value) {
            Some(found) => found,
            None => {
                let message = format!("there is no SLI `{}` in the files", named.value);
                return draft.refused(named.span, message);
            }
        },
        _ => return draft.refused(span, "an SLO has either `indicator` or `indicatorRef`"),
    };
    match (&indicator.ratio_metric, &indicator.threshold_metric) {
        (Some(metric), None) => ratio(metric, library, draft),
        (None, Some(metric)) => threshold(metric, objective, library, draft),
        _ => draft.refused(
            span,
            "an indicator has either `ratioMetric` or `thresholdMetric`",
        ),
    }
}

/// What examples of the specification write in the place of a source and of its query.
const PLACEHOLDER: &str = "any";

/// Returns the PromQL of a metric; other sources have none. `role` is what the metric counts.
fn query(
    metric: &Spanned<raw::Metric>,
    role: &str,
    library: &Library,
    draft: &mut Draft<'_>,
) -> Option<Spanned<String>> {
    let source = &metric.metric_source;
    let query = &source.spec.query;
    let named = library.sources.get(&source.metric_source_ref.value);
    let kind = match source.kind.is_empty() {
        true => named.map_or("", String::as_str),
        false => &source.kind.value,
    };
    if query.is_empty() {
        draft.refused(source.span, "the source has no `query`");
        return None;
    }
    match kind.to_lowercase().as_str() {
        "prometheus" => Some(query.clone()),
        PLACEHOLDER if query.eq_ignore_ascii_case(PLACEHOLDER) => {
            let name = format!("edit_me_{role}");
            let message =
                format!("the query is a placeholder: the metric `{name}` stands for it, edit it");
            draft.warned(query.span, message);
            Some(Spanned {
                value: name,
                span: query.span,
                key: query.key,
            })
        }
        "" | PLACEHOLDER => {
            let message =
                "the source does not say that it is Prometheus: its query is read as PromQL";
            draft.warned(source.span, message);
            Some(query.clone())
        }
        _ => {
            let message = format!("a source of the type {kind} has no PromQL");
            draft.refused(source.span, message);
            None
        }
    }
}

fn ratio(metric: &Spanned<raw::Ratio>, library: &Library, draft: &mut Draft<'_>) {
    let mut read = |metric: &Option<Spanned<raw::Metric>>, role: &str| {
        query(metric.as_ref()?, role, library, draft)
    };
    let (good, bad) = (read(&metric.good, "good"), read(&metric.bad, "bad"));
    let (total, share) = (read(&metric.total, "total"), read(&metric.raw, "ratio"));
    match (good, bad, total, share) {
        (Some(good), None, Some(total), None) => part(("good", &good), &total, metric, draft),
        (None, Some(bad), Some(total), None) => part(("bad", &bad), &total, metric, draft),
        (None, None, None, Some(share)) => raw_ratio(&share, &metric.raw_type, draft),
        _ if draft.has_errors() => {}
        _ => draft.refused(
            metric.span,
            "a ratio has `total` with `good` or `bad`, or `raw`",
        ),
    }
}

fn part(
    (word, query): (&str, &Spanned<String>),
    total: &Spanned<String>,
    metric: &raw::Ratio,
    draft: &mut Draft<'_>,
) {
    let span = query.span;
    let ranges = [&query.value, &total.value].map(|text| with_range(text, "1m"));
    if metric.counter == Some(false) {
        let message = "numbers of events that are no counters are added up as PromQL sees them";
        draft.warned(span, message);
        let texts = [&query.value, &total.value].map(|text| added_up(text));
        return draft.queries((word, &texts[0]), &texts[1], "they are no counters", span);
    }
    let (part, all) = match (selector(&ranges[0]), selector(&ranges[1])) {
        (Ok(part), Ok(all)) => {
            draft.written.sli = of_part(&all, word, &part);
            return draft.kept("events are counted from the series themselves, exactly");
        }
        _ => (sum(&ranges[0]), sum(&ranges[1])),
    };
    let shares = part.and_then(|part| {
        let all = all?;
        Ok(match word {
            "good" => Shares::Good(part, all),
            _ => Shares::Bad(part, all),
        })
    });
    if let Err(why) = shares.and_then(|shares| draft.events(&shares)) {
        let texts = [&query.value, &total.value].map(|text| with_range(text, "$window"));
        draft.queries((word, &texts[0]), &texts[1], &why, span);
    }
}

/// Puts a range in the place of the placeholders that tools for OpenSLO have.
fn with_range(text: &str, range: &str) -> String {
    let names = [
        "{{.window}}",
        "{{ .window }}",
        "{{.Window}}",
        "$__interval",
        "$window",
    ];
    names
        .iter()
        .fold(text.to_owned(), |text, name| text.replace(name, range))
}

fn added_up(text: &str) -> String {
    match selector(text) {
        Ok(_) => format!("sum(sum_over_time({}[$window]))", text.trim()),
        Err(_) => with_range(text, "$window"),
    }
}

fn raw_ratio(share: &Spanned<String>, kind: &str, draft: &mut Draft<'_>) {
    let rendered = with_range(share, "1m");
    if let Ok(found) = shares(&rendered)
        && kind != "success"
        && draft.events(&found).is_ok()
    {
        return;
    }
    let text = with_range(share, "$window");
    let bad = match kind {
        "success" => format!("1 - ({text})"),
        _ => text,
    };
    draft.ratio(&bad, "a share tells no number of events", share.span);
}

fn threshold(
    metric: &Spanned<raw::Metric>,
    objective: &raw::Objective,
    library: &Library,
    draft: &mut Draft<'_>,
) {
    let Some(query) = query(metric, "value", library, draft) else {
        return;
    };
    let operator = match &*objective.op.value {
        "lt" => "<",
        "lte" => "<=",
        "gt" => ">",
        "gte" => ">=",
        _ => {
            let message = "a threshold needs `op`: lt, lte, gt or gte";
            return draft.refused(objective.op.span, message);
        }
    };
    if objective.value.is_empty() {
        return draft.refused(metric.span, "a threshold needs `value` in its objective");
    }
    let good = format!("{operator} {}", objective.value.value);
    draft.written.sli = match selector(&query) {
        Ok(_) => {
            draft.kept("each sample is one event");
            section([(
                "gauge",
                section([("metric", text(&query)), ("good", text(&good))]),
            )])
        }
        Err(_) => {
            draft.warned(
                query.span,
                "each element of the answer is one event, once a minute",
            );
            let query = with_range(&query, "5m");
            section([(
                "gauge",
                section([("query", text(&query)), ("good", text(&good))]),
            )])
        }
    };
}
