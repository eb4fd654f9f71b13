//! Aggregations: the plan, and those that keep one small state per group and step.

mod crew;
mod limit;
mod parameter;
mod rank;
mod state;
mod table;
mod total;
mod values;

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use plimsoll_types::{HistogramMean, HistogramSum, Labels};

use crate::annotation::Annotation;
use crate::ast::{Aggregate, AggregateOp, Expr};
use crate::error::QueryError;
use crate::span::Position;

use self::crew::Crew;
use self::limit::{FirstSeries, RatioOfSeries};
use self::state::{Counted, Extreme, Grouped, Spread, State, Summed, Total};
use self::table::{Floats, Part, Table};
use self::total::Totals;
pub(crate) use self::total::note_combination;
pub(crate) use self::values::check_quantiles;
use super::shards::{self, Divisible, Shards};
use super::sum::Mean;
use super::{Column, Context, Grid, LabelSet, Lazy, Meta, Planner, Source};

/// An input of smaller groups than this, on average, is not cut into shards.
const SERIES_PER_GROUP_MIN: usize = 8;

/// Plans an aggregation.
pub(crate) fn plan<'a>(
    planner: &Planner<'a>,
    expr: &'a Expr,
    aggregate: &'a Aggregate,
    grid: &Grid,
) -> Result<Source<'a>, QueryError> {
    let context = planner.context;
    let divisible = Divisible::new(&aggregate.expr, planner.totals_only())
        .filter(|_| adds_up(aggregate.op))
        .inspect(|input| context.forks.want(input.selector));
    let mut input = Input {
        context,
        divisible,
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
    divisible: Option<Divisible<'a>>,
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
        note_ignored(self.context, self.op, self.position);
    }
}

fn note_ignored(context: &Context<'_>, op: AggregateOp, position: Position) {
    let annotation = Annotation::HistogramIgnoredInAggregation(op.as_str());
    context.annotate(&annotation, position);
}

/// Says whether the states of two halves make the state of the whole.
fn adds_up(op: AggregateOp) -> bool {
    match op {
        AggregateOp::Sum
        | AggregateOp::Avg
        | AggregateOp::Count
        | AggregateOp::Group
        | AggregateOp::Min
        | AggregateOp::Max
        | AggregateOp::Stdvar
        | AggregateOp::Stddev => true,
        AggregateOp::Topk
        | AggregateOp::Bottomk
        | AggregateOp::Limitk
        | AggregateOp::LimitRatio
        | AggregateOp::Quantile
        | AggregateOp::CountValues => false,
    }
}

fn folded<'a, S: State + 'a>(input: Input<'a>) -> Source<'a> {
    let context = input.context;
    Box::new(Lazy::new(context, move || fold(input, Floats::<S>::new)))
}

fn summed<'a, S: State + 'a, T: Total + 'a>(input: Input<'a>) -> Source<'a> {
    let context = input.context;
    Box::new(Lazy::new(context, move || fold(input, Totals::<S, T>::new)))
}

/// Folds all series into a table, in their order.
fn fold<'a, T: Table>(
    mut input: Input<'a>,
    table: impl FnOnce(&Input<'a>, usize) -> Result<T, QueryError>,
) -> Result<Vec<(Meta, Column)>, QueryError> {
    let groups = input.group()?;
    let mut table = table(&input, groups.metas.len())?;
    let mut column = Column::default();
    let mut done = 0;
    // Where groups are small, adding the states of shards would be as much work as making them.
    let is_condensed = groups.metas.len() <= groups.series.len() / SERIES_PER_GROUP_MIN;
    if let Some(divisible) = input.divisible.filter(|_| is_condensed)
        && let Some(shards) = shards::cut(groups.series.len().saturating_sub(1), &input.grid)
    {
        input.add(&groups, 0, (&mut table, &mut column))?;
        done = 1;
        // Histograms must be added one by one. If the first series has some, most of them will.
        if !(T::KEEPS_HISTOGRAMS && column.has_histograms()) {
            table = input.shards(divisible, &groups, shards, table)?;
            done = groups.series.len();
        }
    }
    for series in done..groups.series.len() {
        input.add(&groups, series, (&mut table, &mut column))?;
    }
    Ok(groups.metas.into_iter().zip(table.columns()?).collect())
}

impl<'a> Input<'a> {
    /// Adds the next series, which has this number.
    fn add(
        &mut self,
        groups: &Groups,
        series: usize,
        (table, column): (&mut impl Table, &mut Column),
    ) -> Result<(), QueryError> {
        self.source.next(column)?;
        self.context.work(self.grid.count)?;
        table.add(groups.of_series[series], column, &groups.series[series])
    }

    /// Adds the shards, which begin with the second series: together if the store has more than one reader.
    fn shards<T: Table>(
        &mut self,
        divisible: Divisible<'a>,
        groups: &Groups,
        shards: Shards,
        mut table: T,
    ) -> Result<T, QueryError> {
        let context = self.context;
        if let Some(profile) = &context.profile {
            let count = shards.count();
            profile.note_running(format!("one thread when measured, else {count} shards"));
        }
        // Series that were merged would have to meet in one shard.
        let found = context.forks.take(divisible.selector);
        let found = found.filter(|found| found.labels.len() == groups.series.len());
        if let Some(found) = found.filter(|_| context.profile.is_none()) {
            let input = (divisible, found);
            return Crew::new(context, input, self.grid, (groups, shards), table).run();
        }
        let mut column = Column::default();
        for range in (0..shards.count()).map(|index| shards.get(index)) {
            let mut part = Some(Part::new(context, self.grid.count));
            for series in range.map(|number| number + 1) {
                self.source.next(&mut column)?;
                context.work(self.grid.count)?;
                let group = groups.of_series[series];
                if T::KEEPS_HISTOGRAMS && column.has_histograms() {
                    part.take().into_iter().for_each(|part| table.merge(part));
                }
                match &mut part {
                    Some(part) => part.add(group, &column)?,
                    None => table.add(group, &column, &groups.series[series])?,
                }
            }
            part.into_iter().for_each(|part| table.merge(part));
        }
        Ok(table)
    }
}
