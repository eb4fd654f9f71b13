//! Alerts that fire on a single bad sample.

use plimsoll_promql::{Expr, ExprKind};

use super::domain::comparison;
use super::expression::{calls, has_call, is_recorded, metric_names, parts, ranges};
use super::meaning::reaches_nobody;
use super::subject::{At, Found, Subject};
use super::{Context, Level, Lint, Run};
use crate::model::Kind;

pub(super) static LINT: Lint = Lint {
    name: "missing-for",
    level: Level::Risk,
    finds: "an alert without `for` on something that a single lost scrape or a short peak makes true",
    why: "`up == 0` is true after one timed out scrape, a level such as a load or a temperature swings around any threshold, \
          `irate` looks at two samples. Without `for` each of these pages at once and resolves a minute later. Passed \
          over: states (`== 0`, `== 1`, `> 0`), raw counters, ages (`time() - x`), recorded metrics and everything that \
          already looks back over a minute or more, because that is calm by itself.",
    remedy: "Set `for` to a few evaluations, or look back over a range (`max_over_time`, `rate(...[5m])`).",
    bad: "- alert: Down\n  expr: up == 0\n- alert: Hot\n  expr: node_hwmon_temp_celsius > 80\n",
    good: "- alert: Down\n  expr: up == 0\n  for: 3m\n- alert: Hot\n  expr: avg_over_time(node_hwmon_temp_celsius[5m]) > 80\n",
    asks_server: false,
    run: Run::Rule(run),
};

/// Ranges from this one on calm what they look back over, in milliseconds.
const CALM_MILLIS: i64 = 60_000;

fn run(subject: &Subject<'_>, _: &Context<'_>, found: &mut Found) {
    let Kind::Alert {
        hold,
        keep_firing_for,
        ..
    } = &subject.rule.kind
    else {
        return;
    };
    if !hold.is_zero() || !keep_firing_for.is_zero() || reaches_nobody(subject) {
        return;
    }
    if let Some(reason) = flaps(&subject.rule.expr) {
        let message = format!("this fires at once, and {reason}");
        found.at(subject, At::Name, message, Some("set `for`".into()));
    }
}

/// Returns why an expression is true for a moment only.
fn flaps(expr: &Expr) -> Option<&'static str> {
    if calls(expr)
        .iter()
        .any(|(_, call)| call.function.name == "irate")
    {
        return Some("irate looks at two samples only");
    }
    let is_calm = ranges(expr).iter().any(|range| *range >= CALM_MILLIS)
        || has_call(expr, "time")
        || has_call(expr, "timestamp")
        || metric_names(expr)
            .iter()
            .any(|name| is_recorded(name) || *name == "ALERTS");
    if is_calm {
        return None;
    }
    if has_call(expr, "absent") {
        return Some("what is absent for a moment, as after a restart, is absent");
    }
    let names = metric_names(expr);
    if names
        .iter()
        .any(|name| ["up", "probe_success"].contains(name))
    {
        return Some("one lost scrape or probe is enough");
    }
    let is_level = parts(expr).into_iter().any(compares_level);
    is_level.then_some("a level swings around its threshold")
}

/// Says whether a part compares a stored level with a number that is no state.
fn compares_level(expr: &Expr) -> bool {
    let ExprKind::Binary(binary) = &expr.kind else {
        return false;
    };
    if comparison(binary.op).is_none() {
        return false;
    }
    let threshold = match &binary.right.unwrapped().kind {
        ExprKind::Number(number) => number.value,
        _ => return false,
    };
    let is_counter = |name: &str| {
        ["_total", "_count", "_bucket", "_sum"]
            .iter()
            .any(|end| name.ends_with(end))
    };
    let names = metric_names(&binary.left);
    // Small whole numbers are states and counts of things.
    let is_state = threshold.fract() == 0.0 && (-1.0..=2.0).contains(&threshold);
    !is_state && !names.is_empty() && !names.iter().any(|name| is_counter(name))
}
