//! Evaluation: plan a tree into operators, pull the columns, collect the result.

mod aggregate;
mod binary;
mod column;
mod context;
mod grid;
mod grouping;
mod map;
mod merge;
mod plan;
mod selector;
mod subquery;
mod sum;
mod window;

use std::sync::Arc;

use plimsoll_types::{Labels, METRIC_NAME, Queryable, Sample, Timestamp, Value as SampleValue};

pub(crate) use aggregate::check_quantiles;
pub(crate) use column::Column;
pub(crate) use context::{Charge, Context, Notes};
pub(crate) use grid::{Grid, Scalars};
pub(crate) use grouping::LabelSet;
pub(crate) use map::{Lazy, map};
pub(crate) use merge::{merge, merge_or};
pub(crate) use plan::{Planner, no_histograms};
pub(crate) use selector::{InstantSelector, Shows};
pub(crate) use sum::{Mean, Sum, Variance};
pub(crate) use window::{Window, WindowFunction};

use crate::ast::{Expr, ExprKind, ValueType};
use crate::engine::{Control, Options};
use crate::error::{QueryError, QueryErrorKind};
use crate::value::{InstantSample, QueryResult, RangeSeries, Value};

/// One series of an operator.
#[derive(Clone, Debug, Default)]
pub(crate) struct Meta {
    /// Its labels.
    pub(crate) labels: Labels,
    /// The metric name is to be dropped at the end (delayed name removal).
    pub(crate) drop_name: bool,
}

impl Meta {
    /// Drops the name now, or marks it when names are dropped at the end.
    ///
    /// Nothing is charged: the labels without a name take the place of longer ones, which are charged already and are
    /// freed here unless the store shares them.
    pub(crate) fn drop_name(&mut self, context: &Context<'_>) {
        match context.options.delayed_name_removal {
            true => self.drop_name = true,
            false => self.labels = without_name(&self.labels),
        }
    }

    /// Returns the labels that a reader sees.
    pub(crate) fn visible(self) -> Labels {
        match self.drop_name {
            true => without_name(&self.labels),
            false => self.labels,
        }
    }
}

pub(crate) fn without_name(labels: &Labels) -> Labels {
    match labels.metric_name() {
        Some(_) => labels.filtered(|name| name != METRIC_NAME),
        None => labels.clone(),
    }
}

/// An operator that gives an instant vector at every step of its grid.
pub(crate) trait Operator {
    /// Returns all series; called once, before [`next`](Self::next).
    fn series(&mut self) -> Result<Vec<Meta>, QueryError>;

    /// Writes the column of the next series into `into`, in the order of [`series`](Self::series); called at most
    /// once per series.
    fn next(&mut self, into: &mut Column) -> Result<(), QueryError>;
}

/// An operator somewhere in a plan.
pub(crate) type Source<'a> = Box<dyn Operator + 'a>;

/// Evaluates at one point in time.
pub(crate) fn instant(
    options: &Options,
    storage: &dyn Queryable,
    expr: &Expr,
    at: Timestamp,
    control: &Control,
) -> Result<QueryResult, QueryError> {
    let context = Context::new(options, storage, control, (at, at), false);
    let grid = Grid::instant(at.millis());
    let planner = Planner::new(&context);
    let value = match expr.value_type() {
        ValueType::Scalar => Value::Scalar(planner.scalar(expr, &grid)?.at(0)),
        ValueType::String => Value::String(planner.string(expr)?.to_string()),
        ValueType::Vector => Value::Vector(instant_vector(&planner, expr, &grid)?),
        ValueType::Matrix => Value::Matrix(raw_matrix(&planner, expr, &grid)?),
    };
    Ok(context.finish(value, at))
}

/// Evaluates at every step of a range: (start, end, step in milliseconds).
pub(crate) fn range(
    options: &Options,
    storage: &dyn Queryable,
    expr: &Expr,
    (start, end, step): (Timestamp, Timestamp, i64),
    control: &Control,
) -> Result<QueryResult, QueryError> {
    let context = Context::new(options, storage, control, (start, end), true);
    let grid = Grid::range(start.millis(), end.millis(), step)?;
    let planner = Planner::new(&context);
    let series = match expr.value_type() {
        ValueType::Scalar => {
            let scalars = planner.scalar(expr, &grid)?;
            let column = Column::from_floats((0..grid.count).map(|i| scalars.at(i)).collect());
            vec![RangeSeries {
                labels: Labels::empty(),
                samples: samples(&column, &grid),
            }]
        }
        ValueType::Vector => range_vector(&planner, expr, &grid)?,
        found => {
            let message = format!(
                "invalid expression type {:?} for range query, must be Scalar or instant Vector",
                found.as_str()
            );
            return Err(QueryError::new(QueryErrorKind::BadData, message));
        }
    };
    Ok(context.finish(Value::Matrix(series), start))
}

fn instant_vector<'a>(
    planner: &Planner<'a>,
    expr: &'a Expr,
    grid: &Grid,
) -> Result<Vec<InstantSample>, QueryError> {
    let mut source = merge(planner.context, planner.vector(expr, grid)?, true);
    let mut column = Column::default();
    let mut charge = planner.context.charge();
    let mut vector = Vec::new();
    for meta in source.series()? {
        source.next(&mut column)?;
        if let Some(value) = column.get(0) {
            let labels = meta.visible();
            charge.add(labels.byte_count() + size_of::<InstantSample>(), 1)?;
            vector.push(InstantSample {
                labels,
                timestamp: Timestamp::from_millis(grid.start),
                value,
            });
        }
    }
    Ok(vector)
}

fn range_vector<'a>(
    planner: &Planner<'a>,
    expr: &'a Expr,
    grid: &Grid,
) -> Result<Vec<RangeSeries>, QueryError> {
    let mut source = merge(planner.context, planner.vector(expr, grid)?, true);
    let mut column = Column::default();
    let mut charge = planner.context.charge();
    let mut matrix = Vec::new();
    for meta in source.series()? {
        source.next(&mut column)?;
        let samples = samples(&column, grid);
        if !samples.is_empty() {
            let labels = meta.visible();
            let bytes = samples.capacity() * size_of::<Sample>();
            charge.add(bytes + labels.byte_count(), samples.len())?;
            matrix.push(RangeSeries { labels, samples });
        }
    }
    matrix.sort_by(|a, b| a.labels.cmp(&b.labels));
    Ok(matrix)
}

/// Returns the samples of a range vector as they are stored (or as a subquery made them).
fn raw_matrix<'a>(
    planner: &Planner<'a>,
    expr: &'a Expr,
    grid: &Grid,
) -> Result<Vec<RangeSeries>, QueryError> {
    let mut source = planner.windows(expr, grid)?;
    let mut buffer = window::Buffer::default();
    let mut charge = planner.context.charge();
    let mut matrix = Vec::new();
    for meta in source.series()? {
        source.next(&mut buffer)?;
        let window = source.bounds(grid.start);
        let samples = buffer.samples(window);
        if !samples.is_empty() {
            let labels = meta.visible();
            let bytes = samples.len() * size_of::<Sample>();
            charge.add(bytes + labels.byte_count(), samples.len())?;
            matrix.push(RangeSeries { labels, samples });
        }
    }
    matrix.sort_by(|a, b| a.labels.cmp(&b.labels));
    match matrix.windows(2).any(|two| two[0].labels == two[1].labels) {
        true => Err(QueryError::execution(merge::SAME_LABELSET)),
        false => Ok(matrix),
    }
}

fn samples(column: &Column, grid: &Grid) -> Vec<Sample> {
    let mut samples = Vec::with_capacity(column.present_count());
    for index in 0..grid.count {
        let timestamp = Timestamp::from_millis(grid.at(index));
        match column.get(index) {
            Some(SampleValue::Float(value)) => samples.push(Sample::float(timestamp, value)),
            Some(SampleValue::Histogram(value)) => {
                samples.push(Sample::histogram(timestamp, Arc::clone(&value)));
            }
            None => {}
        }
    }
    samples
}

/// Says whether an expression has the same value at every step, so that one evaluation serves all of them.
pub(crate) fn is_step_invariant(expr: &Expr) -> bool {
    // These look at the evaluation time beside their argument.
    const TIMED: [&str; 11] = [
        "day_of_month",
        "day_of_week",
        "day_of_year",
        "days_in_month",
        "hour",
        "minute",
        "month",
        "predict_linear",
        "time",
        "timestamp",
        "year",
    ];
    match &expr.kind {
        ExprKind::Selector(selector) | ExprKind::Matrix(selector, _) => {
            selector.modifiers.at.is_some()
        }
        // A pinned subquery sees the same steps every time, whatever is inside.
        ExprKind::Subquery(subquery) => subquery.modifiers.at.is_some(),
        ExprKind::Call(call) if TIMED.contains(&call.function.name) => false,
        _ => expr.children().into_iter().all(is_step_invariant),
    }
}
