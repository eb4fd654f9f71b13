//! Rates over ranges that hold fewer than two samples.

use std::time::Duration;

use plimsoll_promql::{Expr, ExprKind};
use plimsoll_types::format_duration;

use super::expression::{calls, is_recorded};
use super::subject::{At, Found, Subject};
use super::{Context, Level, Lint, Run};

/// Functions that have no result over a single sample.
const NEED_TWO: &[&str] = &[
    "rate",
    "irate",
    "increase",
    "delta",
    "idelta",
    "deriv",
    "predict_linear",
];

pub(super) static LINT: Lint = Lint {
    name: "short-range",
    level: Level::Mistake,
    finds: "a rate over a range shorter than two sample intervals",
    why: "`rate` and its kin need two samples inside the range. A range that holds fewer gives nothing, or gives something \
          only when samples happen to fall well, so the alert does not fire or flaps. With `--against` the distance of \
          samples is asked from the server; without, `--scrape-interval` (15s) is assumed for scraped metrics, and the \
          group's interval for what the same file records.",
    remedy: "Use a range of at least four sample intervals, so that one lost scrape does no harm.",
    bad: "- alert: Errors\n  expr: rate(errors_total[20s]) > 1\n  for: 5m\n",
    good: "- alert: Errors\n  expr: rate(errors_total[1m]) > 1\n  for: 5m\n",
    asks_server: false,
    run: Run::Rule(run),
};

fn run(subject: &Subject<'_>, context: &Context<'_>, found: &mut Found) {
    for (_, call) in calls(&subject.rule.expr) {
        if !NEED_TWO.contains(&call.function.name) {
            continue;
        }
        let Some((range, interval)) = call.args.first().and_then(|arg| distances(arg, context))
        else {
            continue;
        };
        if range < interval * 2 {
            let message = format!(
                "{} over {} where samples are {} apart: it needs two samples",
                call.function.name,
                format_duration(range),
                format_duration(interval)
            );
            let hint = format!("use {} or more", format_duration(interval * 4));
            found.at(subject, At::Expr(call.args[0].span), message, Some(hint));
        }
    }
}

/// Returns how long a range is and how far its samples are apart, when both are known.
fn distances(range: &Expr, context: &Context<'_>) -> Option<(Duration, Duration)> {
    let millis = |millis: i64| u64::try_from(millis).ok().map(Duration::from_millis);
    match &range.unwrapped().kind {
        ExprKind::Matrix(selector, range) => {
            let interval = sample_interval(selector.name.as_deref()?, context)?;
            Some((millis(range.known()?)?, interval))
        }
        ExprKind::Subquery(subquery) => {
            let step = subquery.step.as_ref()?.known()?;
            Some((millis(subquery.range.known()?)?, millis(step)?))
        }
        _ => None,
    }
}

fn sample_interval(metric: &str, context: &Context<'_>) -> Option<Duration> {
    let recorded = || {
        let mut groups = context.file.groups.iter();
        groups.find(|group| group.rules.iter().any(|rule| rule.is_record_of(metric)))
    };
    let known = context.facts.sample_interval(metric);
    known.or_else(|| match recorded() {
        Some(group) => group.interval,
        None if is_recorded(metric) => None,
        None => Some(context.options.scrape_interval),
    })
}
