//! Walks over expressions that the lints share.

use plimsoll_promql::{Call, Expr, ExprKind, Selector};

/// Returns an expression and all its parts, whatever their order.
pub(super) fn parts(expr: &Expr) -> Vec<&Expr> {
    let (mut open, mut parts) = (vec![expr], Vec::new());
    while let Some(expr) = open.pop() {
        parts.push(expr);
        open.extend(expr.children());
    }
    parts
}

/// Returns every selector with the node that it stands in.
pub(super) fn selectors(expr: &Expr) -> Vec<(&Expr, &Selector)> {
    let parts = parts(expr).into_iter();
    parts
        .filter_map(|part| match &part.kind {
            ExprKind::Selector(selector) | ExprKind::Matrix(selector, _) => Some((part, selector)),
            _ => None,
        })
        .collect()
}

/// Returns the names of all metrics that are written out.
pub(super) fn metric_names(expr: &Expr) -> Vec<&str> {
    let selectors = selectors(expr).into_iter();
    selectors
        .filter_map(|(_, selector)| selector.name.as_deref())
        .collect()
}

/// Returns every function call.
pub(super) fn calls(expr: &Expr) -> Vec<(&Expr, &Call)> {
    let parts = parts(expr).into_iter();
    parts
        .filter_map(|part| match &part.kind {
            ExprKind::Call(call) => Some((part, call)),
            _ => None,
        })
        .collect()
}

/// Says whether a function is called anywhere.
pub(super) fn has_call(expr: &Expr, name: &str) -> bool {
    calls(expr)
        .iter()
        .any(|(_, call)| call.function.name == name)
}

/// Returns every length of time that is looked back over, in milliseconds: ranges of selectors and of subqueries.
pub(super) fn ranges(expr: &Expr) -> Vec<i64> {
    let parts = parts(expr).into_iter();
    parts
        .filter_map(|part| match &part.kind {
            ExprKind::Matrix(_, range) => range.known(),
            ExprKind::Subquery(subquery) => subquery.range.known(),
            _ => None,
        })
        .collect()
}

/// Says whether a metric was recorded by a rule, as far as its name tells.
pub(super) fn is_recorded(metric: &str) -> bool {
    metric.contains(':')
}
