//! Divisions by something that may be 0.

use plimsoll_promql::{Binary, BinaryOp, Expr, ExprKind};

use super::expression::{calls, metric_names, parts};
use super::subject::{At, Found, Subject};
use super::{Context, Level, Lint, Run};

pub(super) static LINT: Lint = Lint {
    name: "unguarded-division",
    level: Level::Risk,
    finds: "a division by a rate that is 0 when nothing happens",
    why: "Without traffic a rate is 0, and a division by 0 is not an error: 0/0 is NaN and anything else is infinite. A \
          recorded NaN stays for good and makes every average and sum over it NaN; an infinite quotient is above every \
          threshold. In alerts only quotients of different metrics are found: where both sides count the same requests, \
          both are 0 together, and NaN fires nothing. Divisions by levels (sizes, limits) are passed over, as they are \
          rarely 0.",
    remedy: "Keep only what is above 0 below the line, `x / (y > 0)`; the result is then absent, as it should be.",
    bad: "- record: job:errors:ratio_rate5m\n  expr: sum by (job) (rate(errors_total[5m])) / sum by (job) (rate(requests_total[5m]))\n",
    good: "- record: job:errors:ratio_rate5m\n  expr: sum by (job) (rate(errors_total[5m])) / (sum by (job) (rate(requests_total[5m])) > 0)\n",
    asks_server: false,
    run: Run::Rule(run),
};

fn run(subject: &Subject<'_>, _: &Context<'_>, found: &mut Found) {
    let expr = &subject.rule.expr;
    if guards(expr) {
        return;
    }
    for division in divisions(expr) {
        let is_harmless = subject.is_alert() && (shares_metric(division) || !fires_above(expr));
        if !is_harmless && may_be_zero(&division.right) {
            let message =
                "the divisor is 0 when nothing happens, and the quotient then NaN or infinite";
            let hint = Some("keep what is above 0: `/ (... > 0)`".to_owned());
            found.at(
                subject,
                At::Expr(division.right.span),
                message.to_owned(),
                hint,
            );
        }
    }
}

fn divisions(expr: &Expr) -> Vec<&Binary> {
    let parts = parts(expr).into_iter();
    parts
        .filter_map(|part| match &part.kind {
            ExprKind::Binary(binary) if binary.op == BinaryOp::Divide => Some(binary),
            _ => None,
        })
        .collect()
}

/// Says whether something around a division asks for more than 0 (`... and rate(x[5m]) > 0`): then its author has
/// thought of it.
fn guards(expr: &Expr) -> bool {
    parts(expr).into_iter().any(|part| match &part.kind {
        ExprKind::Binary(binary) if binary.op == BinaryOp::And => {
            parts(&binary.right).into_iter().any(is_positive_filter)
        }
        _ => false,
    })
}

fn is_positive_filter(expr: &Expr) -> bool {
    matches!(
        &expr.kind,
        ExprKind::Binary(binary)
            if matches!(binary.op, BinaryOp::Greater | BinaryOp::GreaterOrEqual | BinaryOp::NotEqual)
    )
}

/// Says whether a divisor is made of rates alone, which nothing keeps above 0.
fn may_be_zero(divisor: &Expr) -> bool {
    let rates = ["rate", "irate", "increase"];
    let has_rate = calls(divisor)
        .iter()
        .any(|(_, call)| rates.contains(&call.function.name));
    let is_kept = parts(divisor).into_iter().any(|part| match &part.kind {
        ExprKind::Binary(binary) => {
            !matches!(binary.op, BinaryOp::Add | BinaryOp::Multiply) || has_number(binary)
        }
        ExprKind::Call(call) => ["clamp_min", "clamp", "vector"].contains(&call.function.name),
        _ => false,
    });
    has_rate && !is_kept
}

/// `rate(x) + 1` is above 0; `rate(x) * 60` is not, but whoever writes it looked at the number.
fn has_number(binary: &Binary) -> bool {
    let is_number = |expr: &Expr| matches!(expr.unwrapped().kind, ExprKind::Number(_));
    binary.op == BinaryOp::Add && (is_number(&binary.left) || is_number(&binary.right))
}

/// Says whether both sides count the same, so that both are 0 at the same time: one metric, or two of one histogram.
fn shares_metric(division: &Binary) -> bool {
    let stem = |name: &str| {
        let ends = ["_sum", "_count", "_bucket", "_total"];
        let end = ends.iter().find_map(|end| name.strip_suffix(end));
        end.unwrap_or(name).to_owned()
    };
    let below: Vec<String> = metric_names(&division.right)
        .into_iter()
        .map(stem)
        .collect();
    metric_names(&division.left)
        .into_iter()
        .any(|name| below.contains(&stem(name)))
}

/// Says whether anything here is above a threshold when a quotient is infinite.
fn fires_above(expr: &Expr) -> bool {
    parts(expr).into_iter().any(is_positive_filter)
}
