//! The syntax tree: every node knows the bytes it was written in.

mod chain;
mod facts;
mod length;
mod operator;

use std::sync::Arc;

use plimsoll_types::{Matcher, Timestamp};

use crate::functions::Function;
use crate::span::{Position, Span};

pub(crate) use facts::Facts;
pub use length::{DurationExpr, DurationKind, Length};
pub use operator::{AggregateOp, BinaryOp};

/// The four types of PromQL values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ValueType {
    /// One number.
    Scalar,
    /// One string.
    String,
    /// A set of series with one sample each.
    Vector,
    /// A set of series with a range of samples each.
    Matrix,
}

impl ValueType {
    /// Returns the name that Prometheus uses in its errors.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
            Self::String => "string",
            Self::Vector => "instant vector",
            Self::Matrix => "range vector",
        }
    }
}

/// A checked expression, as [`parse`](crate::parse) returns it. Displays as canonical PromQL.
#[derive(Clone, Debug)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where it was written.
    pub span: Span,
    /// Where it begins, as annotations name it.
    pub position: Position,
    /// What the parts have in common, kept so that no question needs another walk over the tree.
    pub(crate) facts: Facts,
}

/// The kinds of expressions.
#[derive(Clone, Debug)]
pub enum ExprKind {
    /// A number, or a duration used as a number of seconds.
    Number(Number),
    /// A string.
    String(String),
    /// A string that is not UTF-8, which escapes such as `\xff` can write: no label and no value can be that.
    Bytes(Vec<u8>),
    /// An instant vector selector.
    Selector(Selector),
    /// A range vector selector; the length is above 0.
    Matrix(Selector, Length),
    /// A subquery.
    Subquery(Subquery),
    /// An expression in parentheses, kept for the printer.
    Paren(Box<Expr>),
    /// `-x`
    Negate(Box<Expr>),
    /// `+x`: the value of `x`, kept for the printer.
    Plus(Box<Expr>),
    /// Two operands and an operator.
    Binary(Binary),
    /// An aggregation.
    Aggregate(Aggregate),
    /// A function call.
    Call(Call),
}

/// A numeric literal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Number {
    /// Its value.
    pub value: f64,
    /// Written as a duration; the value is in seconds then.
    pub is_duration: bool,
}

/// The point in time that `@` pins a selector to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// `@ 1234.5`
    Time(Timestamp),
    /// `@ start()`
    Start,
    /// `@ end()`
    End,
}

/// `offset` and `@` of a selector or a subquery.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Modifiers {
    /// How far to look back; negative values look ahead. `None` when not written.
    pub offset: Option<Length>,
    /// What the evaluation time is replaced with.
    pub at: Option<At>,
}

/// How a selector looks beyond the ends of its range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Extension {
    /// `anchored`: the last sample before the start stands at the start, the last one inside at the end.
    Anchored,
    /// `smoothed`: values at both ends are interpolated from the samples around them.
    Smoothed,
}

impl Extension {
    /// Returns the modifier as it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Anchored => "anchored",
            Self::Smoothed => "smoothed",
        }
    }
}

/// What selects series.
#[derive(Clone, Debug)]
pub struct Selector {
    /// The metric name when it was written before or as the first thing inside the braces.
    pub name: Option<String>,
    /// All conditions, the one on the name included; shared with the plan.
    pub matchers: Arc<[Matcher]>,
    /// `offset` and `@`.
    pub modifiers: Modifiers,
    /// `anchored` or `smoothed`.
    pub extension: Option<Extension>,
}

/// `expr[range:step]`.
#[derive(Clone, Debug)]
pub struct Subquery {
    /// What is evaluated at each step.
    pub expr: Box<Expr>,
    /// How far back, above 0.
    pub range: Length,
    /// Distance of steps, above 0; `None` means the engine's default.
    pub step: Option<Length>,
    /// `offset` and `@`.
    pub modifiers: Modifiers,
}

/// Which side of a match may have several series per group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cardinality {
    /// One on each side.
    OneToOne,
    /// `group_left`: several on the left.
    ManyToOne,
    /// `group_right`: several on the right.
    OneToMany,
    /// Set operators: any number on both.
    ManyToMany,
}

/// How the series of two vectors find each other.
#[derive(Clone, Debug, PartialEq)]
pub struct Matching {
    /// Which side may repeat.
    pub cardinality: Cardinality,
    /// `on (...)` when true, `ignoring (...)` otherwise.
    pub on: bool,
    /// The labels of `on` or `ignoring`.
    pub labels: Vec<String>,
    /// Labels that the "one" side adds to the result.
    pub include: Vec<String>,
    /// What stands on the left where only the right has a series.
    pub fill_left: Option<f64>,
    /// What stands on the right where only the left has a series.
    pub fill_right: Option<f64>,
}

impl Matching {
    /// Makes the matching of an operator without modifiers: all labels must be equal.
    pub(crate) fn on_all_labels() -> Self {
        Self {
            cardinality: Cardinality::OneToOne,
            on: false,
            labels: Vec::new(),
            include: Vec::new(),
            fill_left: None,
            fill_right: None,
        }
    }
}

/// A binary operation. Chains of thousands of them lean to the left: what walks a tree follows `left` in a loop.
pub struct Binary {
    /// The operator.
    pub op: BinaryOp,
    /// Left operand.
    pub left: Box<Expr>,
    /// Right operand.
    pub right: Box<Expr>,
    /// `bool` was written: comparisons give 0 or 1 instead of filtering.
    pub returns_bool: bool,
    /// How series match; `None` unless both operands are vectors.
    pub matching: Option<Matching>,
}

/// An aggregation.
#[derive(Clone, Debug)]
pub struct Aggregate {
    /// The operator.
    pub op: AggregateOp,
    /// What is aggregated.
    pub expr: Box<Expr>,
    /// First argument of operators that take two.
    pub parameter: Option<Box<Expr>>,
    /// `without (...)` when true, `by (...)` otherwise.
    pub without: bool,
    /// The labels of `by` or `without`.
    pub grouping: Vec<String>,
}

/// A function call.
#[derive(Clone, Debug)]
pub struct Call {
    /// The function.
    pub function: &'static Function,
    /// The arguments.
    pub args: Vec<Expr>,
}

impl Expr {
    /// Makes a node over checked parts.
    pub(crate) fn new(kind: ExprKind, span: Span, position: Position) -> Self {
        let facts = Facts::of(&kind);
        Self {
            kind,
            span,
            position,
            facts,
        }
    }

    /// Returns the type of the value.
    pub fn value_type(&self) -> ValueType {
        self.facts.value_type
    }

    /// Returns the expression inside all parentheses around it.
    pub fn unwrapped(&self) -> &Expr {
        let mut expr = self;
        while let ExprKind::Paren(inner) = &expr.kind {
            expr = inner;
        }
        expr
    }

    /// Returns the direct parts, in the order they were written.
    pub fn children(&self) -> Vec<&Expr> {
        match &self.kind {
            ExprKind::Number(_)
            | ExprKind::String(_)
            | ExprKind::Bytes(_)
            | ExprKind::Selector(_)
            | ExprKind::Matrix(..) => Vec::new(),
            ExprKind::Paren(inner) | ExprKind::Plus(inner) | ExprKind::Negate(inner) => vec![inner],
            ExprKind::Subquery(subquery) => vec![&subquery.expr],
            ExprKind::Binary(binary) => vec![&binary.left, &binary.right],
            ExprKind::Aggregate(aggregate) => aggregate
                .parameter
                .iter()
                .map(|parameter| &**parameter)
                .chain([&*aggregate.expr])
                .collect(),
            ExprKind::Call(call) => call.args.iter().collect(),
        }
    }
}
