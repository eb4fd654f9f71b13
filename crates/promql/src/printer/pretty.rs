//! Long expressions over several lines, as `promql format` and the API's `format_query` show them.

use std::fmt::{self, Write};

use crate::ast::{Binary, Expr, ExprKind};

use super::{Head, Operator, Steps};

/// What is longer is split.
const LINE_BYTES_MAX: usize = 100;
/// A text that grows beyond this stays on one line: each operator of a chain adds a level of indentation.
const PRETTY_BYTES_MAX: usize = 8 << 20;

/// Writes an expression as Prometheus' `format_query` does: what does not fit into 100 bytes is split, with two more
/// spaces per level.
///
/// ```
/// let expr = plimsoll_promql::parse("sum(a)").unwrap();
/// assert_eq!(plimsoll_promql::pretty(&expr), "sum(a)");
/// ```
///
/// Chains of thousands of operators, which would be indented by thousands of levels, stay on one line.
pub fn pretty(expr: &Expr) -> String {
    let mut printer = Printer {
        text: String::new(),
    };
    match printer.expr(expr, 0) {
        Ok(()) => printer.text,
        Err(fmt::Error) => expr.to_string(),
    }
}

struct Printer {
    text: String,
}

impl Write for Printer {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if self.text.len() + text.len() > PRETTY_BYTES_MAX {
            return Err(fmt::Error);
        }
        self.text.push_str(text);
        Ok(())
    }
}

impl Printer {
    fn indent(&mut self, level: usize) -> fmt::Result {
        (0..level).try_for_each(|_| self.write_str("  "))
    }

    /// Writes an expression and the indentation of its first line.
    fn expr(&mut self, expr: &Expr, level: usize) -> fmt::Result {
        // Prometheus forgets the indentation of a subquery that fits, and the texts are compared.
        let is_short_subquery = matches!(expr.kind, ExprKind::Subquery(_)) && fits(expr);
        if !is_short_subquery {
            self.indent(level + split_lefts(expr)?.len())?;
        }
        self.rest(expr, level)
    }

    /// Writes an expression whose first line is indented already.
    fn rest(&mut self, expr: &Expr, level: usize) -> fmt::Result {
        if fits(expr) {
            return write!(self, "{expr}");
        }
        match &expr.kind {
            ExprKind::Number(_)
            | ExprKind::String(_)
            | ExprKind::Bytes(_)
            | ExprKind::Selector(_)
            | ExprKind::Matrix(..) => write!(self, "{expr}"),
            ExprKind::Paren(inner) => self.enclosed([&**inner], level),
            ExprKind::Negate(inner) => {
                self.write_char('-')?;
                self.rest(inner, level)
            }
            ExprKind::Plus(inner) => {
                self.write_char('+')?;
                self.rest(inner, level)
            }
            ExprKind::Subquery(subquery) => {
                self.rest(&subquery.expr, level)?;
                write!(self, "{}", Steps(subquery))
            }
            ExprKind::Binary(_) => self.chain(expr, level),
            ExprKind::Aggregate(aggregate) => {
                write!(self, "{}", Head(aggregate))?;
                let parameter = aggregate.parameter.iter().map(|parameter| &**parameter);
                self.enclosed(parameter.chain([&*aggregate.expr]), level)
            }
            ExprKind::Call(call) => {
                self.write_str(call.function.name)?;
                self.enclosed(&call.args, level)
            }
        }
    }

    /// Writes parts on lines of their own, between parentheses.
    fn enclosed<'a>(
        &mut self,
        parts: impl IntoIterator<Item = &'a Expr>,
        level: usize,
    ) -> fmt::Result {
        self.write_char('(')?;
        for (index, part) in parts.into_iter().enumerate() {
            self.write_str(if index == 0 { "\n" } else { ",\n" })?;
            self.expr(part, level + 1)?;
        }
        self.write_char('\n')?;
        self.indent(level)?;
        self.write_char(')')
    }

    /// Writes a chain of operators: each left side one level deeper, down to the first that fits on its line.
    fn chain(&mut self, expr: &Expr, level: usize) -> fmt::Result {
        let split = split_lefts(expr)?;
        if let Some(last) = split.last() {
            self.rest(&last.left, level + split.len())?;
        }
        for (index, binary) in split.into_iter().enumerate().rev() {
            let level = level + index;
            self.write_char('\n')?;
            self.indent(level)?;
            writeln!(self, "{}", Operator(binary))?;
            self.expr(&binary.right, level + 1)?;
        }
        Ok(())
    }
}

/// Returns the operations along the left side that do not fit on a line, from the outermost on.
fn split_lefts(expr: &Expr) -> Result<Vec<&Binary>, fmt::Error> {
    let mut split = Vec::new();
    let mut left = expr;
    while let ExprKind::Binary(binary) = &left.kind
        && !fits(left)
    {
        split.push(binary);
        left = &binary.left;
        // Two lines per operator, indented by two bytes per level: more would be refused in the end.
        if split.len() * split.len() * 2 > PRETTY_BYTES_MAX {
            return Err(fmt::Error);
        }
    }
    Ok(split)
}

/// Says whether an expression is short enough for one line; stops printing it when it is not.
fn fits(expr: &Expr) -> bool {
    write!(Room(LINE_BYTES_MAX), "{expr}").is_ok()
}

/// Takes so many more bytes.
struct Room(usize);

impl Write for Room {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 = self.0.checked_sub(text.len()).ok_or(fmt::Error)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Features, parse_with};

    fn check(text: &str, expected: &[&str]) {
        let expr = parse_with(text, &Features::ALL).unwrap();
        assert_eq!(pretty(&expr), expected.join("\n"));
    }

    const LONG: &str = "some_metric_with_a_rather_long_name{and=\"a label\",another=\"label\"}";

    #[test]
    fn what_fits_stays_on_one_line() {
        let name = "a".repeat(94);
        check(&format!("1 +{name}"), &[&format!("1 + {name}")]);
        let name = "a".repeat(97);
        check(&format!("1 +{name}"), &["  1", "+", &format!("  {name}")]);
        let name = "a".repeat(200);
        check(&name, &[&name]);
    }

    #[test]
    fn each_level_is_indented() {
        check(
            &format!("sum by (a) (rate({LONG}[5m]) / on (b) {LONG}) > bool -(1 - {LONG} * {LONG})"),
            &[
                "  sum by (a) (",
                &format!("      rate({LONG}[5m])"),
                "    / on (b)",
                &format!("      {LONG}"),
                "  )",
                "> bool",
                "  -(",
                "      1",
                "    -",
                &format!("        {LONG}"),
                "      *",
                &format!("        {LONG}"),
                "  )",
            ],
        );
    }

    #[test]
    fn left_sides_are_one_level_deeper_for_each_operator() {
        check(
            &format!("{LONG} + {LONG} + {LONG}"),
            &[
                &format!("    {LONG}"),
                "  +",
                &format!("    {LONG}"),
                "+",
                &format!("  {LONG}"),
            ],
        );
    }

    #[test]
    fn subqueries_that_fit_are_not_indented() {
        check(
            &format!("clamp(max_over_time((1 * {LONG})[1h:5m]), 0, min_of(1, scalar({LONG})))"),
            &[
                "clamp(",
                &format!("  max_over_time((1 * {LONG})[1h:5m]),"),
                "  0,",
                &format!("  min_of(1, scalar({LONG}))"),
                ")",
            ],
        );
        check(
            &format!("max_over_time((clamp_min({LONG}, 1))[1h:5m] offset 1d)"),
            &[
                "max_over_time(",
                &format!("(clamp_min({LONG}, 1))[1h:5m] offset 1d"),
                ")",
            ],
        );
    }

    #[test]
    fn chains_that_would_be_all_indentation_stay_on_one_line() {
        let chain = format!("a{}", " + a".repeat(10_000));
        check(&chain, &[&chain]);
    }
}
