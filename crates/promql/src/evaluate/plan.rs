//! From the tree to operators: one function per type of value.

use crate::ast::{Call, Expr, ExprKind, ValueType};
use crate::error::QueryError;
use crate::functions::Body;

use super::map::Broadcast;
use super::selector::{InstantSelector, Shows};
use super::subquery::SubqueryRange;
use super::window::{RangeSelector, RangeSource, WindowBody, WindowFunction};
use super::{Context, Grid, Scalars, Source, aggregate, binary, is_step_invariant, map, merge};

/// Makes operators that share a context.
pub(crate) struct Planner<'a> {
    pub(crate) context: &'a Context<'a>,
}

impl<'a> Planner<'a> {
    pub(crate) fn new(context: &'a Context<'a>) -> Self {
        Self { context }
    }

    /// Plans an instant vector at every step of a grid.
    pub(crate) fn vector(&self, expr: &'a Expr, grid: &Grid) -> Result<Source<'a>, QueryError> {
        // Every operator works on a column at a time.
        self.context.hold(8 * grid.count, 0)?;
        if grid.count > 1 && is_step_invariant(expr) {
            let source = self.vector(expr, &Grid::instant(grid.start))?;
            let count = grid.count;
            return Ok(Box::new(Broadcast { source, count }));
        }
        match &expr.kind {
            ExprKind::Paren(inner) => self.vector(inner, grid),
            ExprKind::Negate(inner) => {
                let source = self.vector(inner, grid)?;
                let negated = map(self.context, source, true, Box::new(binary::negate));
                Ok(merge(self.context, negated, false))
            }
            ExprKind::Selector(selector) => Ok(Box::new(InstantSelector::new(
                self.context,
                selector,
                *grid,
                Shows::Value,
            ))),
            ExprKind::Binary(operation) => binary::plan(self, expr, operation, grid),
            ExprKind::Aggregate(aggregation) => aggregate::plan(self, aggregation, grid),
            ExprKind::Call(call) => self.call(expr, call, grid),
            ExprKind::Number(_)
            | ExprKind::String(_)
            | ExprKind::Matrix(..)
            | ExprKind::Subquery(_) => Err(mistyped(expr)),
        }
    }

    /// Plans a range vector.
    pub(crate) fn windows(
        &self,
        expr: &'a Expr,
        grid: &Grid,
    ) -> Result<RangeSource<'a>, QueryError> {
        match &expr.kind {
            ExprKind::Paren(inner) => self.windows(inner, grid),
            ExprKind::Matrix(selector, range) => Ok(Box::new(RangeSelector::new(
                self.context,
                selector,
                *range,
                *grid,
            ))),
            ExprKind::Subquery(subquery) => Ok(Box::new(SubqueryRange::new(self, subquery, grid)?)),
            _ => Err(mistyped(expr)),
        }
    }

    /// Evaluates a scalar at every step.
    pub(crate) fn scalar(&self, expr: &'a Expr, grid: &Grid) -> Result<Scalars, QueryError> {
        match &expr.kind {
            ExprKind::Number(number) => Ok(Scalars::Constant(number.value)),
            ExprKind::Paren(inner) => self.scalar(inner, grid),
            ExprKind::Negate(inner) => Ok(self.scalar(inner, grid)?.map(|value| -value)),
            ExprKind::Binary(operation) => {
                let left = self.scalar(&operation.left, grid)?;
                let right = self.scalar(&operation.right, grid)?;
                Ok(left.combine(&right, binary::scalar_operation(operation.op)))
            }
            ExprKind::Call(call) => match call.function.body {
                Body::Scalar(body) => {
                    self.context.hold(8 * grid.count, 0)?;
                    body(self, call, grid)
                }
                _ => Err(mistyped(expr)),
            },
            _ => Err(mistyped(expr)),
        }
    }

    /// Returns the value of a string expression, which the parser only lets literals be.
    pub(crate) fn string(&self, expr: &'a Expr) -> Result<&'a str, QueryError> {
        match &expr.unwrapped().kind {
            ExprKind::String(text) => Ok(text),
            _ => Err(mistyped(expr)),
        }
    }

    fn call(&self, expr: &'a Expr, call: &'a Call, grid: &Grid) -> Result<Source<'a>, QueryError> {
        let context = self.context;
        let source = match call.function.body {
            Body::Window(body) => self.window_function(call, body, false, grid)?,
            Body::WindowKeepingName(body) => self.window_function(call, body, true, grid)?,
            Body::Operator(body) => return body(self, expr, call, grid),
            Body::Scalar(_) => return Err(mistyped(expr)),
            Body::Float(body) => self.float_function(call, body, grid)?,
            Body::Histogram(body) => {
                let source = self.vector(&call.args[0], grid)?;
                map(
                    context,
                    source,
                    true,
                    Box::new(move |column| {
                        for step in 0..column.len() {
                            let value = column.histogram(step).map(|h| body(h));
                            column.remove(step);
                            if let Some(value) = value {
                                column.set_float(step, value);
                            }
                        }
                        Ok(())
                    }),
                )
            }
            Body::Date(body) => crate::functions::date_function(self, call, body, grid)?,
        };
        Ok(merge(context, source, false))
    }

    fn float_function(
        &self,
        call: &'a Call,
        body: fn(f64, &[f64]) -> f64,
        grid: &Grid,
    ) -> Result<Source<'a>, QueryError> {
        let source = self.vector(&call.args[0], grid)?;
        let parameters = self.parameters(call, grid)?;
        let mut values = vec![0.0; parameters.len()];
        let change = move |column: &mut super::Column| {
            for step in 0..column.len() {
                let input = column.float(step);
                column.remove(step);
                let Some(input) = input else {
                    continue;
                };
                for (value, scalars) in values.iter_mut().zip(&parameters) {
                    *value = scalars.at(step);
                }
                column.set_float(step, body(input, &values));
            }
            Ok(())
        };
        Ok(map(self.context, source, true, Box::new(change)))
    }

    fn window_function(
        &self,
        call: &'a Call,
        body: WindowBody,
        keeps_name: bool,
        grid: &Grid,
    ) -> Result<Source<'a>, QueryError> {
        let matrix = call
            .args
            .iter()
            .find(|arg| arg.value_type() == ValueType::Matrix);
        let matrix = matrix.expect("the parser checked that a range vector is there");
        let source = self.windows(matrix, grid)?;
        let parameters = self.parameters(call, grid)?;
        let details = (*grid, matrix, keeps_name, call);
        let function = WindowFunction::new(self.context, body, source, parameters, details);
        Ok(Box::new(function))
    }

    /// Evaluates the scalar arguments of a call, in their order.
    pub(crate) fn parameters(
        &self,
        call: &'a Call,
        grid: &Grid,
    ) -> Result<Vec<Scalars>, QueryError> {
        let scalars = call
            .args
            .iter()
            .filter(|arg| arg.value_type() == ValueType::Scalar);
        scalars.map(|arg| self.scalar(arg, grid)).collect()
    }
}

/// The parser checks types, so this only shows when a function's row and body disagree.
fn mistyped(expr: &Expr) -> QueryError {
    QueryError::execution(format!(
        "{expr} has the type {} that its context does not take",
        expr.value_type().as_str()
    ))
}

/// Says that something does not work with native histograms.
pub(crate) fn no_histograms(what: &str) -> QueryError {
    QueryError::execution(format!("native histograms are not supported by {what}"))
}
