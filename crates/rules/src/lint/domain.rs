//! What the values of an expression can be, by the functions in it and the names of its metrics.
//!
//! Names are believed as far as every exporter keeps to them: counters (`_total`, `_bucket`, `_count`) are not negative,
//! `up` and `probe_success` are 0 or 1. A recorded metric can be anything.

mod function;
mod part;

use plimsoll_promql::{Aggregate, AggregateOp, Binary, BinaryOp, Expr, ExprKind, Selector};

use super::interval::{Comparison, Interval};
use part::is_part_of;

/// One comparison of an expression with what both sides can be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Compared<'a> {
    /// The whole comparison.
    pub(super) expr: &'a Expr,
    pub(super) binary: &'a Binary,
    pub(super) comparison: Comparison,
    pub(super) left: Interval,
    pub(super) right: Interval,
}

/// Returns every comparison of an expression whose sides have values at all. One whose side never has a value is left
/// out, because the comparison that takes the values away is in the list.
pub(super) fn comparisons(expr: &Expr) -> Vec<Compared<'_>> {
    let mut analyst = Analyst::default();
    analyst.values(expr);
    analyst.compared
}

/// Returns what the values of an expression can be, `None` when it never has one.
pub(super) fn values(expr: &Expr) -> Option<Interval> {
    Analyst::default().values(expr)
}

/// Returns the comparison of an operator.
pub(super) fn comparison(op: BinaryOp) -> Option<Comparison> {
    Some(match op {
        BinaryOp::Equal => Comparison::Equal,
        BinaryOp::NotEqual => Comparison::NotEqual,
        BinaryOp::Less => Comparison::Less,
        BinaryOp::LessOrEqual => Comparison::LessOrEqual,
        BinaryOp::Greater => Comparison::Greater,
        BinaryOp::GreaterOrEqual => Comparison::GreaterOrEqual,
        _ => return None,
    })
}

#[derive(Default)]
struct Analyst<'a> {
    compared: Vec<Compared<'a>>,
}

impl<'a> Analyst<'a> {
    /// Recurses as deep as the parser lets an expression nest; chains of operators are walked in a loop.
    fn values(&mut self, expr: &'a Expr) -> Option<Interval> {
        match &expr.kind {
            ExprKind::Number(number) => Some(Interval::point(number.value)),
            ExprKind::String(_) | ExprKind::Bytes(_) => Some(Interval::ALL),
            ExprKind::Selector(selector) | ExprKind::Matrix(selector, _) => Some(stored(selector)),
            ExprKind::Subquery(subquery) => self.values(&subquery.expr),
            ExprKind::Paren(inner) | ExprKind::Plus(inner) => self.values(inner),
            ExprKind::Negate(inner) => self.values(inner).map(Interval::negated),
            ExprKind::Binary(_) => self.chain(expr),
            ExprKind::Aggregate(aggregate) => self.aggregate(aggregate),
            ExprKind::Call(call) => {
                let arguments: Vec<_> = call.args.iter().map(|arg| self.values(arg)).collect();
                function::values(call.function.name, &arguments)
            }
        }
    }

    fn chain(&mut self, expr: &'a Expr) -> Option<Interval> {
        let (mut nodes, mut first) = (Vec::new(), expr);
        while let ExprKind::Binary(binary) = &first.kind {
            nodes.push((first, binary));
            first = &binary.left;
        }
        let mut value = self.values(first);
        for (node, binary) in nodes.into_iter().rev() {
            let right = self.values(&binary.right);
            value = self.operation(node, binary, value, right);
        }
        value
    }

    fn operation(
        &mut self,
        expr: &'a Expr,
        binary: &'a Binary,
        left: Option<Interval>,
        right: Option<Interval>,
    ) -> Option<Interval> {
        match binary.op {
            BinaryOp::Or => {
                return match (left, right) {
                    (Some(left), Some(right)) => Some(left.hull(right)),
                    (left, right) => left.or(right),
                };
            }
            BinaryOp::Unless => return left,
            _ => {}
        }
        let (left, right) = (left?, right?);
        if let Some(comparison) = comparison(binary.op) {
            self.compared.push(Compared {
                expr,
                binary,
                comparison,
                left,
                right,
            });
            return compared_values(binary, comparison, left, right);
        }
        // With `fill` an operand may be a number that no series has.
        let has_fill = binary
            .matching
            .as_ref()
            .is_some_and(|matching| matching.fill_left.or(matching.fill_right).is_some());
        Some(match binary.op {
            BinaryOp::And => left,
            _ if has_fill => Interval::ALL,
            BinaryOp::Add => left.plus(right),
            BinaryOp::Subtract => left.minus(right),
            BinaryOp::Multiply => left.times(right),
            BinaryOp::Divide if is_part_of(&binary.left, &binary.right) => Interval::SHARE,
            BinaryOp::Divide => left.over_divisor(right),
            BinaryOp::Power if left.low >= 0.0 => Interval::NOT_NEGATIVE,
            _ => Interval::ALL,
        })
    }

    fn aggregate(&mut self, aggregate: &'a Aggregate) -> Option<Interval> {
        let parameter = match &aggregate.parameter {
            Some(parameter) => self.values(parameter),
            None => None,
        };
        let of = self.values(&aggregate.expr)?;
        Some(match aggregate.op {
            AggregateOp::Sum => of.summed(),
            AggregateOp::Avg
            | AggregateOp::Min
            | AggregateOp::Max
            | AggregateOp::Topk
            | AggregateOp::Bottomk
            | AggregateOp::Limitk
            | AggregateOp::LimitRatio => of,
            AggregateOp::Count | AggregateOp::CountValues => Interval::AT_LEAST_ONE,
            AggregateOp::Group => Interval::point(1.0),
            AggregateOp::Stddev | AggregateOp::Stdvar => Interval::NOT_NEGATIVE,
            AggregateOp::Quantile => function::quantile(parameter, of),
        })
    }
}

fn compared_values(
    binary: &Binary,
    comparison: Comparison,
    left: Interval,
    right: Interval,
) -> Option<Interval> {
    if binary.returns_bool {
        return Some(
            match (left.may(comparison, right), left.must(comparison, right)) {
                // NaN makes a comparison false that must be true of numbers.
                (true, _) => Interval::SHARE,
                (false, _) => Interval::point(0.0),
            },
        );
    }
    // A filter keeps the values of its vector: of the left one when both sides are.
    match binary.matching.is_none() && is_scalar(&binary.left) {
        true => left.narrowing(comparison, right),
        false => left.narrowed(comparison, right),
    }
}

fn is_scalar(expr: &Expr) -> bool {
    expr.value_type() == plimsoll_promql::ValueType::Scalar
}

/// Returns what a stored metric can be.
fn stored(selector: &Selector) -> Interval {
    let Some(name) = selector.name.as_deref() else {
        return Interval::ALL;
    };
    match name {
        "up" | "probe_success" => Interval::SHARE,
        "ALERTS" => Interval::point(1.0),
        "ALERTS_FOR_STATE" | "scrape_duration_seconds" | "scrape_samples_scraped" => {
            Interval::NOT_NEGATIVE
        }
        // Names with colons are recorded: their ends say what was done, not what came out of it.
        _ if name.contains(':') => Interval::ALL,
        _ if ["_total", "_bucket", "_count"]
            .iter()
            .any(|end| name.ends_with(end)) =>
        {
            Interval::NOT_NEGATIVE
        }
        _ => Interval::ALL,
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_promql::parse;

    use super::*;

    #[test]
    fn functions_and_names_bound_the_values() {
        for (expr, expected) in [
            ("up", "from 0 to 1"),
            ("sum(up)", "0 or more"),
            ("avg by (job) (up) * 100", "from 0 to 100"),
            ("1 - avg(up)", "from 0 to 1"),
            ("count(foo)", "1 or more"),
            ("absent(foo)", "1"),
            ("foo", "any number"),
            ("foo > 5", "more than 5"),
            ("5 >= foo", "5 or less"),
            ("rate(foo[5m])", "0 or more"),
            ("-rate(foo[5m])", "0 or less"),
            ("deriv(foo[5m])", "any number"),
            ("histogram_quantile(1.5, foo)", "+Inf"),
            ("histogram_quantile(-1, foo)", "-Inf"),
            ("histogram_quantile(0.9, foo)", "any number"),
            ("quantile(2, up)", "+Inf"),
            ("quantile(0.5, up)", "from 0 to 1"),
            ("clamp_max(foo, 3)", "3 or less"),
            ("clamp_min(foo, 3)", "3 or more"),
            ("clamp(foo, 0, 7)", "from 0 to 7"),
            ("hour()", "from 0 to 23"),
            ("up == bool 2", "0"),
            ("up or foo", "any number"),
            ("up and foo", "from 0 to 1"),
            ("max_over_time(up[1h:5m])", "from 0 to 1"),
            ("sum_over_time(up[1h])", "0 or more"),
            ("errors_total / requests_total", "0 or more"),
            (
                "sum(rate(x_total{a=\"b\"}[5m])) / sum(rate(x_total[5m]))",
                "from 0 to 1",
            ),
            (
                "sum(rate(x_total{a=\"b\"}[5m])) / sum(rate(y_total[5m]))",
                "0 or more",
            ),
            (
                "sum(rate(x_total[5m])) / sum(rate(x_total{a=\"b\"}[5m]))",
                "0 or more",
            ),
            ("job:x:total_total", "any number"),
            ("log2(up)", "any number"),
            ("foo * 0", "0"),
            ("scalar(up) + 1", "any number"),
        ] {
            let parsed = parse(expr).unwrap();
            let shown = values(&parsed).map(|values| values.to_string());
            assert_eq!(shown.as_deref(), Some(expected), "{expr}");
        }
        assert!(values(&parse("up > 1").unwrap()).is_none());
        assert!(values(&parse("sum(up > 1) > 0").unwrap()).is_none());
    }

    #[test]
    fn a_chain_of_thousands_is_no_deeper_than_one() {
        let expr = vec!["up"; 20_000].join(" + ");
        assert_eq!(values(&parse(&expr).unwrap()).unwrap().low, 0.0);
    }
}
