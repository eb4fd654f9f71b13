//! Comparisons that are never true, whatever is measured.

use plimsoll_promql::BinaryOp;

use super::domain::{Compared, comparisons};
use super::interval::Interval;
use super::subject::{At, Found, Subject};
use super::{Context, Level, Lint, Run};

pub(super) static LINT: Lint = Lint {
    name: "unreachable-condition",
    level: Level::Mistake,
    finds: "a comparison that no value can fulfil, so the rule never has a result",
    why: "Such an alert looks like protection and is none. It is found by what the functions can return and by what names \
          promise: a rate is not negative, `count()` is at least 1 or nothing at all, `up` is 0 or 1, a part divided by its \
          whole is at most 1. Names are believed only where every exporter keeps to them; recorded metrics may be anything.",
    remedy: "Compare with a value that can occur. To find that series are missing use `absent()` or `unless`, because the \
             count of nothing is nothing and not 0. A share is from 0 to 1: multiply it by 100 or compare with 0.05 \
             instead of 5.",
    bad: "- alert: TooFewReplicas\n  expr: count(up{job=\"api\"}) < 1\n- alert: ManyErrors\n  expr: |\n    \
          sum(rate(http_requests_total{code=~\"5..\"}[5m]))\n      / sum(rate(http_requests_total[5m])) > 5\n",
    good: "- alert: TooFewReplicas\n  expr: absent(up{job=\"api\"})\n- alert: ManyErrors\n  expr: |\n    \
           sum(rate(http_requests_total{code=~\"5..\"}[5m]))\n      / sum(rate(http_requests_total[5m])) > 0.05\n",
    asks_server: false,
    run: Run::Rule(run),
};

fn run(subject: &Subject<'_>, _: &Context<'_>, found: &mut Found) {
    for compared in comparisons(&subject.rule.expr) {
        if compared.left.may(compared.comparison, compared.right) {
            continue;
        }
        let message = format!(
            "`{}` is never true: the left side is {}, the right side is {}",
            compared.binary.op.as_str(),
            compared.left,
            compared.right
        );
        found.at(
            subject,
            At::Expr(compared.expr.span),
            message,
            hint(&compared),
        );
    }
}

/// Says what was most likely meant.
fn hint(compared: &Compared<'_>) -> Option<String> {
    let asks_for_nothing = compared.right.single() == Some(0.0)
        || (compared.binary.op == BinaryOp::Less && compared.right.single() == Some(1.0));
    if compared.left == Interval::AT_LEAST_ONE && asks_for_nothing {
        return Some("a count of nothing is nothing, not 0: use absent()".into());
    }
    if compared.left == Interval::point(1.0) && asks_for_nothing {
        return Some("it is 1 or nothing at all: leave the comparison out".into());
    }
    if compared.left == Interval::SHARE && compared.right.low > 1.0 {
        return Some("a share is from 0 to 1; is this a percentage?".into());
    }
    match compared.left.single() {
        Some(value) if value.is_infinite() => {
            Some("a quantile is asked for by a number from 0 to 1".into())
        }
        _ => None,
    }
}
