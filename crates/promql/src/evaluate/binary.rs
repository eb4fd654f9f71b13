//! Binary operators: the arithmetic, and the plan by types of operands.

mod histograms;
mod matching;
mod sets;

use std::sync::Arc;

use plimsoll_types::Value;

use crate::ast::{Binary, BinaryOp, Expr, ValueType};
use crate::error::QueryError;

use self::histograms::{Operation, Outcome};
use super::{Column, Grid, Planner, Scalars, Source, map, merge};

/// Plans an operation of which at least one side is a vector.
pub(crate) fn plan<'a>(
    planner: &Planner<'a>,
    expr: &'a Expr,
    binary: &'a Binary,
    grid: &Grid,
) -> Result<Source<'a>, QueryError> {
    let context = planner.context;
    let (left, right) = (&binary.left, &binary.right);
    let scalar = |expr: &Expr| expr.value_type() == ValueType::Scalar;
    let (vector, scalars, swapped) = if scalar(left) {
        (right, planner.scalar(left, grid)?, true)
    } else if scalar(right) {
        (left, planner.scalar(right, grid)?, false)
    } else {
        let sides = (planner.vector(left, grid)?, planner.vector(right, grid)?);
        let source = match binary.op.is_set() {
            true => sets::plan(context, binary, sides, grid),
            false => matching::plan(context, binary, sides, grid, expr.position),
        };
        return Ok(source);
    };
    let with_scalar = WithScalar {
        operation: Operation {
            context,
            op: binary.op,
            returns_bool: binary.returns_bool,
            position: expr.position,
        },
        scalars,
        swapped,
    };
    let drops_name = changes_metric(binary.op) || binary.returns_bool;
    let source = planner.vector(vector, grid)?;
    let change = Box::new(move |column: &mut Column| with_scalar.apply(column));
    Ok(merge(
        context,
        map(context, source, drops_name, change),
        false,
    ))
}

/// Calculates; comparisons give 1 or 0.
pub(crate) fn scalar_operation(op: BinaryOp) -> fn(f64, f64) -> f64 {
    match op {
        BinaryOp::Add => |a, b| a + b,
        BinaryOp::Subtract => |a, b| a - b,
        BinaryOp::Multiply => |a, b| a * b,
        BinaryOp::Divide => |a, b| a / b,
        BinaryOp::Modulo => |a, b| a % b,
        BinaryOp::Power => f64::powf,
        BinaryOp::Atan2 => f64::atan2,
        BinaryOp::Equal => |a, b| f64::from(a == b),
        BinaryOp::NotEqual => |a, b| f64::from(a != b),
        BinaryOp::Less => |a, b| f64::from(a < b),
        BinaryOp::LessOrEqual => |a, b| f64::from(a <= b),
        BinaryOp::Greater => |a, b| f64::from(a > b),
        BinaryOp::GreaterOrEqual => |a, b| f64::from(a >= b),
        // The parser keeps sets away from numbers.
        BinaryOp::And | BinaryOp::Or | BinaryOp::Unless => |_, _| f64::NAN,
        // Trimming means something for histograms only.
        BinaryOp::TrimUpper | BinaryOp::TrimLower => |_, _| f64::NAN,
    }
}

/// Says whether a result measures something else than the operands, so that it loses their name. Comparisons filter,
/// and trimming leaves a part.
fn changes_metric(op: BinaryOp) -> bool {
    !op.is_comparison() && !op.is_trim()
}

/// Changes the sign of every sample.
pub(crate) fn negate(column: &mut Column) -> Result<(), QueryError> {
    for step in 0..column.len() {
        if let Some(value) = column.float(step) {
            column.set_float(step, -value);
        } else if let Some(histogram) = column.histogram(step) {
            let negated = Arc::new(histogram.negated());
            column.set(step, Value::Histogram(negated));
        }
    }
    Ok(())
}

/// A vector and a number.
struct WithScalar<'a> {
    operation: Operation<'a>,
    scalars: Scalars,
    /// The number stands on the left.
    swapped: bool,
}

impl WithScalar<'_> {
    fn apply(&self, column: &mut Column) -> Result<(), QueryError> {
        let Operation {
            op, returns_bool, ..
        } = self.operation;
        if op.is_trim() || column.has_histograms() {
            self.apply_to_histograms(column);
        }
        if op.is_trim() {
            return Ok(());
        }
        let operation = scalar_operation(op);
        let filters = op.is_comparison() && !returns_bool;
        for step in 0..column.len() {
            let Some(value) = column.float(step) else {
                continue;
            };
            let number = self.scalars.at(step);
            let result = match self.swapped {
                true => operation(number, value),
                false => operation(value, number),
            };
            match (filters, result == 0.0) {
                (true, true) => column.remove(step),
                (true, false) => {}
                (false, _) => column.set_float(step, result),
            }
        }
        Ok(())
    }

    /// Deals with histograms, and with the floats that trimming leaves out.
    fn apply_to_histograms(&self, column: &mut Column) {
        let is_trim = self.operation.op.is_trim();
        for step in 0..column.len() {
            let Some(value) = column.get(step) else {
                continue;
            };
            if matches!(value, Value::Float(_)) && !is_trim {
                continue;
            }
            let number = Value::Float(self.scalars.at(step));
            let combined = match self.swapped {
                true => self.operation.combine(&number, &value),
                false => self.operation.combine(&value, &number),
            };
            column.remove(step);
            if let Outcome::Is(value) = combined.outcome {
                column.set(step, value);
            }
            if let Some(annotation) = combined.note {
                self.operation.annotate(&annotation);
            }
        }
    }
}
