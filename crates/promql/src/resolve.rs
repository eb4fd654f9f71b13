//! Lengths that depend on the evaluation, turned into milliseconds before the tree is planned.

use std::borrow::Cow;

use plimsoll_types::Timestamp;

use crate::ast::{
    Aggregate, BinaryOp, Call, DurationExpr, DurationKind, Expr, ExprKind, Length, Modifiers,
    Selector, Subquery,
};
use crate::error::{QueryError, QueryErrorKind};
use crate::functions::{larger, smaller};

/// What `step()` and `range()` mean in one evaluation, in seconds.
#[derive(Clone, Copy, Debug)]
struct Evaluation {
    step: f64,
    range: f64,
}

/// Puts milliseconds in the place of every duration expression. `step` is 0 for an instant query.
///
/// # Errors
/// [`BadData`](QueryErrorKind::BadData) when a length is out of range, or a range or a step is not above 0.
pub fn resolve(
    expr: &Expr,
    start: Timestamp,
    end: Timestamp,
    step_millis: i64,
) -> Result<Cow<'_, Expr>, QueryError> {
    if !expr.facts.has_durations {
        return Ok(Cow::Borrowed(expr));
    }
    let range = i128::from(end.millis()) - i128::from(start.millis());
    let evaluation = Evaluation {
        step: step_millis as f64 / 1000.0,
        range: range as f64 / 1000.0,
    };
    evaluation.expr(expr).map(Cow::Owned)
}

impl Evaluation {
    fn expr(&self, expr: &Expr) -> Result<Expr, QueryError> {
        if !expr.facts.has_durations {
            return Ok(expr.clone());
        }
        let kind = match &expr.kind {
            ExprKind::Number(_) | ExprKind::String(_) | ExprKind::Bytes(_) => expr.kind.clone(),
            ExprKind::Selector(selector) => ExprKind::Selector(self.selector(selector)?),
            ExprKind::Matrix(selector, range) => {
                ExprKind::Matrix(self.selector(selector)?, self.positive(range)?)
            }
            ExprKind::Subquery(subquery) => ExprKind::Subquery(self.subquery(subquery)?),
            ExprKind::Paren(inner) => ExprKind::Paren(Box::new(self.expr(inner)?)),
            ExprKind::Negate(inner) => ExprKind::Negate(Box::new(self.expr(inner)?)),
            ExprKind::Plus(inner) => ExprKind::Plus(Box::new(self.expr(inner)?)),
            ExprKind::Binary(binary) => {
                ExprKind::Binary(binary.rebuild(&mut |operand| self.expr(operand))?)
            }
            ExprKind::Aggregate(aggregate) => ExprKind::Aggregate(self.aggregate(aggregate)?),
            ExprKind::Call(call) => {
                let args = call.args.iter().map(|arg| self.expr(arg));
                ExprKind::Call(Call {
                    function: call.function,
                    args: args.collect::<Result<_, _>>()?,
                })
            }
        };
        Ok(Expr::new(kind, expr.span, expr.position))
    }

    fn selector(&self, selector: &Selector) -> Result<Selector, QueryError> {
        Ok(Selector {
            modifiers: self.modifiers(&selector.modifiers)?,
            ..selector.clone()
        })
    }

    fn subquery(&self, subquery: &Subquery) -> Result<Subquery, QueryError> {
        let step = subquery.step.as_ref();
        Ok(Subquery {
            expr: Box::new(self.expr(&subquery.expr)?),
            range: self.positive(&subquery.range)?,
            step: step.map(|step| self.positive(step)).transpose()?,
            modifiers: self.modifiers(&subquery.modifiers)?,
        })
    }

    fn aggregate(&self, aggregate: &Aggregate) -> Result<Aggregate, QueryError> {
        let parameter = aggregate.parameter.as_ref();
        let parameter = parameter
            .map(|parameter| self.expr(parameter))
            .transpose()?;
        Ok(Aggregate {
            op: aggregate.op,
            expr: Box::new(self.expr(&aggregate.expr)?),
            parameter: parameter.map(Box::new),
            without: aggregate.without,
            grouping: aggregate.grouping.clone(),
        })
    }

    fn modifiers(&self, modifiers: &Modifiers) -> Result<Modifiers, QueryError> {
        let offset = match &modifiers.offset {
            Some(Length::Computed(expr)) => Some(Length::Millis(self.millis(expr)?)),
            offset => offset.clone(),
        };
        Ok(Modifiers {
            offset,
            at: modifiers.at,
        })
    }

    /// Returns the length of a range or a step.
    fn positive(&self, length: &Length) -> Result<Length, QueryError> {
        let Length::Computed(expr) = length else {
            return Ok(length.clone());
        };
        match self.millis(expr)? {
            millis if millis > 0 => Ok(Length::Millis(millis)),
            _ => Err(wrong(expr, "duration must be greater than 0")),
        }
    }

    fn millis(&self, expr: &DurationExpr) -> Result<i64, QueryError> {
        let seconds = self.seconds(expr)?;
        if !seconds.is_finite() {
            return Err(wrong(expr, "duration is NaN or infinite"));
        }
        // Prometheus keeps durations in nanoseconds of 64 bits.
        match seconds.abs() <= i64::MAX as f64 / 1e9 {
            true => Ok((seconds * 1000.0).round() as i64),
            false => Err(wrong(expr, "duration is out of range")),
        }
    }

    fn seconds(&self, expr: &DurationExpr) -> Result<f64, QueryError> {
        Ok(match &expr.kind {
            DurationKind::Number(number) => number.value,
            DurationKind::Step => self.step,
            DurationKind::Range => self.range,
            DurationKind::Negate(inner) => -self.seconds(inner)?,
            DurationKind::Paren(inner) => self.seconds(inner)?,
            DurationKind::Max(left, right) => larger(self.seconds(left)?, self.seconds(right)?),
            DurationKind::Min(left, right) => smaller(self.seconds(left)?, self.seconds(right)?),
            DurationKind::Binary(op, left, right) => {
                let (left, right) = (self.seconds(left)?, self.seconds(right)?);
                match op {
                    BinaryOp::Divide if right == 0.0 => {
                        return Err(wrong(expr, "division by zero"));
                    }
                    BinaryOp::Modulo if right == 0.0 => {
                        return Err(wrong(expr, "modulo by zero"));
                    }
                    _ => calculate(*op, left, right),
                }
            }
        })
    }
}

fn calculate(op: BinaryOp, left: f64, right: f64) -> f64 {
    match op {
        BinaryOp::Add => left + right,
        BinaryOp::Subtract => left - right,
        BinaryOp::Multiply => left * right,
        BinaryOp::Divide => left / right,
        BinaryOp::Modulo => left % right,
        BinaryOp::Power => left.powf(right),
        // The parser knows no other operator inside a length.
        _ => f64::NAN,
    }
}

/// Names the bytes of the length, from 0, as Prometheus does.
fn wrong(expr: &DurationExpr, message: &str) -> QueryError {
    let (start, end) = (expr.span.start, expr.span.end);
    QueryError::new(QueryErrorKind::BadData, format!("{start}:{end}: {message}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse;

    /// Resolves for a range of 100 s with steps of 10 s.
    fn resolved(text: &str) -> Result<String, String> {
        let expr = parse(text).unwrap();
        let (start, end) = (
            Timestamp::from_millis(50_000),
            Timestamp::from_millis(150_000),
        );
        let expr = resolve(&expr, start, end, 10_000);
        expr.map(|expr| expr.to_string())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn puts_milliseconds_in_the_place_of_calculations() {
        for (text, expected) in [
            ("a[5m]", "a[5m]"),
            ("a[step()]", "a[10s]"),
            ("a[1 + (step() - 5) * 2]", "a[11s]"),
            ("a[1h30m % 1h:range() / 4]", "a[30m:25s]"),
            ("a offset (-2 ^ 2)", "a offset -4s"),
            ("a offset (1 - 1)", "a offset 0s"),
            ("a[max_of(min_of(step() + 1, 1h), 1ms)]", "a[11s]"),
            (
                "topk(scalar(a offset step()), rate(b[2 * 1m]) + c) - d",
                "topk(scalar(a offset 10s), rate(b[2m]) + c) - d",
            ),
        ] {
            assert_eq!(resolved(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn names_the_bytes_of_a_length_that_is_none() {
        for (text, expected) in [
            ("a[step() - 10]", "2:13: duration must be greater than 0"),
            ("a[(step() - 10)]", "3:14: duration must be greater than 0"),
            ("a[5m:0 * 5]", "5:10: duration must be greater than 0"),
            ("a[1 / (step() - 10)]", "2:18: division by zero"),
            ("a[1 % (step() - 10)]", "2:18: modulo by zero"),
            ("a offset (2 ^ 400)", "10:17: duration is out of range"),
            (
                "a offset ((-2) ^ 0.5)",
                "11:20: duration is NaN or infinite",
            ),
        ] {
            assert_eq!(resolved(text).unwrap_err(), expected, "{text}");
        }
    }

    #[test]
    fn an_instant_query_has_no_step() {
        let now = Timestamp::from_millis(0);
        let expr = parse("a offset (1m + step() + range())").unwrap();
        let resolved = resolve(&expr, now, now, 0).unwrap();
        assert_eq!(resolved.to_string(), "a offset 1m");
    }
}
