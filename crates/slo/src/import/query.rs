//! PromQL that others write to count events, and the selectors it comes down to.
//!
//! `sum(rate(x[w]))` says which series are counted and hands the counting to an approximation. Where an expression is
//! nothing but sums of rates, the selectors are all that is wanted of it: the ledger counts their series exactly.

use plimsoll_promql::{AggregateOp, BinaryOp, Expr, ExprKind, Modifiers, Selector, parse};
use plimsoll_types::{METRIC_NAME, MatchOp, Matcher};

/// An expression that is a sum of counters.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Sum {
    /// What is added and taken away; never empty.
    pub(super) terms: Vec<Term>,
    /// By which labels, when it is by any; sorted.
    pub(super) by: Vec<String>,
}

/// A selector of counters.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Term {
    /// It is taken away.
    pub(super) is_negative: bool,
    /// Which series; the metric's name comes first.
    pub(super) matchers: Vec<Matcher>,
}

/// Two of the three numbers that a share of bad events is made of.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Shares {
    /// Bad and all events.
    Bad(Sum, Sum),
    /// Good and all events.
    Good(Sum, Sum),
}

/// Reads an expression as a sum of counters.
///
/// # Errors
/// What it does beside adding, for people.
pub(super) fn sum(text: &str) -> Result<Sum, String> {
    let expr = parse(text).map_err(|error| error.to_string())?;
    sum_of(&expr)
}

fn sum_of(expr: &Expr) -> Result<Sum, String> {
    let mut sum = Sum::default();
    let mut by = None;
    collect(expr, false, &mut sum.terms, &mut by)?;
    sum.by = by.unwrap_or_default();
    Ok(sum)
}

/// Reads an expression as a share of bad events: `bad / all`, or `1 - good / all`.
///
/// # Errors
/// As [`sum`].
pub(super) fn shares(text: &str) -> Result<Shares, String> {
    let expr = parse(text).map_err(|error| error.to_string())?;
    let expr = expr.unwrapped();
    if let ExprKind::Binary(binary) = &expr.kind
        && binary.op == BinaryOp::Subtract
        && matches!(&binary.left.unwrapped().kind, ExprKind::Number(one) if one.value == 1.0)
    {
        let (good, all) = division(binary.right.unwrapped())?;
        return Ok(Shares::Good(good, all));
    }
    let (bad, all) = division(expr)?;
    Ok(Shares::Bad(bad, all))
}

fn division(expr: &Expr) -> Result<(Sum, Sum), String> {
    match &expr.kind {
        ExprKind::Binary(binary) if binary.op == BinaryOp::Divide => {
            Ok((sum_of(&binary.left)?, sum_of(&binary.right)?))
        }
        _ => Err("it is no division of two numbers of events".into()),
    }
}

fn collect(
    expr: &Expr,
    is_negative: bool,
    terms: &mut Vec<Term>,
    by: &mut Option<Vec<String>>,
) -> Result<(), String> {
    match &expr.kind {
        ExprKind::Paren(inner) | ExprKind::Plus(inner) => collect(inner, is_negative, terms, by),
        ExprKind::Binary(binary) => match binary.op {
            BinaryOp::Add | BinaryOp::Subtract => {
                let is_taken = binary.op == BinaryOp::Subtract;
                collect(&binary.left, is_negative, terms, by)?;
                collect(&binary.right, is_negative != is_taken, terms, by)
            }
            // What there is instead of nothing is nothing, too.
            BinaryOp::Or if is_zero(&binary.right) => collect(&binary.left, is_negative, terms, by),
            op => Err(format!("it uses `{}`", op.as_str())),
        },
        ExprKind::Aggregate(aggregate) if aggregate.op == AggregateOp::Sum => {
            let mut grouping = aggregate.grouping.clone();
            grouping.sort_unstable();
            if aggregate.without {
                return Err("it sums `without` labels".into());
            }
            if by.as_ref().is_some_and(|by| *by != grouping) {
                return Err("its sums are by different labels".into());
            }
            *by = Some(grouping);
            terms.push(Term {
                is_negative,
                matchers: counted(&aggregate.expr)?,
            });
            Ok(())
        }
        ExprKind::Aggregate(aggregate) => Err(format!("it uses `{}`", aggregate.op.as_str())),
        _ => Err("it is no sum of rates of counters".into()),
    }
}

fn is_zero(expr: &Expr) -> bool {
    let ExprKind::Call(call) = &expr.unwrapped().kind else {
        return false;
    };
    let zero = |arg: &Expr| matches!(&arg.unwrapped().kind, ExprKind::Number(number) if number.value == 0.0);
    call.function.name == "vector" && call.args.iter().all(zero)
}

/// Reads `rate(x[w])` and `increase(x[w])`; both are about the same events. A counter by itself stands for them, too.
fn counted(expr: &Expr) -> Result<Vec<Matcher>, String> {
    match &expr.unwrapped().kind {
        ExprKind::Call(call) if matches!(call.function.name, "rate" | "increase") => {
            match call.args.first().map(|arg| &arg.unwrapped().kind) {
                Some(ExprKind::Matrix(selector, _)) => plain(selector),
                _ => Err("it takes the rate of something other than series".into()),
            }
        }
        ExprKind::Selector(selector) => plain(selector),
        ExprKind::Call(call) => Err(format!("it uses `{}`", call.function.name)),
        _ => Err("it is no sum of rates of counters".into()),
    }
}

fn plain(selector: &Selector) -> Result<Vec<Matcher>, String> {
    if selector.modifiers != Modifiers::default() || selector.extension.is_some() {
        return Err("it looks at another time".into());
    }
    matchers(selector)
}

fn matchers(selector: &Selector) -> Result<Vec<Matcher>, String> {
    let is_name = |matcher: &&Matcher| matcher.name() == METRIC_NAME;
    let named = selector.matchers.iter().filter(is_name);
    let named: Vec<&Matcher> = named.collect();
    let name = match (&selector.name, named.as_slice()) {
        (Some(name), _) => Matcher::equal(METRIC_NAME, name),
        (None, [one]) if one.op() == MatchOp::Equal => (*one).clone(),
        _ => return Err("it names no metric".into()),
    };
    let others = selector.matchers.iter().filter(|matcher| !is_name(matcher));
    Ok(std::iter::once(name).chain(others.cloned()).collect())
}

/// Says whether two selectors have the same conditions, in whatever order.
pub(super) fn is_same(a: &[Matcher], b: &[Matcher]) -> bool {
    a.len() == b.len() && a.iter().all(|matcher| b.contains(matcher))
}

/// Reads a plain selector.
///
/// # Errors
/// It is another expression, or names no metric.
pub(super) fn selector(text: &str) -> Result<Vec<Matcher>, String> {
    let expr = parse(text).map_err(|error| error.to_string())?;
    match &expr.unwrapped().kind {
        ExprKind::Selector(selector) => plain(selector),
        _ => Err("it is no selector of series".into()),
    }
}

/// Writes conditions as a selector: `metric{a="b"}`.
pub(crate) fn printed(matchers: &[Matcher]) -> String {
    let is_name =
        |matcher: &&Matcher| matcher.name() == METRIC_NAME && matcher.op() == MatchOp::Equal;
    let name = matchers.iter().find(is_name);
    let others = matchers.iter().filter(|matcher| !is_name(matcher));
    let others: Vec<String> = others.map(ToString::to_string).collect();
    let Some(name) = name else {
        return format!("{{{}}}", others.join(","));
    };
    // A name with other letters stands among the conditions, in quotes.
    if !plimsoll_types::is_legacy_metric_name(name.value()) {
        let quoted = plimsoll_promql::quoted(name.value());
        let all: Vec<String> = std::iter::once(quoted).chain(others).collect();
        return format!("{{{}}}", all.join(","));
    }
    match others.is_empty() {
        true => name.value().to_owned(),
        false => format!("{}{{{}}}", name.value(), others.join(",")),
    }
}

/// How the answers of expressions count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Counting {
    /// Events per second.
    Rates,
    /// Events.
    Events,
}

/// Says what the functions over ranges of several expressions give; `None` when they do not agree, or cannot be told.
pub(super) fn counting(texts: &[&str]) -> Option<Counting> {
    let mut found = None;
    for text in texts {
        let expr = parse(text).ok()?;
        let mut open = vec![&expr];
        while let Some(expr) = open.pop() {
            open.extend(expr.children());
            let ExprKind::Call(call) = &expr.kind else {
                continue;
            };
            let counting = match call.function.name {
                "rate" | "irate" => Counting::Rates,
                "increase" | "delta" | "sum_over_time" | "count_over_time" => Counting::Events,
                name if name.ends_with("_over_time") => return None,
                _ => continue,
            };
            if found.is_some_and(|found| found != counting) {
                return None;
            }
            found = Some(counting);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(sum: &Sum) -> String {
        let terms = sum.terms.iter().map(|term| {
            let sign = if term.is_negative { '-' } else { '+' };
            format!("{sign}{}", printed(&term.matchers))
        });
        let mut text: Vec<String> = terms.collect();
        text.extend(sum.by.iter().map(|label| format!("by {label}")));
        text.join(" ")
    }

    #[test]
    fn sums_of_rates_come_down_to_selectors() {
        for (text, expected) in [
            ("sum(rate(a{b=\"c\"}[5m]))", "+a{b=\"c\"}"),
            ("(sum(increase(a[5m])))", "+a"),
            ("sum(rate(a[5m])) or vector(0)", "+a"),
            ("sum(rate(a[5m])) OR on() vector(0)", "+a"),
            (
                "sum(rate(a[5m])) - (sum(rate(b[5m])) - sum(rate(c[5m])))",
                "+a -b +c",
            ),
            (
                "sum by (z, y) (rate(a{y=\"1\", x=~\"2\"}[5m]))",
                "+a{y=\"1\",x=~\"2\"} by y by z",
            ),
            ("sum(rate({__name__=\"a\"}[5m]))", "+a"),
            ("sum(rate({\"a.b\", c=\"d\"}[5m]))", "+{\"a.b\",c=\"d\"}"),
        ] {
            assert_eq!(
                sum(text).map(|sum| shown(&sum)).as_deref(),
                Ok(expected),
                "{text}"
            );
        }
        for text in [
            "rate(a[5m])",
            "max(rate(a[5m]))",
            "sum without (x) (rate(a[5m]))",
            "sum(rate(a[5m])) * 2",
            "sum(rate(a[5m])) + sum by (x) (rate(a[5m]))",
            "sum(rate(a[5m] offset 1h))",
            "sum(rate({x=\"y\"}[5m]))",
            "sum(max_over_time(a[5m]))",
            "sum(rate(a[5m])) or vector(1)",
        ] {
            assert!(sum(text).is_err(), "{text}");
        }
    }

    #[test]
    fn shares_are_of_bad_or_of_good_events() {
        let read = |text: &str| match shares(text).unwrap() {
            Shares::Bad(part, all) => format!("bad {} of {}", shown(&part), shown(&all)),
            Shares::Good(part, all) => format!("good {} of {}", shown(&part), shown(&all)),
        };
        assert_eq!(
            read("(sum(rate(a[5m])) / sum(rate(b[5m])))"),
            "bad +a of +b"
        );
        assert_eq!(
            read("1 - ((sum(rate(a[5m]))) / (sum(rate(b[5m]))))"),
            "good +a of +b"
        );
        assert!(shares("2 - sum(rate(a[5m])) / sum(rate(b[5m]))").is_err());
        assert!(shares("sum(rate(a[5m]))").is_err());
    }

    #[test]
    fn a_printed_selector_reads_back() {
        let name = "[a-z_.:\"\\\\ ]{1,12}";
        proptest::proptest!(|(metric in name, value in ".{0,12}", label in "[a-z_]{1,8}")| {
            let matchers = vec![Matcher::equal(METRIC_NAME, &metric), Matcher::equal(&label, &value)];
            let text = printed(&matchers);
            if label != METRIC_NAME && !(value.is_empty() && metric.is_empty()) {
                proptest::prop_assert_eq!(selector(&text), Ok(matchers), "{}", text);
            }
        });
    }

    #[test]
    fn what_is_counted_follows_from_the_functions() {
        assert_eq!(
            counting(&["sum(rate(a[5m]))", "sum(irate(b[5m]))"]),
            Some(Counting::Rates)
        );
        assert_eq!(
            counting(&["sum_over_time(count(a)[5m:])"]),
            Some(Counting::Events)
        );
        assert_eq!(
            counting(&["sum(rate(a[5m]))", "sum(increase(b[5m]))"]),
            None
        );
        assert_eq!(counting(&["avg_over_time(a[5m])"]), None);
        assert_eq!(counting(&["a"]), None);
    }
}
