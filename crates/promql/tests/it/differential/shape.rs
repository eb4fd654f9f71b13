//! Makes trees of promql-parser comparable: what differs in them without a difference in meaning is made the same.

use promql_parser::label::{MatchOp, Matcher, Matchers};
use promql_parser::parser::value::ValueType;
use promql_parser::parser::{
    BinModifier, Expr, LabelModifier, VectorMatchCardinality, VectorSelector,
};

/// Puts conditions in order, the metric name among them, and forgets an empty `by ()` and the
/// matching of a vector with a scalar, as Prometheus does.
pub(super) fn normalized(mut expr: Expr) -> Expr {
    normalize(&mut expr);
    expr
}

fn normalize(expr: &mut Expr) {
    match expr {
        Expr::VectorSelector(selector) => sort(selector),
        Expr::MatrixSelector(matrix) => sort(&mut matrix.vs),
        Expr::Aggregate(aggregate) => {
            normalize(&mut aggregate.expr);
            aggregate.param.iter_mut().for_each(|expr| normalize(expr));
            let is_empty = |by: &LabelModifier| by.is_include() && by.labels().labels.is_empty();
            aggregate.modifier = aggregate.modifier.take().filter(|by| !is_empty(by));
        }
        Expr::Unary(unary) => normalize(&mut unary.expr),
        Expr::Paren(paren) => normalize(&mut paren.expr),
        Expr::Subquery(subquery) => normalize(&mut subquery.expr),
        Expr::Binary(binary) => {
            normalize(&mut binary.lhs);
            normalize(&mut binary.rhs);
            let is_scalar = |expr: &Expr| expr.value_type() == ValueType::Scalar;
            let matches_nothing = is_scalar(&binary.lhs) || is_scalar(&binary.rhs);
            if let Some(modifier) = binary.modifier.as_mut().filter(|_| matches_nothing) {
                modifier.matching = None;
                modifier.card = VectorMatchCardinality::OneToOne;
            }
            if let Some(modifier) = &mut binary.modifier {
                // `ignoring ()` ignores nothing.
                let keeps = |labels: &LabelModifier| {
                    labels.is_include() || !labels.labels().labels.is_empty()
                };
                modifier.matching = modifier.matching.take().filter(keeps);
            }
            // What is left may say nothing more than no modifier does.
            binary.modifier = binary
                .modifier
                .take()
                .filter(|modifier| !says_nothing(modifier));
        }
        Expr::Call(call) => call.args.args.iter_mut().for_each(|expr| normalize(expr)),
        Expr::NumberLiteral(_) | Expr::StringLiteral(_) | Expr::Extension(_) => {}
    }
}

fn says_nothing(modifier: &BinModifier) -> bool {
    let fills = &modifier.fill_values;
    modifier.card.labels().is_none()
        && modifier.matching.is_none()
        && !modifier.return_bool
        && fills.lhs.is_none()
        && fills.rhs.is_none()
}

fn sort(selector: &mut VectorSelector) {
    let mut matchers = std::mem::replace(&mut selector.matchers, Matchers::empty()).matchers;
    if let Some(name) = selector.name.take() {
        matchers.push(Matcher::new(MatchOp::Equal, "__name__", &name));
    }
    matchers.sort_by_key(|matcher| (matcher.name.clone(), matcher.to_string()));
    selector.matchers = Matchers::new(matchers);
}
