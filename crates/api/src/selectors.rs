//! The selectors inside expressions: `match[]` parameters, and what `query_exemplars` asks for.

use plimsoll_promql::{Expr, ExprKind};
use plimsoll_types::Matcher;

use crate::error::{ApiError, Kind};

/// Matchers of one request, all selectors together.
const MATCHERS_MAX: usize = 1000;

/// Reads a text that is one instant vector selector.
pub(crate) fn parse(text: &str) -> Result<Vec<Matcher>, ApiError> {
    if text.trim().is_empty() {
        let reason = "unknown position: parse error: unexpected end of input";
        return Err(ApiError::new(Kind::BadData, reason));
    }
    plimsoll_promql::parse_selector(text).map_err(|error| ApiError::parse("", &error))
}

/// Refuses more matchers in one request than anybody writes: each one may hold a compiled expression.
pub(crate) fn check_count(count: usize) -> Result<(), String> {
    match count > MATCHERS_MAX {
        true => Err(format!(
            "found {count} matchers, wanted at most {MATCHERS_MAX}"
        )),
        false => Ok(()),
    }
}

/// Counts what looks like a regular expression's operator, inside of quotes too: at least as many as there are.
pub(crate) fn regexes_written(text: &str) -> usize {
    text.matches("=~").count() + text.matches("!~").count()
}

/// Returns the matchers of every selector inside an expression.
pub(crate) fn inside(expr: &Expr) -> Vec<Vec<Matcher>> {
    let mut found = Vec::new();
    // The parser bounds the depth of a tree, its breadth is bounded by the text.
    let mut open = vec![expr];
    while let Some(expr) = open.pop() {
        if let ExprKind::Selector(selector) | ExprKind::Matrix(selector, _) = &expr.kind {
            found.push(selector.matchers.to_vec());
        }
        open.extend(expr.children());
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_selectors_at_every_depth() {
        let expr =
            plimsoll_promql::parse("sum(rate(a[5m])) / (-b) + max_over_time(c[1h:1m])").unwrap();
        assert_eq!(inside(&expr).len(), 3);
    }
}
