//! Where an annotation is shown that several parts of a query gave rise to.
//!
//! Prometheus says the same words once, at the place it evaluated last: operands before their operator, left before
//! right. Here the parts are evaluated in another order, and equal ones once, so the place is looked up at the end.

use std::collections::HashMap;

use crate::ast::{Expr, ExprKind};
use crate::span::Position;

/// Places that stand for each other: where the same part is written again, but evaluated once.
pub(crate) type Twins = HashMap<Position, Vec<Position>>;

/// Returns that of several places which Prometheus evaluates last. `of_operator` says that binary operators say such a
/// thing; their place is that of their left operand, too, which otherwise must be the one that is meant.
pub(super) fn last_evaluated(
    places: &[Position],
    of_operator: bool,
    expr: &Expr,
    twins: &Twins,
) -> Option<Position> {
    let others = places.iter().filter_map(|place| twins.get(place)).flatten();
    let places: Vec<Position> = places.iter().chain(others).copied().collect();
    let [first, rest @ ..] = &places[..] else {
        return None;
    };
    if rest.iter().all(|place| place == first) {
        return Some(*first);
    }
    // Evaluation backwards: an operator before its operands, the right one before the left one.
    let mut open = vec![expr];
    while let Some(expr) = open.pop() {
        if let Some(place) = spoken_of(expr, of_operator).find(|place| places.contains(place)) {
            return Some(place);
        }
        open.extend(expr.children());
    }
    Some(*first)
}

/// Returns the places that an operator may say something about: its own, and those of its arguments.
fn spoken_of(expr: &Expr, of_operator: bool) -> impl Iterator<Item = Position> {
    let (own, arguments) = match expr.kind {
        ExprKind::Binary(_) => (of_operator, Vec::new()),
        ExprKind::Aggregate(_) | ExprKind::Call(_) => (true, expr.children()),
        _ => (!of_operator, Vec::new()),
    };
    let arguments = arguments
        .into_iter()
        .map(|argument| match argument.unwrapped() {
            // Nothing is known of the place of a subquery.
            Expr {
                kind: ExprKind::Subquery(_),
                ..
            } => Position { line: 1, column: 1 },
            argument => argument.position,
        });
    own.then_some(expr.position).into_iter().chain(arguments)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(query: &str, columns: &[usize], expected: usize) {
        let expr = crate::parse(query).unwrap();
        let at = |column: &usize| Position {
            line: 1,
            column: *column,
        };
        let places: Vec<Position> = columns.iter().map(at).collect();
        let found = last_evaluated(&places, false, &expr, &Twins::new());
        assert_eq!(found, Some(at(&expected)), "{query}");
    }

    #[test]
    fn the_right_operand_is_last_and_the_outer_function_after_the_inner_one() {
        check("rate(f[5m]) + rate(f[5m])", &[20, 6], 20);
        check("rate(f[5m]) + rate(f[5m])", &[6, 20], 20);
        check("rate(rate(f[5m])[5m:1m])", &[11, 1], 1);
        check("topk(1, h) + topk(1, h)", &[1, 14], 14);
        check("quantile(2, quantile(2, f))", &[10, 22], 10);
        check("sum(f)", &[5], 5);
    }

    #[test]
    fn a_part_that_is_evaluated_once_stands_at_its_last_place() {
        let expr = crate::parse("sum(f) + sum(f)").unwrap();
        let at = |column| Position { line: 1, column };
        let twins = Twins::from([(at(5), vec![at(14)])]);
        assert_eq!(last_evaluated(&[at(5)], false, &expr, &twins), Some(at(14)));
    }
}
