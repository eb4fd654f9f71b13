//! From the tree to operators: one function per type of value.

use std::cell::Cell;

use crate::ast::{Call, Expr, ExprKind, Extension, ValueType};
use crate::error::QueryError;
use crate::functions::{Body, extended};
use crate::number::QuotedBytes;

use super::map::Broadcast;
use super::profile::{measured, measured_range};
use super::selector::{InstantSelector, Shows};
use super::shared::Repetitions;
use super::smoothed::SmoothedSelector;
use super::subquery::SubqueryRange;
use super::window::{RangeSelector, RangeSource, WindowBody, WindowFunction};
use super::{Context, Grid, Scalars, Source, aggregate, binary, map, merge};

/// What evaluates a function that gives a scalar.
type ScalarBody = for<'b> fn(&Planner<'b>, &'b Call, &Grid) -> Result<Scalars, QueryError>;

/// Makes operators that share a context.
pub(crate) struct Planner<'a> {
    pub(crate) context: &'a Context<'a>,
    repetitions: Repetitions<'a>,
    /// Nobody asks for the buckets of what is planned now.
    totals_only: Cell<bool>,
}

impl<'a> Planner<'a> {
    /// Makes a planner for the parts of an expression.
    pub(crate) fn new(context: &'a Context<'a>, expr: &'a Expr) -> Self {
        let repetitions = match context.options.optimizes {
            true => Repetitions::of(expr),
            false => Repetitions::none(),
        };
        Self {
            context,
            repetitions,
            totals_only: Cell::new(false),
        }
    }

    /// Makes a planner for what a shard evaluates, in which nothing is written twice.
    pub(super) fn of_shard(context: &'a Context<'a>, totals_only: bool) -> Self {
        Self {
            context,
            repetitions: Repetitions::none(),
            totals_only: Cell::new(totals_only),
        }
    }

    /// Says whether what is planned now is asked for its counts and sums only.
    pub(super) fn totals_only(&self) -> bool {
        self.totals_only.get()
    }

    /// Plans something of which only counts and sums are asked for, or also buckets.
    pub(super) fn with_totals<T>(&self, totals_only: bool, plan: impl FnOnce() -> T) -> T {
        let before = self.totals_only.replace(totals_only);
        let planned = plan();
        self.totals_only.set(before);
        planned
    }

    /// Plans an instant vector at every step of a grid.
    pub(crate) fn vector(&self, expr: &'a Expr, grid: &Grid) -> Result<Source<'a>, QueryError> {
        // Every operator works on a column at a time.
        self.context.hold(8 * grid.count, 0)?;
        if grid.count > 1 && expr.facts.is_step_invariant {
            let count = grid.count;
            if let Some(profile) = &self.context.profile {
                profile.note_next(format!("once for {count} steps"));
            }
            let source = self.vector(expr, &grid.first())?;
            return Ok(Box::new(Broadcast { source, count }));
        }
        if let ExprKind::Paren(inner) | ExprKind::Plus(inner) = &expr.kind {
            return self.vector(inner, grid);
        }
        match self
            .repetitions
            .find(self.context, expr, (*grid, self.totals_only.get()))
        {
            Some((source, first, node)) => Ok(self.reused(expr, grid, source, (first, node))),
            None => self.measured_vector(expr, grid),
        }
    }

    /// Shows in the plan that a part is evaluated elsewhere.
    fn reused(
        &self,
        expr: &'a Expr,
        grid: &Grid,
        source: Source<'a>,
        (first, node): (&Expr, Option<usize>),
    ) -> Source<'a> {
        let Some(profile) = &self.context.profile else {
            return source;
        };
        if let Some(node) = node {
            profile.note(node, format!("shared with {}", expr.position));
        }
        profile.note_next(format!("same as {}", first.position));
        let Some(index) = profile.plan_of(expr, grid.count) else {
            return source;
        };
        profile.planned(index);
        measured(self.context, index, source)
    }

    /// Plans an operator, with its measurement when somebody asked for it.
    fn measured_vector(&self, expr: &'a Expr, grid: &Grid) -> Result<Source<'a>, QueryError> {
        let context = self.context;
        let index = context
            .profile
            .as_ref()
            .and_then(|profile| profile.plan_of(expr, grid.count));
        let totals_only = Self::totals_suffice_inside(expr, self.totals_only.get());
        let mut source = self.with_totals(totals_only, || self.operator(expr, grid))?;
        if let (Some(profile), Some(index)) = (&context.profile, index) {
            profile.planned(index);
            source = measured(context, index, source);
            if !context.runs && matches!(expr.kind, ExprKind::Selector(_)) {
                source.series()?;
            }
        }
        let place = (*grid, self.totals_only.get());
        Ok(self.repetitions.share(context, expr, place, source, index))
    }

    fn operator(&self, expr: &'a Expr, grid: &Grid) -> Result<Source<'a>, QueryError> {
        match &expr.kind {
            ExprKind::Paren(inner) | ExprKind::Plus(inner) => self.vector(inner, grid),
            ExprKind::Negate(inner) => {
                let source = self.vector(inner, grid)?;
                let negated = map(self.context, source, true, Box::new(binary::negate));
                Ok(merge(self.context, negated, false))
            }
            ExprKind::Selector(selector) if selector.extension == Some(Extension::Smoothed) => {
                let position = expr.position;
                let source = SmoothedSelector::new(self.context, selector, *grid, position);
                Ok(Box::new(source))
            }
            ExprKind::Selector(selector) => match self.tiered_selector(expr, selector, grid)? {
                Some(source) => Ok(source),
                None => Ok(Box::new(
                    InstantSelector::new(self.context, selector, *grid, Shows::Value)
                        .reading_totals(self.totals_only.get()),
                )),
            },
            ExprKind::Binary(operation) => binary::plan(self, expr, operation, grid),
            ExprKind::Aggregate(aggregation) => aggregate::plan(self, expr, aggregation, grid),
            ExprKind::Call(call) => self.call(expr, call, grid),
            ExprKind::Number(_)
            | ExprKind::String(_)
            | ExprKind::Bytes(_)
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
        let context = self.context;
        let expr = expr.unwrapped();
        let profile = context.profile.as_ref();
        let index = profile.and_then(|profile| profile.plan_of(expr, grid.count));
        let mut source = self.range_operator(expr, grid)?;
        if let (Some(profile), Some(index)) = (profile, index) {
            profile.planned(index);
            source = measured_range(context, index, source);
            if !context.runs && matches!(expr.kind, ExprKind::Matrix(..)) {
                source.series()?;
            }
        }
        Ok(source)
    }

    fn range_operator(&self, expr: &'a Expr, grid: &Grid) -> Result<RangeSource<'a>, QueryError> {
        match &expr.kind {
            ExprKind::Matrix(selector, range) => Ok(Box::new(
                RangeSelector::new(self.context, selector, range.millis(), *grid)
                    .reading_totals(self.totals_only.get()),
            )),
            ExprKind::Subquery(subquery) => Ok(Box::new(SubqueryRange::new(self, subquery, grid)?)),
            _ => Err(mistyped(expr)),
        }
    }

    /// Evaluates a scalar at every step.
    pub(crate) fn scalar(&self, expr: &'a Expr, grid: &Grid) -> Result<Scalars, QueryError> {
        match &expr.kind {
            ExprKind::Number(number) => Ok(Scalars::Constant(number.value)),
            ExprKind::Paren(inner) | ExprKind::Plus(inner) => self.scalar(inner, grid),
            ExprKind::Negate(inner) => Ok(self.scalar(inner, grid)?.map(|value| -value)),
            ExprKind::Binary(operation) => {
                if operation.op.is_trim() {
                    let op = operation.op.as_str();
                    let message = format!("operator {op:?} not allowed for Scalar operations");
                    return Err(QueryError::execution(message));
                }
                let left = self.scalar(&operation.left, grid)?;
                let right = self.scalar(&operation.right, grid)?;
                Ok(left.combine(&right, binary::scalar_operation(operation.op)))
            }
            ExprKind::Call(call) => match call.function.body {
                Body::Scalar(body) => {
                    self.context.hold(8 * grid.count, 0)?;
                    self.scalar_call(expr, call, body, grid)
                }
                _ => Err(mistyped(expr)),
            },
            _ => Err(mistyped(expr)),
        }
    }

    /// Evaluates a function that gives a scalar; its time is that of its operator.
    fn scalar_call(
        &self,
        expr: &'a Expr,
        call: &'a Call,
        body: ScalarBody,
        grid: &Grid,
    ) -> Result<Scalars, QueryError> {
        let Some(profile) = &self.context.profile else {
            return body(self, call, grid);
        };
        let index = profile.plan_of(expr, grid.count);
        if let Some(index) = index {
            profile.enter(index);
        }
        let scalars = match self.context.runs {
            true => body(self, call, grid),
            false => self.scalar_plan(call, grid),
        };
        if let Some(index) = index {
            profile.leave();
            profile.planned(index);
        }
        scalars
    }

    /// Plans the arguments; the number stands for the one that is not known without running.
    fn scalar_plan(&self, call: &'a Call, grid: &Grid) -> Result<Scalars, QueryError> {
        let is_vector = |arg: &&Expr| arg.value_type() == ValueType::Vector;
        for arg in call.args.iter().filter(is_vector) {
            self.vector(arg, grid)?;
        }
        Ok(Scalars::Constant(1.0))
    }

    /// Returns the value of a string expression, which the parser only lets literals be.
    pub(crate) fn string(&self, expr: &'a Expr) -> Result<&'a str, QueryError> {
        match &expr.unwrapped().kind {
            ExprKind::String(text) => Ok(text),
            ExprKind::Bytes(bytes) => {
                let message = format!("invalid label name {}", QuotedBytes(bytes));
                Err(QueryError::execution(message))
            }
            _ => Err(mistyped(expr)),
        }
    }

    fn call(&self, expr: &'a Expr, call: &'a Call, grid: &Grid) -> Result<Source<'a>, QueryError> {
        let context = self.context;
        let source = match call.function.body {
            Body::Window(body) => self.window_function(call, body, false, grid)?,
            Body::WindowKeepingName(body) => self.window_function(call, body, true, grid)?,
            Body::Operator(body) => {
                extended::refuse(call)?;
                return body(self, expr, call, grid);
            }
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
        let body = extended::body(call, body)?;
        if let Some(source) = self.tiered_function(call, (body, keeps_name), matrix, grid)? {
            return Ok(source);
        }
        self.raw_function(call, (body, keeps_name), matrix, grid)
    }

    /// Plans a function of a range vector from samples.
    pub(super) fn raw_function(
        &self,
        call: &'a Call,
        (body, keeps_name): (WindowBody, bool),
        matrix: &'a Expr,
        grid: &Grid,
    ) -> Result<Source<'a>, QueryError> {
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
