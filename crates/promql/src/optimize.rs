//! Rewrites an expression into one that gives the same for less.
//!
//! - Arithmetic between numbers is done once.
//! - What one operand of a match is known to have, the other is asked for: in
//!   `sum by (job) (errors{job="a"}) / sum by (job) (requests)` only requests of job `a` can find a partner, so only
//!   those are read.
//!
//! The second is done where nobody can see it but in the time it takes. A match between series that are not unique on
//! the "one" side is an error, so conditions are handed over only where that side is an aggregation whose groups the
//! matching labels tell apart, or the operator is `and`, which makes no such error. `or` and `unless` show series
//! without a partner, as fill modifiers do, and are left alone. Annotations about series that cannot be in the result
//! are not made.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use plimsoll_types::{METRIC_NAME, MatchOp, Matcher};

use crate::ast::{
    Aggregate, AggregateOp, Binary, BinaryOp, Cardinality, Expr, ExprKind, Matching, Number,
    ValueType,
};
use crate::engine::Options;
use crate::evaluate::scalar_operation;
use crate::functions::Body;

/// Expressions that are nested deeper are left as they are, so that the walks here may recurse.
const HEIGHT_MAX: usize = 100;

/// What every series of an expression has: values by name.
type Facts = BTreeMap<String, String>;

/// Rewrites an expression when the options allow it and there is something to gain.
pub(crate) fn optimize<'a>(options: &Options, expr: &'a Expr) -> Cow<'a, Expr> {
    if !options.optimizes || expr.facts.height > HEIGHT_MAX || !has_operation(expr) {
        return Cow::Borrowed(expr);
    }
    let mut expr = expr.clone();
    rewrite(&mut expr);
    Cow::Owned(expr)
}

fn has_operation(expr: &Expr) -> bool {
    let mut open = vec![expr];
    while let Some(expr) = open.pop() {
        if matches!(expr.kind, ExprKind::Binary(_)) {
            return true;
        }
        open.extend(expr.children());
    }
    false
}

fn rewrite(expr: &mut Expr) {
    for child in children(expr) {
        rewrite(child);
    }
    let (span, position) = (expr.span, expr.position);
    if let ExprKind::Binary(binary) = &mut expr.kind {
        if let Some(number) = folded(binary) {
            *expr = Expr::new(ExprKind::Number(number), span, position);
        } else if let Some(matching) = binary.matching.clone() {
            share_conditions(binary, &matching);
        }
    }
}

/// Returns the direct parts.
fn children(expr: &mut Expr) -> Vec<&mut Expr> {
    match &mut expr.kind {
        ExprKind::Number(_)
        | ExprKind::String(_)
        | ExprKind::Bytes(_)
        | ExprKind::Selector(_)
        | ExprKind::Matrix(..) => Vec::new(),
        ExprKind::Paren(inner) | ExprKind::Plus(inner) | ExprKind::Negate(inner) => vec![inner],
        ExprKind::Subquery(subquery) => vec![&mut subquery.expr],
        ExprKind::Binary(binary) => vec![&mut binary.left, &mut binary.right],
        ExprKind::Aggregate(aggregate) => {
            let parameter = aggregate.parameter.iter_mut().map(|expr| &mut **expr);
            parameter.chain([&mut *aggregate.expr]).collect()
        }
        ExprKind::Call(call) => call.args.iter_mut().collect(),
    }
}

/// Does the arithmetic of two numbers.
fn folded(binary: &Binary) -> Option<Number> {
    if binary.op.is_set() || binary.op.is_trim() {
        return None;
    }
    let (left, right) = (constant(&binary.left)?, constant(&binary.right)?);
    Some(Number {
        value: scalar_operation(binary.op)(left, right),
        is_duration: false,
    })
}

fn constant(expr: &Expr) -> Option<f64> {
    match &expr.kind {
        ExprKind::Number(number) => Some(number.value),
        ExprKind::Paren(inner) | ExprKind::Plus(inner) => constant(inner),
        ExprKind::Negate(inner) => constant(inner).map(|value| -value),
        _ => None,
    }
}

/// Hands what one operand is known to have to the other, in both directions.
fn share_conditions(binary: &mut Binary, matching: &Matching) {
    if !is_inner(binary, matching) {
        return;
    }
    let matched = |facts: Facts| -> Facts {
        let is_matched = |name: &str| {
            name != METRIC_NAME && matching.labels.iter().any(|label| label == name) == matching.on
        };
        facts
            .into_iter()
            .filter(|(name, _)| is_matched(name))
            .collect()
    };
    let (left, right) = (matched(facts(&binary.left)), matched(facts(&binary.right)));
    ask_for(&mut binary.right, &left);
    ask_for(&mut binary.left, &right);
}

/// Says whether only pairs are in the result, and whether no error about other series can get lost.
fn is_inner(binary: &Binary, matching: &Matching) -> bool {
    if matching.fill_left.is_some() || matching.fill_right.is_some() {
        return false;
    }
    match binary.op {
        BinaryOp::And => true,
        BinaryOp::Or | BinaryOp::Unless => false,
        _ => {
            let one = match matching.cardinality {
                Cardinality::OneToMany => &binary.left,
                _ => &binary.right,
            };
            is_unique(one, matching)
        }
    }
}

/// Says whether the matching labels tell all series of an expression apart.
fn is_unique(expr: &Expr, matching: &Matching) -> bool {
    let ExprKind::Aggregate(aggregate) = &expr.unwrapped().kind else {
        return false;
    };
    let is_group = !matches!(
        aggregate.op,
        AggregateOp::Topk
            | AggregateOp::Bottomk
            | AggregateOp::Limitk
            | AggregateOp::LimitRatio
            | AggregateOp::CountValues
    );
    let is_matched = |name: &String| matching.labels.contains(name) == matching.on;
    is_group && !aggregate.without && aggregate.grouping.iter().all(is_matched)
}

/// Returns what every series of a vector or matrix is known to have.
fn facts(expr: &Expr) -> Facts {
    match &expr.kind {
        ExprKind::Selector(selector) | ExprKind::Matrix(selector, _) => selector
            .matchers
            .iter()
            .filter(|matcher| matcher.op() == MatchOp::Equal && !matcher.value().is_empty())
            .map(|matcher| (matcher.name().to_string(), matcher.value().to_string()))
            .collect(),
        ExprKind::Paren(inner) | ExprKind::Plus(inner) | ExprKind::Negate(inner) => facts(inner),
        ExprKind::Subquery(subquery) => facts(&subquery.expr),
        ExprKind::Aggregate(aggregate) => {
            let mut facts = facts(&aggregate.expr);
            facts.retain(|name, _| keeps(aggregate, name));
            facts
        }
        ExprKind::Binary(binary) => match vector_side(binary) {
            Some(vector) => facts(vector),
            None => Facts::new(),
        },
        ExprKind::Call(_) => series_argument(expr).map_or_else(Facts::new, facts),
        ExprKind::Number(_) | ExprKind::String(_) | ExprKind::Bytes(_) => Facts::new(),
    }
}

/// Adds conditions to the selectors that an expression's series come from, where that changes nothing but which of them
/// are read.
fn ask_for(expr: &mut Expr, wanted: &Facts) {
    if wanted.is_empty() {
        return;
    }
    let argument = series_argument_index(expr);
    match &mut expr.kind {
        ExprKind::Selector(selector) | ExprKind::Matrix(selector, _) => {
            // Series of several metrics are an error where the name is dropped, if their other labels are the same.
            let names_metric =
                |matcher: &Matcher| matcher.name() == METRIC_NAME && matcher.op() == MatchOp::Equal;
            if !selector.matchers.iter().any(names_metric) {
                return;
            }
            let is_new = |wanted: &Matcher| !selector.matchers.contains(wanted);
            let more: Vec<Matcher> = wanted
                .iter()
                .map(|(name, value)| Matcher::equal(name, value))
                .filter(is_new)
                .collect();
            selector.matchers = selector
                .matchers
                .iter()
                .cloned()
                .chain(more)
                .collect::<Arc<[_]>>();
        }
        ExprKind::Paren(inner) | ExprKind::Plus(inner) | ExprKind::Negate(inner) => {
            ask_for(inner, wanted)
        }
        ExprKind::Subquery(subquery) => ask_for(&mut subquery.expr, wanted),
        ExprKind::Aggregate(aggregate) => {
            let mut wanted = wanted.clone();
            wanted.retain(|name, _| keeps(aggregate, name));
            ask_for(&mut aggregate.expr, &wanted);
        }
        ExprKind::Binary(binary) => {
            if binary.left.value_type() == ValueType::Scalar {
                ask_for(&mut binary.right, wanted);
            } else if binary.right.value_type() == ValueType::Scalar {
                ask_for(&mut binary.left, wanted);
            }
        }
        ExprKind::Call(call) => {
            if let Some(argument) = argument {
                ask_for(&mut call.args[argument], wanted);
            }
        }
        ExprKind::Number(_) | ExprKind::String(_) | ExprKind::Bytes(_) => {}
    }
}

/// Says whether a label of the input is the same label of the groups that the input belongs to.
fn keeps(aggregate: &Aggregate, name: &str) -> bool {
    let is_named = aggregate.grouping.iter().any(|label| label == name);
    // The label that `count_values` writes has nothing to do with one of the input.
    aggregate.op != AggregateOp::CountValues && is_named != aggregate.without && name != METRIC_NAME
}

fn vector_side(binary: &Binary) -> Option<&Expr> {
    let is_scalar = |expr: &Expr| expr.value_type() == ValueType::Scalar;
    match (is_scalar(&binary.left), is_scalar(&binary.right)) {
        (true, false) => Some(&binary.right),
        (false, true) => Some(&binary.left),
        _ => None,
    }
}

/// Returns the argument whose series are, one by one and with their labels, those of the result.
fn series_argument(expr: &Expr) -> Option<&Expr> {
    match &expr.kind {
        ExprKind::Call(call) => Some(&call.args[series_argument_index(expr)?]),
        _ => None,
    }
}

fn series_argument_index(expr: &Expr) -> Option<usize> {
    let ExprKind::Call(call) = &expr.kind else {
        return None;
    };
    match call.function.body {
        Body::Window(_) | Body::WindowKeepingName(_) | Body::Float(_) | Body::Date(_) => {
            let is_data =
                |arg: &Expr| matches!(arg.value_type(), ValueType::Vector | ValueType::Matrix);
            call.args.iter().position(is_data)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let expr = crate::parse(text).unwrap();
        let optimized = optimize(&Options::default(), &expr);
        assert_eq!(optimized.to_string(), expected, "{text}");
    }

    #[test]
    fn numbers_are_folded() {
        check("x > 2 * (3 + -1)", "x > 4");
        check("x > bool 1 == bool 1", "x > bool 1 == bool 1");
        check("clamp_max(x, 60 * 60)", "clamp_max(x, 3600)");
    }

    #[test]
    fn conditions_go_to_the_other_side_of_an_inner_match() {
        for (text, expected) in [
            (
                "sum by (job) (rate(e{job=\"a\",x=\"1\"}[5m])) / sum by (job) (rate(r[5m]))",
                "sum by (job) (rate(e{job=\"a\",x=\"1\"}[5m])) / sum by (job) (rate(r{job=\"a\"}[5m]))",
            ),
            (
                "a * on (x) group_left () max by (x) (b{x=\"1\"})",
                "a{x=\"1\"} * on (x) group_left () max by (x) (b{x=\"1\"})",
            ),
            (
                "sum by (x) (b) * on (x) group_right () abs(-a{x=\"1\"} + 1)",
                "sum by (x) (b{x=\"1\"}) * on (x) group_right () abs(-a{x=\"1\"} + 1)",
            ),
            (
                "a{x=\"1\"} and on (x) b",
                "a{x=\"1\"} and on (x) b{x=\"1\"}",
            ),
            ("a and b{x=\"1\"}", "a{x=\"1\"} and b{x=\"1\"}"),
        ] {
            check(text, expected);
        }
    }

    #[test]
    fn what_could_be_seen_is_left_alone() {
        for text in [
            "a * on (x) b{x=\"1\"}",
            "a{x=\"1\"} or on (x) b",
            "a unless on (x) b{x=\"1\"}",
            "a{y=\"1\"} and on (x) b",
            "a{x=\"1\"} and ignoring (x) b",
            "a{x=~\"1\"} and on (x) b",
            "a{x=\"\"} and on (x) b",
            "a and on (__name__) {__name__=\"b\"}",
            "label_replace(a{x=\"1\"}, \"x\", \"2\", \"\", \"\") and on (x) b",
            "a * on (x) group_left () topk by (x) (1, b{x=\"1\"})",
            "a * on (x) group_left () sum by (x, y) (b{x=\"1\"})",
            "a{x=\"1\"} and on (x) topk(1, b)",
            "a{x=\"1\"} and on (x) count_values(\"x\", b)",
            "a{x=\"1\"} and on (x) absent(b)",
            "a{x=\"1\"} + on (x) fill (0) sum by (x) (b)",
            "a{x=\"1\"} and on (x) rate({__name__=~\"b|c\"}[5m])",
        ] {
            let expr = crate::parse_with(text, &crate::Features::ALL).unwrap();
            let optimized = optimize(&Options::default(), &expr);
            assert_eq!(optimized.to_string(), expr.to_string());
        }
    }
}
