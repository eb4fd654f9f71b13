//! Evaluation: plan a tree into operators, pull the columns, collect the result.

mod aggregate;
mod binary;
mod column;
mod context;
mod grid;
mod grouping;
mod map;
mod merge;
mod pairs;
mod plan;
mod profile;
mod resets;
mod select;
mod selector;
mod shards;
mod shared;
mod smoothed;
mod subquery;
mod sum;
mod tiers;
mod window;

use std::sync::Arc;

use plimsoll_types::{Labels, METRIC_NAME, Queryable, Sample, Timestamp, Value as SampleValue};

pub(crate) use aggregate::{check_quantiles, note_combination};
pub(crate) use binary::scalar_operation;
pub(crate) use column::Column;
pub(crate) use context::{Charge, Context, Metric, Notes};
pub(crate) use grid::{Grid, Scalars};
pub(crate) use grouping::LabelSet;
pub(crate) use map::{Lazy, map};
pub(crate) use merge::{SAME_LABELSET, merge, merge_or};
pub(crate) use pairs::Pairs;
pub(crate) use plan::Planner;
pub(crate) use selector::{InstantSelector, Shift, Shows};
pub(crate) use sum::{Mean, Sum, Variance};
pub(crate) use window::{Bounds, Run, RunBody, Window, WindowBody, WindowFunction};

use crate::ast::{Expr, ValueType};
use crate::engine::{Control, Engine};
use crate::error::{QueryError, QueryErrorKind};
use crate::explain::PlanNode;
use crate::optimize::optimize;
use crate::resolve::resolve;
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
    /// freed here unless the store shares them. In a shard they stay as they are: nobody looks at them there.
    pub(crate) fn drop_name(&mut self, context: &Context<'_>) {
        if context.is_shard() {
            return;
        }
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

/// The labels that say what a series measures. A result that measures something else loses all of them.
const IDENTITY: [&str; 3] = [METRIC_NAME, TYPE_LABEL, "__unit__"];

/// The label that says whether a series is a counter, if the store keeps that as a label.
pub(crate) const TYPE_LABEL: &str = "__type__";

pub(crate) fn is_identity(label: &str) -> bool {
    IDENTITY.contains(&label)
}

pub(crate) fn without_name(labels: &Labels) -> Labels {
    match IDENTITY.iter().any(|label| labels.get(label).is_some()) {
        true => labels.filtered(|label| !is_identity(label)),
        false => labels.clone(),
    }
}

/// An operator that gives an instant vector at every step of its grid.
pub(crate) trait Operator {
    /// Returns all series; called once, before [`next`](Self::next).
    fn series(&mut self) -> Result<Vec<Meta>, QueryError>;

    /// Writes the column of the next series into `into`, in the order of [`series`](Self::series); called at most
    /// once per series.
    fn next(&mut self, into: &mut Column) -> Result<(), QueryError>;

    /// Passes over the next series.
    fn skip(&mut self) -> Result<(), QueryError> {
        self.next(&mut Column::default())
    }
}

/// An operator somewhere in a plan.
pub(crate) type Source<'a> = Box<dyn Operator + 'a>;

/// Evaluates at one point in time.
pub(crate) fn instant(
    engine: &Engine,
    storage: &dyn Queryable,
    expr: &Expr,
    at: Timestamp,
    control: &Control,
) -> Result<QueryResult, QueryError> {
    let expr = &*resolve(expr, at, at, 0)?;
    let expr = &*optimize(engine.options(), expr);
    let mut context = Context::new(engine.whole(), storage, control, (at, at));
    context.count_steps(1)?;
    let grid = Grid::instant(at.millis());
    let planner = Planner::new(&context, expr);
    let value = match expr.value_type() {
        ValueType::Scalar => Value::Scalar(planner.scalar(expr, &grid)?.at(0)),
        ValueType::String => Value::String(planner.string(expr)?.to_string()),
        ValueType::Vector => Value::Vector(instant_vector(&planner, expr, &grid)?),
        ValueType::Matrix => Value::Matrix(raw_matrix(&planner, expr, &grid)?),
    };
    Ok(context.finish(expr, value, at))
}

/// Evaluates at every step of a range: (start, end, step in milliseconds).
pub(crate) fn range(
    engine: &Engine,
    storage: &dyn Queryable,
    expr: &Expr,
    (start, end, step): (Timestamp, Timestamp, i64),
    control: &Control,
) -> Result<QueryResult, QueryError> {
    let expr = &*resolve(expr, start, end, step)?;
    let expr = &*optimize(engine.options(), expr);
    let mut context = Context::new(engine.whole(), storage, control, (start, end)).with_step(step);
    let grid = Grid::range(start.millis(), end.millis(), step)?;
    context.count_steps(grid.count)?;
    let planner = Planner::new(&context, expr);
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
    Ok(context.finish(expr, Value::Matrix(series), start))
}

/// Plans without evaluating more than what is constant, and asks each selector which series it finds.
pub(crate) fn explain(
    engine: &Engine,
    storage: &dyn Queryable,
    expr: &Expr,
    (start, end, step): (Timestamp, Timestamp, i64),
    control: &Control,
) -> Result<PlanNode, QueryError> {
    let expr = &*resolve(expr, start, end, step)?;
    let expr = &*optimize(engine.options(), expr);
    let context = Context::new(engine.whole(), storage, control, (start, end)).with_step(step);
    let context = context.without_running();
    let grid = Grid::range(start.millis(), end.millis(), step)?;
    let planner = Planner::new(&context, expr);
    match expr.value_type() {
        ValueType::Scalar => drop(planner.scalar(expr, &grid)?),
        ValueType::String => {}
        ValueType::Vector => drop(planner.vector(expr, &grid)?),
        ValueType::Matrix => drop(planner.windows(expr, &grid)?),
    }
    Ok(context.plan(expr))
}

fn instant_vector<'a>(
    planner: &Planner<'a>,
    expr: &'a Expr,
    grid: &Grid,
) -> Result<Vec<InstantSample>, QueryError> {
    let context = planner.context;
    let mut source = merge(context, planner.vector(expr, grid)?, true);
    let planned = context.took(context.started(), |timings| &mut timings.preparation);
    let mut column = Column::default();
    let mut charge = context.charge();
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
    charge.keep();
    context.took(planned, |timings| &mut timings.evaluation);
    Ok(vector)
}

fn range_vector<'a>(
    planner: &Planner<'a>,
    expr: &'a Expr,
    grid: &Grid,
) -> Result<Vec<RangeSeries>, QueryError> {
    let context = planner.context;
    let mut source = merge(context, planner.vector(expr, grid)?, true);
    let planned = context.took(context.started(), |timings| &mut timings.preparation);
    let mut column = Column::default();
    let mut charge = context.charge();
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
    charge.keep();
    let evaluated = context.took(planned, |timings| &mut timings.evaluation);
    context.check()?;
    matrix.sort_by(|a, b| a.labels.cmp(&b.labels));
    context.took(evaluated, |timings| &mut timings.sorting);
    Ok(matrix)
}

/// Returns the samples of a range vector as they are stored (or as a subquery made them).
fn raw_matrix<'a>(
    planner: &Planner<'a>,
    expr: &'a Expr,
    grid: &Grid,
) -> Result<Vec<RangeSeries>, QueryError> {
    let context = planner.context;
    let mut source = planner.windows(expr, grid)?;
    let planned = context.took(context.started(), |timings| &mut timings.preparation);
    let mut buffer = window::Buffer::default();
    let mut charge = context.charge();
    let mut matrix = Vec::new();
    for meta in source.series()? {
        source.next(&mut buffer)?;
        let samples = source.frame().samples(&buffer, grid.start)?;
        if !samples.is_empty() {
            context.shown(grid).add(0, samples.len());
            let labels = meta.visible();
            let bytes = samples.len() * size_of::<Sample>();
            charge.add(bytes + labels.byte_count(), samples.len())?;
            matrix.push(RangeSeries { labels, samples });
        }
    }
    charge.keep();
    let evaluated = context.took(planned, |timings| &mut timings.evaluation);
    matrix.sort_by(|a, b| a.labels.cmp(&b.labels));
    context.took(evaluated, |timings| &mut timings.sorting);
    match matrix.windows(2).any(|two| two[0].labels == two[1].labels) {
        true => Err(QueryError::execution(SAME_LABELSET)),
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
