//! Binary operators: the arithmetic, and the plan by types of operands.

mod matching;
mod sets;

use crate::annotation::Annotation;
use crate::ast::{Binary, BinaryOp, Expr, ValueType};
use crate::error::QueryError;
use crate::span::Position;

use super::plan::no_histograms;
use super::{Column, Context, Grid, Planner, Scalars, Source, map, merge};

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
        context,
        op: binary.op,
        returns_bool: binary.returns_bool,
        scalars,
        swapped,
        position: expr.position,
    };
    let drops_name = !binary.op.is_comparison() || binary.returns_bool;
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
    }
}

/// Changes the sign of every sample.
pub(crate) fn negate(column: &mut Column) -> Result<(), QueryError> {
    if column.has_histograms() {
        return Err(no_histograms("unary minus"));
    }
    for step in 0..column.len() {
        if let Some(value) = column.float(step) {
            column.set_float(step, -value);
        }
    }
    Ok(())
}

/// A vector and a number.
struct WithScalar<'a> {
    context: &'a Context<'a>,
    op: BinaryOp,
    returns_bool: bool,
    scalars: Scalars,
    /// The number stands on the left.
    swapped: bool,
    position: Position,
}

impl WithScalar<'_> {
    fn apply(&self, column: &mut Column) -> Result<(), QueryError> {
        let operation = scalar_operation(self.op);
        let filters = self.op.is_comparison() && !self.returns_bool;
        for step in 0..column.len() {
            let Some(value) = column.float(step) else {
                if column.histogram(step).is_some() {
                    self.histogram()?;
                    column.remove(step);
                }
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

    /// Only scaling means something for a histogram; everything else leaves the sample out and says so.
    fn histogram(&self) -> Result<(), QueryError> {
        let scales = match self.op {
            BinaryOp::Multiply => true,
            BinaryOp::Divide => !self.swapped,
            _ => false,
        };
        if scales {
            return Err(no_histograms(&format!("operator {:?}", self.op.as_str())));
        }
        let (left, right) = match self.swapped {
            true => ("float", "histogram"),
            false => ("histogram", "float"),
        };
        let op = self.op.as_str();
        let annotation = Annotation::IncompatibleTypes { op, left, right };
        self.context.annotate(&annotation, self.position);
        Ok(())
    }
}
