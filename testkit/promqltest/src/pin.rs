//! The same query with every selector pinned to its evaluation time, which must give the same value at any other time.

use plimsoll_promql::{At, Expr, ExprKind, Features, Modifiers, parse_with};
use plimsoll_types::Timestamp;

/// Functions whose value depends on the evaluation time or on the time of their samples, whatever is pinned.
const DEPENDS_ON_TIME: [&str; 15] = [
    "day_of_month",
    "day_of_week",
    "day_of_year",
    "days_in_month",
    "end",
    "hour",
    "minute",
    "month",
    "predict_linear",
    "range",
    "start",
    "step",
    "time",
    "timestamp",
    "year",
];

/// Returns the pinned query and the times to ask it for; nothing when pinning does not make it independent of time.
pub(crate) fn pinned(query: &str, at: i64) -> Option<(String, Vec<i64>)> {
    let mut expr = parse_with(query, &Features::ALL).ok()?;
    pin(&mut expr, Timestamp::from_millis(at)).ok()?;
    let times = match at {
        0 => vec![-1_000, 0, 1_000],
        at => vec![-10 * at, 0, at / 5, at, 10 * at],
    };
    Some((expr.to_string(), times))
}

/// Found a function that depends on time.
struct DependsOnTime;

fn pin(expr: &mut Expr, at: Timestamp) -> Result<(), DependsOnTime> {
    match &mut expr.kind {
        ExprKind::Number(_) | ExprKind::String(_) | ExprKind::Bytes(_) => Ok(()),
        ExprKind::Selector(selector) | ExprKind::Matrix(selector, _) => {
            pin_modifiers(&mut selector.modifiers, at);
            Ok(())
        }
        // What is evaluated inside of a pinned subquery has its times already.
        ExprKind::Subquery(subquery) => {
            pin_modifiers(&mut subquery.modifiers, at);
            Ok(())
        }
        ExprKind::Paren(inner) | ExprKind::Plus(inner) | ExprKind::Negate(inner) => pin(inner, at),
        ExprKind::Binary(binary) => {
            pin(&mut binary.left, at)?;
            pin(&mut binary.right, at)
        }
        ExprKind::Aggregate(aggregate) => {
            let parameter = aggregate.parameter.as_deref_mut();
            parameter.map_or(Ok(()), |parameter| pin(parameter, at))?;
            pin(&mut aggregate.expr, at)
        }
        ExprKind::Call(call) if DEPENDS_ON_TIME.contains(&call.function.name) => Err(DependsOnTime),
        ExprKind::Call(call) => call.args.iter_mut().try_for_each(|arg| pin(arg, at)),
    }
}

fn pin_modifiers(modifiers: &mut Modifiers, at: Timestamp) {
    if !matches!(modifiers.at, Some(At::Time(_))) {
        modifiers.at = Some(At::Time(at));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_selector_is_pinned_unless_it_is_already() {
        for (query, expected) in [
            ("a", "a @ 50.000"),
            ("a offset 5m + b @ 10", "a @ 50.000 offset 5m + b @ 10.000"),
            (
                "sum by (x) (rate(a[5m]))",
                "sum by (x) (rate(a[5m] @ 50.000))",
            ),
            (
                "topk(scalar(a), b @ start())",
                "topk(scalar(a @ 50.000), b @ 50.000)",
            ),
            (
                "max_over_time(vector(time())[1m:1s])",
                "max_over_time(vector(time())[1m:1s] @ 50.000)",
            ),
            (
                "min_over_time(a[1m:] offset 1m)",
                "min_over_time(a[1m:] @ 50.000 offset 1m)",
            ),
        ] {
            let (found, times) = pinned(query, 50_000).unwrap();
            assert_eq!(found, expected);
            assert_eq!(times, [-500_000, 0, 10_000, 50_000, 500_000]);
        }
        assert_eq!(pinned("a", 0).unwrap().1, [-1_000, 0, 1_000]);
        for query in ["time()", "hour(a)", "1 + timestamp(a)", "sum(a) / start()"] {
            assert_eq!(pinned(query, 50_000), None, "{query}");
        }
    }
}
