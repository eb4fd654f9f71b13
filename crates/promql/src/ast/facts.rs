//! What is known of a tree without walking it.

use super::{Expr, ExprKind, Length, Modifiers, ValueType};

/// Kept in every node, so that checks of chains with thousands of operators stay linear.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts {
    /// The type of its value.
    pub(crate) value_type: ValueType,
    /// How deep walks over it recurse. They follow the left sides of binary operators without recursion, so a chain
    /// such as `a + b + c` counts once, however long it is.
    pub(crate) depth: usize,
    /// How deep its evaluation nests: the height of the tree, chains included.
    pub(crate) height: usize,
    /// It has the same value at every step, so that one evaluation serves all of them.
    pub(crate) is_step_invariant: bool,
    /// Some length in it has to be calculated before it is planned.
    pub(crate) has_durations: bool,
}

impl Facts {
    pub(super) fn of(kind: &ExprKind) -> Self {
        let (depth_own, has_durations_own) = durations(kind);
        let mut facts = Self {
            value_type: value_type(kind),
            depth: 1 + depth_own,
            height: 1,
            is_step_invariant: true,
            has_durations: has_durations_own,
        };
        let mut add = |child: &Expr, levels: usize| {
            facts.depth = facts.depth.max(child.facts.depth + levels);
            facts.height = facts.height.max(child.facts.height + 1);
            facts.has_durations |= child.facts.has_durations;
            facts.is_step_invariant &= child.facts.is_step_invariant;
        };
        match kind {
            ExprKind::Binary(binary) => {
                let continues = matches!(binary.left.kind, ExprKind::Binary(_));
                add(&binary.left, usize::from(!continues));
                add(&binary.right, 1);
            }
            ExprKind::Paren(inner) | ExprKind::Plus(inner) | ExprKind::Negate(inner) => {
                add(inner, 1)
            }
            ExprKind::Subquery(subquery) => add(&subquery.expr, 1),
            ExprKind::Aggregate(aggregate) => {
                add(&aggregate.expr, 1);
                aggregate.parameter.iter().for_each(|expr| add(expr, 1));
            }
            ExprKind::Call(call) => call.args.iter().for_each(|expr| add(expr, 1)),
            ExprKind::Number(_)
            | ExprKind::String(_)
            | ExprKind::Bytes(_)
            | ExprKind::Selector(_)
            | ExprKind::Matrix(..) => {}
        }
        match kind {
            ExprKind::Selector(selector) | ExprKind::Matrix(selector, _) => {
                facts.is_step_invariant = selector.modifiers.at.is_some();
            }
            // A pinned subquery sees the same steps every time, whatever is inside.
            ExprKind::Subquery(subquery) => {
                facts.is_step_invariant = subquery.modifiers.at.is_some();
            }
            ExprKind::Call(call) => facts.is_step_invariant &= !call.function.timed,
            _ => {}
        }
        facts
    }
}

fn value_type(kind: &ExprKind) -> ValueType {
    match kind {
        ExprKind::Number(_) => ValueType::Scalar,
        ExprKind::String(_) | ExprKind::Bytes(_) => ValueType::String,
        ExprKind::Selector(_) | ExprKind::Aggregate(_) => ValueType::Vector,
        ExprKind::Matrix(..) | ExprKind::Subquery(_) => ValueType::Matrix,
        ExprKind::Paren(inner) | ExprKind::Plus(inner) | ExprKind::Negate(inner) => {
            inner.value_type()
        }
        ExprKind::Binary(binary) => {
            let scalar = |expr: &Expr| expr.value_type() == ValueType::Scalar;
            match scalar(&binary.left) && scalar(&binary.right) {
                true => ValueType::Scalar,
                false => ValueType::Vector,
            }
        }
        ExprKind::Call(call) => call.function.returns,
    }
}

/// How deep the lengths of a node nest, and whether any has to be calculated.
fn durations(kind: &ExprKind) -> (usize, bool) {
    let of = |length: Option<&Length>| match length {
        Some(Length::Computed(expr)) => expr.depth,
        Some(Length::Millis(_)) | None => 0,
    };
    let offset = |modifiers: &Modifiers| of(modifiers.offset.as_ref());
    let depth = match kind {
        ExprKind::Selector(selector) => offset(&selector.modifiers),
        ExprKind::Matrix(selector, range) => offset(&selector.modifiers).max(of(Some(range))),
        ExprKind::Subquery(subquery) => offset(&subquery.modifiers)
            .max(of(Some(&subquery.range)))
            .max(of(subquery.step.as_ref())),
        _ => 0,
    };
    (depth, depth > 0)
}
