//! Aggregations: the plan, and those that keep one small state per group and step.

mod limit;
mod parameter;
mod rank;
mod state;
mod total;
mod values;

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use plimsoll_types::{HistogramMean, HistogramSum, Labels};

use crate::annotation::Annotation;
use crate::ast::{Aggregate, AggregateOp, Expr};
use crate::error::QueryError;
use crate::span::Position;

use self::limit::{FirstSeries, RatioOfSeries};
use self::state::{Counted, Extreme, Grouped, Spread, State, Summed, Total};
pub(crate) use self::total::note_combination;
pub(crate) use self::values::check_quantiles;
use super::sum::Mean;
use super::{Column, Context, Grid, LabelSet, Lazy, Meta, Planner, Source};

/// Plans an aggregation.
pub(crate) fn plan<'a>(
    planner: &Planner<'a>,
    expr: &'a Expr,
    aggregate: &'a Aggregate,
    grid: &Grid,
) -> Result<Source<'a>, QueryError> {
    let context = planner.context;
    let mut input = Input {
        context,
        source: planner.vector(&aggregate.expr, grid)?,
        op: aggregate.op,
        groups: LabelSet::new(&aggregate.grouping, !aggregate.without),
        position: aggregate.expr.unwrapped().position,
        grid: *grid,
    };
    Ok(match aggregate.op {
        AggregateOp::Sum => summed::<Summed, HistogramSum>(input),
        AggregateOp::Avg => summed::<Mean, HistogramMean>(input),
        AggregateOp::Count => folded::<Counted>(input),
        AggregateOp::Group => folded::<Grouped>(input),
        AggregateOp::Min => folded::<Extreme<false>>(input),
        AggregateOp::Max => folded::<Extreme<true>>(input),
        AggregateOp::Stdvar => folded::<Spread<false>>(input),
        AggregateOp::Stddev => folded::<Spread<true>>(input),
        AggregateOp::Topk | AggregateOp::Bottomk => {
            let limits = parameter::limits(&planner.scalar(first_of(aggregate), grid)?, grid)?;
            input.position = expr.position;
            Box::new(Lazy::new(context, move || rank::rank(input, &limits)))
        }
        AggregateOp::Limitk => {
            let limits = parameter::limits(&planner.scalar(first_of(aggregate), grid)?, grid)?;
            Box::new(FirstSeries::new(input, limits))
        }
        AggregateOp::LimitRatio => {
            let ratios = planner.scalar(first_of(aggregate), grid)?;
            let position = first_of(aggregate).unwrapped().position;
            parameter::check_ratios(context, &ratios, grid, position)?;
            Box::new(RatioOfSeries::new(input, ratios))
        }
        AggregateOp::Quantile => {
            let quantiles = planner.scalar(first_of(aggregate), grid)?;
            let position = first_of(aggregate).unwrapped().position;
            parameter::check_quantiles(context, &quantiles, grid, position);
            Box::new(Lazy::new(context, move || {
                values::quantile(input, &quantiles)
            }))
        }
        AggregateOp::CountValues => {
            let label = planner.string(first_of(aggregate))?;
            if label.is_empty() {
                return Err(QueryError::execution(format!(
                    "invalid label name {label:?}"
                )));
            }
            Box::new(Lazy::new(context, move || {
                values::count_values(input, label)
            }))
        }
    })
}

fn first_of(aggregate: &Aggregate) -> &Expr {
    aggregate
        .parameter
        .as_ref()
        .expect("the parser asks for it")
}

/// What every aggregation starts from.
struct Input<'a> {
    context: &'a Context<'a>,
    source: Source<'a>,
    op: AggregateOp,
    groups: LabelSet,
    position: Position,
    grid: Grid,
}

/// The groups of the input series.
struct Groups {
    /// One per group, in order of first appearance.
    metas: Vec<Meta>,
    /// The group of each series.
    of_series: Vec<usize>,
    /// The series themselves.
    series: Vec<Meta>,
}

impl Input<'_> {
    fn group(&mut self) -> Result<Groups, QueryError> {
        let series = self.source.series()?;
        let mut slots: HashMap<Labels, usize> = HashMap::new();
        let mut metas: Vec<Meta> = Vec::new();
        self.context
            .hold(series.len().saturating_mul(size_of::<usize>()), 0)?;
        let mut of_series = Vec::with_capacity(series.len());
        for meta in &series {
            self.context.work(1)?;
            let slot = match slots.entry(self.groups.key(&meta.labels)) {
                Entry::Occupied(slot) => *slot.get(),
                Entry::Vacant(slot) => {
                    let bytes = slot.key().byte_count() + size_of::<(Labels, usize, Meta)>();
                    self.context.hold(bytes, 0)?;
                    metas.push(Meta {
                        labels: slot.key().clone(),
                        drop_name: meta.drop_name,
                    });
                    *slot.insert(metas.len() - 1)
                }
            };
            of_series.push(slot);
        }
        Ok(Groups {
            metas,
            of_series,
            series,
        })
    }

    /// Says that the operator looked past histograms.
    fn note_ignored(&self) {
        let annotation = Annotation::HistogramIgnoredInAggregation(self.op.as_str());
        self.context.annotate(&annotation, self.position);
    }
}

fn folded<'a, S: State + 'a>(mut input: Input<'a>) -> Source<'a> {
    let context = input.context;
    Box::new(Lazy::new(context, move || fold::<S>(&mut input)))
}

fn summed<'a, S: State + 'a, T: Total + 'a>(mut input: Input<'a>) -> Source<'a> {
    let context = input.context;
    Box::new(Lazy::new(context, move || total::fold::<S, T>(&mut input)))
}

/// Folds all series into one state per group and step, in the order of the series.
fn fold<S: State>(input: &mut Input<'_>) -> Result<Vec<(Meta, Column)>, QueryError> {
    let groups = input.group()?;
    let count = input.grid.count;
    let mut held = input.context.charge();
    held.add_table::<Option<S>>(groups.metas.len(), count)?;
    let mut states: Vec<Vec<Option<S>>> = vec![vec![None; count]; groups.metas.len()];
    let mut column = Column::default();
    let mut ignored = false;
    for group in &groups.of_series {
        input.source.next(&mut column)?;
        input.context.work(count)?;
        for (step, state) in states[*group].iter_mut().enumerate() {
            if let Some(value) = column.float(step) {
                state.get_or_insert_default().add(value);
            } else if column.histogram(step).is_some() {
                match S::COUNTS_HISTOGRAMS {
                    true => state.get_or_insert_default().add(0.0),
                    false => ignored = true,
                }
            }
        }
    }
    if ignored {
        input.note_ignored();
    }
    held.add_table::<f64>(groups.metas.len(), count)?;
    let columns = states.into_iter().map(|states| {
        let mut column = Column::default();
        column.reset(count);
        for (step, state) in states.into_iter().enumerate() {
            if let Some(state) = state {
                column.set_float(step, state.result());
            }
        }
        column
    });
    Ok(groups.metas.into_iter().zip(columns).collect())
}
