//! Metrics and labels that the server has never heard of.

use plimsoll_promql::{BinaryOp, Expr, ExprKind, Selector};
use plimsoll_types::METRIC_NAME;

use super::subject::{At, Found, Subject};
use super::{Context, Level, Lint, Run};

pub(super) static LINT: Lint = Lint {
    name: "unknown-metric",
    level: Level::Mistake,
    finds: "a metric, or a label of a metric, of which the server has stored nothing lately",
    why: "A misspelled or renamed metric selects nothing, without an error, and the alert is silent for ever. Values of labels \
          are passed over: `code=~\"5..\"` selects nothing until the first failure. So are metrics that the same file \
          records, one side of `or` when the other side exists, and matchers that hold for absent labels.",
    remedy: "Correct the name; write `new_name or old_name` while a rename is on its way.",
    bad: "",
    good: "",
    asks_server: true,
    run: Run::Rule(run),
};

fn run(subject: &Subject<'_>, context: &Context<'_>, found: &mut Found) {
    for (node, selector) in unknown(&subject.rule.expr, context) {
        let Some(name) = selector.name.as_deref() else {
            continue;
        };
        if context.facts.has_metric(name) == Some(false) {
            let message = format!("the server has no metric {name}");
            found.at(subject, At::Expr(node.span), message, None);
        } else if let Some(label) = unknown_label(name, selector, context) {
            let message = format!("no series of {name} has the label {label}");
            found.at(subject, At::Expr(node.span), message, None);
        }
    }
}

/// Returns the selectors that find nothing, but those for which another operand of `or` stands in.
fn unknown<'a>(expr: &'a Expr, context: &Context<'_>) -> Vec<(&'a Expr, &'a Selector)> {
    let mut open = vec![expr];
    let mut list = Vec::new();
    while let Some(expr) = open.pop() {
        match &expr.kind {
            ExprKind::Selector(selector) | ExprKind::Matrix(selector, _) => {
                if !is_known(selector, context) {
                    list.push((expr, selector));
                }
            }
            ExprKind::Binary(binary) if binary.op == BinaryOp::Or => {
                let sides = [
                    unknown_side(&binary.left, context),
                    unknown_side(&binary.right, context),
                ];
                if sides.iter().all(|side| !side.is_empty()) {
                    list.extend(sides.into_iter().flatten());
                }
            }
            _ => open.extend(expr.children()),
        }
    }
    list
}

/// Follows a side of `or`: as deep as the parser lets an expression nest, chains of `or` in a loop.
fn unknown_side<'a>(expr: &'a Expr, context: &Context<'_>) -> Vec<(&'a Expr, &'a Selector)> {
    let mut list: Option<Vec<_>> = None;
    let mut rest = expr;
    while let ExprKind::Binary(binary) = &rest.kind
        && binary.op == BinaryOp::Or
    {
        let right = unknown(&binary.right, context);
        if right.is_empty() {
            return Vec::new();
        }
        list.get_or_insert_default().extend(right);
        rest = &binary.left;
    }
    let last = unknown(rest, context);
    match (list, last.is_empty()) {
        (Some(_), true) => Vec::new(),
        (list, _) => list.into_iter().flatten().chain(last).collect(),
    }
}

fn is_known(selector: &Selector, context: &Context<'_>) -> bool {
    let Some(name) = selector.name.as_deref() else {
        return true;
    };
    let is_made_here = matches!(name, "ALERTS" | "ALERTS_FOR_STATE")
        || context
            .file
            .groups
            .iter()
            .any(|group| group.rules.iter().any(|rule| rule.is_record_of(name)));
    is_made_here
        || (context.facts.has_metric(name) != Some(false)
            && unknown_label(name, selector, context).is_none())
}

/// Returns a label that a selector wants to have a value and that no series of the metric has.
fn unknown_label<'a>(name: &str, selector: &'a Selector, context: &Context<'_>) -> Option<&'a str> {
    let wanted = selector
        .matchers
        .iter()
        .filter(|matcher| matcher.name() != METRIC_NAME && !matcher.matches(""));
    wanted
        .map(plimsoll_types::Matcher::name)
        .find(|label| context.facts.has_label(name, label) == Some(false))
}
