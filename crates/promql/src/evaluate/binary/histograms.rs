//! What operators make of two samples of which at least one is a native histogram.

use std::sync::Arc;

use plimsoll_types::{Combination, Histogram, HistogramSum, ResetHint, Value};

use crate::annotation::{Annotation, HistogramStep};
use crate::ast::BinaryOp;
use crate::span::Position;

use super::super::Context;

/// An operator in its place.
pub(super) struct Operation<'a> {
    pub(super) context: &'a Context<'a>,
    pub(super) op: BinaryOp,
    pub(super) returns_bool: bool,
    pub(super) position: Position,
}

/// What became of two samples.
pub(super) enum Outcome {
    Is(Value),
    /// A comparison that does not hold.
    Dropped,
    /// The operator has no meaning for them.
    Meaningless,
}

/// What became of two samples, and what is to be noted about it.
pub(super) struct Combined {
    pub(super) outcome: Outcome,
    pub(super) note: Option<Annotation>,
}

impl From<Outcome> for Combined {
    fn from(outcome: Outcome) -> Self {
        Self {
            outcome,
            note: None,
        }
    }
}

impl Operation<'_> {
    /// Combines two samples, not both of them floats.
    pub(super) fn combine(&self, left: &Value, right: &Value) -> Combined {
        match (left, right) {
            (Value::Histogram(left), Value::Histogram(right)) => self.histograms(left, right),
            (Value::Histogram(left), Value::Float(right)) => match self.op {
                BinaryOp::Multiply => found(left.scaled(*right).compacted()),
                BinaryOp::Divide => found(left.divided(*right).compacted()),
                BinaryOp::TrimUpper => found(left.trimmed_upper(*right)),
                BinaryOp::TrimLower => found(left.trimmed_lower(*right)),
                _ => self.meaningless("histogram", "float"),
            },
            (Value::Float(left), Value::Histogram(right)) => match self.op {
                BinaryOp::Multiply => found(right.scaled(*left).compacted()),
                _ => self.meaningless("float", "histogram"),
            },
            (Value::Float(_), Value::Float(_)) => self.meaningless("float", "float"),
        }
    }

    fn histograms(&self, left: &Arc<Histogram>, right: &Arc<Histogram>) -> Combined {
        match self.op {
            BinaryOp::Add => self.sum(left, right),
            BinaryOp::Subtract => self.difference(left, right),
            BinaryOp::Equal => self.compared(left, left.equal_values(right)),
            BinaryOp::NotEqual => self.compared(left, !left.equal_values(right)),
            _ => self.meaningless("histogram", "histogram"),
        }
    }

    fn sum(&self, left: &Histogram, right: &Histogram) -> Combined {
        let mut sum = HistogramSum::new(left);
        match sum.add(right) {
            Ok(combination) => Combined {
                note: note(combination, HistogramStep::Addition),
                ..found(sum.value())
            },
            Err(_) => self.incompatible(),
        }
    }

    fn difference(&self, left: &Histogram, right: &Histogram) -> Combined {
        let mut difference = HistogramSum::new(left);
        match difference.subtract(right) {
            Ok(combination) => {
                let mut difference = difference.value();
                // It may fall as well as rise.
                difference.reset_hint = ResetHint::Gauge;
                Combined {
                    note: note(combination, HistogramStep::Subtraction),
                    ..found(difference)
                }
            }
            Err(_) => self.incompatible(),
        }
    }

    fn compared(&self, left: &Arc<Histogram>, holds: bool) -> Combined {
        let outcome = match (self.returns_bool, holds) {
            (true, _) => Outcome::Is(Value::Float(f64::from(u8::from(holds)))),
            (false, true) => Outcome::Is(Value::Histogram(Arc::clone(left))),
            (false, false) => Outcome::Dropped,
        };
        outcome.into()
    }

    fn incompatible(&self) -> Combined {
        let op = self.op.as_str();
        meaningless(Annotation::IncompatibleBucketLayout { op })
    }

    fn meaningless(&self, left: &'static str, right: &'static str) -> Combined {
        let op = self.op.as_str();
        meaningless(Annotation::IncompatibleTypes { op, left, right })
    }

    pub(super) fn annotate(&self, annotation: &Annotation) {
        self.context.annotate(annotation, self.position);
    }
}

fn found(histogram: Histogram) -> Combined {
    Outcome::Is(Value::Histogram(Arc::new(histogram))).into()
}

fn meaningless(annotation: Annotation) -> Combined {
    Combined {
        outcome: Outcome::Meaningless,
        note: Some(annotation),
    }
}

/// Of two things that could be said about one pair, Prometheus says the second.
fn note(combination: Combination, step: HistogramStep) -> Option<Annotation> {
    if combination.bounds_reconciled {
        return Some(Annotation::MismatchedCustomBuckets(step));
    }
    let collides = combination.counter_reset_collision;
    collides.then_some(Annotation::CounterResetCollision(step))
}
