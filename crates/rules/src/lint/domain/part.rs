//! Whether a quotient is a share: a part of something divided by the whole of it.

use plimsoll_promql::{Aggregate, AggregateOp, Expr, ExprKind, Selector};

use super::values;

/// Says whether `part / whole` cannot be above 1, because what is added up below holds all that is added up above.
pub(super) fn is_part_of(part: &Expr, whole: &Expr) -> bool {
    let (ExprKind::Aggregate(part), ExprKind::Aggregate(whole)) =
        (&part.unwrapped().kind, &whole.unwrapped().kind)
    else {
        return false;
    };
    if !is_finer(part, whole) {
        return false;
    }
    let (above, below) = (part.expr.unwrapped(), whole.expr.unwrapped());
    match (part.op, whole.op) {
        (AggregateOp::Sum, AggregateOp::Sum) => {
            values(below).is_some_and(|values| values.low >= 0.0) && holds(below, above)
        }
        (AggregateOp::Count, AggregateOp::Count) => holds(below, unfiltered(above)),
        (AggregateOp::Sum, AggregateOp::Count) => {
            let is_share = |values: super::Interval| values.low >= 0.0 && values.high <= 1.0;
            values(above).is_some_and(is_share) && holds(below, above)
        }
        _ => false,
    }
}

/// Says whether each group of the part lies in one group of the whole.
fn is_finer(part: &Aggregate, whole: &Aggregate) -> bool {
    match (part.without, whole.without) {
        (false, false) => whole
            .grouping
            .iter()
            .all(|label| part.grouping.contains(label)),
        (true, true) => part
            .grouping
            .iter()
            .all(|label| whole.grouping.contains(label)),
        (true, false) | (false, true) => false,
    }
}

/// Takes the comparison off `x == 0`: what is left of `x` is a part of it.
fn unfiltered(expr: &Expr) -> &Expr {
    match &expr.kind {
        ExprKind::Binary(binary)
            if binary.op.is_comparison() && !binary.returns_bool && binary.matching.is_none() =>
        {
            binary.left.unwrapped()
        }
        _ => expr,
    }
}

/// Says whether every series of `part` is one of `whole` with the same value.
fn holds(whole: &Expr, part: &Expr) -> bool {
    match (&whole.unwrapped().kind, &part.unwrapped().kind) {
        (ExprKind::Selector(whole), ExprKind::Selector(part)) => selects_all(whole, part),
        (ExprKind::Matrix(whole, range), ExprKind::Matrix(part, other)) => {
            range == other && selects_all(whole, part)
        }
        (ExprKind::Call(whole), ExprKind::Call(part)) => {
            whole.function.name == part.function.name
                && whole.args.len() == part.args.len()
                && whole
                    .args
                    .iter()
                    .zip(&part.args)
                    .all(|(whole, part)| holds(whole, part))
        }
        (ExprKind::Number(one), ExprKind::Number(other)) => one.value == other.value,
        _ => false,
    }
}

/// Says whether one selector finds everything that the other does: it asks for nothing more.
fn selects_all(whole: &Selector, part: &Selector) -> bool {
    whole.modifiers == part.modifiers
        && whole.extension == part.extension
        && whole.matchers.iter().all(|wanted| {
            let same = |have: &&plimsoll_types::Matcher| {
                (have.name(), have.op(), have.value())
                    == (wanted.name(), wanted.op(), wanted.value())
            };
            part.matchers.iter().any(|have| same(&have))
        })
}
