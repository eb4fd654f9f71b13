//! Conditions that a caller puts on a whole query: added to every selector in it.

use plimsoll_types::Matcher;

use crate::ast::{Expr, ExprKind};

/// Returns the expression with `extra` added to the conditions of each of its selectors.
///
/// A proxy that shows a user only what carries a label uses it (`extra_label` of VictoriaMetrics).
///
/// ```
/// use plimsoll_promql::{parse, with_extra_matchers};
/// use plimsoll_types::Matcher;
/// let expr = parse("sum(rate(a[5m])) / b").unwrap();
/// let expr = with_extra_matchers(expr, &[Matcher::equal("team", "x")]);
/// assert_eq!(expr.to_string(), r#"sum(rate(a{team="x"}[5m])) / b{team="x"}"#);
/// ```
pub fn with_extra_matchers(mut expr: Expr, extra: &[Matcher]) -> Expr {
    if extra.is_empty() {
        return expr;
    }
    // A list instead of recursion: a chain of operators may be thousands of nodes high.
    let mut open = vec![&mut expr];
    while let Some(node) = open.pop() {
        match &mut node.kind {
            ExprKind::Selector(selector) | ExprKind::Matrix(selector, _) => {
                let matchers = selector.matchers.iter().chain(extra);
                selector.matchers = matchers.cloned().collect();
            }
            ExprKind::Number(_) | ExprKind::String(_) | ExprKind::Bytes(_) => {}
            ExprKind::Paren(inner) | ExprKind::Plus(inner) | ExprKind::Negate(inner) => {
                open.push(inner)
            }
            ExprKind::Subquery(subquery) => open.push(&mut subquery.expr),
            ExprKind::Binary(binary) => open.extend([&mut *binary.left, &mut *binary.right]),
            ExprKind::Aggregate(aggregate) => {
                open.push(&mut aggregate.expr);
                open.extend(aggregate.parameter.as_deref_mut());
            }
            ExprKind::Call(call) => open.extend(&mut call.args),
        }
    }
    expr
}

#[cfg(test)]
mod tests {
    use plimsoll_types::MatchOp;

    use super::*;

    #[test]
    fn every_selector_gets_them() {
        let expr = crate::parse(
            "-(topk(scalar(k), a) + max_over_time(b{x=\"1\"}[1h:1m]) or label_replace(c, \"d\", \"\", \"\", \"\"))",
        )
        .unwrap();
        let extra = [Matcher::new(MatchOp::NotRegex, "team", "a|b").unwrap()];
        assert_eq!(
            with_extra_matchers(expr, &extra).to_string(),
            "-(topk(scalar(k{team!~\"a|b\"}), a{team!~\"a|b\"}) + max_over_time(b{team!~\"a|b\",x=\"1\"}[1h:1m]) or \
             label_replace(c{team!~\"a|b\"}, \"d\", \"\", \"\", \"\"))"
        );
    }

    #[test]
    fn long_chains_are_no_recursion() {
        let expr = crate::parse(&vec!["a"; 5_000].join(" or ")).unwrap();
        let text = with_extra_matchers(expr, &[Matcher::equal("t", "1")]).to_string();
        assert_eq!(text.matches("a{t=\"1\"}").count(), 5_000);
    }
}
