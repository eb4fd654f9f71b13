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
    /// The operator has no meaning for them, which is to be noted.
    Meaningless(Annotation),
}

impl Operation<'_> {
    /// Combines two samples, not both of them floats.
    pub(super) fn combine(&self, left: &Value, right: &Value) -> Outcome {
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

    fn histograms(&self, left: &Arc<Histogram>, right: &Arc<Histogram>) -> Outcome {
        match self.op {
            BinaryOp::Add => self.sum(left, right),
            BinaryOp::Subtract => self.difference(left, right),
            BinaryOp::Equal => self.compared(left, left.equal_values(right)),
            BinaryOp::NotEqual => self.compared(left, !left.equal_values(right)),
            _ => self.meaningless("histogram", "histogram"),
        }
    }

    fn sum(&self, left: &Histogram, right: &Histogram) -> Outcome {
        let mut sum = HistogramSum::new(left);
        match sum.add(right) {
            Ok(combination) => {
                self.note(combination, HistogramStep::Addition);
                found(sum.value())
            }
            Err(_) => self.incompatible(),
        }
    }

    fn difference(&self, left: &Histogram, right: &Histogram) -> Outcome {
        let mut difference = HistogramSum::new(left);
        match difference.subtract(right) {
            Ok(combination) => {
                self.note(combination, HistogramStep::Subtraction);
                let mut difference = difference.value();
                // It may fall as well as rise.
                difference.reset_hint = ResetHint::Gauge;
                found(difference)
            }
            Err(_) => self.incompatible(),
        }
    }

    fn compared(&self, left: &Arc<Histogram>, holds: bool) -> Outcome {
        match (self.returns_bool, holds) {
            (true, _) => Outcome::Is(Value::Float(f64::from(u8::from(holds)))),
            (false, true) => Outcome::Is(Value::Histogram(Arc::clone(left))),
            (false, false) => Outcome::Dropped,
        }
    }

    fn note(&self, combination: Combination, step: HistogramStep) {
        if combination.counter_reset_collision {
            self.annotate(&Annotation::CounterResetCollision(step));
        }
        if combination.bounds_reconciled {
            self.annotate(&Annotation::MismatchedCustomBuckets(step));
        }
    }

    fn incompatible(&self) -> Outcome {
        let op = self.op.as_str();
        Outcome::Meaningless(Annotation::IncompatibleBucketLayout { op })
    }

    fn meaningless(&self, left: &'static str, right: &'static str) -> Outcome {
        let op = self.op.as_str();
        Outcome::Meaningless(Annotation::IncompatibleTypes { op, left, right })
    }

    pub(super) fn annotate(&self, annotation: &Annotation) {
        self.context.annotate(annotation, self.position);
    }
}

fn found(histogram: Histogram) -> Outcome {
    Outcome::Is(Value::Histogram(Arc::new(histogram)))
}
